//! From measured times to a statement that can be defended: medians, quartiles,
//! paired ratios with an interval, and who won.
//!
//! Everything here is pure. Medians rather than means, because a run that the
//! system interrupted is late by any amount; ratios within one round rather than
//! of two medians, because variants that ran one after the other met the same
//! machine; an interval rather than a number, because two variants of equal speed
//! never take equal times.

use std::collections::BTreeMap;

/// Rounds below which a ratio has no interval: of fewer than five rounds the
/// bootstrap sees so few different medians that its interval is too narrow.
pub const ROUNDS_FOR_INTERVAL: usize = 5;

/// Resamples of the bootstrap. With 2 000 the ends of a 95 % interval rest on the
/// 50 most extreme medians on each side.
const RESAMPLES: usize = 2_000;

/// One run of one variant, as far as statistics need it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<'a> {
    /// The variant that ran.
    pub variant: &'a str,
    /// The round: samples of one index ran one after the other and are compared.
    pub index: u32,
    /// Its duration in seconds; `None` where it was not timed (it kept a ledger, or somebody was
    /// held up). Such a run counts for right and wrong alone.
    pub time_s: Option<f64>,
    /// Whether its result was right; true where nothing was expected.
    pub right: bool,
    /// Whether it is one of the runs that are counted: one with a ledger is not.
    pub counted: bool,
}

/// How often a variant took how many times as long as the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Median over the rounds; above 1: slower than the baseline.
    pub median: f64,
    /// Its 95 % interval, low end first; `None` under [`ROUNDS_FOR_INTERVAL`] rounds.
    pub interval: Option<(f64, f64)>,
}

/// Median and quartiles of a variant's times, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quartiles {
    /// A quarter of the values lie below.
    pub q1: f64,
    /// Half of them.
    pub median: f64,
    /// Three quarters.
    pub q3: f64,
}

/// One variant, summed up.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Its name.
    pub variant: String,
    /// Runs that are counted.
    pub runs: u32,
    /// Those of them whose result was right.
    pub correct_runs: u32,
    /// Its times; `None` if no run was timed.
    pub times: Option<Quartiles>,
    /// Against the baseline, in the rounds that both were timed in; `None` if there is none.
    pub ratio: Option<Ratio>,
}

/// A whole comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The variants that have a sample, in the order asked for.
    pub variants: Vec<Variant>,
    /// The fastest by median of those that were right in every run, where its lead
    /// over each other of them is seen, or where no other was right; else `None`.
    pub winner: Option<String>,
}

/// The middle value; of an even number the mean of the middle two. `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values), 0.5)
}

/// First quartile, median and third quartile, by linear interpolation between the
/// nearest ranks: definition 7 of Hyndman and Fan (The American Statistician 50,
/// 1996), which R and NumPy use unless told otherwise. `None` of nothing.
pub fn quartiles(values: &[f64]) -> Option<Quartiles> {
    let values = sorted(values);
    Some(Quartiles {
        q1: quantile(&values, 0.25)?,
        median: quantile(&values, 0.5)?,
        q3: quantile(&values, 0.75)?,
    })
}

/// How many values lie outside Tukey's fences: more than one and a half times the
/// interquartile range below the first quartile or above the third.
pub fn outliers(values: &[f64]) -> usize {
    let Some(Quartiles { q1, q3, .. }) = quartiles(values) else {
        return 0;
    };
    let reach = 1.5 * (q3 - q1);
    let inside = q1 - reach..=q3 + reach;
    values.iter().filter(|value| !inside.contains(value)).count()
}

/// The median over the rounds of the first of each pair over the second (the
/// baseline), with its 95 % percentile bootstrap interval (Efron and Tibshirani,
/// An Introduction to the Bootstrap, 1993, chapter 13).
///
/// The same pairs and seed give the same interval, in whatever order the pairs
/// come. Pairs without a finite, positive ratio are left out; `None` if none is left.
pub fn bootstrap_ratio(pairs: &[(f64, f64)], seed: u64) -> Option<Ratio> {
    let ratios: Vec<f64> = pairs
        .iter()
        .map(|(this, baseline)| this / baseline)
        .filter(|ratio| ratio.is_finite() && *ratio > 0.0)
        .collect();
    let ratios = sorted(&ratios);
    Some(Ratio {
        median: quantile(&ratios, 0.5)?,
        interval: (ratios.len() >= ROUNDS_FOR_INTERVAL).then(|| interval(&ratios, seed)),
    })
}

/// Whether the interval of a ratio leaves out 1: only then are two variants told apart.
pub fn difference_seen(low: f64, high: f64) -> bool {
    low > 1.0 || high < 1.0
}

/// Sums up the variants named in `order`, with ratios to `baseline`.
///
/// A variant without a sample is left out. A variant with a wrong run, timed or not,
/// never wins; nor does one of `barred`, which are right by luck alone; and one that
/// ran alone has beaten nobody. `seed` is that of the bootstrap.
pub fn summarize(
    baseline: &str,
    order: &[&str],
    barred: &[&str],
    samples: &[Sample],
    seed: u64,
) -> Summary {
    let runs = Runs::of(samples);
    let variants: Vec<Variant> = (order.iter())
        .filter_map(|name| {
            Some(variant(name, runs.0.get(name)?, &runs.pairs(name, baseline), seed))
        })
        .collect();
    let winner = winner(&variants, barred, &runs, seed);
    Summary { variants, winner }
}

/// The samples by variant.
struct Runs<'a>(BTreeMap<&'a str, Vec<&'a Sample<'a>>>);

impl<'a> Runs<'a> {
    fn of(samples: &'a [Sample<'a>]) -> Self {
        let mut runs: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
        for sample in samples {
            runs.entry(sample.variant).or_default().push(sample);
        }
        Runs(runs)
    }

    fn times(&self, variant: &str) -> BTreeMap<u32, f64> {
        let samples = self.0.get(variant).into_iter().flatten();
        samples.filter_map(|sample| Some((sample.index, sample.time_s?))).collect()
    }

    /// The times of two variants in the rounds in which both were timed.
    fn pairs(&self, this: &str, baseline: &str) -> Vec<(f64, f64)> {
        let theirs = self.times(baseline);
        let ours = self.times(this).into_iter();
        ours.filter_map(|(index, time)| Some((time, *theirs.get(&index)?))).collect()
    }

    fn all_right(&self, variant: &str) -> bool {
        self.0.get(variant).is_some_and(|samples| samples.iter().all(|sample| sample.right))
    }
}

fn variant(name: &str, samples: &[&Sample], pairs: &[(f64, f64)], seed: u64) -> Variant {
    let counted = || samples.iter().filter(|sample| sample.counted);
    let times: Vec<f64> = samples.iter().filter_map(|sample| sample.time_s).collect();
    Variant {
        variant: name.to_owned(),
        runs: counted().count() as u32,
        correct_runs: counted().filter(|sample| sample.right).count() as u32,
        times: quartiles(&times),
        ratio: bootstrap_ratio(pairs, seed),
    }
}

fn winner(variants: &[Variant], barred: &[&str], runs: &Runs, seed: u64) -> Option<String> {
    let right: Vec<(&str, f64)> = (variants.iter())
        .filter_map(|variant| Some((variant.variant.as_str(), variant.times?.median)))
        .filter(|(name, _)| runs.all_right(name) && !barred.contains(name))
        .collect();
    let (first, _) = *right.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let leads = |other: &str| {
        bootstrap_ratio(&runs.pairs(other, first), seed)
            .and_then(|ratio| ratio.interval)
            .is_some_and(|(low, _)| low > 1.0)
    };
    let unbeaten = right.iter().all(|(name, _)| *name == first || leads(name));
    (variants.len() > 1 && unbeaten).then(|| first.to_owned())
}

/// The interval that holds the middle 95 % of the medians of resampled ratios.
/// `ratios` are sorted, so that the outcome does not depend on the order of the rounds.
fn interval(ratios: &[f64], seed: u64) -> (f64, f64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut resample = vec![0.0; ratios.len()];
    let mut medians = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        resample.fill_with(|| ratios[random.usize(..ratios.len())]);
        resample.sort_by(f64::total_cmp);
        medians.extend(quantile(&resample, 0.5));
    }
    medians.sort_by(f64::total_cmp);
    let end = |share| quantile(&medians, share).unwrap_or(f64::NAN);
    (end(0.025), end(0.975))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// The value below which `share` of the sorted values lie (see [`quartiles`]).
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = share * sorted.len().checked_sub(1)? as f64;
    let below = sorted[position.floor() as usize];
    let above = sorted[position.ceil() as usize];
    Some(below + (above - below) * position.fract())
}

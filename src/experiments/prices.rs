//! Prices: what one operation of a means costs, told by the experiments that the lessons have.
//!
//! The price list measures nothing of its own. A lesson's row says which of its experiments tell
//! prices, how small a run is enough, and which variant stands for which means; here that becomes
//! the price of one operation. A lesson that comes brings its prices with its row.

use std::collections::BTreeMap;

use crate::event::{Event, Operation, Params, Price, Summary, VariantSummary};

/// An experiment that tells prices.
#[derive(Debug)]
pub struct Prices {
    /// Its name, among the lesson's.
    pub experiment: &'static str,
    /// Parameters of a run for the list, over the lesson's defaults.
    pub params: Params,
    /// What is done once for the price.
    pub operation: Operation,
    /// How the price is read off the results.
    pub cost: Cost,
    /// The means that it prices.
    pub means: &'static [Means],
}

/// A means: its name in the list, the variant that tells its price, and the Python peer beside it;
/// none where Python's standard library has nothing like it.
pub type Means = (&'static str, &'static str, Option<&'static str>);

/// How a price is read off the results of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// The time of a run over its `n`, of variants that were right in every run.
    PerItem,
    /// This figure of the variant; its name ends in `_ns` or `_s`.
    Figure(&'static str),
}

/// What an experiment said that prices are read off.
#[derive(Debug, Default)]
pub struct Results {
    summary: Option<Summary>,
    figures: BTreeMap<(String, String), f64>,
    cpus: BTreeMap<String, Vec<usize>>,
}

/// A median in seconds, and its quartiles where there are any.
type Quote = (f64, Option<f64>, Option<f64>);

impl Results {
    /// Takes in an event of the experiment.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Summary(summary) => self.summary = Some(summary.clone()),
            Event::Measure(measure) => {
                let Some(variant) = &measure.variant else { return };
                for (name, value) in &measure.values {
                    if let Some(value) = value.as_f64() {
                        self.figures.insert((variant.clone(), name.clone()), value);
                    }
                }
            }
            Event::Run(run) => {
                if let Some(cpus) = &run.cpus {
                    self.cpus.insert(run.variant.clone(), cpus.clone());
                }
            }
            _ => {}
        }
    }

    /// Every variant that has results, each once.
    fn variants(&self) -> Vec<&str> {
        let timed = self.summary.iter().flat_map(|s| &s.variants).map(|v| v.variant.as_str());
        let mut all: Vec<&str> =
            timed.chain(self.figures.keys().map(|(variant, _)| variant.as_str())).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn quote(&self, variant: &str, cost: Cost, params: &Params) -> Option<Quote> {
        match cost {
            Cost::PerItem => {
                let items = f64::from(params.n.unwrap_or(1));
                let each = |time: Option<f64>| time.map(|seconds| seconds / items);
                let is_it = |v: &&VariantSummary| v.variant == variant;
                let of_it = self.summary.as_ref()?.variants.iter().find(is_it)?;
                if of_it.correct_runs < of_it.runs {
                    return None;
                }
                Some((each(of_it.median_s)?, each(of_it.q1_s), each(of_it.q3_s)))
            }
            Cost::Figure(name) => {
                let figure = self.figures.get(&(variant.to_string(), name.to_string()))?;
                let unit = if name.ends_with("_ns") { 1e-9 } else { 1.0 };
                Some((figure * unit, None, None))
            }
        }
    }
}

impl Prices {
    /// The variants to run, Python's among them.
    pub fn variants(&self) -> Vec<String> {
        let both = |(_, native, python): &Means| [Some(*native), *python];
        let mut all: Vec<String> = Vec::new();
        for variant in self.means.iter().flat_map(both).flatten() {
            if !all.iter().any(|known| known == variant) {
                all.push(variant.to_string());
            }
        }
        all
    }

    /// The prices that the results of a run with these parameters tell.
    pub fn told(&self, results: &Results, params: &Params) -> Vec<Price> {
        let mut prices = Vec::new();
        for (means, native, python) in self.means {
            for variant in results.variants() {
                let column = match python.and_then(|python| interpreter(variant, python)) {
                    Some(column) => Some(column.to_string()),
                    None if variant == *native => None,
                    None => continue,
                };
                let quote = results.quote(variant, self.cost, params);
                prices.extend(quote.map(|(cost_s, q1_s, q3_s)| Price {
                    means: means.to_string(),
                    operation: self.operation,
                    experiment: self.experiment.to_string(),
                    variant: variant.to_string(),
                    python: column,
                    cost_s,
                    q1_s,
                    q3_s,
                    cpus: results.cpus.get(variant).cloned(),
                    native_only: python.is_none(),
                }));
            }
        }
        prices
    }
}

/// The `python3.9` of `python3.9-fork`, which is the peer `python-fork` on one of several Pythons.
fn interpreter<'a>(variant: &'a str, peer: &str) -> Option<&'a str> {
    let column = variant.strip_suffix(peer.strip_prefix("python")?)?;
    // `python-pipe-oneway` is no `python-pipe` of a Python named so.
    let version = column.strip_prefix("python")?;
    version.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 't' | '-')).then_some(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(variants: &[(&str, u32)]) -> Results {
        let variant = |&(variant, correct_runs): &(&str, u32)| VariantSummary {
            variant: variant.to_string(),
            racy: false,
            runs: 5,
            correct_runs,
            median_s: Some(0.2),
            q1_s: Some(0.1),
            q3_s: Some(0.4),
            ratio: None,
            ratio_low: None,
            ratio_high: None,
        };
        let variants = variants.iter().map(variant).collect();
        let (experiment, baseline) = ("echo".to_string(), "pipe".to_string());
        let mut results = Results::default();
        results.take(&Event::Summary(Summary { experiment, baseline, variants, winner: None }));
        results
    }

    static ROW: Prices = Prices {
        experiment: "echo",
        params: super::super::NO_PARAMS,
        operation: Operation::RoundTrip,
        cost: Cost::PerItem,
        means: &[("pipe", "pipe", Some("python-pipe")), ("shm", "shm", None)],
    };

    #[test]
    fn a_price_is_the_time_of_a_run_over_its_items() {
        let params = Params { n: Some(10), ..Params::default() };
        let told = ROW.told(&results(&[("pipe", 5), ("python3.9-pipe", 5)]), &params);
        let seen: Vec<_> = told.iter().map(|p| (p.python.as_deref(), p.cost_s)).collect();
        assert_eq!(seen, [(None, 0.02), (Some("python3.9"), 0.02)]);
        assert_eq!((told[0].q1_s, told[0].q3_s), (Some(0.01), Some(0.04)));
    }

    #[test]
    fn who_was_wrong_once_has_no_price() {
        let told = ROW.told(&results(&[("pipe", 4), ("shm", 5)]), &Params::default());
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].means, "shm");
    }

    #[test]
    fn a_peer_is_known_under_every_interpreter_and_no_other_is_taken_for_it() {
        let cases = [
            ("python-fork", "python-fork", Some("python")),
            ("python3.9-fork", "python-fork", Some("python3.9")),
            ("python3.13t-fork", "python-fork", Some("python3.13t")),
            ("python3.11.2-2-fork", "python-fork", Some("python3.11.2-2")),
            ("python-pipe-oneway", "python-oneway", None),
            ("fork", "python-fork", None),
            ("python-spawn", "python-fork", None),
        ];
        for (variant, peer, column) in cases {
            assert_eq!(interpreter(variant, peer), column, "{variant} as {peer}");
        }
    }
}

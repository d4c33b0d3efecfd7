//! Statistics: values worked out by hand, and properties that hold for any times.

use parlab::stats::{
    Ratio, Sample, bootstrap_ratio, difference_seen, median, outliers, quartiles, summarize,
};
use proptest::prelude::*;

fn sample(variant: &str, index: u32, time_s: f64, right: bool) -> Sample<'_> {
    Sample { variant, index, time_s: Some(time_s), right, counted: true }
}

/// Ten rounds: each variant takes its factor times what the round takes.
fn rounds<'a>(factors: &[(&'a str, f64, bool)]) -> Vec<Sample<'a>> {
    (0..10)
        .flat_map(|index| {
            let round = 1.0 + f64::from(index) / 100.0;
            factors
                .iter()
                .map(move |(variant, factor, right)| sample(variant, index, factor * round, *right))
        })
        .collect()
}

#[test]
fn median_is_the_middle_or_the_mean_of_the_middle_two() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[7.0]), Some(7.0));
    assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
}

#[test]
fn quartiles_interpolate_between_the_nearest_ranks() {
    // R: quantile(c(1, 2, 3, 4), c(.25, .5, .75)) is 1.75 2.50 3.25.
    let four = quartiles(&[4.0, 2.0, 1.0, 3.0]).unwrap();
    assert_eq!((four.q1, four.median, four.q3), (1.75, 2.5, 3.25));
    let five = quartiles(&[10.0, 20.0, 30.0, 40.0, 50.0]).unwrap();
    assert_eq!((five.q1, five.median, five.q3), (20.0, 30.0, 40.0));
    assert_eq!(quartiles(&[]), None);
}

#[test]
fn outliers_lie_beyond_tukeys_fences() {
    // Quartiles 2 and 4, range 2: the fences stand at -1 and 7.
    assert_eq!(outliers(&[1.0, 2.0, 3.0, 4.0, 7.0]), 0);
    assert_eq!(outliers(&[1.0, 2.0, 3.0, 4.0, 7.1]), 1);
    assert_eq!(outliers(&[-1.1, 2.0, 3.0, 4.0, 7.1]), 2);
    assert_eq!(outliers(&[]), 0);
}

#[test]
fn a_ratio_is_the_median_of_the_rounds_and_not_of_the_times() {
    // 2, 1 and 4 times as long; the median times, 30 and 10, would say 3.
    let pairs = [(20.0, 10.0), (30.0, 30.0), (40.0, 10.0)];
    let Ratio { median, interval } = bootstrap_ratio(&pairs, 1).unwrap();
    assert_eq!((median, interval), (2.0, None));
}

#[test]
fn a_ratio_has_an_interval_from_five_rounds_on() {
    let pairs = [(2.0, 1.0); 5];
    assert_eq!(bootstrap_ratio(&pairs[..4], 1).unwrap().interval, None);
    assert_eq!(bootstrap_ratio(&pairs, 1).unwrap().interval, Some((2.0, 2.0)));
}

#[test]
fn rounds_without_a_ratio_are_left_out() {
    assert_eq!(bootstrap_ratio(&[], 1), None);
    assert_eq!(bootstrap_ratio(&[(1.0, 0.0), (f64::NAN, 1.0), (0.0, 0.0)], 1), None);
    let pairs = [(1.0, 0.0), (3.0, 1.0)];
    assert_eq!(bootstrap_ratio(&pairs, 1).unwrap().median, 3.0);
}

#[test]
fn a_difference_is_seen_where_the_interval_leaves_out_one() {
    assert!(difference_seen(1.01, 1.5));
    assert!(difference_seen(0.5, 0.99));
    assert!(!difference_seen(0.9, 1.1));
    assert!(!difference_seen(1.0, 1.1));
}

#[test]
fn a_summary_tells_times_ratios_and_the_winner() {
    let samples = rounds(&[("a", 1.0, true), ("b", 2.0, true), ("c", 3.0, true)]);
    let summary = summarize("b", &["b", "c", "unmeasured", "a"], &[], &samples, 1);
    let names: Vec<_> = summary.variants.iter().map(|v| v.variant.as_str()).collect();
    assert_eq!(names, ["b", "c", "a"]);
    let c = &summary.variants[1];
    assert_eq!((c.runs, c.correct_runs), (10, 10));
    assert!((c.ratio.unwrap().median - 1.5).abs() < 1e-12);
    assert!((c.times.unwrap().median - 3.0 * 1.045).abs() < 1e-12);
    assert_eq!(summary.winner.as_deref(), Some("a"));
}

#[test]
fn nobody_wins_where_no_lead_is_seen() {
    let samples: Vec<_> = (0..10)
        .flat_map(|i| {
            let (x, y) = if i % 2 == 0 { (1.0, 1.1) } else { (1.1, 1.0) };
            [sample("a", i, x, true), sample("b", i, y, true)]
        })
        .collect();
    assert_eq!(summarize("a", &["a", "b"], &[], &samples, 1).winner, None);
    let few: Vec<_> =
        rounds(&[("a", 1.0, true), ("b", 2.0, true)]).into_iter().filter(|s| s.index < 4).collect();
    assert_eq!(summarize("a", &["a", "b"], &[], &few, 1).winner, None);
}

#[test]
fn the_only_right_variant_wins_against_wrong_ones_and_not_against_nobody() {
    let samples = rounds(&[("fast", 1.0, false), ("slow", 5.0, true)]);
    let winner = |order: &[&str]| summarize(order[0], order, &[], &samples, 1).winner;
    assert_eq!(winner(&["fast", "slow"]).as_deref(), Some("slow"));
    assert_eq!(winner(&["slow"]), None);
}

#[test]
fn a_wrong_traced_run_counts_against_its_variant_and_not_into_its_times() {
    let mut samples = rounds(&[("lucky", 1.0, true), ("locked", 2.0, true)]);
    samples.push(Sample { variant: "lucky", index: 0, time_s: None, right: false, counted: false });
    let summary = summarize("lucky", &["lucky", "locked"], &[], &samples, 1);
    assert_eq!((summary.variants[0].runs, summary.variants[0].correct_runs), (10, 10));
    assert_eq!(summary.winner.as_deref(), Some("locked"));
}

#[test]
fn runs_without_a_time_are_counted_and_do_not_win() {
    let untimed = |sample: Sample<'static>| Sample { time_s: None, ..sample };
    let rounds = rounds(&[("wrong", 1.0, false), ("right", 2.0, true)]);
    let samples: Vec<Sample> = rounds.into_iter().map(untimed).collect();
    let summary = summarize("wrong", &["wrong", "right"], &[], &samples, 1);
    let counts = |variant: &parlab::stats::Variant| (variant.runs, variant.correct_runs);
    assert_eq!(summary.variants.iter().map(counts).collect::<Vec<_>>(), [(10, 0), (10, 10)]);
    assert!(summary.variants.iter().all(|v| v.times.is_none() && v.ratio.is_none()));
    assert_eq!(summary.winner, None);
}

fn times() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(1e-7..10.0_f64, 1..40)
}

fn pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((1e-6..1.0_f64, 1e-6..1.0_f64), 5..30)
}

proptest! {
    #[test]
    fn the_quartiles_lie_in_order_between_least_and_greatest(times in times()) {
        let q = quartiles(&times).unwrap();
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = times.iter().copied().fold(0.0, f64::max);
        prop_assert!(least <= q.q1 && q.q1 <= q.median && q.median <= q.q3 && q.q3 <= greatest);
        prop_assert_eq!(median(&times), Some(q.median));
    }

    #[test]
    fn a_ratio_does_not_depend_on_the_unit(pairs in pairs(), power in -20..20_i32) {
        // A power of two, so that scaling is exact.
        let unit = 2.0_f64.powi(power);
        let scaled: Vec<_> = pairs.iter().map(|(a, b)| (a * unit, b * unit)).collect();
        prop_assert_eq!(bootstrap_ratio(&pairs, 7), bootstrap_ratio(&scaled, 7));
    }

    #[test]
    fn a_ratio_does_not_depend_on_the_order_of_the_rounds(pairs in pairs(), by in 0..30_usize) {
        let mut other = pairs.clone();
        other.reverse();
        let length = other.len();
        other.rotate_left(by % length);
        prop_assert_eq!(bootstrap_ratio(&pairs, 7), bootstrap_ratio(&other, 7));
    }

    #[test]
    fn the_interval_holds_the_ratio_and_follows_from_the_seed(pairs in pairs(), seed: u64) {
        let ratio = bootstrap_ratio(&pairs, seed).unwrap();
        let (low, high) = ratio.interval.unwrap();
        prop_assert!(low <= ratio.median && ratio.median <= high);
        prop_assert_eq!(Some(ratio), bootstrap_ratio(&pairs, seed));
    }

    #[test]
    fn a_variant_with_a_wrong_run_never_wins(
        factors in prop::collection::vec((0.1..10.0_f64, any::<bool>()), 1..6),
        wrong in 0..6_usize,
    ) {
        const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let all: Vec<_> = NAMES.iter().zip(&factors).map(|(n, (f, r))| (*n, *f, *r)).collect();
        let mut samples = rounds(&all);
        let spoilt = NAMES[wrong % factors.len()];
        samples.iter_mut().rev().find(|s| s.variant == spoilt).unwrap().right = false;
        let winner = summarize("a", &NAMES, &[], &samples, 1).winner;
        prop_assert_ne!(winner.as_deref(), Some(spoilt));
        if let Some(winner) = winner {
            prop_assert!(samples.iter().all(|s| s.variant != winner || s.right));
        }
    }
}

//! Break-even: how much work a number has to carry before sharing it out pays.
//!
//! The same sum with more and more computing in each number, from a few microseconds to a few
//! milliseconds. The least work from which on a variant beats the loop is its *grain*. Nobody
//! can win more than the machine gives: the parallel ceiling, measured in every round with as
//! many processes as there are workers, all computing at once.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::sum::Sum;
use crate::experiments::ceiling::Ceiling;
use crate::experiments::lab::Lab;
use crate::stats;

/// Work in each number, in microseconds, and the figure that tells a variant's time with it.
const LEVELS: [(u64, &str); 6] = [
    (10, "at_10us_s"),
    (30, "at_30us_s"),
    (100, "at_100us_s"),
    (300, "at_300us_s"),
    (1_000, "at_1ms_s"),
    (3_000, "at_3ms_s"),
];

/// Figures of each variant: its time at each level, medians over the runs; whether it beat the
/// loop with the most work, and its grain, the least work from which on it did at every level
/// (both null where the loop did not run).
pub const FIGURES: &[&str] = &[
    "at_10us_s",
    "at_30us_s",
    "at_100us_s",
    "at_300us_s",
    "at_1ms_s",
    "at_3ms_s",
    "wins",
    "grain_s",
];

/// Figures of the experiment: how many processes the ceiling is for, and how many times the
/// work of one they did in the same time.
pub const EXPERIMENT_FIGURES: &[&str] = &["processes", "ceiling"];

/// To beat the loop is to be faster by one twentieth: less may be chance.
const MARGIN: f64 = 1.05;

/// The experiment `break-even`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let workers = lab.workers() as usize;
    lab.expect_steps(LEVELS.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut ceiling = Ceiling::of(workers);
    // Times by variant and level.
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); variants.len()];
    for (micros, _) in LEVELS {
        let sum = Sum::new(lab.n(), Duration::from_micros(micros), lab.wait())?;
        let mut of_level: Vec<Vec<f64>> = vec![Vec::new(); variants.len()];
        for round in 0..=lab.runs() {
            lab.settle()?;
            ceiling.measure()?;
            for (variant, times) in variants.iter().zip(&mut of_level) {
                lab.settle()?;
                let time = sum.variant(variant.base, workers)?.whole_s();
                // The first round warms up.
                times.extend((round > 0).then_some(time));
            }
            lab.step()?;
        }
        for (times, of_it) in times.iter_mut().zip(&of_level) {
            times.extend(stats::median(of_it)); // there is one run at least
        }
    }
    let serial = variants.iter().position(|variant| variant.base == "serial");
    for (variant, of_it) in variants.iter().zip(&times) {
        let grain = serial.map(|serial| grain(of_it, &times[serial]));
        let figures = LEVELS.iter().zip(of_it).map(|(level, time)| (level.1, json!(time)));
        let wins = grain.map(|grain| grain.is_some());
        let found = [("wins", json!(wins)), ("grain_s", json!(grain.flatten()))];
        lab.measure(Some(&variant.name), figures.chain(found))?;
    }
    lab.measure(None, [("processes", json!(workers)), ("ceiling", json!(ceiling.factor()))])?;
    lab.summarize(&variants, &[])
}

/// The least work, in seconds, from which on `times` are below `serial` at every level.
fn grain(times: &[f64], serial: &[f64]) -> Option<f64> {
    let pairs = times.iter().zip(serial).rev();
    let wins = pairs.take_while(|&(time, serial)| time * MARGIN < *serial).count();
    let level = LEVELS.len().checked_sub(wins).filter(|&level| level < LEVELS.len())?;
    Some(LEVELS[level].0 as f64 / 1e6)
}

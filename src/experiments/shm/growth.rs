//! The same trip with more and more numbers, from one to ten million.
//!
//! With few numbers a trip takes as long as it takes to hand over and to wake the other one, whatever
//! the carrier; with many, as long as the copying. From two sizes in that second range comes the price
//! of one more number.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use super::carry::trip;
use crate::event::{Curve, Event};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::stage::Stage;
use crate::stats;

/// How many numbers, and the figure that tells a variant's time with so many.
const LEVELS: [(u32, &str); 8] = [
    (1, "at_1_s"),
    (10, "at_10_s"),
    (100, "at_100_s"),
    (1_000, "at_1k_s"),
    (10_000, "at_10k_s"),
    (100_000, "at_100k_s"),
    (1_000_000, "at_1m_s"),
    (10_000_000, "at_10m_s"),
];

/// Numbers from which on the copying of one more can be told from the noise of the trip.
const PRICED_FROM: f64 = 1e6;

/// Figures of each variant: its time at each level, medians over the runs, up to the level that was
/// asked for; how many times longer ten numbers take than one, and the last level than the one before;
/// with most numbers, the bytes copied in a trip and the most memory that one process had; and what one
/// number more costs between the last two levels.
pub const FIGURES: &[&str] = &[
    "at_1_s",
    "at_10_s",
    "at_100_s",
    "at_1k_s",
    "at_10k_s",
    "at_100k_s",
    "at_1m_s",
    "at_10m_s",
    "few_ratio",
    "many_ratio",
    "copied_bytes",
    "peak_bytes",
    "per_number_ns",
];

/// Figures of the experiment: the most numbers carried, and their size; whether more were asked for,
/// and would have taken too long.
pub const EXPERIMENT_FIGURES: &[&str] = &["most", "most_bytes", "stopped"];

/// How long a level may be expected to take: ten times the one before.
const LEVEL_BOUND: Duration = Duration::from_secs(25);

/// Numbers from which on a trip is long enough to need no other one to warm up.
const WARM_FROM: u32 = 1_000_000;

/// What one variant gave: (numbers, median time) at each level, and its last trip.
#[derive(Default)]
struct Measured {
    points: Vec<(f64, f64)>,
    copied_bytes: u64,
    peak_bytes: u64,
}

/// The experiment `growth`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let wanted = LEVELS.iter().filter(|(n, _)| *n == 1 || *n <= lab.n());
    let levels: Vec<u32> = wanted.map(|(n, _)| *n).collect();
    lab.expect_steps(levels.iter().map(|n| u64::from(rounds(*n, lab.runs()))).sum());
    let mut measured: Vec<Measured> = variants.iter().map(|_| Measured::default()).collect();
    let (mut most, mut stopped) = (0, false);
    for &n in &levels {
        let began = Instant::now();
        level(lab, &variants, n, &mut measured)?;
        most = n;
        stopped = levels.last() != Some(&n) && began.elapsed() * 10 > LEVEL_BOUND;
        if stopped {
            break;
        }
    }
    for (variant, measured) in variants.iter().zip(measured) {
        lab.measure(Some(&variant.name), measured.figures())?;
        let curve = Curve {
            experiment: lab.experiment(),
            variant: variant.name.clone(),
            x: "n".to_string(),
            y: "time_s".to_string(),
            points: measured.points,
            reference: false,
        };
        lab.emit(&Event::Curve(curve))?;
    }
    let most_bytes = u64::from(most) * size_of::<f64>() as u64;
    let found = [("most_bytes", json!(most_bytes)), ("stopped", json!(stopped))];
    lab.measure(None, [("most", json!(most))].into_iter().chain(found))?;
    lab.summarize(&variants, &[])
}

fn rounds(n: u32, runs: u32) -> u32 {
    if n < WARM_FROM { runs + 1 } else { runs }
}

/// All trips with `n` numbers, by turns.
fn level(lab: &mut Lab, variants: &[Variant], n: u32, measured: &mut [Measured]) -> Result<()> {
    let cpus = Stage::usual(&lab.machine.usable).cpus;
    let rounds = rounds(n, lab.runs());
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); variants.len()];
    for round in 0..rounds {
        for ((variant, times), measured) in variants.iter().zip(&mut times).zip(&mut *measured) {
            lab.settle()?;
            let trip = trip(lab, variant.base, n as usize, cpus)?;
            ensure!(trip.right, "{}: not every number came back right", variant.name);
            let warms_up = round == 0 && rounds > lab.runs();
            times.extend((!warms_up).then_some(trip.time_s));
            measured.copied_bytes = trip.copied_bytes;
            measured.peak_bytes = trip.peak_bytes;
        }
        lab.step()?;
    }
    for (measured, times) in measured.iter_mut().zip(&times) {
        measured.points.extend(stats::median(times).map(|time| (f64::from(n), time)));
    }
    Ok(())
}

impl Measured {
    fn figures(&self) -> Vec<(&'static str, Json)> {
        let named = LEVELS.iter().zip(&self.points);
        let mut figures: Vec<_> = named.map(|((_, name), point)| (*name, json!(point.1))).collect();
        figures.push(("copied_bytes", json!(self.copied_bytes)));
        figures.push(("peak_bytes", json!(self.peak_bytes)));
        if let ([first, second, ..], [.., before, last]) = (&self.points[..], &self.points[..]) {
            figures.push(("few_ratio", json!(second.1 / first.1)));
            figures.push(("many_ratio", json!(last.1 / before.1)));
            if last.0 >= PRICED_FROM {
                let price = (last.1 - before.1) * 1e9 / (last.0 - before.0);
                figures.push(("per_number_ns", json!(price)));
            }
        }
        figures
    }
}

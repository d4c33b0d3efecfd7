//! More workers, and how much faster it gets: tasks that compute and tasks that wait.
//!
//! The same tasks by one loop and by pools of 1 to 8 workers, one task a chunk: a curve for each kind
//! of task. They are held against the ideal, as many times as fast as there are workers, and against
//! the ceiling, what this machine gives at most to those that compute. Amdahl's law (1967) says what
//! a part that cannot be shared out costs: with a share s of the time, w workers are
//! 1 / (s + (1 - s) / w) times as fast. The share that fits best is told for each kind, with its
//! spread over the rounds.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use super::spent;
use crate::event::{Curve, Event};
use crate::experiments::ceiling::Ceiling;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::work::Work;
use crate::mp::sys;
use crate::stats;

/// Figures: how many times as fast as the loop with so many workers, medians over the rounds; the
/// share that cannot be shared out, fitted by least squares, and its least and greatest value of a
/// round; up to how many workers it was fitted; of computing, the machine's ceiling for so many.
pub const FIGURES: &[&str] = &[
    "at_1",
    "at_2",
    "at_3",
    "at_4",
    "at_6",
    "at_8",
    "serial_share",
    "serial_share_low",
    "serial_share_high",
    "fitted_to",
    "ceiling",
];

/// Numbers of workers; each divides the number of tasks.
const LEVELS: [(usize, &str); 6] =
    [(1, "at_1"), (2, "at_2"), (3, "at_3"), (4, "at_4"), (6, "at_6"), (8, "at_8")];
const TASKS: i64 = 24;
/// Computing in each task of the one kind, sleeping in each of the other.
const COMPUTING: Duration = Duration::from_millis(2);
const WAITING: Duration = Duration::from_millis(5);

/// Set before the workers are forked, which inherit it.
static WORK: OnceLock<Work> = OnceLock::new();

// region: kinds
fn computing(_number: i64) {
    work().run(); // 2 ms of a CPU
}

fn waiting(_number: i64) {
    thread::sleep(WAITING); // 5 ms, without a CPU
}
// endregion

fn work() -> Work {
    *WORK.get().expect("set before the workers were forked")
}

/// The experiment `speedup`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    WORK.get_or_init(|| Work::lasting(COMPUTING));
    lab.expect_steps(variants.len() as u64 * u64::from(lab.runs()));
    let mut ceiling = None;
    for variant in &variants {
        let measured = measured(lab, variant)?;
        lab.measure(Some(&variant.name), measured.figures())?;
        curve(lab, &variant.name, measured.speedups(), false)?;
        ceiling = ceiling.or(measured.ceiling);
    }
    let workers = LEVELS.map(|(workers, _)| workers as f64);
    curve(lab, "ideal", workers.to_vec(), true)?;
    if let Some(factor) = ceiling {
        curve(lab, "ceiling", vec![factor; LEVELS.len()], true)?;
    }
    lab.summarize(&variants, &[])
}

/// Tells how many times as fast at each level; a reference is what that is held against.
fn curve(lab: &mut Lab, name: &str, speedups: Vec<f64>, reference: bool) -> Result<()> {
    let workers = LEVELS.iter().map(|(workers, _)| *workers as f64);
    let curve = Curve {
        experiment: lab.experiment(),
        variant: name.to_string(),
        x: "workers".to_string(),
        y: "speedup".to_string(),
        points: workers.zip(speedups).collect(),
        reference,
    };
    lab.emit(&Event::Curve(curve))
}

/// What one kind of task gave.
struct Measured {
    /// How many times as fast as the loop, at each level, by round.
    rounds: Vec<Vec<f64>>,
    /// The most workers whose speed-up the law is fitted to.
    most: usize,
    /// How many times the work of one process all CPUs do, where it was measured.
    ceiling: Option<f64>,
}

impl Measured {
    /// At each level, the median over the rounds.
    fn speedups(&self) -> Vec<f64> {
        let at = |level| self.rounds.iter().map(|of| of[level]).collect::<Vec<f64>>();
        (0..LEVELS.len()).filter_map(|level| stats::median(&at(level))).collect()
    }

    fn figures(&self) -> Vec<(&'static str, Value)> {
        let shares: Vec<f64> =
            self.rounds.iter().filter_map(|speedups| fitted(speedups, self.most)).collect();
        let at = LEVELS.iter().zip(self.speedups());
        let mut figures: Vec<_> = at.map(|((_, name), speedup)| (*name, json!(speedup))).collect();
        figures.extend([
            ("serial_share", json!(stats::median(&shares))),
            ("serial_share_low", json!(shares.iter().copied().reduce(f64::min))),
            ("serial_share_high", json!(shares.iter().copied().reduce(f64::max))),
            ("fitted_to", json!((!shares.is_empty()).then_some(self.most))),
        ]);
        figures.extend(self.ceiling.map(|factor| ("ceiling", json!(factor))));
        figures
    }
}

fn measured(lab: &mut Lab, variant: &Variant) -> Result<Measured> {
    let task = if variant.base == "computing" { computing } else { waiting };
    let is_computing = variant.base == "computing";
    let cpus = lab.machine.cpus;
    let mut ceiling = Ceiling::of(cpus);
    let mut rounds = Vec::new();
    for _ in 0..lab.runs() {
        lab.settle()?;
        rounds.push(round(task)?);
        if is_computing && cpus > 1 {
            ceiling.measure()?;
        }
        lab.step()?;
    }
    // More processes than CPUs cannot compute at once, which is no property of the tasks.
    let most = if is_computing { cpus } else { LEVELS[LEVELS.len() - 1].0 };
    let ceiling = (is_computing && cpus > 1).then(|| ceiling.factor());
    Ok(Measured { rounds, most, ceiling })
}

/// How many times as fast as the loop, at each level.
fn round(task: fn(i64)) -> Result<Vec<f64>> {
    let numbers: Vec<i64> = (0..TASKS).collect();
    let began = sys::now_ns();
    numbers.iter().for_each(|number| task(*number));
    let loop_ns = sys::now_ns() - began;
    let mut speedups = Vec::new();
    for (workers, _) in LEVELS {
        let pool = spent::start(workers)?;
        let began = sys::now_ns();
        let results = pool.map(task, &numbers, Some(1))?;
        let took_ns = sys::now_ns() - began;
        ensure!(results.len() == numbers.len(), "results are missing");
        pool.close();
        pool.join()?;
        if took_ns == 0 {
            bail!("the clock stood still");
        }
        speedups.push(loop_ns as f64 / took_ns as f64);
    }
    Ok(speedups)
}

/// The share s of Amdahl's law that fits best, for 2 to `most` workers: 1/S - 1/w = s (1 - 1/w), a line
/// through the origin. `None` where no level is in that range. Not below 0: less is noise.
fn fitted(speedups: &[f64], most: usize) -> Option<f64> {
    let (mut products, mut squares) = (0.0, 0.0);
    for ((workers, _), speedup) in LEVELS.iter().zip(speedups) {
        if (2..=most).contains(workers) {
            let share = 1.0 / *workers as f64;
            products += (1.0 - share) * (1.0 / speedup - share);
            squares += (1.0 - share) * (1.0 - share);
        }
    }
    (squares > 0.0).then(|| (products / squares).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_is_put_in_is_fitted() {
        for share in [0.0, 0.05, 0.3, 1.0] {
            let law = |workers: usize| 1.0 / (share + (1.0 - share) / workers as f64);
            let speedups = LEVELS.map(|(workers, _)| law(workers));
            for most in [2, 4, 8] {
                let found = fitted(&speedups, most).expect("there are levels in that range");
                assert!((found - share).abs() < 1e-12, "{found} for {share}");
            }
            assert_eq!(fitted(&speedups, 1), None);
        }
    }
}

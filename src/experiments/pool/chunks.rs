//! The size of a chunk: large ones save messages, small ones share out evenly.
//!
//! The same tasks in chunks of several sizes: tasks that all wait as long, tasks of which each waits
//! longer than the one before, and tasks that do next to nothing, beside Python's.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::spent;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::mp::sys;
use crate::stats;

/// Figures: the time of all tasks in chunks of so many, the median of three; of trivial tasks the time
/// of one.
pub const FIGURES: &[&str] = &[
    "at_1_s",
    "at_2_s",
    "at_3_s",
    "at_5_s",
    "at_10_s",
    "each_at_1_ns",
    "each_at_10_ns",
    "each_at_100_ns",
    "each_at_1000_ns",
];

const WORKERS: usize = 2;
/// Tasks that wait.
const FEW: i64 = 10;
const SIZES_OF_FEW: [(usize, &str); 5] =
    [(1, "at_1_s"), (2, "at_2_s"), (3, "at_3_s"), (5, "at_5_s"), (10, "at_10_s")];
/// Tasks that do next to nothing.
const MANY: i64 = 10_000;
const SIZES_OF_MANY: [(usize, &str); 4] = [
    (1, "each_at_1_ns"),
    (10, "each_at_10_ns"),
    (100, "each_at_100_ns"),
    (1000, "each_at_1000_ns"),
];
const TIMES: u32 = 3;

/// How long a task waits on average. Workers inherit it, as they are forked after it is set.
static WAIT: OnceLock<Duration> = OnceLock::new();

fn wait() -> Duration {
    *WAIT.get().expect("set before the workers were forked")
}

// region: tasks
fn even(number: i64) -> i64 {
    thread::sleep(wait());
    number + 2
}

/// From nothing to twice as long.
fn uneven(number: i64) -> i64 {
    let share = number as f64 / (FEW - 1) as f64;
    thread::sleep(wait().mul_f64(2.0 * share));
    number + 2
}
// endregion

fn trivial(number: i64) -> i64 {
    number + 2
}

/// The experiment `chunk-sizes`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    WAIT.get_or_init(|| lab.wait());
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        if let Some(figures) = measured(lab, variant)? {
            lab.measure(Some(&variant.name), figures)?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn measured(lab: &mut Lab, variant: &Variant) -> Result<Option<Vec<(&'static str, Value)>>> {
    if variant.python.is_some() {
        let sizes = SIZES_OF_MANY.map(|(size, _)| size.to_string()).join(",");
        let arguments = ["chunks".to_string(), MANY.to_string(), sizes];
        let said: Option<Peer> = python::call(lab, variant, &arguments)?;
        return Ok(said.map(|said| {
            let names = SIZES_OF_MANY.map(|(_, name)| name);
            names.into_iter().zip(said.each_ns.into_iter().map(|ns| json!(ns))).collect()
        }));
    }
    let figures: Result<Vec<(&'static str, Value)>> = match variant.base {
        "even" => at_each(&SIZES_OF_FEW, |size| timed(even, FEW, size, 1)),
        "uneven" => at_each(&SIZES_OF_FEW, |size| timed(uneven, FEW, size, 1)),
        _ => at_each(&SIZES_OF_MANY, |size| {
            Ok(timed(trivial, MANY, size, TIMES)? * 1e9 / MANY as f64)
        }),
    };
    figures.map(Some)
}

/// What the peer says: nanoseconds a task, at each size.
#[derive(Debug, serde::Deserialize)]
struct Peer {
    each_ns: Vec<f64>,
}

fn at_each(
    sizes: &[(usize, &'static str)],
    measure: impl Fn(usize) -> Result<f64>,
) -> Result<Vec<(&'static str, Value)>> {
    sizes.iter().map(|&(size, name)| Ok((name, json!(measure(size)?)))).collect()
}

/// Seconds that so many tasks take in chunks of that size, the median of several times.
fn timed(task: fn(i64) -> i64, tasks: i64, size: usize, times: u32) -> Result<f64> {
    let numbers: Vec<i64> = (0..tasks).collect();
    let pool = spent::start(WORKERS)?;
    let mut took = Vec::new();
    for _ in 0..times {
        let began = sys::now_ns();
        let results = pool.map(task, &numbers, Some(size))?;
        took.push((sys::now_ns() - began) as f64 / 1e9);
        let right = results.iter().zip(&numbers).all(|(result, number)| *result == number + 2);
        ensure!(right, "a wrong result in chunks of {size}");
    }
    pool.close();
    pool.join()?;
    Ok(stats::median(&took).expect("it ran at least once"))
}

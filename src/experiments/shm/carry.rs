//! Numbers carried to a child, which adds 2 to each, and back: the same trip by each carrier.
//!
//! Parent and child are two forked processes, on two CPUs where there are two. What is timed is the
//! trip alone, by the parent's clock: from its first number on its way to the last one back in its
//! own memory. Both have their memory by then, so that nobody pays for page faults.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::carriers::carrier;
use crate::event::Run;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::stage::Stage;
use crate::experiments::workers::finish;
use crate::experiments::{python, rounds};
use crate::mp::sys::{self, Deadline};
use crate::mp::{Gate, Process, RawValue};
use crate::stats;

/// Figures of each variant: bytes that parent and child copied into the carrier and out of it in one
/// trip, the most memory that one of the two had present, and the nanoseconds for each number.
pub const FIGURES: &[&str] = &["copied_bytes", "peak_bytes", "per_number_ns"];

/// How long a trip may take.
const BOUND: Duration = Duration::from_secs(30);
/// How long to wait for one of the two before looking after the other.
const LOOK: Duration = Duration::from_millis(20);
/// How long one of the two waits for the other at the start.
const GATE_BOUND: Duration = Duration::from_secs(10);

/// One trip, ended.
#[derive(Debug, Clone, Copy)]
pub struct Trip {
    /// How long it took, in seconds.
    pub time_s: f64,
    /// The sum of the numbers that came back.
    pub sum: i64,
    /// Whether each of them was right.
    pub right: bool,
    /// Bytes copied into the carrier and out of it, by both.
    pub copied_bytes: u64,
    /// The most memory that parent or child had present.
    pub peak_bytes: u64,
}

/// What parent and child report.
struct Report {
    time_ns: RawValue<u64>,
    sum: RawValue<i64>,
    right: RawValue<u32>,
    copied: RawValue<u64>,
}

/// Carries the numbers from 0 to `n` - 1 to a child and back, by the carrier of that name.
///
/// # Errors
/// When memory, descriptors or processes cannot be had, or one of the two does not end well.
pub fn trip(lab: &mut Lab, name: &str, n: usize, cpus: Option<[usize; 2]>) -> Result<Trip> {
    let memory = "a report in shared memory";
    let carrier = carrier(lab, name, n)?;
    let gate = Gate::new(2).context(memory)?;
    let report = Report {
        time_ns: RawValue::new(0).context(memory)?,
        sum: RawValue::new(0).context(memory)?,
        right: RawValue::new(0).context(memory)?,
        copied: RawValue::new(0).context(memory)?,
    };
    let ready = || gate.arrive_and_wait(GATE_BOUND).expect("both come");
    let mut processes = [
        Process::new("parent", || {
            let mut numbers: Vec<f64> = (0..n).map(|number| number as f64).collect();
            carrier.touch();
            ready();
            let began = sys::now_ns();
            let copied = carrier.there_and_back(&mut numbers);
            report.time_ns.set(sys::now_ns() - began);
            report.copied.fetch_add(copied as u64);
            report.sum.set(numbers.iter().sum::<f64>() as i64);
            let right = numbers.iter().enumerate().all(|(at, found)| *found == at as f64 + 2.0);
            report.right.set(u32::from(right));
        }),
        Process::new("child", || {
            let copied = carrier.add_two(n, &ready);
            report.copied.fetch_add(copied as u64);
        }),
    ];
    for (process, cpu) in processes.iter_mut().zip(cpus.into_iter().flatten()) {
        process.pin(cpu)?;
    }
    for process in &mut processes {
        process.start()?;
    }
    join_both(&mut processes)?;
    let peaks = processes.iter().filter_map(|process| Some(process.usage()?.max_rss_bytes));
    let Some(peak_bytes) = peaks.max() else { bail!("a process that ended has used nothing") };
    Ok(Trip {
        time_s: report.time_ns.get() as f64 / 1e9,
        sum: report.sum.get(),
        right: report.right.get() == 1,
        copied_bytes: report.copied.get(),
        peak_bytes,
    })
}

/// Joins both. The first one that ends badly is the failure; the other, which would wait for it for
/// ever, is killed when it is dropped.
fn join_both(processes: &mut [Process; 2]) -> Result<()> {
    let deadline = Deadline::after(BOUND);
    while !deadline.is_over() {
        for process in &mut *processes {
            if process.join_timeout(LOOK)?.is_some() {
                finish(process)?;
            }
        }
        if processes.iter().all(|process| process.usage().is_some()) {
            return Ok(());
        }
    }
    bail!("parent and child were not done with their trip after {BOUND:?}")
}

/// The sum of the numbers from 0 to `n` - 1, with 2 added to each.
fn expected(n: usize) -> i64 {
    let n = n as i64;
    n * (n - 1) / 2 + 2 * n
}

/// The experiment `carry`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let n = lab.n() as usize;
    let cpus = Stage::usual(&lab.machine.usable).cpus;
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut trips: Vec<(String, Trip)> = Vec::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return peer(lab, variant, index);
        }
        let trip = trip(lab, variant.base, n, cpus)?;
        trips.push((variant.name.clone(), trip));
        let run = Run {
            time_s: Some(trip.time_s),
            expected: Some(expected(n)),
            got: Some(trip.sum),
            correct: Some(trip.right),
            cpus: cpus.map(Vec::from),
            ..Run::default()
        };
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    for variant in &variants {
        let of_it = trips.iter().filter(|(name, _)| *name == variant.name);
        let of_it: Vec<Trip> = of_it.map(|(_, trip)| *trip).collect();
        if let Some(last) = of_it.last() {
            // The first one warmed up.
            let times: Vec<f64> = of_it[1..].iter().map(|trip| trip.time_s).collect();
            let median = stats::median(&times);
            let figures = [
                ("copied_bytes", json!(last.copied_bytes)),
                ("peak_bytes", json!(of_it.iter().map(|trip| trip.peak_bytes).max())),
                ("per_number_ns", json!(median.map(|time| time * 1e9 / n as f64))),
            ];
            lab.measure(Some(&variant.name), figures)?;
        }
    }
    lab.summarize(&variants, &runs)
}

fn peer(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<Run>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    python::run(lab, variant, index, &["carry".to_string(), way, lab.n().to_string()])
}

//! The echo: a number there, the same number back, N times; over four carriers.
//!
//! Only one of the two processes has something to do at any moment, so what is timed is the way of
//! a message and the waking of the one who waits for it. `time_s` of a run is that of all round
//! trips; the figures are those of one, by placement.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::carrier::{self, End};
use super::placement::Placement;
use crate::event::Run;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish_all;
use crate::experiments::{python, rounds};
use crate::mp::{Gate, Process, RawValue};
use crate::stats;

/// Figures of each variant: the median time of one round trip with both processes pinned to two
/// CPUs, to the same one, and free to move. Absent where it was not measured.
pub const FIGURES: &[&str] = &["two_cpus_s", "same_cpu_s", "free_s"];

/// How long a process waits for the other at the start.
const GATE_BOUND: Duration = Duration::from_secs(5);
/// Round trips before the clock starts.
const WARM_UP: u32 = 10;

fn ask(end: &End, n: u32) -> Result<i64> {
    let mut sum = 0;
    // region: ask
    for number in 0..n {
        end.send(i64::from(number))?;
        sum += end.recv()?;
    }
    // endregion
    Ok(sum)
}

fn echo(end: &End, n: u32) -> Result<()> {
    // region: echo
    for _ in 0..n {
        let number = end.recv()?;
        end.send(number)?;
    }
    // endregion
    Ok(())
}

/// The experiment `echo`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let native: Vec<&Variant> = variants.iter().filter(|v| v.python.is_none()).collect();
    let placements = Placement::all(&lab.machine.usable);
    let (usual, others) = (placements[0], &placements[1..]);
    let rounds = u64::from(lab.runs()) + 1;
    lab.expect_steps(rounds * (variants.len() + others.len() * native.len()) as u64);
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return peer(lab, variant, index, usual);
        }
        let run = round_trips(variant.base, lab.n(), usual)?;
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    let mut figures: Figures = BTreeMap::new();
    let n = f64::from(lab.n());
    for variant in &variants {
        let times = runs.iter().filter(|run| run.variant == variant.name);
        let times: Vec<f64> = times.filter_map(|run| Some(run.time_s? / n)).collect();
        note(&mut figures, &variant.name, usual, &times);
    }
    for placement in others {
        elsewhere(lab, &native, *placement, &mut figures)?;
    }
    for variant in &variants {
        if let Some(of_it) = figures.remove(&variant.name) {
            lab.measure(Some(&variant.name), of_it)?;
        }
    }
    lab.summarize(&variants, &runs)
}

/// Figures by variant.
type Figures = BTreeMap<String, Vec<(&'static str, serde_json::Value)>>;

fn note(figures: &mut Figures, variant: &str, placement: Placement, times: &[f64]) {
    if let Some(median) = stats::median(times) {
        figures.entry(variant.to_owned()).or_default().push((placement.figure, json!(median)));
    }
}

/// The same rounds in another placement, in turns; the first one warms up.
fn elsewhere(
    lab: &mut Lab,
    variants: &[&Variant],
    placement: Placement,
    figures: &mut Figures,
) -> Result<()> {
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..=lab.runs() {
        for variant in variants {
            lab.settle()?;
            let run = round_trips(variant.base, lab.n(), placement)?;
            let each = run.time_s.map(|time| time / f64::from(lab.n()));
            if round > 0 {
                times.entry(&variant.name).or_default().extend(each);
            }
            lab.step()?;
        }
    }
    for (variant, times) in times {
        note(figures, variant, placement, &times);
    }
    Ok(())
}

/// `n` round trips between two new processes.
fn round_trips(carrier: &str, n: u32, placement: Placement) -> Result<Run> {
    let memory = "shared memory for the two";
    let (here, there) = placement.made(|| carrier::pair(carrier, size_of::<i64>()))?;
    let gate = Gate::new(2).context(memory)?;
    let clocks = Clocks::new(1).context(memory)?;
    let sum = RawValue::new(0_i64).context(memory)?;
    let (gate_of, clocks_of, sum_of) = (&gate, &clocks, &sum);
    let meet = move || gate_of.arrive_and_wait(GATE_BOUND).expect("both at the gate");
    let asker = move || {
        meet();
        ask(&here, WARM_UP).expect("the line to the other");
        sum_of.set(clocks_of.time(0, || ask(&here, n)).expect("the line to the other"));
    };
    let echoer = move || {
        meet();
        echo(&there, WARM_UP + n).expect("the line to the other");
    };
    let mut both = [Process::new("asker", asker), Process::new("echoer", echoer)];
    for (index, process) in both.iter_mut().enumerate() {
        if let Some(cpu) = placement.cpu(index) {
            process.pin(cpu)?;
        }
        process.start()?;
    }
    finish_all(&mut both)?;
    let expected = (0..i64::from(n)).sum();
    Ok(Run {
        time_s: Some(clocks.elapsed_s()),
        expected: Some(expected),
        got: Some(sum.get()),
        correct: Some(sum.get() == expected),
        cpus: placement.cpus.map(Vec::from),
        ..Run::default()
    })
}

fn peer(lab: &mut Lab, variant: &Variant, index: u32, placement: Placement) -> Result<Option<Run>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let [first, second] = placement.arguments();
    let arguments = ["echo".to_string(), way, lab.n().to_string(), first, second];
    python::run(lab, variant, index, &arguments)
}

//! Bandwidth: how many bytes a second go through each carrier, by the size of the messages.
//!
//! One process sends, another one receives, both at once. A small message costs what a call costs; a
//! large one what its copies cost: two by way of the kernel, two through shared memory as well, but
//! without the calls.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::carrier;
use super::placement::Placement;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish_all;
use crate::mp::{Gate, Process};
use crate::stats;

/// Figures of each variant: bytes a second with messages of that size, medians over the rounds.
pub const FIGURES: &[&str] =
    &["at_64b_bytes_per_s", "at_4kib_bytes_per_s", "at_64kib_bytes_per_s", "at_1mib_bytes_per_s"];
/// Whether the two processes ran on different CPUs.
pub const EXPERIMENT_FIGURES: &[&str] = &["two_cpus"];

/// Bytes of a message and how many are sent, in the order of the figures.
const LOADS: [(usize, u32); 4] = [(64, 10_000), (4096, 4_000), (65_536, 400), (1 << 20, 30)];
/// How long a process waits for the other at the start.
const GATE_BOUND: Duration = Duration::from_secs(5);

/// The experiment `bandwidth`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let placement = Placement::usual(&lab.machine.usable);
    let rounds = lab.runs();
    lab.expect_steps(u64::from(rounds + 1) * (variants.len() * LOADS.len()) as u64);
    let mut rates: BTreeMap<(&str, usize), Vec<f64>> = BTreeMap::new();
    for round in 0..=rounds {
        for (load, (len, count)) in LOADS.into_iter().enumerate() {
            for variant in &variants {
                lab.settle()?;
                let took = seconds(lab, variant, placement, len, count)?;
                if let Some(took) = took.filter(|_| round > 0) {
                    let rate = len as f64 * f64::from(count) / took;
                    rates.entry((&variant.name, load)).or_default().push(rate);
                }
                lab.step()?;
            }
        }
    }
    for variant in &variants {
        let rate = |load| rates.get(&(variant.name.as_str(), load));
        let figures: Vec<(&str, Value)> = (FIGURES.iter().enumerate())
            .filter_map(|(load, figure)| Some((*figure, json!(stats::median(rate(load)?)?))))
            .collect();
        if !figures.is_empty() {
            lab.measure(Some(&variant.name), figures)?;
        }
    }
    let two_cpus = placement.cpus.is_some_and(|[first, second]| first != second);
    lab.measure(None, [("two_cpus", json!(two_cpus))])?;
    lab.summarize(&variants, &[])
}

fn seconds(
    lab: &mut Lab,
    variant: &Variant,
    placement: Placement,
    len: usize,
    count: u32,
) -> Result<Option<f64>> {
    match variant.python {
        Some(_) => peer(lab, variant, placement, len, count),
        None => transfer(variant.base, placement, len, count).map(Some),
    }
}

/// Seconds that `count` messages of `len` bytes take, from the first `send` to the last `recv`.
fn transfer(carrier: &str, placement: Placement, len: usize, count: u32) -> Result<f64> {
    let memory = "shared memory for the two";
    let (from, to) = placement.made(|| carrier::pair(carrier, len))?;
    let gate = Gate::new(2).context(memory)?;
    let clocks = Clocks::new(2).context(memory)?;
    let (gate_of, clocks_of) = (&gate, &clocks);
    let sender = move || {
        let message = vec![b'x'; len];
        gate_of.arrive_and_wait(GATE_BOUND).expect("both at the gate");
        clocks_of.time(0, || {
            (0..count).for_each(|_| to.send_bytes(&message).expect("the line to the other"));
        });
    };
    let receiver = move || {
        let mut message = Vec::with_capacity(len);
        gate_of.arrive_and_wait(GATE_BOUND).expect("both at the gate");
        clocks_of.time(1, || {
            (0..count).for_each(|_| {
                from.recv_bytes_into(&mut message).expect("the line to the other");
                assert_eq!(message.len(), len);
            });
        });
    };
    let mut both = [Process::new("sender", sender), Process::new("receiver", receiver)];
    for (index, process) in both.iter_mut().enumerate() {
        if let Some(cpu) = placement.cpu(index) {
            process.pin(cpu)?;
        }
        process.start()?;
    }
    finish_all(&mut both)?;
    Ok(clocks.elapsed_s())
}

/// What the peer says.
#[derive(Debug, Deserialize)]
struct Told {
    time_s: f64,
}

fn peer(
    lab: &mut Lab,
    variant: &Variant,
    placement: Placement,
    len: usize,
    count: u32,
) -> Result<Option<f64>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let mut arguments = vec!["bandwidth".to_string(), way, len.to_string(), count.to_string()];
    arguments.extend(placement.arguments());
    let told: Option<Told> = python::call(lab, variant, &arguments)?;
    Ok(told.map(|told| told.time_s))
}

//! The price of a step: what one addition to the shared number costs, by the means
//! that guards it, alone and while another process does the same.
//!
//! `alone_ns` and `contended_ns` are a process's time for its own loop, divided by its
//! steps; of two that contend, the mean. `overlap` is the share of the shorter loop
//! during which both ran. Contended, both processes run on CPUs of their own where there are
//! two. `plain` and `robust` are the same mutex of the C library without and with
//! the promise to survive its owner's death.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::stage::Stage;
use crate::experiments::workers::finish_all;
use crate::mp::{Gate, Lock, PlainLock, Process, RawValue, SemaphoreLock};
use crate::stats;

const GATE_BOUND: Duration = Duration::from_secs(5);

/// The means, all made once: memory of locks is never given back.
struct Means {
    balance: RawValue<i32>,
    plain: PlainLock,
    robust: Lock,
    semaphore: SemaphoreLock,
}

/// What one run of a variant cost, for each step.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Price {
    alone_ns: f64,
    contended_ns: f64,
    overlap: f64,
}

/// The experiment `price`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let means = Means::new().context("locks in shared memory")?;
    let cpus = Stage::usual(&lab.machine.usable).cpus;
    let mut prices: BTreeMap<String, Vec<Price>> = BTreeMap::new();
    lab.expect_steps(variants.len() as u64 * u64::from(lab.runs()));
    for _ in 0..lab.runs() {
        for variant in &variants {
            lab.settle()?;
            if let Some(price) = price(lab, &means, variant, cpus)? {
                prices.entry(variant.name.clone()).or_default().push(price);
            }
            lab.step()?;
        }
    }
    for variant in &variants {
        let Some(of_it) = prices.get(&variant.name) else {
            continue;
        };
        let median =
            |of: fn(&Price) -> f64| stats::median(&of_it.iter().map(of).collect::<Vec<_>>());
        let figures = [
            ("alone_ns", json!(median(|p| p.alone_ns))),
            ("contended_ns", json!(median(|p| p.contended_ns))),
            ("overlap", json!(median(|p| p.overlap))),
        ];
        lab.measure(Some(&variant.name), figures)?;
    }
    tell_robustness(lab, &prices, cpus.is_none())?;
    lab.summarize(&variants, &[])
}

/// How many times the plain mutex the robust one costs, paired by round, with the
/// intervals of the ratios where there are rounds enough.
fn tell_robustness(
    lab: &mut Lab,
    prices: &BTreeMap<String, Vec<Price>>,
    same_cpu: bool,
) -> Result<()> {
    let (Some(robust), Some(plain)) = (prices.get("robust"), prices.get("plain")) else {
        return Ok(());
    };
    let seed = lab.params.seed.unwrap_or(1);
    let ratio = |of: fn(&Price) -> f64| {
        let pairs: Vec<(f64, f64)> =
            robust.iter().zip(plain).map(|(r, p)| (of(r), of(p))).collect();
        stats::bootstrap_ratio(&pairs, seed)
    };
    let (alone, contended) = (ratio(|p| p.alone_ns), ratio(|p| p.contended_ns));
    let median = |ratio: Option<stats::Ratio>| json!(ratio.map(|r| r.median));
    let interval = |ratio: Option<stats::Ratio>| ratio.and_then(|r| r.interval).unzip();
    let ((alone_low, alone_high), (low, high)) = (interval(alone), interval(contended));
    let figures = [
        ("robust_over_plain_alone", median(alone)),
        ("robust_over_plain_alone_low", json!(alone_low)),
        ("robust_over_plain_alone_high", json!(alone_high)),
        ("robust_over_plain_contended", median(contended)),
        ("robust_over_plain_contended_low", json!(low)),
        ("robust_over_plain_contended_high", json!(high)),
        ("same_cpu", json!(same_cpu)),
        ("rounds", json!(robust.len())),
    ];
    lab.measure(None, figures)
}

fn price(
    lab: &mut Lab,
    means: &Means,
    variant: &Variant,
    cpus: Option<[usize; 2]>,
) -> Result<Option<Price>> {
    let steps = lab.iterations();
    if variant.python.is_some() {
        return python::call(lab, variant, &["price".to_string(), steps.to_string()]);
    }
    let places = cpus.map_or([None; 2], |cpus| cpus.map(Some));
    let (alone_ns, _) = means.cost(variant.base, steps, &places[..1])?;
    let (contended_ns, overlap) = means.cost(variant.base, steps, &places)?;
    Ok(Some(Price { alone_ns, contended_ns, overlap }))
}

impl Means {
    fn new() -> Result<Self, crate::mp::MapError> {
        Ok(Means {
            balance: RawValue::new(0)?,
            plain: PlainLock::new()?,
            robust: Lock::new()?,
            semaphore: SemaphoreLock::new()?,
        })
    }

    /// Nanoseconds a step and overlap, with one process for each of `places`.
    fn cost(&self, variant: &str, steps: u32, places: &[Option<usize>]) -> Result<(f64, f64)> {
        let gate = Gate::new(places.len() as u32).context("the gate in shared memory")?;
        let clocks = Clocks::new(places.len()).context("the clocks in shared memory")?;
        let (gate_of, clocks_of) = (&gate, &clocks);
        let mut workers = Vec::new();
        for (index, place) in places.iter().enumerate() {
            let mut worker = Process::new(variant, move || {
                self.steps(variant, steps / 10); // warm
                (gate_of.arrive_and_wait(GATE_BOUND)).expect("all at the gate");
                clocks_of.time(index, || self.steps(variant, steps));
            });
            if let Some(cpu) = place {
                worker.pin(*cpu)?;
            }
            worker.start()?;
            workers.push(worker);
        }
        finish_all(&mut workers)?;
        Ok((clocks.mean_s() * 1e9 / f64::from(steps), clocks.overlap()))
    }

    fn steps(&self, variant: &str, steps: u32) {
        let step = || self.balance.set(self.balance.get().wrapping_add(1));
        match variant {
            "none" => (0..steps).for_each(|_| step()),
            "atomic" => (0..steps).for_each(|_| _ = self.balance.fetch_add(1)),
            "plain" => (0..steps).for_each(|_| self.plain.with(step)),
            "robust" => (0..steps).for_each(|_| {
                let held = self.robust.acquire().expect("the lock");
                step();
                held.release();
            }),
            "semaphore" => (0..steps).for_each(|_| {
                self.semaphore.acquire();
                step();
                self.semaphore.release().expect("acquired above");
            }),
            other => unreachable!("the registry has no variant {other}"),
        }
    }
}

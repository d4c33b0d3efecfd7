//! One call of `map`: the numbers shared out to the workers in chunks, against one loop.
//!
//! The pool is made before the clock starts, as the notebook's is. With the default rule, which is
//! Python's, 10 numbers and 2 workers make 5 chunks of 2, and the last chunk leaves one worker without
//! work; one number a chunk does not.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::spent::{self, Spent};
use crate::event::{Event, Run, Timeline};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::work::Work;
use crate::experiments::{python, rounds};
use crate::mp::pool::chunk_size;
use crate::mp::sys;
use crate::stats;

/// Figures of each variant: items in a chunk; items of the worker that did the most, and workers that
/// did any, in the last run; the mean time from the end of a worker's last task to the end of the run,
/// median over the runs.
pub const FIGURES: &[&str] = &["chunk", "busiest", "workers_used", "idle_s"];

/// More tasks than this are not drawn.
const MOST_DRAWN: usize = 500;

/// What a task does. Workers inherit it, as they are forked after it is set.
static TASK: OnceLock<(Work, Duration)> = OnceLock::new();

// region: task
fn add_two(number: i64) -> Spent<i64> {
    Spent::on(|| {
        let (work, wait) = asked_for();
        work.run(); // --work
        thread::sleep(wait); // --wait
        number + 2
    })
}
// endregion

fn asked_for() -> (Work, Duration) {
    *TASK.get().expect("set before the workers were forked")
}

/// One run, ended.
struct Mapped {
    tasks: Vec<Spent<i64>>,
    began_ns: u64,
    ended_ns: u64,
}

fn serial(numbers: &[i64]) -> Mapped {
    let began_ns = sys::now_ns();
    let tasks = numbers.iter().map(|&number| add_two(number)).collect();
    Mapped { tasks, began_ns, ended_ns: sys::now_ns() }
}

fn mapped(numbers: &[i64], workers: usize, chunk: Option<usize>) -> Result<Mapped> {
    let pool = spent::start(workers)?;
    let began_ns = sys::now_ns();
    // region: map
    // The default chunk is None.
    let tasks = pool.map(add_two, numbers, chunk)?;
    // endregion
    let ended_ns = sys::now_ns();
    pool.close();
    pool.join()?;
    Ok(Mapped { tasks, began_ns, ended_ns })
}

impl Mapped {
    fn told(&self, numbers: &[i64]) -> Run {
        let right = numbers.iter().map(|number| number + 2);
        let results = self.tasks.iter().map(|task| task.result);
        Run {
            time_s: Some((self.ended_ns - self.began_ns) as f64 / 1e9),
            correct: Some(right.eq(results)),
            ..Run::default()
        }
    }

    /// Mean over the workers that did anything.
    fn idle_s(&self) -> f64 {
        let mut last: BTreeMap<i32, u64> = BTreeMap::new();
        for task in &self.tasks {
            let end = last.entry(task.pid).or_default();
            *end = (*end).max(task.ended_ns);
        }
        let idle: u64 = last.values().map(|&end| self.ended_ns.saturating_sub(end)).sum();
        idle as f64 / 1e9 / last.len().max(1) as f64
    }
}

/// What the peer prints beside the fields of every peer's run.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(flatten)]
    run: python::PeerRun,
    busiest: usize,
    workers_used: usize,
    idle_s: f64,
}

/// The experiment `map`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let numbers: Vec<i64> = (0..i64::from(lab.n())).collect();
    let workers = lab.workers() as usize;
    TASK.get_or_init(|| (Work::lasting(lab.work()), lab.wait()));
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut native: BTreeMap<String, Vec<Mapped>> = BTreeMap::new();
    let mut python: BTreeMap<String, Vec<Said>> = BTreeMap::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            let Some(said) = python::call::<Said>(lab, variant, &arguments(lab, variant))? else {
                return Ok(None);
            };
            let run = said.run.clone().told(lab, variant, index);
            // It fails if one of its results is wrong.
            let run = Run { correct: Some(true), ..run };
            python.entry(variant.name.clone()).or_default().push(said);
            return Ok(Some(run));
        }
        let mapped = match variant.base {
            "serial" => serial(&numbers),
            "map" => mapped(&numbers, workers, None).context("map")?,
            _ => mapped(&numbers, workers, Some(1)).context("map with chunks of 1")?,
        };
        let run = lab.entitle(mapped.told(&numbers), variant, index);
        native.entry(variant.name.clone()).or_default().push(mapped);
        Ok(Some(run))
    })?;
    for variant in &variants {
        let chunk = chunk_of(variant, numbers.len(), workers);
        if let Some(of_it) = native.get(&variant.name) {
            tell(lab, variant, &of_it[1..], chunk)?; // the first run warmed up
        }
        if let Some(said) = python.get(&variant.name).and_then(|said| said.last()) {
            let of_it = &python[&variant.name][1..];
            let idle: Vec<f64> = of_it.iter().map(|said| said.idle_s).collect();
            let figures = figures(chunk, (said.busiest, said.workers_used), &idle);
            lab.measure(Some(&variant.name), figures)?;
        }
    }
    lab.summarize(&variants, &runs)
}

fn chunk_of(variant: &Variant, items: usize, workers: usize) -> Option<usize> {
    match variant.base {
        "serial" => None,
        "map" | "python-map" => Some(chunk_size(items, workers)),
        _ => Some(1),
    }
}

/// The figures of a variant, and its last run as a timeline.
fn tell(lab: &mut Lab, variant: &Variant, runs: &[Mapped], chunk: Option<usize>) -> Result<()> {
    let Some(last) = runs.last() else {
        return Ok(());
    };
    // The loop has one lane without a gap.
    if let Some(chunk) = chunk.filter(|_| last.tasks.len() <= MOST_DRAWN) {
        let lanes = spent::lanes(&last.tasks, last.began_ns, last.ended_ns);
        lab.emit(&Event::Timeline(Timeline {
            experiment: lab.experiment(),
            variant: variant.name.clone(),
            index: runs.len() as u32 - 1,
            messages: spent::messages(&last.tasks, chunk, &lanes, last.began_ns),
            lanes,
        }))?;
    }
    let busiest = spent::busiest(last.tasks.iter().map(|task| task.pid));
    let idle: Vec<f64> = runs.iter().map(Mapped::idle_s).collect();
    lab.measure(Some(&variant.name), figures(chunk, busiest, &idle))
}

fn figures(
    chunk: Option<usize>,
    (busiest, used): (usize, usize),
    idle: &[f64],
) -> Vec<(&'static str, Value)> {
    vec![
        ("chunk", json!(chunk)),
        ("busiest", json!(busiest)),
        ("workers_used", json!(used)),
        ("idle_s", json!(stats::median(idle))),
    ]
}

fn arguments(lab: &Lab, variant: &Variant) -> [String; 6] {
    let way = variant.base.trim_start_matches("python-").to_string();
    let [work, wait] = [lab.work(), lab.wait()].map(|time| time.as_secs_f64().to_string());
    ["map".to_string(), way, lab.n().to_string(), lab.workers().to_string(), work, wait]
}

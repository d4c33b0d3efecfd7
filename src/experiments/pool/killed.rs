//! A worker ends in the middle of its task: what becomes of the task, of the others, of the pool.
//!
//! Ours is killed at each stage of a task's way, or ended by the task itself: an observer of the two
//! queues' steps kills the worker where the variant says. Python's pool is asked in each of its ways,
//! with a bound, as it never answers; and beside it the executor that does.

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::mp::queue::{Observer, Step};
use crate::mp::{Pool, PoolError, Shared, TaskError, process};

/// Figures: items given, results that came, the item that has none; how its worker ended, as Python's
/// `exitcode`; whether the pool has as many workers as before, and does the next task; whether the
/// caller still waited when its time was over, how long it waited, and what it was told.
pub const FIGURES: &[&str] =
    &["items", "arrived", "lost_item", "exitcode", "goes_on", "hung", "waited_s", "complaint"];

const WORKERS: usize = 2;
const NUMBERS: [i64; 6] = [0, 1, 2, 3, 4, 5];
/// How long the results are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

type Figures = Vec<(&'static str, Value)>;

// region: killed
fn killed_at_three(number: i64) -> i64 {
    if number == 3 {
        kill_myself(); // kill -9
    }
    number + 2
}
// endregion

fn kill_myself() {
    raise(Signal::SIGKILL).expect("our own process");
}

fn exits_at_three(number: i64) -> i64 {
    if number == 3 {
        process::exit(0);
    }
    number + 2
}

fn add_two(number: i64) -> i64 {
    number + 2
}

/// What the peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    items: usize,
    arrived: usize,
    hung: bool,
    waited_s: f64,
    complaint: Option<String>,
}

/// The experiment `worker-killed`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        if let Some(figures) = demonstrate(lab, variant)? {
            lab.measure(Some(&variant.name), figures)?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn demonstrate(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    if variant.python.is_some() {
        return peer(lab, variant);
    }
    let figures = match variant.base {
        "argument" => killed_at(Step::GetCommitted),
        "running" => survives(&Pool::new(WORKERS)?, killed_at_three),
        "result" => killed_at(Step::PutPayload),
        "idle" => killed_idle(),
        "exit" => survives(&Pool::new(WORKERS)?, exits_at_three),
        other => unreachable!("the registry has no variant {other}"),
    };
    figures.map(Some)
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let said: Option<Peer> = python::call(lab, variant, &["killed".to_string(), way])?;
    Ok(said.map(|said| {
        vec![
            ("items", json!(said.items)),
            ("arrived", json!(said.arrived)),
            ("hung", json!(said.hung)),
            ("waited_s", json!(said.waited_s)),
            ("complaint", json!(said.complaint)),
        ]
    }))
}

/// The fourth time that a worker comes to that step, it is killed there.
fn killed_at(fatal: Step) -> Result<Figures> {
    let left: Rc<Shared<AtomicU32>> = Rc::new(Shared::new().context("a count in shared memory")?);
    left.store(4, Relaxed);
    let pool_of = std::process::id();
    let observer = move |step: Step| {
        let here = step == fatal && std::process::id() != pool_of;
        if here && left.fetch_sub(1, Relaxed) == 1 {
            kill_myself();
        }
    };
    survives(&Pool::builder(WORKERS).observed(observer).start()?, add_two)
}

/// All workers are killed while they wait for their first task.
fn killed_idle() -> Result<Figures> {
    let pool = Pool::new(WORKERS)?;
    pool.apply(add_two, 0)?;
    for pid in pool.pids() {
        kill(Pid::from_raw(pid), Signal::SIGKILL).context("killing a worker")?;
    }
    survives(&pool, add_two)
}

fn survives<O>(pool: &Pool<O>, task: fn(i64) -> i64) -> Result<Figures>
where
    O: Observer + Clone + 'static,
{
    let began = Instant::now();
    // region: outcomes
    let given = pool.map_async(task, &NUMBERS, Some(1));
    // One for each number:
    let outcomes = given?.outcomes_timeout(PATIENCE);
    // endregion
    let waited = began.elapsed();
    let outcomes = match outcomes {
        Err(PoolError::TimedOut) => {
            return Ok(vec![("hung", json!(true)), ("waited_s", json!(waited.as_secs_f64()))]);
        }
        outcomes => outcomes?,
    };
    let right = |(number, outcome): &(&i64, &Result<i64, TaskError>)| {
        outcome.as_ref().is_ok_and(|result| *result == **number + 2)
    };
    let arrived = NUMBERS.iter().zip(&outcomes).filter(right).count();
    let lost = outcomes.iter().enumerate().find_map(|(item, outcome)| match outcome {
        Err(TaskError::WorkerDied { exit }) => Some((item, exit.exitcode())),
        _ => None,
    });
    let goes_on = pool.apply(add_two, 40)? == 42 && pool.pids().len() == WORKERS;
    Ok(vec![
        ("items", json!(NUMBERS.len())),
        ("arrived", json!(arrived)),
        ("lost_item", json!(lost.map(|(item, _)| item))),
        ("exitcode", json!(lost.map(|(_, exitcode)| exitcode))),
        ("goes_on", json!(goes_on)),
        ("hung", json!(false)),
        ("waited_s", json!(waited.as_secs_f64())),
    ])
}

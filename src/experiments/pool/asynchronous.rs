//! Calls that do not wait, and those that do: what the main process does meanwhile, when a callback
//! runs and where, and results in the order in which they come.
//!
//! Each task waits as long as `--wait` says, so who waits for whom shows in the times.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::spent::{self, Spent};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::work::Work;
use crate::mp::{Pool, sys};

/// Figures: from the call to its return; pieces of work that the main process did until the results
/// were there; from the call to the last result; whether the result was there when the call returned;
/// from the call to the end of the task, to its callback; in which process that ran, in which thread;
/// the items in the order in which their results came; the results.
pub const FIGURES: &[&str] = &[
    "returned_s",
    "meanwhile",
    "took_s",
    "ready_at_once",
    "done_s",
    "callback_s",
    "callback_in_main",
    "callback_thread",
    "arrived",
    "results",
];

/// One piece of what the main process does meanwhile.
const PIECE: Duration = Duration::from_micros(100);
/// Tasks of `map-async`.
const FOUR: [i64; 4] = [0, 1, 2, 3];
const WORKERS: usize = 2;

/// How long one task waits. Workers inherit it, as they are forked after it is set.
static WAIT: OnceLock<Duration> = OnceLock::new();

type Figures = Vec<(&'static str, Value)>;

fn add_two(number: i64) -> Spent<i64> {
    Spent::on(|| {
        thread::sleep(wait());
        number + 2
    })
}

fn wait() -> Duration {
    *WAIT.get().expect("set before the workers were forked")
}

/// Number 0 waits four times as long as the others.
fn slow_first(number: i64) -> i64 {
    thread::sleep(if number == 0 { 4 * wait() } else { wait() });
    number
}

/// What the peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    done_s: f64,
    callback_s: f64,
    callback_in_main: bool,
    callback_thread: String,
}

/// The experiment `asynchronous`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    WAIT.get_or_init(|| lab.wait());
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
    let pool = spent::start(WORKERS)?;
    let figures = match variant.base {
        "map-async" => map_async(&pool),
        "callback" => callback(&pool),
        "apply" => apply(&pool),
        "apply-async" => apply_async(&pool),
        "imap-unordered" => imap_unordered(&pool),
        "starmap" => starmap(&pool),
        other => unreachable!("the registry has no variant {other}"),
    };
    pool.close();
    pool.join()?;
    figures.map(Some)
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let arguments = ["callback".to_string(), lab.wait().as_secs_f64().to_string()];
    let said: Option<Peer> = python::call(lab, variant, &arguments)?;
    Ok(said.map(|said| {
        vec![
            ("done_s", json!(said.done_s)),
            ("callback_s", json!(said.callback_s)),
            ("callback_in_main", json!(said.callback_in_main)),
            ("callback_thread", json!(said.callback_thread)),
        ]
    }))
}

fn map_async(pool: &Pool) -> Result<Figures> {
    let piece = Work::lasting(PIECE);
    let mut meanwhile = 0;
    let began = sys::now_ns();
    // region: map-async
    let one = Some(1); // task a chunk
    let result = pool.map_async(add_two, &FOUR, one)?;
    let returned = sys::now_ns();
    let ready_at_once = result.ready();
    while !result.ready() {
        piece.run(); // something else to do
        meanwhile += 1;
    }
    let tasks = result.get()?;
    // endregion
    let took = sys::now_ns() - began;
    let results: Vec<i64> = tasks.iter().map(|task| task.result).collect();
    Ok(vec![
        ("returned_s", seconds(returned - began)),
        ("ready_at_once", json!(ready_at_once)),
        ("meanwhile", json!(meanwhile)),
        ("took_s", seconds(took)),
        ("results", json!(listed(&results))),
    ])
}

/// The time, and the process.
fn here() -> Option<(u64, u32)> {
    Some((sys::now_ns(), std::process::id()))
}

/// The main process gives a task with a callback, and then does not ask for a while.
fn callback(pool: &Pool) -> Result<Figures> {
    let called: Rc<Cell<Option<(u64, u32)>>> = Rc::default();
    let calls = Rc::clone(&called);
    let began = sys::now_ns();
    // region: callback
    let note = move |_: &Spent<i64>| calls.set(here());
    let result = pool.apply_async(add_two, 1)?;
    let result = result.callback(note);
    thread::sleep(3 * wait()); // the task has ended
    let task = result.get()?; // the callback runs
    // endregion
    let (at, process) = called.get().unwrap_or_default();
    Ok(vec![
        ("done_s", seconds(task.ended_ns.saturating_sub(began))),
        ("callback_s", seconds(at.saturating_sub(began))),
        ("callback_in_main", json!(process == std::process::id())),
    ])
}

/// Two tasks, the second given when the first is done.
fn apply(pool: &Pool) -> Result<Figures> {
    let began = sys::now_ns();
    let results = [pool.apply(add_two, 0)?, pool.apply(add_two, 1)?];
    Ok(took(began, &results))
}

/// Two tasks, both given before the first is waited for.
fn apply_async(pool: &Pool) -> Result<Figures> {
    let began = sys::now_ns();
    let (first, second) = (pool.apply_async(add_two, 0)?, pool.apply_async(add_two, 1)?);
    let results = [first.get()?, second.get()?];
    Ok(took(began, &results))
}

fn took(began: u64, tasks: &[Spent<i64>]) -> Figures {
    let took = sys::now_ns() - began;
    let results: Vec<i64> = tasks.iter().map(|task| task.result).collect();
    vec![("took_s", seconds(took)), ("results", json!(listed(&results)))]
}

fn imap_unordered(pool: &Pool) -> Result<Figures> {
    let mut arrived = Vec::new();
    for number in pool.imap_unordered(slow_first, &FOUR, None)? {
        arrived.push(number?);
    }
    Ok(vec![("arrived", json!(listed(&arrived)))])
}

fn starmap(pool: &Pool) -> Result<Figures> {
    let powers = pool.starmap(i64::pow, &[(2, 3), (9, 2), (7, 1)], None)?;
    Ok(vec![("results", json!(listed(&powers)))])
}

fn listed(numbers: &[i64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn seconds(nanoseconds: u64) -> Value {
    json!(nanoseconds as f64 / 1e9)
}

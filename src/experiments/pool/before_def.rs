//! The notebook's own order: first the pool, then the function; and a pool that nobody closes.
//!
//! A worker is a copy of its parent as it was when the worker was forked. Python sends the name of a
//! function, and a worker that was forked before the function was defined does not find it. Ours sends
//! its address, and a Rust program has all its functions before it begins. What a pool leaves is
//! counted for both.

use anyhow::Result;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::Deserialize;
use serde_json::{Value, json};

use super::spent;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;

/// Figures: whether the caller still waited when its time was over, how long that was, what a worker
/// said on stderr; the same once the function was there before the pool; workers that are left while
/// the pool is open and has nothing to do, and after it is gone; threads that belong to it, and the
/// memory that its workers have to themselves.
pub const FIGURES: &[&str] = &[
    "hung",
    "waited_s",
    "complaint",
    "works_after",
    "workers_open",
    "workers_after",
    "threads",
    "private_bytes",
];

/// What the peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    hung: Option<bool>,
    waited_s: Option<f64>,
    complaint: Option<String>,
    works_after: Option<bool>,
    workers_open: Option<usize>,
    workers_after: Option<usize>,
    threads: Option<usize>,
    private_bytes: Option<u64>,
}

/// The experiment `before-def`.
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

fn demonstrate(lab: &mut Lab, variant: &Variant) -> Result<Option<Vec<(&'static str, Value)>>> {
    if variant.python.is_none() {
        return left_open().map(Some);
    }
    let way = variant.base.trim_start_matches("python-").to_string();
    let said: Option<Peer> = python::call(lab, variant, &[way])?;
    let Some(said) = said else { return Ok(None) };
    let figures = [
        ("hung", json!(said.hung)),
        ("waited_s", json!(said.waited_s)),
        ("complaint", json!(said.complaint)),
        ("works_after", json!(said.works_after)),
        ("workers_open", json!(said.workers_open)),
        ("workers_after", json!(said.workers_after)),
        ("threads", json!(said.threads)),
        ("private_bytes", json!(said.private_bytes)),
    ];
    Ok(Some(figures.into_iter().filter(|(_, value)| !value.is_null()).collect()))
}

/// A pool that is not closed but goes out of scope.
fn left_open() -> Result<Vec<(&'static str, Value)>> {
    let alive =
        |pids: &[i32]| pids.iter().filter(|&&pid| kill(Pid::from_raw(pid), None).is_ok()).count();
    let pids;
    let open;
    {
        let pool = spent::start(2)?;
        pids = pool.pids();
        open = alive(&pids);
    } // dropped: its workers are ended and reaped
    Ok(vec![("workers_open", json!(open)), ("workers_after", json!(alive(&pids)))])
}

//! What a child gets from its parent, by each start method: descriptors, globals, time.
//!
//! The parent opens files and changes a global variable at run time, then makes one
//! child, which counts the descriptors that it holds and reads the variable.

use std::fs::{self, File};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reports::{Reports, report};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish;
use crate::mp::{Process, sys};
use crate::stats;

/// Figures: descriptors open in the parent and in the child, the global's value in each, whether
/// the child saw the change, and the median time from start to the child's first line.
pub const FIGURES: &[&str] = &[
    "parent_descriptors",
    "child_descriptors",
    "parent_global",
    "child_global",
    "change_seen",
    "first_line_ns",
];

/// The function that a spawned child runs, by name.
pub const SPAWNED: &str = "process.inherited";

// region: global
static GLOBAL: AtomicU64 = AtomicU64::new(1); // in the program's file
fn change_at_run_time() {
    GLOBAL.store(2, Relaxed); // in this process's memory
}
// endregion

/// Files that the parent holds open.
const FILES: usize = 5;

/// What a child found, and when its first line ran.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Found {
    first_ns: u64,
    descriptors: u64,
    global: u64,
}

impl Found {
    /// Looks, in the calling process.
    fn here() -> Self {
        let first_ns = sys::now_ns();
        Found { first_ns, descriptors: descriptors(), global: GLOBAL.load(Relaxed) }
    }
}

/// Descriptors open in this process, without the one that reads the list.
fn descriptors() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count().saturating_sub(1) as u64)
}

/// The experiment `inherited`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    let files: Vec<File> = (0..FILES)
        .map(|_| File::open("/dev/null"))
        .collect::<Result<_, _>>()
        .context("/dev/null, several times")?;
    change_at_run_time();
    for variant in &variants {
        match variant.python {
            Some(_) => peer(lab, variant)?,
            None => native(lab, variant)?,
        }
        lab.step()?;
    }
    drop(files);
    lab.summarize(&variants, &[])
}

fn native(lab: &mut Lab, variant: &Variant) -> Result<()> {
    let mut times = Vec::new();
    let mut found = None;
    for _ in 0..lab.runs() {
        let reports = Reports::new(1)?;
        let own = Found::here(); // with that file open, as the child will have it
        let asked = sys::now_ns();
        let mut child = match variant.base {
            "spawn" => Process::spawned("child", SPAWNED, &())?,
            _ => Process::new("child", || look(())),
        };
        child.start()?;
        finish(&mut child)?;
        let one: Found = reports.read(0)?;
        times.push(one.first_ns.saturating_sub(asked) as f64);
        found = Some((own, one));
    }
    match found {
        Some((own, child)) => tell(lab, variant, &own, &child, stats::median(&times)),
        None => Ok(()),
    }
}

/// In the child: looks, and reports.
pub fn look((): ()) {
    report(0, &Found::here());
}

/// What the peer prints.
#[derive(Debug, Deserialize)]
struct Said {
    parent: Found,
    child: Found,
    first_line_ns: f64,
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<()> {
    let method = variant.base.trim_start_matches("python-").to_string();
    let arguments = ["inherited".to_string(), method, lab.runs().min(5).to_string()];
    match python::call::<Said>(lab, variant, &arguments)? {
        Some(said) => tell(lab, variant, &said.parent, &said.child, Some(said.first_line_ns)),
        None => Ok(()),
    }
}

fn tell(
    lab: &mut Lab,
    variant: &Variant,
    parent: &Found,
    child: &Found,
    first_line_ns: Option<f64>,
) -> Result<()> {
    let figures = [
        ("parent_descriptors", json!(parent.descriptors)),
        ("child_descriptors", json!(child.descriptors)),
        ("parent_global", json!(parent.global)),
        ("child_global", json!(child.global)),
        ("change_seen", json!(parent.global == child.global)),
        ("first_line_ns", json!(first_line_ns)),
    ];
    lab.measure(Some(&variant.name), figures)
}

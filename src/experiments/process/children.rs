//! Many children, one after the other: started, then joined, by each way to make one.
//!
//! A child does nothing but note the clock and its CPU, so what is measured is the cost
//! of having it: making it, and clearing it away. `fork` copies this process, `spawn`
//! starts this program anew, `thread` makes none.

use std::collections::BTreeMap;
use std::io;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::notes::{self, Child, Life, Notes, Observed};
use super::reports::{Reports, report};
use crate::event::{Event, Run, Timeline};
use crate::experiments::crowd::{self, Refusal};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish;
use crate::experiments::{python, rounds};
use crate::mp::Process;

/// Figures of a variant, over all its runs; the first three are medians per child.
pub const FIGURES: &[&str] = &[
    "create_ns",
    "life_ns",
    "reap_ns",
    "pairs",
    "swapped_first",
    "swapped_end",
    "cpus_seen",
    "same_cpu",
    "moved",
];

/// The function that a spawned child runs, by name.
pub const SPAWNED: &str = "process.children";

/// The experiment `children`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut seen: BTreeMap<String, Vec<Vec<Child>>> = BTreeMap::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        let Some((run, children)) = one(lab, variant, index)? else {
            return Ok(None);
        };
        seen.entry(variant.name.clone()).or_default().push(children);
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    for variant in &variants {
        // The first run warmed up.
        let of_it = seen.get(&variant.name).map_or(&[][..], |runs| &runs[1..]);
        tell(lab, variant, of_it)?;
    }
    lab.summarize(&variants, &runs)
}

/// One run: all children of it, started and joined.
fn one(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<(Run, Vec<Child>)>> {
    let n = lab.n() as usize;
    let children = match variant.base {
        "fork" => forked(n)?,
        "spawn" => spawned_anew(n)?,
        "thread" => threads(n)?,
        _ => return peer(lab, variant, index),
    };
    let got = notes::reported(&children);
    let run = Run {
        time_s: Some(notes::elapsed_s(&children)),
        expected: Some(n as i64),
        got: Some(got as i64),
        correct: Some(got == n),
        ..Run::default()
    };
    Ok(Some((run, children)))
}

fn forked(n: usize) -> Result<Vec<Child>> {
    crowd::room_for(n)?;
    let notes = Notes::new(n).context("the children's notes in shared memory")?;
    let page = &notes;
    // region: child
    let child = |number: usize| {
        Process::new(number.to_string(), move || {
            page.lived(number, Life::lived()); // the clock and the CPU, and no more
        })
    };
    // endregion
    let pids = start_and_join((0..n).map(child).collect(), &notes)?;
    Ok(notes.children(&pids))
}

/// Starts all, then joins all; each must end well. Gives their pids.
fn start_and_join(mut children: Vec<Process<'_>>, notes: &Notes) -> Result<Vec<i32>> {
    let n = children.len();
    // region: start-join
    for (number, child) in children.iter_mut().enumerate() {
        notes.asked(number); // the clock, before
        child.start().map_err(crowd::stopped(number, n))?;
    }
    for (number, child) in children.iter_mut().enumerate() {
        notes.joining(number);
        finish(child)?; // join, and see how it ended
        notes.joined(number);
    }
    // endregion
    Ok(children.iter().filter_map(Process::pid).collect())
}

/// Children that are this program anew. They share no memory with it: each leaves a report.
fn spawned_anew(n: usize) -> Result<Vec<Child>> {
    crowd::room_for(n)?;
    let reports = Reports::new(n)?;
    let notes = Notes::new(n).context("the children's notes in shared memory")?;
    let child = |number: usize| Process::spawned(number.to_string(), SPAWNED, &number);
    let children = (0..n).map(child).collect::<Result<Vec<_>, _>>()?;
    let pids = start_and_join(children, &notes)?;
    for number in 0..n {
        notes.lived(number, reports.read::<Life>(number)?);
    }
    Ok(notes.children(&pids))
}

/// In the spawned child.
pub fn spawned(number: usize) {
    report(number, &Life::lived());
}

/// Threads, in a forked child of their own: a process that forks must never have had one.
fn threads(n: usize) -> Result<Vec<Child>> {
    crowd::room_for_threads(n)?;
    let notes = Notes::new(n).context("the threads' notes in shared memory")?;
    let refusal = Refusal::none_yet().context("the threads' notes in shared memory")?;
    let (page, refusal_of) = (&notes, &refusal);
    let mut home = Process::new("threads", move || {
        if let Err((started, error)) = start_and_join_threads(n, page) {
            refusal_of.tell(started, &error);
        }
    });
    home.start()?;
    finish(&mut home)?;
    drop(home);
    refusal.heard(n)?;
    Ok(notes.children(&[]))
}

/// The same with threads; where one cannot be had: how many could, and why.
fn start_and_join_threads(n: usize, notes: &Notes) -> Result<(), (usize, io::Error)> {
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for number in 0..n {
            notes.asked(number);
            let body = move || notes.lived(number, Life::lived());
            let thread = std::thread::Builder::new().spawn_scoped(scope, body);
            threads.push(thread.map_err(|error| (number, error))?);
        }
        for (number, thread) in threads.into_iter().enumerate() {
            notes.joining(number);
            thread.join().expect("a thread that notes the time");
            notes.joined(number);
        }
        Ok(())
    })
}

/// What the peer prints beside the fields of every peer's run.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(flatten)]
    run: python::PeerRun,
    children: Vec<Child>,
}

fn peer(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<(Run, Vec<Child>)>> {
    let method = variant.base.trim_start_matches("python-").to_string();
    let arguments = ["children".to_string(), method, lab.n().to_string()];
    let Some(said) = python::call::<Said>(lab, variant, &arguments)? else {
        return Ok(None);
    };
    Ok(Some((said.run.told(lab, variant, index), said.children)))
}

/// The figures of a variant, and its last run as a timeline.
fn tell(lab: &mut Lab, variant: &Variant, runs: &[Vec<Child>]) -> Result<()> {
    let Some(last) = runs.last() else {
        return Ok(());
    };
    let mut observed = Observed::default();
    for children in runs {
        observed.add(children);
    }
    lab.emit(&Event::Timeline(Timeline {
        experiment: lab.experiment(),
        variant: variant.name.clone(),
        index: runs.len() as u32 - 1,
        lanes: notes::lanes(last),
        messages: Vec::new(),
    }))?;
    let figures = [
        ("create_ns", json!(observed.create_ns())),
        ("life_ns", json!(observed.life_ns())),
        ("reap_ns", json!(observed.reap_ns())),
        ("pairs", json!(observed.pairs)),
        ("swapped_first", json!(observed.swapped_first)),
        ("swapped_end", json!(observed.swapped_end)),
        ("cpus_seen", json!(observed.cpus())),
        ("same_cpu", json!(observed.cpus() == 1)),
        ("moved", json!(observed.moved)),
    ];
    lab.measure(Some(&variant.name), figures)
}

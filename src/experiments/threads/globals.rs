//! A global variable, two threads and two processes: the same syntax, and not the same variable.
//!
//! Each worker prints a line and adds 1. Threads live in one address space, so all of them see one
//! variable; a process has a copy, at the same address. Worker and starter note where and what.

use std::io::{self, PipeWriter, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::home;
use crate::event::{Event, Line};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish_all;
use crate::mp::{Process, SharedSlice};

/// Figures: the variable's address for who starts the workers and for a worker, its value before,
/// the greatest that a worker saw after adding 1, and the value after all have been joined. A
/// Python tells values alone.
pub const FIGURES: &[&str] =
    &["address", "worker_address", "same_address", "before", "worker_saw", "after", "python"];

static NUMBER: AtomicU64 = AtomicU64::new(100);

/// What starter and workers note, as words in shared memory.
#[derive(Clone, Copy)]
enum Word {
    Address,
    WorkerAddress,
    Before,
    WorkerSaw,
    After,
}

/// Words that starter and workers share.
type Notes = SharedSlice<AtomicU64>;

/// What a peer prints.
#[derive(Debug, Deserialize)]
struct Said {
    before: u64,
    worker_saw: u64,
    after: u64,
}

/// The experiment `globals`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        match variant.python {
            Some(_) => peer(lab, variant)?,
            None => native(lab, variant)?,
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn native(lab: &mut Lab, variant: &Variant) -> Result<()> {
    let notes: Notes = SharedSlice::zeroed(5).context("the notes in shared memory")?;
    let (mut reader, out) = io::pipe().context("a pipe")?;
    match variant.base {
        "thread" => home::run(|| {
            note(&notes, Word::Before, NUMBER.load(Relaxed));
            threads(&notes, &out)?;
            note(&notes, Word::After, NUMBER.load(Relaxed));
            Ok(())
        })?,
        _ => {
            note(&notes, Word::Before, NUMBER.load(Relaxed));
            processes(&notes, &out)?;
            note(&notes, Word::After, NUMBER.load(Relaxed));
        }
    }
    note(&notes, Word::Address, address());
    drop(out); // or the end of the file would never come
    let mut printed = String::new();
    reader.read_to_string(&mut printed).context("what the workers printed")?;
    for text in printed.lines() {
        let (experiment, variant) = (lab.experiment(), variant.name.clone());
        lab.emit(&Event::Line(Line { experiment, variant, text: text.to_string() }))?;
    }
    let word = |word: Word| notes[word as usize].load(Relaxed);
    let figures = [
        ("address", json!(format!("{:#x}", word(Word::Address)))),
        ("worker_address", json!(format!("{:#x}", word(Word::WorkerAddress)))),
        ("same_address", json!(word(Word::Address) == word(Word::WorkerAddress))),
        ("before", json!(word(Word::Before))),
        ("worker_saw", json!(word(Word::WorkerSaw))),
        ("after", json!(word(Word::After))),
    ];
    lab.measure(Some(&variant.name), figures)
}

fn threads(notes: &Notes, out: &PipeWriter) -> io::Result<()> {
    // region: threads
    home::scoped(|scope| {
        scope.builder().spawn(|_| greet("thread 1", notes, out))?;
        scope.builder().spawn(|_| greet("thread 2", notes, out))?;
        Ok(())
    }) // the end of the scope joins both
    // endregion
}

fn processes(notes: &Notes, out: &PipeWriter) -> Result<()> {
    // region: processes
    let mut both = [
        Process::new("first", || greet("process 1", notes, out)),
        Process::new("second", || greet("process 2", notes, out)),
    ];
    for process in &mut both {
        process.start()?;
    }
    finish_all(&mut both) // join
    // endregion
}

fn greet(name: &str, notes: &Notes, mut out: &PipeWriter) {
    out.write_all(format!("{name}\n").as_bytes()).expect("the pipe");
    let sum = NUMBER.fetch_add(1, Relaxed) + 1; // a global variable
    notes[Word::WorkerSaw as usize].fetch_max(sum, Relaxed);
    notes[Word::WorkerAddress as usize].store(address(), Relaxed);
}

fn address() -> u64 {
    std::ptr::from_ref(&NUMBER).addr() as u64
}

fn note(notes: &Notes, word: Word, value: u64) {
    notes[word as usize].store(value, Relaxed);
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<()> {
    let kind = variant.base.trim_start_matches("python-").to_string();
    let Some(said) = python::call::<Said>(lab, variant, &["globals".to_string(), kind])? else {
        return Ok(());
    };
    let interpreter = &lab.pythons[variant.python.expect("a peer's variant")];
    let figures = [
        ("before", json!(said.before)),
        ("worker_saw", json!(said.worker_saw)),
        ("after", json!(said.after)),
        ("python", json!(interpreter.version)),
    ];
    lab.measure(Some(&variant.name), figures)
}

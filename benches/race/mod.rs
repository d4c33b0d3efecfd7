//! One or two processes that do the same steps at once, each on a CPU of its own.

// Each bench compiles this module anew and uses its part of it.
#![allow(dead_code)]

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use parlab::machine;
use parlab::mp::{Gate, Process, SharedSlice, sys};

/// How long a process waits for the other at the start.
const GATE_BOUND: Duration = Duration::from_secs(5);

/// The CPU of each of two processes: two where the machine has two to give, else one for both.
pub fn places() -> [usize; 2] {
    let machine = machine::describe();
    match *machine.usable {
        [first, second, ..] if machine.cpus >= 2 => [first, second],
        [only, ..] => [only, only],
        [] => [0, 0],
    }
}

/// The places in words.
pub fn placement([first, second]: [usize; 2]) -> String {
    if first == second {
        format!("contended: two processes on CPU {first}, the only one")
    } else {
        format!("contended: two processes, pinned to CPU {first} and CPU {second}")
    }
}

/// Runs `work` in a process for each of `places` and gives the seconds from the first beginning to
/// the last end. `warm` runs before the start, untimed. Both are given the number of the process.
///
/// # Errors
/// When a process cannot be made or does not end well.
pub fn race(places: &[usize], warm: impl Fn(usize), work: impl Fn(usize)) -> Result<f64> {
    let gate = Gate::new(places.len() as u32)?;
    // When each began and ended: one clock for the whole machine.
    let (began, ended) = (clocks(places.len())?, clocks(places.len())?);
    let (gate_of, began_of, ended_of, warm, work) = (&gate, &began, &ended, &warm, &work);
    let mut processes = Vec::new();
    for (index, cpu) in places.iter().enumerate() {
        let mut process = Process::new("racer", move || {
            warm(index);
            gate_of.arrive_and_wait(GATE_BOUND).expect("all at the gate");
            began_of[index].store(sys::now_ns(), Relaxed);
            work(index);
            ended_of[index].store(sys::now_ns(), Relaxed);
        });
        process.pin(*cpu)?;
        process.start().context("starting a process of the race")?;
        processes.push(process);
    }
    for process in &mut processes {
        let exit = process.join()?;
        if !exit.success() {
            bail!("a process of the race ended with {exit}: {:?}", process.panic_message());
        }
    }
    let read = |clocks: &SharedSlice<AtomicU64>| clocks.iter().map(|at| at.load(Relaxed)).collect();
    let (began, ended): (Vec<u64>, Vec<u64>) = (read(&began), read(&ended));
    let first = began.into_iter().min().unwrap_or(0);
    let last = ended.into_iter().max().unwrap_or(0);
    Ok(last.saturating_sub(first) as f64 / 1e9)
}

fn clocks(count: usize) -> Result<SharedSlice<AtomicU64>> {
    let clocks = SharedSlice::zeroed(count)?;
    // So that the first page fault falls into nobody's race.
    clocks.touch();
    Ok(clocks)
}

//! What a task costs through `mp::Pool`: many at once, one a message; and one after the other, each
//! waited for.
//!
//! Beside it stand the barest pool there is, two pipes and `read` and `write`, which no killed worker
//! may touch, and Python's Pool, measured from inside.

mod paired;
mod peer;

use std::os::fd::{AsRawFd, OwnedFd};

use anyhow::{Result, ensure};
use paired::Report;
use parlab::machine;
use parlab::mp::{Pool, Process, sys};
use peer::{Peer, Script};
use serde::Deserialize;

const ROUNDS: u32 = 21;
const ROUNDS_OF_PYTHON: u32 = 7;
const WORKERS: usize = 2;
const TASKS: u32 = 100_000;
const TASKS_OF_PIPES: u32 = 20_000;
const TASKS_OF_PYTHON: u32 = 10_000;
const CALLS: u32 = 2_000;
const CALLS_OF_PYTHON: u32 = 1_000;

const PYTHON: &str = r#"
import json, multiprocessing, sys, time

def add_two(number):
    return number + 2

if __name__ == "__main__":
    way, count, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        pool.map(add_two, range(100))
        numbers = range(count)
        began = time.perf_counter()
        if way == "map":
            results = pool.map(add_two, numbers, 1)
        else:
            results = [pool.apply(add_two, (number,)) for number in numbers]
        took = time.perf_counter() - began
    assert results == [number + 2 for number in numbers]
    print(json.dumps({"each_s": took / count}))
"#;

fn main() -> Result<()> {
    paired::bench("A task of a pool of two workers", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    let one_cpu = machine::describe().cpus < 2;
    let pairs = paired::rounds(ROUNDS, map, pipes)?;
    report.times_faster("map, one task a chunk, against two bare pipes", &pairs, 3.0);
    let Some(peer) = Peer::find() else {
        report.note("Python: left out, no python3 that works is on the PATH");
        return Ok(());
    };
    report.note(format!("theirs, where it is Python: {}", peer.version()));
    let script = Script::new(PYTHON)?;
    let python = |way: &str, count: u32| {
        let args = [way.to_owned(), count.to_string(), WORKERS.to_string()];
        let told: Told = peer.run_script(&script, &args.each_ref().map(String::as_str))?;
        Ok(told.each_s)
    };
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, map, || python("map", TASKS_OF_PYTHON))?;
    report.times_faster("map, one task a chunk, against Pool.map(…, 1)", &pairs, 50.0);
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, apply, || python("apply", CALLS_OF_PYTHON))?;
    let limit = if one_cpu { 5.0 } else { 10.0 };
    report.times_faster("apply, waited for, against Pool.apply", &pairs, limit);
    Ok(())
}

#[derive(Deserialize)]
struct Told {
    each_s: f64,
}

fn add_two(number: u32) -> u32 {
    number + 2
}

/// Seconds a task of many.
fn map() -> Result<f64> {
    let pool = Pool::new(WORKERS)?;
    let numbers: Vec<u32> = (0..TASKS).collect();
    pool.map(add_two, &numbers[..100], Some(1))?;
    let began = sys::now_ns();
    let results = pool.map(add_two, &numbers, Some(1))?;
    let took = sys::now_ns() - began;
    ensure!(results.iter().zip(&numbers).all(|(got, number)| *got == number + 2), "wrong");
    Ok(took as f64 / 1e9 / f64::from(TASKS))
}

/// Seconds a task, each submitted and waited for.
fn apply() -> Result<f64> {
    let pool = Pool::new(WORKERS)?;
    pool.apply(add_two, 1)?;
    let began = sys::now_ns();
    for number in 0..CALLS {
        ensure!(pool.apply(add_two, number)? == number + 2, "wrong");
    }
    Ok((sys::now_ns() - began) as f64 / 1e9 / f64::from(CALLS))
}

/// Seconds a task of many, over two pipes: numbers there, results back. As many are on their way as a
/// pipe holds.
fn pipes() -> Result<f64> {
    let (tasks_out, tasks_in) = nix::unistd::pipe()?;
    let (results_out, results_in) = nix::unistd::pipe()?;
    let work = || {
        while let Some(number) = read(&tasks_out) {
            write(&results_in, add_two(number));
        }
        parlab::mp::process::exit(0)
    };
    let mut workers: Vec<_> = (0..WORKERS).map(|_| Process::new("worker", work)).collect();
    workers.iter_mut().try_for_each(Process::start)?;
    let began = sys::now_ns();
    let (mut sum, mut expected) = (0, 0);
    for number in 0..TASKS_OF_PIPES + AHEAD {
        if number < TASKS_OF_PIPES {
            write(&tasks_in, number);
            expected += u64::from(add_two(number));
        }
        if number >= AHEAD {
            sum += u64::from(read(&results_out).unwrap_or(0));
        }
    }
    let took = sys::now_ns() - began;
    ensure!(sum == expected, "wrong");
    // The workers hold its other end themselves, so it never ends.
    workers.iter().try_for_each(Process::kill)?;
    Ok(took as f64 / 1e9 / f64::from(TASKS_OF_PIPES))
}

/// How many tasks are on their way: no pipe is ever full of them.
const AHEAD: u32 = 2_000;

fn read(pipe: &OwnedFd) -> Option<u32> {
    let mut number = 0_u32;
    // SAFETY: the descriptor is open, and the buffer is a number of this length.
    let got = unsafe { libc::read(pipe.as_raw_fd(), (&raw mut number).cast(), 4) };
    (got == 4).then_some(number)
}

fn write(pipe: &OwnedFd, number: u32) {
    // SAFETY: as in `read`.
    let put = unsafe { libc::write(pipe.as_raw_fd(), (&raw const number).cast(), 4) };
    assert_eq!(put, 4, "a write of 4 bytes to a pipe is whole");
}

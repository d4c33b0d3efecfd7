//! What shared numbers cost: one element, many at once, and the way to another process and back.
//!
//! Beside one element stands a plain atomic store; beside one under the array's lock, a store between
//! `pthread_mutex_lock` and `pthread_mutex_unlock` of a bare robust mutex; beside a copy of many, a
//! copy in private memory. The payloads are carried to a child and back, from 1 KiB to 64 MiB: four
//! times as much may take four times as long, and not more.

mod bare;
mod paired;
mod race;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bare::Bare;
use bytemuck::{cast_slice, cast_slice_mut};
use paired::Report;
use parlab::mp::{Array, Barrier, Connection, Process, RawArray, Shared, SharedSlice, pipe_oneway};

const ROUNDS: u32 = 101;
const ROUNDS_OF_PAYLOADS: u32 = 11;
/// Elements, written to again and again.
const LENGTH: usize = 1024;
const STEPS: usize = 2_000_000;
const LOCKED_STEPS: usize = 200_000;
/// Numbers in a copy of many: 8 MiB, more than caches of today's processors hold for one.
const MANY: usize = 1 << 20;
/// Numbers in one message: 64 KiB.
const BLOCK: usize = 8192;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<()> {
    paired::bench("Numbers in shared memory: store, copy, carry", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    elements(report)?;
    copies(report)?;
    let places = race::places();
    payloads(report, "shm", |count| by_array(count, places))?;
    payloads(report, "pipe", |count| by_pipes(count, places))
}

/// Seconds for each of `steps`.
fn each(steps: usize, step: impl Fn(usize)) -> f64 {
    let began = Instant::now();
    (0..steps).for_each(step);
    began.elapsed().as_secs_f64() / steps as f64
}

fn elements(report: &mut Report) -> Result<()> {
    let (raw, plain) = (RawArray::<f64>::new(LENGTH)?, SharedSlice::<AtomicU64>::zeroed(LENGTH)?);
    let ours = || Ok(each(STEPS, |step| raw.set(step % LENGTH, black_box(step as f64))));
    let theirs = || {
        let store = |step: usize| {
            plain[step % LENGTH].store(black_box(step as f64).to_bits(), Relaxed);
        };
        Ok(each(STEPS, store))
    };
    let pairs = paired::rounds(ROUNDS, ours, theirs)?;
    report.at_most("one element of a RawArray, against an atomic store", &pairs, 1.2);

    let (array, bare) = (Array::<f64>::new(LENGTH)?, Shared::<Bare>::new()?);
    bare.init();
    let ours = || {
        let store = |step: usize| {
            let held = array.get_lock().acquire().expect("nobody died holding it");
            array.set(step % LENGTH, step as f64);
            held.release();
        };
        Ok(each(LOCKED_STEPS, store))
    };
    let theirs = || {
        let store = |step: usize| {
            bare.lock();
            plain[step % LENGTH].store((step as f64).to_bits(), Relaxed);
            bare.unlock();
        };
        Ok(each(LOCKED_STEPS, store))
    };
    let pairs = paired::rounds(ROUNDS, ours, theirs)?;
    report.at_most("one of an Array under its lock, against a bare mutex", &pairs, 1.3);
    Ok(())
}

fn copies(report: &mut Report) -> Result<()> {
    let shared = RawArray::<f64>::new(MANY)?;
    let mut private = vec![1.0; MANY];
    let (from, mut to) = (vec![2.0; MANY], vec![3.0; MANY]);
    let timed = |copy: &mut dyn FnMut()| {
        let began = Instant::now();
        copy();
        began.elapsed().as_secs_f64()
    };
    let ours = || {
        Ok(timed(&mut || {
            shared.copy_from(&from);
            shared.copy_to(black_box(&mut to));
        }))
    };
    let mut other = vec![3.0; MANY];
    let theirs = || {
        Ok(timed(&mut || {
            private.copy_from_slice(&from);
            other.copy_from_slice(black_box(&private));
            black_box(&mut other);
        }))
    };
    let pairs = paired::rounds(ROUNDS, ours, theirs)?;
    report.at_most("8 MiB copied in and out, against memcpy", &pairs, 2.0);
    Ok(())
}

/// The time of a payload against that of four times as much, as a price for each byte.
fn payloads(report: &mut Report, way: &str, trip: impl Fn(usize) -> Result<f64>) -> Result<()> {
    let sizes = (0..=8).map(|power| 1024_usize << (2 * power));
    let mut told = Vec::new();
    for size in sizes {
        let (small, large) = (size / 8, size / 2);
        let pairs = paired::rounds(ROUNDS_OF_PAYLOADS, || Ok(trip(large)? / 4.0), || trip(small))?;
        let times: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
        let median = parlab::stats::median(&times).unwrap_or(f64::NAN);
        told.push(format!("{} {}", paired::bytes(size as f64), paired::time(median)));
        // Below, it is the trip that counts, and not what is carried.
        if (1 << 20..64 << 20).contains(&size) {
            let what = format!("{way}: a byte of {}", paired::bytes(4.0 * size as f64));
            report.at_most(&format!("{what}, against {}", paired::bytes(size as f64)), &pairs, 1.3);
        }
    }
    report.note(format!("{way}, there and back: {}", told.join(", ")));
    Ok(())
}

/// Two processes, each at its place: the parent's seconds, between both being ready and its end.
fn two(
    places: [usize; 2],
    count: usize,
    parent: impl Fn(&mut [f64]),
    child: impl Fn(&mut [f64]),
) -> Result<f64> {
    let (ready, time) = (Barrier::new(2)?, Shared::<AtomicU64>::new()?);
    let mut processes = [
        Process::new("parent", || {
            let mut numbers = vec![1.0; count];
            ready.wait_timeout(PATIENCE).expect("the child comes");
            let began = Instant::now();
            parent(&mut numbers);
            time.store(began.elapsed().as_nanos() as u64, Relaxed);
            assert!(numbers.iter().all(|number| *number == 3.0), "2 was added to each");
        }),
        Process::new("child", || {
            let mut numbers = vec![0.5; count];
            ready.wait_timeout(PATIENCE).expect("the parent comes");
            child(&mut numbers);
        }),
    ];
    for (process, cpu) in processes.iter_mut().zip(places) {
        process.pin(cpu)?;
        process.start()?;
    }
    for process in &mut processes {
        let exit = process.join_timeout(PATIENCE)?.context("a payload that never came")?;
        ensure!(exit.success(), "{} ended with {exit}", process.name());
    }
    Ok(time.load(Relaxed) as f64 / 1e9)
}

fn by_array(count: usize, places: [usize; 2]) -> Result<f64> {
    let (array, turn) = (RawArray::<f64>::new(count)?, Barrier::new(2)?);
    array.touch();
    let wait = || {
        turn.wait_timeout(PATIENCE).expect("the other one comes");
    };
    let parent = |numbers: &mut [f64]| {
        array.copy_from(numbers);
        wait();
        wait();
        array.copy_to(numbers);
    };
    let child = |_: &mut [f64]| {
        wait();
        array.update(|number| number + 2.0);
        wait();
    };
    two(places, count, parent, child)
}

fn by_pipes(count: usize, places: [usize; 2]) -> Result<f64> {
    let (there, back) = (pipe_oneway()?, pipe_oneway()?);
    let send = |to: &Connection, numbers: &[f64]| {
        let blocks = numbers.chunks(BLOCK).map(cast_slice);
        blocks.for_each(|block| to.send_bytes(block).expect("the other end is open"));
    };
    let receive = |from: &Connection, numbers: &mut [f64]| {
        for block in numbers.chunks_mut(BLOCK) {
            let bytes = from.recv_bytes().expect("the other end is open");
            cast_slice_mut(block).copy_from_slice(&bytes);
        }
    };
    let parent = |numbers: &mut [f64]| {
        send(&there.1, numbers);
        receive(&back.0, numbers);
    };
    let child = |numbers: &mut [f64]| {
        receive(&there.0, numbers);
        numbers.iter_mut().for_each(|number| *number += 2.0);
        send(&back.1, numbers);
    };
    two(places, count, parent, child)
}

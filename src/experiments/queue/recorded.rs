//! A run of the sum in which it is noted who put what when, and when it was got.
//!
//! It is a run of its own, after those that are timed: the clock is read more often in it. What is noted
//! goes into shared memory that was there before the processes.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context, Result};

use crate::event::{Lane, Message, Span, SpanKind};
use crate::mp::{SharedSlice, sys};

/// The lane of the process that gets.
const PARENT: &str = "parent";

/// Readings of the clock in one run.
pub struct Record {
    began_ns: u64,
    /// The pid of each worker.
    pids: SharedSlice<AtomicU64>,
    /// When each worker was at its first line.
    first_lines: SharedSlice<AtomicU64>,
    /// When the put of each number began and ended.
    puts: SharedSlice<AtomicU64>,
    put_ends: SharedSlice<AtomicU64>,
    /// When each get began and ended, in their order.
    gets: SharedSlice<AtomicU64>,
    get_ends: SharedSlice<AtomicU64>,
}

impl Record {
    /// Of a run that begins now, in which `workers` put so many `numbers`.
    ///
    /// # Errors
    /// When shared memory cannot be had.
    pub fn new(numbers: usize, workers: usize) -> Result<Record> {
        let clocks = |count| SharedSlice::zeroed(count).context("clocks in shared memory");
        Ok(Record {
            pids: clocks(workers)?,
            first_lines: clocks(workers)?,
            puts: clocks(numbers)?,
            put_ends: clocks(numbers)?,
            gets: clocks(numbers)?,
            get_ends: clocks(numbers)?,
            began_ns: sys::now_ns(),
        })
    }

    /// That worker is at its first line.
    pub fn begins(&self, worker: usize) {
        self.first_lines[worker].store(sys::now_ns(), Relaxed);
        self.pids[worker].store(std::process::id().into(), Relaxed);
    }

    /// That number was put.
    pub fn put(&self, number: usize, began_ns: u64, ended_ns: u64) {
        self.puts[number].store(began_ns, Relaxed);
        self.put_ends[number].store(ended_ns, Relaxed);
    }

    /// The get of that place in their order.
    pub fn get<T>(&self, place: usize, get: impl FnOnce() -> T) -> T {
        self.gets[place].store(sys::now_ns(), Relaxed);
        let got = get();
        self.get_ends[place].store(sys::now_ns(), Relaxed);
        got
    }

    fn seconds(&self, clock: &AtomicU64) -> f64 {
        clock.load(Relaxed).saturating_sub(self.began_ns) as f64 / 1e9
    }

    /// A lane for the parent, which starts the workers and then gets, and one for each worker, with a span
    /// for each number up to the end of its put.
    pub fn lanes(&self) -> Vec<Lane> {
        let span = |what, begin_s, end_s| Span { what, begin_s, end_s, cpu: None };
        let starting = span(SpanKind::Running, 0.0, self.seconds(&self.gets[0]));
        let gets = self.gets.iter().zip(self.get_ends.iter());
        let waits = gets.map(|(a, b)| span(SpanKind::Waiting, self.seconds(a), self.seconds(b)));
        let parent = Lane {
            process: PARENT.to_owned(),
            pid: Some(std::process::id().cast_signed()),
            spans: [starting].into_iter().chain(waits).collect(),
        };
        let workers = self.pids.len();
        let lane = |worker: usize| {
            let ends = self.put_ends.iter().skip(worker).step_by(workers);
            let mut begin_s = self.seconds(&self.first_lines[worker]);
            let spans = ends.map(|end| {
                let end_s = self.seconds(end);
                span(SpanKind::Running, std::mem::replace(&mut begin_s, end_s), end_s)
            });
            Lane {
                process: name(worker),
                pid: i32::try_from(self.pids[worker].load(Relaxed)).ok(),
                spans: spans.collect(),
            }
        };
        [parent].into_iter().chain((0..workers).map(lane)).collect()
    }

    /// A message for each number, in the order in which they were got.
    pub fn messages(&self, numbers: impl Iterator<Item = usize>) -> Vec<Message> {
        let workers = self.pids.len();
        let message = |(number, got): (usize, &AtomicU64)| Message {
            from: name(number % workers),
            to: PARENT.to_owned(),
            put_s: self.seconds(&self.puts[number]),
            got_s: self.seconds(got),
        };
        numbers.zip(self.get_ends.iter()).map(message).collect()
    }
}

fn name(worker: usize) -> String {
    format!("worker-{}", worker + 1)
}

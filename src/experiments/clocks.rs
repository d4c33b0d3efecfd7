//! When each process of a race began and ended its loop, in shared memory.
//!
//! The workers write their own two readings of the monotonic clock, which is one
//! clock for the whole machine; the parent reads them after the join. From them
//! come the time of the run, without making and reaping processes, and the proof
//! that the processes ran at once.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::mp::{MapError, SharedSlice, sys};

/// Two readings for each process.
#[derive(Debug)]
pub struct Clocks {
    readings: SharedSlice<AtomicU64>,
}

impl Clocks {
    /// Clocks for `processes` processes.
    ///
    /// # Errors
    /// When memory cannot be had.
    pub fn new(processes: usize) -> Result<Self, MapError> {
        Ok(Clocks { readings: SharedSlice::zeroed(2 * processes)? })
    }

    /// Runs `work` as process number `index` and notes when it began and ended.
    pub fn time<R>(&self, index: usize, work: impl FnOnce() -> R) -> R {
        let began = sys::now_ns();
        let result = work();
        self.readings[2 * index + 1].store(sys::now_ns(), Relaxed);
        self.readings[2 * index].store(began, Relaxed);
        result
    }

    fn spans(&self) -> impl Iterator<Item = (u64, u64)> {
        (self.readings.chunks(2)).map(|pair| (pair[0].load(Relaxed), pair[1].load(Relaxed)))
    }

    /// From the first beginning to the last end, in seconds.
    pub fn elapsed_s(&self) -> f64 {
        let first = self.spans().map(|(began, _)| began).min().unwrap_or(0);
        let last = self.spans().map(|(_, ended)| ended).max().unwrap_or(0);
        last.saturating_sub(first) as f64 / 1e9
    }

    /// The mean of the processes' own times, in seconds.
    pub fn mean_s(&self) -> f64 {
        let times: Vec<f64> = self.spans().map(|(began, ended)| (ended - began) as f64).collect();
        times.iter().sum::<f64>() / times.len() as f64 / 1e9
    }

    /// The share of the shortest process's time during which all ran, 0 to 1.
    ///
    /// On one CPU the spans overlap though only one process computes at a time;
    /// what the race needs is that each was in its loop while the others were.
    pub fn overlap(&self) -> f64 {
        let last_began = self.spans().map(|(began, _)| began).max().unwrap_or(0);
        let first_ended = self.spans().map(|(_, ended)| ended).min().unwrap_or(0);
        let shortest = self.spans().map(|(began, ended)| ended - began).min();
        let shortest = shortest.unwrap_or(0).max(1);
        let together = first_ended.saturating_sub(last_began);
        (together as f64 / shortest as f64).min(1.0)
    }
}

//! The parallel ceiling: how many times the work of one process several do in the same time, all
//! computing at once.
//!
//! It is measured and not counted: two logical CPUs may be one core, a virtual machine's CPU may be
//! shared with a neighbour's, and a cgroup may grant less than it shows. Whatever computes in
//! parallel is judged against it.

use std::time::Duration;

use anyhow::{Context, Result};

use super::clocks::Clocks;
use super::work::Work;
use super::workers::finish_all;
use crate::event;
use crate::mp::{Gate, Process};
use crate::stats;

/// Computing by which it is measured.
const WORK: Duration = Duration::from_millis(10);
/// How long a process waits for the others at the start.
const GATE_BOUND: Duration = Duration::from_secs(5);

/// The same work by one process, and by each of several at once, round after round.
pub struct Ceiling {
    work: Work,
    count: usize,
    /// Seconds of one alone and of all together, by round.
    rounds: Vec<(f64, f64)>,
}

impl Ceiling {
    /// Of `count` processes, not measured yet.
    pub fn of(count: usize) -> Self {
        Ceiling { work: Work::lasting(WORK), count, rounds: Vec::new() }
    }

    /// One round.
    ///
    /// # Errors
    /// When processes or shared memory cannot be had.
    pub fn measure(&mut self) -> Result<()> {
        self.rounds.push((computing(self.work, 1)?, computing(self.work, self.count)?));
        Ok(())
    }

    /// How many times the work of one all of them do in the same time, once it was measured. Of
    /// both the shortest time counts: it was disturbed least, and a ceiling is what is possible.
    pub fn factor(&self) -> f64 {
        self.by_round().into_iter().fold(0.0, f64::max)
    }

    /// The ceiling with its spread over the rounds; `None` if there was none.
    pub fn told(&self) -> Option<event::Ceiling> {
        let spread = stats::quartiles(&self.by_round())?;
        Some(event::Ceiling {
            processes: self.count,
            factor: self.factor(),
            q1: spread.q1,
            median: spread.median,
            q3: spread.q3,
            rounds: self.rounds.len() as u32,
        })
    }

    /// What all of them did in each round against one alone in the round that disturbed it least.
    fn by_round(&self) -> Vec<f64> {
        let alone_s = self.rounds.iter().map(|round| round.0).fold(f64::MAX, f64::min);
        let count = self.count as f64;
        // More than one each is noise.
        let factor = |&(_, together_s): &(f64, f64)| (count * alone_s / together_s).min(count);
        self.rounds.iter().map(factor).collect()
    }
}

/// Seconds until `count` processes that begin together have all done the same work.
fn computing(work: Work, count: usize) -> Result<f64> {
    let gate = Gate::new(count as u32).context("the gate in shared memory")?;
    let clocks = Clocks::new(count).context("the clocks in shared memory")?;
    let (gate_of, clocks_of) = (&gate, &clocks);
    let process = |index| {
        Process::new("compute", move || {
            gate_of.arrive_and_wait(GATE_BOUND).expect("all at the gate");
            clocks_of.time(index, || work.run());
        })
    };
    let mut processes: Vec<Process> = (0..count).map(process).collect();
    for process in &mut processes {
        process.start()?;
    }
    finish_all(&mut processes)?;
    Ok(clocks.elapsed_s())
}

//! The parallel ceiling of the machine: what it gives to several processes that only compute. No
//! experiment can win more.

use std::time::Duration;

use anyhow::{Context, Result};

use super::clocks::Clocks;
use super::work::Work;
use super::workers::finish_all;
use crate::mp::{Gate, Process};

/// Computing by which the ceiling is measured.
const CEILING_WORK: Duration = Duration::from_millis(10);
/// How long a process waits for the others at the start.
const GATE_BOUND: Duration = Duration::from_secs(5);

/// The parallel ceiling: the same work by one process, and by each of `count` at once. Of both
/// the shortest time counts: it was disturbed least, and a ceiling is what is possible.
#[derive(Debug)]
pub struct Ceiling {
    work: Work,
    count: usize,
    alone_s: f64,
    together_s: f64,
}

impl Ceiling {
    /// Of so many processes, not measured yet. Calibrates its work.
    pub fn of(count: usize) -> Self {
        let work = Work::lasting(CEILING_WORK);
        Ceiling { work, count, alone_s: f64::MAX, together_s: f64::MAX }
    }

    /// Measures it once more.
    ///
    /// # Errors
    /// When a process cannot be made or does not end well.
    pub fn measure(&mut self) -> Result<()> {
        self.alone_s = self.alone_s.min(computing(self.work, 1)?);
        self.together_s = self.together_s.min(computing(self.work, self.count)?);
        Ok(())
    }

    /// How many times the work of one all of them do in the same time, once it was measured.
    pub fn factor(&self) -> f64 {
        let count = self.count as f64;
        // More than one each is noise.
        (count * self.alone_s / self.together_s).min(count)
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

//! The workers of a pool: started, looked at, buried, replaced.

use std::rc::Rc;

use super::worker::{self, Holds};
use super::{Line, PoolError};
use crate::mp::process::{Exit, Process};
use crate::mp::queue::Observer;
use crate::mp::sys::LONGEST_SLEEP;

/// So many workers that end, one after the other, before they have begun are no accident.
const FUTILE_STARTS: u32 = 100;

/// What each worker runs before its first task.
pub(super) type Initializer = Rc<dyn Fn()>;

/// The workers.
pub(super) struct Crew<O: Observer + Clone + 'static> {
    line: Rc<Line<O>>,
    initializer: Initializer,
    most_chunks: Option<u64>,
    /// `None` where one could not be replaced yet.
    workers: Vec<Option<Process<'static>>>,
    /// Workers that have said that they end.
    retired: Vec<usize>,
    futile_starts: u32,
}

/// A worker that has ended.
pub(super) struct Dead {
    pub(super) number: usize,
    pub(super) holds: Holds,
    pub(super) exit: Exit,
}

impl<O: Observer + Clone + 'static> Crew<O> {
    /// Starts them all.
    pub(super) fn start(
        line: Rc<Line<O>>,
        initializer: Initializer,
        most_chunks: Option<u64>,
    ) -> Result<Self, PoolError> {
        let workers = line.words.iter().map(|_| None).collect();
        let retired = Vec::new();
        let mut crew = Self { line, initializer, most_chunks, workers, retired, futile_starts: 0 };
        for number in 0..crew.workers.len() {
            crew.start_one(number)?;
        }
        Ok(crew)
    }

    fn start_one(&mut self, number: usize) -> Result<(), PoolError> {
        self.line.words[number].reset();
        let (line, initializer) = (Rc::clone(&self.line), Rc::clone(&self.initializer));
        let most = self.most_chunks;
        let mut process = Process::new(format!("worker-{number}"), move || {
            initializer();
            worker::work(&line, number, most);
        });
        process.start().map_err(|source| PoolError::Start { number, source })?;
        self.workers[number] = Some(process);
        Ok(())
    }

    /// The process numbers of the workers that there are now.
    pub(super) fn pids(&self) -> Vec<i32> {
        self.workers.iter().flatten().filter_map(Process::pid).collect()
    }

    /// The worker of that number says that it ends.
    pub(super) fn retires(&mut self, number: usize) {
        self.retired.push(number);
    }

    /// Those that have ended, and what they had in hand.
    pub(super) fn dead(&mut self) -> Vec<Dead> {
        let retired = std::mem::take(&mut self.retired);
        let mut dead = Vec::new();
        for (number, worker) in self.workers.iter_mut().enumerate() {
            let Some(process) = worker else { continue };
            if retired.contains(&number) {
                // It has nothing left to do but to end.
                let _ = process.join_timeout(LONGEST_SLEEP);
            }
            if !process.is_alive()
                && let Ok(exit) = process.join()
            {
                dead.push(Dead { number, holds: self.line.words[number].read(), exit });
            }
        }
        dead
    }

    /// The tickets in the words of all that are not among the dead. One that ended since is taken for
    /// living: its turn comes at the next look.
    pub(super) fn held_by_others(&self, dead: &[Dead]) -> Vec<u64> {
        let others = self.line.words.iter().enumerate();
        let others = others.filter(|(number, _)| dead.iter().all(|dead| dead.number != *number));
        let held = others.filter_map(|(_, word)| match word.read() {
            Holds::Ticket(ticket) => Some(ticket),
            Holds::Starting | Holds::Nothing => None,
        });
        held.collect()
    }

    /// Clears away one that has ended.
    ///
    /// # Errors
    /// [`PoolError::Initializer`] if it did not come through its initialiser, and no other will.
    pub(super) fn bury(&mut self, number: usize) -> Result<(), PoolError> {
        let Some(mut process) = self.workers[number].take() else { return Ok(()) };
        if self.line.words[number].read() != Holds::Starting {
            self.futile_starts = 0;
            return Ok(());
        }
        self.futile_starts += 1;
        let exit = process.join()?;
        let text = process.panic_message().map(str::to_owned);
        if text.is_none() && self.futile_starts < FUTILE_STARTS {
            return Ok(());
        }
        let text = text.unwrap_or_else(|| format!("the worker was ended by {exit}"));
        Err(PoolError::Initializer { text })
    }

    /// Starts a worker wherever one is missing.
    ///
    /// # Errors
    /// If one cannot be started and none is left; otherwise it is tried again at the next look.
    pub(super) fn replace(&mut self) -> Result<(), PoolError> {
        for number in 0..self.workers.len() {
            if self.workers[number].is_none()
                && let Err(error) = self.start_one(number)
            {
                let some_left = self.workers.iter().any(Option::is_some);
                return if some_left { Ok(()) } else { Err(error) };
            }
        }
        Ok(())
    }

    /// Waits until all have ended, which were told that nothing more comes.
    pub(super) fn join(&mut self) -> Result<(), PoolError> {
        for process in self.workers.iter_mut().flatten() {
            process.join()?;
        }
        self.workers.clear();
        Ok(())
    }

    /// Ends and reaps all of them, wherever they are.
    pub(super) fn kill(&mut self) {
        for process in self.workers.iter().flatten() {
            let _ = process.kill();
        }
        // Dropping a process reaps it.
        self.workers.clear();
    }
}

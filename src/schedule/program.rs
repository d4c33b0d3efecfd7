//! A program of a few processes, each a list of atomic steps on what they share.

pub use crate::event::Act as Step;

/// The most processes that a program has.
pub const MOST_PROCESSES: usize = 3;
/// The most locks.
pub const MOST_LOCKS: usize = 2;

/// What one process does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its name in the lesson.
    pub name: &'static str,
    /// Its steps, in order; fewer than 256.
    pub steps: Vec<Step>,
    /// Whether it begins with a copy of the pipe's write end.
    pub writes: bool,
}

impl Script {
    /// A process that has no part in a pipe.
    pub fn new(name: &'static str, steps: Vec<Step>) -> Self {
        Script { name, steps, writes: false }
    }
}

/// A program: at most [`MOST_PROCESSES`] processes and what they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The processes, called A, B and C in schedules. One that joins others stands behind them.
    pub scripts: Vec<Script>,
    /// The word at the start.
    pub start: i32,
    /// The word at the end if all goes well.
    pub right: i32,
    /// How many messages the queue holds.
    pub room: usize,
}

impl Program {
    /// How many processes it has.
    pub fn processes(&self) -> usize {
        self.scripts.len()
    }

    /// Its steps, over all processes: the length of a schedule that ends.
    pub fn steps(&self) -> usize {
        self.scripts.iter().map(|script| script.steps.len()).sum()
    }

    /// Whether any process has a step of which this holds.
    pub fn has(&self, wanted: impl Fn(Step) -> bool) -> bool {
        self.scripts.iter().flat_map(|script| &script.steps).any(|&step| wanted(step))
    }

    /// Whether its processes can run one schedule after the other.
    ///
    /// Sound where all that a schedule leaves behind can be put back: the word, by one store;
    /// locks, by whoever holds one; and each process's place and own variable, by itself. A queue
    /// or a pipe that is left half full, an end that was closed and a process that has ended
    /// cannot, so such a program has new processes for each schedule.
    pub fn rewinds(&self) -> bool {
        !self.has(|step| {
            !matches!(step, Step::Load | Step::Store(_) | Step::Acquire(_) | Step::Release(_))
        })
    }
}

//! The program as a pure model: where each process is, what is shared, which steps can be taken.

use super::program::{MOST_LOCKS, MOST_PROCESSES, Program, Step};

pub use crate::event::Block;

/// A moment between two steps.
///
/// Two moments that no later step can tell apart are equal: a process's own variable is `None`
/// from the store on, as the program does not read it again before it loads it anew. This is what
/// keeps the counting small.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// How many steps each process has taken.
    pub at: [u8; MOST_PROCESSES],
    /// Each process's own variable.
    pub own: [Option<i32>; MOST_PROCESSES],
    /// The word.
    pub word: i32,
    /// Which process has each lock.
    pub holder: [Option<u8>; MOST_LOCKS],
    /// Messages in the queue or in the pipe.
    pub waiting: u8,
    /// Whether each process has a write end of the pipe open.
    pub writes: [bool; MOST_PROCESSES],
}

impl State {
    /// The beginning.
    pub fn start(program: &Program) -> Self {
        let mut writes = [false; MOST_PROCESSES];
        for (own, script) in writes.iter_mut().zip(&program.scripts) {
            *own = script.writes;
        }
        State {
            at: [0; MOST_PROCESSES],
            own: [None; MOST_PROCESSES],
            word: program.start,
            holder: [None; MOST_LOCKS],
            waiting: 0,
            writes,
        }
    }

    /// The next step of a process; `None` if it has taken its last.
    pub fn next(&self, program: &Program, process: usize) -> Option<Step> {
        program.scripts[process].steps.get(usize::from(self.at[process])).copied()
    }

    /// What keeps a process from its next step, if anything does. Its lock may be its own: it
    /// then waits for itself.
    pub fn block(&self, program: &Program, process: usize) -> Option<Block> {
        match self.next(program, process)? {
            Step::Acquire(lock) => {
                self.holder[lock].map(|holder| Block::Lock { lock, holder: holder.into() })
            }
            Step::Put => (usize::from(self.waiting) >= program.room).then_some(Block::Full),
            Step::Get | Step::Receive => (self.waiting == 0).then_some(Block::Empty),
            Step::Join(other) => self.next(program, other).is_some().then_some(Block::Runs(other)),
            Step::ReceiveEnd => match self.writes.iter().position(|&open| open) {
                Some(process) => Some(Block::Open(process)),
                None => (self.waiting > 0).then_some(Block::Empty),
            },
            Step::Load | Step::Store(_) | Step::Release(_) | Step::Send | Step::CloseWriter => None,
        }
    }

    /// Whether a process can take its next step.
    pub fn offers(&self, program: &Program, process: usize) -> bool {
        self.next(program, process).is_some() && self.block(program, process).is_none()
    }

    /// The processes that can take their next step.
    pub fn offered(&self, program: &Program) -> impl Iterator<Item = usize> {
        (0..program.processes()).filter(|&process| self.offers(program, process))
    }

    /// Whether every process has taken its last step.
    pub fn finished(&self, program: &Program) -> bool {
        (0..program.processes()).all(|process| self.next(program, process).is_none())
    }

    /// Whether some process has steps left and none can take any: a deadlock, for ever.
    pub fn stuck(&self, program: &Program) -> bool {
        !self.finished(program) && self.offered(program).next().is_none()
    }

    /// How many steps were taken.
    pub fn taken(&self) -> usize {
        self.at.iter().map(|&at| usize::from(at)).sum()
    }

    /// The moment after that process's next step.
    ///
    /// # Panics
    /// If it cannot take one ([`State::offers`]).
    #[must_use]
    pub fn after(&self, program: &Program, process: usize) -> Self {
        assert!(self.offers(program, process), "process {process} cannot take a step now");
        let mut next = self.clone();
        next.at[process] += 1;
        match program.scripts[process].steps[usize::from(self.at[process])] {
            Step::Load => next.own[process] = Some(self.word),
            Step::Store(change) => {
                next.word = self.own[process].expect("a store follows a load") + change;
                next.own[process] = None;
            }
            Step::Acquire(lock) => next.holder[lock] = u8::try_from(process).ok(),
            Step::Release(lock) => next.holder[lock] = None,
            Step::Put | Step::Send => next.waiting += 1,
            Step::Get | Step::Receive => {
                next.waiting -= 1;
                next.word += 1;
            }
            Step::CloseWriter => next.writes[process] = false,
            // A process that ends closes what it has open.
            Step::Join(_) | Step::ReceiveEnd => {}
        }
        if next.next(program, process).is_none() {
            next.writes[process] = false;
        }
        next
    }
}

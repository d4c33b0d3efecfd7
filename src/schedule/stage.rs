//! The real things that a program's processes share, and one process's hands on them.

use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use super::program::{Program, Step};
use super::search::letter;
use super::steppers::ScheduleError;
use crate::mp::{Connection, Lock, LockGuard, Queue, RawValue, pipe_oneway, sys};

/// What one message of the queue takes there: four bytes for its length, and one.
const MESSAGE: usize = 5;
/// How long a process that has taken its last step may take until the kernel calls it ended.
const ENDING: Duration = Duration::from_secs(5);

/// The word, the locks, the queue and the pipe of one program. Made before its processes are
/// forked, which then share it.
pub(super) struct Stage {
    pub word: RawValue<i32>,
    locks: Vec<Lock>,
    queue: Option<Queue<u8>>,
    /// Both ends of the pipe, until each process has taken what is its.
    pipe: RefCell<Option<(Connection, Connection)>>,
    /// Whether the process of that number has taken its last step.
    done: Vec<RawValue<u8>>,
    /// For each process that was forked before: readable when it has ended.
    exits: RefCell<Vec<OwnedFd>>,
}

impl Stage {
    pub fn new(program: &Program) -> Result<Self, ScheduleError> {
        let locks = program.has(|step| matches!(step, Step::Acquire(_)));
        let queue = program.has(|step| step == Step::Put);
        let pipe = program.has(|step| step == Step::Send);
        let locks = (0..if locks { super::program::MOST_LOCKS } else { 0 }).map(|_| Lock::new());
        let done = (0..program.processes()).map(|_| RawValue::new(0));
        Ok(Stage {
            word: RawValue::new(program.start)?,
            locks: locks.collect::<Result<_, _>>()?,
            queue: queue.then(|| Queue::new(MESSAGE * program.room)).transpose()?,
            pipe: RefCell::new(pipe.then(pipe_oneway).transpose()?),
            done: done.collect::<Result<_, _>>()?,
            exits: RefCell::default(),
        })
    }

    /// Remembers how to see that the process forked last has ended, for those forked after it.
    pub fn forked(&self, exit: OwnedFd) {
        self.exits.borrow_mut().push(exit);
    }

    /// Closes the caller's copies of the pipe's ends: were they open, there would be no end.
    pub fn leave(&self) {
        self.pipe.take();
    }

    /// Whether that process has taken its last step.
    pub fn is_done(&self, process: usize) -> bool {
        self.done[process].get() != 0
    }
}

/// One process's hands on the stage: where it is in its script, and what it holds.
pub(super) struct Hands<'a> {
    steps: &'a [Step],
    stage: &'a Stage,
    me: usize,
    at: usize,
    /// Its own variable.
    pub own: Option<i32>,
    held: Vec<Option<LockGuard<'a>>>,
    reader: Option<Connection>,
    writer: Option<Connection>,
}

impl<'a> Hands<'a> {
    /// In the process itself, just forked: takes its ends of the pipe and closes the others.
    pub fn of(program: &'a Program, stage: &'a Stage, me: usize) -> Self {
        let (reader, writer) = stage.pipe.take().unzip();
        let script = &program.scripts[me];
        let reads = script.steps.contains(&Step::Receive);
        Hands {
            steps: &script.steps,
            stage,
            me,
            at: 0,
            own: None,
            held: stage.locks.iter().map(|_| None).collect(),
            reader: reader.filter(|_| reads),
            writer: writer.filter(|_| script.writes),
        }
    }

    /// Whether it has taken its last step.
    pub fn finished(&self) -> bool {
        self.at == self.steps.len()
    }

    /// Whether its next step can be taken now, by asking the real thing. False at the end.
    ///
    /// # Panics
    /// If the real thing does not answer: this process then ends, and its text tells.
    pub fn ready(&self) -> bool {
        let Some(&step) = self.steps.get(self.at) else {
            return false;
        };
        match step {
            Step::Acquire(lock) => self.stage.locks[lock].owner().is_none(),
            Step::Put => self.queue().len_bytes() + MESSAGE <= self.queue().capacity(),
            Step::Get => !self.queue().is_empty(),
            Step::Join(other) => self.has_ended(other),
            Step::Receive | Step::ReceiveEnd => {
                self.reader().poll(Some(Duration::ZERO)).expect("the pipe can be asked")
            }
            Step::Load | Step::Store(_) | Step::Release(_) | Step::Send | Step::CloseWriter => true,
        }
    }

    /// Takes the next step if that needs no waiting; whether it did.
    ///
    /// # Panics
    /// As [`Hands::ready`]; and without a next step.
    pub fn attempt(&mut self) -> bool {
        let taken = match self.steps[self.at] {
            Step::Load => {
                self.own = Some(self.stage.word.get());
                true
            }
            Step::Store(change) => {
                self.stage.word.set(self.own.take().expect("a store follows a load") + change);
                true
            }
            Step::Acquire(lock) => {
                let stage = self.stage;
                self.held[lock] = stage.locks[lock].try_acquire().expect("nobody died holding it");
                self.held[lock].is_some()
            }
            Step::Release(lock) => self.held[lock].take().map(LockGuard::release).is_some(),
            Step::Put => self.queue().try_put(&1).is_ok(),
            Step::Get => match self.queue().try_get() {
                Ok(message) => self.received(message),
                Err(_) => false,
            },
            Step::Join(other) => self.has_ended(other),
            Step::Send => {
                let writer = self.writer.as_ref().expect("whoever sends has the write end");
                writer.send(&1_u8).is_ok()
            }
            Step::Receive => self.ready() && self.reader().recv().is_ok_and(|m| self.received(m)),
            Step::CloseWriter => self.writer.take().map(Connection::close).is_some(),
            Step::ReceiveEnd => self.ready() && self.reader().recv::<u8>().is_err(),
        };
        self.at += usize::from(taken);
        if self.finished() {
            self.writer = None;
            self.stage.done[self.me].set(1);
        }
        taken
    }

    /// Back to the first step, with nothing held.
    pub fn rewind(&mut self) {
        self.at = 0;
        self.own = None;
        self.held.iter_mut().for_each(|guard| *guard = None);
        self.stage.done[self.me].set(0);
    }

    fn received(&self, message: u8) -> bool {
        self.stage.word.set(self.stage.word.get() + i32::from(message));
        true
    }

    fn queue(&self) -> &'a Queue<u8> {
        self.stage.queue.as_ref().expect("a program that puts has a queue")
    }

    fn reader(&self) -> &Connection {
        self.reader.as_ref().expect("whoever receives has the read end")
    }

    /// Whether that process has ended, by the kernel's word. One that has taken its last step is
    /// on its way out, and is waited for as `join` does.
    ///
    /// # Panics
    /// If that one does not get out: it must be stopped, and is not to be taken for one that runs.
    fn has_ended(&self, other: usize) -> bool {
        let done = self.stage.is_done(other);
        let bound = if done { ENDING } else { Duration::ZERO };
        let exits = self.stage.exits.borrow();
        let ended = sys::wait_readable(exits[other].as_fd(), bound);
        let ended = ended.expect("a pidfd can be waited for");
        let name = letter(other);
        assert!(ended || !done, "process {name} did not end within {ENDING:?} of its last step");
        ended
    }
}

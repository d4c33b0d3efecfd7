//! How a pool is to be, before it is made.

use std::rc::Rc;

use super::crew::{Crew, Initializer};
use super::dispatch::Dispatch;
use super::{Line, Pool, PoolError};
use crate::mp::queue::{Observer, Queue, Unobserved};
use crate::mp::shm::SharedSlice;

/// Bytes that each of the two queues holds, unless told otherwise.
const CAPACITY: usize = 1 << 20;
/// The smallest capacity: room for the message of a failure.
const LEAST_CAPACITY: usize = 256;

/// What a [`Pool`] can be made with: Python's arguments to `Pool(…)`.
pub struct Builder<O = Unobserved> {
    workers: usize,
    initializer: Initializer,
    most_chunks: Option<u64>,
    capacity: usize,
    observer: O,
}

impl Builder {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            workers,
            initializer: Rc::new(|| ()),
            most_chunks: None,
            capacity: CAPACITY,
            observer: Unobserved,
        }
    }
}

impl<O: Observer + Clone + 'static> Builder<O> {
    /// Has each worker run this before its first task. Python's `initializer` and `initargs`.
    #[must_use]
    pub fn initializer(mut self, initializer: impl Fn() + 'static) -> Self {
        self.initializer = Rc::new(initializer);
        self
    }

    /// Has each worker end after so many chunks, at least one, and a new one take its place: whatever
    /// the tasks leave in their process goes with it. Python's `maxtasksperchild`, which counts chunks
    /// too.
    #[must_use]
    pub fn most_tasks(mut self, chunks: u64) -> Self {
        self.most_chunks = Some(chunks.max(1));
        self
    }

    /// How many bytes of chunks may be on their way, and as many of results: 1 MiB unless told
    /// otherwise, 256 bytes at least. What takes more can never be sent; what is taken comes from
    /// memory only once it is used.
    #[must_use]
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes.max(LEAST_CAPACITY);
        self
    }

    /// Tells `observer` of each step of each message, in the process that takes it, to show what a
    /// worker leaves that is killed there. Not in Python.
    #[must_use]
    pub fn observed<P: Observer + Clone + 'static>(self, observer: P) -> Builder<P> {
        let Self { workers, initializer, most_chunks, capacity, .. } = self;
        Builder { workers, initializer, most_chunks, capacity, observer }
    }

    /// Starts the workers.
    ///
    /// # Errors
    /// [`PoolError::NoWorkers`], [`PoolError::Memory`], or [`PoolError::Start`]; then none is left.
    pub fn start(self) -> Result<Pool<O>, PoolError> {
        if self.workers == 0 {
            return Err(PoolError::NoWorkers);
        }
        let line = Rc::new(Line {
            tasks: Queue::observed(self.capacity, self.observer.clone())?,
            results: Queue::observed(self.capacity, self.observer)?,
            words: SharedSlice::zeroed(self.workers)?,
        });
        let crew = Crew::start(Rc::clone(&line), self.initializer, self.most_chunks)?;
        Ok(Pool::over(Rc::clone(&line), Dispatch::new(line, crew), self.workers))
    }
}

//! Why a task has no result, and why a pool could not do what it was asked.

use crate::mp::process::{Exit, ProcessError};
use crate::mp::queue::QueueError;
use crate::mp::sys::MapError;

/// Why one item has no result. The others of the same call have theirs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// The function panicked. The worker goes on, as Python's does after an exception.
    #[error("the task panicked: {text}")]
    Panicked {
        /// Its text and its place: `… at file:line:column`.
        text: String,
    },
    /// The worker that held the item ended: it was killed, or the function ended its process. Whether
    /// the function had begun is not known. In Python nobody is told, and the call never returns.
    #[error(
        "the worker that held the item was ended by {exit}: run the item again if doing it twice \
         does no harm"
    )]
    WorkerDied {
        /// How the worker ended.
        exit: Exit,
    },
    /// The result could not be turned into bytes, or is too long for the pool. Python's
    /// `MaybeEncodingError`.
    #[error("the result cannot be sent back: {text}")]
    Unsendable {
        /// What the queue said.
        text: String,
    },
}

/// Why a pool did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// A pool without workers would never do anything. Python's `ValueError`.
    #[error("a pool needs at least one worker, and was asked for none")]
    NoWorkers,
    /// A chunk of no items would never come to an end.
    #[error("a chunk holds at least one item, and was asked to hold none")]
    EmptyChunk,
    /// The first item that has no result. The results of the others are lost, as in Python; ask for
    /// [`outcomes`](super::MapResult::outcomes) to keep them.
    #[error("item {index}: {error}")]
    Task {
        /// Which one, counted from 0.
        index: usize,
        /// Why.
        error: TaskError,
    },
    /// The time was over before all was done. It goes on, and may be waited for again.
    #[error("the time was over before the result was there: wait again, or longer")]
    TimedOut,
    /// The pool is closed: it takes no more tasks.
    #[error("the pool is closed: give it tasks before close()")]
    Closed,
    /// The pool was terminated before the result was there.
    #[error("the pool was terminated, and this result will never come")]
    Terminated,
    /// `join` before `close` or `terminate` would wait for ever. Python's `ValueError`.
    #[error("the pool is still open: call close() or terminate() before join()")]
    StillOpen,
    /// An earlier call has taken the results along.
    #[error("the results were taken by an earlier call: keep what it returned")]
    Taken,
    /// An argument cannot be turned into bytes. No task of the call was given to a worker.
    #[error("item {index} cannot be turned into bytes to send: {source}")]
    Encode {
        /// Which one, counted from 0.
        index: usize,
        /// What the serialiser said.
        source: QueueError,
    },
    /// A chunk is longer than the pool can ever send. No task of the call was given to a worker.
    #[error(
        "the chunk of {items} that begins with item {index} takes {len} bytes, and at most {limit} \
         can be sent: make smaller chunks, or a pool with a larger capacity"
    )]
    TooLarge {
        /// The first item of the chunk, counted from 0.
        index: usize,
        /// How many items it holds.
        items: usize,
        /// Its length.
        len: usize,
        /// The greatest length.
        limit: usize,
    },
    /// Workers do not come through their initialiser: a new one would not either, and there is nobody
    /// left to do the tasks. (Python starts new ones for ever.)
    #[error("the workers' initialiser does not end well: {text}")]
    Initializer {
        /// What it said, or how the worker ended.
        text: String,
    },
    /// A worker could not be started. Then either the pool was being made, and none is left, or all
    /// workers have died and there is nobody to do the tasks.
    #[error("worker {number} cannot be started: {source}")]
    Start {
        /// Which one, counted from 0: so many were started before.
        number: usize,
        /// Why.
        source: ProcessError,
    },
    /// A worker could not be waited for.
    #[error("{0}")]
    Process(#[from] ProcessError),
    /// Memory for the queues could not be had.
    #[error("no memory for the queues of the pool: {0}")]
    Memory(#[from] MapError),
}

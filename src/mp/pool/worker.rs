//! The worker's side: take a chunk, say which, do its items one by one, send each result.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Line;
use super::message::{self, Chunk, Says};
use crate::mp::process::panic_words;
use crate::mp::queue::{Observer, QueueError};
use crate::mp::shm::SharedSafe;

/// A worker's word to the pool: which chunk it holds. On a cache line of its own (two, as x86 fetches
/// lines in pairs), as it changes with each chunk.
///
/// It is written *before* the chunk is taken out of the queue, and taken back after the last result of
/// the chunk was put, so that there is no step at which a worker has a chunk and no word says so.
#[derive(Debug)]
#[repr(C, align(128))]
pub(super) struct Word(AtomicU64);

// SAFETY: an atomic integer, for which all zero is a value.
unsafe impl SharedSafe for Word {}

/// Its initialiser has not returned.
const STARTING: u64 = 0;
/// It has no chunk.
const IDLE: u64 = 1;
/// It has, or is just taking, the chunk of ticket 0; and so on.
const FIRST_TICKET: u64 = 2;

/// What a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Starting,
    Nothing,
    Ticket(u64),
}

impl Word {
    /// In the pool, before a worker is started.
    pub(super) fn reset(&self) {
        self.0.store(STARTING, Ordering::Relaxed);
    }

    /// In the pool. Results of chunks that the worker had before are in the queue then: the Acquire
    /// load sees the Release store that was made after they were put.
    pub(super) fn read(&self) -> Holds {
        match self.0.load(Ordering::Acquire) {
            STARTING => Holds::Starting,
            IDLE => Holds::Nothing,
            ticket => Holds::Ticket(ticket - FIRST_TICKET),
        }
    }

    /// In the worker, holding the consumers' lock of the queue, whose unlocking makes it seen.
    #[inline]
    fn takes(&self, ticket: u64) {
        self.0.store(ticket + FIRST_TICKET, Ordering::Relaxed);
    }

    #[inline]
    fn idle(&self) {
        self.0.store(IDLE, Ordering::Release);
    }
}

/// Works until the pool is closed, or until as many chunks are done as one worker may do.
pub(super) fn work<O: Observer>(line: &Line<O>, number: usize, most: Option<u64>) {
    catch_texts();
    let word = &line.words[number];
    word.idle();
    let (mut message, mut result) = (Vec::new(), Vec::new());
    let mut done = 0;
    while most.is_none_or(|most| done < most) {
        let note = |message: &[u8]| word.takes(message::ticket(message));
        if line.tasks.get_noting(&mut message, note).is_err() {
            return;
        }
        // SAFETY: only the pool puts into this queue, what `header` made in the process that this one
        // was forked from.
        let chunk = unsafe { Chunk::read(&message) };
        if run(line, chunk, &mut result).is_err() {
            return;
        }
        word.idle();
        done += 1;
    }
    message::begin(&mut result, number as u64, Says::Retired);
    // If the pool does not hear it, it will see the end.
    let _ = line.results.put_bytes(&result);
}

/// Does a chunk. The error is that of a queue that is closed.
#[inline]
fn run<O: Observer>(
    line: &Line<O>,
    mut chunk: Chunk<'_>,
    result: &mut Vec<u8>,
) -> Result<(), QueueError> {
    chunk.pass_over()?;
    for _ in 0..chunk.left() {
        message::begin(result, chunk.ticket, Says::Result);
        let (says, text) = match caught(|| chunk.run_next(result)) {
            Ok(Ok(())) => match line.results.put_bytes(result) {
                Ok(()) => continue,
                Err(QueueError::Closed) => return Err(QueueError::Closed),
                Err(error) => (Says::Unsendable, error.to_string()),
            },
            Ok(Err(error)) => (Says::Unsendable, error.to_string()),
            Err(text) => (Says::Panicked, text),
        };
        tell(line, result, chunk.ticket, says, &text)?;
    }
    Ok(())
}

#[cold]
fn tell<O: Observer>(
    line: &Line<O>,
    message: &mut Vec<u8>,
    ticket: u64,
    says: Says,
    text: &str,
) -> Result<(), QueueError> {
    message::begin(message, ticket, says);
    // A text that is longer than the queue is cut; even the smallest queue has room for a line.
    let room = line.results.longest().saturating_sub(message.len()).min(text.len());
    message.extend_from_slice(&text.as_bytes()[..room]);
    line.results.put_bytes(message)
}

thread_local! {
    /// Whether this thread is in a task, whose panics are caught.
    static IN_TASK: Cell<bool> = const { Cell::new(false) };
    /// Text and place of the panic that was just caught.
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on keeps the texts of panics that [`caught`] catches. All others go where they went.
fn catch_texts() {
    let before = take_hook();
    set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if !IN_TASK.get() {
            return before(info);
        }
        let text = match info.location() {
            Some(place) => format!("{} at {place}", panic_words(info)),
            None => panic_words(info).to_owned(),
        };
        TEXT.set(text);
    }));
}

/// What `task` returns, or the text of its panic.
#[inline]
fn caught<T>(task: impl FnOnce() -> T) -> Result<T, String> {
    IN_TASK.set(true);
    // A task that panics may leave its own statics half changed, as any panic may; nothing of the
    // pool's is in its hands but the buffer, which is begun anew.
    let outcome = catch_unwind(AssertUnwindSafe(task));
    IN_TASK.set(false);
    outcome.map_err(|_| TEXT.take())
}

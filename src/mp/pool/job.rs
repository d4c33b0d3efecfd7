//! One call's tasks, on the pool's side: their messages, and the results as they come.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{self, Function, HEADER};
use super::{PoolError, TaskError};
use crate::mp::queue::encode;

/// One call: what is to be done, and who waits for the results.
pub(super) struct Call {
    pub(super) tasks: Tasks,
    pub(super) results: Rc<dyn Receive>,
}

/// Takes the results of a call, whatever their type.
pub(super) trait Receive {
    /// Takes one item's result, as bytes, or why there is none. True if it was the last one.
    fn receive(&self, item: usize, outcome: Outcome<&[u8]>) -> bool;
    /// Calls back, if somebody asked for it, now that all results are there.
    fn call_back(&self);
}

/// The tasks of one call as bytes: messages one behind the other.
pub(super) struct Tasks {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    items: usize,
    per_chunk: usize,
}

impl Tasks {
    /// Turns all items into messages of `per_chunk` items each, none of them longer than `limit`.
    pub(super) fn new<A: Serialize>(
        function: Function,
        items: &[A],
        per_chunk: usize,
        limit: usize,
    ) -> Result<Self, PoolError> {
        if per_chunk == 0 {
            return Err(PoolError::EmptyChunk);
        }
        let per_chunk = per_chunk.min(u32::MAX as usize);
        let chunks = items.len().div_ceil(per_chunk);
        let mut bytes = Vec::with_capacity(chunks * (HEADER + 8));
        let mut ends = Vec::with_capacity(chunks);
        for (number, chunk) in items.chunks(per_chunk).enumerate() {
            let begin = bytes.len();
            let index = number * per_chunk;
            bytes.extend_from_slice(&message::header(function, chunk.len() as u32));
            for (offset, item) in chunk.iter().enumerate() {
                encode(item, &mut bytes)
                    .map_err(|source| PoolError::Encode { index: index + offset, source })?;
            }
            let len = bytes.len() - begin;
            if len > limit {
                return Err(PoolError::TooLarge { index, items: chunk.len(), len, limit });
            }
            ends.push(bytes.len());
        }
        Ok(Self { bytes, ends, items: items.len(), per_chunk })
    }

    /// How many chunks there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Gives the chunks their tickets, from `first` on.
    pub(super) fn number(&mut self, first: u64) {
        let mut begin = 0;
        for (ticket, &end) in (first..).zip(&self.ends) {
            message::set_ticket(&mut self.bytes[begin..end], ticket);
            begin = end;
        }
    }

    /// The message of a chunk.
    pub(super) fn message(&self, chunk: usize) -> &[u8] {
        let begin = if chunk == 0 { 0 } else { self.ends[chunk - 1] };
        &self.bytes[begin..self.ends[chunk]]
    }

    /// The first item of a chunk.
    pub(super) fn first_of(&self, chunk: usize) -> usize {
        chunk * self.per_chunk
    }

    /// How many items a chunk holds.
    pub(super) fn items_of(&self, chunk: usize) -> u32 {
        (self.items - self.first_of(chunk)).min(self.per_chunk) as u32
    }
}

/// What became of one item.
pub(super) type Outcome<R> = Result<R, TaskError>;

/// The results of one call, as far as they have come.
pub(super) struct Results<R> {
    len: usize,
    outcomes: RefCell<Vec<Option<Outcome<R>>>>,
    /// The items in the order in which their results came.
    arrived: RefCell<Vec<usize>>,
    taken: Cell<bool>,
    callback: Cell<Callback<R>>,
    error_callback: Cell<ErrorCallback>,
}

/// Who is to be called with all results.
pub(super) type Callback<R> = Option<Box<dyn FnOnce(&[&R])>>;
/// Who is to be called with the first item that has none, and why.
pub(super) type ErrorCallback = Option<Box<dyn FnOnce(usize, &TaskError)>>;

impl<R> Results<R> {
    /// Of so many items, none of which has come.
    pub(super) fn new(items: usize) -> Self {
        Self {
            len: items,
            outcomes: RefCell::new((0..items).map(|_| None).collect()),
            arrived: RefCell::new(Vec::with_capacity(items)),
            taken: Cell::new(false),
            callback: Cell::new(None),
            error_callback: Cell::new(None),
        }
    }

    /// Whether all have come.
    pub(super) fn are_complete(&self) -> bool {
        self.arrived.borrow().len() == self.len
    }

    /// How many there will be.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether that item's has come.
    pub(super) fn has(&self, item: usize) -> bool {
        self.outcomes.borrow().get(item).is_some_and(Option::is_some)
    }

    /// How many have come.
    pub(super) fn arrived(&self) -> usize {
        self.arrived.borrow().len()
    }

    /// The item whose result was the one after `before` others.
    pub(super) fn arrival(&self, before: usize) -> Option<usize> {
        self.arrived.borrow().get(before).copied()
    }

    /// Takes one item's result, if it has come and was not taken.
    pub(super) fn take(&self, item: usize) -> Option<Outcome<R>> {
        self.outcomes.borrow_mut().get_mut(item)?.take()
    }

    /// Takes all results, which have come; `None` if somebody took them before.
    pub(super) fn take_all(&self) -> Option<Vec<Outcome<R>>> {
        if self.taken.replace(true) {
            return None;
        }
        Some(self.outcomes.take().into_iter().flatten().collect())
    }

    /// Whether all have come and none is a failure.
    pub(super) fn are_good(&self) -> bool {
        self.are_complete() && self.outcomes.borrow().iter().flatten().all(Result::is_ok)
    }

    /// Calls `callback` with all results if all are good, now or when the last one comes.
    pub(super) fn on_success(&self, callback: Callback<R>) {
        self.callback.set(callback);
        self.call_back_if_complete();
    }

    /// Calls `callback` with the first failure, now or when the last result comes.
    pub(super) fn on_failure(&self, callback: ErrorCallback) {
        self.error_callback.set(callback);
        self.call_back_if_complete();
    }

    fn call_back_if_complete(&self) {
        if !self.are_complete() {
            return;
        }
        let outcomes = self.outcomes.borrow();
        let mut failures = outcomes.iter().enumerate().filter_map(|(item, outcome)| {
            outcome.as_ref().and_then(|outcome| Some((item, outcome.as_ref().err()?)))
        });
        if let Some((item, error)) = failures.next() {
            if let Some(callback) = self.error_callback.take() {
                callback(item, error);
            }
        } else if let Some(callback) = self.callback.take() {
            let values: Vec<&R> = outcomes.iter().flatten().flatten().collect();
            callback(&values);
        }
    }
}

impl<R: DeserializeOwned> Receive for Results<R> {
    #[inline]
    fn receive(&self, item: usize, outcome: Outcome<&[u8]>) -> bool {
        let outcome = outcome.and_then(|bytes| {
            let fault = |error: postcard::Error| TaskError::Unsendable { text: error.to_string() };
            postcard::from_bytes(bytes).map_err(fault)
        });
        let mut arrived = self.arrived.borrow_mut();
        self.outcomes.borrow_mut()[item] = Some(outcome);
        arrived.push(item);
        arrived.len() == self.len
    }

    fn call_back(&self) {
        self.call_back_if_complete();
    }
}

//! What a call that does not wait gives back: something to ask, to wait for, to take results from.

use std::rc::Rc;
use std::time::Duration;

use super::job::{Outcome, Results};
use super::{PoolError, TaskError};
use crate::mp::sys::Deadline;

/// A pool that can be made to do its part.
pub(super) trait Pump {
    /// Sends tasks and receives results until that is true, or the deadline has come; tells whether
    /// it is true.
    fn pump(&self, until: &dyn Fn() -> bool, deadline: Deadline) -> Result<bool, PoolError>;
}

/// The pool, and the results of one call.
struct Pending<'p, R> {
    pool: &'p dyn Pump,
    results: Rc<Results<R>>,
}

impl<R> Pending<'_, R> {
    fn wait(&self, deadline: Deadline) -> Result<bool, PoolError> {
        self.pool.pump(&|| self.results.are_complete(), deadline)
    }

    fn ready(&self) -> bool {
        self.wait(Deadline::after(Duration::ZERO)).unwrap_or(false)
    }

    fn outcomes(&self, deadline: Deadline) -> Result<Vec<Outcome<R>>, PoolError> {
        if !self.wait(deadline)? {
            return Err(PoolError::TimedOut);
        }
        self.results.take_all().ok_or(PoolError::Taken)
    }

    fn values(&self, deadline: Deadline) -> Result<Vec<R>, PoolError> {
        let outcomes = self.outcomes(deadline)?.into_iter().enumerate();
        outcomes.map(|(index, outcome)| value(index, outcome)).collect()
    }

    fn successful(&self) -> Option<bool> {
        self.ready().then(|| self.results.are_good())
    }
}

fn value<R>(index: usize, outcome: Outcome<R>) -> Result<R, PoolError> {
    outcome.map_err(|error| PoolError::Task { index, error })
}

/// The result of one task, as it will be: Python's `AsyncResult`.
///
/// The pool has no thread: tasks that did not fit into its queue go out, results come in and callbacks
/// are called while somebody is in one of these methods, of this result or of any other of the pool.
/// (The workers work all the time.) Python has three threads for that.
pub struct AsyncResult<'p, R>(Pending<'p, R>);

/// The results of many tasks, as they will be: Python's `MapResult`. See [`AsyncResult`].
pub struct MapResult<'p, R>(Pending<'p, R>);

macro_rules! asking {
    ($result:ident) => {
        impl<'p, R> $result<'p, R> {
            pub(super) fn new(pool: &'p dyn Pump, results: Rc<Results<R>>) -> Self {
                Self(Pending { pool, results })
            }

            /// Whether all is done. It does not wait, but receives what is there.
            #[must_use]
            pub fn ready(&self) -> bool {
                self.0.ready()
            }

            /// Whether all is done and nothing failed; `None` if not all is done (Python raises
            /// `ValueError`).
            #[must_use]
            pub fn successful(&self) -> Option<bool> {
                self.0.successful()
            }

            /// Waits until all is done, no longer than `bound`, and no shorter; tells whether it is.
            ///
            /// # Errors
            /// [`PoolError::Terminated`], [`PoolError::Initializer`] or [`PoolError::Start`].
            pub fn wait(&self, bound: Duration) -> Result<bool, PoolError> {
                self.0.wait(Deadline::after(bound))
            }

            /// Calls back with the first failure, once all is done: Python's `error_callback`. It runs
            /// in the process, and in the call, that learns of it: in `get`, `wait` or `ready` of any
            /// result of the pool. Python runs it in its result-handler thread.
            #[must_use = "the result can still be waited for"]
            pub fn error_callback(
                self,
                callback: impl FnOnce(usize, &TaskError) + 'static,
            ) -> Self {
                self.0.results.on_failure(Some(Box::new(callback)));
                self
            }
        }
    };
}
asking!(AsyncResult);
asking!(MapResult);

impl<R: 'static> AsyncResult<'_, R> {
    /// Waits for the result, as long as it takes.
    ///
    /// # Errors
    /// [`PoolError::Task`] if there is none, [`PoolError::Taken`] at the second call, and those of
    /// [`wait`](Self::wait).
    pub fn get(&self) -> Result<R, PoolError> {
        self.get_until(Deadline::never())
    }

    /// As [`get`](Self::get), no longer than `bound`, and no shorter. Python's `get(timeout)`.
    ///
    /// # Errors
    /// Also [`PoolError::TimedOut`]; the result may still be got.
    pub fn get_timeout(&self, bound: Duration) -> Result<R, PoolError> {
        self.get_until(Deadline::after(bound))
    }

    fn get_until(&self, deadline: Deadline) -> Result<R, PoolError> {
        if !self.0.wait(deadline)? {
            return Err(PoolError::TimedOut);
        }
        value(0, self.0.results.take(0).ok_or(PoolError::Taken)?)
    }

    /// Calls back with the result, if there is one. See [`error_callback`](Self::error_callback).
    #[must_use = "the result can still be waited for"]
    pub fn callback(self, callback: impl FnOnce(&R) + 'static) -> Self {
        self.0.results.on_success(Some(Box::new(move |results| callback(results[0]))));
        self
    }
}

impl<R> MapResult<'_, R> {
    /// Waits for all results, as long as it takes: one an item, in the items' order.
    ///
    /// # Errors
    /// [`PoolError::Task`] for the first item that has none, [`PoolError::Taken`] at the second call,
    /// and those of [`wait`](Self::wait).
    pub fn get(&self) -> Result<Vec<R>, PoolError> {
        self.0.values(Deadline::never())
    }

    /// As [`get`](Self::get), no longer than `bound`, and no shorter. Python's `get(timeout)`.
    ///
    /// # Errors
    /// Also [`PoolError::TimedOut`]; the results may still be got.
    pub fn get_timeout(&self, bound: Duration) -> Result<Vec<R>, PoolError> {
        self.0.values(Deadline::after(bound))
    }

    /// As [`get`](Self::get), with the outcome of each item: one that failed does not take the results
    /// of the others along. Not in Python.
    ///
    /// # Errors
    /// Those of [`get`](Self::get), but for [`PoolError::Task`].
    pub fn outcomes(&self) -> Result<Vec<Result<R, TaskError>>, PoolError> {
        self.0.outcomes(Deadline::never())
    }

    /// As [`outcomes`](Self::outcomes), no longer than `bound`, and no shorter.
    ///
    /// # Errors
    /// Also [`PoolError::TimedOut`]; the outcomes may still be got.
    pub fn outcomes_timeout(
        &self,
        bound: Duration,
    ) -> Result<Vec<Result<R, TaskError>>, PoolError> {
        self.0.outcomes(Deadline::after(bound))
    }

    /// Calls back with all results, if nothing failed. See [`error_callback`](Self::error_callback).
    #[must_use = "the results can still be waited for"]
    pub fn callback(self, callback: impl FnOnce(&[&R]) + 'static) -> Self {
        self.0.results.on_success(Some(Box::new(callback)));
        self
    }
}

/// Results one by one, while later ones are still being worked on: Python's `IMapIterator` and
/// `IMapUnorderedIterator`.
///
/// A failed item is an error in its place, and the iteration goes on behind it. An error of the pool
/// itself is the last thing that comes.
pub struct Imap<'p, R> {
    pending: Pending<'p, R>,
    given: usize,
    ordered: bool,
    over: bool,
}

impl<'p, R> Imap<'p, R> {
    pub(super) fn new(pool: &'p dyn Pump, results: Rc<Results<R>>, ordered: bool) -> Self {
        Self { pending: Pending { pool, results }, given: 0, ordered, over: false }
    }

    /// The next result, if it comes within `bound`; `None` behind the last one. Python's
    /// `next(timeout)`.
    ///
    /// # Errors
    /// Also [`PoolError::TimedOut`]; the result may still come.
    pub fn next_timeout(&mut self, bound: Duration) -> Option<Result<R, PoolError>> {
        self.next_until(Deadline::after(bound))
    }

    fn next_until(&mut self, deadline: Deadline) -> Option<Result<R, PoolError>> {
        let results = &self.pending.results;
        if self.over || self.given == results.len() {
            return None;
        }
        let place = self.given;
        let is_there = || match self.ordered {
            true => results.has(place),
            false => results.arrived() > place,
        };
        match self.pending.pool.pump(&is_there, deadline) {
            Ok(true) => {}
            Ok(false) => return Some(Err(PoolError::TimedOut)),
            Err(error) => {
                self.over = true;
                return Some(Err(error));
            }
        }
        let item = if self.ordered { Some(place) } else { results.arrival(place) }?;
        self.given += 1;
        Some(value(item, results.take(item)?))
    }
}

impl<R> Iterator for Imap<'_, R> {
    type Item = Result<R, PoolError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_until(Deadline::never())
    }
}

//! The pool's side while somebody waits: chunks go out as far as there is room, results come in, and
//! who died is replaced.
//!
//! **What a worker that died had in hand** is known exactly. It wrote the ticket of its chunk into its
//! word before it took the chunk out of the queue, and the queue hands out chunks in the order of their
//! tickets. So, in this order: the first ticket still in the queue is looked at (all before it have
//! been taken), then the words of the living, and then all results that are there are received. A
//! ticket in a dead worker's word was lost with it unless it is still in the queue, or a living worker
//! has it (the dead one had not taken it yet), or its results have come.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use super::crew::{Crew, Dead};
use super::job::Call;
use super::message::{self, Says};
use super::worker::Holds;
use super::{Line, PoolError, TaskError};
use crate::mp::queue::{Observer, QueueError};
use crate::mp::sys::{self, LONGEST_SLEEP};

/// The most results received in one go.
const BATCH: usize = 1024;

/// A chunk that is not done.
struct Open {
    call: Rc<Call>,
    /// Its number in the call.
    chunk: u32,
    /// Items whose results have come; they come in order.
    received: u32,
    /// Its message, where it is not the call's: some of its items were done by somebody who died.
    remade: Option<Box<[u8]>>,
}

/// Everything the pool knows of what is under way.
pub(super) struct Dispatch<O: Observer + Clone + 'static> {
    line: Rc<Line<O>>,
    pub(super) crew: Crew<O>,
    /// Chunks by ticket, from `first` on; `None` is done.
    open: VecDeque<Option<Open>>,
    first: u64,
    /// The ticket of the next chunk that is to be put into the queue.
    next: u64,
    undone: usize,
    /// Calls that are complete since somebody last asked.
    complete: Vec<Rc<Call>>,
    /// When the workers were last looked at, and whether one has said that it ends.
    looked_ns: u64,
    one_retired: bool,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl<O: Observer + Clone + 'static> Dispatch<O> {
    pub(super) fn new(line: Rc<Line<O>>, crew: Crew<O>) -> Self {
        Self {
            line,
            crew,
            open: VecDeque::new(),
            first: 0,
            next: 0,
            undone: 0,
            complete: Vec::new(),
            looked_ns: sys::now_ns(),
            one_retired: false,
            bytes: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The ticket that the next chunk gets.
    pub(super) fn next_ticket(&self) -> u64 {
        self.first + self.open.len() as u64
    }

    /// Takes up a call, whose chunks are numbered from the next ticket on.
    pub(super) fn add(&mut self, call: &Rc<Call>) {
        let chunks = call.tasks.len();
        self.undone += chunks;
        self.open.extend(
            (0..chunks as u32).map(|chunk| {
                Some(Open { call: Rc::clone(call), chunk, received: 0, remade: None })
            }),
        );
        if chunks == 0 {
            self.complete.push(Rc::clone(call));
        }
    }

    /// How many chunks are not done.
    pub(super) fn undone(&self) -> usize {
        self.undone
    }

    /// The calls that are complete since this was last asked.
    pub(super) fn take_complete(&mut self) -> Vec<Rc<Call>> {
        std::mem::take(&mut self.complete)
    }

    /// Puts as many chunks into the queue as there is room for.
    pub(super) fn feed(&mut self) -> Result<(), PoolError> {
        let waiting = (self.next - self.first) as usize;
        if waiting == self.open.len() {
            return Ok(());
        }
        let messages = self.open.range(waiting..).flatten().map(Open::message);
        // Not longer than allowed, and only the pool itself closes the queue.
        let put = self.line.tasks.put_fitting(messages).map_err(|_| PoolError::Closed)?;
        self.next += u64::from(put);
        Ok(())
    }

    /// Receives what there is, waiting for the first result no longer than `bound` and no longer than
    /// until the workers must be looked at; looks at them if it is time.
    pub(super) fn receive(&mut self, bound: Duration) -> Result<(), PoolError> {
        let nothing = self.receive_some(bound.min(LONGEST_SLEEP)).is_none();
        let since = sys::now_ns().saturating_sub(self.looked_ns);
        if nothing || self.one_retired || since > LONGEST_SLEEP.as_nanos() as u64 {
            self.look_at_workers()?;
        }
        Ok(())
    }

    /// One batch of results; `None` if there was none in that time.
    fn receive_some(&mut self, bound: Duration) -> Option<()> {
        let (mut bytes, mut ends) =
            (std::mem::take(&mut self.bytes), std::mem::take(&mut self.ends));
        let got = self.line.results.get_bytes_many(BATCH, &mut bytes, &mut ends, bound);
        if got.is_ok() {
            let mut begin = 0;
            for &end in &ends {
                self.take_answer(&bytes[begin..end]);
                begin = end;
            }
        }
        (self.bytes, self.ends) = (bytes, ends);
        got.ok()
    }

    #[inline]
    fn take_answer(&mut self, message: &[u8]) {
        let (ticket, says, rest) = message::answer(message);
        match says {
            Says::Result => self.settle(ticket, Ok(rest)),
            Says::Retired => {
                self.crew.retires(ticket as usize);
                self.one_retired = true;
            }
            failed => self.settle(ticket, Err(message::failure(failed, rest))),
        }
    }

    /// The next item of that chunk has its outcome.
    #[inline]
    fn settle(&mut self, ticket: u64, outcome: Result<&[u8], TaskError>) {
        let place = (ticket - self.first) as usize;
        let Some(Some(open)) = self.open.get_mut(place) else {
            debug_assert!(false, "an outcome of a chunk that is done");
            return;
        };
        let chunk = open.chunk as usize;
        let item = open.call.tasks.first_of(chunk) + open.received as usize;
        open.received += 1;
        if open.call.results.receive(item, outcome) {
            self.complete.push(Rc::clone(&open.call));
        }
        if open.received == open.call.tasks.items_of(chunk) {
            self.finish(place);
        }
    }

    /// That chunk needs no more.
    #[inline]
    fn finish(&mut self, place: usize) {
        self.open[place] = None;
        self.undone -= 1;
        while let Some(None) = self.open.front() {
            self.open.pop_front();
            self.first += 1;
        }
    }

    /// Replaces the workers that have ended, and settles what they had in hand.
    #[cold]
    fn look_at_workers(&mut self) -> Result<(), PoolError> {
        self.looked_ns = sys::now_ns();
        self.one_retired = false;
        let dead = self.crew.dead();
        if dead.is_empty() {
            return self.crew.replace();
        }
        let Some(in_queue) = self.first_in_queue() else {
            // A worker that was stopped holds the queue's lock. Nothing can be known before it goes on.
            return Ok(());
        };
        let others = self.crew.held_by_others(&dead);
        while self.receive_some(Duration::ZERO).is_some() {}
        for Dead { number, holds, exit } in dead {
            self.crew.bury(number)?;
            if let Holds::Ticket(ticket) = holds
                && ticket < in_queue
                && !others.contains(&ticket)
            {
                self.lose(ticket, TaskError::WorkerDied { exit });
            }
        }
        self.crew.replace()
    }

    /// The ticket of the first chunk in the queue; `None` if it cannot be learnt now.
    fn first_in_queue(&self) -> Option<u64> {
        let mut message = Vec::new();
        match self.line.tasks.peek_bytes(&mut message, LONGEST_SLEEP) {
            Ok(()) => Some(message::ticket(&message)),
            Err(QueueError::Empty) => Some(self.next),
            Err(_) => None,
        }
    }

    /// A worker took that chunk along: the item in its hand has no result, and those behind it are
    /// given to somebody else.
    fn lose(&mut self, ticket: u64, error: TaskError) {
        let place = ticket.checked_sub(self.first).map(|place| place as usize);
        let Some(Some(open)) = place.and_then(|place| self.open.get_mut(place)) else {
            // All its results had come.
            return;
        };
        let (call, chunk, done) = (Rc::clone(&open.call), open.chunk, open.received + 1);
        self.settle(ticket, Err(error));
        if done == call.tasks.items_of(chunk as usize) {
            return;
        }
        self.finish(ticket.saturating_sub(self.first) as usize);
        let mut message = Box::<[u8]>::from(call.tasks.message(chunk as usize));
        message::set_ticket(&mut message, self.next_ticket());
        message::set_skip(&mut message, done);
        self.undone += 1;
        self.open.push_back(Some(Open { call, chunk, received: done, remade: Some(message) }));
    }
}

impl Open {
    #[inline]
    fn message(&self) -> &[u8] {
        self.remade.as_deref().unwrap_or_else(|| self.call.tasks.message(self.chunk as usize))
    }
}

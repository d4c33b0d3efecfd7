//! What a pool asks of a queue beyond what users do: messages as bytes, many at once, and a word
//! about a message while it is still in the queue.

use std::time::Duration;

use super::transfer::Patience;
use super::{Observer, Queue, QueueError};
use crate::mp::sys::Deadline;

impl<T, O: Observer> Queue<T, O> {
    /// The length of the longest message that can ever fit.
    pub(in crate::mp) fn longest(&self) -> usize {
        self.ring.longest()
    }

    /// Puts the first of `messages`, as many as fit now, without waiting for room; returns how many.
    /// None is [too long](Self::longest).
    pub(in crate::mp) fn put_fitting<'m>(
        &self,
        messages: impl Iterator<Item = &'m [u8]>,
    ) -> Result<u32, QueueError> {
        let mut rest = messages.peekable();
        let mut put = 0;
        loop {
            match self.put_some(&mut rest, Patience::None) {
                Ok(0) | Err(QueueError::Full { .. }) => return Ok(put),
                Ok(more) => put += more,
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the next message, in place of what `message` held. `note` is told its bytes before it is
    /// taken: whoever dies after that has left word of what it may have taken along.
    pub(in crate::mp) fn get_noting(
        &self,
        message: &mut Vec<u8>,
        note: impl FnMut(&[u8]),
    ) -> Result<(), QueueError> {
        message.clear();
        self.take(1, message, note, Patience::FOR_EVER)
    }

    /// Takes all messages that are there, at most `max`, one behind the other in place of what
    /// `bytes` held, and where each ends. Waits for the first no longer than `bound`.
    pub(in crate::mp) fn get_bytes_many(
        &self,
        max: usize,
        bytes: &mut Vec<u8>,
        ends: &mut Vec<usize>,
        bound: Duration,
    ) -> Result<(), QueueError> {
        bytes.clear();
        ends.clear();
        let patience = match bound {
            Duration::ZERO => Patience::None,
            bound => Patience::Until(Deadline::after(bound)),
        };
        self.take(max, bytes, |all| ends.push(all.len()), patience)
    }

    /// The next message, which stays in the queue, in place of what `message` held.
    ///
    /// # Errors
    /// [`Empty`](QueueError::Empty) if there is none, and [`TimedOut`](QueueError::TimedOut) if that
    /// could not be learnt, as a consumer that must be stopped held the lock all the time.
    pub(in crate::mp) fn peek_bytes(
        &self,
        message: &mut Vec<u8>,
        bound: Duration,
    ) -> Result<(), QueueError> {
        message.clear();
        let Some(mut reader) = self.ring.reader(|| bound) else {
            return Err(QueueError::TimedOut { what: "the consumers' lock" });
        };
        if !reader.has_message() {
            return Err(QueueError::Empty);
        }
        reader.read(message, |_| ());
        Ok(())
    }
}

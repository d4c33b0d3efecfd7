//! How a message gets in and out: the loops of producers and consumers around the ring, step by
//! step, and how long each is ready to wait.

use std::iter::Peekable;
use std::time::Duration;

use super::ring::{Reader, Writer};
use super::{Observer, Queue, QueueError, Step};
use crate::mp::sys::{self, Deadline, LONGEST_SLEEP};

/// How long somebody waits for room or for a message.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    /// Not at all.
    None,
    /// Until this moment.
    Until(Deadline),
}

impl Patience {
    pub(super) const FOR_EVER: Self = Self::Until(Deadline::never());

    /// How long to wait for the lock, which others hold only while they copy. Even who does not wait
    /// for messages waits for that: a moment's busy lock does not make a queue empty.
    pub(super) fn for_lock(self) -> Duration {
        match self {
            Self::None => LONGEST_SLEEP,
            Self::Until(deadline) => deadline.left(),
        }
    }

    /// How long is left to sleep; the error if nothing is: `at_once` for who does not wait at all.
    fn left(self, at_once: QueueError, what: &'static str) -> Result<Duration, QueueError> {
        match self {
            Self::None => Err(at_once),
            Self::Until(deadline) if deadline.is_over() => Err(QueueError::TimedOut { what }),
            Self::Until(deadline) => Ok(deadline.left()),
        }
    }
}

impl<T, O: Observer> Queue<T, O> {
    /// Puts messages in order: as many as fit under one lock and by one commit, again and again.
    #[inline]
    pub(super) fn put_all<'m>(
        &self,
        messages: impl Iterator<Item = &'m [u8]> + Clone,
        patience: Patience,
    ) -> Result<(), QueueError> {
        let limit = self.ring.longest();
        if let Some(long) = messages.clone().find(|message| message.len() > limit) {
            return Err(QueueError::TooLarge { len: long.len(), limit });
        }
        let mut rest = messages.peekable();
        while self.put_some(&mut rest, patience)? > 0 {}
        Ok(())
    }

    /// Waits until the next of `rest` fits, and puts as many as fit then, under one lock and by one
    /// commit. Returns how many; 0 when there was none to put. None is longer than the ring allows.
    #[inline]
    pub(super) fn put_some<'m>(
        &self,
        rest: &mut Peekable<impl Iterator<Item = &'m [u8]>>,
        patience: Patience,
    ) -> Result<u32, QueueError> {
        let Some(len) = rest.peek().map(|next| next.len()) else {
            return Ok(0);
        };
        let mut writer = self.wait_for_writer(len, patience)?;
        self.observer.after(Step::PutLocked);
        let mut written = 0;
        while let Some(message) = rest.next_if(|next| writer.fits(next.len())) {
            writer.write(message, |step| self.observer.after(step));
            written += 1;
        }
        writer.commit();
        self.observer.after(Step::PutCommitted);
        drop(writer);
        self.observer.after(Step::PutUnlocked);
        let waking = || self.observer.after(Step::PutWakes);
        if self.ring.no_message().notify(written, waking) {
            self.observer.after(Step::PutWoken);
        }
        Ok(written)
    }

    /// Waits until there is room for `len` bytes and this process may write there.
    ///
    /// Who waits for much room keeps the lock: producers of small messages would take the room before
    /// there is ever enough. Who waits for little does not, as it will find room when it is woken.
    #[inline]
    fn wait_for_writer(&self, len: usize, patience: Patience) -> Result<Writer<'_>, QueueError> {
        loop {
            let Some(mut writer) = self.ring.writer(|| patience.for_lock()) else {
                patience.left(QueueError::Full { len }, "room")?;
                continue;
            };
            loop {
                if self.ring.is_closed() {
                    return Err(QueueError::Closed);
                }
                if writer.fits(len) {
                    return Ok(writer);
                }
                if !self.ring.is_large(len) {
                    break;
                }
                self.wait_for_room(len, patience)?;
            }
            drop(writer);
            self.wait_for_room(len, patience)?;
        }
    }

    /// Sleeps once, or not at all if there is room now.
    #[cold]
    fn wait_for_room(&self, len: usize, patience: Patience) -> Result<(), QueueError> {
        let bound = patience.left(QueueError::Full { len }, "room")?;
        if self.gives_way(|| self.ring.fits(len)) {
            return Ok(());
        }
        let sleeper = self.ring.no_room().announce();
        if !self.ring.fits(len) && !self.ring.is_closed() {
            self.observer.after(Step::PutWaits);
            sleeper.sleep(bound);
        }
        Ok(())
    }

    /// Waits for a message and appends at most `max` of those that are there to `bytes`. After each,
    /// while it is still in the queue, `each` is told all that was appended so far.
    #[inline]
    pub(super) fn take(
        &self,
        max: usize,
        bytes: &mut Vec<u8>,
        mut each: impl FnMut(&[u8]),
        patience: Patience,
    ) -> Result<(), QueueError> {
        let mut reader = self.wait_for_reader(patience)?;
        self.observer.after(Step::GetLocked);
        for taken in 0..max {
            if taken > 0 && !reader.has_message() {
                break;
            }
            reader.read(bytes, |step| self.observer.after(step));
            each(bytes);
        }
        let half_empty = reader.commit();
        self.observer.after(Step::GetCommitted);
        drop(reader);
        self.observer.after(Step::GetUnlocked);
        // Not for each message: a producer that is woken has room for many.
        let waking = || self.observer.after(Step::GetWakes);
        if half_empty && self.ring.no_room().notify(u32::MAX, waking) {
            self.observer.after(Step::GetWoken);
        }
        Ok(())
    }

    /// Waits until there is a message and this process may read it.
    #[inline]
    fn wait_for_reader(&self, patience: Patience) -> Result<Reader<'_>, QueueError> {
        loop {
            if let Some(mut reader) = self.ring.reader(|| patience.for_lock()) {
                if reader.has_message() {
                    return Ok(reader);
                }
                drop(reader);
                self.wait_for_message(patience)?;
            } else {
                patience.left(QueueError::Empty, "a message")?;
            }
        }
    }

    /// Looks for a while, then sleeps once; neither if there is a message now.
    #[cold]
    fn wait_for_message(&self, patience: Patience) -> Result<(), QueueError> {
        if self.ring.is_closed() && self.ring.is_drained(|| patience.for_lock()) {
            return Err(QueueError::Closed);
        }
        let bound = patience.left(QueueError::Empty, "a message")?;
        for &pause in self.pauses {
            (0..pause).for_each(|_| sys::spin_loop());
            if !self.ring.is_empty() {
                return Ok(());
            }
        }
        if self.gives_way(|| !self.ring.is_empty()) {
            return Ok(());
        }
        let sleeper = self.ring.no_message().announce();
        if self.ring.is_empty() && !self.ring.is_closed() {
            self.observer.after(Step::GetWaits);
            sleeper.sleep(bound);
        }
        Ok(())
    }

    /// On one CPU, lets the other side run before this one goes to sleep, and returns whether that
    /// was enough. Sleeping at once is dearer by far there: the next message wakes the sleeper, which
    /// takes the CPU from the one who would have written many more, and sleeps again.
    fn gives_way(&self, enough: impl Fn() -> bool) -> bool {
        self.pauses.is_empty() && {
            sys::yield_now();
            enough()
        }
    }
}

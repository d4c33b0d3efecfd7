//! `Queue`: messages between many producers and many consumers, through memory that they share.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::sys::{self, Deadline, MapError};

mod error;
mod event_count;
mod raw;
mod ring;
mod step;
mod transfer;

pub use error::QueueError;
pub use step::{Observer, Step, Unobserved};

use ring::Ring;
use transfer::Patience;

/// A queue of messages between processes: any number of producers put, any number of consumers get.
///
/// **Python's** `Queue` is a pipe, a lock for those who read it, one for those who write it, a
/// semaphore that counts the items, and in each process that puts a buffer without bound and a
/// *feeder thread*, which pickles the buffered items and writes them to the pipe
/// (Lib/multiprocessing/queues.py). So `put` returns before anything is sent; a process that has put
/// does not end before its feeder has written all, and the pipe holds 64 KiB: joining it before
/// somebody has got its items hangs ("Joining processes that use queues" in Python's guidelines). An
/// item that cannot be pickled is lost by the feeder, with a traceback on stderr and no error from
/// `put`. And a process that is killed while it holds one of the locks, which is what a consumer
/// does all the time it waits in `get`, wedges the queue for all the others.
///
/// **Here** it is a ring of bytes in shared memory under two robust locks
/// ([`Lock`](super::Lock)), one for producers and one for consumers:
/// - There is no feeder. When `put` returns, the message is in the queue, and joining a process
///   never depends on who reads. When there is no room, `put` waits, and the error of a value that
///   cannot be serialised is the error of `put`.
/// - A process may be killed at any [`Step`]. The message is written first and then committed by
///   one store, so a producer loses at most the message that its `put` had not confirmed, a consumer
///   at most the one that its `get` had taken and not returned, and nobody ever sees a torn message
///   or gets one twice. The dead owner's lock goes to the next one, who finds the ring whole.
/// - No lock is held while waiting, but for one: a message of more than half the capacity keeps the
///   others from putting until it has its room, which they would take for ever.
/// - A process that is *stopped* while it holds a lock holds up its own side until it is continued or
///   killed.
///
/// **First in, first out** is true for the messages of *one* producer, and for one consumer. Which
/// of two producers is first is decided by who gets the lock, and two consumers may finish in any
/// order with what they got in order. In Python too, where it is also the feeders that race.
///
/// Values go through serde and postcard, before the lock is taken and after it is given back; all
/// processes must use the same type, as the bytes do not say which it is. Bytes have a way of their
/// own, [`put_bytes`](Self::put_bytes), as serde takes them one by one.
///
/// Make the queue before the fork and use it by reference in the child. It costs two pages for the
/// locks, which are never given back (see [`Lock`](super::Lock)), and until it is dropped one page
/// for the positions and the ring, whose capacity is rounded up to a power of two in memory.
///
/// ```standalone_crate
/// use parlab::mp::{Process, Queue};
///
/// let queue = Queue::new(4096)?;
/// let mut child = Process::new("squares", || {
///     for number in 1..=3u32 {
///         queue.put(&(number * number)).expect("nobody closes it");
///     }
/// });
/// child.start().expect("it starts");
/// child.join().expect("it ends without anybody reading");
/// assert_eq!(queue.get_many(10).expect("all are there"), [1, 4, 9]);
/// # Ok::<(), parlab::mp::MapError>(())
/// ```
pub struct Queue<T, O = Unobserved> {
    ring: Ring,
    observer: O,
    pauses: &'static [u32],
    carries: PhantomData<fn(T) -> T>,
}

/// How long a consumer pauses before each look, before it sleeps; all together it is about as long as
/// a wake would take.
///
/// Even the first pause is long, about a microsecond: a look takes the cache line with the position
/// away from the producer, and a consumer that looks at once finds one message each time and pays
/// for the line with each. One that comes later finds several.
const PAUSES: &[u32] = &[32, 32, 32, 32, 32, 64, 64];

impl<T> Queue<T> {
    /// Makes an empty queue that holds `capacity` bytes: of each message its length, and 4 more.
    /// A message of a small number takes 5 to 9.
    ///
    /// # Errors
    /// [`MapError`] if there is no memory for it.
    pub fn new(capacity: usize) -> Result<Self, MapError> {
        Self::observed(capacity, Unobserved)
    }
}

impl<T, O: Observer> Queue<T, O> {
    /// As [`new`](Queue::new), with an observer that is told of each [`Step`] of putting and
    /// getting, in the process that takes it. Not in Python.
    ///
    /// # Errors
    /// [`MapError`] if there is no memory for it.
    pub fn observed(capacity: usize, observer: O) -> Result<Self, MapError> {
        let ring = Ring::new(capacity)?;
        // On one CPU whoever spins keeps away the one who would end the wait.
        let several_cpus = sys::affinity().is_ok_and(|cpus| cpus.len() > 1);
        let pauses = if several_cpus { PAUSES } else { &[] };
        Ok(Self { ring, observer, pauses, carries: PhantomData })
    }

    /// How many bytes it holds, 4 for each message included.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// How many bytes of messages are in it at this moment, 4 for each message included. Python's
    /// `qsize` counts messages; this queue does not, as a count beside the position could not be
    /// changed in the same store.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.ring.used()
    }

    /// Whether there is no message at this moment. Python's `empty()`, which may still say true just
    /// after a `put`; this one does not.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Puts bytes, waiting as long as it takes for room. The other end gets them by
    /// [`get_bytes`](Self::get_bytes).
    ///
    /// # Errors
    /// [`TooLarge`](QueueError::TooLarge) or [`Closed`](QueueError::Closed).
    pub fn put_bytes(&self, message: &[u8]) -> Result<(), QueueError> {
        self.put_all(std::iter::once(message), Patience::FOR_EVER)
    }

    /// Takes the next message as bytes, waiting for it as long as it takes.
    ///
    /// # Errors
    /// [`Closed`](QueueError::Closed).
    pub fn get_bytes(&self) -> Result<Vec<u8>, QueueError> {
        let mut message = Vec::new();
        self.get_bytes_into(&mut message)?;
        Ok(message)
    }

    /// As [`get_bytes`](Self::get_bytes), in place of what `message` held, whose memory is used
    /// again: fresh memory for a large message costs as much as the copy. Not in Python.
    ///
    /// # Errors
    /// [`Closed`](QueueError::Closed).
    pub fn get_bytes_into(&self, message: &mut Vec<u8>) -> Result<(), QueueError> {
        message.clear();
        self.take(1, message, |_| (), Patience::FOR_EVER)
    }

    /// Lets nobody put any more, and wakes all who wait. Whatever was put can still be got; after
    /// that, `get` says [`Closed`](QueueError::Closed). Python 3.13's `shutdown()` of `queue.Queue`;
    /// its `multiprocessing.Queue.close()` closes it for the calling process alone.
    pub fn close(&self) {
        self.ring.close();
        self.ring.no_message().notify(u32::MAX, || ());
        self.ring.no_room().notify(u32::MAX, || ());
    }
}

impl<T: Serialize, O: Observer> Queue<T, O> {
    /// Puts a value, waiting as long as it takes for room. When it returns, the value is in the
    /// queue.
    ///
    /// # Errors
    /// [`Encode`](QueueError::Encode), [`TooLarge`](QueueError::TooLarge) or
    /// [`Closed`](QueueError::Closed).
    #[inline]
    pub fn put(&self, value: &T) -> Result<(), QueueError> {
        self.put_value(value, Patience::FOR_EVER)
    }

    /// As [`put`](Self::put), waiting no longer than `bound`, and no shorter. Python's
    /// `put(timeout=…)`.
    ///
    /// # Errors
    /// Also [`TimedOut`](QueueError::TimedOut).
    pub fn put_timeout(&self, value: &T, bound: Duration) -> Result<(), QueueError> {
        self.put_value(value, Patience::Until(Deadline::after(bound)))
    }

    /// Puts a value if there is room. Python's `put_nowait`.
    ///
    /// # Errors
    /// As for [`put`](Self::put), and [`Full`](QueueError::Full): also when another producer, which
    /// waits for much room or is stopped, held the lock for 50 ms.
    pub fn try_put(&self, value: &T) -> Result<(), QueueError> {
        self.put_value(value, Patience::None)
    }

    /// Puts values in order, as many at once as there is room for, waiting as long as it takes: one
    /// lock, one store and one wake for many messages. Values of other producers may come between.
    /// Not in Python.
    ///
    /// # Errors
    /// [`Encode`](QueueError::Encode) or [`TooLarge`](QueueError::TooLarge), and then none was put;
    /// or [`Closed`](QueueError::Closed), and then the first ones may have been.
    pub fn put_many(&self, values: &[T]) -> Result<(), QueueError> {
        with_buffer(|bytes| {
            let mut ends = Vec::with_capacity(values.len());
            for value in values {
                encode(value, bytes)?;
                ends.push(bytes.len());
            }
            self.put_all(cut(bytes, &ends), Patience::FOR_EVER)
        })
    }

    #[inline]
    fn put_value(&self, value: &T, patience: Patience) -> Result<(), QueueError> {
        with_buffer(|bytes| {
            encode(value, bytes)?;
            self.put_all(std::iter::once(&bytes[..]), patience)
        })
    }
}

impl<T: DeserializeOwned, O: Observer> Queue<T, O> {
    /// Takes the next value, waiting for it as long as it takes.
    ///
    /// # Errors
    /// [`Closed`](QueueError::Closed) or [`Decode`](QueueError::Decode).
    #[inline]
    pub fn get(&self) -> Result<T, QueueError> {
        self.get_value(Patience::FOR_EVER)
    }

    /// As [`get`](Self::get), waiting no longer than `bound`, and no shorter. Python's
    /// `get(timeout=…)`.
    ///
    /// # Errors
    /// Also [`TimedOut`](QueueError::TimedOut).
    pub fn get_timeout(&self, bound: Duration) -> Result<T, QueueError> {
        self.get_value(Patience::Until(Deadline::after(bound)))
    }

    /// Takes the next value if there is one. Python's `get_nowait`.
    ///
    /// # Errors
    /// As for [`get`](Self::get), and [`Empty`](QueueError::Empty): also when another consumer, which
    /// must be stopped or starved, held the lock for 50 ms.
    pub fn try_get(&self) -> Result<T, QueueError> {
        self.get_value(Patience::None)
    }

    /// Waits as long as it takes for a value, and takes at most `max` of those that are there then,
    /// in one go. Not in Python.
    ///
    /// # Errors
    /// As for [`get`](Self::get). If one value cannot be decoded, those taken with it are lost.
    pub fn get_many(&self, max: usize) -> Result<Vec<T>, QueueError> {
        self.get_values(max, Patience::FOR_EVER)
    }

    /// As [`get_many`](Self::get_many), waiting for the first value no longer than `bound`, and no
    /// shorter.
    ///
    /// # Errors
    /// Also [`TimedOut`](QueueError::TimedOut).
    pub fn get_many_timeout(&self, max: usize, bound: Duration) -> Result<Vec<T>, QueueError> {
        self.get_values(max, Patience::Until(Deadline::after(bound)))
    }

    fn get_values(&self, max: usize, patience: Patience) -> Result<Vec<T>, QueueError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        with_buffer(|bytes| {
            let mut ends = Vec::new();
            self.take(max, bytes, |all| ends.push(all.len()), patience)?;
            cut(bytes, &ends).map(decode).collect()
        })
    }

    #[inline]
    fn get_value(&self, patience: Patience) -> Result<T, QueueError> {
        with_buffer(|bytes| {
            self.take(1, bytes, |_| (), patience)?;
            decode(bytes)
        })
    }
}

impl<T, O> fmt::Debug for Queue<T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len_bytes", &self.ring.used())
            .field("capacity", &self.ring.capacity())
            .field("closed", &self.ring.is_closed())
            .finish_non_exhaustive()
    }
}

/// Appends the value as bytes.
pub(super) fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), QueueError> {
    postcard::serialize_with_flavor(value, Appended(bytes)).map_err(QueueError::Encode)
}

/// Bytes that are appended where they are. postcard's own way to a `Vec` moves it in and out, and the
/// processor, which has just written it in three words, waits to read it as one: that costs a small
/// message a sixth of its time.
struct Appended<'a>(&'a mut Vec<u8>);

impl Flavor for Appended<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// A value that does not use all the bytes is not the one that was put.
fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, QueueError> {
    let fault = |source| QueueError::Decode { len: bytes.len(), source };
    match postcard::take_from_bytes(bytes).map_err(fault)? {
        (value, []) => Ok(value),
        (_, _) => Err(fault(postcard::Error::DeserializeBadEncoding)),
    }
}

/// The messages that lie in `bytes` one behind the other and end at `ends`.
fn cut<'a>(bytes: &'a [u8], ends: &'a [usize]) -> impl Iterator<Item = &'a [u8]> + Clone {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(ends).map(|(start, &end)| &bytes[start..end])
}

/// The largest buffer that is kept for the next message.
const KEPT: usize = 64 * 1024;

/// Lends an empty buffer that is kept from call to call: asking the allocator for one each time
/// would cost a quarter of a small message. A value whose serialisation uses a queue itself gets
/// another one.
#[inline]
fn with_buffer<R>(work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    BUFFER.with(|buffer| {
        let (mut kept, mut other) = (buffer.try_borrow_mut(), Vec::new());
        let bytes = kept.as_deref_mut().unwrap_or(&mut other);
        bytes.clear();
        let answer = work(bytes);
        if bytes.capacity() > KEPT {
            *bytes = Vec::new();
        }
        answer
    })
}

//! Why a message was not put or not got, and what to do about it.

/// Why a message was not put into a [`Queue`](super::Queue), or none was got.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// There is no message now. Python's `Empty`.
    #[error("the queue is empty: get() waits for a message, try_get() does not")]
    Empty,
    /// The message does not fit now. Python's `Full`.
    #[error(
        "the queue is full: {len} bytes do not fit now; put() waits for room, try_put() does not"
    )]
    Full {
        /// Length of the message.
        len: usize,
    },
    /// There was no message, or no room, all the time. Python says `Empty` or `Full` here too.
    #[error(
        "the time was over before there was {what} in the queue: wait longer, or look whether the \
         processes at its other end still run"
    )]
    TimedOut {
        /// `a message` or `room`.
        what: &'static str,
    },
    /// Somebody closed the queue: no message can be put any more, or all that were have been got.
    /// Python 3.13's `ShutDown`.
    #[error("the queue is closed: no message can be put into it, and none is left to get")]
    Closed,
    /// Longer than the queue can ever hold.
    #[error(
        "a message of {len} bytes never fits into this queue, whose limit is {limit}: make the \
         queue larger, or cut the message"
    )]
    TooLarge {
        /// Length of the message.
        len: usize,
        /// The longest message that fits.
        limit: usize,
    },
    /// The value could not be turned into bytes. The queue is as it was.
    #[error("cannot turn the value into bytes to put: {0}")]
    Encode(postcard::Error),
    /// The bytes that came are not a value of the type asked for. They are out of the queue.
    #[error("the {len} bytes got are not a value of the type asked for: {source}")]
    Decode {
        /// How long the message was.
        len: usize,
        /// What the decoder found.
        source: postcard::Error,
    },
}

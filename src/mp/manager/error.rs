//! Why a manager, or a call on one of its objects, could not do what was asked.

use std::io;
use std::path::PathBuf;

use super::address::Address;
use super::authkey::KeyError;
use crate::mp::process::ProcessError;

/// Why a manager, or a call on one of its objects, could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ManagerError {
    /// Something else listens there (`EADDRINUSE`).
    #[error(
        "{address} is taken: choose another port or path, or end the program that listens there"
    )]
    AddressTaken {
        /// Where it was to listen.
        address: Address,
    },
    /// An address that other machines can reach, and nobody said that they may.
    #[error(
        "{address} can be reached from other machines, and what is sent is not encrypted: listen on \
         127.0.0.1, or say that others may connect"
    )]
    NotLoopback {
        /// Where it was to listen.
        address: Address,
    },
    /// Longer than the kernel takes for a Unix socket (108 bytes with its end, unix(7)).
    #[error(
        "the path {} is too long for a socket: {len} bytes, where at most {limit} fit; use a \
         shorter directory (TMPDIR)", path.display()
    )]
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        len: usize,
        /// The most that fit.
        limit: usize,
    },
    /// The server could not be made to listen.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: Address,
        /// What the kernel answered.
        source: io::Error,
    },
    /// The server's process could not be started.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nobody listens there: the server has ended, or was never started.
    #[error("no manager listens on {address}: it has ended, or the address is another's")]
    Gone {
        /// Where it was looked for.
        address: Address,
    },
    /// The connection ended in the middle of a call. Whether the call was carried out is not known.
    #[error(
        "the manager on {address} ended, or dropped this connection, before it answered: whether \
         the call was carried out is not known"
    )]
    Lost {
        /// The server's address.
        address: Address,
    },
    /// The server is there and says nothing. Whether the call was carried out is not known.
    #[error(
        "the manager on {address} has not answered for {seconds} s: it is stopped, or out of reach"
    )]
    NoAnswer {
        /// The server's address.
        address: Address,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The server did not take our proof of the key.
    #[error("the manager on {address} refused this client: their keys differ")]
    WrongKey {
        /// The server's address.
        address: Address,
    },
    /// The server did not prove that it knows the key: nothing was told to it.
    #[error(
        "what listens on {address} did not prove that it knows the key: nothing was sent to it"
    )]
    Unproven {
        /// The server's address.
        address: Address,
    },
    /// What came is not in the language of a manager.
    #[error("what listens on {address} does not speak as a manager of this version does")]
    NotAManager {
        /// The server's address.
        address: Address,
    },
    /// As many clients are connected as the server takes.
    #[error(
        "the manager on {address} has as many clients as it takes: end one, or raise its limit"
    )]
    Busy {
        /// The server's address.
        address: Address,
    },
    /// Longer than a message may be; nothing was sent, nothing has changed.
    #[error(
        "a message of {len} bytes is over the limit of {limit}: send it in parts, or raise the \
         manager's limit; nothing has changed"
    )]
    TooLong {
        /// How long it would be, in bytes.
        len: u64,
        /// The limit.
        limit: u64,
    },
    /// The server stores as much as it may; nothing has changed.
    #[error(
        "the manager stores at most {limit} bytes, and this would be more: remove something, or \
         raise its limit; nothing has changed"
    )]
    StoreFull {
        /// The limit in bytes.
        limit: u64,
    },
    /// The system gave the server no memory; nothing has changed.
    #[error(
        "the system gave the manager no memory for this: send less at once; nothing has changed"
    )]
    NoMemory,
    /// There is no item at that index. Python's `IndexError`.
    #[error("there is no item at {index}: the list has {len}")]
    OutOfRange {
        /// The index asked for.
        index: usize,
        /// How many items there are.
        len: u64,
    },
    /// The namespace has nothing of that name. Python's `AttributeError`.
    #[error("the namespace has nothing called `{name}`: set it first")]
    NoSuchName {
        /// The name.
        name: String,
    },
    /// An object of that name is of another kind.
    #[error("`{name}` is an object of another kind: choose another name")]
    OtherKind {
        /// The name.
        name: String,
    },
    /// The queue is empty. Python's `queue.Empty`.
    #[error("the queue is empty: get() waits for an item, try_get() does not")]
    Empty,
    /// The queue is full. Python's `queue.Full`.
    #[error("the queue is full: put() waits for room, try_put() does not")]
    Full,
    /// The time to wait was over.
    #[error("the time was over before {what}: wait longer, or look whether the others still run")]
    TimedOut {
        /// `there was an item`, `there was room`, `the lock was released`.
        what: &'static str,
    },
    /// Released by a process that does not own it. Python's `RuntimeError` or, for `Lock`, nothing.
    #[error("the lock is not this process's: only who acquired it may release it")]
    NotOwner,
    /// A proxy that belongs to another manager was to be stored in this one.
    #[error("a proxy can be stored only in the manager that its object lives in")]
    ForeignProxy,
    /// An answer that does not belong to the call: the object is gone or of another kind, as it
    /// is when a proxy was received under another type than it was stored under.
    #[error("the manager's answer does not belong to the call: {answer}")]
    Unexpected {
        /// What it said.
        answer: String,
    },
    /// The value could not be turned into bytes.
    #[error("cannot turn the value into bytes to send: {0}")]
    Encode(postcard::Error),
    /// The bytes are not a value of the type asked for.
    #[error("the {len} bytes stored are not a value of the type asked for: {source}")]
    Decode {
        /// How many bytes.
        len: usize,
        /// What the decoder found.
        source: postcard::Error,
    },
    /// Any other answer of the operating system.
    #[error("cannot {verb} the manager on {address}: {source}")]
    Os {
        /// `connect to`, `send to`, `receive from`.
        verb: &'static str,
        /// The server's address.
        address: Address,
        /// What the kernel answered.
        source: io::Error,
    },
}

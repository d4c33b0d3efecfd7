//! What clients and the server say to each other: a call on an object, and the answer to it.
//!
//! Each message is a frame: its length as four bytes, big-endian, as in
//! [`Connection`](crate::mp::Connection), and then the message in postcard's encoding. Values stay
//! bytes on their way: the server stores and hands out what it never decodes, so it needs to know no
//! type of its clients', and nothing that a client sends can make it run anything.

use serde::{Deserialize, Serialize, Serializer};

/// Number of an object in its server; they are given out from 1.
pub type ObjectId = u64;

/// Bytes of a frame's length.
pub(super) const HEADER: usize = 4;

/// What kind of object something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    List,
    Dict,
    Namespace,
    Value,
    Queue,
    Lock,
}

/// The bytes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Blob<'a>(#[serde(borrow)] pub(super) &'a [u8]);

impl Serialize for Blob<'_> {
    /// In one piece: a slice of bytes would go byte by byte.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// How long the server may let a call wait for its answer, in nanoseconds; `None`: for ever.
pub(super) type Wait = Option<u64>;

/// A call on an object.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request<'a> {
    pub(super) object: ObjectId,
    #[serde(borrow)]
    pub(super) call: Call<'a>,
}

/// What can be called. Which kind of object offers what is said in one place, the server's store.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Call<'a> {
    /// Makes an object; one with a name is made only if there is none of that name.
    Make {
        kind: Kind,
        name: Option<&'a str>,
        room: Option<u64>,
    },
    /// How many calls the server has answered before this one.
    Served,
    Len,
    Clear,
    #[serde(borrow)]
    Append(Blob<'a>),
    Extend(Vec<Blob<'a>>),
    At(u64),
    SetAt(u64, Blob<'a>),
    Slice(u64, u64),
    Pop,
    Keyed(Blob<'a>),
    SetKeyed(Blob<'a>, Blob<'a>),
    PopKeyed(Blob<'a>),
    Keys,
    Pairs,
    Load,
    Store(Blob<'a>),
    Put(Blob<'a>, Wait),
    Take(Wait),
    Acquire(Wait),
    Release,
}

/// The answer to a call.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply<'a> {
    Done,
    Number(u64),
    Item(#[serde(borrow)] Option<Blob<'a>>),
    Items(Vec<Blob<'a>>),
    Pairs(Vec<(Blob<'a>, Blob<'a>)>),
    /// A lock that is the caller's now; true: its last owner died with it.
    Acquired(bool),
    Refused(Refusal),
}

/// Why the server did not do what was asked; nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Refusal {
    /// The bytes were not a request.
    NotUnderstood,
    /// There is no such object.
    NoObject,
    /// The object has no such method.
    NotOffered,
    /// An object of that name is of another kind.
    OtherKind,
    /// There is no item at that index; the list is so long.
    OutOfRange(u64),
    /// The queue has no item, or no room, and the call would not wait.
    WouldWait,
    /// The time to wait was over.
    TimedOut,
    /// Releasing a lock that is not the caller's.
    NotOwner,
    /// What the server stores would be more than it may, in bytes.
    StoreFull(u64),
    /// The answer would be so long, in bytes, where a message may have only so many.
    AnswerTooLong(u64, u64),
    /// The system gave the server no memory for it.
    NoMemory,
}

/// Appends a message to `frames`, with its header before it.
pub(super) fn frame(frames: &mut Vec<u8>, message: &impl Serialize) -> postcard::Result<()> {
    let start = frames.len();
    frames.extend([0; HEADER]);
    *frames = postcard::to_extend(message, std::mem::take(frames))?;
    let len = (frames.len() - start - HEADER) as u32;
    frames[start..start + HEADER].copy_from_slice(&len.to_be_bytes());
    Ok(())
}

/// Bytes as a message; `None` if they are none, or more than one.
pub(super) fn understood<'a, M: Deserialize<'a>>(bytes: &'a [u8]) -> Option<M> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Some(message),
        _ => None,
    }
}

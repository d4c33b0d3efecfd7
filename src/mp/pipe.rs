//! `Pipe()` and `Pipe(False)`: two connected ends for messages, over a socketpair or a pipe.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, send, sendmsg};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::sys;

mod watch;

pub use watch::wait;

/// The longest message that a [`Connection`] takes or gives, unless told otherwise: 1 GiB.
pub const DEFAULT_LIMIT: usize = 1 << 30;

/// The most bytes before a message: see [`header`].
const HEADER: usize = 12;

/// Up to how many bytes a message is copied behind its header.
const SHORT: usize = 256;

/// Why a message was not sent or not received.
#[derive(Debug, thiserror::Error)]
pub enum PipeError {
    /// Every handle of the other end is closed, in every process, and no message is left.
    #[error("the other end of the connection is closed: nobody is left to send or to receive")]
    Closed,
    /// The other end was closed, or its process died, in the middle of a message.
    #[error(
        "the other end was closed in the middle of a message: {got} of {expected} bytes arrived; \
         its process probably died while it sent"
    )]
    Truncated {
        /// Bytes of the message, or of its header, that arrived.
        got: usize,
        /// Bytes that were announced.
        expected: usize,
    },
    /// Longer than this connection's limit. When it was to be received, what comes next on the
    /// connection is no longer known to be a message: close it.
    #[error(
        "a message of {len} bytes is over this connection's limit of {limit}: raise the limit at \
         both ends, or close the connection if no such message was sent"
    )]
    TooLong {
        /// Length of the message, or what stands where a length should.
        len: u64,
        /// The limit.
        limit: usize,
    },
    /// Sent on a reading end, or received on a writing end, of a one-way pipe.
    #[error("this end of a one-way pipe cannot {verb}: use the other end, or a two-way pipe()")]
    WrongDirection {
        /// `send`, `receive` or `poll`.
        verb: &'static str,
    },
    /// The value could not be turned into bytes.
    #[error("cannot turn the value into bytes to send: {0}")]
    Encode(postcard::Error),
    /// The bytes that came are not a value of the type asked for.
    #[error("the {len} bytes received are not a value of the type asked for: {source}")]
    Decode {
        /// How long the message was.
        len: usize,
        /// What the decoder found.
        source: postcard::Error,
    },
    /// Any other answer of the operating system.
    #[error("cannot {verb} on the connection: {source}")]
    Os {
        /// What was tried.
        verb: &'static str,
        /// What the kernel answered.
        source: io::Error,
    },
}

/// A two-way connection: each end sends and receives. Python's `Pipe()`, and like it a pair of
/// connected Unix sockets (socketpair(2)). Closed on exec.
///
/// # Errors
/// `EMFILE` or `ENFILE` when too many descriptors are open.
pub fn pipe() -> io::Result<(Connection, Connection)> {
    let (one, other) = UnixStream::pair()?;
    let end = |socket: UnixStream| Connection::new(OwnedFd::from(socket), Kind::Socket);
    Ok((end(one), end(other)))
}

/// A one-way connection: (reader, writer). Python's `Pipe(duplex=False)`, and like it a pipe(2).
/// Closed on exec.
///
/// # Errors
/// As for [`pipe`].
pub fn pipe_oneway() -> io::Result<(Connection, Connection)> {
    let (reader, writer) = io::pipe()?;
    Ok((Connection::new(reader.into(), Kind::Reader), Connection::new(writer.into(), Kind::Writer)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Socket,
    Reader,
    Writer,
}

/// One end of a [`pipe`]: sends and receives whole messages.
///
/// **Python's** `Connection` pickles any object, and unpickling what a stranger sent runs the
/// stranger's code. **Here** a value goes through serde and postcard: bytes are only ever data, but
/// both ends must ask for the same type, as the bytes do not say which it is.
///
/// The frames are Python's (Lib/multiprocessing/connection.py): the length as 4 bytes, big-endian
/// and signed; above 2^31 - 1, a -1 and then the length as 8 bytes. So `send_bytes` here meets
/// `recv_bytes` in Python.
///
/// A message has one reader: if two processes receive on the same end at once, each may get a part
/// of one message, as in Python. Sending blocks while the kernel's buffer is full; receiving blocks
/// while it is empty. An end stays open until its last handle in *any* process is closed: a child
/// that inherits both ends and keeps the one it does not use never sees the end of the messages.
#[derive(Debug)]
pub struct Connection {
    file: File,
    kind: Kind,
    limit: usize,
}

impl Connection {
    fn new(fd: OwnedFd, kind: Kind) -> Self {
        Self { file: File::from(fd), kind, limit: DEFAULT_LIMIT }
    }

    /// The same end with another limit on the length of a message, in bytes. What a received header
    /// announces is believed, and memory reserved, only up to the limit.
    #[must_use]
    pub fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Sends bytes as one message; an empty one is a message too.
    ///
    /// # Errors
    /// [`Closed`](PipeError::Closed), [`TooLong`](PipeError::TooLong),
    /// [`WrongDirection`](PipeError::WrongDirection), or [`Os`](PipeError::Os).
    pub fn send_bytes(&self, message: &[u8]) -> Result<(), PipeError> {
        if self.kind == Kind::Reader {
            return Err(PipeError::WrongDirection { verb: "send" });
        }
        if message.len() > self.limit {
            return Err(PipeError::TooLong { len: message.len() as u64, limit: self.limit });
        }
        let (header, used) = header(message.len());
        let header = &header[..used];
        // Header and message in one call: on a pipe, up to PIPE_BUF bytes (4096) then arrive in one
        // piece even when several processes send. A short message is copied behind its header, as
        // the kernel takes one part faster than two.
        let mut short = [0; HEADER + SHORT];
        let mut parts = [IoSlice::new(header), IoSlice::new(message)];
        let mut parts = if message.len() <= SHORT {
            let end = used + message.len();
            short[..used].copy_from_slice(header);
            short[used..end].copy_from_slice(message);
            parts[0] = IoSlice::new(&short[..end]);
            &mut parts[..1]
        } else {
            &mut parts[..]
        };
        while !parts.is_empty() {
            match self.write(parts) {
                Ok(sent) => IoSlice::advance_slices(&mut parts, sent),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(os("send", error)),
            }
        }
        Ok(())
    }

    /// Waits for a message and takes it.
    ///
    /// # Errors
    /// [`Closed`](PipeError::Closed), [`Truncated`](PipeError::Truncated),
    /// [`TooLong`](PipeError::TooLong), [`WrongDirection`](PipeError::WrongDirection), or
    /// [`Os`](PipeError::Os).
    pub fn recv_bytes(&self) -> Result<Vec<u8>, PipeError> {
        let mut message = Vec::new();
        self.recv_bytes_into(&mut message)?;
        Ok(message)
    }

    /// As [`recv_bytes`](Self::recv_bytes), in place of what `message` held, whose memory is used
    /// again: fresh memory for a large message costs as much as its way through the kernel. Python's
    /// `recv_bytes_into`, whose buffer does not grow. After an error `message` is empty or holds the
    /// part that came.
    ///
    /// # Errors
    /// As for [`recv_bytes`](Self::recv_bytes).
    pub fn recv_bytes_into(&self, message: &mut Vec<u8>) -> Result<(), PipeError> {
        message.clear();
        let len = self.recv_header()?;
        message.try_reserve_exact(len).map_err(|error| os("receive", error.into()))?;
        let got = self.fill(&mut message.spare_capacity_mut()[..len])?;
        // SAFETY: `fill` has filled so many bytes from the beginning of the spare capacity, which
        // begins at 0.
        unsafe { message.set_len(got) };
        if got == len { Ok(()) } else { Err(PipeError::Truncated { got, expected: len }) }
    }

    /// The length of the next message.
    fn recv_header(&self) -> Result<usize, PipeError> {
        if self.kind == Kind::Writer {
            return Err(PipeError::WrongDirection { verb: "receive" });
        }
        let short = match self.fill_array::<4>()? {
            (_, 0) => return Err(PipeError::Closed),
            (short, 4) => short,
            (_, got) => return Err(PipeError::Truncated { got, expected: 4 }),
        };
        let len = match i32::from_be_bytes(short) {
            -1 => match self.fill_array::<8>()? {
                (long, 8) => u64::from_be_bytes(long),
                (_, got) => return Err(PipeError::Truncated { got, expected: 8 }),
            },
            // Any other negative length is garbage, told as the huge number that it is unsigned.
            len => u64::from(len as u32),
        };
        let fits = usize::try_from(len).ok().filter(|&len| len <= self.limit);
        fits.ok_or(PipeError::TooLong { len, limit: self.limit })
    }

    /// Sends a value. Python's `send`.
    ///
    /// # Errors
    /// [`Encode`](PipeError::Encode), and as for [`send_bytes`](Self::send_bytes).
    pub fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), PipeError> {
        self.send_bytes(&encode(value)?)
    }

    /// Waits for a value. Python's `recv`, which says `EOFError` where this one says
    /// [`Closed`](PipeError::Closed).
    ///
    /// # Errors
    /// [`Decode`](PipeError::Decode) if the message is no `T`, or more than one; and as for
    /// [`recv_bytes`](Self::recv_bytes).
    pub fn recv<T: DeserializeOwned>(&self) -> Result<T, PipeError> {
        decode(&self.recv_bytes()?)
    }

    /// Whether there is something to receive, a message or the end: at once, or within `bound`, or
    /// (`None`) waiting as long as it takes. Never false before `bound` is over. Python's `poll`.
    ///
    /// # Errors
    /// [`WrongDirection`](PipeError::WrongDirection) or [`Os`](PipeError::Os).
    pub fn poll(&self, bound: Option<Duration>) -> Result<bool, PipeError> {
        if self.kind == Kind::Writer {
            return Err(PipeError::WrongDirection { verb: "poll" });
        }
        sys::wait_readable(self.file.as_fd(), bound.unwrap_or(Duration::MAX))
            .map_err(|error| os("poll", error))
    }

    /// Closes this handle of the end, as dropping it does.
    pub fn close(self) {}

    /// The number of the descriptor in this process. Python's `fileno()`.
    #[must_use]
    pub fn fileno(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// Writes a part of `parts`. A closed other end is the error EPIPE, and not the signal: on a
    /// socket by asking so, on a pipe because SIGPIPE is ignored in Rust programs and in the
    /// children that [`Process`](super::Process) forks.
    fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let fd = self.file.as_raw_fd();
        let sent = match (self.kind, parts) {
            (Kind::Socket, [one]) => send(fd, one, MsgFlags::MSG_NOSIGNAL)?,
            (Kind::Socket, parts) => sendmsg::<()>(fd, parts, &[], MsgFlags::MSG_NOSIGNAL, None)?,
            (_, [one]) => (&self.file).write(one)?,
            (_, parts) => (&self.file).write_vectored(parts)?,
        };
        if sent == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(sent) }
    }

    /// Reads until `buffer` is full or the other end is closed; returns how much came.
    fn fill(&self, buffer: &mut [MaybeUninit<u8>]) -> Result<usize, PipeError> {
        let mut got = 0;
        while got < buffer.len() {
            match sys::read(self.as_fd(), &mut buffer[got..]) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A socket whose other end was closed with messages unread there.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(os("receive", error)),
            }
        }
        Ok(got)
    }

    /// As many bytes as `N`, and how many of them came.
    fn fill_array<const N: usize>(&self) -> Result<([u8; N], usize), PipeError> {
        let mut bytes = [MaybeUninit::new(0); N];
        let got = self.fill(&mut bytes)?;
        // SAFETY: every byte was 0 before it was filled.
        Ok((bytes.map(|byte| unsafe { byte.assume_init() }), got))
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// A value as the bytes of a message.
pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, PipeError> {
    postcard::to_stdvec(value).map_err(PipeError::Encode)
}

/// The value that a message is. One that does not use all the bytes is not what was sent.
pub(super) fn decode<T: DeserializeOwned>(message: &[u8]) -> Result<T, PipeError> {
    let fault = |source| PipeError::Decode { len: message.len(), source };
    match postcard::take_from_bytes(message).map_err(fault)? {
        (value, []) => Ok(value),
        (_, _) => Err(fault(postcard::Error::DeserializeBadEncoding)),
    }
}

/// The header of a message, and how many of its 12 bytes count.
fn header(len: usize) -> ([u8; HEADER], usize) {
    let mut header = [0; HEADER];
    match i32::try_from(len) {
        Ok(len) => {
            header[..4].copy_from_slice(&len.to_be_bytes());
            (header, 4)
        }
        Err(_) => {
            header[..4].copy_from_slice(&(-1i32).to_be_bytes());
            header[4..].copy_from_slice(&(len as u64).to_be_bytes());
            (header, 12)
        }
    }
}

fn os(verb: &'static str, source: io::Error) -> PipeError {
    match source.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => PipeError::Closed,
        _ => PipeError::Os { verb, source },
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER, header};

    #[test]
    fn header_is_short_up_to_two_gib_and_long_above() {
        assert_eq!(header(0), ([0; HEADER], 4));
        assert_eq!(header(0x7fff_ffff).0[..4], [0x7f, 0xff, 0xff, 0xff]);
        let (long, used) = header(0x8000_0000);
        assert_eq!((long, used), ([255, 255, 255, 255, 0, 0, 0, 0, 0x80, 0, 0, 0], 12));
    }
}

//! What can be learned of connections without receiving: which of many has something, how much lies
//! in one, and how much it holds.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::socket::{getsockopt, sockopt};

use super::{Connection, Kind};
use crate::mp::sys;

/// Waits until there is something to receive on one of `ends` or more, a message or the end, and
/// gives their places in the list, ascending; none if `bound` was over before, and never early. Without
/// a bound it waits as long as it takes. Python's `multiprocessing.connection.wait`.
///
/// As in Python, it takes whatever has a descriptor that becomes readable, also the
/// [`sentinel`](crate::mp::Process::sentinel) of a process: so one waits for a message or for the
/// death of whoever would send it. Of an empty list, for which Python's waits for ever, none is
/// ready at once.
///
/// # Errors
/// `EINVAL` for more descriptors than this process may have open, `ENOMEM`.
///
/// ```standalone_crate
/// use std::time::Duration;
/// use parlab::mp::pipe::{pipe, wait};
///
/// let (one, other) = (pipe()?, pipe()?);
/// other.1.send("hello").expect("its other end is open");
/// assert_eq!(wait(&[&one.0, &other.0], Some(Duration::from_secs(1)))?, [1]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn wait(ends: &[impl AsFd], bound: Option<Duration>) -> io::Result<Vec<usize>> {
    if ends.is_empty() {
        return Ok(Vec::new());
    }
    let fds: Vec<BorrowedFd<'_>> = ends.iter().map(AsFd::as_fd).collect();
    sys::wait_readable_of(&fds, bound.unwrap_or(Duration::MAX))
}

impl Connection {
    /// How many bytes lie there to be received at this moment, headers of messages included: the part
    /// that has left its sender and not come to a receiver. At the writing end of a one-way pipe the
    /// same number; at an end of a two-way one, what comes to *this* end. Not in Python.
    ///
    /// # Errors
    /// None that is to be expected.
    pub fn waiting_bytes(&self) -> io::Result<usize> {
        sys::readable_bytes(self.as_fd())
    }

    /// How many bytes the kernel keeps, by its own account, for who does not receive yet: of a one-way
    /// pipe `F_GETPIPE_SZ` (pipe(7): 64 KiB by default), of a two-way one the sender's `SO_SNDBUF`
    /// (socket(7)): a limit for the memory that is used, the kernel's overhead for each piece
    /// included, and the last piece may go beyond it. Not in Python.
    ///
    /// # Errors
    /// None that is to be expected.
    pub fn capacity_bytes(&self) -> io::Result<usize> {
        Ok(match self.kind {
            Kind::Socket => getsockopt(&self.file, sockopt::SndBuf)?,
            Kind::Reader | Kind::Writer => fcntl(&self.file, FcntlArg::F_GETPIPE_SZ)? as usize,
        })
    }
}

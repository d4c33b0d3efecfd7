//! Standard output, as a thing that can be interrupted.
//!
//! Ctrl-C and TERM come through a descriptor (they are blocked, so a write that
//! waits for a slow reader would never see them). Before each write this looks
//! whether the reader takes something, and whether parlab was asked to end.

use std::cell::Cell;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What one write hands over at most: where poll(2) says that a pipe is writable,
/// this much goes in without waiting (PIPE_BUF, POSIX pipe semantics).
const PIECE: usize = 4096;
/// How long a reader may take once parlab is ending, in milliseconds.
const LAST_WORD_MS: u16 = 200;

/// A stream to a reader who may be slow, gone or full.
#[derive(Debug)]
pub struct Output {
    to: OwnedFd,
    stop: OwnedFd,
    ending: Rc<Cell<bool>>,
}

impl Output {
    /// Writes to `to` until `stop` is readable. Once `ending` is set, `stop` counts no
    /// longer, and a reader who takes nothing is given up soon.
    pub fn new(to: OwnedFd, stop: OwnedFd, ending: Rc<Cell<bool>>) -> Self {
        Output { to, stop, ending }
    }

    /// Waits until something can be written.
    fn ready(&self) -> io::Result<()> {
        let ending = self.ending.get();
        let mut fds = vec![PollFd::new(self.to.as_fd(), PollFlags::POLLOUT)];
        if !ending {
            fds.push(PollFd::new(self.stop.as_fd(), PollFlags::POLLIN));
        }
        let patience = if ending { PollTimeout::from(LAST_WORD_MS) } else { PollTimeout::NONE };
        loop {
            match poll(&mut fds, patience) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => break,
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let asked = fds.get(1).is_some_and(|stop| stop.any().unwrap_or(false));
        match asked {
            // Not `Interrupted`: `write_all` would simply try again.
            true => Err(io::Error::other("asked to end")),
            false => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.ready()?;
        let piece = &bytes[..bytes.len().min(PIECE)];
        Ok(nix::unistd::write(&self.to, piece)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

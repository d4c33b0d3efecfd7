//! One line from the student, while Ctrl-C still works.

use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::session::Stop;
use crate::runner::Signals;

/// Reads one line from stdin, without its end; `None` at the end of input.
///
/// The terminal stays as it is (line mode, echo), so there is nothing to restore.
///
/// # Errors
/// [`Stop::Asked`] when a signal comes first, [`Stop::Failed`] never: a terminal
/// that cannot be read is at its end.
pub fn read_line(signals: &Signals) -> Result<Option<String>, Stop> {
    let stdin = io::stdin();
    let mut line = Vec::new();
    loop {
        let mut fds = [
            PollFd::new(stdin.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return Ok(None),
        }
        if let Some(asked) = signals.asked() {
            return Err(Stop::Asked(asked));
        }
        if !fds[0].any().unwrap_or(false) {
            continue;
        }
        // One byte at a time: what is typed ahead stays for the next question.
        let mut byte = [0_u8; 1];
        match nix::unistd::read(&stdin, &mut byte) {
            Ok(0) if line.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(Errno::EINTR) => {}
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

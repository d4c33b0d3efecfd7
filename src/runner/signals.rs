//! Signals as something to poll for, beside a pipe or a terminal: Ctrl-C and TERM, and that the
//! terminal has another size.
//!
//! They are blocked and read from a signalfd(2), so they come at a place
//! where everything is in order, and nothing is left half-done. Children do not
//! inherit the block: `std::process::Command` and `mp::Process` both empty the mask.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// The signals that ask parlab to end.
#[derive(Debug)]
pub struct Signals(SignalFd);

/// One of them has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// INT: Ctrl-C.
    Interrupt,
    /// TERM.
    Terminate,
}

impl Signals {
    /// Blocks both signals for this process and gives a descriptor to poll.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn take() -> std::io::Result<Self> {
        take(&[Signal::SIGINT, Signal::SIGTERM]).map(Signals)
    }

    /// The signal that has come, if one has; never waits.
    pub fn asked(&self) -> Option<Asked> {
        loop {
            match self.0.read_signal() {
                Ok(Some(info)) if info.ssi_signo == Signal::SIGINT as u32 => {
                    return Some(Asked::Interrupt);
                }
                Ok(Some(_)) => return Some(Asked::Terminate),
                Err(Errno::EINTR) => {}
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The news that the terminal has another size.
#[derive(Debug)]
pub struct Resizes(SignalFd);

impl Resizes {
    /// Blocks WINCH for this process and gives a descriptor to poll.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn take() -> std::io::Result<Self> {
        take(&[Signal::SIGWINCH]).map(Resizes)
    }

    /// Whether the size has changed since it was asked last; never waits.
    pub fn came(&self) -> bool {
        let mut came = false;
        while let Ok(Some(_)) = self.0.read_signal() {
            came = true;
        }
        came
    }
}

impl AsFd for Resizes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn take(signals: &[Signal]) -> std::io::Result<SignalFd> {
    let wanted: SigSet = signals.iter().copied().collect();
    wanted.thread_block()?;
    Ok(SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

//! What a player types: the letters of a schedule, then the lines of a script or of somebody at a
//! keyboard, or single keys.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What every key that is no character sends first (ECMA-48, 5.2).
const ESCAPE: u8 = 0x1b;

/// One byte that was typed, or that nothing more will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// A byte.
    Byte(u8),
    /// The end of input.
    End,
}

/// Letters that were given beforehand, and stdin if it is to be read when they are used up.
#[derive(Debug)]
pub struct Input {
    waiting: VecDeque<u8>,
    reads: bool,
    stdin: io::Stdin,
}

impl Input {
    /// These letters first; then, if it `reads`, what comes from stdin.
    pub fn new(letters: &str, reads: bool) -> Self {
        Input { waiting: letters.bytes().collect(), reads, stdin: io::stdin() }
    }

    /// What to look at until something is typed.
    pub fn watched(&self) -> Option<BorrowedFd<'_>> {
        (self.reads && self.waiting.is_empty()).then(|| self.stdin.as_fd())
    }

    /// The next byte, if one is there now.
    pub fn next(&mut self) -> Option<Typed> {
        if self.waiting.is_empty() && self.reads {
            self.read();
        }
        match self.waiting.pop_front() {
            Some(byte) => Some(Typed::Byte(byte)),
            None => (!self.reads).then_some(Typed::End),
        }
    }

    /// Takes what is there, without waiting. What cannot be read is at its end.
    fn read(&mut self) {
        let mut fds = [PollFd::new(self.stdin.as_fd(), PollFlags::POLLIN)];
        if !matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1..)) {
            return;
        }
        let mut bytes = [0; 64];
        match nix::unistd::read(&self.stdin, &mut bytes) {
            Ok(0) => self.reads = false,
            Ok(n) => self.waiting.extend(characters(&bytes[..n])),
            Err(nix::errno::Errno::EINTR | nix::errno::Errno::EAGAIN) => {}
            Err(_) => self.reads = false,
        }
    }
}

/// What was typed, without the keys that are no characters: arrows, function keys. What such a key
/// sends comes in one piece.
fn characters(typed: &[u8]) -> Vec<u8> {
    let mut typed = typed.iter().copied().peekable();
    let mut characters = Vec::new();
    while let Some(byte) = typed.next() {
        match (byte, typed.peek()) {
            (ESCAPE, Some(b'[')) => {
                typed.next();
                // Parameters, up to the final byte (ECMA-48, 5.4).
                typed.by_ref().find(|byte| (0x40..=0x7e).contains(byte));
            }
            // A letter shifted into another set: the function keys of some terminals.
            (ESCAPE, Some(b'O')) => drop(typed.nth(1)),
            (ESCAPE, _) => {}
            (byte, _) => characters.push(byte),
        }
    }
    characters
}

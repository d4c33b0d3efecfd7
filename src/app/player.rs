//! Between a game and whoever plays it: its positions are handed to a view, and what is typed
//! becomes its orders, one at a time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{Signal, raise};

use super::input::{Input, Typed};
use crate::event::{Event, Standing};
use crate::experiments::{DRAWN, play};
use crate::runner::{Front, Resizes};
use crate::view::View;

/// What the key sends where the terminal makes no signal of it.
const CTRL_C: u8 = 3;
/// What the key sends where the terminal makes no end of input of it.
const CTRL_D: u8 = 4;

/// Who sits between the game and what is typed.
pub struct Player<'a> {
    view: &'a mut dyn View,
    input: &'a mut Input,
    resizes: Option<&'a Resizes>,
    /// Whether no other level follows.
    last: bool,
    /// What the position is that waits for an order; none while an order is carried out.
    standing: Option<Standing>,
    /// Whether the view was told that it waits.
    asked: bool,
    /// Whether the next level is wanted.
    next: bool,
}

impl<'a> Player<'a> {
    /// Before the first position. With `resizes` the whole screen is used, and keys come one by
    /// one; after the `last` game no other follows.
    pub fn new(
        view: &'a mut dyn View,
        input: &'a mut Input,
        resizes: Option<&'a Resizes>,
        last: bool,
    ) -> Self {
        Player { view, input, resizes, last, standing: None, asked: false, next: false }
    }

    /// Whether the next game is wanted.
    pub fn goes_on(&self) -> bool {
        self.next
    }

    /// The order that a byte stands for; none if it stands for none.
    fn meaning(&mut self, byte: u8, standing: Standing) -> Option<u8> {
        match byte {
            b'\n' | b'\r' if standing == Standing::Won => {
                self.next = true;
                Some(play::END)
            }
            // Where keys come one by one, the terminal makes neither a signal nor an end of them.
            CTRL_C if self.resizes.is_some() => {
                // Blocked, so it comes the way that every signal comes.
                let _ = raise(Signal::SIGINT);
                None
            }
            b'Q' | CTRL_D => Some(play::END),
            b'U' => Some(play::BACK),
            byte if byte.is_ascii_whitespace() => None,
            // Of a character that is no letter of a process one byte is enough.
            0x80..=0xbf => None,
            byte if byte.is_ascii_lowercase() && !b"uq".contains(&byte) => {
                Some(byte.to_ascii_uppercase())
            }
            byte if byte.is_ascii_graphic() && byte != DRAWN => Some(byte),
            _ => Some(play::NOTHING),
        }
    }
}

impl Front for Player<'_> {
    fn event(&mut self, event: Event) -> io::Result<()> {
        self.view.event(&event)?;
        if let Event::Position(position) = &event {
            self.standing = Some(position.standing);
            self.asked = false;
        }
        Ok(())
    }

    fn watched(&self) -> Vec<BorrowedFd<'_>> {
        let keys = self.standing.and_then(|_| self.input.watched());
        keys.into_iter().chain(self.resizes.map(AsFd::as_fd)).collect()
    }

    fn order(&mut self) -> io::Result<Option<u8>> {
        if self.resizes.is_some_and(Resizes::came) {
            self.view.resized()?;
        }
        let Some(standing) = self.standing else {
            return Ok(None);
        };
        let order = loop {
            match self.input.next() {
                Some(Typed::End) => break play::END,
                Some(Typed::Byte(byte)) => {
                    if let Some(order) = self.meaning(byte, standing) {
                        break order;
                    }
                    self.asked = false;
                }
                None => {
                    if !std::mem::replace(&mut self.asked, true) {
                        self.view.turn(standing, self.last)?;
                    }
                    return Ok(None);
                }
            }
        };
        self.standing = None;
        Ok(Some(order))
    }
}

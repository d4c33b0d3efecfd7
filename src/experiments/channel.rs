//! The channel between an experiment and whoever draws: events go up as JSON lines; down come a
//! byte for each of them that is drawn, and orders.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::event::Event;

/// What comes down for each line that is drawn. Every other byte is an order.
pub const DRAWN: u8 = b'.';

/// The longest wait for "drawn" before a timed run. A view that takes longer is
/// drawing for somebody who cannot look that fast.
const DRAWN_WITHIN: Duration = Duration::from_millis(20);

/// Where events go, and where "drawn" and orders come from.
#[derive(Debug)]
pub struct Channel {
    /// Takes one JSON line an event.
    pub events: File,
    /// Gives [`DRAWN`] for each line that is drawn, and orders; never blocks.
    pub answers: File,
    sent: u64,
    drawn: u64,
    /// Orders that came and were not asked for yet.
    orders: VecDeque<u8>,
}

impl Channel {
    /// A channel on which nothing was said yet.
    pub fn new(events: File, answers: File) -> Self {
        Channel { events, answers, sent: 0, drawn: 0, orders: VecDeque::new() }
    }

    /// Sends an event to whoever draws.
    ///
    /// # Errors
    /// When nobody listens any more; the experiment should then end.
    pub fn send(&mut self, event: &Event) -> Result<()> {
        let mut line = serde_json::to_vec(event).context("an event as JSON")?;
        line.push(b'\n');
        self.events.write_all(&line).context("an event to the runner")?;
        self.sent += 1;
        Ok(())
    }

    /// Waits until everything sent is drawn, so that drawing does not run beside a
    /// timed run; at most 20 ms.
    ///
    /// # Errors
    /// When the pipe fails.
    pub fn settle(&mut self) -> Result<()> {
        let deadline = Instant::now() + DRAWN_WITHIN;
        while self.drawn < self.sent && self.hear(Some(deadline))? {}
        Ok(())
    }

    /// Waits for the next order, however long it takes; none when nobody will give one any more.
    ///
    /// # Errors
    /// When the pipe fails.
    pub fn order(&mut self) -> Result<Option<u8>> {
        while self.orders.is_empty() && self.hear(None)? {}
        Ok(self.orders.pop_front())
    }

    /// Takes what has come down, and waits for it until the deadline; false if then nothing has
    /// come, or if nothing will any more.
    fn hear(&mut self, deadline: Option<Instant>) -> Result<bool> {
        let mut bytes = [0_u8; 64];
        loop {
            match self.answers.read(&mut bytes) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    for &byte in &bytes[..n] {
                        match byte {
                            DRAWN => self.drawn += 1,
                            order => self.orders.push_back(order),
                        }
                    }
                    return Ok(true);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e).context("waiting for what comes from the front"),
            }
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(false);
            }
            let timeout = left.map_or(PollTimeout::NONE, |left| {
                PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO)
            });
            let mut fds = [PollFd::new(self.answers.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(e) => return Err(e).context("waiting for what comes from the front"),
            }
        }
    }
}

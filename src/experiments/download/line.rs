//! The line: the one connection to the world that all transfers of the server share.
//!
//! A line carries so many bytes a second, whoever they are for. Each piece that is sent takes
//! the line for as long as it lasts on it, and the next one, of this transfer or of another,
//! begins where it ended. So transfers at the same time share the line, and no set of them is
//! faster than the line allows: what the lesson calls the ideal is a true limit.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes that are sent at once; small, so that transfers take turns.
const PIECE: usize = 16 * 1024;

/// A line with its bandwidth, shared by the transfers of one thread.
#[derive(Clone)]
pub struct Line(Rc<RefCell<State>>);

struct State {
    /// Bytes a second; unlimited if none.
    bandwidth: Option<f64>,
    /// Transfers on the line at this moment.
    busy: usize,
    /// When the last piece that was given to the line will have passed.
    free: Instant,
}

/// What a transfer does with the second half of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It sends them.
    Whole,
    /// It ends the connection instead.
    Cut,
    /// It sends nothing any more, and keeps the connection.
    Stall,
}

impl Line {
    /// A line of `bandwidth` bytes a second, above 0; without one it carries all at once.
    pub fn new(bandwidth: Option<u64>) -> Line {
        let bandwidth = bandwidth.map(|bytes| bytes as f64);
        Line(Rc::new(RefCell::new(State { bandwidth, busy: 0, free: Instant::now() })))
    }

    /// The body of an answer that goes over this line.
    pub fn carry(&self, bytes: Bytes, then: Then) -> Paced {
        let stop_at = if then == Then::Whole { 0 } else { bytes.len() / 2 };
        Paced { line: self.clone(), left: bytes, stop_at, then, wait: None, begun: false }
    }

    fn begin(&self) {
        let mut state = self.0.borrow_mut();
        if state.busy == 0 {
            state.free = state.free.max(Instant::now());
        }
        state.busy += 1;
    }

    fn end(&self) {
        self.0.borrow_mut().busy -= 1;
    }

    /// Takes the line for so many bytes: when they will have passed. Pieces follow each other
    /// without a gap while anybody is on the line, so a timer that fires late costs nothing.
    fn take(&self, bytes: usize) -> Option<Instant> {
        let mut state = self.0.borrow_mut();
        let lasts = Duration::from_secs_f64(bytes as f64 / state.bandwidth?);
        state.free += lasts;
        Some(state.free)
    }
}

/// A body that is sent piece by piece, each when the line has carried it.
pub struct Paced {
    line: Line,
    left: Bytes,
    /// Bytes left at which it does not go on, unless it sends them all.
    stop_at: usize,
    then: Then,
    /// What the next piece waits for, once it has taken the line.
    wait: Option<Pin<Box<Sleep>>>,
    begun: bool,
}

impl Body for Paced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        let piece = (this.left.len() - this.stop_at).min(PIECE);
        if piece == 0 {
            return match this.then {
                Then::Whole => Poll::Ready(None),
                Then::Cut => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
                Then::Stall => Poll::Pending,
            };
        }
        if !std::mem::replace(&mut this.begun, true) {
            this.line.begin();
        }
        if this.wait.is_none() {
            this.wait = this.line.take(piece).map(|at| Box::pin(sleep_until(at)));
        }
        if let Some(wait) = &mut this.wait
            && wait.as_mut().poll(context).is_pending()
        {
            return Poll::Pending;
        }
        this.wait = None;
        Poll::Ready(Some(Ok(Frame::data(this.left.split_to(piece)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        if self.begun {
            self.line.end();
        }
    }
}

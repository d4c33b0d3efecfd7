//! One client, seen from the server: what came from it so far, what is still to be sent to it, and
//! how long it may take over it. Nothing here ever waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::Limits;
use super::address::Socket;
use super::authkey::AuthKey;
use super::login::{CLAIM, Login, Told};
use super::message::{HEADER, ObjectId, Refusal, Reply, Request, frame, understood};
use super::store::{Outcome, PeerId, Store};
use crate::mp::sys::Deadline;

/// Bytes that are read at once, at first.
const CHUNK: usize = 4096;
/// The largest buffer that is kept for the next message.
const KEPT: usize = 64 * 1024;

/// A client's connection.
pub(super) struct Peer {
    pub(super) id: PeerId,
    socket: Socket,
    state: State,
    /// `inbox[..filled]` came and was not used yet.
    inbox: Vec<u8>,
    filled: usize,
    /// `outbox[sent..]` is still to be sent.
    outbox: Vec<u8>,
    sent: usize,
    /// When it is dropped, unless it gets on.
    deadline: Option<Deadline>,
}

enum State {
    LoggingIn(Login),
    Idle,
    /// Its call waits in the server, and it for the answer.
    Waiting,
    /// To be dropped as soon as all is sent.
    Leaving,
}

/// What became of the next message.
pub(super) enum Next {
    /// It is not whole yet.
    Nothing,
    /// A call on this object was answered.
    Answered(ObjectId),
    /// It has to wait.
    Waits(Waiting),
}

/// A call that waits for its object to change.
pub(super) struct Waiting {
    pub(super) peer: PeerId,
    pub(super) object: ObjectId,
    /// The message, to be understood again.
    pub(super) message: Vec<u8>,
    /// When it has waited long enough.
    pub(super) until: Deadline,
}

/// It is to be dropped: it has gone, or does not behave.
#[derive(Debug)]
pub(super) struct Dropped;

impl Peer {
    /// Greets a client that has just connected.
    pub(super) fn greet(
        id: PeerId,
        socket: Socket,
        told: Told,
        limits: &Limits,
    ) -> Result<Self, Dropped> {
        let (login, hello) = Login::begin(told).map_err(|_| Dropped)?;
        let mut peer = Peer {
            id,
            socket,
            state: State::LoggingIn(login),
            inbox: Vec::new(),
            filled: 0,
            outbox: hello,
            sent: 0,
            deadline: Some(Deadline::after(limits.login)),
        };
        peer.flush()?;
        Ok(peer)
    }

    /// Whether it may send: not while its last call waits for its answer, or the answer for it.
    pub(super) fn is_heard(&self) -> bool {
        !self.has_more() && matches!(self.state, State::LoggingIn(_) | State::Idle)
    }

    /// Whether its call waits in the server.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting)
    }

    /// Whether there is something to send to it.
    pub(super) fn has_more(&self) -> bool {
        self.sent < self.outbox.len()
    }

    /// Whether a whole message of it has come and is not answered.
    pub(super) fn has_message(&self) -> bool {
        self.is_heard() && self.len().is_some_and(|len| self.filled >= HEADER + len)
    }

    /// When it is dropped, unless it gets on.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// The length of its next message, once it has announced it.
    fn len(&self) -> Option<usize> {
        let header = self.inbox[..self.filled].first_chunk::<HEADER>()?;
        matches!(self.state, State::Idle).then(|| u32::from_be_bytes(*header) as usize)
    }

    /// Reads what is there, within the limits. A message that is too long ends the connection: what
    /// follows its header could be taken for messages.
    pub(super) fn read(&mut self, limits: &Limits) -> Result<(), Dropped> {
        let most = match self.state {
            State::LoggingIn(_) => CLAIM,
            _ => HEADER + limits.message_bytes,
        };
        if self.filled == self.inbox.len() {
            // It grows with what has come, and not with what was announced.
            let size = (2 * self.filled).max(CHUNK).min(most);
            self.inbox.try_reserve_exact(size - self.filled).map_err(|_| Dropped)?;
            self.inbox.resize(size, 0);
        }
        match self.socket.receive(&mut self.inbox[self.filled..]) {
            Ok(0) => return Err(Dropped),
            Ok(more) => self.filled += more,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Err(Dropped),
        }
        let too_long = self.len().is_some_and(|len| len > limits.message_bytes);
        if too_long { Err(Dropped) } else { Ok(()) }
    }

    /// Judges its claim once it is whole.
    pub(super) fn judge(&mut self, key: &AuthKey) -> Result<(), Dropped> {
        let State::LoggingIn(login) = &self.state else { return Ok(()) };
        let Some(claim) = self.inbox[..self.filled].first_chunk::<CLAIM>() else { return Ok(()) };
        let (verdict, let_in) = login.judge(key, claim);
        self.outbox.extend(verdict);
        // No more than a claim was read.
        (self.filled, self.inbox) = (0, Vec::new());
        self.state = if let_in { State::Idle } else { State::Leaving };
        self.flush()
    }

    /// Carries out its next call, if that is whole, and answers it if it need not wait.
    pub(super) fn next(&mut self, store: &mut Store) -> Result<Next, Dropped> {
        let Some(len) = self.len().filter(|_| self.has_message()) else {
            return Ok(Next::Nothing);
        };
        let message = &self.inbox[HEADER..HEADER + len];
        let next = match understood::<Request>(message) {
            None => {
                answer(&mut self.outbox, &Reply::Refused(Refusal::NotUnderstood))?;
                Next::Nothing
            }
            Some(request) => match store.call(self.id, &request) {
                Outcome::Answer(reply) => {
                    answer(&mut self.outbox, &reply)?;
                    Next::Answered(request.object)
                }
                Outcome::Wait(Some(0)) => {
                    answer(&mut self.outbox, &Reply::Refused(Refusal::WouldWait))?;
                    Next::Nothing
                }
                Outcome::Wait(bound) => {
                    self.state = State::Waiting;
                    Next::Waits(Waiting {
                        peer: self.id,
                        object: request.object,
                        message: message.to_vec(),
                        until: bound.map_or(Deadline::never(), Deadline::after_ns),
                    })
                }
            },
        };
        self.forget(HEADER + len);
        self.flush()?;
        Ok(next)
    }

    fn forget(&mut self, bytes: usize) {
        self.inbox.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
        if self.inbox.len() > KEPT && self.filled <= KEPT {
            self.inbox.truncate(KEPT);
            self.inbox.shrink_to_fit();
        }
    }

    /// Tries its waiting call again; whether it is answered now.
    pub(super) fn again(&mut self, store: &mut Store, message: &[u8]) -> Result<bool, Dropped> {
        let request: Request = understood(message).expect("it was understood before");
        let Outcome::Answer(reply) = store.again(self.id, &request) else { return Ok(false) };
        answer(&mut self.outbox, &reply)?;
        self.state = State::Idle;
        self.flush()?;
        Ok(true)
    }

    /// Its call has waited long enough.
    pub(super) fn time_out(&mut self) -> Result<(), Dropped> {
        answer(&mut self.outbox, &Reply::Refused(Refusal::TimedOut))?;
        self.state = State::Idle;
        self.flush()
    }

    /// Sends as much as it takes now.
    pub(super) fn flush(&mut self) -> Result<(), Dropped> {
        while self.has_more() {
            match self.socket.send(&self.outbox[self.sent..]) {
                Ok(more) => self.sent += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(Dropped),
            }
        }
        self.sent = 0;
        self.outbox.clear();
        self.outbox.shrink_to(KEPT);
        if matches!(self.state, State::Leaving) { Err(Dropped) } else { Ok(()) }
    }

    /// Sets its clock: what is half said, or half taken, has to be done in time.
    pub(super) fn set_clock(&mut self, limits: &Limits) {
        if matches!(self.state, State::LoggingIn(_) | State::Leaving) {
            return; // that clock has been running since it came
        }
        let half_said = self.filled > 0 && self.is_heard() && !self.has_message();
        if !half_said && !self.has_more() {
            self.deadline = None;
        } else if self.deadline.is_none() {
            self.deadline = Some(Deadline::after(limits.stall));
        }
    }
}

/// Puts an answer behind what is still to be sent. One for which there is no form ends the
/// connection: the client would wait for it.
fn answer(outbox: &mut Vec<u8>, reply: &Reply<'_>) -> Result<(), Dropped> {
    frame(outbox, reply).map_err(|_| Dropped)
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

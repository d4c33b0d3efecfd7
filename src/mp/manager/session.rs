//! A process's side of a manager: one connection, opened when it is first needed, and anew in a
//! forked child, for two processes on one connection would take each other's answers.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::time::Duration;

use super::address::{Address, Socket};
use super::authkey::AuthKey;
use super::error::ManagerError;
use super::login::{Told, log_in};
use super::message::{Call, HEADER, ObjectId, Refusal, Reply, Request, Wait, frame, understood};
use super::spin::Spin;
use crate::mp::sys;

/// The largest buffer that is kept for the next message.
const KEPT: usize = 64 * 1024;

/// What proxies share.
pub(super) struct Session {
    address: Address,
    key: AuthKey,
    patience: Duration,
    link: RefCell<Option<Link>>,
    told: Cell<Told>,
    calls: Cell<u64>,
}

/// An open connection.
struct Link {
    /// The process that opened it.
    pid: i32,
    socket: Socket,
    buffer: Vec<u8>,
    spin: Spin,
}

impl Session {
    /// A session with the manager there; connects.
    pub(super) fn open(
        address: Address,
        key: AuthKey,
        patience: Duration,
    ) -> Result<Self, ManagerError> {
        let session = Session {
            address,
            key,
            patience,
            link: RefCell::new(None),
            told: Cell::new(Told { manager: 0, message_bytes: 0 }),
            calls: Cell::new(0),
        };
        let link = session.connect()?;
        session.link.replace(Some(link));
        Ok(session)
    }

    fn connect(&self) -> Result<Link, ManagerError> {
        let (socket, told) = log_in(&self.address, &self.key, self.patience)?;
        self.told.set(told);
        Ok(Link { pid: sys::pid(), socket, buffer: Vec::new(), spin: Spin::default() })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// The manager's own number.
    pub(super) fn manager(&self) -> u64 {
        self.told.get().manager
    }

    /// How many calls this process has made.
    pub(super) fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// Makes a call and waits for its answer, a refusal included, which `read` turns into what is
    /// wanted. After an error of the connection the next call opens a new one.
    pub(super) fn call<R>(
        &self,
        object: ObjectId,
        call: Call<'_>,
        read: impl FnOnce(Reply<'_>) -> Result<R, ManagerError>,
    ) -> Result<R, ManagerError> {
        let waits = wait_of(&call);
        // Out of its place meanwhile: a value that makes calls while it is decoded opens another.
        let link = self.link.take().filter(|link| link.pid == sys::pid());
        let mut link = link.map_or_else(|| self.connect(), Ok)?;
        link.buffer.clear();
        frame(&mut link.buffer, &Request { object, call }).map_err(ManagerError::Encode)?;
        let (len, limit) = ((link.buffer.len() - HEADER) as u64, self.told.get().message_bytes);
        if len > limit {
            link.buffer = Vec::new();
            self.link.replace(Some(link));
            return Err(ManagerError::TooLong { len, limit });
        }
        self.send(&link)?;
        self.calls.set(self.calls.get() + 1);
        let len = self.receive(&mut link, waits)?;
        let Some(reply) = understood(&link.buffer[HEADER..HEADER + len]) else {
            return Err(ManagerError::NotAManager { address: self.address.clone() });
        };
        let answer = read(reply);
        if link.buffer.capacity() > KEPT {
            link.buffer = Vec::new();
        }
        self.link.replace(Some(link));
        answer
    }

    fn send(&self, link: &Link) -> Result<(), ManagerError> {
        let mut left = &link.buffer[..];
        while !left.is_empty() {
            let sent = link.socket.send(left).map_err(|error| self.told("send to", error))?;
            left = &left[sent..];
        }
        Ok(())
    }

    /// Receives a whole frame into the buffer, and gives the length of its message.
    fn receive(&self, link: &mut Link, waits: Option<Wait>) -> Result<usize, ManagerError> {
        let mut whole = HEADER;
        let mut got = 0;
        let began = sys::now_ns();
        link.buffer.resize(link.buffer.capacity().max(512), 0);
        let mut seen = link.spin.until(|| link.socket.receive_now(&mut link.buffer));
        while got < whole {
            let rest = &mut link.buffer[got..];
            match seen.take().unwrap_or_else(|| link.socket.receive(rest)) {
                Ok(0) => return Err(ManagerError::Lost { address: self.address.clone() }),
                Ok(more) => got += more,
                // A call that may wait for as long as this is waited for.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => match waits {
                    Some(None) if got == 0 => {}
                    Some(Some(bound)) if got == 0 && sys::now_ns() - began < bound => {}
                    _ => return Err(self.told("receive from", error)),
                },
                Err(error) => return Err(self.told("receive from", error)),
            }
            if whole == HEADER && got >= HEADER {
                let header = link.buffer.first_chunk().expect("it has come");
                whole = HEADER + u32::from_be_bytes(*header) as usize;
                if link.buffer.len() < whole {
                    link.buffer.resize(whole, 0);
                }
            }
        }
        Ok(whole - HEADER)
    }

    fn told(&self, verb: &'static str, source: io::Error) -> ManagerError {
        let address = self.address.clone();
        match source.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                ManagerError::Lost { address }
            }
            io::ErrorKind::WouldBlock => {
                ManagerError::NoAnswer { address, seconds: self.patience.as_secs() }
            }
            _ => ManagerError::Os { verb, address, source },
        }
    }
}

/// How long the server may let this call wait; `None` for one that never waits.
fn wait_of(call: &Call<'_>) -> Option<Wait> {
    match call {
        Call::Put(_, wait) | Call::Take(wait) | Call::Acquire(wait) => Some(*wait),
        _ => None,
    }
}

/// What an answer means that is not the one a caller looked for.
pub(super) fn unexpected(reply: &Reply<'_>) -> ManagerError {
    match *reply {
        Reply::Refused(Refusal::StoreFull(limit)) => ManagerError::StoreFull { limit },
        Reply::Refused(Refusal::AnswerTooLong(len, limit)) => ManagerError::TooLong { len, limit },
        Reply::Refused(Refusal::NoMemory) => ManagerError::NoMemory,
        Reply::Refused(Refusal::NotOwner) => ManagerError::NotOwner,
        _ => ManagerError::Unexpected { answer: format!("{reply:?}") },
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("address", &self.address).finish_non_exhaustive()
    }
}

//! The server: one process, one thread, one loop over all its clients.
//!
//! It never waits for one of them: what a slow client has sent is kept until its message is whole,
//! what it does not take is kept until it does, and a call that has to wait (for an item, for a
//! lock) is put aside and tried again when its object has changed.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Limits;
use super::address::Listener;
use super::authkey::AuthKey;
use super::login::{self, Told};
use super::message::ObjectId;
use super::peer::{Dropped, Next, Peer, Waiting};
use super::spin::Spin;
use super::store::{PeerId, Store};
use crate::mp::sys::{self, Deadline};

/// How long nobody is let in after the system refused a connection: descriptors may have run out.
const PAUSE: Duration = Duration::from_millis(50);

/// All that the server's process has.
pub(super) struct Server {
    listener: Listener,
    key: AuthKey,
    limits: Limits,
    told: Told,
    store: Store,
    peers: Vec<Peer>,
    /// Calls that wait, in the order in which they came.
    waiting: VecDeque<Waiting>,
    /// Clients that are to be dropped.
    lost: Vec<PeerId>,
    last: PeerId,
    pause: Option<Deadline>,
    spin: Spin,
}

impl Server {
    pub(super) fn new(listener: Listener, key: AuthKey, limits: Limits, manager: u64) -> Self {
        Server {
            listener,
            key,
            store: Store::new(limits.stored_bytes, limits.message_bytes),
            told: Told { manager, message_bytes: limits.message_bytes as u64 },
            limits,
            peers: Vec::new(),
            waiting: VecDeque::new(),
            lost: Vec::new(),
            last: 0,
            pause: None,
            spin: Spin::default(),
        }
    }

    /// Serves for ever: it ends with its process.
    pub(super) fn run(mut self) -> ! {
        // What it inherited is its parent's: a copy that it held would keep others' pipes open.
        sys::close_all_but(&[self.listener.as_fd()]);
        loop {
            let (ready, knocking) = self.look();
            for id in ready {
                self.serve(id);
            }
            if knocking {
                self.let_in();
            }
            self.end_waits();
            self.drop_late();
            while let Some(id) = self.lost.pop() {
                self.lose(id);
            }
        }
    }

    /// Waits until there is something to do: clients that are ready, and whether one knocks.
    fn look(&mut self) -> (Vec<PeerId>, bool) {
        let mut fds: Vec<PollFd> = Vec::with_capacity(1 + self.peers.len());
        fds.extend(self.peers.iter().map(|peer| PollFd::new(peer.as_fd(), wanted(peer))));
        if self.pause.is_none_or(Deadline::is_over) {
            fds.push(PollFd::new(self.listener.as_fd(), PollFlags::POLLIN));
        }
        let timeout = self.timeout();
        let mut stirs = || poll(&mut fds, PollTimeout::ZERO).ok().filter(|ready| *ready > 0);
        if timeout == PollTimeout::ZERO || self.spin.until(&mut stirs).is_none() {
            match poll(&mut fds, timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => panic!("the manager cannot wait for its clients: {error}"),
            }
        }
        let is_ready = |fd: &PollFd| fd.any().unwrap_or(false);
        let peers = self.peers.iter().zip(&fds);
        let ready = peers.filter(|(peer, fd)| is_ready(fd) || peer.has_message());
        let ready = ready.map(|(peer, _)| peer.id).collect();
        (ready, fds.get(self.peers.len()).is_some_and(is_ready))
    }

    /// How long nothing has to be done, if nobody stirs.
    fn timeout(&self) -> PollTimeout {
        if self.peers.iter().any(Peer::has_message) {
            return PollTimeout::ZERO;
        }
        let pause = self.pause.filter(|pause| !pause.is_over());
        let deadlines = self.peers.iter().filter_map(Peer::deadline).chain(pause);
        let deadlines = deadlines.chain(self.waiting.iter().map(|waiting| waiting.until));
        match deadlines.map(Deadline::left).min() {
            None => PollTimeout::NONE,
            // Rounded up to the millisecond: a look before the time would only be followed by more.
            Some(left) => PollTimeout::try_from(left.saturating_add(Duration::from_micros(999)))
                .unwrap_or(PollTimeout::MAX),
        }
    }

    fn let_in(&mut self) {
        self.pause = None;
        match self.listener.accept() {
            Ok(socket) if self.peers.len() >= self.limits.connections => {
                // As much as fits at once; who does not take it would not wait for it either.
                let _ = socket.send(&login::busy());
            }
            Ok(socket) => {
                self.last += 1;
                self.peers.extend(Peer::greet(self.last, socket, self.told, &self.limits));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.pause = Some(Deadline::after(PAUSE)),
        }
    }

    /// Hears a client, and carries out one call of it.
    fn serve(&mut self, id: PeerId) {
        let Some(at) = self.place(id) else { return };
        match self.hear(at) {
            Err(Dropped) => self.lost.push(id),
            Ok(Next::Nothing) => {}
            Ok(Next::Answered(object)) => self.wake(object),
            Ok(Next::Waits(waiting)) => self.waiting.push_back(waiting),
        }
    }

    fn hear(&mut self, at: usize) -> Result<Next, Dropped> {
        let peer = &mut self.peers[at];
        if peer.is_waiting() {
            // It was only listened to for its end.
            return Err(Dropped);
        }
        peer.flush()?;
        if peer.is_heard() && !peer.has_message() {
            peer.read(&self.limits)?;
            peer.judge(&self.key)?;
        }
        let next = peer.next(&mut self.store)?;
        peer.set_clock(&self.limits);
        Ok(next)
    }

    fn place(&self, id: PeerId) -> Option<usize> {
        self.peers.iter().position(|peer| peer.id == id)
    }

    /// Tries again the calls that wait for this object, those that came first first.
    fn wake(&mut self, object: ObjectId) {
        let mut next = 0;
        while let Some(waiting) = self.waiting.get(next) {
            let at = self.place(waiting.peer).filter(|_| waiting.object == object);
            let answered = match at {
                None => Ok(false),
                Some(at) => self.peers[at].again(&mut self.store, &waiting.message),
            };
            match answered {
                Ok(false) => next += 1,
                // The object has changed again: somebody before may have waited for just that.
                Ok(true) => self.stop_waiting(std::mem::take(&mut next)),
                Err(Dropped) => {
                    self.lost.push(waiting.peer);
                    self.stop_waiting(std::mem::take(&mut next));
                }
            }
        }
    }

    fn stop_waiting(&mut self, at: usize) {
        if let Some(waiting) = self.waiting.remove(at)
            && let Some(place) = self.place(waiting.peer)
        {
            self.peers[place].set_clock(&self.limits);
        }
    }

    /// Answers the calls whose time is over.
    fn end_waits(&mut self) {
        while let Some(at) = self.waiting.iter().position(|waiting| waiting.until.is_over()) {
            let peer = self.waiting[at].peer;
            if let Some(place) = self.place(peer)
                && self.peers[place].time_out().is_err()
            {
                self.lost.push(peer);
            }
            self.stop_waiting(at);
        }
    }

    /// Drops those who do not get on: with their login, with a message, with an answer.
    fn drop_late(&mut self) {
        let is_late = |peer: &&Peer| peer.deadline().is_some_and(Deadline::is_over);
        self.lost.extend(self.peers.iter().filter(is_late).map(|peer| peer.id));
    }

    fn lose(&mut self, id: PeerId) {
        self.peers.retain(|peer| peer.id != id);
        self.waiting.retain(|waiting| waiting.peer != id);
        for object in self.store.gone(id) {
            self.wake(object);
        }
    }
}

fn wanted(peer: &Peer) -> PollFlags {
    let mut wanted = PollFlags::empty();
    wanted.set(PollFlags::POLLIN, peer.is_heard());
    wanted.set(PollFlags::POLLOUT, peer.has_more());
    // Of one that waits only its end is of interest, which over TCP is no POLLHUP.
    wanted.set(PollFlags::from_bits_retain(libc::POLLRDHUP), peer.is_waiting());
    wanted
}

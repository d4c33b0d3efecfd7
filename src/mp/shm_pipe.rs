//! `ShmPipe`: a one-way pipe in shared memory, which asks nothing of the kernel while both ends are
//! busy.

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::pipe::{self, DEFAULT_LIMIT, PipeError};
use super::shm::{Shared, SharedSafe};
use super::sys::{self, Deadline, LONGEST_SLEEP, MapError};

/// Bytes that fit into one cell; a longer message takes one cell after another.
const CELL: usize = 16 * 1024;
/// Cells of a pipe, as many bytes as pipe(2) has by default. While one cell is read, the next ones are
/// written.
const CELLS: usize = 4;
/// The most bytes copied at once; for the reason see the ring of [`Queue`](super::Queue).
const CHUNK: usize = 2048;
/// How often an end looks before it sleeps: about as long as to be woken takes on another CPU, some
/// tens of microseconds. Whoever spins no longer than that loses at most as much again as by sleeping
/// at once (Karlin, Li, Manasse, Owicki, "Empirical Studies of Competitive Spinning", 1991).
const SPINS: u32 = 1_000;

/// A one-way pipe for messages whose bytes never leave the memory that two processes share: one
/// process sends, another one receives.
///
/// Python has no such thing. A pipe(2) copies each message into the kernel and out again, and a
/// reader that waits there sleeps and has to be woken; this one copies through a ring of cells in a
/// shared mapping, and an end that waits looks again and again for a while before it sleeps on a
/// futex. Where the maker of the pipe may run on one CPU only, nobody spins: that would keep away
/// the one who is waited for.
///
/// What a pipe of the kernel has and this one lacks: it does not notice that the other end was
/// closed or died (memory has no ends: both processes hold all of it), and a process killed in
/// the middle of a copy leaves its cell taken. Use a [`Connection`](super::Connection) or a
/// [`Queue`](super::Queue) where that matters.
///
/// One process sends and one receives at a time. If two send at once, pieces of messages longer than
/// a cell may mix, as on a [`Connection`](super::Connection); but no cell is read while it is
/// written, and none is left out.
///
/// ```standalone_crate
/// use parlab::mp::{Process, ShmPipe};
///
/// let pipe = ShmPipe::new()?;
/// let mut child = Process::new("seven", || pipe.send(&7_u8).expect("a byte"));
/// child.start().expect("it starts");
/// assert_eq!(pipe.recv::<u8>().expect("a byte"), 7);
/// # Ok::<(), parlab::mp::MapError>(())
/// ```
pub struct ShmPipe {
    ring: Shared<Ring>,
    spins: u32,
}

#[repr(C)]
struct Ring {
    sent: End,
    received: End,
    cells: [Cell; CELLS],
}

/// The cells that one end has gone through; on cache lines of its own.
#[repr(C, align(128))]
struct End(AtomicU64);

#[repr(C, align(128))]
struct Cell {
    /// What the cell is (the four states below), and whether somebody sleeps until it changes. A
    /// futex word. Each change of the state takes the mark of the sleepers away in the same step, and
    /// whoever took it away wakes them.
    state: AtomicU32,
    /// Bytes in this cell.
    len: AtomicU32,
    /// Bytes of the message from this cell on.
    left: AtomicU64,
    bytes: [AtomicU8; CELL],
}

/// The next one to send may write.
const EMPTY: u32 = 0;
/// It writes.
const WRITING: u32 = 1;
/// The next one to receive may read.
const FULL: u32 = 2;
/// It reads.
const READING: u32 = 3;
const STATE: u32 = 3;
const ASLEEP: u32 = 4;

// SAFETY: atomic integers only, for which all zero (empty cells, nothing sent) is a value.
unsafe impl SharedSafe for Ring {}

impl ShmPipe {
    /// Makes an empty pipe. Make it before the fork, and use it by reference in the child.
    ///
    /// # Errors
    /// [`MapError`] if there is no memory for it.
    pub fn new() -> Result<Self, MapError> {
        let several_cpus = sys::affinity().is_ok_and(|cpus| cpus.len() > 1);
        Ok(Self { ring: Shared::new()?, spins: if several_cpus { SPINS } else { 0 } })
    }

    /// Sends bytes as one message; an empty one is a message too. Waits as long as it takes for
    /// cells to be free.
    ///
    /// # Errors
    /// [`TooLong`](PipeError::TooLong) for more than 1 GiB.
    pub fn send_bytes(&self, message: &[u8]) -> Result<(), PipeError> {
        if message.len() > DEFAULT_LIMIT {
            return Err(PipeError::TooLong { len: message.len() as u64, limit: DEFAULT_LIMIT });
        }
        let mut left = message;
        loop {
            let (piece, rest) = left.split_at(left.len().min(CELL));
            let cell = self.next(&self.ring.sent);
            self.claim(cell, EMPTY, WRITING);
            cell.left.store(left.len() as u64, Ordering::Relaxed);
            cell.write(piece);
            cell.release(FULL);
            left = rest;
            if left.is_empty() {
                return Ok(());
            }
        }
    }

    /// Waits as long as it takes for a message and takes it.
    ///
    /// # Errors
    /// As for [`recv_bytes_into`](Self::recv_bytes_into).
    pub fn recv_bytes(&self) -> Result<Vec<u8>, PipeError> {
        let mut message = Vec::new();
        self.recv_bytes_into(&mut message)?;
        Ok(message)
    }

    /// As [`recv_bytes`](Self::recv_bytes), in place of what `message` held, whose memory is used
    /// again.
    ///
    /// # Errors
    /// [`Truncated`](PipeError::Truncated) if messages of several senders were mixed, and their
    /// lengths show it.
    pub fn recv_bytes_into(&self, message: &mut Vec<u8>) -> Result<(), PipeError> {
        message.clear();
        let mut expected = None;
        loop {
            let cell = self.next(&self.ring.received);
            self.claim(cell, FULL, READING);
            let left = cell.left.load(Ordering::Relaxed) as usize;
            let total = *expected.get_or_insert(left);
            let fits = total - message.len() == left;
            if fits {
                message.reserve_exact(left);
                cell.read(message);
            }
            cell.release(EMPTY);
            if !fits {
                return Err(PipeError::Truncated { got: message.len(), expected: total });
            }
            if message.len() == total {
                return Ok(());
            }
        }
    }

    /// Sends a value.
    ///
    /// # Errors
    /// [`Encode`](PipeError::Encode), and as for [`send_bytes`](Self::send_bytes).
    pub fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), PipeError> {
        self.send_bytes(&pipe::encode(value)?)
    }

    /// Waits for a value as long as it takes.
    ///
    /// # Errors
    /// [`Decode`](PipeError::Decode) if the message is no `T`, or more than one; and as for
    /// [`recv_bytes_into`](Self::recv_bytes_into).
    pub fn recv<T: DeserializeOwned>(&self) -> Result<T, PipeError> {
        pipe::decode(&self.recv_bytes()?)
    }

    /// Whether there is something to receive: at once, or within `bound`, or (`None`) waiting as long
    /// as it takes. Never false before `bound` is over.
    #[must_use]
    pub fn poll(&self, bound: Option<Duration>) -> bool {
        let deadline = bound.map_or(Deadline::never(), Deadline::after);
        let cell = self.cell(self.ring.received.0.load(Ordering::Relaxed));
        while !cell.is(FULL) {
            if deadline.is_over() {
                return false;
            }
            cell.sleep_unless(FULL, deadline.left());
        }
        true
    }

    /// The cell that this end comes to now.
    fn next(&self, end: &End) -> &Cell {
        self.cell(end.0.fetch_add(1, Ordering::Relaxed))
    }

    fn cell(&self, at: u64) -> &Cell {
        &self.ring.cells[at as usize % CELLS]
    }

    /// Waits until the cell is `from`, and makes it `to`, which is its claimer's alone.
    fn claim(&self, cell: &Cell, from: u32, to: u32) {
        for _ in 0..self.spins {
            if cell.try_claim(from, to) {
                return;
            }
            sys::spin_loop();
        }
        while !cell.try_claim(from, to) {
            cell.sleep_unless(from, LONGEST_SLEEP);
        }
    }
}

impl Cell {
    fn is(&self, state: u32) -> bool {
        self.state.load(Ordering::Relaxed) & STATE == state
    }

    fn try_claim(&self, from: u32, to: u32) -> bool {
        let now = self.state.load(Ordering::Relaxed);
        let claimed = to | (now & ASLEEP);
        now & STATE == from
            && (self.state)
                .compare_exchange(now, claimed, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
    }

    /// Gives a claimed cell to the other end, and wakes whoever sleeps.
    fn release(&self, to: u32) {
        if self.state.swap(to, Ordering::Release) & ASLEEP != 0 {
            sys::futex_wake(&self.state, u32::MAX);
        }
    }

    /// Sleeps until the state changes, no longer than `bound` and [`LONGEST_SLEEP`]; not at all if it
    /// is `wanted` already.
    fn sleep_unless(&self, wanted: u32, bound: Duration) {
        let now = self.state.load(Ordering::Relaxed);
        let marked = now | ASLEEP;
        let mark = || {
            (self.state).compare_exchange(now, marked, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        if now & STATE != wanted && (now == marked || mark()) {
            sys::futex_wait(&self.state, marked, bound.min(LONGEST_SLEEP));
        }
    }

    /// Fills the cell, which this process has claimed for writing.
    fn write(&self, piece: &[u8]) {
        assert!(piece.len() <= CELL);
        self.len.store(piece.len() as u32, Ordering::Relaxed);
        for (at, chunk) in piece.chunks(CHUNK).enumerate() {
            let to = self.bytes[at * CHUNK..].as_ptr().cast::<u8>().cast_mut();
            // SAFETY: the chunk lies within `CELL` bytes from the first (asserted above). Nobody else
            // touches them: the state is WRITING, which one claimer alone can make of EMPTY, and the
            // reader before gave them back by a Release that the claim has acquired. Atomics may be
            // changed under a shared reference.
            unsafe { to.copy_from_nonoverlapping(chunk.as_ptr(), chunk.len()) };
        }
    }

    /// Appends what is in the cell, which this process has claimed for reading, to `message`.
    fn read(&self, message: &mut Vec<u8>) {
        let len = (self.len.load(Ordering::Relaxed) as usize).min(CELL);
        message.reserve(len);
        let room = &mut message.spare_capacity_mut()[..len];
        for (at, chunk) in room.chunks_mut(CHUNK).enumerate() {
            let from = self.bytes[at * CHUNK..].as_ptr().cast::<u8>();
            // SAFETY: as in `write`, with READING, FULL and the writer's Release.
            unsafe { from.copy_to_nonoverlapping(chunk.as_mut_ptr().cast(), chunk.len()) };
        }
        // SAFETY: the loop has filled so many bytes of the spare capacity.
        unsafe { message.set_len(message.len() + len) };
    }
}

impl fmt::Debug for ShmPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShmPipe")
            .field("cells_sent", &self.ring.sent.0.load(Ordering::Relaxed))
            .field("cells_received", &self.ring.received.0.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}

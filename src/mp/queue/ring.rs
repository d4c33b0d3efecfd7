//! The ring of bytes under a `Queue`: two positions that only grow, one lock for each, and one store
//! that makes what was written exist.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering, fence};
use std::time::Duration;

use super::Step;
use super::event_count::EventCount;
use crate::mp::lock::{Lock, LockError, LockGuard};
use crate::mp::shm::{Shared, SharedSafe, SharedSlice};
use crate::mp::sys::MapError;

/// Bytes before each message: its length.
pub(super) const HEADER: usize = size_of::<u32>();

/// The most bytes copied at once. Some processors copy larger blocks by a `rep movsb` that is ten
/// times slower where source and destination lie unluckily to each other.
const CHUNK: usize = 2048;

/// Messages, each a length and so many bytes, between a tail, where producers write, and a head,
/// where consumers read.
///
/// Positions count all bytes that ever passed and never wrap (at 10 GB/s, a u64 lasts for 58 years);
/// the place in memory is the position modulo the size, a power of two. Bytes from head to tail
/// belong to the consumers' lock, all others to the producers'.
///
/// **What a dead owner leaves.** A producer that died holding its lock has written, if anything,
/// bytes beyond the tail, which nobody reads and the next producer overwrites; or it had stored the
/// tail, and then its message was whole. A consumer that died holding its lock has changed nothing
/// but the head, in one store. `seen` is a copy of the other side's position: any value it ever had
/// is a safe one, as positions only grow. So there is nothing to mend, and the next owner takes the
/// lock over as it is.
#[derive(Debug)]
pub(super) struct Ring {
    sides: Shared<Sides>,
    bytes: SharedSlice<AtomicU8>,
    capacity: usize,
    producers: Lock,
    consumers: Lock,
}

#[derive(Debug)]
#[repr(C)]
struct Sides {
    put: Side,
    got: Side,
    closed: AtomicBool,
}

/// What one side writes and the other one reads, on a cache line of its own (two, as x86 fetches
/// lines in pairs), so that a producer and a consumer at work do not slow each other.
#[derive(Debug)]
#[repr(C, align(128))]
struct Side {
    /// All bytes that this side ever committed: the tail, or the head.
    position: AtomicU64,
    /// The other side's position as this side last saw it; of the holder of this side's lock. It
    /// saves fetching the other side's cache line for each message.
    seen: AtomicU64,
    /// Where processes of the other side sleep until this one moves.
    sleepers: EventCount,
}

// SAFETY: atomic integers only, for which all zero is a value.
unsafe impl SharedSafe for Sides {}

impl Ring {
    pub(super) fn new(capacity: usize) -> Result<Self, MapError> {
        // A capacity beyond all powers of two is told as the largest size, which no kernel grants.
        let size = capacity.checked_next_power_of_two().unwrap_or(usize::MAX);
        Ok(Self {
            bytes: SharedSlice::zeroed(size)?,
            sides: Shared::new()?,
            capacity,
            producers: Lock::new()?,
            consumers: Lock::new()?,
        })
    }

    #[inline]
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The length of the longest message that can ever fit.
    #[inline]
    pub(super) fn longest(&self) -> usize {
        self.capacity.saturating_sub(HEADER).min(u32::MAX as usize)
    }

    /// How many bytes lie between head and tail now.
    pub(super) fn used(&self) -> usize {
        // The head first: the tail, read later, is then not before it.
        let head = self.sides.got.position.load(Ordering::Acquire);
        let tail = self.sides.put.position.load(Ordering::Acquire);
        // Another consumer and producer may have gone around once in between.
        ((tail - head) as usize).min(self.capacity)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used() == 0
    }

    /// Whether a message of `len` bytes fits now.
    pub(super) fn fits(&self, len: usize) -> bool {
        HEADER + len <= self.capacity - self.used()
    }

    /// Whether a message of `len` bytes takes more than half of the ring.
    pub(super) fn is_large(&self, len: usize) -> bool {
        HEADER + len > self.capacity / 2
    }

    /// Says that nothing more is to be written. It takes no lock, so as not to wait for a producer
    /// that waits for room: one that holds the lock at this moment may still commit.
    pub(super) fn close(&self) {
        self.sides.closed.store(true, Ordering::Release);
        // In place of the lock that others give back before they look for sleepers.
        fence(Ordering::SeqCst);
    }

    /// Whether a ring that is closed is empty for good: whoever might not have seen the closing has
    /// given its lock back since. False if it is not, or if that is not known.
    pub(super) fn is_drained(&self, bound: impl FnOnce() -> Duration) -> bool {
        self.is_empty() && self.writer(bound).is_some() && self.is_empty()
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.sides.closed.load(Ordering::Acquire)
    }

    /// Where consumers sleep.
    #[inline]
    pub(super) fn no_message(&self) -> &EventCount {
        &self.sides.put.sleepers
    }

    /// Where producers sleep.
    #[inline]
    pub(super) fn no_room(&self) -> &EventCount {
        &self.sides.got.sleepers
    }

    /// The right to write; `None` if others had it all the time.
    #[inline]
    pub(super) fn writer(&self, bound: impl FnOnce() -> Duration) -> Option<Writer<'_>> {
        let guard = acquire(&self.producers, bound)?;
        let tail = self.sides.put.position.load(Ordering::Relaxed);
        let end = self.sides.put.seen.load(Ordering::Relaxed) + self.capacity as u64;
        Some(Writer { ring: self, at: tail, end, _guard: guard })
    }

    /// The right to read; `None` if others had it all the time.
    #[inline]
    pub(super) fn reader(&self, bound: impl FnOnce() -> Duration) -> Option<Reader<'_>> {
        let guard = acquire(&self.consumers, bound)?;
        let head = self.sides.got.position.load(Ordering::Relaxed);
        let end = self.sides.got.seen.load(Ordering::Relaxed);
        Some(Reader { ring: self, at: head, end, _guard: guard })
    }

    /// Where the `len` bytes from position `at` on begin in memory, if one copy moves them all: they
    /// are at most a chunk, and do not wrap around. So it is for nearly every small message.
    #[inline]
    fn whole(&self, at: u64, len: usize) -> Option<*mut u8> {
        let place = at as usize & (self.bytes.len() - 1);
        (len <= CHUNK.min(self.bytes.len() - place)).then(|| self.bytes[place].as_ptr())
    }

    /// Cuts `len` bytes from position `at` on into pieces that are whole in memory and at most a
    /// chunk: (where a piece begins in memory, which of the bytes it holds).
    #[inline]
    fn pieces(&self, at: u64, len: usize) -> impl Iterator<Item = (*mut u8, usize, usize)> {
        let size = self.bytes.len();
        let mut done = 0;
        std::iter::from_fn(move || {
            let place = (at as usize).wrapping_add(done) & (size - 1);
            let piece = (len - done).min(CHUNK).min(size - place);
            done += piece;
            (piece > 0).then(|| (self.bytes[place].as_ptr(), done - piece, piece))
        })
    }
}

/// Acquires one of the two locks. What a dead owner left needs no mending: see [`Ring`].
#[inline]
fn acquire(lock: &Lock, bound: impl FnOnce() -> Duration) -> Option<LockGuard<'_>> {
    // First without a look at the clock, which costs as much as the lock does.
    let answer = match lock.try_acquire() {
        Ok(Some(guard)) => return Some(guard),
        Ok(None) => lock.acquire_timeout(bound()),
        Err(error) => Err(error),
    };
    match answer {
        Ok(guard) => Some(guard),
        Err(LockError::OwnerDied(orphan)) => Some(orphan.repair()),
        Err(LockError::TimedOut) => None,
        Err(LockError::NotRecoverable) => unreachable!("an orphan of the ring is always repaired"),
    }
}

/// The producers' lock, held: writes beyond the tail, and commits.
pub(super) struct Writer<'a> {
    ring: &'a Ring,
    at: u64,
    /// Up to where the consumers were seen to leave room.
    end: u64,
    _guard: LockGuard<'a>,
}

impl Writer<'_> {
    /// Whether a message of `len` bytes fits behind what this writer wrote.
    #[inline]
    pub(super) fn fits(&mut self, len: usize) -> bool {
        let need = (HEADER + len) as u64;
        if need > self.end - self.at {
            let sides = &self.ring.sides;
            let head = sides.got.position.load(Ordering::Acquire);
            sides.put.seen.store(head, Ordering::Relaxed);
            self.end = head + self.ring.capacity as u64;
        }
        need <= self.end - self.at
    }

    /// Writes a message that [`fits`](Self::fits). Nobody can see it yet.
    #[inline]
    pub(super) fn write(&mut self, message: &[u8], after: impl Fn(Step)) {
        let len = u32::try_from(message.len()).expect("what fits has a length of 32 bits");
        self.copy(&len.to_ne_bytes(), || ());
        after(Step::PutHeader);
        self.copy(message, || after(Step::PutChunk));
        after(Step::PutPayload);
    }

    #[inline]
    fn copy(&mut self, bytes: &[u8], after_chunk: impl Fn()) {
        assert!(bytes.len() as u64 <= self.end - self.at, "written without room");
        if let Some(to) = self.ring.whole(self.at, bytes.len()) {
            // SAFETY: as for the pieces below; `whole` stays within the ring's memory.
            unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
            self.at += bytes.len() as u64;
            return;
        }
        for (to, from, len) in self.ring.pieces(self.at, bytes.len()) {
            let piece = &bytes[from..from + len];
            // SAFETY: `pieces` stays within the ring's memory, and within the room that was just
            // asserted: bytes beyond the tail and a whole capacity before the head's end. These
            // belong to the holder of the producers' lock, and consumers that read there before
            // have said so by the Release store of the head that `seen` was loaded from.
            unsafe { to.copy_from_nonoverlapping(piece.as_ptr(), len) };
            if from + len < bytes.len() {
                after_chunk();
            }
        }
        self.at += bytes.len() as u64;
    }

    /// Makes all that was written exist, in one store.
    #[inline]
    pub(super) fn commit(&mut self) {
        self.ring.sides.put.position.store(self.at, Ordering::Release);
    }
}

/// The consumers' lock, held: reads from the head on, and takes what it read.
pub(super) struct Reader<'a> {
    ring: &'a Ring,
    at: u64,
    /// Up to where the producers were seen to have committed.
    end: u64,
    _guard: LockGuard<'a>,
}

impl Reader<'_> {
    /// Whether there is a message behind what this reader read.
    #[inline]
    pub(super) fn has_message(&mut self) -> bool {
        if self.at == self.end {
            let sides = &self.ring.sides;
            self.end = sides.put.position.load(Ordering::Acquire);
            sides.got.seen.store(self.end, Ordering::Relaxed);
        }
        self.at != self.end
    }

    /// Appends the next message, which [is there](Self::has_message), to `to`. It stays in the ring.
    #[inline]
    pub(super) fn read(&mut self, to: &mut Vec<u8>, after: impl Fn(Step)) {
        let mut header = [MaybeUninit::uninit(); HEADER];
        self.copy(&mut header, || ());
        // SAFETY: `copy` fills all that it is given.
        let len = u32::from_ne_bytes(header.map(|byte| unsafe { byte.assume_init() })) as usize;
        after(Step::GetHeader);
        to.reserve(len);
        self.copy(&mut to.spare_capacity_mut()[..len], || after(Step::GetChunk));
        // SAFETY: `copy` has filled so many bytes behind the first `to.len()`.
        unsafe { to.set_len(to.len() + len) };
        after(Step::GetPayload);
    }

    /// Fills `bytes` with what comes next.
    #[inline]
    fn copy(&mut self, bytes: &mut [MaybeUninit<u8>], after_chunk: impl Fn()) {
        assert!(bytes.len() as u64 <= self.end - self.at, "read beyond what was committed");
        if let Some(from) = self.ring.whole(self.at, bytes.len()) {
            // SAFETY: as for the pieces below; `whole` stays within the ring's memory.
            unsafe { from.copy_to_nonoverlapping(bytes.as_mut_ptr().cast(), bytes.len()) };
            self.at += bytes.len() as u64;
            return;
        }
        for (from, to, len) in self.ring.pieces(self.at, bytes.len()) {
            let piece = &mut bytes[to..to + len];
            // SAFETY: `pieces` stays within the ring's memory, and within what was just asserted
            // to be committed: written before the Release store of the tail that `end` was loaded
            // from, and left alone by producers until the head is beyond it, which only the holder
            // of the consumers' lock moves.
            unsafe { from.copy_to_nonoverlapping(piece.as_mut_ptr().cast(), len) };
            if to + len < bytes.len() {
                after_chunk();
            }
        }
        self.at += bytes.len() as u64;
    }

    /// Takes all that was read out of the ring, in one store. Returns whether the ring is now at
    /// most half full, as far as was seen.
    #[inline]
    pub(super) fn commit(&mut self) -> bool {
        self.ring.sides.got.position.store(self.at, Ordering::Release);
        (self.end - self.at) as usize <= self.ring.capacity / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One message through the ring; none of its bytes is the canary.
    fn pass(ring: &Ring, len: usize) {
        let message: Vec<u8> = (0..len).map(|at| at as u8 & 0x7f).collect();
        let mut writer = ring.writer(|| Duration::ZERO).expect("nobody else has the lock");
        assert!(writer.fits(len));
        writer.write(&message, |_| ());
        writer.commit();
        drop(writer);
        let mut reader = ring.reader(|| Duration::ZERO).expect("nobody else has the lock");
        assert!(reader.has_message());
        let mut got = Vec::new();
        reader.read(&mut got, |_| ());
        reader.commit();
        assert_eq!(got, message);
    }

    #[test]
    fn nothing_is_written_beyond_the_end_wherever_a_message_wraps() {
        // Who writes and who reads cut alike, so a message that goes over the end comes back whole:
        // only what lies there tells.
        const CANARY: u8 = 0xc5;
        for capacity in [64, 61, 2048] {
            let ring = Ring::new(capacity).expect("memory for a ring");
            assert!(ring.bytes.beyond().len() >= 2048);
            ring.bytes.beyond().iter().for_each(|byte| byte.store(CANARY, Ordering::Relaxed));
            for len in [0, 1, 2, 3, 5, 8, 13, 31, ring.longest() - 1, ring.longest()] {
                for _ in 0..130 {
                    pass(&ring, len);
                }
            }
            let hit =
                ring.bytes.beyond().iter().position(|byte| byte.load(Ordering::Relaxed) != CANARY);
            assert_eq!(hit, None, "a ring of {capacity} bytes was left at its end");
        }
    }

    #[test]
    fn pieces_are_all_of_the_message_and_within_the_ring() {
        for size in [64, 4096, 8192] {
            let ring = Ring::new(size).expect("memory for a ring");
            let memory = ring.bytes.as_ptr_range();
            let memory = memory.start.addr()..=memory.end.addr();
            for at in (0..2 * size).step_by(61).chain(size - 5..size + 5) {
                for len in [0, 1, 4, 5, size / 2, CHUNK.min(size), size] {
                    let mut whole = 0;
                    for (place, from, piece) in ring.pieces(at as u64, len) {
                        let place = place.addr();
                        assert!(memory.contains(&place) && memory.contains(&(place + piece)));
                        assert_eq!(place - memory.start(), (at + from) % size);
                        assert!(from == whole && piece <= CHUNK);
                        whole += piece;
                    }
                    assert_eq!(whole, len, "from {at} on in a ring of {size} bytes");
                }
            }
        }
    }
}

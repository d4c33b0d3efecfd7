//! `EventCount`: where processes sleep until another one has changed something, and how that one
//! learns, for the price of a load, that nobody sleeps.

use std::sync::atomic::{AtomicU32, Ordering, compiler_fence, fence};
use std::time::Duration;

use crate::mp::sys::{self, LONGEST_SLEEP};

/// Somebody may be asleep.
const SLEEPERS: u32 = 1;
/// One wake; they are counted in the other 31 bits and wrap around.
const WAKE: u32 = 2;

/// A place to sleep until something changes (Reed and Kanodia, "Synchronization with Eventcounts and
/// Sequencers", 1979), in one futex word.
///
/// A sleeper announces itself, looks once more whether it must sleep, and sleeps. A waker changes
/// what the sleepers look at, and then looks whether one is announced. Between the two steps of each
/// stands a SeqCst fence, so at least one of them sees the other: the sleeper the change, or the
/// waker the sleeper.
///
/// Nothing here can be left broken by a process that is killed: a sleeper that died costs a waker one
/// call to the kernel, and a wake that was lost is made up for by the bound of every sleep
/// ([`LONGEST_SLEEP`]).
#[derive(Debug)]
pub(super) struct EventCount(AtomicU32);

impl EventCount {
    /// Announces a sleeper. What is looked at after this call, or anything later, ends its sleep.
    pub(super) fn announce(&self) -> Announced<'_> {
        let word = self.0.fetch_or(SLEEPERS, Ordering::Relaxed) | SLEEPERS;
        fence(Ordering::SeqCst);
        Announced { word: &self.0, expected: word }
    }

    /// Wakes at most `count` sleepers, if any are announced, after the caller has changed what they
    /// look at and then given back a lock (or set a fence of its own). `waking` is called before one
    /// is woken. Returns whether one was.
    #[inline]
    pub(super) fn notify(&self, count: u32, waking: impl FnOnce()) -> bool {
        fence_after_unlock();
        if self.0.load(Ordering::Relaxed) & SLEEPERS == 0 {
            return false;
        }
        waking();
        self.wake(count)
    }

    /// Also stops whoever is on its way to sleep, as the word is no longer what it was.
    #[cold]
    fn wake(&self, count: u32) -> bool {
        let now = self.0.fetch_add(WAKE, Ordering::Relaxed).wrapping_add(WAKE);
        if sys::futex_wake(&self.0, count) > 0 {
            return true;
        }
        // Nobody slept, so the mark is taken away, unless another waker was here. Who announced
        // itself and went to sleep just before this is not announced any more, and is woken to do
        // it again.
        let quiet = now & !SLEEPERS;
        self.0.compare_exchange(now, quiet, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            && sys::futex_wake(&self.0, u32::MAX) > 0
    }
}

/// The SeqCst fence of who wakes, between what it changed before it unlocked a mutex and the look at
/// the sleepers.
///
/// Unlocking frees the mutex's word and learns in the same step whether somebody waits for it, so it
/// is an atomic read-modify-write, and on x86-64 each of these is a full fence already (Intel's
/// manual: "loads and stores are not reordered with locked instructions"). A second one would make
/// every message a tenth slower.
#[inline]
fn fence_after_unlock() {
    if cfg!(target_arch = "x86_64") {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// A sleeper that is announced.
pub(super) struct Announced<'a> {
    word: &'a AtomicU32,
    expected: u32,
}

impl Announced<'_> {
    /// Sleeps until somebody wakes, no longer than `bound` and [`LONGEST_SLEEP`]. The caller looks
    /// again, whatever ended it.
    pub(super) fn sleep(self, bound: Duration) {
        sys::futex_wait(self.word, self.expected, bound.min(LONGEST_SLEEP));
    }
}

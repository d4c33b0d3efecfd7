//! `Turnstile`: one waits, others let it through, one passage for each opening.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::shm::SharedSafe;
use super::sys::{self, Deadline, LONGEST_SLEEP};

/// A gate in shared memory that lets one waiter through once for each time it was opened.
///
/// It counts openings, and the count only grows (and wraps); the waiter counts its passages and
/// goes through when there are more openings than these. A flag that the waiter clears would lose
/// an opening that comes between its waking and its clearing, and with it the one who waits.
/// It never spins: whoever steps processes one by one wants the others asleep, on one CPU most of
/// all. Python has no such thing; nearest is a semaphore that starts at 0.
///
/// All zero is a turnstile that nobody has opened.
#[derive(Debug, Default)]
pub struct Turnstile(AtomicU32);

// SAFETY: one atomic word, for which zero (never opened) is a value.
unsafe impl SharedSafe for Turnstile {}

impl Turnstile {
    /// Lets the waiter through once; before it waits, too.
    pub fn open(&self) {
        self.0.fetch_add(1, Ordering::Release);
        sys::futex_wake(&self.0, 1);
    }

    /// Waits, no longer than `bound`, for an opening beyond the first `passed`, and counts this
    /// passage; false if none came. What was written before the opening is visible after it.
    pub fn pass(&self, passed: &mut u32, bound: Duration) -> bool {
        let deadline = Deadline::after(bound);
        while self.0.load(Ordering::Acquire) == *passed {
            if deadline.is_over() {
                return false;
            }
            sys::futex_wait(&self.0, *passed, deadline.left().min(LONGEST_SLEEP));
        }
        *passed = passed.wrapping_add(1);
        true
    }
}

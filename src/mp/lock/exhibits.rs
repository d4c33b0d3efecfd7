//! Two locks to hold beside `Lock`: a plain mutex, which shows what robustness costs, and Python's
//! semaphore, which shows what it is for.

use std::cell::UnsafeCell;
use std::fmt;
use std::time::Duration;

use super::mutex::{Mutex, expect_zero, place};
use crate::mp::sys::{Deadline, MapError};

unsafe extern "C" {
    // glibc 2.30, not in the libc crate: as sem_timedwait, on a clock of one's choice.
    fn sem_clockwait(
        semaphore: *mut libc::sem_t,
        clock: libc::clockid_t,
        until: *const libc::timespec,
    ) -> libc::c_int;
}

/// A mutex between processes that is *not* robust, to measure what robustness adds. If its owner
/// dies holding it, it stays locked for ever.
#[derive(Clone)]
pub struct PlainLock(&'static Mutex);

impl PlainLock {
    /// Makes a free lock.
    ///
    /// # Errors
    /// [`MapError`] if there is no memory for it.
    pub fn new() -> Result<Self, MapError> {
        Mutex::new(false).map(Self)
    }

    /// Runs `work` with the lock held, waiting for it as long as it takes.
    ///
    /// A function and no guard: a plain mutex does not notice when a forked child gives back what
    /// its parent holds.
    #[inline]
    pub fn with<R>(&self, work: impl FnOnce() -> R) -> R {
        struct Held(&'static Mutex);
        impl Drop for Held {
            #[inline]
            fn drop(&mut self) {
                let _ = self.0.unlock();
            }
        }
        let code = self.0.lock(Deadline::never());
        debug_assert_eq!(code, 0, "a plain mutex that exists can always be locked in the end");
        let _held = Held(self.0);
        work()
    }
}

impl fmt::Debug for PlainLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainLock")
    }
}

/// Python's `Lock` as it is: a POSIX semaphore with one token (Modules/_multiprocessing/semaphore.c).
///
/// It has no owner. Anybody may release it, also one who never acquired it; and if the process that
/// took the token is killed, nobody is told and the token never comes back. The exhibit that hangs.
#[derive(Clone)]
pub struct SemaphoreLock(&'static Semaphore);

struct Semaphore(UnsafeCell<libc::sem_t>);

// SAFETY: a process-shared semaphore is made to be used by any thread of any process at once.
unsafe impl Sync for Semaphore {}

/// Released while nobody held it: Python's "semaphore or lock released too many times".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lock was released while nobody held it: release once for each acquire")]
pub struct ReleasedTooOften;

impl SemaphoreLock {
    /// Makes a free one.
    ///
    /// # Errors
    /// [`MapError`] if there is no memory for it.
    pub fn new() -> Result<Self, MapError> {
        let semaphore = place::<Semaphore>()?;
        // SAFETY: the page is ours alone so far and never unmapped; 1 is shared between processes.
        unsafe {
            expect_zero(libc::sem_init(semaphore.cast(), 1, 1));
            Ok(Self(&*semaphore))
        }
    }

    /// Waits for the token: for ever, if its owner was killed, in sleeps of at most 50 ms.
    pub fn acquire(&self) {
        while !self.acquire_until(Deadline::never()) {}
    }

    /// Waits for the token no longer than `bound`, and no shorter. False: somebody had it all the
    /// time. Python's `acquire(timeout=…)`, with Python's answer.
    #[must_use = "false means that the lock is not held"]
    pub fn acquire_timeout(&self, bound: Duration) -> bool {
        self.acquire_until(Deadline::after(bound))
    }

    /// Gives the token back, whoever took it. Python's `release()`.
    ///
    /// # Errors
    /// [`ReleasedTooOften`] if nobody has it. As in Python, two who release at the same moment can
    /// slip through, and then there are two tokens.
    pub fn release(&self) -> Result<(), ReleasedTooOften> {
        let mut tokens = 0;
        // SAFETY: an initialised semaphore, never unmapped, and an int of ours.
        unsafe {
            libc::sem_getvalue(self.0.0.get(), &raw mut tokens);
            if tokens > 0 {
                return Err(ReleasedTooOften);
            }
            libc::sem_post(self.0.0.get());
        }
        Ok(())
    }

    /// The address of the futex word, as [`Lock::address`](super::Lock::address).
    #[must_use]
    pub fn address(&self) -> usize {
        self.0.0.get().addr()
    }

    fn acquire_until(&self, deadline: Deadline) -> bool {
        loop {
            let until = deadline.next_look();
            // SAFETY: an initialised semaphore, never unmapped, and a timespec of ours.
            let code =
                unsafe { sem_clockwait(self.0.0.get(), libc::CLOCK_MONOTONIC, &raw const until) };
            if code == 0 {
                return true;
            }
            if deadline.is_over() {
                return false;
            }
        }
    }
}

impl fmt::Debug for SemaphoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SemaphoreLock")
    }
}

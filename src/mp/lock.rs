//! `Lock`, the lock between processes that survives a killed owner. Its exhibits stand beside it.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::sys::{self, Deadline, MapError};

mod exhibits;
mod mutex;

pub use exhibits::{PlainLock, ReleasedTooOften, SemaphoreLock};
use mutex::Mutex;

/// A lock between processes: one holds it, the others wait.
///
/// **Python's** `Lock` is a POSIX semaphore with one token: whoever takes it need not be the one
/// who gives it back, and when the one who has it is killed, everybody waits for ever.
///
/// **Here** it is a robust pthread mutex shared between processes (POSIX, pthread_mutexattr_setrobust):
/// it has an owner, only the owner can release it, and when the owner dies the next one gets it with
/// the news ([`LockError::OwnerDied`]), mends what the lock protects, and goes on. As in Python's,
/// an owner that acquires it again waits for itself.
///
/// A clone is another handle to the same lock. A lock made before a fork is shared with the child.
/// Each lock takes a page of shared memory that is kept to the end of the process.
///
/// ```
/// use parlab::mp::Lock;
///
/// let lock = Lock::new()?;
/// let guard = lock.acquire().expect("nobody died holding it");
/// assert!(lock.try_acquire().expect("nobody died holding it").is_none());
/// guard.release();
/// # Ok::<(), parlab::mp::MapError>(())
/// ```
#[derive(Clone)]
pub struct Lock(&'static Mutex);

/// Why a [`Lock`] was not simply acquired.
#[derive(Debug, thiserror::Error)]
pub enum LockError<'a> {
    /// Acquired, but its former owner died holding it: what it protects may be half changed.
    #[error(
        "the lock is held now, but its last owner died holding it: mend what it protects, then repair it"
    )]
    OwnerDied(Orphan<'a>),
    /// An owner died, and the next one gave the lock back unrepaired. It is unusable for good.
    #[error(
        "the lock is lost: an owner died, and the next one released it without repairing it; make a new one"
    )]
    NotRecoverable,
    /// Somebody else held it all the time.
    #[error("the lock was held by another process all the time: wait longer, or look who has it")]
    TimedOut,
}

impl Lock {
    /// Makes a free lock.
    ///
    /// # Errors
    /// [`MapError`] if there is no memory for it.
    pub fn new() -> Result<Self, MapError> {
        Mutex::new(true).map(Self)
    }

    /// Waits until the lock is this thread's. Python's `acquire()`.
    ///
    /// # Errors
    /// [`LockError::OwnerDied`] and [`LockError::NotRecoverable`].
    #[inline]
    pub fn acquire(&self) -> Result<LockGuard<'_>, LockError<'_>> {
        self.answer(self.0.lock(Deadline::never()))
    }

    /// As [`acquire`](Self::acquire), no longer than `bound`, and no shorter. Python's
    /// `acquire(timeout=…)`.
    ///
    /// # Errors
    /// Also [`LockError::TimedOut`].
    pub fn acquire_timeout(&self, bound: Duration) -> Result<LockGuard<'_>, LockError<'_>> {
        self.answer(self.0.lock(Deadline::after(bound)))
    }

    /// Acquires the lock if that takes no waiting; `None` if somebody has it. Python's
    /// `acquire(block=False)`.
    ///
    /// # Errors
    /// As for [`acquire`](Self::acquire).
    #[inline]
    pub fn try_acquire(&self) -> Result<Option<LockGuard<'_>>, LockError<'_>> {
        match self.0.try_lock() {
            libc::EBUSY => Ok(None),
            code => self.answer(code).map(Some),
        }
    }

    /// The thread that owns the lock at this moment, by its thread ID (of a process with one thread
    /// that is its pid); `None` if nobody does, also after an owner's death.
    #[must_use]
    pub fn owner(&self) -> Option<i32> {
        self.0.owner()
    }

    /// The address of the futex word, the same in every process that inherited the lock: what a
    /// waiter's `/proc/PID/syscall` shows as its first argument.
    #[must_use]
    pub fn address(&self) -> usize {
        self.0.word().as_ptr().addr()
    }

    #[inline]
    fn answer(&self, code: i32) -> Result<LockGuard<'_>, LockError<'_>> {
        if code == 0 { Ok(LockGuard::new(self.0)) } else { Err(self.refusal(code)) }
    }

    #[cold]
    fn refusal(&self, code: i32) -> LockError<'_> {
        match code {
            libc::EOWNERDEAD => LockError::OwnerDied(Orphan(LockGuard::new(self.0))),
            libc::ENOTRECOVERABLE => LockError::NotRecoverable,
            libc::ETIMEDOUT => LockError::TimedOut,
            other => unreachable!("POSIX names no error {other} for a robust mutex that exists"),
        }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").field("owner", &self.owner()).finish_non_exhaustive()
    }
}

/// The lock is held as long as this lives, by the thread that acquired it.
///
/// A forked child that inherited the guard does not own the lock: when it drops its copy, glibc
/// compares the thread ID in the lock word with its own and refuses (EPERM), and the parent still
/// holds the lock. `std::mem::forget(guard)` is a forgotten release.
#[must_use = "the lock is released at once if the guard is not kept"]
pub struct LockGuard<'a> {
    mutex: &'static Mutex,
    // Not Send: a mutex belongs to the thread that locked it.
    owned: PhantomData<(&'a Lock, *const ())>,
}

impl LockGuard<'_> {
    fn new(mutex: &'static Mutex) -> Self {
        Self { mutex, owned: PhantomData }
    }

    /// Whether the lock is this thread's: not so in a forked child that inherited the guard.
    fn is_held(&self) -> bool {
        self.mutex.owner() == Some(sys::tid())
    }

    /// Gives the lock back, as dropping the guard does. Python's `release()`.
    #[inline]
    pub fn release(self) {}
}

impl Drop for LockGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        // EPERM: a copy that a forked child inherited; not its lock, so nothing to give back.
        let _ = self.mutex.unlock();
    }
}

impl fmt::Debug for LockGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockGuard")
    }
}

/// A lock that is held, and whose last owner died holding it.
///
/// First mend what the lock protects, then [`repair`](Self::repair) it. Dropping it unrepaired says
/// that this cannot be mended: the lock is then [`NotRecoverable`](LockError::NotRecoverable) for
/// everybody.
#[derive(Debug)]
#[must_use = "dropped unrepaired, the lock is lost to everybody"]
pub struct Orphan<'a>(LockGuard<'a>);

impl<'a> Orphan<'a> {
    /// Declares the lock and what it protects whole again (POSIX, pthread_mutex_consistent), and
    /// goes on holding it.
    pub fn repair(self) -> LockGuard<'a> {
        let mutex = self.0.mutex;
        if self.0.is_held() {
            mutex.make_consistent();
        }
        std::mem::forget(self);
        LockGuard::new(mutex)
    }
}

impl Drop for Orphan<'_> {
    fn drop(&mut self) {
        if self.0.is_held() {
            self.0.mutex.give_up();
        }
    }
}

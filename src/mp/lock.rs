//! Locks between processes: `Lock`, which survives a killed owner, and two exhibits to hold beside
//! it: Python's semaphore, which does not, and a plain mutex, which shows what surviving costs.

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::sys::{self, Deadline, MapError, Mapping};

unsafe extern "C" {
    // glibc 2.30, not in the libc crate: as pthread_mutex_timedlock, on a clock of one's choice.
    // The older call waits on CLOCK_REALTIME, which anybody may set back in the meantime.
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        until: *const libc::timespec,
    ) -> libc::c_int;
    fn sem_clockwait(
        semaphore: *mut libc::sem_t,
        clock: libc::clockid_t,
        until: *const libc::timespec,
    ) -> libc::c_int;
}

/// Lays a `T` into a page of shared memory that stays mapped to the end of the process.
///
/// Memory of a robust mutex must not be unmapped or used for something else while anyone may still
/// be in unlock: the kernel, cleaning up after a killed owner, may write to where the mutex was
/// (glibc bug 14485). A page that stays can never be such a place.
fn place<T>() -> Result<*mut T, MapError> {
    const { assert!(size_of::<T>() <= 4096) };
    Ok(Mapping::new(size_of::<T>())?.keep().cast().as_ptr())
}

// --------------------------------------------------------------------------------------- mutex

/// A pthread mutex in shared memory, robust or plain.
#[repr(C)]
struct Mutex {
    /// Its first word is the futex word, in which glibc keeps the owner's thread ID if the mutex is
    /// robust (nptl/pthread_mutex_lock.c; the kernel's robust futex ABI).
    pthread: UnsafeCell<libc::pthread_mutex_t>,
    /// Whether an owner died and the next one gave the mutex back unrepaired.
    ///
    /// pthread tells this too (ENOTRECOVERABLE), but glibc's trylock (seen in 2.36) forgets to
    /// unlock the word when it does: the next one then finds a mutex that is locked for ever. So
    /// this is looked at first, at every look, and costs nothing: it lies in the same cache line.
    lost: AtomicBool,
}

// SAFETY: a process-shared mutex is made to be used by any thread of any process at once.
unsafe impl Sync for Mutex {}

impl Mutex {
    fn new(robust: bool) -> Result<&'static Self, MapError> {
        let mutex = place::<Self>()?;
        let robustness =
            if robust { libc::PTHREAD_MUTEX_ROBUST } else { libc::PTHREAD_MUTEX_STALLED };
        // SAFETY: the attributes are initialised before they are used and destroyed after; the
        // mutex lies in a page that nobody else knows yet and that is never unmapped.
        unsafe {
            let mut attributes = std::mem::MaybeUninit::uninit();
            let attributes = attributes.as_mut_ptr();
            expect_zero(libc::pthread_mutexattr_init(attributes));
            expect_zero(libc::pthread_mutexattr_setpshared(
                attributes,
                libc::PTHREAD_PROCESS_SHARED,
            ));
            expect_zero(libc::pthread_mutexattr_setrobust(attributes, robustness));
            expect_zero(libc::pthread_mutex_init(mutex.cast(), attributes));
            libc::pthread_mutexattr_destroy(attributes);
            Ok(&*mutex)
        }
    }

    /// 0, EBUSY, EOWNERDEAD or ENOTRECOVERABLE.
    #[inline]
    fn try_lock(&self) -> i32 {
        if self.lost.load(Ordering::Relaxed) {
            return libc::ENOTRECOVERABLE;
        }
        // SAFETY: an initialised mutex, never unmapped.
        unsafe { libc::pthread_mutex_trylock(self.pthread.get()) }
    }

    /// 0, EOWNERDEAD, ENOTRECOVERABLE, or ETIMEDOUT once the deadline is over.
    ///
    /// The wait is cut into sleeps of at most 50 ms, and this is no detail. A process that is killed
    /// in unlock, after it freed the word and before it woke the next one, leaves a waiter asleep on
    /// a lock that is free; so does a waiter that was woken and is killed before it takes the lock.
    /// The sleep ends, the waiter looks, and the lock is its own.
    #[cold]
    fn lock_contended(&self, deadline: Deadline) -> i32 {
        loop {
            let until = deadline.next_look();
            // SAFETY: an initialised mutex, never unmapped, and a timespec of ours.
            let code = unsafe {
                pthread_mutex_clocklock(self.pthread.get(), libc::CLOCK_MONOTONIC, &raw const until)
            };
            if code != libc::ETIMEDOUT || deadline.is_over() {
                return code;
            }
            if self.lost.load(Ordering::Relaxed) {
                return libc::ENOTRECOVERABLE;
            }
        }
    }

    #[inline]
    fn lock(&self, deadline: Deadline) -> i32 {
        match self.try_lock() {
            libc::EBUSY => self.lock_contended(deadline),
            code => code,
        }
    }

    /// Gives the mutex back. A robust one answers EPERM to a process that does not own it and stays
    /// as it is; that is what happens to a guard which a forked child inherited.
    #[inline]
    fn unlock(&self) -> i32 {
        // SAFETY: an initialised mutex, never unmapped.
        unsafe { libc::pthread_mutex_unlock(self.pthread.get()) }
    }

    fn owner(&self) -> Option<i32> {
        if self.lost.load(Ordering::Relaxed) {
            return None;
        }
        match self.word().load(Ordering::Relaxed) & libc::FUTEX_TID_MASK {
            0 => None,
            tid => i32::try_from(tid).ok(),
        }
    }

    fn word(&self) -> &AtomicU32 {
        // SAFETY: glibc's first field, an aligned int that only atomic operations change.
        unsafe { AtomicU32::from_ptr(self.pthread.get().cast()) }
    }
}

#[track_caller]
fn expect_zero(code: i32) {
    assert!(code == 0, "pthread refused a call that cannot fail here: error {code}");
}

// ---------------------------------------------------------------------------------------- Lock

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
/// A clone is another handle to the same lock. Made before a fork, the lock is shared with the
/// child. Each takes a page of shared memory that is kept to the end of the process.
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
            // SAFETY: an initialised robust mutex, never unmapped, which this thread holds.
            expect_zero(unsafe { libc::pthread_mutex_consistent(mutex.pthread.get()) });
        }
        std::mem::forget(self);
        LockGuard::new(mutex)
    }
}

impl Drop for Orphan<'_> {
    fn drop(&mut self) {
        if self.0.is_held() {
            self.0.mutex.lost.store(true, Ordering::Relaxed);
        }
    }
}

// ----------------------------------------------------------------------------------- PlainLock

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

// ------------------------------------------------------------------------------- SemaphoreLock

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

    /// The address of the futex word, as [`Lock::address`].
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

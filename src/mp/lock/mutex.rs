//! The pthread mutex under the locks: placed in shared memory for good, and never waited for without
//! a bound.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::mp::sys::{self, Deadline, MapError, Mapping};

unsafe extern "C" {
    // glibc 2.30, not in the libc crate: as pthread_mutex_timedlock, on a clock of one's choice.
    // The older call waits on CLOCK_REALTIME, which anybody may set back in the meantime.
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        until: *const libc::timespec,
    ) -> libc::c_int;
}

/// Lays a `T` into a page of shared memory that stays mapped to the end of the process.
///
/// Memory of a robust mutex must not be unmapped or used for something else while anyone may still
/// be in unlock: the kernel, cleaning up after a killed owner, may write to where the mutex was
/// (glibc bug 14485). A page that stays can never be such a place.
pub(super) fn place<T>() -> Result<*mut T, MapError> {
    const { assert!(size_of::<T>() <= 4096) };
    Ok(Mapping::new(size_of::<T>())?.keep().cast().as_ptr())
}

/// How often a waiter looks before it sleeps: ten microseconds in all, about a sleep and a wake-up.
const LOOKS: u32 = 10;

/// Nanoseconds between two looks. Each takes the word's cache line from the owner, so one who looks
/// all the time slows down the one it waits for: of two processes that do nothing but lock, add and
/// unlock, a step took 27 to 45 ns with looks a microsecond apart, and 50 to 130 ns with looks much
/// closer, or with none.
const LOOK_EVERY_NS: u64 = 1_000;

/// A pthread mutex in shared memory, robust or plain.
#[repr(C)]
pub(super) struct Mutex {
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
    pub(super) fn new(robust: bool) -> Result<&'static Self, MapError> {
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
    pub(super) fn try_lock(&self) -> i32 {
        if self.lost.load(Ordering::Relaxed) {
            return libc::ENOTRECOVERABLE;
        }
        // SAFETY: an initialised mutex, never unmapped.
        unsafe { libc::pthread_mutex_trylock(self.pthread.get()) }
    }

    /// 0, EBUSY, EOWNERDEAD or ENOTRECOVERABLE, after [`LOOKS`] looks at most.
    ///
    /// Most locks are held for less time than it takes to fall asleep and be woken. One who looks
    /// for about that long before sleeping never pays more than twice the best that could be done
    /// (Karlin, Li, Manasse and Owicki, Empirical Studies of Competitive Spinning, SOSP 1991), and
    /// spares the owner the system call that wakes a sleeper. That holds on one CPU too, where
    /// looking is in vain: a waiter comes there only when the owner's time slice ends.
    fn look_awhile(&self) -> i32 {
        for _ in 0..LOOKS {
            let next = sys::now_ns() + LOOK_EVERY_NS;
            // The time goes to whoever else has something to do on this CPU, the owner perhaps.
            // Where more processes work than there are CPUs, spinning cost a message of a queue
            // half as much again, and twice as much between CPUs that lie far apart.
            while sys::now_ns() < next {
                sys::yield_now();
            }
            // Read before trying: a trial that fails costs the owner as much as one that does not.
            if self.word().load(Ordering::Relaxed) & libc::FUTEX_TID_MASK == 0 {
                match self.try_lock() {
                    libc::EBUSY => {}
                    code => return code,
                }
            }
        }
        libc::EBUSY
    }

    /// 0, EOWNERDEAD, ENOTRECOVERABLE, or ETIMEDOUT once the deadline is over.
    ///
    /// The wait is cut into sleeps of at most 50 ms, and this is no detail. A process that is killed
    /// in unlock, after it freed the word and before it woke the next one, leaves a waiter asleep on
    /// a lock that is free; so does a waiter that was woken and is killed before it takes the lock.
    /// The sleep ends, the waiter looks, and the lock is its own.
    #[cold]
    fn lock_contended(&self, deadline: Deadline) -> i32 {
        let code = self.look_awhile();
        if code != libc::EBUSY {
            return code;
        }
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
    pub(super) fn lock(&self, deadline: Deadline) -> i32 {
        match self.try_lock() {
            libc::EBUSY => self.lock_contended(deadline),
            code => code,
        }
    }

    /// Gives the mutex back. A robust one answers EPERM to a process that does not own it and stays
    /// as it is; that is what happens to a guard which a forked child inherited.
    #[inline]
    pub(super) fn unlock(&self) -> i32 {
        // SAFETY: an initialised mutex, never unmapped.
        unsafe { libc::pthread_mutex_unlock(self.pthread.get()) }
    }

    /// Ends the state in which EOWNERDEAD left the mutex; its caller holds it.
    pub(super) fn make_consistent(&self) {
        // SAFETY: an initialised mutex, never unmapped. Not robust or not in that state, it stays
        // as it is.
        expect_zero(unsafe { libc::pthread_mutex_consistent(self.pthread.get()) });
    }

    /// Says that the mutex will be unlocked unrepaired; its caller holds it.
    pub(super) fn give_up(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// The thread ID of the owner of a robust mutex.
    pub(super) fn owner(&self) -> Option<i32> {
        if self.lost.load(Ordering::Relaxed) {
            return None;
        }
        match self.word().load(Ordering::Relaxed) & libc::FUTEX_TID_MASK {
            0 => None,
            tid => i32::try_from(tid).ok(),
        }
    }

    pub(super) fn word(&self) -> &AtomicU32 {
        // SAFETY: glibc's first field, an aligned int that only atomic operations change.
        unsafe { AtomicU32::from_ptr(self.pthread.get().cast()) }
    }
}

#[track_caller]
pub(super) fn expect_zero(code: i32) {
    assert!(code == 0, "pthread refused a call that cannot fail here: error {code}");
}

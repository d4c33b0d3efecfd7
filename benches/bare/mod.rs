//! The mutex under `mp::Lock` used as barely as can be: what ours is measured against.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use parlab::mp::SharedSafe;

/// A robust mutex shared between processes, and nothing else.
pub struct Bare(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: a process-shared mutex is made to be used from anywhere at once. All zero is glibc's
// PTHREAD_MUTEX_INITIALIZER, so the memory holds a mutex even before `init`.
unsafe impl SharedSafe for Bare {}
// SAFETY: as above.
unsafe impl Sync for Bare {}

impl Bare {
    /// Makes it robust; to be called once, before it is used.
    pub fn init(&self) {
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: the attributes are initialised before they are used, and the mutex is not in use
        // yet. Its memory stays mapped until this process ends, after its children.
        let codes = unsafe {
            [
                libc::pthread_mutexattr_init(attributes),
                libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED),
                libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST),
                libc::pthread_mutex_init(self.0.get(), attributes),
            ]
        };
        assert_eq!(codes, [0; 4], "a mutex that cannot fail to be made");
    }

    /// Waits for it.
    pub fn lock(&self) {
        // SAFETY: an initialised mutex.
        let code = unsafe { libc::pthread_mutex_lock(self.0.get()) };
        assert_eq!(code, 0, "nobody died holding it");
    }

    /// Gives it back.
    pub fn unlock(&self) {
        // SAFETY: an initialised mutex, held by the caller.
        unsafe { libc::pthread_mutex_unlock(self.0.get()) };
    }
}

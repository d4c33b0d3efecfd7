//! Mappings that forked children share, from the kernel's side: bytes, pages, and who keeps them.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

/// The kernel would not map memory to share.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot map {bytes} bytes of memory to share between processes: {source}; ask for less, or \
     raise the limit (ulimit -v, the container's memory)"
)]
pub struct MapError {
    /// How many bytes were asked for.
    pub bytes: usize,
    /// What the kernel answered.
    pub source: io::Error,
}

/// A mapping that this process shares with all children it forks while the mapping exists
/// (`MAP_SHARED | MAP_ANONYMOUS`, mmap(2)): all zero at first, unmapped on drop, at the same
/// address in every one of them.
#[derive(Debug)]
pub(in crate::mp) struct Mapping {
    base: NonNull<u8>,
    bytes: usize,
}

// SAFETY: a mapping belongs to the process, not to a thread; how its bytes may be used at once
// is the business of the types laid over it.
unsafe impl Send for Mapping {}
// SAFETY: as above; `Mapping` itself reads and writes nothing.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps at least `bytes` bytes, in whole pages (one page for 0).
    pub(in crate::mp) fn new(bytes: usize) -> Result<Self, MapError> {
        Self::map(bytes.max(1), libc::MAP_ANONYMOUS, -1)
    }

    /// Maps the first `bytes` bytes of a file instead, shared with whoever else maps it.
    pub(in crate::mp) fn of_file(file: BorrowedFd<'_>, bytes: usize) -> Result<Self, MapError> {
        Self::map(bytes, 0, file.as_raw_fd())
    }

    fn map(bytes: usize, kind: i32, fd: i32) -> Result<Self, MapError> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_SHARED | kind;
        // SAFETY: a new mapping at an address the kernel chooses touches nothing that exists.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, kind, fd, 0) };
        if base == libc::MAP_FAILED {
            return Err(MapError { bytes, source: io::Error::last_os_error() });
        }
        let base = NonNull::new(base.cast()).expect("mmap never places a mapping at address 0");
        Ok(Self { base, bytes })
    }

    /// The first byte, page-aligned.
    pub(in crate::mp) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Gives the mapping up for good: it stays until the process ends.
    pub(in crate::mp) fn keep(self) -> NonNull<u8> {
        let base = self.base;
        std::mem::forget(self);
        base
    }

    /// Makes every page present in this process, so that no later access stops for a page fault.
    /// Best effort: a page that could not be had now faults when it is used.
    pub(in crate::mp) fn populate(&self) {
        let base = self.base.as_ptr().cast::<libc::c_void>();
        // SAFETY: the range is this mapping, and MADV_POPULATE_WRITE (Linux 5.14) changes no byte.
        if unsafe { libc::madvise(base, self.bytes, libc::MADV_POPULATE_WRITE) } == 0 {
            return;
        }
        // Before Linux 5.14: locking a page makes it present. In steps, as the amount that an
        // ordinary user may hold locked at once can be as little as 64 KiB.
        const STEP: usize = 32 * 1024;
        for at in (0..self.bytes).step_by(STEP) {
            let bytes = STEP.min(self.bytes - at);
            // SAFETY: `at..at + bytes` lies in this mapping, and locking changes no byte.
            unsafe {
                let step = base.byte_add(at);
                libc::mlock(step, bytes);
                libc::munlock(step, bytes);
            }
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `base` and `bytes` are what mmap was given and gave back, and whoever borrowed
        // from this mapping is gone when it is dropped.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.bytes) };
    }
}

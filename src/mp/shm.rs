//! Memory that processes share: typed mappings for forked children, Python's `Value` and `Array` over
//! them, and memory with a name for processes that are no relatives.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize,
};

use super::sys::{MapError, Mapping};

mod array;
mod named;
mod scalar;
mod value;

pub use array::{Array, Numbers, RawArray};
pub use named::{SegmentError, SharedMemory};
pub use scalar::{Integer, Scalar};
pub use value::{RawValue, Value};

/// What may lie in memory shared between processes.
///
/// # Safety
/// For an implementing type
/// - all bytes zero is a valid value (a new mapping is zero),
/// - it holds no pointer, reference or handle of one process, and nothing on the heap,
/// - it needs no drop,
/// - through a shared reference it changes by atomic operations only, its padding never.
pub unsafe trait SharedSafe: Sync {}

macro_rules! shared_safe {
    ($($atomic:ty),*) => {$(
        // SAFETY: an atomic integer: zero is a value, and it changes by atomic operations only.
        unsafe impl SharedSafe for $atomic {}
    )*};
}
shared_safe!(
    AtomicBool,
    AtomicI8,
    AtomicI16,
    AtomicI32,
    AtomicI64,
    AtomicIsize,
    AtomicU8,
    AtomicU16,
    AtomicU32,
    AtomicU64,
    AtomicUsize
);

// SAFETY: each element is as its type promises.
unsafe impl<T: SharedSafe, const N: usize> SharedSafe for [T; N] {}
// SAFETY: nothing to share.
unsafe impl SharedSafe for () {}
// SAFETY: each field is as its type promises.
unsafe impl<A: SharedSafe, B: SharedSafe> SharedSafe for (A, B) {}
// SAFETY: each field is as its type promises.
unsafe impl<A: SharedSafe, B: SharedSafe, C: SharedSafe> SharedSafe for (A, B, C) {}

/// One `T`, zero at first, which this process shares with the children it forks from then on, at
/// the same address in each. Unmapped on drop: in this process, not in the children.
///
/// Python has no such type; `multiprocessing.sharedctypes` is nearest, with ctypes for `T`.
pub struct Shared<T> {
    memory: Mapping,
    holds: PhantomData<T>,
}

impl<T: SharedSafe> Shared<T> {
    /// Maps whole pages for one `T`.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses.
    pub fn new() -> Result<Self, MapError> {
        const { assert!(align_of::<T>() <= 4096 && !std::mem::needs_drop::<T>()) };
        Ok(Self { memory: Mapping::new(size_of::<T>())?, holds: PhantomData })
    }

    /// As [`new`](Self::new), at the beginning of a file: shared with every process that maps it,
    /// and not zero if the file is not.
    ///
    /// # Safety
    /// The file is at least as long as a `T` as long as it is mapped, and its bytes are a `T`.
    pub(in crate::mp) unsafe fn in_file(file: BorrowedFd<'_>) -> Result<Self, MapError> {
        const { assert!(align_of::<T>() <= 4096 && !std::mem::needs_drop::<T>()) };
        Ok(Self { memory: Mapping::of_file(file, size_of::<T>())?, holds: PhantomData })
    }
}

impl<T: SharedSafe> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the mapping is as large as a T, aligned to a page, lives as long as `self`, and
        // `SharedSafe` promises that its zero bytes are a T which other processes may change
        // under a shared reference.
        unsafe { self.memory.base().cast().as_ref() }
    }
}

impl<T: SharedSafe + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&**self).finish()
    }
}

/// As [`Shared`], for a number of `T`s that is known at run time.
pub struct SharedSlice<T> {
    memory: Mapping,
    len: usize,
    holds: PhantomData<T>,
}

impl<T: SharedSafe> SharedSlice<T> {
    /// Maps `len` elements, all zero.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses, or if so many elements have no size in bytes.
    pub fn zeroed(len: usize) -> Result<Self, MapError> {
        const { assert!(align_of::<T>() <= 4096 && !std::mem::needs_drop::<T>()) };
        // A size that overflows is told as the largest one, which no kernel grants.
        let memory = Mapping::new(size_of::<T>().saturating_mul(len))?;
        Ok(Self { memory, len, holds: PhantomData })
    }

    /// Makes every page present in the calling process, so that a timed loop meets no page fault.
    ///
    /// To be called by each process that will use the pages: fork does not copy page tables of
    /// shared memory. Best effort: a page that cannot be had now faults when it is used.
    pub fn touch(&self) {
        self.memory.populate();
    }

    /// The rest of the last page, which no element reaches: where a test sees who writes beyond
    /// the end. Empty if the elements end with a page of 4096 bytes.
    #[cfg(test)]
    pub(in crate::mp) fn beyond(&self) -> &[AtomicU8] {
        let used = size_of::<T>() * self.len;
        let end = self.memory.base().as_ptr().cast::<AtomicU8>().cast_const();
        // SAFETY: the mapping is of whole pages, which are of 4096 bytes or a multiple of that, all
        // of them its own, and atomic bytes may be looked at while others write.
        unsafe { std::slice::from_raw_parts(end.add(used), used.next_multiple_of(4096) - used) }
    }
}

impl<T: SharedSafe> Deref for SharedSlice<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the mapping holds `len` elements, and as for `Shared`.
        unsafe { std::slice::from_raw_parts(self.memory.base().cast().as_ptr(), self.len) }
    }
}

impl<T: SharedSafe> fmt::Debug for SharedSlice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedSlice({} elements)", self.len)
    }
}

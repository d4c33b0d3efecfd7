//! Memory that forked children share: typed mappings, and Python's `Value` and `Array` over them.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

use super::lock::Lock;
use super::sys::{MapError, Mapping};

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

/// A number that fits a [`Value`] or an [`Array`]: i32 (Python's `'i'`), u32 (`'I'`), i64 (`'q'`),
/// u64 (`'Q'`), f32 (`'f'`), f64 (`'d'`). Sealed: each is one atomic word in memory.
pub trait Scalar: Copy + sealed::Cell {}

/// An integer [`Scalar`], which the processor can add to in one step.
pub trait Integer: Scalar + sealed::Add {}

mod sealed {
    pub trait Cell {
        type Atomic: super::SharedSafe + std::fmt::Debug;
        fn load(cell: &Self::Atomic) -> Self;
        fn store(cell: &Self::Atomic, value: Self);
    }
    pub trait Add: Cell {
        fn fetch_add(cell: &Self::Atomic, value: Self) -> Self;
    }
}

macro_rules! integer {
    ($($number:ty as $atomic:ty),*) => {$(
        impl Scalar for $number {}
        impl Integer for $number {}
        impl sealed::Cell for $number {
            type Atomic = $atomic;
            #[inline]
            fn load(cell: &$atomic) -> Self {
                cell.load(Ordering::Relaxed)
            }
            #[inline]
            fn store(cell: &$atomic, value: Self) {
                cell.store(value, Ordering::Relaxed);
            }
        }
        impl sealed::Add for $number {
            #[inline]
            fn fetch_add(cell: &$atomic, value: Self) -> Self {
                cell.fetch_add(value, Ordering::Relaxed)
            }
        }
    )*};
}
integer!(i32 as AtomicI32, u32 as AtomicU32, i64 as AtomicI64, u64 as AtomicU64);

macro_rules! float {
    ($($number:ty as $atomic:ty),*) => {$(
        impl Scalar for $number {}
        impl sealed::Cell for $number {
            type Atomic = $atomic;
            #[inline]
            fn load(cell: &$atomic) -> Self {
                <$number>::from_bits(cell.load(Ordering::Relaxed))
            }
            #[inline]
            fn store(cell: &$atomic, value: Self) {
                cell.store(value.to_bits(), Ordering::Relaxed);
            }
        }
    )*};
}
float!(f32 as AtomicU32, f64 as AtomicU64);

/// A number in shared memory without a lock: Python's `RawValue('i', 0)`.
///
/// `get` and `set` are each one relaxed atomic access, so a value is never half written; a `get`,
/// an addition and a `set` are three steps, between which others may come, and an update is lost.
#[derive(Debug)]
pub struct RawValue<T: Scalar>(Shared<T::Atomic>);

impl<T: Scalar> RawValue<T> {
    /// Shares `value`. It takes a page of its own.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses.
    pub fn new(value: T) -> Result<Self, MapError> {
        let cell = Shared::new()?;
        T::store(&cell, value);
        Ok(Self(cell))
    }

    /// The number now: one load.
    #[inline]
    #[must_use]
    pub fn get(&self) -> T {
        T::load(&self.0)
    }

    /// Replaces the number: one store.
    #[inline]
    pub fn set(&self, value: T) {
        T::store(&self.0, value);
    }
}

impl<T: Integer> RawValue<T> {
    /// Adds in one step that nobody can come between, wrapping around, and returns what was there
    /// before. Python has none: there `+=` is a read and a write, lock or no lock.
    #[inline]
    pub fn fetch_add(&self, value: T) -> T {
        T::fetch_add(&self.0, value)
    }
}

/// A number in shared memory with a lock of its own: Python's `Value('i', 0)`.
///
/// **Python** takes the lock for each read of `.value` and again for each write, so
/// `v.value += 1` is two locked steps and loses updates all the same; right is
/// `with v.get_lock(): v.value += 1`.
///
/// **Here** `get` and `set` take no lock, as a load or a store of one word needs none; what has to
/// be one step takes [`get_lock`](Self::get_lock), as in Python. Python's lock may be taken again by
/// its owner (RLock); ours may not. The lock has a page that is never given back (see [`Lock`]):
/// use [`RawValue`] where none is needed.
#[derive(Debug)]
pub struct Value<T: Scalar> {
    raw: RawValue<T>,
    lock: Lock,
}

impl<T: Scalar> Value<T> {
    /// Shares `value`.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses.
    pub fn new(value: T) -> Result<Self, MapError> {
        Ok(Self { raw: RawValue::new(value)?, lock: Lock::new()? })
    }

    /// The lock that belongs to this value. It stops only those who take it.
    #[must_use]
    pub fn get_lock(&self) -> &Lock {
        &self.lock
    }
}

impl<T: Scalar> Deref for Value<T> {
    type Target = RawValue<T>;

    fn deref(&self) -> &RawValue<T> {
        &self.raw
    }
}

/// Numbers in shared memory, all 0 at first, without a lock: Python's `RawArray('i', len)`.
/// (Python's `Array` adds a lock; here take a [`Lock`] beside it where one is needed.)
///
/// Each element is one atomic word, read and written as in [`RawValue`].
#[derive(Debug)]
pub struct Array<T: Scalar>(SharedSlice<T::Atomic>);

impl<T: Scalar> Array<T> {
    /// Shares `len` numbers.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses.
    pub fn new(len: usize) -> Result<Self, MapError> {
        SharedSlice::zeroed(len).map(Self)
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number at `index`, counted from 0.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len), as for a slice.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> T {
        T::load(&self.0[index])
    }

    /// Replaces the number at `index`.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len), as for a slice.
    #[inline]
    pub fn set(&self, index: usize, value: T) {
        T::store(&self.0[index], value);
    }

    /// A private copy of all numbers, each as it was when it was read: they are not one moment's
    /// picture if somebody writes meanwhile.
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        self.0.iter().map(T::load).collect()
    }

    /// Makes every page present in the calling process; see [`SharedSlice::touch`].
    pub fn touch(&self) {
        self.0.touch();
    }
}

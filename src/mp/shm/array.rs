//! Many numbers in shared memory: Python's `RawArray`, and `Array`, which has a lock.

use std::fmt;
use std::ops::{Deref, RangeBounds};
use std::ptr;

use super::scalar::Scalar;
use super::{MapError, SharedSlice};
use crate::mp::lock::Lock;

/// Numbers that lie one behind the other in shared memory: an [`Array`], a slice of one, or what a
/// [`SharedMemory`](super::SharedMemory) holds.
///
/// Each number is one relaxed atomic access, so none is ever half written. More than one number is
/// no one moment's picture: while some are copied, others may write. Whoever needs all of them at
/// one moment takes a lock that the writers take too.
#[repr(transparent)]
pub struct Numbers<T: Scalar>([T::Atomic]);

impl<T: Scalar> Numbers<T> {
    pub(super) fn over(words: &[T::Atomic]) -> &Self {
        // SAFETY: `Numbers` is transparent over the slice: the same memory, the same metadata.
        unsafe { &*(ptr::from_ref(words) as *const Self) }
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

    /// The number at `index`, counted from 0: one load.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len), as for a slice.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> T {
        T::load(&self.0[index])
    }

    /// Replaces the number at `index`: one store.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len), as for a slice.
    #[inline]
    pub fn set(&self, index: usize, value: T) {
        T::store(&self.0[index], value);
    }

    /// The numbers in `range`, in place: to write to them is to write to the whole. (Python's
    /// `array[2:5]` is a list of its own, as [`to_vec`](Self::to_vec) is.)
    ///
    /// # Panics
    /// If the range ends beyond [`len`](Self::len), as for a slice.
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> &Self {
        Self::over(&self.0[(range.start_bound().cloned(), range.end_bound().cloned())])
    }

    /// Each number in turn, as it is when it is read.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> {
        self.0.iter().map(T::load)
    }

    /// A private copy of all numbers. Python's `array[:]`.
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().collect()
    }

    /// Copies all numbers to `to`.
    ///
    /// # Panics
    /// If there are not as many places as numbers, as for a slice.
    pub fn copy_to(&self, to: &mut [T]) {
        assert_eq!(self.len(), to.len(), "as many places as numbers");
        for (place, word) in to.iter_mut().zip(&self.0) {
            *place = T::load(word);
        }
    }

    /// Copies `from` over all numbers. Python's `array[:] = from`.
    ///
    /// # Panics
    /// If there are not as many numbers as places, as for a slice.
    pub fn copy_from(&self, from: &[T]) {
        assert_eq!(self.len(), from.len(), "as many numbers as places");
        for (word, &number) in self.0.iter().zip(from) {
            T::store(word, number);
        }
    }

    /// Replaces each number by what `change` makes of it. One who changes the same number meanwhile
    /// may be overwritten: it is a load and a store.
    pub fn update(&self, change: impl Fn(T) -> T) {
        for word in &self.0 {
            T::store(word, change(T::load(word)));
        }
    }
}

impl<T: Scalar> fmt::Debug for Numbers<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Numbers({} of {} bytes)", self.len(), size_of::<T>())
    }
}

/// Numbers in shared memory without a lock: Python's `RawArray('d', len)`.
///
/// For what can be done with them see [`Numbers`]. Make it before the fork and use it by reference
/// in the child.
///
/// ```standalone_crate
/// use parlab::mp::{Process, RawArray};
///
/// let squares = RawArray::new(4)?; // all 0
/// let mut child = Process::new("squares", || {
///     for number in 0..4u32 {
///         squares.set(number as usize, number * number);
///     }
/// });
/// child.start().expect("it starts");
/// child.join().expect("it is a child of this process");
/// assert_eq!(squares.to_vec(), [0, 1, 4, 9]);
/// # Ok::<(), parlab::mp::MapError>(())
/// ```
#[derive(Debug)]
pub struct RawArray<T: Scalar>(SharedSlice<T::Atomic>);

impl<T: Scalar> RawArray<T> {
    /// Shares `len` numbers, all 0.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses.
    pub fn new(len: usize) -> Result<Self, MapError> {
        SharedSlice::zeroed(len).map(Self)
    }

    /// Shares a copy of `numbers`. Python's `RawArray('d', numbers)`.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses.
    pub fn of(numbers: &[T]) -> Result<Self, MapError> {
        let array = Self::new(numbers.len())?;
        array.copy_from(numbers);
        Ok(array)
    }

    /// Makes every page present in the calling process; see [`SharedSlice::touch`].
    pub fn touch(&self) {
        self.0.touch();
    }
}

impl<T: Scalar> Deref for RawArray<T> {
    type Target = Numbers<T>;

    fn deref(&self) -> &Numbers<T> {
        Numbers::over(&self.0)
    }
}

/// Numbers in shared memory with a lock: Python's `Array('d', len)`.
///
/// **Python** takes the lock for each element and each slice that is read or written, so that
/// `array[:]` meets no half-done `array[:] = …`; and `array[0] += 1` is two locked steps and loses
/// updates all the same. Right is `with array.get_lock(): array[0] += 1`.
///
/// **Here** one number takes no lock, as one word needs none, and neither does a copy of many: take
/// [`get_lock`](Self::get_lock) around whatever has to be one step. Python's lock may be taken again
/// by its owner (RLock); ours may not. The lock has a page that is never given back (see [`Lock`]):
/// use [`RawArray`] where none is needed.
#[derive(Debug)]
pub struct Array<T: Scalar> {
    raw: RawArray<T>,
    lock: Lock,
}

impl<T: Scalar> Array<T> {
    /// Shares `len` numbers, all 0.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses.
    pub fn new(len: usize) -> Result<Self, MapError> {
        Ok(Self { raw: RawArray::new(len)?, lock: Lock::new()? })
    }

    /// Shares a copy of `numbers`. Python's `Array('d', numbers)`.
    ///
    /// # Errors
    /// [`MapError`] if the kernel refuses.
    pub fn of(numbers: &[T]) -> Result<Self, MapError> {
        Ok(Self { raw: RawArray::of(numbers)?, lock: Lock::new()? })
    }

    /// The lock that belongs to these numbers. It stops only those who take it.
    #[must_use]
    pub fn get_lock(&self) -> &Lock {
        &self.lock
    }
}

impl<T: Scalar> Deref for Array<T> {
    type Target = RawArray<T>;

    fn deref(&self) -> &RawArray<T> {
        &self.raw
    }
}

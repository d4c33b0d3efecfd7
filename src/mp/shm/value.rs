//! One number in shared memory: Python's `RawValue`, and `Value`, which has a lock.

use std::ops::Deref;

use super::scalar::{Integer, Scalar};
use super::{MapError, Shared};
use crate::mp::lock::Lock;

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

    /// Where it lies, the same in every process that inherited it. Python's
    /// `ctypes.addressof(value)`.
    #[must_use]
    pub fn address(&self) -> u64 {
        std::ptr::from_ref(&*self.0).addr() as u64
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

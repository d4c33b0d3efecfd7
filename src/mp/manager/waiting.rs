//! Proxies of what can be waited for: queue and lock. The wait is the server's: the call is answered
//! when the item, the room or the lock is there.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ManagerError;
use super::message::{Blob, Call, Kind, Refusal, Reply, Wait};
use super::proxy::{Handle, done, proxy};
use super::session::unexpected;

/// Nanoseconds; more than fit are as good as for ever.
fn nanoseconds(bound: Duration) -> Wait {
    u64::try_from(bound.as_nanos()).ok()
}

/// A queue in a manager. Python's `manager.Queue(maxsize)`.
///
/// First in, first out for all who put, as there is one server that takes one call after the other.
/// An item is handed to one taker; if that one dies before it has the answer, the item is lost with
/// it.
pub struct QueueProxy<T> {
    pub(super) handle: Handle,
    pub(super) carries: PhantomData<fn(T) -> T>,
}
proxy!(QueueProxy<T>, Kind::Queue);

impl<T: Serialize> QueueProxy<T> {
    /// Puts an item, waiting as long as it takes for room.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn put(&self, item: &T) -> Result<(), ManagerError> {
        self.put_within(item, None)
    }

    /// As [`put`](Self::put), waiting no longer than `bound`.
    ///
    /// # Errors
    /// [`TimedOut`](ManagerError::TimedOut), and at once, with a bound of zero,
    /// [`Full`](ManagerError::Full); and the others.
    pub fn put_timeout(&self, item: &T, bound: Duration) -> Result<(), ManagerError> {
        self.put_within(item, nanoseconds(bound))
    }

    /// Puts an item if there is room. Python's `put_nowait`.
    ///
    /// # Errors
    /// [`Full`](ManagerError::Full) and the others.
    pub fn try_put(&self, item: &T) -> Result<(), ManagerError> {
        self.put_within(item, Some(0))
    }

    fn put_within(&self, item: &T, wait: Wait) -> Result<(), ManagerError> {
        let bytes = self.handle.bytes(item)?;
        self.handle.call(Call::Put(Blob(&bytes), wait), |reply| match reply {
            Reply::Refused(Refusal::WouldWait) => Err(ManagerError::Full),
            Reply::Refused(Refusal::TimedOut) => {
                Err(ManagerError::TimedOut { what: "there was room in the queue" })
            }
            other => done(other),
        })
    }
}

impl<T: DeserializeOwned> QueueProxy<T> {
    /// Takes the next item, waiting for it as long as it takes.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn get(&self) -> Result<T, ManagerError> {
        self.get_within(None)
    }

    /// As [`get`](Self::get), waiting no longer than `bound`.
    ///
    /// # Errors
    /// [`TimedOut`](ManagerError::TimedOut), and at once, with a bound of zero,
    /// [`Empty`](ManagerError::Empty); and the others.
    pub fn get_timeout(&self, bound: Duration) -> Result<T, ManagerError> {
        self.get_within(nanoseconds(bound))
    }

    /// Takes the next item if there is one. Python's `get_nowait`.
    ///
    /// # Errors
    /// [`Empty`](ManagerError::Empty) and the others.
    pub fn try_get(&self) -> Result<T, ManagerError> {
        self.get_within(Some(0))
    }

    fn get_within(&self, wait: Wait) -> Result<T, ManagerError> {
        self.handle.call(Call::Take(wait), |reply| match reply {
            Reply::Item(Some(item)) => self.handle.decode(item.0),
            Reply::Refused(Refusal::WouldWait) => Err(ManagerError::Empty),
            Reply::Refused(Refusal::TimedOut) => {
                Err(ManagerError::TimedOut { what: "there was an item in the queue" })
            }
            other => Err(unexpected(&other)),
        })
    }
}

impl<T> QueueProxy<T> {
    /// How many items there are. Python's `qsize()`; here it is exact, and may be old when it comes.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.handle.counts(Call::Len)
    }

    /// Whether there is none. Python's `empty()`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }
}

/// A lock in a manager. Python's `manager.Lock()`.
///
/// It belongs to the process that acquired it (to its connection). **Python's** stays locked for ever
/// when that process is killed; **here** it goes to the next one, who is told by
/// [`owner_died`](ProxyGuard::owner_died).
pub struct LockProxy {
    pub(super) handle: Handle,
    pub(super) carries: PhantomData<()>,
}
proxy!(LockProxy, Kind::Lock);

impl LockProxy {
    /// Acquires the lock, waiting as long as it takes; those who wait get it in their order.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn acquire(&self) -> Result<ProxyGuard<'_>, ManagerError> {
        let acquired = self.acquire_within(None)?;
        acquired.ok_or(ManagerError::TimedOut { what: "the lock was released" })
    }

    /// As [`acquire`](Self::acquire), waiting no longer than `bound`: `None` if it was another's all
    /// the time.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn acquire_timeout(&self, bound: Duration) -> Result<Option<ProxyGuard<'_>>, ManagerError> {
        self.acquire_within(nanoseconds(bound))
    }

    /// Acquires the lock if it is nobody's.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn try_acquire(&self) -> Result<Option<ProxyGuard<'_>>, ManagerError> {
        self.acquire_within(Some(0))
    }

    fn acquire_within(&self, wait: Wait) -> Result<Option<ProxyGuard<'_>>, ManagerError> {
        self.handle.call(Call::Acquire(wait), |reply| match reply {
            Reply::Acquired(owner_died) => Ok(Some(ProxyGuard { lock: self, owner_died })),
            Reply::Refused(Refusal::WouldWait | Refusal::TimedOut) => Ok(None),
            other => Err(unexpected(&other)),
        })
    }
}

/// The lock of a manager is held as long as this lives. A copy in a forked child owns nothing.
#[must_use = "the lock is released at once if the guard is not kept"]
pub struct ProxyGuard<'a> {
    lock: &'a LockProxy,
    owner_died: bool,
}

impl ProxyGuard<'_> {
    /// Whether the last owner died holding the lock: what it protects may be half changed.
    #[must_use]
    pub fn owner_died(&self) -> bool {
        self.owner_died
    }

    /// Gives the lock back, and tells if that failed, which dropping the guard does not.
    ///
    /// # Errors
    /// [`NotOwner`](ManagerError::NotOwner) in a forked child; and the others.
    pub fn release(self) -> Result<(), ManagerError> {
        let lock = self.lock;
        std::mem::forget(self);
        lock.handle.does(Call::Release)
    }
}

impl Drop for ProxyGuard<'_> {
    fn drop(&mut self) {
        // Not the owner, in a forked child; or the server is gone, and the lock with it.
        let _ = self.lock.handle.does(Call::Release);
    }
}

impl fmt::Debug for ProxyGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyGuard")
    }
}

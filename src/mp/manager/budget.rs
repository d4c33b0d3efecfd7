//! How much a manager stores, and how much it may: checked before anything is stored, so that what
//! does not fit is refused and loses nothing.

use super::message::{Blob, Refusal};

/// A value's bytes.
pub(super) type Item = Box<[u8]>;

/// What an item costs beside its bytes, roughly: its place in a list, the allocator's own.
pub(super) const ITEM_COST: usize = 32;

/// What is stored, against what may be.
pub(super) struct Budget<'a> {
    used: &'a mut usize,
    limit: usize,
}

impl<'a> Budget<'a> {
    pub(super) fn new(used: &'a mut usize, limit: usize) -> Self {
        Self { used, limit }
    }

    /// Counts so many bytes more, if they may be.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        let used = self.used.saturating_add(bytes);
        if used > self.limit {
            return Err(Refusal::StoreFull(self.limit as u64));
        }
        *self.used = used;
        Ok(())
    }

    /// Counts an item no longer.
    pub(super) fn give_back(&mut self, item: &Item) {
        *self.used -= item.len() + ITEM_COST;
    }

    /// A copy of the bytes; no memory for them is an answer, and not the server's end.
    fn copy(bytes: &[u8]) -> Result<Item, Refusal> {
        let mut copy = Vec::new();
        copy.try_reserve_exact(bytes.len()).map_err(|_| Refusal::NoMemory)?;
        copy.extend_from_slice(bytes);
        Ok(copy.into_boxed_slice())
    }

    /// A copy of a new item, counted.
    pub(super) fn store(&mut self, item: Blob<'_>) -> Result<Item, Refusal> {
        let copy = Self::copy(item.0)?;
        self.take(item.0.len() + ITEM_COST)?;
        Ok(copy)
    }

    /// A copy of the item that takes the place of another, counted instead of it.
    pub(super) fn replace(&mut self, old: &Item, new: Blob<'_>) -> Result<Item, Refusal> {
        let copy = Self::copy(new.0)?;
        self.take(new.0.len().saturating_sub(old.len()))?;
        *self.used -= old.len().saturating_sub(new.0.len());
        Ok(copy)
    }
}

//! /dev/shm: how large it is, how much is free, and whether this user may write there.
//!
//! A container has 64 MiB there unless it was given more, and some have none. A file may grow
//! beyond what is free: the first touch of a page that cannot be had is a SIGBUS (shm_open(3),
//! tmpfs(5)), so who needs much of it looks first.

use std::path::Path;

use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};

use crate::event::SharedMemory;

/// What there is at `place`, which is /dev/shm outside of tests; `None` if it is no directory.
pub fn at(place: &Path) -> Option<SharedMemory> {
    if !place.is_dir() {
        return None;
    }
    let about = statvfs(place).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(about.fragment_size());
    Some(SharedMemory {
        size_bytes: bytes(about.blocks()),
        free_bytes: bytes(about.blocks_available()),
        writable: access(place, AccessFlags::W_OK | AccessFlags::X_OK).is_ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_a_size_and_what_is_none_has_not() {
        let place = tempfile::tempdir().unwrap();
        let found = at(place.path()).unwrap();
        assert!(found.writable && found.free_bytes <= found.size_bytes, "{found:?}");
        assert_eq!(at(&place.path().join("absent")), None);
        std::fs::write(place.path().join("file"), "").unwrap();
        assert_eq!(at(&place.path().join("file")), None);
    }
}

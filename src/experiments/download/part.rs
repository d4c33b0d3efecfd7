//! A file that is being fetched: until it is whole it has a temporary name, and then its own.
//!
//! Who looks into the directory sees a file under its name only if all of it is there; after a
//! failure, Ctrl-C or `kill -9` there is none. A file that is already there is never replaced.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::{Builder, NamedTempFile};

use crate::experiments::SCRATCH_PREFIX;

/// A file on its way. Dropping it removes what there is of it.
pub struct Part {
    file: NamedTempFile,
    hash: Sha256,
    bytes: u64,
}

/// What a file has become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of what is in it.
    pub hash: [u8; 32],
}

/// What the temporary name begins with: the runner's pid, so that it can remove what a process
/// left that was killed.
pub fn prefix(runner: u32) -> String {
    format!(".{SCRATCH_PREFIX}{runner}-")
}

impl Part {
    /// An empty file under a temporary name in `directory`; renaming works within a file system
    /// only, so it has to be the directory of its own name.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn create(directory: &Path, prefix: &str) -> io::Result<Part> {
        let mut builder = Builder::new();
        // As a file that a program makes anew: the umask decides, not the secrecy of a temporary one.
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        builder.prefix(prefix).suffix(".part").permissions(readable);
        let file = builder.tempfile_in(directory)?;
        Ok(Part { file, hash: Sha256::new(), bytes: 0 })
    }

    /// Adds to it.
    ///
    /// # Errors
    /// When it cannot be written: no space, for one.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// How much there is of it.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives it its own name. `durable` writes it to the disk before (fsync(2)), and then the
    /// directory, so that after a loss of power it is there whole or not at all.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if there is a file of that name, or when the disk
    /// cannot be written.
    pub fn keep(self, directory: &Path, name: &str, durable: bool) -> io::Result<Kept> {
        if durable {
            self.file.as_file().sync_all()?;
        }
        self.file.persist_noclobber(directory.join(name)).map_err(|error| error.error)?;
        if durable {
            File::open(directory)?.sync_all()?;
        }
        Ok(Kept { bytes: self.bytes, hash: self.hash.finalize().into() })
    }
}

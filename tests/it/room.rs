//! A room for a run: directories of its own, so that whatever is left in them was left
//! by this run and by no other.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tempfile::TempDir;

/// Directories of one test: `bin` (the whole PATH), `home`, `tmp` (its TMPDIR) and
/// `work` (where it starts).
#[derive(Debug)]
pub struct Room {
    directory: TempDir,
    /// Written into the environment of everything that starts here.
    pub mark: String,
    runs: Cell<u32>,
}

impl Room {
    /// An empty room.
    pub fn new() -> Room {
        static ROOMS: AtomicU32 = AtomicU32::new(0);
        let directory = tempfile::Builder::new().prefix("test-of-parlab-").tempdir().unwrap();
        for name in ["bin", "home", "tmp", "work", "out"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        let mark = format!("{}-{}", std::process::id(), ROOMS.fetch_add(1, Relaxed));
        Room { directory, mark, runs: Cell::new(0) }
    }

    /// A path in the room.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file into `work`; gives its path.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path("work").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a program into `bin`: a shell script, which may be a stub of Python.
    pub fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Opens the room to every user, for runs as another one.
    pub fn open_to_all(&self) {
        for path in ["", "bin", "home", "tmp", "work", "out"].map(|name| self.path(name)) {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
    }

    /// Files that take what one run prints, a pair for each run.
    pub fn outlets(&self) -> [PathBuf; 2] {
        let run = self.runs.replace(self.runs.get() + 1);
        ["stdout", "stderr"].map(|name| self.path("out").join(format!("{name}-{run}")))
    }

    /// What stands in the run's TMPDIR.
    pub fn left_in_tmp(&self) -> Vec<String> {
        names_in(&self.path("tmp"))
    }
}

/// The names in a directory; none if it is not there.
pub fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

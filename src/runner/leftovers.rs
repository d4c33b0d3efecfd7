//! What a run may leave on disk, and who takes it away.
//!
//! Two places: a private directory `parlab-<pid>-<random>` in the temporary
//! directory, and names `parlab-<pid>-…` in /dev/shm; pid is the runner's. The
//! runner removes its own at its end, the front does if the runner was killed, and
//! what is left when both were killed is swept at the next start.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use crate::experiments::SCRATCH_PREFIX;
use crate::mp::proc;

const SHARED_MEMORY: &str = "/dev/shm";

/// Removes what the runner with this pid made. Only call it when nothing of the run lives.
pub fn remove(runner: u32) {
    let prefix = format!("{SCRATCH_PREFIX}{runner}-");
    for place in places() {
        for path in entries(&place, &prefix) {
            remove_path(&path);
        }
    }
}

/// Removes what runs left that are dead by now: directories that nobody holds a
/// lock on, and names in /dev/shm whose process is gone.
pub fn sweep() {
    for path in entries(&std::env::temp_dir(), SCRATCH_PREFIX) {
        if path.is_dir() && owner(&path).is_some_and(|pid| !alive(pid)) && unlocked(&path) {
            remove_path(&path);
        }
    }
    for path in entries(Path::new(SHARED_MEMORY), SCRATCH_PREFIX) {
        if owner(&path).is_some_and(|pid| !alive(pid)) {
            remove_path(&path);
        }
    }
}

fn places() -> [PathBuf; 2] {
    [std::env::temp_dir(), PathBuf::from(SHARED_MEMORY)]
}

fn entries(place: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(directory) = fs::read_dir(place) else {
        return Vec::new();
    };
    (directory.flatten())
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)))
        .map(|entry| entry.path())
        .collect()
}

/// The pid in `parlab-<pid>-…`.
fn owner(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?.strip_prefix(SCRATCH_PREFIX)?;
    name.split('-').next()?.parse().ok()
}

/// A zombie holds nothing any more, and in a container nobody may ever reap it.
fn alive(pid: u32) -> bool {
    let stat = i32::try_from(pid).ok().and_then(|pid| proc::ProcStat::read(pid).ok());
    stat.is_some_and(|stat| !matches!(stat.state, 'Z' | 'X'))
}

/// Whether no process of the run that made the directory lives: each holds its lock.
fn unlocked(directory: &Path) -> bool {
    File::open(directory)
        .is_ok_and(|handle| Flock::lock(handle, FlockArg::LockExclusiveNonblock).is_ok())
}

/// Another user's leftovers cannot be removed, and need not be: errors are theirs.
fn remove_path(path: &Path) {
    let _ = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
}

//! What a run may leave on disk, and who takes it away.
//!
//! Two places: a private directory `parlab-<pid>-<random>` in the temporary
//! directory, and names `parlab-<pid>-<start>-…` in /dev/shm; pid and start time are
//! the runner's. Where files are to be kept in a directory that was asked for, those that are not
//! whole yet stand there as `.parlab-<pid>-…`. The runner removes its own at its end, the front does if the runner
//! was killed, and what is left when both were killed is swept at the next start.
//!
//! Others may have files of such names, in this or in another container that shares
//! the place. So a directory is taken only if it is ours, holds the lock file that
//! an experiment makes, and nobody holds that lock (or if it is empty); a name in /dev/shm only if it is
//! ours and no process of that pid and start time lives.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use crate::experiments::{SCRATCH_LOCK, SCRATCH_PREFIX};
use crate::mp::proc::ProcStat;

const SHARED_MEMORY: &str = "/dev/shm";

/// Removes what the runner with this pid made. Only call it when nothing of the run lives.
pub fn remove(runner: u32) {
    take(|name| name.pid == runner, |name| name.pid == runner);
}

/// Removes what runs left that are dead by now.
pub fn sweep() {
    take(|name| !alive(name.pid, None), |name| !alive(name.pid, name.start));
}

/// Removes the files that the runner with this pid left unfinished in `directory`. Only call it
/// when nothing of the run lives.
pub fn remove_unfinished(directory: &Path, runner: u32) {
    for (path, name) in entries(directory, &format!(".{SCRATCH_PREFIX}")) {
        if name.pid == runner && path.is_file() {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Removes the directories and the shared names that are wanted, as far as they are ours to remove.
fn take(directory: impl Fn(&Name) -> bool, shared: impl Fn(&Name) -> bool) {
    for (path, name) in entries(&std::env::temp_dir(), SCRATCH_PREFIX) {
        if !directory(&name) {
            continue;
        }
        // One that was killed between making the directory and its lock left it empty.
        let _ = match is_abandoned(&path) {
            true => fs::remove_dir_all(&path),
            false => fs::remove_dir(&path),
        };
    }
    for (path, name) in entries(Path::new(SHARED_MEMORY), SCRATCH_PREFIX) {
        if name.start.is_some() && shared(&name) && path.is_file() {
            let _ = fs::remove_file(&path);
        }
    }
}

/// What a name tells of its maker.
struct Name {
    pid: u32,
    /// Ticks from boot to the process's start; in names in /dev/shm.
    start: Option<u64>,
}

impl Name {
    fn read(text: &str, prefix: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(prefix)?.split('-');
        let pid = parts.next()?.parse().ok()?;
        let start = parts.next()?.parse().ok();
        Some(Name { pid, start })
    }
}

/// Our own entries whose names begin as a run's do.
fn entries(place: &Path, prefix: &str) -> Vec<(PathBuf, Name)> {
    let Ok(directory) = fs::read_dir(place) else {
        return Vec::new();
    };
    let own = nix::unistd::geteuid().as_raw();
    (directory.flatten())
        .filter(|entry| entry.metadata().is_ok_and(|about| about.uid() == own))
        .filter_map(|entry| Some((entry.path(), Name::read(entry.file_name().to_str()?, prefix)?)))
        .collect()
}

/// A zombie holds nothing any more, and in a container nobody may ever reap it.
fn alive(pid: u32, start: Option<u64>) -> bool {
    let stat = i32::try_from(pid).ok().and_then(|pid| ProcStat::read(pid).ok());
    let living = stat.filter(|stat| !matches!(stat.state, 'Z' | 'X'));
    living.is_some_and(|stat| start.is_none_or(|start| start == stat.start_ticks))
}

/// Whether it is a run's directory, and no process of that run lives: each holds its lock.
fn is_abandoned(directory: &Path) -> bool {
    File::open(directory.join(SCRATCH_LOCK))
        .is_ok_and(|file| Flock::lock(file, FlockArg::LockExclusiveNonblock).is_ok())
}

//! Many children at once, and the limits that they meet.
//!
//! More than a limit allows cannot be, whatever else runs: that is told before the first is
//! started. Where it comes only out on the way, because others have processes too, it is told
//! how many could be started, and what is known of the limits.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::event::ErrorKind;
use crate::machine::limits::{self, Limit};
use crate::mp::{MapError, Shared};

use super::failure::{Failure, kind_of};

/// So many children cannot be had at once.
#[derive(Debug, thiserror::Error)]
#[error("{wanted} at once cannot be started ({limit})")]
pub struct TooMany {
    /// Which kind of limit it was.
    pub kind: ErrorKind,
    /// How many were asked for.
    pub wanted: u64,
    /// How many were started; none if it was known before.
    pub started: Option<u64>,
    /// The limit, by name and value, or those that may have been met.
    pub limit: String,
}

/// Refuses a number of processes that no limit here leaves room for.
///
/// # Errors
/// [`TooMany`] with the tightest limit. No error is no promise.
pub fn room_for(processes: usize) -> Result<(), TooMany> {
    let wanted = processes as u64;
    if let Some(limit) = limits::processes().first().filter(|limit| wanted > limit.most) {
        return Err(refused(ErrorKind::ProcessLimit, wanted, limit));
    }
    // Each has a descriptor in its parent, by which its end is seen.
    let open = limits::open_descriptors();
    match limits::descriptors().filter(|limit| wanted + open > limit.most) {
        Some(limit) => Err(refused(ErrorKind::DescriptorLimit, wanted, &limit)),
        None => Ok(()),
    }
}

/// Refuses a number of threads that one process has no room for. Until it is joined each keeps
/// two pieces of memory mapped, its stack and the guard page below.
///
/// # Errors
/// As [`room_for`].
pub fn room_for_threads(threads: usize) -> Result<(), TooMany> {
    let wanted = threads as u64;
    match limits::mappings().filter(|limit| 2 * wanted > limit.most) {
        Some(limit) => Err(refused(ErrorKind::OutOfMemory, wanted, &limit)),
        None => Ok(()),
    }
}

fn refused(kind: ErrorKind, wanted: u64, limit: &Limit) -> TooMany {
    TooMany { kind, wanted, started: None, limit: told(limit) }
}

/// What became of the start of the process after `started`, of `wanted` at once: a limit that was
/// met, or whatever else it was.
pub fn stopped<E>(started: usize, wanted: usize) -> impl FnOnce(E) -> anyhow::Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    move |error| stopped_at(anyhow::Error::new(error), started, wanted, limits::processes)
}

fn stopped_at(
    error: anyhow::Error,
    started: usize,
    wanted: usize,
    refusing: fn() -> Vec<Limit>,
) -> anyhow::Error {
    let (kind, limit) = match error.chain().find_map(kind_of) {
        Some(kind @ ErrorKind::ProcessLimit) => (kind, list(&refusing())),
        Some(kind @ ErrorKind::DescriptorLimit) => (kind, limits_on(kind)),
        Some(kind @ ErrorKind::OutOfMemory) => (kind, error.root_cause().to_string()),
        _ => return error.context(format!("child {} of {wanted}", started + 1)),
    };
    let (wanted, started) = (wanted as u64, Some(started as u64));
    TooMany { kind, wanted, started, limit }.into()
}

/// How a process full of threads tells its parent that one more could not be started.
#[derive(Debug)]
pub struct Refusal(Shared<(AtomicU64, AtomicU64)>);

impl Refusal {
    /// Nothing was refused yet.
    ///
    /// # Errors
    /// When memory cannot be had.
    pub fn none_yet() -> Result<Self, MapError> {
        Ok(Self(Shared::new()?))
    }

    /// In the process of the threads: after `started` of them the next was refused.
    pub fn tell(&self, started: usize, error: &io::Error) {
        self.0.0.store(started as u64, Relaxed);
        self.0.1.store(error.raw_os_error().unwrap_or(libc::EAGAIN) as u64, Relaxed);
    }

    /// In the parent, after that process has ended: the refusal, if there was one.
    ///
    /// # Errors
    /// The refusal.
    pub fn heard(&self, wanted: usize) -> anyhow::Result<()> {
        match self.0.1.load(Relaxed) as i32 {
            0 => Ok(()),
            errno => {
                let started = self.0.0.load(Relaxed) as usize;
                let error = anyhow::Error::new(io::Error::from_raw_os_error(errno));
                Err(stopped_at(error, started, wanted, limits::threads))
            }
        }
    }
}

/// A thread that could not be had (pthread_create(3), `EAGAIN`). A stack that finds no room is told
/// by the same answer as a thread too many. A limit on memory is met first: each thread takes its
/// stack of it, and what the allocator sets aside, where others take one of thousands.
pub fn no_thread() -> Failure {
    let kind = match limits::memory_map() {
        Some(_) => ErrorKind::OutOfMemory,
        None => ErrorKind::ProcessLimit,
    };
    Failure { kind, what: "a thread".to_string(), detail: list(&limits::threads()) }
}

/// The limits that may be behind a refusal of that kind, of a process or of a descriptor.
pub fn limits_on(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::DescriptorLimit => list(limits::descriptors().as_slice()),
        _ => list(&limits::processes()),
    }
}

fn list(limits: &[Limit]) -> String {
    limits.iter().map(told).collect::<Vec<_>>().join(", ")
}

fn told(limit: &Limit) -> String {
    format!("{} {}", limit.name, limit.most)
}

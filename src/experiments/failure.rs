//! What went wrong, as the `error` event tells it: a kind that a view has words
//! for, what was tried, and what the system said.

use std::collections::TryReserveError;
use std::io;

use serde::{Deserialize, Serialize};

use crate::event::{Error, ErrorKind};
use crate::machine::limits::{self, Limit};
use crate::mp::manager::ManagerError;
use crate::mp::process::ProcessError;
use crate::mp::{Exit, MapError};

use super::crowd::{self, TooMany};

/// A failure that knows its kind.
#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{what}: {detail}")]
pub struct Failure {
    /// The kind.
    pub kind: ErrorKind,
    /// What was tried, or on what.
    pub what: String,
    /// What happened; empty where the kind says it all.
    pub detail: String,
}

impl Failure {
    /// What a child tells its parent of an error, so that the kind is not lost on the way.
    pub fn of(error: &anyhow::Error) -> Self {
        let Error { kind, what, detail, .. } = told(error);
        Failure { kind, what: what.unwrap_or_default(), detail: detail.unwrap_or_default() }
    }

    /// The temporary directory that cannot be used.
    pub fn scratch(error: io::Error) -> Self {
        let what = std::env::temp_dir().display().to_string();
        Failure { kind: ErrorKind::Scratch, what, detail: error.to_string() }
    }
}

/// The event that tells an error: its kind from the first cause that has one.
pub fn told(error: &anyhow::Error) -> Error {
    if let Some(failure) = error.chain().find_map(|cause| cause.downcast_ref::<Failure>()) {
        let detail = Some(failure.detail.clone()).filter(|detail| !detail.is_empty());
        return Error::new(failure.kind, Some(failure.what.clone()), detail);
    }
    if let Some(crowd) = error.chain().find_map(|cause| cause.downcast_ref::<TooMany>()) {
        let (wanted, started) = (Some(crowd.wanted), crowd.started);
        return Error {
            wanted,
            started,
            ..Error::new(crowd.kind, None, Some(crowd.limit.clone()))
        };
    }
    // What a view says of these kinds, in the reader's language, `mp` says in its own message.
    if let Some((kind, name)) = error.chain().find_map(refused) {
        return Error::new(kind, Some(name.to_string()), Some(crowd::limits_on(kind)));
    }
    let kind = error.chain().find_map(kind_of).unwrap_or(ErrorKind::System);
    let what = error.to_string();
    // Errors of `mp` say their cause themselves.
    let causes = error.chain().skip(1).map(ToString::to_string);
    let causes: Vec<String> = causes.filter(|cause| !what.contains(cause)).collect();
    let detail = (!causes.is_empty()).then(|| causes.join(": "));
    Error::new(kind, Some(what), detail)
}

/// The process that a limit kept from starting.
fn refused<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<(ErrorKind, &'a str)> {
    match cause.downcast_ref::<ProcessError>()? {
        ProcessError::TooManyProcesses { name } => Some((ErrorKind::ProcessLimit, name)),
        ProcessError::TooManyDescriptors { name } => Some((ErrorKind::DescriptorLimit, name)),
        _ => None,
    }
}

/// The kind of failure that a cause stands for, where it is a limit of the system's.
pub fn kind_of(cause: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    if cause.is::<MapError>() || cause.is::<TryReserveError>() {
        return Some(ErrorKind::OutOfMemory);
    }
    if let Some(kind) = cause.downcast_ref().and_then(of_process) {
        return Some(kind);
    }
    if let Some(kind) = cause.downcast_ref().and_then(of_manager) {
        return Some(kind);
    }
    let error = cause.downcast_ref::<io::Error>()?;
    // Experiments write nowhere else: segments, and the directory of `--to`, have errors of their own.
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return Some(ErrorKind::Scratch);
    }
    match error.raw_os_error()? {
        libc::EAGAIN => Some(ErrorKind::ProcessLimit),
        libc::EMFILE | libc::ENFILE => Some(ErrorKind::DescriptorLimit),
        libc::ENOMEM => Some(ErrorKind::OutOfMemory),
        _ => None,
    }
}

fn of_process(error: &ProcessError) -> Option<ErrorKind> {
    match error {
        ProcessError::TooManyProcesses { .. } => Some(ErrorKind::ProcessLimit),
        ProcessError::TooManyDescriptors { .. } => Some(ErrorKind::DescriptorLimit),
        ProcessError::Memory { .. } => Some(ErrorKind::OutOfMemory),
        _ => None,
    }
}

fn of_manager(error: &ManagerError) -> Option<ErrorKind> {
    match error {
        ManagerError::Process(error) => of_process(error),
        ManagerError::Listen { address, source } | ManagerError::Os { address, source, .. }
            if address.is_local() && is_unreachable(source) =>
        {
            Some(ErrorKind::NoLoopback)
        }
        ManagerError::AddressTaken { .. }
        | ManagerError::NotLoopback { .. }
        | ManagerError::PathTooLong { .. }
        | ManagerError::Listen { .. } => Some(ErrorKind::Address),
        ManagerError::Key(_) => Some(ErrorKind::Key),
        ManagerError::Gone { .. }
        | ManagerError::Lost { .. }
        | ManagerError::NoAnswer { .. }
        | ManagerError::WrongKey { .. }
        | ManagerError::Unproven { .. }
        | ManagerError::NotAManager { .. }
        | ManagerError::Busy { .. }
        | ManagerError::Os { .. } => Some(ErrorKind::NoServer),
        _ => None,
    }
}

/// Whether there is no way to an address: for one of this machine, that its loopback is down.
fn is_unreachable(error: &io::Error) -> bool {
    use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkDown, NetworkUnreachable};
    matches!(error.kind(), AddrNotAvailable | HostUnreachable | NetworkDown | NetworkUnreachable)
}

/// The kind of an end by a signal, which usually came from outside, and its detail. A process that
/// aborts under a limit on its memory has met that: an allocation of the standard library that fails
/// has nobody to turn to (`std::alloc::handle_alloc_error`), and panics are caught.
pub fn ended_by_signal(exit: Exit, usually: ErrorKind) -> (ErrorKind, String) {
    under(limits::memory_map(), exit, usually)
}

fn under(memory: Option<Limit>, exit: Exit, usually: ErrorKind) -> (ErrorKind, String) {
    match memory {
        Some(Limit { name, most }) if exit == Exit::Signal(libc::SIGABRT) => {
            (ErrorKind::OutOfMemory, format!("{exit}, {name} {most}"))
        }
        _ => (usually, exit.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_abort_under_a_limit_is_for_want_of_memory() {
        let limit = Some(Limit { name: "ulimit -v", most: 40_000 });
        let kind = |limit, signal| under(limit, Exit::Signal(signal), ErrorKind::WorkerKilled).0;
        assert_eq!(kind(limit, libc::SIGABRT), ErrorKind::OutOfMemory);
        assert_eq!(kind(None, libc::SIGABRT), ErrorKind::WorkerKilled);
        assert_eq!(kind(limit, libc::SIGKILL), ErrorKind::WorkerKilled);
    }
}

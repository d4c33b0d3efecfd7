//! What went wrong, as the `error` event tells it: a kind that a view has words
//! for, what was tried, and what the system said.

use std::io;

use crate::event::{Error, ErrorKind};
use crate::mp::MapError;
use crate::mp::manager::ManagerError;
use crate::mp::process::ProcessError;

use super::crowd::{self, TooMany};

/// A failure that knows its kind.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {detail}")]
pub struct Failure {
    /// The kind.
    pub kind: ErrorKind,
    /// What was tried, or on what.
    pub what: String,
    /// What happened; empty where the kind says it all.
    pub detail: String,
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
    if cause.is::<MapError>() {
        return Some(ErrorKind::OutOfMemory);
    }
    if let Some(kind) = cause.downcast_ref().and_then(of_process) {
        return Some(kind);
    }
    if let Some(kind) = cause.downcast_ref().and_then(of_manager) {
        return Some(kind);
    }
    match cause.downcast_ref::<io::Error>()?.raw_os_error()? {
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

//! What went wrong, as the `error` event tells it: a kind that a view has words
//! for, what was tried, and what the system said.

use std::io;

use crate::event::{Error, ErrorKind};
use crate::mp::MapError;
use crate::mp::process::ProcessError;

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
        return Error {
            kind: failure.kind,
            what: Some(failure.what.clone()),
            detail: Some(failure.detail.clone()).filter(|detail| !detail.is_empty()),
        };
    }
    let kind = error.chain().find_map(kind_of).unwrap_or(ErrorKind::System);
    let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    Error {
        kind,
        what: Some(error.to_string()),
        detail: (!causes.is_empty()).then(|| causes.join(": ")),
    }
}

fn kind_of(cause: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    if cause.is::<MapError>() {
        return Some(ErrorKind::OutOfMemory);
    }
    match cause.downcast_ref::<ProcessError>() {
        Some(ProcessError::TooManyProcesses { .. }) => return Some(ErrorKind::ProcessLimit),
        Some(ProcessError::TooManyDescriptors { .. }) => return Some(ErrorKind::DescriptorLimit),
        Some(ProcessError::Memory { .. }) => return Some(ErrorKind::OutOfMemory),
        _ => {}
    }
    match cause.downcast_ref::<io::Error>()?.raw_os_error()? {
        libc::EAGAIN => Some(ErrorKind::ProcessLimit),
        libc::EMFILE | libc::ENFILE => Some(ErrorKind::DescriptorLimit),
        libc::ENOMEM => Some(ErrorKind::OutOfMemory),
        _ => None,
    }
}

//! Why a file could not be fetched: what the client's error means for who reads it.

use std::error::Error;
use std::io;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::event::TransferFault;

/// A fault and what the network, the server or the system said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its kind.
    pub kind: TransferFault,
    /// What was said.
    pub detail: Option<String>,
}

/// A redirect that is not followed.
#[derive(Debug, thiserror::Error)]
pub enum Unfollowed {
    /// One too many.
    #[error("more than {0}")]
    TooMany(usize),
    /// To where it has been already.
    #[error("{0} leads back to itself")]
    Circle(Url),
    /// To another scheme, or to an unsafe one.
    #[error("{0}")]
    Scheme(Url),
}

impl Fault {
    /// A fault with something to say.
    pub fn new(kind: TransferFault, detail: impl Into<String>) -> Fault {
        Fault { kind, detail: Some(detail.into()) }
    }

    /// What it means that a file cannot be made, written or named.
    pub fn of_disk(error: &io::Error, name: &str) -> Fault {
        match error.kind() {
            io::ErrorKind::AlreadyExists => Fault::new(TransferFault::Exists, name),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Fault::new(TransferFault::NoSpace, innermost(error))
            }
            _ => Fault::new(TransferFault::NotWritten, innermost(error)),
        }
    }

    /// What it means that nothing more can be read of an answer.
    pub fn of_reading(error: &io::Error) -> Fault {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
        inner.map_or_else(|| Fault::new(kind(error), innermost(error)), Fault::from)
    }
}

impl From<&reqwest::Error> for Fault {
    fn from(error: &reqwest::Error) -> Fault {
        let told = causes(error).find_map(known);
        let kind = match told {
            Some(kind) => kind,
            None if error.is_dns() => TransferFault::NoSuchHost,
            None if error.is_connect() => TransferFault::Unreachable,
            None if error.is_timeout() => TransferFault::Silence,
            None => kind(error),
        };
        Fault::new(kind, innermost(error))
    }
}

/// A cause that tells the kind by itself.
fn known(cause: &(dyn Error + 'static)) -> Option<TransferFault> {
    if let Some(unfollowed) = cause.downcast_ref::<Unfollowed>() {
        return Some(match unfollowed {
            Unfollowed::TooMany(_) | Unfollowed::Circle(_) => TransferFault::Redirects,
            Unfollowed::Scheme(_) => TransferFault::Scheme,
        });
    }
    if let Some(rustls::Error::InvalidCertificate(_)) = cause.downcast_ref::<rustls::Error>() {
        return Some(TransferFault::Certificate);
    }
    let error = cause.downcast_ref::<io::Error>()?;
    (error.kind() == io::ErrorKind::ConnectionRefused).then_some(TransferFault::Refused)
}

/// The kind of an error of a connection that stood: it ended early, or what came is no HTTP.
fn kind(error: &(dyn Error + 'static)) -> TransferFault {
    let ended = causes(error).any(|cause| {
        let early = |e: &io::Error| {
            use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
            matches!(e.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        };
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
            || cause.downcast_ref::<io::Error>().is_some_and(early)
    });
    if ended { TransferFault::Cut } else { TransferFault::Protocol }
}

/// An error and its causes. An `io::Error` around another one does not name it as its source,
/// but that one's source.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause: &&'e (dyn Error + 'static)| {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| cause.source())
    })
}

/// What the last cause says: those above it only say that something failed.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

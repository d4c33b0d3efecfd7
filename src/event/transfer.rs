//! The `transfer` event: how far a file is that is being fetched, and how it ended.

use serde::{Deserialize, Serialize};

/// The `transfer` event. Those on the way are for whoever draws, never needed for a result; the one
/// that has ended is the result, and the last of its file in its variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// The experiment.
    pub experiment: String,
    /// The variant.
    pub variant: String,
    /// The file's place in the list of files, from 0: two may have the same name.
    pub index: u32,
    /// What is fetched: an address, or the name of a file of parlab's own.
    pub name: String,
    /// Bytes that have come.
    pub done_bytes: u64,
    /// Bytes that were announced; null where nothing was.
    pub total_bytes: Option<u64>,
    /// Mean rate since the first byte, in bytes a second; null before anything came.
    pub rate_bytes_per_s: Option<f64>,
    /// Whether it has ended, well or not.
    pub ended: bool,
    /// The name under which the file is kept; absent while it is not, and if it never will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_as: Option<String>,
    /// Why there is no such file; absent if there is, or may yet be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<TransferFault>,
    /// What the network, the server or the system said about the fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Why a file was not fetched. Nothing of it is kept then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferFault {
    /// What was given is no address of a file on the web.
    BadAddress,
    /// No host has that name, or the name could not be looked up.
    NoSuchHost,
    /// The host is there and takes no connection on that port.
    Refused,
    /// The host could not be reached for another reason.
    Unreachable,
    /// The connection is not safe: the server's certificate is not to be trusted.
    Certificate,
    /// The server answered with another status than success.
    Status,
    /// Too many redirects, or a circle of them.
    Redirects,
    /// A redirect to an address that is not to be followed: another scheme, or from https to http.
    Scheme,
    /// Nothing came for too long.
    Silence,
    /// It was not done when the time for all files was up.
    TooSlow,
    /// More bytes than are taken of one file.
    TooLarge,
    /// The connection ended before the file did.
    Cut,
    /// What came is no HTTP.
    Protocol,
    /// Another file of the list has the same name.
    SameName,
    /// A file of that name is there already; it was not touched.
    Exists,
    /// No space is left where the file was to be kept.
    NoSpace,
    /// The file could not be written for another reason.
    NotWritten,
}

//! One file: asked for, checked, received in pieces, kept under its name.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use reqwest::header::CONTENT_DISPOSITION;
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::board::Place;
use super::fault::Fault;
use super::name;
use super::part::{Kept, Part};
use crate::event::TransferFault;

/// The most bytes that are taken of one file: 256 MiB.
pub const MOST_BYTES: u64 = 256 << 20;
/// Bytes that are read at once, unless somebody wants to see what another number does.
pub const CHUNK: usize = 64 * 1024;

/// A file to be fetched.
#[derive(Debug, Clone)]
pub struct Job {
    /// What it is called while it is not there: its address, or its name.
    pub label: String,
    /// The name that its address gives it, made safe.
    pub name: String,
    /// Where it is, or why it cannot be asked for at all.
    pub address: Result<Url, Fault>,
}

/// How files are fetched, and where to.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The directory that keeps them.
    pub directory: &'a Path,
    /// What temporary names begin with.
    pub prefix: &'a str,
    /// Whether they are written to the disk before they have their names.
    pub durable: bool,
    /// Whether the status of an answer is looked at.
    pub checked: bool,
    /// Bytes that are read at once, at least 1.
    pub chunk: usize,
    /// The most bytes of one file.
    pub most_bytes: u64,
    /// The longest wait for a connection, an answer, or more of it.
    pub silence: Duration,
    /// When all has to be done. A file after which others come may take half of what is left, so
    /// that one without end does not cost the others.
    pub deadline: Instant,
}

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Its name in the directory.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of what is in it.
    pub hash: [u8; 32],
}

impl Rules<'_> {
    /// Fetches a file; `place` is where others can see how far it is, and `last` says that no
    /// other one comes after it.
    ///
    /// # Errors
    /// Whatever hinders it. Then nothing of the file is in the directory.
    pub fn download(
        &self,
        client: &Client,
        job: &Job,
        place: Place,
        last: bool,
    ) -> Result<Saved, Fault> {
        let address = job.address.clone()?;
        let until = self.until(last);
        check_time(until)?;
        let mut response = self.ask(client, address)?;
        let announced = response.content_length();
        place.answered(announced);
        let name = name_of(&response).unwrap_or_else(|| job.name.clone());
        let disk = |error: std::io::Error| Fault::of_disk(&error, &name);
        // region: download
        if self.checked {
            check_status(&response)?; // an error page is not the file
        }
        let mut part = Part::create(self.directory, self.prefix).map_err(disk)?;
        let mut chunk = vec![0; self.chunk];
        while let Some(bytes) = receive(&mut response, &mut chunk)? {
            part.write(bytes).map_err(disk)?;
            place.has(part.bytes());
            self.check_size(part.bytes()).and(check_time(until))?;
        }
        check_length(announced, part.bytes())?; // all of it?
        let kept = part.keep(self.directory, &name, self.durable).map_err(disk)?;
        // endregion
        let Kept { bytes, hash } = kept;
        Ok(Saved { name, bytes, hash })
    }

    /// Sends the request, and waits for status and headers.
    fn ask(&self, client: &Client, address: Url) -> Result<Response, Fault> {
        let response = client.get(address).send().map_err(|error| Fault::from(&error))?;
        self.check_size(response.content_length().unwrap_or(0))?;
        Ok(response)
    }

    /// When this file has to be there.
    fn until(&self, last: bool) -> Instant {
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        now + if last { left } else { left / 2 }
    }

    fn check_size(&self, bytes: u64) -> Result<(), Fault> {
        if bytes <= self.most_bytes {
            return Ok(());
        }
        let most = self.most_bytes >> 20;
        Err(Fault::new(TransferFault::TooLarge, format!("{most} MiB")))
    }
}

/// The next bytes of an answer; none at its end.
fn receive<'c>(response: &mut Response, chunk: &'c mut [u8]) -> Result<Option<&'c [u8]>, Fault> {
    loop {
        match response.read(chunk) {
            Ok(0) => return Ok(None),
            Ok(n) => return Ok(Some(&chunk[..n])),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::of_reading(&error)),
        }
    }
}

fn check_time(until: Instant) -> Result<(), Fault> {
    if Instant::now() < until {
        return Ok(());
    }
    Err(Fault { kind: TransferFault::TooSlow, detail: None })
}

fn check_status(response: &Response) -> Result<(), Fault> {
    let status = response.status();
    if status == StatusCode::OK {
        return Ok(());
    }
    Err(Fault::new(TransferFault::Status, status.to_string()))
}

/// The client ends a body that is too short with an error; this holds it to that.
fn check_length(announced: Option<u64>, bytes: u64) -> Result<(), Fault> {
    match announced {
        Some(length) if length != bytes => {
            Err(Fault::new(TransferFault::Cut, format!("{bytes}/{length}")))
        }
        _ => Ok(()),
    }
}

fn name_of(response: &Response) -> Option<String> {
    name::of_header(response.headers().get(CONTENT_DISPOSITION)?.as_bytes())
}

//! In one piece or in many: what it saves to write each piece as it comes.
//!
//! One file, fetched whole into memory and then written, or read in chunks of which only one is in
//! memory at a time. Each way has a child of its own, so the most memory it ever had can be told.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::client::{Connections, Whom, client};
use super::crew::{Crew, Plan, fetch, receive};
use super::jobs;
use super::server::{Conditions, Server};
use super::transfer::{Job, MOST_BYTES, Rules};
use crate::experiments::failure::Failure;
use crate::experiments::lab::Lab;
use crate::experiments::workers::finish;
use crate::mp::{Process, pipe_oneway};

/// Figures: bytes that are read at once; the most memory that the child had, and how much of it
/// one had that fetched nothing.
pub const FIGURES: &[&str] = &["chunk_bytes", "peak_bytes", "idle_bytes", "written_bytes"];

/// Figures of the experiment: how long the file is.
pub const EXPERIMENT_FIGURES: &[&str] = &["file_bytes"];

/// A file that is large beside a program.
const FILE: usize = 32 << 20;
/// The longest wait for anything.
const BOUND: Duration = Duration::from_secs(10);

/// The experiment `chunks`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    room_for_copies()?;
    lab.expect_steps(variants.len() as u64);
    let server = Server::start(Conditions { latency: Duration::ZERO, bandwidth: None })?;
    let job = jobs::of_server(&server, &format!("bytes-{FILE}.bin"));
    let idle = peak_of_child(|| near().map(drop))?;
    for variant in &variants {
        let scratch = lab.scratch().context("the run's private directory")?;
        let directory = tempfile::tempdir_in(scratch).context("a directory for the file")?;
        let (chunk, peak) = match variant.base.strip_prefix("chunk-").and_then(|n| n.parse().ok()) {
            Some(chunk) => (chunk, in_chunks(&job, directory.path(), chunk)?),
            None => (FILE, peak_of_child(|| whole(&job, directory.path()))?),
        };
        let written = fs::metadata(directory.path().join(&job.name)).map_or(0, |file| file.len());
        let figures: [(&str, Value); 4] = [
            ("chunk_bytes", json!(chunk)),
            ("peak_bytes", json!(peak)),
            ("idle_bytes", json!(idle)),
            ("written_bytes", json!(written)),
        ];
        lab.measure(Some(&variant.name), figures)?;
        lab.step()?;
    }
    lab.measure(None, [("file_bytes", json!(FILE))])?;
    lab.summarize(&variants, &[])
}

/// Refuses to begin without memory for the file: allocations of the libraries below have nobody to
/// tell that there was none. In one piece it is there twice, as it came and put together, and a third
/// time while that grows; the allocator sets as much again as two files aside for a second thread
/// (glibc, `HEAP_MAX_SIZE`).
fn room_for_copies() -> Result<()> {
    let room = Vec::<u8>::new().try_reserve_exact(5 * FILE);
    room.with_context(|| format!("copies of a file of {FILE} bytes"))
}

fn near() -> Result<reqwest::blocking::Client> {
    client(Whom::OwnServer, Connections::New, BOUND).context("a client")
}

fn whole(job: &Job, directory: &Path) -> Result<()> {
    let (client, address) = (near()?, job.address.clone().expect("an address of our own server"));
    // region: whole
    let bytes = client.get(address).send()?.bytes()?; // all of it in memory
    fs::write(directory.join(&job.name), &bytes)?;
    // endregion
    Ok(())
}

fn in_chunks(job: &Job, directory: &Path, chunk: usize) -> Result<u64> {
    let rules = Rules {
        directory,
        prefix: "",
        durable: false,
        checked: true,
        chunk,
        most_bytes: MOST_BYTES,
        silence: BOUND,
        deadline: Instant::now() + BOUND,
    };
    let (jobs, crew) = (std::slice::from_ref(job), Crew::Serial);
    let plan = Plan { jobs, crew, connections: Connections::New, own_server: true, rules };
    Ok(fetch(plan, |_| Ok(()))?.peak_bytes)
}

/// The most memory that a child has which does this.
fn peak_of_child(work: impl FnOnce() -> Result<()>) -> Result<u64> {
    let (from_child, to_parent) = pipe_oneway().context("a pipe to the fetching child")?;
    let mut child = Process::new("fetch", move || {
        let told = work().map_err(|error| Failure::of(&error));
        to_parent.send(&told).expect("the parent listens");
    });
    child.start()?;
    let told: Result<(), Failure> = receive(&from_child)?;
    finish(&mut child)?;
    told.context("fetching in a child")?;
    Ok(child.usage().map_or(0, |usage| usage.max_rss_bytes))
}

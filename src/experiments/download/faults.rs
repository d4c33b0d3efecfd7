//! What can go wrong with a file, each way once, between two files with which nothing is wrong.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use super::client::Connections;
use super::crew::{Crew, Plan, fetch};
use super::server::{Conditions, Server, nobodys_address};
use super::transfer::{CHUNK, Job, MOST_BYTES, Rules};
use super::{files, jobs, picture, tell};
use crate::event::Event;
use crate::experiments::lab::{Lab, Variant};

/// Figures of each variant: the kind of the fault, files on disk afterwards, and how many of
/// them are whole.
pub const FIGURES: &[&str] = &["fault", "on_disk", "whole"];

/// Silence that is borne here: the server that falls silent on purpose is not waited for longer.
const SILENCE: Duration = Duration::from_millis(700);
/// When all has to be done.
const BOUND: Duration = Duration::from_secs(10);

/// The experiment `faults`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    let conditions =
        Conditions { latency: Duration::from_millis(10), bandwidth: Some(files::BANDWIDTH) };
    let server = Server::start(conditions)?;
    for variant in &variants {
        demonstrate(lab, variant, &server)?;
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn demonstrate(lab: &mut Lab, variant: &Variant, server: &Server) -> Result<()> {
    let scratch = lab.scratch().context("the run's private directory")?;
    let directory = tempfile::tempdir_in(scratch).context("a directory for the files")?;
    let good = |number| jobs::of_server(server, &picture::name(number));
    let mut jobs = vec![good(1), faulty(variant.base, server)?, good(2)];
    jobs::refuse_repeated_names(&mut jobs);
    let rules = Rules {
        directory: directory.path(),
        prefix: "",
        durable: false,
        checked: true,
        chunk: CHUNK,
        most_bytes: MOST_BYTES,
        silence: SILENCE,
        deadline: Instant::now() + BOUND,
    };
    let plan = Plan {
        jobs: &jobs,
        crew: Crew::Threads(jobs.len()),
        connections: Connections::New,
        own_server: false,
        rules,
    };
    let fetched = fetch(plan, |_| Ok(()))?;
    let entries = fs::read_dir(directory.path()).context("the fetched files")?.flatten();
    let lengths: Vec<u64> =
        entries.map(|entry| entry.metadata().map_or(0, |about| about.len())).collect();
    let transfer = tell::ending(lab, variant, &jobs, 1, &fetched);
    let figures = [
        ("fault", json!(transfer.as_ref().and_then(|transfer| transfer.fault))),
        ("on_disk", json!(lengths.len())),
        ("whole", json!(lengths.iter().filter(|&&bytes| bytes == picture::BYTES).count())),
    ];
    lab.measure(Some(&variant.name), figures)?;
    match transfer {
        Some(transfer) => lab.emit(&Event::Transfer(transfer)),
        None => Ok(()),
    }
}

/// The file with which something is wrong.
fn faulty(what: &str, server: &Server) -> Result<Job> {
    Ok(match what {
        // RFC 6761 keeps this name free for ever.
        "no-such-host" => jobs::at("http://picture.invalid/picture-3.bmp"),
        "refused" => jobs::at(&nobodys_address()?),
        "not-found" => jobs::at(&server.address("holiday.bmp")),
        "circle" => jobs::at(&server.address("circle.bmp")),
        "other-scheme" => jobs::at(&server.address("elsewhere.bmp")),
        "silent" => jobs::at(&server.address("stalled.bmp")),
        "cut" => jobs::at(&server.address("cut.bmp")),
        "same-name" => jobs::at(&server.address(&format!("other/{}", picture::name(1)))),
        other => unreachable!("the registry has no variant {other}"),
    })
}

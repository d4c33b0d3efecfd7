//! Two slips of the notebook, run as they stand there and mended: four threads for five addresses,
//! and an error page that is saved as if it were the picture.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::Connections;
use super::crew::{Crew, Fetched, Plan, fetch};
use super::files::BANDWIDTH;
use super::server::{Conditions, Server};
use super::transfer::{CHUNK, Job, MOST_BYTES, Rules};
use super::{jobs, picture, tell};
use crate::event::{Event, Transfer};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;

/// Figures of `range`: addresses, threads, files on disk, and the first one that is not there.
pub const RANGE_FIGURES: &[&str] = &["addresses", "threads", "on_disk", "missing"];

/// Figures of `error-page`: files on disk; bytes of the one that the server does not have, and
/// whether it is a picture; what the mended code says of it.
pub const PAGE_FIGURES: &[&str] = &["on_disk", "kept", "kept_bytes", "is_picture", "fault", "said"];

/// The notebook's addresses.
const ADDRESSES: u32 = 5;
/// The notebook's threads: `range(4)`, below the comment "define 5 threads".
const NOTEBOOKS: usize = 4;
/// A name that the server does not know.
const UNKNOWN: &str = "holiday.bmp";
/// The longest wait for anything.
const BOUND: Duration = Duration::from_secs(5);

/// The experiment `range`.
pub fn range(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    let server = server(lab)?;
    let jobs = jobs::pictures(&server, ADDRESSES);
    for variant in &variants {
        let directory = directory(lab)?;
        let crew = match variant.base {
            "range-4" => Crew::FirstOnly(NOTEBOOKS),
            _ => Crew::FirstOnly(jobs.len()),
        };
        let ran = match variant.python {
            None => carry_out(&jobs, crew, rules(directory.path(), false)).map(|_| Some(())),
            Some(_) => peer(lab, variant, &server, directory.path()),
        };
        if ran?.is_some() {
            let threads = if variant.base == "one-each" { jobs.len() } else { NOTEBOOKS };
            lab.measure(Some(&variant.name), counted(&jobs, threads, directory.path())?)?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

/// The experiment `error-page`.
pub fn error_page(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    let server = server(lab)?;
    let names = [picture::name(1), UNKNOWN.to_string(), picture::name(2)];
    let jobs: Vec<Job> = names.iter().map(|name| jobs::of_server(&server, name)).collect();
    for variant in &variants {
        let directory = directory(lab)?;
        let rules = rules(directory.path(), variant.base == "checked");
        let fetched = carry_out(&jobs, Crew::Threads(jobs.len()), rules)?;
        let unknown = tell::ending(lab, variant, &jobs, 1, &fetched);
        lab.measure(Some(&variant.name), page_figures(directory.path(), unknown.as_ref())?)?;
        if let Some(transfer) = unknown.filter(|transfer| transfer.fault.is_some()) {
            lab.emit(&Event::Transfer(transfer))?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn server(lab: &Lab) -> Result<Server> {
    Server::start(Conditions { latency: lab.wait(), bandwidth: Some(BANDWIDTH) })
}

fn directory(lab: &mut Lab) -> Result<TempDir> {
    let scratch = lab.scratch().context("the run's private directory")?;
    tempfile::tempdir_in(scratch).context("a directory in the run's private one")
}

fn rules(directory: &Path, checked: bool) -> Rules<'_> {
    Rules {
        directory,
        prefix: "",
        durable: false,
        checked,
        chunk: CHUNK,
        most_bytes: MOST_BYTES,
        silence: BOUND,
        deadline: Instant::now() + 2 * BOUND,
    }
}

fn carry_out(jobs: &[Job], crew: Crew, rules: Rules<'_>) -> Result<Fetched> {
    let plan = Plan { jobs, crew, connections: Connections::New, own_server: true, rules };
    fetch(plan, |_| Ok(()))
}

/// What is on the disk, whoever put it there.
fn counted(jobs: &[Job], threads: usize, directory: &Path) -> Result<Vec<(&'static str, Value)>> {
    let missing = jobs.iter().find(|job| !directory.join(&job.name).exists());
    Ok(vec![
        ("addresses", json!(jobs.len())),
        ("threads", json!(threads)),
        ("on_disk", json!(on_disk(directory)?)),
        ("missing", json!(missing.map(|job| &job.name))),
    ])
}

fn on_disk(directory: &Path) -> Result<usize> {
    Ok(fs::read_dir(directory).context("the fetched files")?.count())
}

fn page_figures(
    directory: &Path,
    unknown: Option<&Transfer>,
) -> Result<Vec<(&'static str, Value)>> {
    let kept = fs::read(directory.join(UNKNOWN)).ok();
    let fault = unknown.and_then(|transfer| transfer.fault);
    Ok(vec![
        ("on_disk", json!(on_disk(directory)?)),
        ("kept", json!(kept.is_some())),
        ("kept_bytes", json!(kept.as_ref().map(Vec::len))),
        ("is_picture", json!(kept.as_ref().map(|bytes| bytes.starts_with(picture::MAGIC)))),
        ("fault", json!(fault)),
        ("said", json!(unknown.and_then(|transfer| transfer.detail.clone()))),
    ])
}

/// The peer says only that it is done: what it did is on the disk.
#[derive(Debug, Deserialize)]
struct Done {}

fn peer(lab: &mut Lab, variant: &Variant, server: &Server, directory: &Path) -> Result<Option<()>> {
    let place = directory.display().to_string();
    let arguments =
        ["range".to_string(), "4".to_string(), server.address(""), ADDRESSES.to_string(), place];
    Ok(python::call::<Done>(lab, variant, &arguments)?.map(drop))
}

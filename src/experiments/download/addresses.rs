//! The reader's own addresses, or with `--to` alone the pictures of the server of the lesson: each
//! variant fetches every file once, as nobody's server should be asked ten times over for the sake
//! of a median.
//!
//! The first variant's files are kept where `--to` says; those of the others are compared with
//! them and thrown away. If a file could not be had, no other variant runs: without the same work
//! there is nothing to compare, and the server that failed is left alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;
use tempfile::TempDir;

use super::crew::{Fetched, Plan, fetch};
use super::fault::innermost;
use super::files::{crew, threads};
use super::part::{self, Part};
use super::server::{Conditions, Server};
use super::tell::{self, Live};
use super::transfer::{CHUNK, Job, MOST_BYTES, Rules};
use super::{files, jobs};
use crate::event::{ErrorKind, Event, Params, Run};
use crate::experiments::failure::Failure;
use crate::experiments::lab::{Lab, Variant};

/// Figures of the experiment: whether there was anything to fetch; how many files; how many of
/// them are not there.
pub const EXPERIMENT_FIGURES: &[&str] = &["given", "files", "missing"];

/// Of the time that the experiment has, what goes into fetching: the rest is for telling.
const SHARE_OF_LIMIT: f64 = 0.8;
/// The longest silence, of the same time, and at most.
const SILENT_SHARE: f64 = 0.15;
/// The longest silence that is borne.
const MOST_SILENCE: Duration = Duration::from_secs(10);
/// A variant that took more than this share of the time leaves too little for the next one.
const SHARE_OF_FIRST: f64 = 0.4;

/// Whether addresses were given, or a directory to keep files in.
pub fn wanted(params: &Params) -> bool {
    let some = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    params.url.as_ref().is_some_and(|url| !url.is_empty()) || some(&params.urls) || some(&params.to)
}

/// The experiment `addresses`: nothing, unless there is something to fetch.
pub fn run_if_wanted(lab: &mut Lab) -> Result<()> {
    if wanted(&lab.params) {
        return run(lab);
    }
    lab.measure(None, [("given", json!(false))])?;
    let variants = lab.variants()?;
    lab.summarize(&variants, &[])
}

/// Fetches what was given by each variant that needs no Python; without `--only` by one thread,
/// and by four.
pub fn run(lab: &mut Lab) -> Result<()> {
    let began = Instant::now();
    let limit = Duration::from_secs_f64(lab.params.seconds_limit.unwrap_or(60.0));
    let errand = Errand::new(lab, limit)?;
    let variants = variants(lab)?;
    lab.expect_steps(variants.len() as u64);
    let (mut runs, mut peaks, mut missing, mut first) = (Vec::new(), Vec::new(), 0, None);
    for variant in &variants {
        let spent = began.elapsed() > limit.mul_f64(SHARE_OF_FIRST);
        if first.is_some() && (spent || missing > 0) {
            break;
        }
        let fetched = errand.fetch(lab, variant, first.is_none())?;
        if first.is_none() {
            missing = tell::endings(lab, variant, &errand.jobs, &fetched, errand.keep.is_some())?;
        }
        let run = told(&fetched, first.as_ref().unwrap_or(&fetched));
        let run = lab.entitle(run, variant, 0);
        lab.emit(&Event::Run(run.clone()))?;
        runs.push(run);
        peaks.push(fetched.peak_bytes);
        first.get_or_insert(fetched);
        lab.step()?;
    }
    tell_all(lab, &variants, first.as_ref(), &peaks, (errand.jobs.len(), missing))?;
    lab.summarize(&variants, &runs)?;
    if missing > 0 {
        let what = format!("{missing}/{}", errand.jobs.len());
        return Err(Failure { kind: ErrorKind::NotFetched, what, detail: String::new() }.into());
    }
    Ok(())
}

/// The variants, as far as they are of use here.
fn variants(lab: &mut Lab) -> Result<Vec<Variant>> {
    let few = ["serial", "threads-4"].map(str::to_string).to_vec();
    lab.params.only.get_or_insert(few);
    let only = lab.params.only.get_or_insert_default();
    only.retain(|name| !name.starts_with("python-"));
    lab.variants()
}

/// What there is to fetch, and where to.
struct Errand {
    jobs: Vec<Job>,
    /// The server of the lesson, where the files are its pictures.
    server: Option<Server>,
    /// The directory that `--to` names.
    keep: Option<PathBuf>,
    prefix: String,
    silence: Duration,
    deadline: Instant,
}

impl Errand {
    fn new(lab: &Lab, limit: Duration) -> Result<Errand> {
        let prefix = part::prefix(lab.runner());
        let keep = lab.params.to.as_ref().filter(|to| !to.is_empty()).map(PathBuf::from);
        if let Some(directory) = &keep {
            can_keep(directory, &prefix)?;
        }
        let (jobs, server) = match jobs::given(&lab.params)? {
            Some(jobs) => (jobs, None),
            None => {
                let bandwidth = Some(files::BANDWIDTH);
                let server = Server::start(Conditions { latency: lab.wait(), bandwidth })?;
                (jobs::pictures(&server, lab.n()), Some(server))
            }
        };
        let silence = limit.mul_f64(SILENT_SHARE).min(MOST_SILENCE);
        let deadline = Instant::now() + limit.mul_f64(SHARE_OF_LIMIT);
        Ok(Errand { jobs, server, keep, prefix, silence, deadline })
    }

    fn fetch(&self, lab: &mut Lab, by: &Variant, first: bool) -> Result<Fetched> {
        let jobs = &self.jobs;
        let scratch = scratch(lab)?;
        let kept = self.keep.as_deref().filter(|_| first);
        let rules = Rules {
            directory: kept.unwrap_or(scratch.path()),
            prefix: &self.prefix,
            durable: kept.is_some(),
            checked: true,
            chunk: CHUNK,
            most_bytes: MOST_BYTES,
            silence: self.silence,
            deadline: self.deadline,
        };
        let (crew, connections) = crew(by.base);
        let plan = Plan { jobs, crew, connections, own_server: self.server.is_some(), rules };
        let mut live = Live::new(by, true);
        fetch(plan, |board| live.look(lab, jobs, board))
    }
}

fn scratch(lab: &mut Lab) -> Result<TempDir> {
    let directory = lab.scratch().context("the run's private directory")?;
    tempfile::tempdir_in(directory).context("a directory in the run's private one")
}

/// Makes a file there and removes it: before anything is asked for, and not after.
fn can_keep(directory: &Path, prefix: &str) -> Result<(), Failure> {
    Part::create(directory, prefix).map(drop).map_err(|error| Failure {
        kind: ErrorKind::Target,
        what: directory.display().to_string(),
        detail: innermost(&error),
    })
}

/// A run is right if it got every file, and each as the first variant got it.
fn told(fetched: &Fetched, first: &Fetched) -> Run {
    let same = fetched.outcomes.iter().zip(&first.outcomes).filter(|pair| match pair {
        (Some(Ok(one)), Some(Ok(other))) => one.hash == other.hash,
        _ => false,
    });
    let (same, all) = (same.count(), fetched.outcomes.len());
    Run {
        time_s: Some(fetched.time_s()),
        expected: Some(all as i64),
        got: Some(same as i64),
        correct: Some(same == all),
        ..Run::default()
    }
}

fn tell_all(
    lab: &mut Lab,
    variants: &[Variant],
    first: Option<&Fetched>,
    peaks: &[u64],
    (files, missing): (usize, usize),
) -> Result<()> {
    for (variant, peak) in variants.iter().zip(peaks) {
        let threads = threads(crew(variant.base).0);
        let figures = [("threads", json!(threads)), ("peak_bytes", json!(peak))];
        lab.measure(Some(&variant.name), figures)?;
    }
    // Where no variant could run there is nothing to tell.
    let (Some(variant), Some(fetched)) = (variants.first(), first) else { return Ok(()) };
    tell::timeline(lab, variant, fetched, 0)?;
    let figures = [("given", json!(true)), ("files", json!(files)), ("missing", json!(missing))];
    lab.measure(None, figures)
}

//! The files: the same pictures one after the other and by threads, against the ideal.
//!
//! The ideal is computed from what the server was given: whoever fetches the most files waits for
//! each of them, and the line has to carry them all. Nothing can be faster, so what a crew took
//! beyond it is its own cost.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Connections;
use super::crew::{Crew, Fetched, Plan, fetch};
use super::server::{Conditions, Server};
use super::tell::{self, Live};
use super::transfer::{CHUNK, Job, MOST_BYTES, Rules};
use super::{addresses, jobs, picture};
use crate::event::Run;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::{python, rounds};

/// Figures of each variant: threads; the time below which it cannot come; connections opened in
/// the last run; the most memory that the fetching process had in it.
pub const FIGURES: &[&str] = &["threads", "ideal_s", "connections", "peak_bytes"];

/// Figures of the experiment: whether addresses were given; how many files there were, and how
/// many of them are missing; of the server of the lesson bytes of each file, its latency, and
/// the bytes a second that its line carries.
pub const EXPERIMENT_FIGURES: &[&str] =
    &["given", "files", "missing", "file_bytes", "latency_s", "per_second_bytes"];

/// Bytes a second of the server's line: 16 MiB, a good line to a house.
pub const BANDWIDTH: u64 = 16 << 20;

/// The longest wait for anything of the server of the lesson, beside its latency.
const SILENCE: Duration = Duration::from_secs(5);

/// Who fetches in the variant of that name, and over which connections.
pub fn crew(variant: &str) -> (Crew, Connections) {
    let variant = variant.trim_start_matches("python-");
    let connections = match variant {
        "serial-new-connection" => Connections::New,
        _ => Connections::Kept,
    };
    let threads = variant.strip_prefix("threads-").and_then(|threads| threads.parse().ok());
    (threads.map_or(Crew::Serial, Crew::Threads), connections)
}

/// Threads of a crew.
pub fn threads(crew: Crew) -> usize {
    match crew {
        Crew::Serial => 1,
        Crew::Threads(threads) | Crew::FirstOnly(threads) => threads,
    }
}

/// The least time in which `threads` fetch `files` pictures, in seconds.
pub fn ideal_s(files: u32, threads: usize, conditions: Conditions) -> f64 {
    let latency = conditions.latency.as_secs_f64();
    let picture = conditions.bandwidth.map_or(0.0, |rate| picture::BYTES as f64 / rate as f64);
    let most = f64::from(files.div_ceil(threads as u32));
    (most * (latency + picture)).max(latency + f64::from(files) * picture)
}

/// The experiments `files` and `widths`, which differ in their variants.
pub fn run(lab: &mut Lab) -> Result<()> {
    if addresses::wanted(&lab.params) {
        return addresses::run(lab);
    }
    let variants = lab.variants()?;
    let conditions = Conditions { latency: lab.wait(), bandwidth: Some(BANDWIDTH) };
    let shelf = Shelf::new(lab.n(), conditions)?;
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut last: BTreeMap<String, (Option<Fetched>, u64)> = BTreeMap::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        let run = match variant.python {
            Some(_) => shelf.peer(lab, variant, index)?.map(|run| (run, None)),
            None => {
                // The first round warms up: it alone may be watched while it runs.
                let live = Live::new(variant, !last.contains_key(&variant.name));
                let (run, fetched) = shelf.fetch(lab, variant.base, live)?;
                Some((lab.entitle(run, variant, index), Some(fetched)))
            }
        };
        let connections = shelf.server.connections();
        Ok(run.map(|(run, fetched)| {
            last.insert(variant.name.clone(), (fetched, connections));
            run
        }))
    })?;
    let measured = |variant: &&Variant| last.contains_key(&variant.name);
    let mut by_threads: Vec<&Variant> = variants.iter().filter(measured).collect();
    // A view may have room for one timeline alone: the first shall be the one with most lanes.
    by_threads.sort_by_key(|variant| Reverse(threads(crew(variant.base).0)));
    for variant in by_threads {
        if let (Some(fetched), _) = &last[&variant.name] {
            tell::timeline(lab, variant, fetched, lab.runs() - 1)?;
        }
    }
    for variant in variants.iter().filter(measured) {
        let (fetched, connections) = &last[&variant.name];
        let peak = fetched.as_ref().map(|fetched| fetched.peak_bytes);
        lab.measure(Some(&variant.name), shelf.figures(variant.base, *connections, peak))?;
    }
    if !last.is_empty() {
        lab.measure(None, shelf.experiment_figures())?;
    }
    lab.summarize(&variants, &runs)
}

/// The pictures of a server, and what is right of them.
struct Shelf {
    server: Server,
    conditions: Conditions,
    jobs: Vec<Job>,
    hashes: Vec<[u8; 32]>,
}

impl Shelf {
    fn new(files: u32, conditions: Conditions) -> Result<Shelf> {
        let server = Server::start(conditions)?;
        let jobs = jobs::pictures(&server, files);
        let hashes = (1..=files).map(|number| picture::hash(&picture::file(number))).collect();
        Ok(Shelf { server, conditions, jobs, hashes })
    }

    /// One run: every picture into an empty directory.
    fn fetch(&self, lab: &mut Lab, variant: &str, mut live: Live) -> Result<(Run, Fetched)> {
        let (crew, connections) = crew(variant);
        let directory = tempfile::tempdir_in(lab.scratch().context("the private directory")?)?;
        let silence = SILENCE + self.conditions.latency;
        let rules = Rules {
            directory: directory.path(),
            prefix: "",
            durable: false, // the run throws them away
            checked: true,
            chunk: CHUNK,
            most_bytes: MOST_BYTES,
            silence,
            deadline: Instant::now() + silence * self.jobs.len() as u32,
        };
        let plan = Plan { jobs: &self.jobs, crew, connections, own_server: true, rules };
        let fetched = fetch(plan, |board| live.look(lab, &self.jobs, board))?;
        let saved = fetched.outcomes.iter().map(|outcome| outcome.as_ref()?.as_ref().ok());
        let right = saved.zip(&self.hashes).filter(|(s, hash)| s.is_some_and(|s| s.hash == **hash));
        let run = self.told(fetched.time_s(), right.count());
        Ok((run, fetched))
    }

    fn told(&self, time_s: f64, right: usize) -> Run {
        Run {
            time_s: Some(time_s),
            expected: Some(self.jobs.len() as i64),
            got: Some(right as i64),
            correct: Some(right == self.jobs.len()),
            ..Run::default()
        }
    }

    /// The same in Python, which tells the hash of each file.
    fn peer(&self, lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<Run>> {
        let directory = tempfile::tempdir_in(lab.scratch().context("the private directory")?)?;
        let way = variant.base.trim_start_matches("python-").to_string();
        let count = self.jobs.len().to_string();
        let place = directory.path().display().to_string();
        let arguments = ["files".to_string(), way, self.server.address(""), count, place];
        let Some(said) = python::call::<Said>(lab, variant, &arguments)? else {
            return Ok(None);
        };
        let right = said.hashes.iter().zip(&self.hashes).filter(|(s, hash)| **s == hex(&hash[..]));
        let told = self.told(0.0, right.count());
        let run = said.run.told(lab, variant, index);
        Ok(Some(Run { expected: told.expected, got: told.got, correct: told.correct, ..run }))
    }

    fn figures(
        &self,
        variant: &str,
        connections: u64,
        peak: Option<u64>,
    ) -> Vec<(&'static str, Value)> {
        let threads = threads(crew(variant).0);
        let files = self.jobs.len() as u32;
        vec![
            ("threads", json!(threads)),
            ("ideal_s", json!(ideal_s(files, threads, self.conditions))),
            ("connections", json!(connections)),
            ("peak_bytes", json!(peak)),
        ]
    }

    fn experiment_figures(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("given", json!(false)),
            ("files", json!(self.jobs.len())),
            ("file_bytes", json!(picture::BYTES)),
            ("latency_s", json!(self.conditions.latency.as_secs_f64())),
            ("per_second_bytes", json!(self.conditions.bandwidth)),
        ]
    }
}

/// What the peer prints beside the fields of every peer's run.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(flatten)]
    run: python::PeerRun,
    hashes: Vec<String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ideal_is_the_longest_row_of_waits_or_the_line() {
        let conditions = |bandwidth| Conditions { latency: Duration::from_millis(100), bandwidth };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        for (threads, waits) in [(1, 0.5), (2, 0.3), (4, 0.2), (5, 0.1), (50, 0.1)] {
            assert!(near(ideal_s(5, threads, conditions(None)), waits), "{threads}");
        }
        // A picture a second: the line is what counts for many threads, the waits for one.
        let slow = conditions(Some(picture::BYTES));
        assert!(near(ideal_s(5, 5, slow), 5.1) && near(ideal_s(5, 1, slow), 5.5));
    }
}

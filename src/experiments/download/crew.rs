//! The crew: a set of files, fetched one after the other or by several threads.
//!
//! Threads and the HTTP client live in a forked child of their own, which ends with the run: a
//! process that forks must never have had a thread. The child's results come back through a pipe;
//! meanwhile the board in shared memory says how far each file is.

use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, Builder};
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Url;
use reqwest::blocking::Client;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::board::{Board, Progress};
use super::client::{Connections, Whom, client};
use super::fault::Fault;
use super::transfer::{Job, Rules, Saved};
use crate::event::ErrorKind;
use crate::experiments::crowd;
use crate::experiments::failure::Failure;
use crate::experiments::workers::finish;
use crate::mp::{Connection, PipeError, Process, pipe_oneway, sys};

/// Between two looks at the board: ten a second are as many as an eye can follow.
const LOOK: Duration = Duration::from_millis(100);

/// What is fetched, by how many, and how.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The files.
    pub jobs: &'a [Job],
    /// By whom.
    pub crew: Crew,
    /// Whether a connection is used again.
    pub connections: Connections,
    /// Whether the files come from the server of the lesson.
    pub own_server: bool,
    /// How each file is fetched.
    pub rules: Rules<'a>,
}

/// Who fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crew {
    /// One, a file after the other.
    Serial,
    /// So many threads, each of which takes the next file that nobody has.
    Threads(usize),
    /// A thread for each of the first so many files, and nobody for the others.
    FirstOnly(usize),
}

/// How a file ended.
pub type Outcome = Result<Saved, Fault>;

/// What came of a plan.
#[derive(Debug)]
pub struct Fetched {
    /// How each file ended, in the order of the jobs; none for one that nobody asked for.
    pub outcomes: Vec<Option<Outcome>>,
    /// How far each was when, in the order of the jobs.
    pub progress: Vec<Progress>,
    /// Before the first file was asked for.
    pub began_ns: u64,
    /// When the last one was there.
    pub ended_ns: u64,
    /// The most memory that the child had, in bytes.
    pub peak_bytes: u64,
}

/// What the child tells.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    outcomes: Vec<Option<Outcome>>,
    began_ns: u64,
    ended_ns: u64,
}

impl Fetched {
    /// From the first request to the last file, in seconds.
    pub fn time_s(&self) -> f64 {
        (self.ended_ns - self.began_ns) as f64 / 1e9
    }
}

/// Fetches everything, in a child. `look` is called ten times a second, and sees the board.
///
/// # Errors
/// When the child or its memory cannot be had, does not end well, or cannot build a client.
/// That a file is not fetched is no error here, but its outcome.
pub fn fetch(plan: Plan<'_>, mut look: impl FnMut(&Board) -> Result<()>) -> Result<Fetched> {
    let board = Board::new(plan.jobs.len()).context("the state of the files in shared memory")?;
    let (from_child, to_parent) = pipe_oneway().context("a pipe to the fetching child")?;
    let on_board = &board;
    let mut child = Process::new("fetch", move || {
        let told = plan.carry_out(on_board).map_err(|error| Failure::of(&error));
        to_parent.send(&told).expect("the parent listens");
    });
    child.start()?;
    while !from_child.poll(Some(LOOK))? {
        look(&board)?;
    }
    let told: Result<Result<Told, Failure>> = receive(&from_child);
    finish(&mut child)?;
    let Told { outcomes, began_ns, ended_ns } = told?.context("fetching in a child")?;
    let progress = (0..plan.jobs.len()).map(|file| board.progress(file)).collect();
    let peak_bytes = child.usage().map_or(0, |usage| usage.max_rss_bytes);
    Ok(Fetched { outcomes, progress, began_ns, ended_ns, peak_bytes })
}

/// A child that ended without a word is told by how it ended, not by the silence.
pub fn receive<T: DeserializeOwned>(from: &Connection) -> Result<Result<T, Failure>> {
    let (what, detail) = ("the child said nothing".to_string(), String::new());
    match from.recv() {
        Err(PipeError::Closed) => Ok(Err(Failure { kind: ErrorKind::System, what, detail })),
        answer => answer.context("the child's results"),
    }
}

impl Plan<'_> {
    fn carry_out(&self, board: &Board) -> Result<Told> {
        let clients = Clients::for_jobs(self)?;
        let outcomes: Vec<OnceLock<Outcome>> = self.jobs.iter().map(|_| OnceLock::new()).collect();
        let download = |file: usize, worker: usize| {
            let (job, place) = (&self.jobs[file], board.place(file));
            place.asked(worker);
            let outcome =
                self.rules.download(clients.of(job), job, place, file + 1 == self.jobs.len());
            place.ended();
            let _ = outcomes[file].set(outcome);
        };
        let files = self.jobs.len();
        let began_ns = sys::now_ns();
        let had = match self.crew {
            Crew::Serial => {
                serially(files, download);
                Ok(())
            }
            Crew::Threads(threads) => in_threads(files, threads.min(files), download),
            Crew::FirstOnly(end) => one_thread_each(0..end.min(files), download),
        };
        had.map_err(|_| crowd::no_thread())?;
        let ended_ns = sys::now_ns();
        let outcomes = outcomes.into_iter().map(OnceLock::into_inner).collect();
        Ok(Told { outcomes, began_ns, ended_ns })
    }
}

fn serially(files: usize, download: impl Fn(usize, usize)) {
    // region: serial
    for file in 0..files {
        download(file, 0);
    }
    // endregion
}

/// An error is that of a thread that cannot be had; the others have done their work then.
fn in_threads(
    files: usize,
    threads: usize,
    download: impl Fn(usize, usize) + Sync,
) -> io::Result<()> {
    let (download, taken) = (&download, &AtomicUsize::new(0));
    let next = move || Some(taken.fetch_add(1, Relaxed)).filter(|&file| file < files);
    // region: threads
    thread::scope(|scope| {
        for worker in 0..threads {
            let work = move || {
                // `next` is a file that nobody has yet
                while let Some(file) = next() {
                    download(file, worker);
                }
            };
            Builder::new().spawn_scoped(scope, work)?;
        }
        Ok(())
    }) // joins them all
    // endregion
}

/// As [`in_threads`].
fn one_thread_each(range: Range<usize>, download: impl Fn(usize, usize) + Sync) -> io::Result<()> {
    let download = &download;
    // region: range
    // the notebook's range(4): 0, 1, 2, 3
    thread::scope(|scope| {
        for x in range {
            Builder::new().spawn_scoped(scope, move || download(x, x))?;
        }
        Ok(())
    })
    // endregion
}

/// A client for this machine and one for the rest of the world: only that one uses a proxy.
struct Clients {
    near: Client,
    far: Option<Client>,
}

impl Clients {
    fn for_jobs(plan: &Plan<'_>) -> Result<Clients> {
        let client = |whom| client(whom, plan.connections, plan.rules.silence);
        let near = if plan.own_server { Whom::OwnServer } else { Whom::ThisMachine };
        let far = plan.jobs.iter().filter_map(|job| job.address.as_ref().ok()).any(|a| !is_near(a));
        let far = far.then(|| client(Whom::Anybody)).transpose()?;
        Ok(Clients { near: client(near)?, far })
    }

    fn of(&self, job: &Job) -> &Client {
        let far = self.far.as_ref().filter(|_| !job.address.as_ref().is_ok_and(is_near));
        far.unwrap_or(&self.near)
    }
}

/// Whether an address is one of this machine.
fn is_near(address: &Url) -> bool {
    let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

//! What threads make of a slow server, and what parlab's client makes of a fast one.
//!
//! Five files from the lesson's server, which takes 0.1 s to begin each answer, by five threads:
//! against the least time in which that can be done, and against Python's threads in the same
//! rounds. Then 64 files of 16 MiB from a server here that is as fast as it can be: against
//! `curl --parallel`, with the most memory that the fetching process had.

mod paired;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use paired::Report;
use parlab::event::Event;

const PARLAB: &str = env!("CARGO_BIN_EXE_parlab");
/// Rounds from the slow server.
const ROUNDS: &str = "21";
/// Rounds of the large files: each fetches 1 GiB twice.
const LARGE_ROUNDS: u32 = 3;
const LARGE_FILES: usize = 64;
const LARGE: usize = 16 << 20;
const MOST_MEMORY: f64 = (64 << 20) as f64;

/// A page whose one experiment fetches what is typed, by eight threads.
const EIGHT: &str = "# Eight\n\n```parlab run eight\nexperiment = \"widths\"\n\
    only = [\"threads-8\"]\nfixed = [\"only\"]\n```\n";

fn main() -> Result<()> {
    paired::bench("Downloads: a slow server, and a fast one", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    slow_server(report)?;
    fast_server(report)
}

fn slow_server(report: &mut Report) -> Result<()> {
    let only = ["--only", "threads-5,python-threads-5", "--runs", ROUNDS];
    let events = parlab(&[&["compare", "download", "--json"], &only[..]].concat())?;
    let times = |variant: &str| -> Vec<f64> {
        let runs = events.iter().filter_map(|event| match event {
            Event::Run(run) if run.variant == variant && run.correct == Some(true) => run.time_s,
            _ => None,
        });
        runs.collect()
    };
    let ours = times("threads-5");
    ensure!(!ours.is_empty(), "no run of five threads was right");
    let ideal = figure(&events, "threads-5", "ideal_s")?;
    let pairs: Vec<(f64, f64)> = ours.iter().map(|&time| (time, ideal)).collect();
    report.at_most("5 files, 5 threads, against the ideal", &pairs, 1.15);
    let python = times("python-threads-5");
    if python.is_empty() {
        report.note("Python: left out, no python3 that works is on the PATH");
        return Ok(());
    }
    let pairs: Vec<(f64, f64)> = ours.into_iter().zip(python).collect();
    report.at_most("5 files, 5 threads, against Python's", &pairs, 1.0);
    Ok(())
}

fn fast_server(report: &mut Report) -> Result<()> {
    let port = serve_large()?;
    let room = tempfile::tempdir().context("a directory for the large files")?;
    let mut list = String::new();
    for file in 0..LARGE_FILES {
        writeln!(list, "http://127.0.0.1:{port}/large-{file}.bin")?;
    }
    let (urls, page) = (room.path().join("urls.txt"), room.path().join("eight.md"));
    fs::write(&urls, &list)?;
    fs::write(&page, EIGHT)?;
    let mut peak: f64 = 0.0;
    let mut ours = || {
        let (page, urls) = (page.display().to_string(), urls.display().to_string());
        let events = parlab(&["lesson", &page, "--json", "--urls", &urls])?;
        peak = peak.max(figure(&events, "threads-8", "peak_bytes")?);
        let time = events.iter().find_map(|event| match event {
            Event::Run(run) if run.correct == Some(true) => run.time_s,
            _ => None,
        });
        time.context("the large files were not fetched")
    };
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        report.note("curl: left out, there is none on the PATH");
        ours()?;
    } else {
        let pairs = paired::rounds(LARGE_ROUNDS, &mut ours, || curl(room.path(), &list))?;
        report.at_most("64 files of 16 MiB, 8 threads, against curl --parallel", &pairs, 1.0);
    }
    report.under("the most memory in it", peak, MOST_MEMORY, paired::bytes);
    Ok(())
}

/// Runs parlab to its end; its events.
fn parlab(args: &[&str]) -> Result<Vec<Event>> {
    let done = Command::new(PARLAB).args(args).output().context("parlab")?;
    let said = String::from_utf8_lossy(&done.stdout);
    ensure!(done.status.success(), "parlab {args:?} failed: {said}");
    said.lines().map(|line| serde_json::from_str(line).context("an event")).collect()
}

fn figure(events: &[Event], of: &str, name: &str) -> Result<f64> {
    let found = events.iter().find_map(|event| match event {
        Event::Measure(measure) if measure.variant.as_deref() == Some(of) => {
            measure.values.get(name)?.as_f64()
        }
        _ => None,
    });
    found.with_context(|| format!("no {name} of {of}"))
}

/// Eight at a time, into a directory of its own, without checking what came; seconds.
fn curl(room: &Path, list: &str) -> Result<f64> {
    let directory = tempfile::tempdir_in(room)?;
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--noproxy", "*", "--parallel", "--parallel-max", "8"]);
    for address in list.lines() {
        command.args(["-O", address]);
    }
    command.current_dir(directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    ensure!(command.status().context("curl")?.success(), "curl failed");
    let time = began.elapsed().as_secs_f64();
    ensure!(fs::read_dir(directory.path())?.count() == LARGE_FILES, "curl left files out");
    Ok(time)
}

/// A server that gives out large files as fast as the loopback takes them; its port.
fn serve_large() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("a server")?;
    let port = listener.local_addr()?.port();
    thread::Builder::new().spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever has left does not hear it; without a thread nobody is answered.
            let _ = thread::Builder::new().spawn(move || drop(answer(&stream)));
        }
    })?;
    Ok(port)
}

fn answer(mut stream: &TcpStream) -> Result<()> {
    let piece = vec![7; 1 << 20];
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next().transpose()? {
        // An empty line ends a request, and the connection goes on.
        if line.is_empty() {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n")?;
            for _ in 0..LARGE / piece.len() {
                stream.write_all(&piece)?;
            }
        }
    }
    Ok(())
}

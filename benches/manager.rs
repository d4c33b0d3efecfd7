//! What a call on a manager costs: there and back.
//!
//! Beside it stands the least that a round trip can be: one byte to another process and one back, over
//! a bare pair of sockets, by read and write alone, on the same CPUs. And Python's manager, at the
//! notebook's own line `ns.result.append(number)`.

mod paired;
mod peer;
mod race;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use anyhow::Result;
use paired::Report;
use parlab::mp::manager::{ListProxy, Manager};
use parlab::mp::{Process, sys};
use peer::{Peer, Script};
use serde::Deserialize;

const ROUNDS: u32 = 41;
const ROUNDS_OF_PYTHON: u32 = 7;
/// Calls of a round.
const CALLS: u32 = 5_000;
const APPENDS_OF_PYTHON: u32 = 300;
/// Numbers of a round that go in one call.
const BATCH: u32 = 100_000;

const PYTHON: &str = r#"
import json, multiprocessing, os, sys, time

if __name__ == "__main__":
    count, server, client = map(int, sys.argv[1:])
    os.sched_setaffinity(0, {server})
    manager = multiprocessing.get_context("fork").Manager()
    os.sched_setaffinity(0, {client})
    ns = manager.Namespace()
    ns.result = manager.list()
    ns.result.append(0)
    began = time.perf_counter()
    for number in range(count):
        ns.result.append(number)
    each = (time.perf_counter() - began) / count
    began = time.perf_counter()
    ns.result.extend(list(range(100000)))
    batch = (time.perf_counter() - began) / 100000
    print(json.dumps({"each_s": each, "batch_s": batch}))
"#;

fn main() -> Result<()> {
    paired::bench("A call on a manager: there and back", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    let two = race::places();
    let one = [two[0]; 2];
    report.note("server and client pinned; theirs, where it is not Python: a bare echo");
    let mut stages = vec![("on one CPU", one)];
    if two != one {
        stages.push(("on two CPUs", two));
    }
    for (words, places) in &stages {
        let stage = Stage::new(*places)?;
        let echo = Echo::new(*places)?;
        let pairs = paired::rounds(ROUNDS, || stage.calls(), || echo.calls())?;
        report.at_most(&format!("len() {words}, against an echo"), &pairs, 1.4);
    }
    let Some(peer) = Peer::find() else {
        report.note("Python: left out, no python3 that works is on the PATH");
        return Ok(());
    };
    report.note(format!("theirs, where it is Python: {}, on the same CPUs", peer.version()));
    let script = Script::new(PYTHON)?;
    let python = |[server, client]: [usize; 2]| -> Result<Told> {
        let args = [APPENDS_OF_PYTHON as usize, server, client].map(|arg| arg.to_string());
        peer.run_script(&script, &args.each_ref().map(String::as_str))
    };
    for (words, places) in &stages {
        let stage = Stage::new(*places)?;
        let theirs = || Ok(python(*places)?.each_s);
        let pairs = paired::rounds(ROUNDS_OF_PYTHON, || stage.appends(), theirs)?;
        report.times_faster(&format!("ns.result.append() {words}, against Python's"), &pairs, 10.0);
    }
    let stage = Stage::new(two)?;
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, || stage.batch(), || Ok(python(two)?.batch_s))?;
    report.times_faster("a number of a list in one call, against Python's", &pairs, 1.0);
    Ok(())
}

#[derive(Deserialize)]
struct Told {
    each_s: f64,
    batch_s: f64,
}

/// A manager on the first of two places; the client is this process, on the second.
struct Stage {
    manager: Manager,
    client: usize,
    _directory: tempfile::TempDir,
}

impl Stage {
    fn new([server, client]: [usize; 2]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let manager = placed(server, || Ok(Manager::new(directory.path())?))?;
        Ok(Stage { manager, client, _directory: directory })
    }

    /// Seconds a call, of the simplest call.
    fn calls(&self) -> Result<f64> {
        let list = self.manager.list::<u32>()?;
        timed(self.client, CALLS, || {
            list.len()?;
            Ok(())
        })
    }

    /// Seconds an append as the notebook writes it: two calls.
    fn appends(&self) -> Result<f64> {
        let ns = self.manager.namespace()?;
        ns.set("result", &self.manager.list::<u32>()?)?;
        timed(self.client, CALLS, || Ok(ns.get::<ListProxy<u32>>("result")?.append(&7)?))
    }

    /// Seconds a number, of many in one call.
    fn batch(&self) -> Result<f64> {
        let list = self.manager.list::<u32>()?;
        let numbers: Vec<u32> = (0..BATCH).collect();
        let whole = timed(self.client, 1, || Ok(list.extend(&numbers)?))?;
        list.clear()?;
        Ok(whole / f64::from(BATCH))
    }
}

/// A process that sends back each byte it gets.
struct Echo {
    here: UnixStream,
    client: usize,
    _process: Process<'static>,
}

impl Echo {
    fn new([server, client]: [usize; 2]) -> Result<Self> {
        let (here, mut there) = UnixStream::pair()?;
        let mut process = Process::new("echo", move || {
            let mut byte = [0];
            while there.read_exact(&mut byte).is_ok() && there.write_all(&byte).is_ok() {}
        });
        process.pin(server)?;
        process.start()?;
        Ok(Echo { here, client, _process: process })
    }

    fn calls(&self) -> Result<f64> {
        let mut byte = [7];
        timed(self.client, CALLS, || {
            (&self.here).write_all(&byte)?;
            Ok((&self.here).read_exact(&mut byte)?)
        })
    }
}

/// Seconds each, of so many, by this process on that CPU.
fn timed(cpu: usize, count: u32, mut one: impl FnMut() -> Result<()>) -> Result<f64> {
    placed(cpu, || {
        let began = sys::now_ns();
        (0..count).try_for_each(|_| one())?;
        Ok((sys::now_ns() - began) as f64 / 1e9 / f64::from(count))
    })
}

/// Does something on that CPU alone, children forked meanwhile included.
fn placed<R>(cpu: usize, work: impl FnOnce() -> Result<R>) -> Result<R> {
    let before = sys::affinity()?;
    sys::set_affinity(&[cpu])?;
    let done = work();
    sys::set_affinity(&before)?;
    done
}

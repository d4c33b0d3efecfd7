//! Tests of `mp`: a table of names and functions, each run in a forked process of its own and judged
//! by how that process ends (the shape of xv6's usertests). libtest would run them in threads, and a
//! process with threads must not fork.
//!
//! `cargo test --test mp -- [-q] [--list] [NAME]…` runs the cases whose name contains one of the
//! NAMEs; `-q` leaves out the slow ones. `PARLAB_KILLS=N` sets the number of kills in the storms.
//! Whatever a case leaves behind (processes, open descriptors, names in /dev/shm) fails the run.
#![expect(clippy::print_stdout, reason = "what a test target found goes to stdout")]

mod barrier;
mod kills;
mod lifetime;
mod lock;
mod manager;
mod manager_strangers;
mod manager_waits;
mod pipe;
mod pipe_watch;
mod pool;
mod pool_deaths;
mod pool_kills;
mod proc;
mod process;
mod queue;
mod queue_kills;
mod queue_steps;
mod schedules;
mod shared_memory;
mod shm;
mod shm_pipe;
mod spawn;
mod staging;
mod traces;

use std::process::ExitCode;
use std::time::Duration;

use parlab::mp::supervise::{become_subreaper, kill_group, new_process_group};
use parlab::mp::{Exit, Process};

use traces::Traces;

/// A name and what to do; a panic is a failure.
pub type Case = (&'static str, fn());

const QUICK: &[&[Case]] = &[
    process::CASES,
    lifetime::CASES,
    spawn::CASES,
    pipe::CASES,
    pipe_watch::CASES,
    shm_pipe::CASES,
    lock::CASES,
    barrier::CASES,
    shm::CASES,
    shared_memory::CASES,
    queue::CASES,
    queue_steps::CASES,
    manager::CASES,
    manager_waits::CASES,
    manager_strangers::CASES,
    pool::CASES,
    pool_deaths::CASES,
    proc::CASES,
    schedules::CASES,
];
const SLOW: &[&[Case]] = &[kills::CASES, queue_kills::CASES, pool_kills::CASES];

/// When a case is taken to hang. On one busy CPU the quick ones take a second or two.
const QUICK_LIMIT: Duration = Duration::from_secs(60);
const SLOW_LIMIT: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    if let Some(code) = parlab::mp::process::spawn::main(&spawn::functions()) {
        return code;
    }
    let options = Options::from_args(std::env::args().skip(1));
    let quick = QUICK.iter().copied().flatten().map(|case| (case, QUICK_LIMIT));
    let slow =
        SLOW.iter().copied().flatten().filter(|_| !options.quick).map(|case| (case, SLOW_LIMIT));
    let chosen = quick.chain(slow).filter(|((name, _), _)| options.wants(name));
    if options.list {
        for ((name, _), _) in chosen {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    become_subreaper().expect("strays of the cases are to come here");
    let before = Traces::now();
    let (mut passed, mut failed) = (0, 0);
    for (case, limit) in chosen {
        match run(case, limit) {
            Ok(()) => {
                println!("ok      {}", case.0);
                passed += 1;
            }
            Err(fault) => {
                println!("FAILED  {}: {fault}", case.0);
                failed += 1;
            }
        }
    }
    if let Some(left) = traces::left_since(&before) {
        println!("FAILED  nothing is left behind: {left}");
        failed += 1;
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

/// Runs a case in a process and a process group of its own, and clears away what is left of both.
fn run(&(name, body): &Case, limit: Duration) -> Result<(), String> {
    let mut process = Process::new(name, move || {
        new_process_group().expect("a child leads no session");
        body();
    });
    process.start().map_err(|error| error.to_string())?;
    let ended = process.join_timeout(limit).map_err(|error| error.to_string())?;
    if let Some(group) = process.pid() {
        kill_group(group, libc::SIGKILL).map_err(|error| error.to_string())?;
    }
    let exit = process.join().map_err(|error| error.to_string())?;
    traces::reap_strays()?;
    match (ended, process.panic_message()) {
        (None, _) => Err(format!("still running after {limit:?}")),
        (Some(Exit::Code(0)), _) => Ok(()),
        (Some(_), Some(text)) => Err(text.to_owned()),
        (Some(_), None) => Err(format!("ended by {exit}")),
    }
}

struct Options {
    quick: bool,
    list: bool,
    names: Vec<String>,
}

impl Options {
    /// Takes what libtest takes, as `cargo test` passes the same arguments to every target, and
    /// leaves unheeded what has no meaning here.
    fn from_args(args: impl Iterator<Item = String>) -> Self {
        const WITH_VALUE: &[&str] =
            &["--test-threads", "--skip", "--color", "--format", "--logfile", "--shuffle-seed"];
        let mut options = Self { quick: false, list: false, names: Vec::new() };
        let mut args = args;
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "-q" => options.quick = true,
                "--list" => options.list = true,
                flag if WITH_VALUE.contains(&flag) => drop(args.next()),
                flag if flag.starts_with('-') => {}
                _ => options.names.push(arg),
            }
        }
        options
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| name.contains(part.as_str()))
    }
}

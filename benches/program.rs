//! The program as its user meets it: how soon it answers, how long a lesson takes, what it holds of
//! memory and disk.

mod paired;

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, ensure};
use paired::{Report, bytes, time};
use parlab::mp::{Process, Usage};
use parlab::stats;

const PARLAB: &str = env!("CARGO_BIN_EXE_parlab");
const TRUE: &str = "/bin/true";
const LESSON: [&str; 6] = ["lesson", "lock", "--runs", "10", "--yes", "--no-python"];

const ROUNDS: u32 = 101;
const ROUNDS_OF_LESSON: usize = 5;
const MIB: f64 = 1024.0 * 1024.0;

fn main() -> Result<()> {
    paired::bench("The program", |report| {
        let size = std::fs::metadata(PARLAB)?.len();
        report.under("the stripped binary", size as f64, 10.0 * MIB, bytes);
        answers(report)?;
        lesson(report)
    })
}

/// How soon it answers, beside a program that does nothing, started in the same way.
fn answers(report: &mut Report) -> Result<()> {
    for arguments in [["--help"], ["list"]] {
        let ours = || Ok(run(PARLAB, &arguments)?.0);
        let theirs = || Ok(run(TRUE, &[])?.0);
        let pairs = paired::rounds(ROUNDS, ours, theirs)?;
        let what = format!("parlab {}, against {TRUE}", arguments[0]);
        report.within(&what, &pairs, 0.005);
    }
    Ok(())
}

/// How long a lesson takes, and how much memory.
fn lesson(report: &mut Report) -> Result<()> {
    let lessons =
        (0..ROUNDS_OF_LESSON).map(|_| run(PARLAB, &LESSON)).collect::<Result<Vec<_>>>()?;
    let times: Vec<f64> = lessons.iter().map(|(time, _)| *time).collect();
    let took = stats::median(&times).unwrap_or(f64::NAN);
    report.under(&format!("parlab {}", LESSON.join(" ")), took, 3.0, time);
    // The kernel adds the peak of a reaped child to its parent's account (getrusage(2), maxrss): the
    // front's figure is the largest of the front, the runner and the experiment processes, each of
    // which is then no larger. It can be too large, never too small: a process that becomes another
    // program keeps the peak from before.
    let peak = lessons.iter().map(|(_, usage)| usage.max_rss_bytes).max().unwrap_or(0);
    report.under("its peak memory, the largest of its processes", peak as f64, 12.0 * MIB, bytes);
    Ok(())
}

/// Runs a program to its end, its output thrown away: seconds from fork to reaping, and its usage.
fn run(program: &str, arguments: &[&str]) -> Result<(f64, Usage)> {
    let mut process = Process::new(program, || {
        let mut command = Command::new(program);
        command.args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        panic!("cannot run {program}: {}", command.exec());
    });
    let began = Instant::now();
    process.start()?;
    let exit = process.join()?;
    let took = began.elapsed().as_secs_f64();
    let words = process.panic_message().unwrap_or_default();
    ensure!(exit.success(), "{program} {arguments:?} ended with {exit} {words}");
    let usage = process.usage().expect("a joined process has its usage");
    Ok((took, usage))
}

//! Every schedule on real processes: what a step takes, how long all 12 870 schedules of 16 steps
//! take, and whether memory grows with their number.

mod paired;

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use paired::{Report, bytes, time};
use parlab::experiments::{self, explore::Size};
use parlab::mp::{Process, pipe_oneway, sys};
use parlab::schedule::{self, Program};
use parlab::stats;

const PARLAB: &str = env!("CARGO_BIN_EXE_parlab");
const ROUNDS: u32 = 11;
/// Bytes that two processes hand each other, to and fro.
const HANDED: u32 = 20_000;
const MIB: f64 = 1024.0 * 1024.0;

fn main() -> Result<()> {
    paired::bench("Every schedule, on real processes", |report| {
        steps(report)?;
        whole(report)
    })
}

/// A step among all schedules of four operations each, against a byte that is handed over a pipe
/// on the same CPU: what waking another process costs at least.
fn steps(report: &mut Report) -> Result<()> {
    let (_, subject) = experiments::subject("lock").context("the bank")?;
    let program = (subject.program)("unlocked", &Size { ops: 4, processes: 2, start: None });
    let pairs = paired::rounds(ROUNDS, || step(&program), hand_over)?;
    let ours: Vec<f64> = pairs.iter().map(|(ours, _)| *ours).collect();
    report.under("a step", stats::median(&ours).unwrap_or(f64::NAN), 5e-6, time);
    report.at_most("a step, against a byte through a pipe", &pairs, 1.0);
    Ok(())
}

fn step(program: &Program) -> Result<f64> {
    let census = schedule::census(program).context("few schedules")?;
    let explored = schedule::explore(program, &census, u64::MAX, 1, &mut |_| {})?;
    Ok(explored.time.as_secs_f64() / explored.steps as f64)
}

fn hand_over() -> Result<f64> {
    let cpu = sys::affinity()?[0];
    let (ours, their_end) = pipe_oneway()?;
    let (their_start, to_them) = pipe_oneway()?;
    let mut echo = Process::new("echo", || {
        for _ in 0..HANDED {
            let byte = their_start.recv_bytes().expect("the other end is open");
            their_end.send_bytes(&byte).expect("the other end is open");
        }
    });
    echo.pin(cpu)?;
    echo.start()?;
    let before = sys::affinity()?;
    sys::set_affinity(&[cpu])?;
    let began = Instant::now();
    for _ in 0..HANDED {
        to_them.send_bytes(b".")?;
        ours.recv_bytes()?;
    }
    let took = began.elapsed().as_secs_f64();
    sys::set_affinity(&before)?;
    ensure!(echo.join()?.success(), "the echo failed");
    Ok(took / f64::from(2 * HANDED))
}

/// The command, with few schedules and with all of them.
fn whole(report: &mut Report) -> Result<()> {
    let arguments = |most| ["explore", "lock", "--ops", "4", "--free-runs", "0", "--most", most];
    let (few, many) = (arguments("100"), arguments("20000"));
    let runs = (0..ROUNDS).map(|_| run(&many)).collect::<Result<Vec<_>>>()?;
    let times: Vec<f64> = runs.iter().map(|(time, _)| *time).collect();
    let took = stats::median(&times).unwrap_or(f64::NAN);
    report.under("parlab explore lock --ops 4, all 12 870", took, 2.0, time);
    let peak = |runs: &[(f64, u64)]| runs.iter().map(|(_, peak)| *peak).max().unwrap_or(0) as f64;
    let more = peak(&runs) - peak(&[run(&few)?]);
    report.under("its memory above that for 100 of them", more, 1.0 * MIB, bytes);
    Ok(())
}

/// Seconds from fork to reaping, and the peak of the largest of its processes.
fn run(arguments: &[&str]) -> Result<(f64, u64)> {
    let mut process = Process::new("explore", || {
        let mut command = Command::new(PARLAB);
        command.args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        panic!("cannot run {PARLAB}: {}", command.exec());
    });
    let began = Instant::now();
    process.start()?;
    let exit = process.join()?;
    let took = began.elapsed().as_secs_f64();
    ensure!(exit.success(), "{PARLAB} {arguments:?} ended with {exit}");
    let usage = process.usage().expect("a joined process has its usage");
    Ok((took, usage.max_rss_bytes))
}

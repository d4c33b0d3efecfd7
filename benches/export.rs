//! What `--export` costs: the experiment nothing that could be seen, the reader a moment at the end,
//! and the memory stick little.

mod paired;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use paired::{Report, bytes, time};
use parlab::event::{End, Event, Run};
use parlab::lesson::doc::Lang;
use parlab::stats;
use parlab::view::View;
use parlab::view::html::{Html, page};

const PARLAB: &str = env!("CARGO_BIN_EXE_parlab");
const ROUNDS: u32 = 21;
/// Runs of each variant in one command.
const RUNS: u32 = 40;
const VARIANTS: [&str; 2] = ["unlocked", "locked"];
/// Runs of each variant that a page has to hold, and the variants, the first two of which go wrong.
const MANY: u32 = 1000;
const BANK: [&str; 6] = ["unlocked", "half-locked", "locked", "coarse", "atomic", "local"];
const MIB: f64 = 1024.0 * 1024.0;

fn main() -> Result<()> {
    paired::bench("Keeping what was shown", |report| {
        experiment(report)?;
        written(report)
    })
}

/// The experiment's own times, with a page being kept and without, in turns.
fn experiment(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let kept = folder.path().join("kept.html");
    let pairs = paired::rounds(ROUNDS, || compare(Some(&kept)), || compare(None))?;
    for (at, variant) in VARIANTS.iter().enumerate() {
        let of_it: Vec<_> =
            pairs.iter().map(|(with, without)| (with.runs[at], without.runs[at])).collect();
        report.at_most(&format!("a run of {variant}, with --export"), &of_it, 1.0);
    }
    let whole: Vec<_> = pairs.iter().map(|(with, without)| (with.whole, without.whole)).collect();
    report.within("the whole command, with --export", &whole, 0.5);
    Ok(())
}

/// Seconds.
struct Took {
    /// The median run of each variant.
    runs: [f64; VARIANTS.len()],
    whole: f64,
}

fn compare(kept: Option<&Path>) -> Result<Took> {
    let mut command = Command::new(PARLAB);
    command.args(["compare", "lock", "--json", "--no-python", "--only", &VARIANTS.join(",")]);
    command.args(["--runs", &RUNS.to_string()]).stdin(Stdio::null());
    if let Some(kept) = kept {
        command.arg("--force").arg("--export").arg(kept);
    }
    let began = Instant::now();
    let done = command.output()?;
    let whole = began.elapsed().as_secs_f64();
    ensure!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    let mut times = VARIANTS.map(|_| Vec::new());
    for line in done.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Event::Run(run) = serde_json::from_slice(line)? else { continue };
        let Some(at) = VARIANTS.iter().position(|variant| *variant == run.variant) else {
            continue;
        };
        times[at].extend(run.time_s);
    }
    let [unlocked, locked] = times.map(|times| stats::median(&times).context("no run had a time"));
    Ok(Took { runs: [unlocked?, locked?], whole })
}

/// A page of a thousand runs of each of several variants: how long it takes once they are there.
fn written(report: &mut Report) -> Result<()> {
    let events = events();
    let mut times = Vec::new();
    let mut length = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut sheets = Lang::ALL.map(Html::new);
        for event in &events {
            sheets.iter_mut().try_for_each(|sheet| sheet.event(event))?;
        }
        length = page(sheets.into(), Lang::En)?.len();
        times.push(began.elapsed().as_secs_f64());
    }
    let what = format!("a page of {MANY} runs of each of {} variants", BANK.len());
    report.under(&what, stats::median(&times).unwrap_or(f64::NAN), 0.5, time);
    report.under("its size", length as f64, 2.0 * MIB, bytes);
    Ok(())
}

/// Runs as a race would have them: some variants end anywhere, some where they should.
fn events() -> Vec<Event> {
    let mut events = Vec::new();
    for index in 0..MANY {
        for (at, variant) in BANK.iter().enumerate() {
            let got = if at < 2 { i64::from(index * 7919 % 4001) } else { 100 };
            events.push(Event::Run(Run {
                experiment: "bank".to_owned(),
                variant: (*variant).to_owned(),
                index,
                time_s: Some(1e-3),
                expected: Some(100),
                got: Some(got),
                correct: Some(got == 100),
                ..Run::default()
            }));
        }
    }
    events.push(Event::End(End { exit: 0, reason: None }));
    events
}

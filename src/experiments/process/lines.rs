//! Lines of many children on one pipe: glued together when text and newline are two writes.
//!
//! A write to a pipe of at most PIPE_BUF bytes (4096 on Linux) is never mixed with
//! another's (pipe(7)); between two writes of one process there is room for anybody's.

use std::io::{self, PipeWriter, Read, Write};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::event::{Event, Line, NoteKind, Run};
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish_all;
use crate::experiments::{crowd, rounds};
use crate::mp::{Gate, Process, sys};

/// Figures: lines that were printed, those that share a line with another, and empty ones,
/// in all runs; whether any was glued.
pub const FIGURES: &[&str] = &["printed", "glued", "empty", "any_glued"];

/// How long a child waits until all are there.
const BOUND: Duration = Duration::from_secs(10);
/// Lines of the output that are shown.
const SAMPLE: usize = 8;

// region: two-writes
fn two_writes(mut out: &PipeWriter, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")
}
// endregion

// region: one-write
fn one_write(mut out: &PipeWriter, text: &str) -> io::Result<()> {
    out.write_all(format!("{text}\n").as_bytes())
}
// endregion

/// With one CPU: the same two writes, and the CPU given up in between.
fn two_writes_apart(mut out: &PipeWriter, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    sys::yield_now();
    out.write_all(b"\n")
}

/// What the runs of one variant printed.
#[derive(Debug, Default)]
struct Printed {
    texts: u64,
    glued: u64,
    empty: u64,
    sample: Vec<String>,
}

/// The experiment `lines`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let apart = lab.machine.usable.len() < 2;
    if apart && variants.iter().any(|variant| variant.base == "two-writes") {
        lab.note(None, NoteKind::OneCpuParted)?;
    }
    let mut seen: Vec<(String, String)> = Vec::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        let write = match variant.base {
            "one-write" => one_write,
            _ if apart => two_writes_apart,
            _ => two_writes,
        };
        let (output, time_s) = print_all(lab.n(), write)?;
        let run = judged(&output, lab.n(), time_s);
        seen.push((variant.name.clone(), output));
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    for variant in &variants {
        // The first run warmed up.
        let of_it = seen.iter().filter(|(name, _)| *name == variant.name).skip(1);
        tell(lab, variant, &gathered(of_it.map(|(_, output)| output.as_str())))?;
    }
    lab.summarize(&variants, &runs)
}

/// What child number `number` prints.
fn text(number: u32) -> String {
    format!("line {number}")
}

/// All children print one line each, as nearly at once as they are let run; what came out.
fn print_all(n: u32, write: fn(&PipeWriter, &str) -> io::Result<()>) -> Result<(String, f64)> {
    crowd::room_for(n as usize)?;
    let (mut reader, writer) = io::pipe().context("a pipe")?;
    let gate = Gate::new(n).context("the gate in shared memory")?;
    let clocks = Clocks::new(n as usize).context("the clocks in shared memory")?;
    let (gate_of, clocks_of) = (&gate, &clocks);
    let mut children = Vec::new();
    for number in 0..n {
        let out = writer.try_clone().context("the pipe's end for a child")?;
        let mut child = Process::new(number.to_string(), move || {
            gate_of.arrive_and_wait(BOUND).expect("all at the gate");
            clocks_of.time(number as usize, || write(&out, &text(number)).expect("the pipe"));
        });
        child.start().map_err(crowd::stopped(number as usize, n as usize))?;
        children.push(child);
    }
    drop(writer); // or the end of the file would never come
    let mut output = String::new();
    reader.read_to_string(&mut output).context("what the children printed")?;
    finish_all(&mut children)?;
    Ok((output, clocks.elapsed_s()))
}

/// How many texts got a line of their own.
fn judged(output: &str, n: u32, time_s: f64) -> Run {
    let whole = output.lines().filter(|line| line.matches("line").count() == 1).count();
    Run {
        time_s: Some(time_s),
        expected: Some(i64::from(n)),
        got: Some(whole as i64),
        correct: Some(whole == n as usize),
        ..Run::default()
    }
}

fn gathered<'a>(outputs: impl Iterator<Item = &'a str>) -> Printed {
    let mut printed = Printed::default();
    for output in outputs {
        let lines: Vec<&str> = output.lines().collect();
        let texts = |line: &&str| line.matches("line").count() as u64;
        let first = lines.iter().position(|line| texts(line) > 1);
        printed.texts += lines.iter().map(texts).sum::<u64>();
        printed.glued += lines.iter().map(texts).filter(|&texts| texts > 1).sum::<u64>();
        printed.empty += lines.iter().filter(|line| line.is_empty()).count() as u64;
        if let Some(first) = first.filter(|_| printed.sample.is_empty()) {
            let from = first.saturating_sub(2);
            printed.sample =
                lines[from..].iter().take(SAMPLE).map(|line| (*line).to_string()).collect();
        }
    }
    printed
}

fn tell(lab: &mut Lab, variant: &Variant, printed: &Printed) -> Result<()> {
    for text in &printed.sample {
        lab.emit(&Event::Line(Line {
            experiment: lab.experiment(),
            variant: variant.name.clone(),
            text: text.clone(),
        }))?;
    }
    let figures = [
        ("printed", json!(printed.texts)),
        ("glued", json!(printed.glued)),
        ("empty", json!(printed.empty)),
        ("any_glued", json!(printed.glued > 0)),
    ];
    lab.measure(Some(&variant.name), figures)
}

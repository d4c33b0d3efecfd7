//! The greeting: one process sends a name and prints, another one receives it and prints. Who
//! prints first?
//!
//! The notebook's two functions. Nothing decides the order but the scheduler: the sender goes on as
//! soon as it has sent, the receiver as soon as it is woken. So it is counted, and shown to change
//! where one of the two is held up for a moment.

use std::io::{self, PipeWriter, Read, Write};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use crate::event::{Event, Line};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish_all;
use crate::mp::{Connection, Process, pipe, pipe_oneway, proc};

/// Figures: greetings made; those in which the line of the sender, or of the receiver, came first;
/// and what the kernel calls the ends of a two-way and of a one-way connection.
pub const FIGURES: &[&str] = &["greetings", "sender_first", "receiver_first", "two_way", "one_way"];

/// Greetings of each variant.
const GREETINGS: u32 = 20;
/// How long the sender is held up after it has sent, where it is.
const PAUSE: Duration = Duration::from_millis(10);

// region: functions
fn print_1(name: &str, conn: &Connection, out: &PipeWriter) {
    conn.send(name).expect("somebody will receive");
    say(out, &format!("print_1: hello {name}"));
}
fn print_2(conn: &Connection, out: &PipeWriter) {
    let name: String = conn.recv().expect("somebody will send");
    say(out, &format!("print_2: {name} has logged in"));
}
// endregion

fn print_1_after_a_pause(name: &str, conn: &Connection, out: &PipeWriter) {
    conn.send(name).expect("somebody will receive");
    thread::sleep(PAUSE);
    say(out, &format!("print_1: hello {name}"));
}

/// A whole line in one write, so that lines never mix.
fn say(mut out: &PipeWriter, text: &str) {
    out.write_all(format!("{text}\n").as_bytes()).expect("the parent reads");
}

/// Who came first, counted; and what kind of connection it was.
#[derive(Debug, Default, Deserialize)]
struct Count {
    greetings: u32,
    sender_first: u32,
    receiver_first: u32,
    two_way: String,
    one_way: String,
}

/// The experiment `greeting`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        lab.settle()?;
        let count = match variant.python {
            Some(_) => peer(lab, variant)?,
            None => Some(native(lab, variant)?),
        };
        if let Some(count) = count {
            let figures = [
                ("greetings", json!(count.greetings)),
                ("sender_first", json!(count.sender_first)),
                ("receiver_first", json!(count.receiver_first)),
                ("two_way", json!(count.two_way)),
                ("one_way", json!(count.one_way)),
            ];
            lab.measure(Some(&variant.name), figures)?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn native(lab: &mut Lab, variant: &Variant) -> Result<Count> {
    let (two_way, one_way) = (kind(&pipe()?.0)?, kind(&pipe_oneway()?.0)?);
    let mut count = Count { two_way, one_way, ..Count::default() };
    for number in 0..GREETINGS {
        let printed = greet(variant.base)?;
        count.greetings += 1;
        match printed.starts_with("print_1") {
            true => count.sender_first += 1,
            false => count.receiver_first += 1,
        }
        if number == 0 && variant.base == "as-written" {
            show(lab, variant, &printed)?;
        }
    }
    Ok(count)
}

/// What the kernel calls an end: `socket`, or `pipe`.
fn kind(end: &Connection) -> Result<String> {
    let target = proc::fd_target(std::process::id().cast_signed(), end.fileno())?;
    Ok(target.split(':').next().unwrap_or_default().to_string())
}

/// One greeting between two new processes, and what they printed.
fn greet(variant: &str) -> Result<String> {
    let (mut reader, writer) = io::pipe().context("a pipe for what they print")?;
    let (conn1, conn2) = pipe().context("the connection")?;
    let send = if variant == "sender-pauses" { print_1_after_a_pause } else { print_1 };
    let (out1, out2) = (writer.try_clone().context("a pipe for what they print")?, writer);
    // region: greet
    let p1 = Process::new("print_1", move || send("Piero", &conn1, &out1));
    let p2 = Process::new("print_2", move || print_2(&conn2, &out2));
    // endregion
    let mut both = if variant == "receiver-first" { [p2, p1] } else { [p1, p2] };
    // What a process owns, its creator gives up when it has started: so the output comes to an end.
    both.iter_mut().try_for_each(Process::start)?;
    let mut printed = String::new();
    reader.read_to_string(&mut printed).context("what they printed")?;
    finish_all(&mut both)?;
    Ok(printed)
}

fn show(lab: &mut Lab, variant: &Variant, printed: &str) -> Result<()> {
    for text in printed.lines() {
        lab.emit(&Event::Line(Line {
            experiment: lab.experiment(),
            variant: variant.name.clone(),
            text: text.to_string(),
        }))?;
    }
    Ok(())
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Count>> {
    python::call(lab, variant, &["greeting".to_string(), GREETINGS.to_string()])
}

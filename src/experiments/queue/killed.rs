//! A producer killed in the middle of a put: what is lost, and who goes on.
//!
//! The queue tells an observer of each step of putting, and the victim kills itself at the one
//! that the variant names, in its third put. Afterwards another producer puts, and somebody
//! gets all there is. Python's peer is killed while its feeder writes to the pipe, holding the
//! lock that all producers share.

use std::cell::Cell;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, raise};
use serde::Deserialize;
use serde_json::json;

use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish;
use crate::mp::queue::Step;
use crate::mp::{Process, Queue, QueueError, RawValue};

/// Figures: how the victim ended, how many of its puts had returned, how many of its messages
/// came, how many of the other producer's, whether each was one that was put; and of Python,
/// whether the one who gets and the other producer still waited when their time was over.
pub const FIGURES: &[&str] = &[
    "victim_exitcode",
    "confirmed",
    "arrived",
    "others",
    "whole",
    "getter_waits",
    "putter_waits",
    "waited_s",
];

/// What the victim puts, and what the one after it puts.
const MESSAGES: [[u32; 3]; 2] = [[1, 2, 3], [11, 12, 13]];
/// Bytes of the queue: room for all.
const CAPACITY: usize = 4096;

/// What the Python peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    victim_exitcode: i32,
    others: u32,
    getter_waits: bool,
    putter_waits: bool,
    waited_s: f64,
}

/// The experiment `producer-killed`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, demonstrate)
}

fn demonstrate(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    if variant.python.is_none() {
        return killed_at(step(variant.base)).map(Some);
    }
    let said: Option<Peer> = python::call(lab, variant, &["killed".to_string()])?;
    Ok(said.map(|said| {
        vec![
            ("victim_exitcode", json!(said.victim_exitcode)),
            ("others", json!(said.others)),
            ("getter_waits", json!(said.getter_waits)),
            ("putter_waits", json!(said.putter_waits)),
            ("waited_s", json!(said.waited_s)),
        ]
    }))
}

fn step(variant: &str) -> Step {
    match variant {
        "locked" => Step::PutLocked,
        "written" => Step::PutPayload,
        "committed" => Step::PutCommitted,
        other => unreachable!("the registry has no variant {other}"),
    }
}

fn killed_at(step: Step) -> Result<Figures> {
    let fatal: Cell<Option<Step>> = Cell::new(None); // each process has its own copy
    // region: kill
    let queue = Queue::observed(CAPACITY, |step| {
        if fatal.get() == Some(step) {
            raise(Signal::SIGKILL).expect("our own process");
        }
    });
    // endregion
    let queue: Queue<u32, _> = queue.context("the queue")?;
    let confirmed = RawValue::new(0_u32).context("a counter in shared memory")?;
    let mut victim = Process::new("victim", || {
        for (index, message) in MESSAGES[0].iter().enumerate() {
            fatal.set((index == 2).then_some(step));
            queue.put(message).expect("nobody closes it");
            confirmed.fetch_add(1);
        }
    });
    victim.start()?;
    let exit = victim.join()?;
    let mut heir = Process::new("heir", || {
        for message in &MESSAGES[1] {
            queue.put(message).expect("nobody closes it");
        }
    });
    heir.start()?;
    finish(&mut heir)?;
    let mut got = Vec::new();
    loop {
        match queue.try_get() {
            Ok(message) => got.push(message),
            Err(QueueError::Empty) => break,
            Err(error) => return Err(error).context("getting what is left"),
        }
    }
    let [arrived, others] = MESSAGES.map(|of| got.iter().filter(|m| of.contains(m)).count());
    Ok(vec![
        ("victim_exitcode", json!(exit.exitcode())),
        ("confirmed", json!(confirmed.get())),
        ("arrived", json!(arrived)),
        ("others", json!(others)),
        ("whole", json!(arrived + others == got.len())),
    ])
}

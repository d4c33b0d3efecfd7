//! Memory with a name: who finds it, who takes the name away, and what is left when nobody does.
//!
//! Five little stories, each with a segment of its own. Its name tells the run that it belongs to, so
//! what a killed owner leaves is swept when the run ends, or by the next one.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::statvfs::statvfs;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use shared_memory::ShmemConf;

use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish;
use crate::mp::{Exit, Gate, Process, SegmentError, SharedMemory};

/// Figures: the sum that a program found which knew only the name, and what it left; whether the name
/// was still there at the end of the story, and a number that stood in it; bytes asked for in vain and
/// bytes that were free; and, where named memory is not to be had at all, what the system said.
pub const FIGURES: &[&str] = &[
    "sum",
    "left",
    "name_left",
    "content",
    "exitcode",
    "asked_bytes",
    "free_bytes",
    "refused",
    "fault",
];

/// The function that a program started anew runs, by name.
pub const STRANGER: &str = "shm.stranger";

/// The notebook's numbers, and a place for their sum.
const NUMBERS: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.4, 6.8, 5.3];
const BYTES: usize = (NUMBERS.len() + 1) * size_of::<f64>();

/// How long anybody waits who will be killed or met.
const BOUND: Duration = Duration::from_secs(10);

type Figures = Vec<(&'static str, Json)>;

/// The experiment `named`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        let name = lab.segment_name(&variant.name)?;
        let figures = match variant.base {
            "stranger" => found_by_a_stranger(&name),
            "child-drops" => dropped_by_a_child(&name),
            "crate-child-drops" => dropped_by_a_child_of_the_crate(&name),
            "owner-killed" => left_by_a_killed_owner(&name),
            "too-large" => too_large(&name),
            _ => peer(lab, variant, name),
        };
        let figures = figures.or_else(not_to_be_had)?;
        if !figures.is_empty() {
            lab.measure(Some(&variant.name), figures)?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

/// No /dev/shm, or none that may be written to, is told, and ends no lesson.
fn not_to_be_had(error: anyhow::Error) -> Result<Figures> {
    match error.downcast_ref::<SegmentError>() {
        Some(fault) => Ok(vec![("fault", json!(fault.to_string()))]),
        None => Err(error),
    }
}

fn is_there(name: &str) -> bool {
    Path::new("/dev/shm").join(name).exists()
}

fn found_by_a_stranger(name: &str) -> Result<Figures> {
    // region: create
    let memory = SharedMemory::create(name, BYTES)?;
    let numbers = memory.numbers::<f64>();
    numbers.slice(..8).copy_from(&NUMBERS);
    let mut stranger = Process::spawned("stranger", STRANGER, &name)?;
    stranger.start()?;
    finish(&mut stranger)?;
    // endregion
    let left: Vec<String> = numbers.slice(..8).iter().map(|number| number.to_string()).collect();
    Ok(vec![
        ("sum", json!(numbers.get(8))),
        ("left", json!(left.join(", "))),
        ("name_left", json!(is_there(name))),
    ])
}

/// Run by the program that was started anew: all that it knows is the name.
pub fn stranger(name: String) {
    // region: attach
    let memory = SharedMemory::attach(&name).expect("the name is known");
    let numbers = memory.numbers::<f64>();
    let sum = numbers.slice(..8).iter().sum();
    numbers.set(8, sum);
    numbers.slice(..8).update(|number| number + 2.0);
    // endregion
}

/// A forked child that drops its copy of the handle, as it does at its end.
fn dropped_by_a_child(name: &str) -> Result<Figures> {
    let mut memory = Some(SharedMemory::create(name, BYTES)?);
    let mut child = Process::new("child", || drop(memory.take()));
    child.start()?;
    finish(&mut child)?;
    Ok(vec![("name_left", json!(is_there(name)))])
}

/// The same with the bare crate, whose handle does not know which process it is in.
fn dropped_by_a_child_of_the_crate(name: &str) -> Result<Figures> {
    // Whether there is a place for it is told by ours.
    drop(SharedMemory::create(name, BYTES)?);
    // region: crate
    let segment = ShmemConf::new().os_id(name).size(BYTES).create();
    let mut segment = Some(segment.context("a segment of the crate's")?);
    let mut child = Process::new("child", || drop(segment.take()));
    child.start()?;
    finish(&mut child)?;
    // endregion
    Ok(vec![("name_left", json!(is_there(name)))])
}

fn left_by_a_killed_owner(name: &str) -> Result<Figures> {
    drop(SharedMemory::create(name, BYTES)?);
    let gate = Gate::new(2).context("a gate in shared memory")?;
    let mut owner = Process::new("owner", || {
        let memory = SharedMemory::create(name, BYTES).expect("it could be made a moment ago");
        memory.numbers::<f64>().set(8, 33.5);
        gate.arrive_and_wait(BOUND).expect("the parent comes");
        std::thread::sleep(BOUND);
    });
    owner.start()?;
    gate.arrive_and_wait(BOUND).context("waiting for the owner")?;
    // region: kill
    owner.kill()?;
    let exit: Exit = owner.join()?;
    let left = SharedMemory::attach(name);
    // endregion
    let mut figures =
        vec![("exitcode", json!(exit.exitcode())), ("name_left", json!(is_there(name)))];
    if let Ok(mut left) = left {
        figures.push(("content", json!(left.numbers::<f64>().get(8))));
        left.unlink()?;
    }
    Ok(figures)
}

/// Asks for twice what the whole place holds, full or empty: to ask for what is just free, and to get
/// it, would take the memory away from everybody for a moment.
fn too_large(name: &str) -> Result<Figures> {
    drop(SharedMemory::create(name, BYTES)?);
    let place = statvfs("/dev/shm").context("the size of /dev/shm")?;
    let whole = place.blocks() as u64 * place.fragment_size() as u64;
    // A place without a limit of its own says 0.
    let asked = if whole == 0 { usize::MAX } else { 2 * whole as usize };
    match SharedMemory::create(name, asked) {
        Err(SegmentError::NoRoom { asked, free, .. }) => Ok(vec![
            ("refused", json!(true)),
            ("asked_bytes", json!(asked)),
            ("free_bytes", json!(free)),
            ("name_left", json!(is_there(name))),
        ]),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(vec![("refused", json!(false))]),
    }
}

/// What the Python peer says; nothing where it is older than the module.
#[derive(Debug, Deserialize)]
struct Peer {
    attached: Option<bool>,
    name_left: Option<bool>,
    found: Option<f64>,
}

fn peer(lab: &mut Lab, variant: &Variant, name: String) -> Result<Figures> {
    let said: Option<Peer> = python::call(lab, variant, &["attach".to_string(), name])?;
    Ok(match said {
        Some(Peer { attached: Some(true), name_left, found }) => {
            vec![("name_left", json!(name_left)), ("content", json!(found))]
        }
        _ => Vec::new(),
    })
}

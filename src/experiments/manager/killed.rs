//! The experiment `server-killed`: what a manager's clients notice when its server is killed.
//!
//! Some wait for an item of a queue, each in a call that the server has put aside; the others have
//! made a call and will make the next one when the server is gone. Each says what it was told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;

use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::mp::manager::{ListProxy, Manager, ManagerError, QueueProxy};
use crate::mp::sys::Deadline;
use crate::mp::{Exit, Gate, Process, SharedSlice};

/// Figures: how many clients there were, how many were told of the end, by which error, how many
/// had not come back when their time was over, and by which error the next call was answered.
pub const FIGURES: &[&str] = &["clients", "told", "hanging", "error", "next_error"];

const CLIENTS: usize = 3;
/// How long clients are waited for that should be told at once.
const BOUND: Duration = Duration::from_secs(5);

/// What the clients were told; the Python peer says it in the same form.
#[derive(Debug, Deserialize)]
struct Told {
    clients: usize,
    told: usize,
    hanging: usize,
    error: String,
    next_error: String,
}

/// The experiment `server-killed`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, demonstrate)
}

fn demonstrate(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let told = match variant.base.strip_prefix("python-") {
        None => Some(native(lab, variant.base)?),
        Some(way) => python::call(lab, variant, &["killed".to_string(), way.to_string()])?,
    };
    Ok(told.map(|told: Told| {
        vec![
            ("clients", json!(told.clients)),
            ("told", json!(told.told)),
            ("hanging", json!(told.hanging)),
            ("error", json!(told.error)),
            ("next_error", json!(told.next_error)),
        ]
    }))
}

/// What clients and the one who kills their server share.
struct Scene {
    queue: QueueProxy<u32>,
    list: ListProxy<u32>,
    /// Passed when the server has ended.
    ended: Gate,
    /// Two answers for each client, as numbers; 0: none yet.
    answers: SharedSlice<AtomicU32>,
}

/// What an answer's number stands for.
const SAID: [&str; 5] = ["", "Lost", "Gone", "other", "none"];

fn number<T>(answer: Result<T, ManagerError>) -> u32 {
    match answer {
        Err(ManagerError::Lost { .. }) => 1,
        Err(ManagerError::Gone { .. }) => 2,
        Err(_) => 3,
        Ok(_) => 4,
    }
}

impl Scene {
    fn client(&self, at: usize, way: &str) {
        self.list.append(&1).unwrap_or_else(|error| panic!("{error}"));
        let answers = &self.answers[2 * at..];
        let first = match way {
            "waiting" => number(self.queue.get()), // nobody puts anything
            _ => {
                self.ended.arrive_and_wait(BOUND).expect("the server is killed");
                number(self.list.len())
            }
        };
        answers[0].store(first, Relaxed);
        answers[1].store(number(self.list.len()), Relaxed);
    }

    /// What was said first, or next: each answer once.
    fn said(&self, which: usize) -> String {
        let numbers: BTreeSet<u32> =
            self.answers.chunks(2).map(|two| two[which].load(Relaxed)).collect();
        let names: Vec<&str> = numbers.iter().map(|&number| SAID[number as usize]).collect();
        names.join(" ")
    }
}

/// Waits until the server has had so many calls of the clients since it had had `before`.
fn until_called(manager: &Manager, before: u64, calls: u64) -> Result<()> {
    let deadline = Deadline::after(BOUND);
    // Each asking is a call as well.
    let mut asked = 1;
    while manager.served()? < before + asked + calls {
        asked += 1;
        if deadline.is_over() {
            bail!("the clients did not come to their calls");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn native(lab: &mut Lab, way: &str) -> Result<Told> {
    let directory = lab.scratch().context("the run's private directory")?.to_path_buf();
    let mut manager = Manager::new(&directory)?;
    let scene = Scene {
        queue: manager.queue(None)?,
        list: manager.list()?,
        ended: Gate::new(CLIENTS as u32 + 1).context("a gate in shared memory")?,
        answers: SharedSlice::zeroed(2 * CLIENTS).context("answers in shared memory")?,
    };
    let before = manager.served()?;
    let scene_of = &scene;
    let client = |at| Process::new(format!("client {at}"), move || scene_of.client(at, way));
    let mut clients: Vec<Process> = (0..CLIENTS).map(client).collect();
    clients.iter_mut().try_for_each(Process::start)?;
    let calls = if way == "waiting" { 2 * CLIENTS } else { CLIENTS };
    until_called(&manager, before, calls as u64)?;
    manager.process().kill()?;
    manager.process().join()?;
    if way == "calling" {
        scene.ended.arrive_and_wait(BOUND).context("the clients at the gate")?;
    }
    let mut hanging = 0;
    for client in &mut clients {
        match client.join_timeout(BOUND)? {
            Some(Exit::Code(0)) => {}
            Some(exit) => bail!("{} ended with {exit}", client.name()),
            None => hanging += 1,
        }
    }
    let told = scene.answers.chunks(2).filter(|two| two[0].load(Relaxed) != 0);
    Ok(Told {
        clients: CLIENTS,
        told: told.count(),
        hanging,
        error: scene.said(0),
        next_error: scene.said(1),
    })
}

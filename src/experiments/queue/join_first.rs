//! Join first: the parent waits for the child's end, the child for room in the queue.
//!
//! The trap of joining before getting. As long as all that the child puts fits into the queue,
//! nobody notices; with more than that, the child cannot end before somebody gets, and the one
//! who would get waits for its end. The deadlock is found, not timed: the parent sits in wait4,
//! the child in futex, at two looks. Getting first is the mend. Python's peer looks at itself in
//! the same way: there a thread of the child's, the feeder, waits for room in a pipe.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;

use crate::event::{Deadlock, Event, Evidence, Wait};
use crate::experiments::deadlock::{self, Known};
use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::mp::proc::{self, Stuck};
use crate::mp::{Exit, Gate, Process, Queue, RawValue};

/// Figures: whether nobody moved any more, whether parent and child came to their end, how many
/// messages were put and got, and of the queue (in Python, of its pipe) at the look: capacity and
/// content. Of Python also, how long they were watched.
pub const FIGURES: &[&str] = &[
    "found",
    "both_ended",
    "put",
    "got",
    "messages",
    "message_bytes",
    "capacity_bytes",
    "held_bytes",
    "waited_s",
];

/// What the child puts: more than the queue holds.
const MESSAGES: u32 = 100;
/// Bytes of each.
const LENGTH: usize = 1000;
/// As much as a pipe holds by default, which is what Python's queue is made of.
const CAPACITY: usize = 64 * 1024;
/// How long a deadlock is looked for, unless both end before.
const SEARCH: Duration = Duration::from_secs(10);
/// How long anybody is waited for who should come.
const BOUND: Duration = Duration::from_secs(10);

/// What the Python peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    both_ended: bool,
    put: u32,
    messages: u32,
    message_bytes: u32,
    capacity_bytes: u64,
    held_bytes: u64,
    waited_s: f64,
    /// Parent, child and feeder, each waiting for the next, the last one for the first; empty if
    /// they were not seen asleep in the same kernel function at two looks.
    waits: Vec<PeerWait>,
}

/// One who waits in the peer.
#[derive(Debug, Deserialize)]
struct PeerWait {
    process: String,
    pid: i32,
    call: String,
}

/// What parent, child and the one who looks at them share.
struct Scene {
    queue: Queue<()>,
    meet: Gate,
    child: RawValue<i32>,
    put: RawValue<u32>,
    got: RawValue<u32>,
}

impl Scene {
    fn new() -> Result<Self> {
        let memory = "shared memory for parent and child";
        Ok(Scene {
            queue: Queue::new(CAPACITY).context("the queue")?,
            meet: Gate::new(2).context(memory)?,
            child: RawValue::new(0).context(memory)?,
            put: RawValue::new(0).context(memory)?,
            got: RawValue::new(0).context(memory)?,
        })
    }

    fn put_all(&self) {
        // region: put
        for number in 1..=MESSAGES {
            self.queue.put_bytes(&[0; LENGTH]).expect("nobody closes it");
            self.put.set(number);
        }
        // endregion
    }

    fn get_all(&self) {
        for number in 1..=MESSAGES {
            self.queue.get_bytes().expect("nobody closes it");
            self.got.set(number);
        }
    }

    fn join_first(&self, child: &mut Process) {
        // region: join-first
        child.join().expect("our own child"); // it ends when all is put
        self.get_all();
        // endregion
    }

    fn get_first(&self, child: &mut Process) {
        // region: get-first
        self.get_all();
        child.join().expect("our own child");
        // endregion
    }

    fn parent(&self, way: &str) {
        let mut child = Process::new("child", || self.put_all());
        child.start().expect("a child of the parent");
        self.child.set(child.pid().unwrap_or_default());
        self.meet.arrive_and_wait(BOUND).expect("the one who looks");
        match way {
            "join-first" => self.join_first(&mut child),
            _ => self.get_first(&mut child),
        }
    }
}

/// The experiment `join-first`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, |lab, variant| match variant.python {
        None => demonstrate(lab, variant).map(Some),
        Some(_) => demonstrate_peer(lab, variant),
    })
}

fn demonstrate(lab: &mut Lab, variant: &Variant) -> Result<Figures> {
    let scene = Scene::new()?;
    let way = variant.base;
    let mut parent = Process::new("parent", || scene.parent(way));
    parent.start()?;
    scene.meet.arrive_and_wait(BOUND).context("waiting for the parent's child")?;
    let pids = [parent.pid().unwrap_or_default(), scene.child.get()];
    let stuck = proc::find_deadlock(&pids, SEARCH)?;
    let (found, held) = (stuck.is_some(), scene.queue.len_bytes());
    if let Some(stuck) = stuck {
        tell(lab, variant, pids, &stuck)?;
        parent.kill()?; // the child dies with it
    } else if parent.join_timeout(BOUND)?.is_none() {
        bail!("parent and child neither ended nor stood still");
    }
    let ended = parent.join()? == Exit::Code(0);
    Ok(vec![
        ("found", json!(found)),
        ("both_ended", json!(ended)),
        ("put", json!(scene.put.get())),
        ("got", json!(scene.got.get())),
        ("messages", json!(MESSAGES)),
        ("message_bytes", json!(LENGTH)),
        ("capacity_bytes", json!(scene.queue.capacity())),
        ("held_bytes", json!(held)),
    ])
}

fn demonstrate_peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let said: Option<Peer> = python::call(lab, variant, &["join-first".to_string()])?;
    let Some(said) = said else { return Ok(None) };
    let figures = vec![
        ("found", json!(!said.waits.is_empty())),
        ("both_ended", json!(said.both_ended)),
        ("put", json!(said.put)),
        ("messages", json!(said.messages)),
        ("message_bytes", json!(said.message_bytes)),
        ("capacity_bytes", json!(said.capacity_bytes)),
        ("held_bytes", json!(said.held_bytes)),
        ("waited_s", json!(said.waited_s)),
    ];
    if !said.waits.is_empty() {
        let next = said.waits.iter().cycle().skip(1).map(|next| next.process.clone());
        let waits = said.waits.iter().zip(next).map(|(one, next)| Wait {
            process: one.process.clone(),
            pid: one.pid,
            state: "S".to_string(),
            call: Some(one.call.clone()),
            resource: None,
            holder: Some(next),
            address: None,
        });
        lab.emit(&Event::Deadlock(Deadlock {
            experiment: lab.experiment(),
            variant: variant.name.clone(),
            evidence: Evidence::Wchan,
            waits: waits.collect(),
        }))?;
    }
    Ok(Some(figures))
}

/// Who waits for whom: the parent for the child's end, the child for the parent to get.
fn tell(lab: &mut Lab, variant: &Variant, pids: [i32; 2], stuck: &[Stuck]) -> Result<()> {
    let names = ["parent", "child"];
    deadlock::tell(lab, variant, stuck, |one| {
        let who = usize::from(one.pid == pids[1]);
        Known {
            process: names[who].to_string(),
            resource: None,
            holder: Some(names[1 - who].to_string()),
            // wait4's first argument is no address, but the child's pid.
            address: one.syscall.filter(|_| who == 1).map(|call| call.args[0]),
        }
    })
}

//! The experiment `append`: a child adds 2 to each of n numbers, and the parent gets all results.
//!
//! What differs is how a result comes to the parent: by a call on a manager for each number, by one
//! call for all of them, or by what needs no server at all. The time is that of the child's loop and
//! of the parent's getting, in whatever way these lie to each other; making and reaping the child,
//! and opening its connection, are not in it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::event::Run;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish;
use crate::experiments::{python, rounds};
use crate::mp::manager::{ListProxy, Manager, ManagerError, NamespaceProxy};
use crate::mp::{Array, Process, Queue, SharedSlice, pipe_oneway, sys};
use crate::stats;

/// Figures of each variant, medians over its runs: the calls that child and parent made on the
/// manager for one list, the time of one, and the time of one number.
pub const FIGURES: &[&str] = &["calls", "call_s", "item_s"];

/// Bytes that the queue holds.
const QUEUE: usize = 64 * 1024;

/// One run of a variant.
struct Appended {
    list: Vec<i64>,
    time_ns: u64,
    calls: u64,
}

/// What the child notes for its parent: when it began and ended, and how many calls it made.
struct Notes(SharedSlice<AtomicU64>);

impl Notes {
    fn new() -> Result<Self> {
        Ok(Notes(SharedSlice::zeroed(3).context("the child's notes in shared memory")?))
    }

    fn began(&self) {
        self.0[0].store(sys::now_ns(), Relaxed);
    }

    fn ended(&self, calls: u64) {
        self.0[1].store(sys::now_ns(), Relaxed);
        self.0[2].store(calls, Relaxed);
    }

    fn read(&self) -> [u64; 3] {
        [0, 1, 2].map(|at| self.0[at].load(Relaxed))
    }
}

/// What all variants start from.
struct Stage {
    numbers: Vec<i64>,
    manager: Manager,
    ns: NamespaceProxy,
}

fn append_each(ns: &NamespaceProxy, numbers: &[i64]) -> Result<(), ManagerError> {
    // region: append-each
    for number in numbers {
        let result: ListProxy<i64> = ns.get("result")?; // which list?
        result.append(&(number + 2))?; // append to that one
    }
    // endregion
    Ok(())
}

fn append_all(ns: &NamespaceProxy, numbers: &[i64]) -> Result<(), ManagerError> {
    // region: append-all
    let batch: Vec<i64> = numbers.iter().map(|number| number + 2).collect();
    let result: ListProxy<i64> = ns.get("result")?;
    result.extend(&batch)?;
    // endregion
    Ok(())
}

impl Stage {
    fn new(lab: &mut Lab) -> Result<Self> {
        let directory = lab.scratch().context("the run's private directory")?.to_path_buf();
        let manager = Manager::new(&directory)?;
        let ns = manager.namespace()?;
        Ok(Stage { numbers: (0..i64::from(lab.n())).collect(), manager, ns })
    }

    fn variant(&self, name: &str) -> Result<Appended> {
        match name {
            "manager" => self.managed(append_each),
            "manager-batch" => self.managed(append_all),
            "queue" => self.queued(),
            "pipe" => self.piped(),
            "shm" => self.shared(),
            other => unreachable!("the registry has no variant {other}"),
        }
    }

    /// By way of a list in the manager, which lies in a namespace.
    fn managed(
        &self,
        append: fn(&NamespaceProxy, &[i64]) -> Result<(), ManagerError>,
    ) -> Result<Appended> {
        let result = self.manager.list::<i64>()?;
        self.ns.set("result", &result)?;
        let notes = Notes::new()?;
        let mut child = Process::new("child", || {
            // Opens the child's own connection before the clock runs.
            self.manager.served().unwrap_or_else(|error| panic!("{error}"));
            let before = self.manager.calls();
            notes.began();
            append(&self.ns, &self.numbers).unwrap_or_else(|error| panic!("{error}"));
            notes.ended(self.manager.calls() - before);
        });
        child.start()?;
        finish(&mut child)?;
        let [began, ended, calls] = notes.read();
        let (began_to_get, before) = (sys::now_ns(), self.manager.calls());
        let list = result.to_vec()?;
        let time_ns = ended - began + (sys::now_ns() - began_to_get);
        let calls = calls + self.manager.calls() - before;
        result.clear()?;
        Ok(Appended { list, time_ns, calls })
    }

    fn queued(&self) -> Result<Appended> {
        let queue = Queue::new(QUEUE).context("the queue")?;
        let put = |number: i64| queue.put(&number).expect("nobody closes it");
        self.streamed(put, |_| Ok(queue.get()?))
    }

    fn piped(&self) -> Result<Appended> {
        let (reader, writer) = pipe_oneway().context("the pipe")?;
        let send = move |number: i64| writer.send(&number).expect("the parent reads");
        self.streamed(send, |_| Ok(reader.recv()?))
    }

    /// The parent gets each number while the child sends the next ones.
    fn streamed(&self, send: impl Fn(i64), get: impl Fn(i64) -> Result<i64>) -> Result<Appended> {
        let notes = Notes::new()?;
        let notes_of = &notes;
        let mut child = Process::new("child", move || {
            notes_of.began();
            self.numbers.iter().for_each(|number| send(number + 2));
            notes_of.ended(0);
        });
        child.start()?;
        let list = self.numbers.iter().map(|&number| get(number)).collect::<Result<_>>();
        let got = sys::now_ns();
        finish(&mut child)?;
        let [began, ..] = notes.read();
        Ok(Appended { list: list?, time_ns: got - began, calls: 0 })
    }

    /// The child writes into memory that the parent has, too: there is nothing to send.
    fn shared(&self) -> Result<Appended> {
        let array: Array<i64> = Array::new(self.numbers.len()).context("the array")?;
        let notes = Notes::new()?;
        let mut child = Process::new("child", || {
            notes.began();
            for (place, number) in self.numbers.iter().enumerate() {
                array.set(place, number + 2);
            }
            notes.ended(0);
        });
        child.start()?;
        finish(&mut child)?;
        let [began, ended, _] = notes.read();
        let began_to_get = sys::now_ns();
        let list = array.to_vec();
        let time_ns = ended - began + (sys::now_ns() - began_to_get);
        Ok(Appended { list, time_ns, calls: 0 })
    }

    /// As the event tells it: right if the list is the numbers plus 2, in order.
    fn told(&self, appended: &Appended) -> Run {
        let expected = || self.numbers.iter().map(|number| number + 2);
        Run {
            time_s: Some(seconds(appended.time_ns)),
            expected: Some(expected().sum()),
            got: Some(appended.list.iter().sum()),
            correct: Some(appended.list.iter().copied().eq(expected())),
            ..Run::default()
        }
    }

    fn figures(&self, runs: &[Appended]) -> Vec<(&'static str, Value)> {
        let median = |of: fn(&Appended) -> f64| {
            stats::median(&runs.iter().map(of).collect::<Vec<_>>()).unwrap_or_default()
        };
        let time = median(|run| seconds(run.time_ns));
        let calls = median(|run| run.calls as f64);
        let mut figures = vec![("item_s", json!(time / self.numbers.len() as f64))];
        if calls > 0.0 {
            figures.extend([("calls", json!(calls as u64)), ("call_s", json!(time / calls))]);
        }
        figures
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The experiment `append`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let stage = Stage::new(lab)?;
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut measured: BTreeMap<String, Vec<Appended>> = BTreeMap::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return peer(lab, variant, index);
        }
        let appended = stage.variant(variant.base)?;
        let run = lab.entitle(stage.told(&appended), variant, index);
        measured.entry(variant.name.clone()).or_default().push(appended);
        Ok(Some(run))
    })?;
    for variant in &variants {
        if let Some(of_it) = measured.get(&variant.name) {
            // The first run warmed up.
            lab.measure(Some(&variant.name), stage.figures(&of_it[1..]))?;
        }
    }
    lab.summarize(&variants, &runs)
}

fn peer(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<Run>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let arguments = ["append".to_string(), way, lab.n().to_string()];
    python::run(lab, variant, index, &arguments)
}

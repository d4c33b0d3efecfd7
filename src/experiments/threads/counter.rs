//! The counter: two threads add 1 to one number, again and again.
//!
//! In Rust no lock of an interpreter stands between them, so without one of their own they lose
//! updates. The loads and stores are relaxed atomics: a race between updates, never undefined
//! behaviour. Each way is run as it is, and once more with the ledger, for what was lost.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result};

use super::home;
use crate::event::{Event, LostUpdate, NoteKind, Run};
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::ledger::{
    Account, Books, Lost, Page, Plain, Traced, Widened, Word, Writer,
};
use crate::experiments::stage::Stage;
use crate::experiments::{python, rounds};
use crate::mp::{Gate, RawValue, Shared, SharedSlice, sys};

/// The two threads.
const NAMES: [&str; 2] = ["thread-1", "thread-2"];
/// How long a thread waits for the other at the start.
const GATE_BOUND: Duration = Duration::from_secs(5);

fn unlocked(counter: &mut impl Account, iterations: u32) {
    // region: unlocked
    for _ in 0..iterations {
        let number = counter.load(); // read
        counter.store(number + 1); // write
    }
    // endregion
}

fn locked(counter: &mut impl Account, lock: &Mutex<()>, iterations: u32) {
    // region: locked
    for _ in 0..iterations {
        let held = lock.lock().expect("the lock");
        let number = counter.load();
        counter.store(number + 1);
        drop(held); // give it back
    }
    // endregion
}

fn atomic(counter: &mut impl Account, iterations: u32) {
    for _ in 0..iterations {
        counter.add(1); // read and write in one step
    }
}

/// One way to write the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nobody takes the lock.
    Unlocked,
    /// Both take it at each step.
    Locked,
    /// No lock; the step is indivisible.
    Atomic,
}

impl Way {
    fn named(name: &str) -> Self {
        match name {
            "unlocked" => Way::Unlocked,
            "locked" => Way::Locked,
            "atomic" => Way::Atomic,
            other => unreachable!("the registry has no variant {other}"),
        }
    }

    fn work(self, counter: &mut impl Account, lock: &Mutex<()>, iterations: u32) {
        match self {
            Way::Unlocked => unlocked(counter, iterations),
            Way::Locked => locked(counter, lock, iterations),
            Way::Atomic => atomic(counter, iterations),
        }
    }
}

/// What all races of an experiment have in common: the length of the loops, and the stage.
#[derive(Debug)]
pub struct Counter {
    iterations: u32,
    stage: Stage,
}

/// One race, ended: when the two ran.
struct Raced {
    time_s: f64,
    overlap: f64,
}

impl Counter {
    /// A counter for loops of `iterations` steps.
    pub fn new(iterations: u32, stage: Stage) -> Self {
        Counter { iterations, stage }
    }

    /// One run as it is.
    ///
    /// # Errors
    /// When the threads cannot be had or do not end well.
    pub fn plain(&self, way: Way) -> Result<Run> {
        let number = RawValue::new(0_i32).context("the counter")?;
        let raced = match self.stage.widened {
            false => self.race(way, |_| Plain(&number))?,
            true => self.race(way, |_| Widened::new(Plain(&number)))?,
        };
        Ok(self.told(number.get(), &raced, Some(raced.time_s)))
    }

    /// One run with the ledger: the run, and a lost update if there was one.
    ///
    /// # Errors
    /// As [`Counter::plain`], and if the ledger does not add up.
    fn traced(&self, way: Way) -> Result<(Run, Option<Lost>)> {
        let word: Shared<AtomicU64> = Shared::new().context("the counter")?;
        word.store(Word::start(0).bits(), Relaxed);
        // One entry more than writes: see `Page`.
        let page = || SharedSlice::zeroed(self.iterations as usize + 1).context("the ledger");
        let pages: [Page; 2] = [page()?, page()?];
        let account = |index: usize| Traced::new(&word, &pages[index], index as u8 + 1);
        let raced = match self.stage.widened {
            false => self.race(way, account)?,
            true => self.race(way, |index| Widened::new(account(index)))?,
        };
        let end = Word::from_bits(word.load(Relaxed));
        let writer = |index: usize| Writer {
            name: NAMES[index],
            amount: 1,
            made: self.iterations,
            page: &pages[index],
        };
        let books = Books { start: 0, end, writers: vec![writer(0), writer(1)] };
        let survived = books.audit()?;
        let mut run = self.told(end.balance(), &raced, None);
        run.traced = true;
        run.updates = Some(2 * u64::from(self.iterations));
        let lost = (books.writers.iter().zip(survived))
            .map(|(w, survived)| (w.name.to_string(), u64::from(w.made) - survived));
        run.lost = Some(lost.collect::<BTreeMap<_, _>>());
        Ok((run, books.lost_update()))
    }

    /// Both loops, each in a thread of its own, let go at one moment.
    fn race<A: Account>(&self, way: Way, account: impl Fn(usize) -> A + Sync) -> Result<Raced> {
        let gate = Gate::new(2).context("the gate")?;
        let clocks = Clocks::new(2).context("the clocks")?;
        let lock = Mutex::new(());
        let thread = |index: usize| {
            if let Some(cpus) = self.stage.cpus {
                sys::set_affinity(&[cpus[index]]).expect("a CPU that may be used");
            }
            let mut account = account(index);
            gate.arrive_and_wait(GATE_BOUND).expect("both threads at the gate");
            clocks.time(index, || way.work(&mut account, &lock, self.iterations));
        };
        let thread = &thread;
        home::run(|| {
            home::scoped(|scope| {
                for (index, name) in NAMES.into_iter().enumerate() {
                    let builder = scope.builder().name(name.to_string());
                    builder.spawn(move |_| thread(index))?;
                }
                Ok(())
            })
        })?;
        Ok(Raced { time_s: clocks.elapsed_s(), overlap: clocks.overlap() })
    }

    fn told(&self, got: i32, raced: &Raced, time_s: Option<f64>) -> Run {
        let expected = 2 * i64::from(self.iterations);
        Run {
            time_s,
            expected: Some(expected),
            got: Some(i64::from(got)),
            correct: Some(i64::from(got) == expected),
            overlap: Some(raced.overlap),
            cpus: self.stage.cpus.map(|cpus| cpus.to_vec()),
            ..Run::default()
        }
    }
}

/// The experiment `counter`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let (native, peers): (Vec<_>, Vec<_>) =
        (variants.iter().cloned()).partition(|variant| variant.python.is_none());
    let counter = Counter::new(lab.iterations(), Stage::usual(&lab.machine.usable));
    let steps = (native.len() * 2 + peers.len()) as u64 * u64::from(lab.runs());
    lab.expect_steps(steps + variants.len() as u64);
    if counter.stage.widened && !native.is_empty() {
        lab.note(None, NoteKind::OneCpuWidened)?;
    }
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return peer(lab, variant, index);
        }
        let run = counter.plain(Way::named(variant.base))?;
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    lab.warn_without_overlap(&variants, &runs)?;
    let traced = ledgers(lab, &counter, &native)?;
    lab.summarize(&variants, &[runs, traced].concat())
}

/// The traced runs: as many as there are rounds; the first lost update of each variant is told.
fn ledgers(lab: &mut Lab, counter: &Counter, variants: &[Variant]) -> Result<Vec<Run>> {
    let (mut runs, mut told) = (Vec::new(), Vec::new());
    for index in 0..lab.runs() {
        for variant in variants {
            lab.settle()?;
            let (run, lost) = counter.traced(Way::named(variant.base))?;
            let run = lab.entitle(run, variant, index);
            lab.emit(&Event::Run(run.clone()))?;
            runs.push(run);
            if let Some(lost) = lost.filter(|_| !told.contains(&variant.name)) {
                told.push(variant.name.clone());
                lab.emit(&Event::LostUpdate(loss(lost, lab, variant, index)))?;
            }
            lab.step()?;
        }
    }
    Ok(runs)
}

/// A loss as the event tells it.
fn loss(lost: Lost, lab: &Lab, variant: &Variant, index: u32) -> LostUpdate {
    LostUpdate {
        experiment: lab.experiment(),
        variant: variant.name.clone(),
        index,
        victim: NAMES[lost.victim].to_string(),
        overwriter: NAMES[lost.overwriter].to_string(),
        lost: lost.lost,
        steps: lost.steps,
    }
}

/// One run of the same in Python, `python-unlocked` or `python-locked`.
pub fn peer(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<Run>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let arguments = ["counter".to_string(), way, lab.iterations().to_string()];
    python::run(lab, variant, index, &arguments)
}

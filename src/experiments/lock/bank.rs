//! The bank: withdrawals in one process, as many deposits in another, one balance.
//!
//! Six ways to write the loop. Each is run as it is, for its time and its outcome,
//! and once more with the ledger, for what was lost; the loops are the same code.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::event::{Event, LostUpdate, NoteKind, Run};
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::ledger::{
    Account, Books, Lost, Page, Plain, Traced, Widened, Word, Writer,
};
use crate::experiments::stage::Stage;
use crate::experiments::workers::finish_all;
use crate::experiments::{python, rounds};
use crate::mp::{Gate, Lock, Process, RawValue, Shared, SharedSlice};

/// The balance before the first withdrawal, and, if nothing is lost, after the last.
pub const START: i32 = 100;
/// The two processes: their names, and what each adds in a step.
pub const WORKERS: [(&str, i32); 2] = [("withdraw", -1), ("deposit", 1)];
/// How long a process waits for the other at the start.
const GATE_BOUND: Duration = Duration::from_secs(5);

fn unlocked(account: &mut impl Account, amount: i32, iterations: u32) {
    // region: unlocked
    for _ in 0..iterations {
        let balance = account.load(); // read
        account.store(balance + amount); // write
    }
    // endregion
}

fn locked(account: &mut impl Account, lock: &Lock, amount: i32, iterations: u32) {
    // region: locked
    for _ in 0..iterations {
        let held = lock.acquire().expect("the lock");
        let balance = account.load();
        account.store(balance + amount);
        held.release();
    }
    // endregion
}

fn coarse(account: &mut impl Account, lock: &Lock, amount: i32, iterations: u32) {
    // region: coarse
    let held = lock.acquire().expect("the lock");
    unlocked(account, amount, iterations);
    held.release();
    // endregion
}

fn atomic(account: &mut impl Account, amount: i32, iterations: u32) {
    // region: atomic
    for _ in 0..iterations {
        account.add(amount); // read and write in one step
    }
    // endregion
}

fn local(account: &mut impl Account, lock: &Lock, amount: i32, iterations: u32) {
    // region: local
    let mut sum = 0;
    for _ in 0..iterations {
        sum = std::hint::black_box(sum + amount); // nobody else sees it
    }
    let held = lock.acquire().expect("the lock");
    let balance = account.load();
    account.store(balance + sum);
    held.release();
    // endregion
}

/// One way to write the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nobody takes the lock.
    Unlocked,
    /// The one who withdraws takes it, the one who deposits does not.
    HalfLocked,
    /// Both take it at each step.
    Locked,
    /// Both take it once, for the whole loop.
    Coarse,
    /// No lock; the step is indivisible.
    Atomic,
    /// A private sum, and one locked addition at the end.
    Local,
}

impl Way {
    fn named(name: &str) -> Self {
        match name {
            "unlocked" => Way::Unlocked,
            "half-locked" => Way::HalfLocked,
            "locked" => Way::Locked,
            "coarse" => Way::Coarse,
            "atomic" => Way::Atomic,
            "local" => Way::Local,
            other => unreachable!("the registry has no variant {other}"),
        }
    }

    /// The loop of worker number `index` (0 withdraws, 1 deposits).
    fn work(self, account: &mut impl Account, lock: &Lock, index: usize, iterations: u32) {
        let amount = WORKERS[index].1;
        match self {
            Way::Unlocked => unlocked(account, amount, iterations),
            Way::HalfLocked if index == 0 => locked(account, lock, amount, iterations),
            Way::HalfLocked => unlocked(account, amount, iterations),
            Way::Locked => locked(account, lock, amount, iterations),
            Way::Coarse => coarse(account, lock, amount, iterations),
            Way::Atomic => atomic(account, amount, iterations),
            Way::Local => local(account, lock, amount, iterations),
        }
    }

    /// Writes that a worker makes: how many, and what each adds.
    fn writes(self, index: usize, iterations: u32) -> (u32, i32) {
        let amount = WORKERS[index].1;
        match self {
            Way::Local => (1, amount * iterations as i32),
            _ => (iterations, amount),
        }
    }
}

/// What all races of an experiment share: one lock (its memory is never given
/// back, see `mp::lock`), the length of the loops, the stage.
#[derive(Debug)]
pub struct Bank {
    lock: Lock,
    iterations: u32,
    stage: Stage,
}

/// One race, ended: when the two ran.
struct Raced {
    time_s: f64,
    overlap: f64,
}

impl Bank {
    /// A bank for loops of `iterations` steps.
    ///
    /// # Errors
    /// When shared memory cannot be had.
    pub fn new(iterations: u32, stage: Stage) -> Result<Self> {
        Ok(Bank { lock: Lock::new().context("a lock in shared memory")?, iterations, stage })
    }

    /// One run as it is.
    ///
    /// # Errors
    /// When a process cannot be made or does not end well.
    pub fn plain(&self, way: Way) -> Result<Run> {
        let balance = RawValue::new(START).context("the balance in shared memory")?;
        let raced = match self.stage.widened {
            false => self.race(way, |_| Plain(&balance))?,
            true => self.race(way, |_| Widened::new(Plain(&balance)))?,
        };
        Ok(self.told(balance.get(), &raced, Some(raced.time_s)))
    }

    /// One run with the ledger: the run, and a lost update if there was one.
    ///
    /// # Errors
    /// As [`Bank::plain`], and if the ledger does not add up.
    fn traced(&self, way: Way) -> Result<(Run, Option<Lost>)> {
        let word: Shared<AtomicU64> = Shared::new().context("the balance in shared memory")?;
        word.store(Word::start(START).bits(), Relaxed);
        let pages = [self.page(way, 0)?, self.page(way, 1)?];
        let account = |index: usize| Traced::new(&word, &pages[index], index as u8 + 1);
        let raced = match self.stage.widened {
            false => self.race(way, account)?,
            true => self.race(way, |i| Widened::new(account(i)))?,
        };
        let end = Word::from_bits(word.load(Relaxed));
        let books = self.books(way, end, &pages);
        let survived = books.audit()?;
        let mut run = self.told(end.balance(), &raced, None);
        run.traced = true;
        run.updates = Some(books.writers.iter().map(|w| u64::from(w.made)).sum());
        let lost = (books.writers.iter().zip(survived))
            .map(|(w, survived)| (w.name.to_string(), u64::from(w.made) - survived));
        run.lost = Some(lost.collect::<BTreeMap<_, _>>());
        Ok((run, books.lost_update()))
    }

    fn page(&self, way: Way, index: usize) -> Result<Page> {
        let entries = way.writes(index, self.iterations).0 as usize + 1;
        SharedSlice::zeroed(entries).context("the ledger in shared memory")
    }

    fn books<'a>(&self, way: Way, end: Word, pages: &'a [Page; 2]) -> Books<'a> {
        let writers = (0..2).map(|index| {
            let (made, amount) = way.writes(index, self.iterations);
            Writer { name: WORKERS[index].0, amount, made, page: &pages[index] }
        });
        Books { start: START, end, writers: writers.collect() }
    }

    /// Both loops, each in a process of its own, let go at one moment.
    fn race<A: Account>(&self, way: Way, account: impl Fn(usize) -> A) -> Result<Raced> {
        let gate = Gate::new(2).context("the gate in shared memory")?;
        let clocks = Clocks::new(2).context("the clocks in shared memory")?;
        let (gate_of, clocks_of, account_of) = (&gate, &clocks, &account);
        let mut workers = Vec::new();
        for (index, (name, _)) in WORKERS.iter().enumerate() {
            let mut worker = Process::new(*name, move || {
                let mut account = account_of(index);
                (gate_of.arrive_and_wait(GATE_BOUND)).expect("both processes at the gate");
                clocks_of.time(index, || {
                    way.work(&mut account, &self.lock, index, self.iterations);
                });
            });
            if let Some(cpus) = self.stage.cpus {
                worker.pin(cpus[index])?;
            }
            worker.start()?;
            workers.push(worker);
        }
        finish_all(&mut workers)?;
        Ok(Raced { time_s: clocks.elapsed_s(), overlap: clocks.overlap() })
    }

    fn told(&self, got: i32, raced: &Raced, time_s: Option<f64>) -> Run {
        Run {
            time_s,
            expected: Some(i64::from(START)),
            got: Some(i64::from(got)),
            correct: Some(got == START),
            overlap: Some(raced.overlap),
            cpus: self.stage.cpus.map(|cpus| cpus.to_vec()),
            ..Run::default()
        }
    }
}

/// A loss as the event tells it.
fn loss(lost: Lost, lab: &Lab, variant: &Variant, index: u32) -> LostUpdate {
    LostUpdate {
        experiment: lab.experiment(),
        variant: variant.name.clone(),
        index,
        victim: WORKERS[lost.victim].0.to_string(),
        overwriter: WORKERS[lost.overwriter].0.to_string(),
        lost: lost.lost,
        steps: lost.steps,
    }
}

/// The experiment `bank`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let (native, peers): (Vec<_>, Vec<_>) =
        (variants.iter().cloned()).partition(|v| v.python.is_none());
    let stage = Stage::usual(&lab.machine.usable);
    let bank = Bank::new(lab.iterations(), stage)?;
    let rounds = u64::from(lab.runs());
    let steps = (native.len() * 2 + peers.len()) as u64 * rounds + variants.len() as u64;
    lab.expect_steps(steps);
    if bank.stage.widened && !native.is_empty() {
        lab.note(None, NoteKind::OneCpuWidened)?;
    }
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return peer(lab, variant, index);
        }
        let run = bank.plain(Way::named(variant.base))?;
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    lab.warn_without_overlap(&variants, &runs)?;
    let traced = ledgers(lab, &bank, &native)?;
    lab.summarize(&variants, &[runs, traced].concat())
}

/// The traced runs: as many as there are rounds; the first lost update of each variant is told.
fn ledgers(lab: &mut Lab, bank: &Bank, variants: &[Variant]) -> Result<Vec<Run>> {
    let (mut runs, mut told) = (Vec::new(), Vec::new());
    for index in 0..lab.runs() {
        for variant in variants {
            lab.settle()?;
            let (run, lost) = bank.traced(Way::named(variant.base))?;
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

fn peer(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<Run>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let arguments = ["bank".to_string(), way, lab.iterations().to_string()];
    python::run(lab, variant, index, &arguments)
}

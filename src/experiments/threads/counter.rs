//! The counter: two threads add 1 to one number, again and again.
//!
//! In Rust no lock of an interpreter stands between them, so without one of their own they lose
//! updates. The loads and stores are relaxed atomics: a race between updates, never undefined
//! behaviour. How each way is run and told stands in `race`.

use std::sync::Mutex;

use anyhow::{Context, Result};

use super::home;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::Lab;
use crate::experiments::ledger::Account;
use crate::experiments::race::{self, GATE_BOUND, Race, Writes};
use crate::experiments::stage::Stage;
use crate::mp::{Gate, sys};

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

impl Counter {
    /// A counter for loops of `iterations` steps.
    pub fn new(iterations: u32, stage: Stage) -> Self {
        Counter { iterations, stage }
    }
}

impl Race for Counter {
    type Way = Way;

    const PEER: &'static str = "counter";
    const NAMES: [&'static str; 2] = ["thread-1", "thread-2"];
    const PROGRAM: Option<&'static str> = None;
    const START: i32 = 0;

    fn named(variant: &str) -> Way {
        match variant {
            "unlocked" => Way::Unlocked,
            "locked" => Way::Locked,
            "atomic" => Way::Atomic,
            other => unreachable!("the registry has no variant {other}"),
        }
    }

    fn stage(&self) -> &Stage {
        &self.stage
    }

    fn writes(&self, _: Way) -> [Writes; 2] {
        [Writes { made: self.iterations, amount: 1 }; 2]
    }

    /// Each in a thread of its own.
    fn race<A: Account>(&self, way: Way, account: impl Fn(usize) -> A + Sync) -> Result<Clocks> {
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
                for (index, name) in Self::NAMES.into_iter().enumerate() {
                    let builder = scope.builder().name(name.to_string());
                    builder.spawn(move |_| thread(index))?;
                }
                Ok(())
            })
        })?;
        Ok(clocks)
    }
}

/// The experiment `counter`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let counter = Counter::new(lab.iterations(), Stage::usual(&lab.machine.usable));
    race::run(lab, &counter)
}

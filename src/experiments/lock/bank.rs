//! The bank: withdrawals in one process, as many deposits in another, one balance.
//!
//! Six ways to write the loop. Each is run as it is, for its time and its outcome, and once more
//! with the ledger, for what was lost; the loops are the same code, and how they are run and told
//! stands in `race`.

use anyhow::{Context, Result};

use super::schedules::BANK;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::Lab;
use crate::experiments::ledger::{Account, Chaos};
use crate::experiments::race::{self, GATE_BOUND, Race, Writes};
use crate::experiments::stage::{Stage, Window};
use crate::experiments::workers::finish_all;
use crate::mp::{Gate, Lock, Process};

/// What each of the two adds in a step: one withdraws, one deposits.
const AMOUNTS: [i32; 2] = [-1, 1];

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
    /// The loop of worker number `index` (0 withdraws, 1 deposits).
    fn work(self, account: &mut impl Account, lock: &Lock, index: usize, iterations: u32) {
        let amount = AMOUNTS[index];
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
}

/// What all races of an experiment share: one lock (its memory is never given
/// back, see `mp::lock`), the length of the loops, the stage.
#[derive(Debug)]
pub struct Bank {
    lock: Lock,
    iterations: u32,
    stage: Stage,
}

impl Bank {
    /// A bank for loops of `iterations` steps.
    ///
    /// # Errors
    /// When shared memory cannot be had.
    pub fn new(iterations: u32, stage: Stage) -> Result<Self> {
        Ok(Bank { lock: Lock::new().context("a lock in shared memory")?, iterations, stage })
    }
}

impl Race for Bank {
    type Way = Way;

    const PEER: &'static str = "bank";
    const NAMES: [&'static str; 2] = ["withdraw", "deposit"];
    const PROGRAM: Option<&'static str> = Some(BANK.name);
    const START: i32 = 100;

    fn named(variant: &str) -> Way {
        match variant {
            "unlocked" => Way::Unlocked,
            "half-locked" => Way::HalfLocked,
            "locked" => Way::Locked,
            "coarse" => Way::Coarse,
            "atomic" => Way::Atomic,
            "local" => Way::Local,
            other => unreachable!("the registry has no variant {other}"),
        }
    }

    fn stage(&self) -> &Stage {
        &self.stage
    }

    fn writes(&self, way: Way) -> [Writes; 2] {
        AMOUNTS.map(|amount| match way {
            Way::Local => Writes { made: 1, amount: amount * self.iterations as i32 },
            _ => Writes { made: self.iterations, amount },
        })
    }

    /// Each in a process of its own.
    fn race<A: Account>(&self, way: Way, account: impl Fn(usize) -> A + Sync) -> Result<Clocks> {
        let gate = Gate::new(2).context("the gate in shared memory")?;
        let clocks = Clocks::new(2).context("the clocks in shared memory")?;
        let (gate_of, clocks_of, account_of) = (&gate, &clocks, &account);
        let mut workers = Vec::new();
        for (index, name) in Self::NAMES.into_iter().enumerate() {
            let mut worker = Process::new(name, move || {
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
        drop(workers); // what they run borrows the clocks
        Ok(clocks)
    }
}

/// The experiment `bank`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let stage = Stage::usual(&lab.machine.usable);
    let stage = match lab.params.chaos {
        Some(seed) => stage.with(Window::Chaos(Chaos::drawn(seed))),
        None => stage,
    };
    let bank = Bank::new(lab.iterations(), stage)?;
    race::run(lab, &bank)
}

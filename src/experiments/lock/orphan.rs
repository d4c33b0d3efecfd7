//! A lock whose owner is gone, and a lock that nobody gives back.
//!
//! `owner-dies` kills the owner while it holds the lock; `forgotten` lets it live
//! and forget the release. Each is shown with the robust lock of parlab and with
//! the semaphore that Python's `Lock` is. Every wait is bounded: the semaphore's
//! waiter would wait for ever.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::Lab;
use crate::experiments::workers::finish;
use crate::mp::{Gate, Lock, LockError, MapError, Process, RawValue, SemaphoreLock, sys};

/// Figures of both experiments: what the waiter got and when, before and after the
/// owner's end, and whether the lock can be used by others then.
pub const FIGURES: &[&str] =
    &["while_alive", "after_death", "waited_s", "usable_after", "owner_exitcode"];

/// How long a waiter waits before it gives up.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long the parent waits for a process to get where it should be.
const STAGE_BOUND: Duration = Duration::from_secs(5);

/// What a waiter got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Got {
    Nothing,
    Acquired,
    OwnerDied,
    TimedOut,
}

impl Got {
    const ALL: [Got; 4] = [Got::Nothing, Got::Acquired, Got::OwnerDied, Got::TimedOut];

    fn name(self) -> &'static str {
        match self {
            Got::Nothing => "nothing",
            Got::Acquired => "acquired",
            Got::OwnerDied => "owner-died",
            Got::TimedOut => "timed-out",
        }
    }
}

/// The lock under test.
enum Exhibit {
    Robust(Lock),
    Semaphore(SemaphoreLock),
}

impl Exhibit {
    fn named(variant: &str) -> Result<Self, MapError> {
        Ok(match variant {
            "robust" => Exhibit::Robust(Lock::new()?),
            _ => Exhibit::Semaphore(SemaphoreLock::new()?),
        })
    }

    /// Acquires it and never gives it back.
    fn acquire_and_forget(&self) {
        match self {
            Exhibit::Robust(lock) => std::mem::forget(lock.acquire().expect("a new lock")),
            Exhibit::Semaphore(semaphore) => semaphore.acquire(),
        }
    }

    fn try_for(&self, patience: Duration) -> Got {
        match self {
            Exhibit::Robust(lock) => try_robust(lock, patience),
            Exhibit::Semaphore(semaphore) => try_semaphore(semaphore, patience),
        }
    }
}

// region: robust
fn try_robust(lock: &Lock, patience: Duration) -> Got {
    match lock.acquire_timeout(patience) {
        Ok(_held) => Got::Acquired,
        Err(LockError::OwnerDied(orphan)) => {
            let _held = orphan.repair(); // the balance is whole: go on
            Got::OwnerDied
        }
        Err(_) => Got::TimedOut,
    }
}
// endregion

// region: semaphore
fn try_semaphore(semaphore: &SemaphoreLock, patience: Duration) -> Got {
    if !semaphore.acquire_timeout(patience) {
        return Got::TimedOut;
    }
    semaphore.release().expect("acquired above");
    Got::Acquired
}
// endregion

/// The experiment `owner-dies`: killed while it holds the lock and somebody waits.
pub fn owner_dies(lab: &mut Lab) -> Result<()> {
    each_exhibit(lab, |exhibit| {
        let holding = Gate::new(2)?;
        let waiting = Gate::new(2)?;
        let (holding_of, waiting_of) = (&holding, &waiting);
        let mut owner = Process::new("owner", move || {
            exhibit.acquire_and_forget();
            holding_of.arrive_and_wait(STAGE_BOUND).expect("the parent");
            std::thread::sleep(STAGE_BOUND); // killed long before
        });
        owner.start()?;
        holding.arrive_and_wait(STAGE_BOUND)?;
        let answer = Answer::new()?;
        let answer_of = &answer;
        let mut waiter = Process::new("waiter", move || {
            waiting_of.arrive_and_wait(STAGE_BOUND).expect("the parent");
            answer_of.give(|| exhibit.try_for(PATIENCE));
        });
        waiter.start()?;
        waiting.arrive_and_wait(STAGE_BOUND)?;
        std::thread::sleep(PATIENCE / 10); // the waiter is waiting by now
        owner.kill()?;
        let exit = owner.join()?;
        finish(&mut waiter)?;
        Ok(vec![
            ("after_death", json!(answer.got().name())),
            ("waited_s", json!(answer.waited_s())),
            ("usable_after", json!(usable(exhibit)?)),
            ("owner_exitcode", json!(exit.exitcode())),
        ])
    })
}

/// The experiment `forgotten`: the owner lives on without giving the lock back, then ends.
pub fn forgotten(lab: &mut Lab) -> Result<()> {
    each_exhibit(lab, |exhibit| {
        let holding = Gate::new(2)?;
        let leave = Gate::new(2)?;
        let (holding_of, leave_of) = (&holding, &leave);
        let mut owner = Process::new("owner", move || {
            exhibit.acquire_and_forget();
            holding_of.arrive_and_wait(STAGE_BOUND).expect("the parent");
            leave_of.arrive_and_wait(STAGE_BOUND).expect("the parent");
        });
        owner.start()?;
        holding.arrive_and_wait(STAGE_BOUND)?;
        let alive = ask(exhibit)?;
        leave.arrive_and_wait(STAGE_BOUND)?;
        let exit = owner.join()?;
        let dead = ask(exhibit)?;
        Ok(vec![
            ("while_alive", json!(alive.got().name())),
            ("after_death", json!(dead.got().name())),
            ("waited_s", json!(dead.waited_s())),
            ("usable_after", json!(usable(exhibit)?)),
            ("owner_exitcode", json!(exit.exitcode())),
        ])
    })
}

/// Runs the demonstration once for each lock and tells its figures.
fn each_exhibit(lab: &mut Lab, demonstrate: impl Fn(&Exhibit) -> Result<Figures>) -> Result<()> {
    demonstration::each_variant(lab, |_, variant| {
        let exhibit = Exhibit::named(variant.base).context("a lock in shared memory")?;
        demonstrate(&exhibit).map(Some)
    })
}

/// Whether a third process gets the lock.
fn usable(exhibit: &Exhibit) -> Result<bool> {
    Ok(ask(exhibit)?.got() == Got::Acquired)
}

/// Sends a process to get the lock.
fn ask(exhibit: &Exhibit) -> Result<Answer> {
    let answer = Answer::new()?;
    let answer_of = &answer;
    let mut waiter = Process::new("waiter", move || {
        answer_of.give(|| exhibit.try_for(PATIENCE));
    });
    waiter.start()?;
    finish(&mut waiter)?;
    drop(waiter);
    if answer.got() == Got::Nothing {
        bail!("the waiter ended without an answer");
    }
    Ok(answer)
}

/// What a waiter reports to its parent, in shared memory.
struct Answer {
    got: RawValue<u32>,
    waited_ns: RawValue<u64>,
}

impl Answer {
    fn new() -> Result<Self, MapError> {
        Ok(Answer { got: RawValue::new(0)?, waited_ns: RawValue::new(0)? })
    }

    fn give(&self, wait: impl FnOnce() -> Got) {
        let began = sys::now_ns();
        let got = wait();
        self.waited_ns.set(sys::now_ns() - began);
        self.got.set(got as u32);
    }

    fn got(&self) -> Got {
        Got::ALL[self.got.get() as usize]
    }

    fn waited_s(&self) -> f64 {
        self.waited_ns.get() as f64 / 1e9
    }
}

//! Two locks in opposite order: each process holds what the other waits for.
//!
//! The deadlock is found, not timed: both processes sit in the same call on the
//! same address at two looks, with next to no CPU time between. The addresses are
//! those of the two locks, and each lock names its owner. The mend is one order
//! for everybody.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::experiments::deadlock::{self, Known};
use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::mp::proc::{self, Stuck};
use crate::mp::{Gate, Lock, Process};

/// How long each waits for the other to hold its first lock, the unlucky moment made certain. In
/// opposite order both always come, however busy the machine is; in the same order one waits in vain.
const BOTH_COME: Duration = Duration::from_secs(5);
const IN_VAIN: Duration = Duration::from_millis(50);
/// How long a process that is not stuck may take to its end.
const END: Duration = Duration::from_millis(50);
/// How long a deadlock is looked for, unless both end before: on a busy machine it may
/// take some looks.
const SEARCH: Duration = Duration::from_secs(10);
/// The accounts, each with a lock.
const ACCOUNTS: [&str; 2] = ["a", "b"];

// region: transfer
fn transfer(first: &Lock, second: &Lock, meet: &Gate, patience: Duration) {
    let _from = first.acquire().expect("the first lock");
    let _ = meet.arrive_and_wait(patience); // both hold their first lock now
    let _to = second.acquire().expect("the second lock");
}
// endregion

/// The experiment `two-locks`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, demonstrate)
}

fn demonstrate(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let locks = [new_lock()?, new_lock()?];
    let meet = Gate::new(2).context("the gate in shared memory")?;
    let (orders, patience) = match variant.base {
        "opposite-order" => ([[0, 1], [1, 0]], BOTH_COME),
        _ => ([[0, 1], [0, 1]], IN_VAIN),
    };
    let (locks_of, meet_of) = (&locks, &meet);
    let mut workers: Vec<Process> = Vec::new();
    for (name, order) in [("a-to-b", orders[0]), ("b-to-a", orders[1])] {
        let mut worker = Process::new(name, move || {
            transfer(&locks_of[order[0]], &locks_of[order[1]], meet_of, patience);
        });
        worker.start()?;
        workers.push(worker);
    }
    let pids: Vec<i32> = workers.iter().filter_map(Process::pid).collect();
    let stuck = proc::find_deadlock(&pids, SEARCH)?;
    let found = stuck.is_some();
    if let Some(stuck) = stuck {
        tell(lab, variant, &workers, &locks, &stuck)?;
    }
    let both_ended = ended(&mut workers)?;
    Ok(Some(vec![("found", json!(found)), ("both_ended", json!(both_ended))]))
}

/// Whether all come to their end by themselves; whoever does not is killed.
fn ended(workers: &mut [Process]) -> Result<bool> {
    let mut all = true;
    for worker in workers.iter_mut() {
        all &= worker.join_timeout(END)?.is_some();
    }
    for worker in workers.iter_mut() {
        worker.kill()?;
        worker.join()?;
    }
    Ok(all)
}

fn new_lock() -> Result<Lock> {
    Lock::new().context("a lock in shared memory")
}

/// Who waits for whom: the address tells the lock, the lock tells its owner.
fn tell(
    lab: &mut Lab,
    variant: &Variant,
    workers: &[Process],
    locks: &[Lock; 2],
    stuck: &[Stuck],
) -> Result<()> {
    let name_of =
        |pid: i32| (workers.iter().find(|w| w.pid() == Some(pid))).map(|w| w.name().to_string());
    deadlock::tell(lab, variant, stuck, |one| {
        let address = one.syscall.map(|call| call.args[0]);
        let lock = address.and_then(|at| locks.iter().position(|lock| lock.address() as u64 == at));
        Known {
            process: name_of(one.pid).unwrap_or_default(),
            resource: lock.map(|at| format!("lock-{}", ACCOUNTS[at])),
            holder: lock.and_then(|at| locks[at].owner()).and_then(name_of),
            address,
        }
    })
}

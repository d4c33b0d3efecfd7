//! Locks: one at a time, never early, and what becomes of a lock whose owner is killed.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parlab::mp::{
    Exit, Gate, Lock, LockError, Orphan, PlainLock, Process, RawValue, SemaphoreLock, Shared, Value,
};

use crate::Case;
use crate::staging::{
    FOR_EVER, PATIENCE, ended, ends_well, never_early, sleep_for_ever, started, wait_until,
};

pub const CASES: &[Case] = &[
    ("lock::no_update_is_lost", no_update_is_lost),
    ("lock::timeout_is_never_early", timeout_is_never_early),
    ("lock::tried_without_waiting", tried_without_waiting),
    ("lock::owner_is_told", owner_is_told),
    ("lock::killed_owner_is_told_and_repaired", killed_owner_is_told_and_repaired),
    ("lock::killed_owner_is_told_to_a_waiter", killed_owner_is_told_to_a_waiter),
    ("lock::unrepaired_is_lost_to_all", unrepaired_is_lost_to_all),
    ("lock::loss_is_told_to_waiters", loss_is_told_to_waiters),
    ("lock::child_of_the_owner_owns_nothing", child_of_the_owner_owns_nothing),
    ("lock::child_of_the_repairer_repairs_nothing", child_of_the_repairer_repairs_nothing),
    ("lock::forgotten_release_keeps_it_locked", forgotten_release_keeps_it_locked),
    ("lock::panic_in_the_child_releases", panic_in_the_child_releases),
    ("lock::semaphore_is_released_by_anyone", semaphore_is_released_by_anyone),
    ("lock::semaphore_of_the_killed_stays_locked", semaphore_of_the_killed_stays_locked),
    ("lock::semaphore_timeout_is_never_early", semaphore_timeout_is_never_early),
];

const STEPS: u64 = 20_000;

/// Two processes count with a load and a store; `step` makes the two one.
fn count_in_two(step: impl Fn(&dyn Fn())) -> u64 {
    let total = RawValue::new(0u64).unwrap();
    let gate = Gate::new(2).unwrap();
    let body = || {
        gate.arrive_and_wait(PATIENCE).unwrap();
        for _ in 0..STEPS {
            step(&|| total.set(total.get() + 1));
        }
    };
    let mut children = [started("one", body), started("other", body)];
    children.iter_mut().for_each(ends_well);
    total.get()
}

fn no_update_is_lost() {
    let lock = Lock::new().unwrap();
    assert_eq!(count_in_two(|add| lock.acquire().map(|_guard| add()).unwrap()), 2 * STEPS);
    let plain = PlainLock::new().unwrap();
    assert_eq!(count_in_two(|add| plain.with(add)), 2 * STEPS);
    let semaphore = SemaphoreLock::new().unwrap();
    let counted = count_in_two(|add| {
        semaphore.acquire();
        add();
        semaphore.release().unwrap();
    });
    assert_eq!(counted, 2 * STEPS);
    let handle = Lock::clone(&lock);
    let turn = Cell::new(false);
    let counted = count_in_two(|add| {
        turn.set(!turn.get());
        let _guard = if turn.get() { lock.acquire() } else { handle.acquire() }.unwrap();
        add();
    });
    assert_eq!(counted, 2 * STEPS, "a clone is the same lock");
}

/// A child that takes the lock by `take` and keeps it until it is killed.
fn keeper<'a>(taken: &'a Shared<AtomicU32>, take: impl FnOnce() + 'a) -> Process<'a> {
    let process = started("keeper", move || {
        take();
        taken.store(1, Ordering::Release);
        sleep_for_ever();
    });
    wait_until("the keeper has it", || taken.load(Ordering::Acquire) == 1);
    process
}

fn keep(lock: &Lock) {
    std::mem::forget(lock.acquire().unwrap());
}

fn killed(mut process: Process<'_>) {
    process.kill().unwrap();
    assert_eq!(ended(&mut process), Exit::Signal(libc::SIGKILL));
}

fn timeout_is_never_early() {
    let (lock, taken) = (Lock::new().unwrap(), Shared::new().unwrap());
    let _keeper = keeper(&taken, || keep(&lock));
    never_early(|bound| {
        assert!(matches!(lock.acquire_timeout(bound), Err(LockError::TimedOut)));
    });
}

fn tried_without_waiting() {
    let lock = Lock::new().unwrap();
    let guard = lock.try_acquire().unwrap().expect("it is free");
    let mut child = started("other", || assert!(lock.try_acquire().unwrap().is_none()));
    ends_well(&mut child);
    guard.release();
    assert!(lock.try_acquire().unwrap().is_some());
    assert!(lock.try_acquire().unwrap().is_some(), "a dropped guard has released it");
}

fn owner_is_told() {
    let (lock, taken) = (Lock::new().unwrap(), Shared::new().unwrap());
    assert_eq!(lock.owner(), None);
    let keeper = keeper(&taken, || keep(&lock));
    assert_eq!(lock.owner(), keeper.pid());
    killed(keeper);
    assert_eq!(lock.owner(), None, "the dead own nothing");
}

fn killed_owner_is_told_and_repaired() {
    let (lock, taken) = (Lock::new().unwrap(), Shared::new().unwrap());
    killed(keeper(&taken, || keep(&lock)));
    let Err(LockError::OwnerDied(orphan)) = lock.acquire() else {
        panic!("the owner died holding it, and nobody was told");
    };
    let guard = orphan.repair();
    assert_eq!(lock.owner(), Some(std::process::id().cast_signed()));
    guard.release();
    let mut child = started("next", || lock.acquire().unwrap().release());
    ends_well(&mut child);
    assert!(lock.try_acquire().unwrap().is_some(), "as if nothing had been");
}

fn killed_owner_is_told_to_a_waiter() {
    let (lock, taken) = (Lock::new().unwrap(), Shared::new().unwrap());
    let keeper = keeper(&taken, || keep(&lock));
    let told = Value::new(0).unwrap();
    let wait = || match lock.acquire_timeout(FOR_EVER) {
        Ok(guard) => guard.release(),
        Err(LockError::OwnerDied(orphan)) => {
            told.fetch_add(1);
            orphan.repair().release();
        }
        Err(error) => panic!("{error}"),
    };
    let mut waiters = [started("waiter", wait), started("waiter", wait), started("waiter", wait)];
    killed(keeper);
    waiters.iter_mut().for_each(ends_well);
    assert_eq!(told.get(), 1, "one is told, and after its repair nobody else");
}

fn unrepaired_is_lost_to_all() {
    let (lock, taken) = (Lock::new().unwrap(), Shared::new().unwrap());
    killed(keeper(&taken, || keep(&lock)));
    match lock.acquire() {
        Err(LockError::OwnerDied(orphan)) => drop(orphan),
        other => panic!("{other:?}"),
    }
    let is_lost = || {
        assert!(matches!(lock.acquire(), Err(LockError::NotRecoverable)));
        assert!(matches!(lock.try_acquire(), Err(LockError::NotRecoverable)));
        assert!(matches!(lock.acquire_timeout(PATIENCE), Err(LockError::NotRecoverable)));
    };
    is_lost();
    ends_well(&mut started("other", is_lost));
}

fn loss_is_told_to_waiters() {
    for _ in 0..20 {
        let (lock, taken) = (Lock::new().unwrap(), Shared::new().unwrap());
        killed(keeper(&taken, || keep(&lock)));
        let Err(LockError::OwnerDied(orphan)) = lock.acquire() else { panic!("nobody was told") };
        let gate = Gate::new(4).unwrap();
        let come = || gate.arrive_and_wait(PATIENCE).unwrap();
        let waits = || {
            come();
            assert!(matches!(lock.acquire(), Err(LockError::NotRecoverable)));
        };
        let tries = || {
            come();
            while lock.try_acquire().is_ok() {}
            assert!(matches!(lock.acquire(), Err(LockError::NotRecoverable)));
        };
        let mut children =
            [started("waiter", waits), started("trier", tries), started("trier", tries)];
        come();
        drop(orphan);
        children.iter_mut().for_each(ends_well);
    }
}

fn child_of_the_owner_owns_nothing() {
    let lock = Lock::new().unwrap();
    let guard = RefCell::new(Some(lock.acquire().unwrap()));
    let mut child = started("child", || {
        drop(guard.borrow_mut().take());
        assert!(lock.try_acquire().unwrap().is_none(), "it is still the parent's");
    });
    ends_well(&mut child);
    assert_eq!(lock.owner(), Some(std::process::id().cast_signed()));
    drop(guard.borrow_mut().take());
    assert_eq!(lock.owner(), None);
}

fn child_of_the_repairer_repairs_nothing() {
    let repairs: fn(Orphan<'_>) = |orphan| orphan.repair().release();
    let drops: fn(Orphan<'_>) = |orphan| drop(orphan);
    for child_does in [repairs, drops] {
        let (lock, taken) = (Lock::new().unwrap(), Shared::new().unwrap());
        killed(keeper(&taken, || keep(&lock)));
        let Err(LockError::OwnerDied(orphan)) = lock.acquire() else { panic!("nobody was told") };
        let orphan = RefCell::new(Some(orphan));
        ends_well(&mut started("child", || {
            child_does(orphan.borrow_mut().take().unwrap());
            assert!(lock.try_acquire().unwrap().is_none(), "it is still the parent's");
        }));
        let orphan = orphan.borrow_mut().take().unwrap();
        orphan.repair().release();
        assert!(lock.acquire().is_ok(), "and it was the parent's to repair");
    }
}

fn forgotten_release_keeps_it_locked() {
    let lock = Lock::new().unwrap();
    keep(&lock);
    let mut child = started("other", || {
        let answer = lock.acquire_timeout(Duration::from_millis(60));
        assert!(matches!(answer, Err(LockError::TimedOut)), "{answer:?}");
    });
    ends_well(&mut child);
    let answer = lock.acquire_timeout(Duration::from_millis(60));
    assert!(matches!(answer, Err(LockError::TimedOut)), "its owner waits for itself");
}

fn panic_in_the_child_releases() {
    let lock = Lock::new().unwrap();
    let mut child = started("child", || {
        let _guard = lock.acquire().unwrap();
        panic!("with the lock held");
    });
    assert_eq!(ended(&mut child), Exit::Code(1));
    assert!(lock.acquire().is_ok(), "unwinding dropped the guard");
}

fn semaphore_is_released_by_anyone() {
    let semaphore = SemaphoreLock::new().unwrap();
    assert!(semaphore.release().is_err(), "nobody holds it");
    semaphore.acquire();
    assert!(!semaphore.acquire_timeout(Duration::ZERO));
    let mut stranger = started("stranger", || semaphore.release().unwrap());
    ends_well(&mut stranger);
    assert!(semaphore.acquire_timeout(Duration::ZERO), "the stranger gave it back");
}

fn semaphore_of_the_killed_stays_locked() {
    let (semaphore, taken) = (SemaphoreLock::new().unwrap(), Shared::new().unwrap());
    killed(keeper(&taken, || semaphore.acquire()));
    assert!(!semaphore.acquire_timeout(Duration::from_millis(200)));
    let passed: Shared<AtomicU64> = Shared::new().unwrap();
    let waiter = started("waiter", || {
        semaphore.acquire();
        passed.store(1, Ordering::Release);
    });
    std::thread::sleep(Duration::from_millis(200));
    assert!(waiter.is_alive() && passed.load(Ordering::Acquire) == 0);
}

fn semaphore_timeout_is_never_early() {
    let semaphore = SemaphoreLock::new().unwrap();
    semaphore.acquire();
    never_early(|bound| assert!(!semaphore.acquire_timeout(bound)));
}

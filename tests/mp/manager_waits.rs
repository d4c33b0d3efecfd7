//! `Manager` where somebody waits: for an item, for room, for a lock, and for one who has died.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parlab::mp::manager::{Client, ManagerError};
use parlab::mp::proc::ProcStat;
use parlab::mp::{Process, RawValue};

use crate::Case;
use crate::manager::home;
use crate::staging::{ended, ends_well, never_early, sleep_for_ever, started, wait_until};

pub const CASES: &[Case] = &[
    ("manager::queue_waits_and_keeps_order", queue_waits_and_keeps_order),
    ("manager::queue_has_room_for_as_many_as_told", queue_has_room_for_as_many_as_told),
    ("manager::waits_are_never_early", waits_are_never_early),
    ("manager::lock_excludes", lock_excludes),
    ("manager::lock_of_a_dead_owner_goes_on", lock_of_a_dead_owner_goes_on),
    ("manager::inherited_guard_owns_nothing", inherited_guard_owns_nothing),
    ("manager::killed_server_is_told_to_each_client", killed_server_is_told_to_each_client),
    ("manager::stopped_client_stops_nobody", stopped_client_stops_nobody),
    ("manager::client_that_waits_may_die", client_that_waits_may_die),
    ("manager::who_waits_longer_than_a_moment_sleeps", who_waits_longer_than_a_moment_sleeps),
];

fn queue_waits_and_keeps_order() {
    let home = home();
    let queue = home.manager.queue::<u32>(None).unwrap();
    let first = RawValue::new(0).unwrap();
    let mut taker = started("taker", || {
        first.set(queue.get().unwrap());
        assert_eq!(queue.get().unwrap(), 2);
    });
    queue.put(&1).unwrap();
    queue.put(&2).unwrap();
    ends_well(&mut taker);
    assert_eq!(first.get(), 1);
    assert!(matches!(queue.try_get(), Err(ManagerError::Empty)));
    assert!(queue.is_empty().unwrap());
}

fn queue_has_room_for_as_many_as_told() {
    let home = home();
    let queue = home.manager.queue::<u32>(Some(2)).unwrap();
    queue.put(&0).unwrap();
    queue.put(&1).unwrap();
    assert!(matches!(queue.try_put(&2), Err(ManagerError::Full)));
    let mut putter = started("putter", || (2..50).for_each(|item| queue.put(&item).unwrap()));
    let got: Vec<u32> = (0..50).map(|_| queue.get().unwrap()).collect();
    assert_eq!(got, (0..50).collect::<Vec<_>>());
    ends_well(&mut putter);
}

fn waits_are_never_early() {
    let home = home();
    let queue = home.manager.queue::<u32>(Some(1)).unwrap();
    let lock = home.manager.lock().unwrap();
    never_early(|bound| assert!(queue.get_timeout(bound).is_err()));
    queue.put(&0).unwrap();
    never_early(|bound| assert!(queue.put_timeout(&1, bound).is_err()));
    let timed_out = queue.put_timeout(&1, Duration::from_millis(1));
    assert!(matches!(timed_out, Err(ManagerError::TimedOut { .. })), "{timed_out:?}");
    // The same process may not take it twice: it is a lock, and no RLock.
    let _guard = lock.acquire().unwrap();
    never_early(|bound| assert!(lock.acquire_timeout(bound).unwrap().is_none()));
}

fn lock_excludes() {
    let home = home();
    let lock = home.manager.lock().unwrap();
    let total = home.manager.value(&0_u32).unwrap();
    let add = || {
        for _ in 0..100 {
            let guard = lock.acquire().unwrap();
            assert!(!guard.owner_died());
            total.set(&(total.get().unwrap() + 1)).unwrap();
            guard.release().unwrap();
        }
    };
    let mut adders: Vec<Process> = (0..4).map(|_| started("adder", add)).collect();
    adders.iter_mut().for_each(|adder| ends_well(adder));
    assert_eq!(total.get().unwrap(), 400);
}

fn lock_of_a_dead_owner_goes_on() {
    let home = home();
    let lock = home.manager.lock().unwrap();
    let held = RawValue::new(0).unwrap();
    let mut owner = started("owner", || {
        let _guard = lock.acquire().unwrap();
        held.set(1);
        sleep_for_ever();
    });
    wait_until("the owner has it", || held.get() == 1);
    assert!(lock.try_acquire().unwrap().is_none());
    let mut heir = started("heir", || assert!(lock.acquire().unwrap().owner_died()));
    owner.kill().unwrap();
    ended(&mut owner);
    ends_well(&mut heir);
    assert!(!lock.acquire().unwrap().owner_died(), "told once");
}

fn inherited_guard_owns_nothing() {
    let home = home();
    let lock = home.manager.lock().unwrap();
    let guard = lock.acquire().unwrap();
    ends_well(&mut started("child", || {
        assert!(lock.try_acquire().unwrap().is_none());
        assert!(!guard.owner_died(), "it has a copy of the guard, as of all memory");
    }));
    let mut child = started("child", move || {
        assert!(matches!(guard.release(), Err(ManagerError::NotOwner)));
    });
    ends_well(&mut child);
    // The parent's guard was moved away, and dropped in the parent when the child was started.
    assert!(lock.try_acquire().unwrap().is_some());
}

fn killed_server_is_told_to_each_client() {
    let home = home();
    let list = home.manager.list::<u32>().unwrap();
    let queue = home.manager.queue::<u32>(None).unwrap();
    let ready = RawValue::new(0).unwrap();
    let waiter = || {
        started("waiter", || {
            list.append(&1).unwrap();
            ready.fetch_add(1);
            let answer = queue.get();
            assert!(matches!(answer, Err(ManagerError::Lost { .. })), "{answer:?}");
            let answer = list.len();
            assert!(matches!(answer, Err(ManagerError::Gone { .. })), "{answer:?}");
        })
    };
    let mut waiters = [waiter(), waiter(), waiter()];
    wait_until("all have logged in", || ready.get() == 3);
    kill(Pid::from_raw(home.manager.pid()), Signal::SIGKILL).unwrap();
    waiters.iter_mut().for_each(|waiter| ends_well(waiter));
    let answer = list.append(&2);
    assert!(matches!(answer, Err(ManagerError::Lost { .. })), "{answer:?}");
}

fn stopped_client_stops_nobody() {
    let home = home();
    let list = home.manager.list::<Vec<u8>>().unwrap();
    list.append(&vec![7; 8 << 20]).unwrap();
    let started_reading = RawValue::new(0).unwrap();
    let mut reader = started("reader", || {
        started_reading.set(1);
        loop {
            assert_eq!(list.get(0).unwrap().len(), 8 << 20);
        }
    });
    wait_until("it reads", || started_reading.get() == 1);
    let pid = Pid::from_raw(reader.pid().unwrap());
    for _ in 0..5 {
        kill(pid, Signal::SIGSTOP).unwrap();
        assert_eq!(list.len().unwrap(), 1);
        kill(pid, Signal::SIGCONT).unwrap();
    }
    reader.kill().unwrap();
    ended(&mut reader);
    assert_eq!(list.len().unwrap(), 1);
}

fn client_that_waits_may_die() {
    let home = home();
    let queue = home.manager.queue::<u32>(None).unwrap();
    let before = home.manager.served().unwrap();
    let mut waiter = started("waiter", || drop(queue.get()));
    another_call_has_come(&home.manager, before);
    waiter.kill().unwrap();
    ended(&mut waiter);
    // Its end may come to the server after this: then the item would be lost with it.
    wait_until("the item is not handed to the dead", || {
        queue.put(&1).unwrap();
        queue.try_get().is_ok()
    });
}

fn who_waits_longer_than_a_moment_sleeps() {
    let home = home();
    let queue = home.manager.queue::<u32>(None).unwrap();
    let before = home.manager.served().unwrap();
    let mut waiter = started("waiter", || assert_eq!(queue.get().unwrap(), 1));
    another_call_has_come(&home.manager, before);
    for pid in [home.manager.pid(), waiter.pid().unwrap()] {
        wait_until("it sleeps", || ProcStat::read(pid).unwrap().state == 'S');
    }
    queue.put(&1).unwrap();
    ends_well(&mut waiter);
}

/// Waits until somebody else has called, after `before` calls in all.
fn another_call_has_come(manager: &Client, before: u64) {
    let mut asked = 1;
    wait_until("its call has come", || {
        asked += 1;
        manager.served().unwrap() - before == asked
    });
}

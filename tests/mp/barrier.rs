//! Barrier and gate: nobody passes before all have come, and nobody waits for ever.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parlab::mp::{Barrier, BarrierError, Exit, Gate, GateError, Shared, sys};

use crate::Case;
use crate::staging::{PATIENCE, ended, ends_well, never_early, started, wait_until};

pub const CASES: &[Case] = &[
    ("barrier::is_used_again_and_again", is_used_again_and_again),
    ("barrier::timeout_breaks_it_for_all", timeout_breaks_it_for_all),
    ("barrier::abort_breaks_it_for_all", abort_breaks_it_for_all),
    ("barrier::outlives_a_party_that_dies", outlives_a_party_that_dies),
    ("gate::nobody_passes_before_all_have_come", nobody_passes_before_all_have_come),
    ("gate::wait_is_bounded_and_never_early", wait_is_bounded_and_never_early),
    ("gate::is_used_once", is_used_once),
];

const PARTIES: usize = 3;
const ROUNDS: usize = 200;

fn is_used_again_and_again() {
    let barrier = Barrier::new(PARTIES as u32).unwrap();
    let came: Shared<[AtomicU32; ROUNDS]> = Shared::new().unwrap();
    let indices: Shared<[AtomicU32; ROUNDS]> = Shared::new().unwrap();
    let body = || {
        for round in 0..ROUNDS {
            came[round].fetch_add(1, Ordering::Relaxed);
            let index = barrier.wait_timeout(PATIENCE).unwrap();
            assert_eq!(came[round].load(Ordering::Relaxed), PARTIES as u32);
            indices[round].fetch_or(1 << index, Ordering::Relaxed);
        }
    };
    let mut parties: [_; PARTIES] = std::array::from_fn(|_| started("party", body));
    parties.iter_mut().for_each(ends_well);
    for round in 0..ROUNDS {
        assert_eq!(indices[round].load(Ordering::Relaxed), 0b111, "each has an index of its own");
    }
    assert!(!barrier.broken());
    assert_eq!(barrier.n_waiting(), 0);
}

fn timeout_breaks_it_for_all() {
    never_early(|bound| {
        let barrier = Barrier::new(2).unwrap();
        assert_eq!(barrier.wait_timeout(bound), Err(BarrierError::TimedOut));
    });
    let barrier = Barrier::new(3).unwrap();
    let mut patient = started("patient", || {
        assert_eq!(barrier.wait(), Err(BarrierError::Broken));
    });
    wait_until("the patient one waits", || barrier.n_waiting() == 1);
    assert_eq!(barrier.wait_timeout(Duration::from_millis(20)), Err(BarrierError::TimedOut));
    ends_well(&mut patient);
    assert!(barrier.broken());
    assert_eq!(barrier.wait(), Err(BarrierError::Broken), "it stays broken");
}

fn abort_breaks_it_for_all() {
    let barrier = Barrier::new(2).unwrap();
    let mut waiter = started("waiter", || assert_eq!(barrier.wait(), Err(BarrierError::Broken)));
    wait_until("it waits", || barrier.n_waiting() == 1);
    barrier.abort();
    ends_well(&mut waiter);
    assert_eq!(barrier.wait(), Err(BarrierError::Broken));
}

fn outlives_a_party_that_dies() {
    let barrier = Barrier::new(2).unwrap();
    let mut dead = started("dead", || {
        let _ = barrier.wait();
    });
    wait_until("it waits", || barrier.n_waiting() == 1);
    dead.kill().unwrap();
    assert_eq!(ended(&mut dead), Exit::Signal(libc::SIGKILL));
    assert_eq!(barrier.wait_timeout(PATIENCE), Ok(1), "it had come before it died");
    assert_eq!(barrier.wait_timeout(Duration::from_millis(20)), Err(BarrierError::TimedOut));
}

fn nobody_passes_before_all_have_come() {
    for _ in 0..20 {
        let gate = Gate::new(PARTIES as u32).unwrap();
        let times: Shared<[(AtomicU64, AtomicU64); PARTIES]> = Shared::new().unwrap();
        let (gate, times_of) = (&gate, &*times);
        let mut parties: [_; PARTIES] = std::array::from_fn(|me| {
            started("party", move || {
                times_of[me].0.store(sys::now_ns(), Ordering::Relaxed);
                gate.arrive_and_wait(PATIENCE).unwrap();
                times_of[me].1.store(sys::now_ns(), Ordering::Relaxed);
            })
        });
        parties.iter_mut().for_each(ends_well);
        let last_came = times.iter().map(|(came, _)| came.load(Ordering::Relaxed)).max();
        let first_passed = times.iter().map(|(_, passed)| passed.load(Ordering::Relaxed)).min();
        assert!(last_came <= first_passed, "one passed before the last had come");
    }
}

fn wait_is_bounded_and_never_early() {
    never_early(|bound| {
        let gate = Gate::new(2).unwrap();
        let answer = gate.arrive_and_wait(bound);
        assert_eq!(answer, Err(GateError::TimedOut { arrived: 1, parties: 2 }));
    });
}

fn is_used_once() {
    let gate = Gate::new(1).unwrap();
    assert_eq!(gate.arrive_and_wait(PATIENCE), Ok(()));
    assert_eq!(gate.arrive_and_wait(PATIENCE), Err(GateError::Passed { parties: 1 }));
}

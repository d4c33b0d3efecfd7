//! Workers of a pool that end: by their task, at each step of a message, in the middle of a task, with
//! nothing to do. At most the item in hand is lost, and that is told.

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;
use parlab::mp::queue::{Observer, Step};
use parlab::mp::{Exit, Pool, Shared, TaskError, process};

use crate::Case;
use crate::staging::{PATIENCE, becomes_true, sleep_for_ever};

pub const CASES: &[Case] = &[
    ("pool_deaths::task_exits", task_exits),
    ("pool_deaths::lost_in_chunk", lost_in_chunk),
    ("pool_deaths::killed_at_steps", killed_at_steps),
    ("pool_deaths::killed_idle", killed_idle),
    ("pool_deaths::killed_running", killed_running),
];

fn double(number: i64) -> i64 {
    2 * number
}

fn pool(workers: usize) -> Pool {
    Pool::new(workers).expect("a pool can be started")
}

/// Of these numbers, 3 ends its process.
fn exits_at_three(number: i64) -> i64 {
    if number == 3 {
        process::exit(0);
    }
    number
}

#[track_caller]
fn only_three_is_lost(outcomes: Vec<Result<i64, TaskError>>, exit: Exit) {
    for (number, outcome) in (0..).zip(outcomes) {
        let expected = if number == 3 { Err(TaskError::WorkerDied { exit }) } else { Ok(number) };
        assert_eq!(outcome, expected);
    }
}

fn task_exits() {
    let pool = pool(2);
    let numbers: Vec<i64> = (0..10).collect();
    let result = pool.map_async(exits_at_three, &numbers, Some(1)).expect("sent");
    only_three_is_lost(result.outcomes().expect("the pool is whole"), Exit::Code(0));
    assert_eq!(pool.map(double, &[1, 2], None).expect("it goes on"), [2, 4]);
    assert_eq!(pool.pids().len(), 2);
}

fn lost_in_chunk() {
    let numbers: Vec<i64> = (0..12).collect();
    for (workers, chunk) in [(1, 12), (2, 5), (2, 4), (1, 1)] {
        let pool = pool(workers);
        let result = pool.map_async(exits_at_three, &numbers, Some(chunk)).expect("sent");
        only_three_is_lost(result.outcomes().expect("the pool is whole"), Exit::Code(0));
    }
}

/// Which step of a worker kills it, and how many times it is passed before: in shared memory, as the
/// workers look at it.
type Fatal = Shared<(AtomicU32, AtomicU32)>;

fn killed_at_steps() {
    let here = std::process::id();
    for step in Step::ALL {
        for spare in [0, 1, 2, 3, 17] {
            let fatal: Rc<Fatal> = Rc::new(Shared::new().expect("a page of shared memory"));
            let of_it = Rc::clone(&fatal);
            let observer = move |at: Step| {
                let reached = std::process::id() != here && at as u32 == of_it.0.load(Relaxed);
                if reached && of_it.1.fetch_sub(1, Relaxed) == 0 {
                    raise(Signal::SIGKILL).expect("our own process");
                }
            };
            let pool = Pool::builder(2).capacity(300).observed(observer).start();
            let pool = pool.expect("a pool can be started");
            fatal.1.store(spare, Relaxed);
            fatal.0.store(step as u32, Relaxed);
            survives(&pool, step, spare);
        }
    }
}

/// At most one of the items is lost, all others have their results.
fn survives<O>(pool: &Pool<O>, step: Step, spare: u32)
where
    O: Observer + Clone + 'static,
{
    let texts: Vec<String> = (0..40_usize).map(|item| "x".repeat(item % 7 * 9)).collect();
    let result = pool.map_async(|text: String| text, &texts, Some(1)).expect("sent");
    let outcomes = result.outcomes_timeout(PATIENCE).expect("nothing hangs");
    let mut lost = 0;
    for (outcome, text) in outcomes.iter().zip(&texts) {
        match outcome {
            Ok(back) => assert_eq!(back, text),
            Err(TaskError::WorkerDied { exit: Exit::Signal(9) }) => lost += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(lost <= 1, "{lost} items lost at {step:?}, passed {spare} times");
    let in_hand = [Step::GetCommitted, Step::GetUnlocked, Step::PutLocked, Step::PutPayload];
    if spare == 0 && in_hand.contains(&step) {
        assert_eq!(lost, 1, "at {step:?}");
    }
    // What was committed came, and what was not taken is done by another.
    let certain = [Step::PutCommitted, Step::PutUnlocked, Step::PutWakes, Step::PutWoken];
    let harmless = [Step::GetWaits, Step::GetLocked, Step::GetHeader, Step::GetPayload];
    if certain.contains(&step) || harmless.contains(&step) {
        assert_eq!(lost, 0, "at {step:?}, passed {spare} times");
    }
}

fn killed_idle() {
    let pool = pool(3);
    pool.apply(double, 1).expect("it works");
    let before = pool.pids();
    for pid in &before {
        kill(Pid::from_raw(*pid), Signal::SIGKILL).expect("our own child");
    }
    let numbers: Vec<i64> = (0..100).collect();
    let doubled = pool.map(double, &numbers, Some(1)).expect("nothing was in hand");
    assert_eq!(doubled.len(), 100);
    let replaced = || {
        pool.apply(double, 1).expect("it works");
        pool.pids().iter().all(|pid| !before.contains(pid))
    };
    assert!(becomes_true(PATIENCE, replaced));
    assert_eq!(pool.pids().len(), 3);
}

fn killed_running() {
    let pool = pool(2);
    let result = pool.map_async(sleeps_if_even, &[0, 1, 2, 3], Some(1)).expect("sent");
    // Both workers come to sleep in an even item: then nothing more comes.
    assert!(!result.wait(Duration::from_millis(300)).expect("the pool is whole"));
    for pid in pool.pids() {
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("our own child");
    }
    let outcomes = result.outcomes_timeout(PATIENCE).expect("nothing hangs");
    let died = Err(TaskError::WorkerDied { exit: Exit::Signal(9) });
    assert_eq!(outcomes, [died.clone(), Ok(1), died, Ok(3)]);
}

fn sleeps_if_even(number: i64) -> i64 {
    if number % 2 == 0 {
        sleep_for_ever();
    }
    number
}

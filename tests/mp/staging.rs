//! What the cases are staged with: children that are started at once and must end well, and
//! conditions that must come true within a bound. Bounds are for hanging, never for speed.

use std::time::{Duration, Instant};

use parlab::mp::{Exit, Process, sys};

/// How long anything may take that should simply happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A time that is not over before the case is.
pub const FOR_EVER: Duration = Duration::from_secs(3600);

pub fn started<'a>(name: &str, body: impl FnOnce() + 'a) -> Process<'a> {
    let mut process = Process::new(name, body);
    process.start().expect("a process can be started");
    process
}

/// Joins the process within the bound.
#[track_caller]
pub fn ended(process: &mut Process<'_>) -> Exit {
    match process.join_timeout(PATIENCE) {
        Ok(Some(exit)) => exit,
        Ok(None) => panic!("process `{}` does not end", process.name()),
        Err(error) => panic!("{error}"),
    }
}

/// Joins a process whose own assertions must all have held.
#[track_caller]
pub fn ends_well(process: &mut Process<'_>) {
    let exit = ended(process);
    let text = process.panic_message().unwrap_or("no panic");
    assert_eq!(exit, Exit::Code(0), "process `{}`: {text}", process.name());
}

pub fn becomes_true(bound: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > bound {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

#[track_caller]
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(becomes_true(PATIENCE, condition), "it never came true that {what}");
}

/// Calls `wait` with some bounds and asserts that it takes at least as long.
#[track_caller]
pub fn never_early(mut wait: impl FnMut(Duration)) {
    for bound in [Duration::ZERO, Duration::from_micros(700), Duration::from_millis(120)] {
        let start = sys::now_ns();
        wait(bound);
        let waited = Duration::from_nanos(sys::now_ns() - start);
        assert!(waited >= bound, "a wait bounded by {bound:?} was over after {waited:?}");
    }
}

pub fn sleep_for_ever() {
    std::thread::sleep(FOR_EVER);
}

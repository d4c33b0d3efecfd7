//! The same program without gates: its processes let go at one moment, and what came of it.
//!
//! Counts only: a program of a few steps is over in nanoseconds, before the other process has
//! begun, so a free run tells what this machine happens to do and nothing of what it can do.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::program::{MOST_PROCESSES, Program};
use super::search::letter;
use super::stage::{Hands, Stage};
use super::steppers::ScheduleError;
use crate::mp::{self, Gate, Process, Shared, sys};

/// How long a process waits for the others at the start.
const TOGETHER: Duration = Duration::from_secs(5);
/// In place of a number of steps: this process has none left.
const ENDED: u32 = u32::MAX;

/// What came of the free runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Free {
    /// How many there were.
    pub runs: u64,
    /// The word at the end, and how many ended so.
    pub outcomes: BTreeMap<i32, u64>,
    /// How many came to where nobody can go on.
    pub stuck: u64,
}

/// Runs the program so often without gates, each process on a CPU of its own as far as there are
/// enough. `done` hears of each run.
///
/// # Errors
/// [`ScheduleError`].
pub fn free_runs(
    program: &Program,
    runs: u64,
    done: &mut dyn FnMut(u64),
) -> Result<Free, ScheduleError> {
    let cpus = sys::affinity()?;
    let mut free = Free::default();
    for run in 1..=runs {
        match free_run(program, &cpus)? {
            Some(word) => *free.outcomes.entry(word).or_default() += 1,
            None => free.stuck += 1,
        }
        free.runs = run;
        done(run);
    }
    Ok(free)
}

/// One run: the word at its end, or nothing if nobody could go on.
fn free_run(program: &Program, cpus: &[usize]) -> Result<Option<i32>, ScheduleError> {
    let stage = Rc::new(Stage::new(program)?);
    // One party more than there are processes: this one lets them go when all is prepared.
    let start = Rc::new(Gate::new(program.processes() as u32 + 1)?);
    let clock = Rc::new(Clock::new()?);
    let mut processes = Vec::new();
    for me in 0..program.processes() {
        let (at, start, clock) = (Rc::clone(&stage), Rc::clone(&start), Rc::clone(&clock));
        let mut process = Process::new(letter(me).to_string(), move || {
            let mut hands = Hands::of(program, &at, me);
            // Who misses the others runs alone, which is a run as well.
            let _ = start.arrive_and_wait(TOGETHER);
            go(program, &mut hands, &clock, me);
        });
        if !cpus.is_empty() {
            process.pin(cpus[me % cpus.len()])?;
        }
        process.start()?;
        stage.forked(process.sentinel().expect("started").try_clone_to_owned()?);
        processes.push(process);
    }
    stage.leave();
    let _ = start.arrive_and_wait(TOGETHER);
    join_all(processes)?;
    let stuck = clock.stuck.load(SeqCst) != 0;
    Ok((!stuck).then(|| stage.word.get()))
}

/// Joins the processes in whatever order they end: one that was killed is told at once, and not
/// only after another, which may be waiting for it for ever.
fn join_all(processes: Vec<Process>) -> Result<(), ScheduleError> {
    let mut running: Vec<(usize, Process)> = processes.into_iter().enumerate().collect();
    while !running.is_empty() {
        let exits = running.iter().map(|(_, process)| process.sentinel().expect("started"));
        let ended = mp::pipe::wait(&exits.collect::<Vec<_>>(), None)?;
        for place in ended.into_iter().rev() {
            let (me, mut process) = running.remove(place);
            let exit = process.join()?;
            if !exit.success() {
                let how = process.panic_message().map_or(exit.to_string(), str::to_string);
                let pid = process.pid().expect("started");
                return Err(ScheduleError::Died { process: letter(me), pid, how });
            }
        }
    }
    Ok(())
}

/// Steps as they come. A step that must wait is tried again until it can be taken, or until it is
/// certain that it never can: every process that is left has tried in vain since the last step of
/// anyone.
///
/// That is certain although a step is counted only after it was taken. Say that one was taken and
/// not counted yet: its process had tried it in vain at this very count, so another step has made it
/// possible since, not counted either, of a process for which the same is true. But the first of
/// these steps had no other before it.
fn go(program: &Program, hands: &mut Hands, clock: &Clock, me: usize) {
    while !hands.finished() && clock.stuck.load(SeqCst) == 0 {
        let now = clock.steps.load(SeqCst);
        if hands.attempt() {
            clock.steps.fetch_add(1, SeqCst);
            continue;
        }
        clock.tried[me].store(now + 1, SeqCst);
        let in_vain = |other: usize| [now + 1, ENDED].contains(&clock.tried[other].load(SeqCst));
        if (0..program.processes()).all(in_vain) && clock.steps.load(SeqCst) == now {
            clock.stuck.store(1, SeqCst);
        }
        sys::yield_now();
    }
    // Not before its last step was counted: others may be about to see what it did.
    clock.tried[me].store(ENDED, SeqCst);
}

/// What tells a deadlock from waiting.
struct Clock {
    /// Steps taken by all.
    steps: Shared<AtomicU32>,
    /// For each process: one more than the steps that had been taken when it last tried in vain,
    /// or [`ENDED`].
    tried: Shared<[AtomicU32; MOST_PROCESSES]>,
    /// Set when it is certain that nobody can go on: all give up then, and what follows from their
    /// ends is no longer the program's doing.
    stuck: Shared<AtomicU32>,
}

impl Clock {
    fn new() -> Result<Self, ScheduleError> {
        Ok(Clock { steps: Shared::new()?, tried: Shared::new()?, stuck: Shared::new()? })
    }
}

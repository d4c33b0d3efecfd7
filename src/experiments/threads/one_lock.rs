//! One lock for all: threads that compute, wait, and call code that needs no interpreter.
//!
//! The GIL is a lock that a thread of CPython holds while it runs Python code, and gives back while
//! it waits or is in C code that says so. The same rule in Rust (`compute-locked`, `wait-locked`)
//! stands beside threads without it and beside Python's own: what holds the threads up is the rule,
//! not the language.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::home;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::work::Work;
use crate::mp::Shared;
use crate::stats;

/// Figures: the time of 1, 2 and 4 threads, each of which does the same task (medians over the
/// rounds), and how many times as much 4 of them got done in the same time as 1; the most threads
/// that were in the middle of their task at once; of a Python instead its version, and whether its
/// GIL is on.
pub const FIGURES: &[&str] =
    &["at_1_s", "at_2_s", "at_4_s", "speedup_4", "at_once", "python", "gil"];

/// How many threads, at each level.
const LEVELS: [u32; 3] = [1, 2, 4];

/// Seconds at each of [`LEVELS`].
#[derive(Debug, Clone, Copy, Deserialize)]
struct Times {
    at_1_s: f64,
    at_2_s: f64,
    at_4_s: f64,
    /// The most threads in the middle of their task; a Python does not tell.
    at_once: Option<u64>,
}

/// How many threads are in the middle of their task, and the most that ever were.
struct Inside {
    now: Shared<AtomicU64>,
    most: Shared<AtomicU64>,
}

impl Inside {
    fn new() -> Result<Self> {
        let word = || Shared::new().context("a count in shared memory");
        Ok(Inside { now: word()?, most: word()? })
    }

    fn during(&self, task: impl FnOnce()) {
        self.most.fetch_max(self.now.fetch_add(1, Relaxed) + 1, Relaxed);
        task();
        self.now.fetch_sub(1, Relaxed);
    }
}

/// What a thread does, and under which lock.
struct Task<'a> {
    work: Option<Work>,
    wait: Option<Duration>,
    lock: Option<&'a Mutex<()>>,
    inside: &'a Inside,
}

/// The experiment `one-lock`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let work = Work::lasting(lab.work());
    let mut seen: BTreeMap<String, Vec<Times>> = BTreeMap::new();
    lab.expect_steps(variants.len() as u64 * u64::from(lab.runs()));
    for _ in 0..lab.runs() {
        for variant in &variants {
            lab.settle()?;
            let times = match variant.python {
                Some(_) => peer(lab, variant)?,
                None => Some(native(variant.base, work, lab.wait())?),
            };
            seen.entry(variant.name.clone()).or_default().extend(times);
            lab.step()?;
        }
    }
    for variant in &variants {
        let of_it = seen.get(&variant.name).map_or(&[][..], Vec::as_slice);
        if !of_it.is_empty() {
            tell(lab, variant, of_it)?;
        }
    }
    lab.summarize(&variants, &[])
}

fn native(variant: &str, work: Work, wait: Duration) -> Result<Times> {
    let lock = Mutex::new(());
    let inside = Inside::new()?;
    let computes = variant.starts_with("compute");
    let task = Task {
        work: computes.then_some(work),
        wait: (!computes).then_some(wait),
        lock: variant.ends_with("-locked").then_some(&lock),
        inside: &inside,
    };
    let mut times = LEVELS.map(|_| 0.0);
    for (time, threads) in times.iter_mut().zip(LEVELS) {
        *time = task.by(threads)?;
    }
    let [at_1_s, at_2_s, at_4_s] = times;
    let at_once = Some(inside.most.load(Relaxed));
    Ok(Times { at_1_s, at_2_s, at_4_s, at_once })
}

impl Task<'_> {
    /// Seconds until as many threads have each done the task, making and joining them included.
    fn by(&self, threads: u32) -> Result<f64> {
        let clock = Clocks::new(1).context("the clock in shared memory")?;
        home::run(|| {
            clock.time(0, || {
                home::scoped(|scope| {
                    for _ in 0..threads {
                        scope.builder().spawn(|_| self.run())?;
                    }
                    Ok(())
                })
            })
        })?;
        Ok(clock.elapsed_s())
    }

    fn run(&self) {
        match self.lock {
            Some(lock) => self.run_locked(lock),
            None => {
                self.compute();
                self.sleep();
            }
        }
    }

    fn run_locked(&self, lock: &Mutex<()>) {
        // region: one-lock
        let held = lock.lock().expect("the lock");
        self.compute(); // who computes holds it
        drop(held);
        self.sleep(); // who waits does not
        // endregion
    }

    fn compute(&self) {
        if let Some(work) = self.work {
            self.inside.during(|| work.run());
        }
    }

    fn sleep(&self) {
        if let Some(time) = self.wait {
            self.inside.during(|| thread::sleep(time));
        }
    }
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Times>> {
    let what = variant.base.trim_start_matches("python-").to_string();
    let seconds = if what == "wait" { lab.wait() } else { lab.work() };
    let arguments = ["one-lock".to_string(), what, seconds.as_secs_f64().to_string()];
    python::call(lab, variant, &arguments)
}

fn tell(lab: &mut Lab, variant: &Variant, seen: &[Times]) -> Result<()> {
    let median = |of: fn(&Times) -> f64| {
        stats::median(&seen.iter().map(of).collect::<Vec<_>>()) // there is one at least
    };
    let speedup = median(|times| 4.0 * times.at_1_s / times.at_4_s);
    let mut figures = vec![
        ("at_1_s", json!(median(|times| times.at_1_s))),
        ("at_2_s", json!(median(|times| times.at_2_s))),
        ("at_4_s", json!(median(|times| times.at_4_s))),
        ("speedup_4", json!(speedup)),
    ];
    if let Some(most) = seen.iter().filter_map(|times| times.at_once).max() {
        figures.push(("at_once", json!(most)));
    }
    if let Some(interpreter) = variant.python.map(|which| &lab.pythons[which]) {
        let told = [("python", json!(interpreter.version)), ("gil", json!(interpreter.gil))];
        figures.extend(told);
    }
    lab.measure(Some(&variant.name), figures)
}

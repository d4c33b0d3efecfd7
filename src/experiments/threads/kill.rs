//! To end one of two: a process by a signal, a thread by the same signal, a thread by asking it.
//!
//! Two workers count. One of them is to end, the other to go on. A signal whose action is to end
//! does not end the thread it was sent to, but the process with all of its threads (pthread_kill(3)):
//! they share memory and locks, and nobody could tell what the one has left half done. So neither
//! Rust nor Python has a call that kills a thread. A thread ends by itself, when it is asked to and
//! looks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use super::home;
use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish;
use crate::mp::{Process, SharedSlice, sys};

/// Figures: whether the one ended, whether the other went on, and the exit code of the one's
/// process (minus the number of a signal that ended it); of a Python, whether the kind of worker
/// has a method that ends it from outside, and the version.
pub const FIGURES: &[&str] = &["victim_ended", "other_lives", "exitcode", "has_method", "python"];

/// How long anybody waits for a sign of life, or for an end.
const BOUND: Duration = Duration::from_secs(5);
/// No worker outlives this, whatever happens.
const LIFE: Duration = Duration::from_secs(20);
/// Between two counts.
const BEAT: Duration = Duration::from_millis(1);
/// As many counts are a sign of life.
const ALIVE: u64 = 5;

/// What the two have in common, as words in shared memory.
struct Pair {
    /// Counts of the one and of the other.
    beats: SharedSlice<AtomicU64>,
    /// 1 where the one is asked to end; and both, for what comes after.
    asked: SharedSlice<AtomicU64>,
    /// The number of the one's thread.
    thread: SharedSlice<AtomicU64>,
}

/// What a run found out.
struct Found {
    victim_ended: bool,
    other_lives: bool,
    exitcode: i32,
}

/// What a peer prints.
#[derive(Debug, Deserialize)]
struct Said {
    victim_ended: bool,
    other_lives: bool,
    exitcode: Option<i32>,
    has_method: bool,
}

/// The experiment `end-one`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, figures)
}

fn figures(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let pair = Pair::new()?;
    let found = match variant.base {
        "process" => pair.kill_a_process()?,
        "thread" => pair.kill_a_thread()?,
        "asked" => pair.ask_a_thread()?,
        _ => return peer(lab, variant),
    };
    Ok(Some(vec![
        ("victim_ended", json!(found.victim_ended)),
        ("other_lives", json!(found.other_lives)),
        ("exitcode", json!(found.exitcode)),
    ]))
}

impl Pair {
    fn new() -> Result<Self> {
        let words = |count| SharedSlice::zeroed(count).context("words in shared memory");
        Ok(Pair { beats: words(2)?, asked: words(2)?, thread: words(1)? })
    }

    // region: look
    /// A worker counts until it is asked to end; it has to look for that itself.
    fn count(&self, who: usize) {
        let born = Instant::now();
        while self.asked[who].load(Relaxed) == 0 && born.elapsed() < LIFE {
            self.beats[who].fetch_add(1, Relaxed);
            thread::sleep(BEAT);
        }
    }
    // endregion

    fn ask(&self, who: usize) {
        self.asked[who].store(1, Relaxed);
    }

    /// Whether this one counts on, from now.
    fn lives(&self, who: usize) -> bool {
        let before = self.beats[who].load(Relaxed);
        within_bound(|| self.beats[who].load(Relaxed) >= before + ALIVE)
    }

    fn both_live(&self) -> Result<()> {
        ensure!(self.lives(0) && self.lives(1), "two workers that count: they do not");
        Ok(())
    }

    fn kill_a_process(&self) -> Result<Found> {
        let mut one = Process::new("one", || self.count(0));
        let mut other = Process::new("other", || self.count(1));
        one.start()?;
        other.start()?;
        self.both_live()?;
        // region: kill-process
        one.kill()?;
        let exit = one.join()?;
        // endregion
        let other_lives = self.lives(1);
        self.ask(1);
        finish(&mut other)?;
        Ok(Found { victim_ended: true, other_lives, exitcode: exit.exitcode() })
    }

    fn kill_a_thread(&self) -> Result<Found> {
        let mut home = Process::new("threads", || {
            home::scoped(|scope| {
                scope.builder().spawn(|_| {
                    self.thread[0].store(sys::thread_id() as u64, Relaxed);
                    self.count(0);
                })?;
                scope.builder().spawn(|_| self.count(1)).map(drop)
            })
            .expect("two threads");
        });
        home.start()?;
        self.both_live()?;
        let (pid, thread) = (home.pid().expect("started"), self.thread[0].load(Relaxed) as i32);
        // region: kill-thread
        sys::signal_thread(pid, thread, libc::SIGKILL)?; // to the one
        let exit = home.join()?;
        // endregion
        Ok(Found {
            victim_ended: true,
            other_lives: self.other_counts(),
            exitcode: exit.exitcode(),
        })
    }

    /// Whether the other still counts, asked of one that may have ended: the wait is short.
    fn other_counts(&self) -> bool {
        let before = self.beats[1].load(Relaxed);
        thread::sleep(BEAT * 50);
        self.beats[1].load(Relaxed) > before
    }

    fn ask_a_thread(&self) -> Result<Found> {
        let ended = SharedSlice::<AtomicU64>::zeroed(1).context("a word in shared memory")?;
        let other_lives = SharedSlice::<AtomicU64>::zeroed(1).context("a word in shared memory")?;
        home::run(|| {
            home::scoped(|scope| {
                let one = scope.builder().spawn(|_| self.count(0))?;
                scope.builder().spawn(|_| self.count(1))?;
                // region: ask-thread
                self.ask(0); // and it ends when it looks
                let joined = one.join();
                // endregion
                ended[0].store(u64::from(joined.is_ok()), Relaxed);
                other_lives[0].store(u64::from(self.lives(1)), Relaxed);
                self.ask(1);
                Ok(())
            })
        })?;
        let is_true = |word: &[AtomicU64]| word[0].load(Relaxed) == 1;
        Ok(Found {
            victim_ended: is_true(&ended),
            other_lives: is_true(&other_lives),
            exitcode: 0, // `home::run` has seen to it
        })
    }
}

/// Looks until it is so, or the bound is over.
fn within_bound(mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if began.elapsed() > BOUND {
            return false;
        }
        thread::sleep(BEAT);
    }
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let kind = variant.base.trim_start_matches("python-").to_string();
    let Some(said) = python::call::<Said>(lab, variant, &["end-one".to_string(), kind])? else {
        return Ok(None);
    };
    let interpreter = &lab.pythons[variant.python.expect("a peer's variant")];
    Ok(Some(vec![
        ("victim_ended", json!(said.victim_ended)),
        ("other_lives", json!(said.other_lives)),
        ("exitcode", json!(said.exitcode)),
        ("has_method", json!(said.has_method)),
        ("python", json!(interpreter.version)),
    ]))
}

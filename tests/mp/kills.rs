//! Storms: processes that lock and unlock as fast as they can are killed at random moments, in the
//! midst of locking and of unlocking, and whoever is left must always go on.
#![expect(clippy::print_stdout, reason = "the figures of a storm are part of its result")]

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parlab::mp::{Exit, Lock, LockError, LockGuard, Process, Shared, SharedSafe, sys};

use crate::Case;
use crate::staging::{ended, ends_well, started, wait_until};

pub const CASES: &[Case] = &[("kills::survivors_always_go_on", survivors_always_go_on)];

const WORKERS: usize = 4;

/// How many kills a storm has.
pub fn kills() -> u32 {
    std::env::var("PARLAB_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

#[repr(C)]
struct Stage {
    stop: AtomicU32,
    /// Which worker is inside, plus 1.
    inside: AtomicU32,
    /// How often two were inside at once.
    collisions: AtomicU32,
    /// How often a worker was told that the owner had died.
    owner_deaths: AtomicU32,
    longest_wait_ns: AtomicU64,
    /// How many waits lasted as long as a sleep that nobody ended.
    waits_over_50_ms: AtomicU64,
    turns: [AtomicU64; WORKERS],
}

// SAFETY: atomics only, for which all zero is a value.
unsafe impl SharedSafe for Stage {}

impl Stage {
    fn work(&self, lock: &Lock, me: usize) {
        while self.stop.load(Ordering::Relaxed) == 0 {
            let guard = self.enter(lock);
            if self.inside.swap(me as u32 + 1, Ordering::Relaxed) != 0 {
                self.collisions.fetch_add(1, Ordering::Relaxed);
            }
            for _ in 0..20 {
                sys::spin_loop();
            }
            self.inside.store(0, Ordering::Relaxed);
            guard.release();
            self.turns[me].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn enter<'a>(&self, lock: &'a Lock) -> LockGuard<'a> {
        let start = sys::now_ns();
        let guard = match lock.acquire() {
            Ok(guard) => guard,
            Err(LockError::OwnerDied(orphan)) => {
                self.owner_deaths.fetch_add(1, Ordering::Relaxed);
                self.inside.store(0, Ordering::Relaxed);
                orphan.repair()
            }
            Err(error) => panic!("{error}"),
        };
        let waited = sys::now_ns() - start;
        self.longest_wait_ns.fetch_max(waited, Ordering::Relaxed);
        self.waits_over_50_ms.fetch_add(u64::from(waited >= 50_000_000), Ordering::Relaxed);
        guard
    }

    fn turns(&self) -> [u64; WORKERS] {
        self.turns.each_ref().map(|turns| turns.load(Ordering::Relaxed))
    }
}

fn survivors_always_go_on() {
    let stage: Shared<Stage> = Shared::new().unwrap();
    let lock = Lock::new().unwrap();
    let (stage, lock) = (&*stage, &lock);
    let worker = |me: usize| started("worker", move || stage.work(lock, me));
    let mut workers: [Process<'_>; WORKERS] = std::array::from_fn(worker);
    for _ in 0..kills() {
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..1_000)));
        let victim = fastrand::usize(0..WORKERS);
        workers[victim].kill().unwrap();
        assert_eq!(ended(&mut workers[victim]), Exit::Signal(libc::SIGKILL));
        let before = stage.turns();
        for survivor in (0..WORKERS).filter(|&worker| worker != victim) {
            wait_until("a survivor gets its next turn", || {
                stage.turns()[survivor] > before[survivor]
            });
        }
        workers[victim] = worker(victim);
    }
    stage.stop.store(1, Ordering::Relaxed);
    workers.iter_mut().for_each(ends_well);
    assert_eq!(stage.collisions.load(Ordering::Relaxed), 0, "two were inside at once");
    println!(
        "        {} kills, {} owners killed inside, longest wait {} ms, {} waits of 50 ms or more",
        kills(),
        stage.owner_deaths.load(Ordering::Relaxed),
        stage.longest_wait_ns.load(Ordering::Relaxed) / 1_000_000,
        stage.waits_over_50_ms.load(Ordering::Relaxed),
    );
}

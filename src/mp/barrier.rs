//! Two ways to start together: `Barrier`, Python's, which sleeps, and `Gate`, which spins, for races
//! that are over before a sleeper would wake.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::shm::{Shared, SharedSafe};
use super::sys::{self, Deadline, LONGEST_SLEEP, MapError};

// ---------------------------------------------------------------------------------------- Gate

/// How often a party looks before it begins to yield between looks: some tens of microseconds.
const SPINS: u32 = 2_000;

/// A start line for a race: nobody passes until all have come. Used once.
///
/// It spins, and this is its point. Ten thousand steps of a counting loop last about 20
/// microseconds, less than it takes to wake a sleeper on another CPU: parties that sleep at a
/// barrier mostly run one after the other, and a race without overlap shows nothing. After some
/// thousand looks a party yields its CPU between looks, so that the others come where there are
/// fewer CPUs than parties. Python has no such thing.
#[derive(Debug)]
pub struct Gate {
    arrived: Shared<AtomicU32>,
    parties: u32,
}

/// Why a party did not pass a [`Gate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// The others did not come in time: one may have died on its way.
    #[error(
        "only {arrived} of {parties} came to the gate in time: look whether the others still run"
    )]
    TimedOut {
        /// How many had come.
        arrived: u32,
        /// How many were to come.
        parties: u32,
    },
    /// More came than there are parties.
    #[error(
        "the gate for {parties} has been passed: it is used once, make a new one for each start"
    )]
    Passed {
        /// How many were to come.
        parties: u32,
    },
}

impl Gate {
    /// Makes a gate that opens when `parties` have come.
    ///
    /// # Errors
    /// [`MapError`] if there is no memory for it.
    pub fn new(parties: u32) -> Result<Self, MapError> {
        Ok(Self { arrived: Shared::new()?, parties })
    }

    /// Comes to the gate and waits, no longer than `bound`, for the others.
    ///
    /// # Errors
    /// [`GateError::TimedOut`], after which this party still counts as one that came; and
    /// [`GateError::Passed`].
    pub fn arrive_and_wait(&self, bound: Duration) -> Result<(), GateError> {
        let parties = self.parties;
        if self.arrived.fetch_add(1, Ordering::AcqRel) >= parties {
            return Err(GateError::Passed { parties });
        }
        let is_open = || self.arrived.load(Ordering::Acquire) >= parties;
        for _ in 0..SPINS {
            if is_open() {
                return Ok(());
            }
            sys::spin_loop();
        }
        let deadline = Deadline::after(bound);
        while !is_open() {
            if deadline.is_over() {
                let arrived = self.arrived.load(Ordering::Acquire);
                return Err(GateError::TimedOut { arrived, parties });
            }
            sys::yield_now();
        }
        Ok(())
    }
}

// ------------------------------------------------------------------------------------- Barrier

/// All parties wait until the last has come, then all go on; again and again. Python's `Barrier`.
///
/// **Python's** is made of a condition variable and locks: a party that is killed inside leaves
/// them locked. **Here** it is one word in shared memory, changed in one atomic step, so a party
/// killed anywhere leaves it whole. A party that dies before it comes is simply missed: the wait of
/// the others ends by its bound, which breaks the barrier for all, as in Python. Python's `reset`
/// and `action` are left out: make a new one.
#[derive(Debug)]
pub struct Barrier {
    state: Shared<State>,
    parties: u32,
}

/// The futex word: the number of parties that came in bits 0 to 14, "broken" in bit 15, and the
/// round, which only grows (and wraps), in bits 16 to 31.
#[derive(Debug)]
struct State(AtomicU32);

// SAFETY: one atomic word, for which zero (round 0, whole, nobody came) is a value.
unsafe impl SharedSafe for State {}

const CAME: u32 = 0x7fff;
const BROKEN: u32 = 0x8000;
const ROUND: u32 = 1 << 16;

/// Why a party did not pass a [`Barrier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BarrierError {
    /// The others did not come in time; the barrier is broken now.
    #[error(
        "the others did not come to the barrier in time, so it is broken: look whether they still run"
    )]
    TimedOut,
    /// Another party's time was over, or somebody called `abort`. Python's `BrokenBarrierError`.
    #[error("the barrier is broken: a party's wait was over or it was aborted; make a new one")]
    Broken,
}

impl Barrier {
    /// The most parties a barrier can have.
    pub const MAX_PARTIES: u32 = CAME;

    /// Makes a barrier for `parties`.
    ///
    /// # Errors
    /// [`MapError`] if there is no memory for it.
    ///
    /// # Panics
    /// If `parties` is 0 or above [`MAX_PARTIES`](Self::MAX_PARTIES).
    pub fn new(parties: u32) -> Result<Self, MapError> {
        assert!(
            (1..=Self::MAX_PARTIES).contains(&parties),
            "a barrier has 1 to {} parties, not {parties}",
            Self::MAX_PARTIES
        );
        Ok(Self { state: Shared::new()?, parties })
    }

    /// How many parties it waits for.
    #[must_use]
    pub fn parties(&self) -> u32 {
        self.parties
    }

    /// How many wait at this moment.
    #[must_use]
    pub fn n_waiting(&self) -> u32 {
        self.word().load(Ordering::Relaxed) & CAME
    }

    /// Whether it is broken, for good.
    #[must_use]
    pub fn broken(&self) -> bool {
        self.word().load(Ordering::Relaxed) & BROKEN != 0
    }

    /// Waits for the others as long as it takes. Returns the order of arrival, 0 to parties - 1,
    /// another for each party of a round.
    ///
    /// # Errors
    /// [`BarrierError::Broken`].
    pub fn wait(&self) -> Result<u32, BarrierError> {
        self.wait_until(Deadline::never())
    }

    /// As [`wait`](Self::wait), no longer than `bound`, and no shorter. When the time is over the
    /// barrier breaks for all.
    ///
    /// # Errors
    /// [`BarrierError::TimedOut`] and [`BarrierError::Broken`].
    pub fn wait_timeout(&self, bound: Duration) -> Result<u32, BarrierError> {
        self.wait_until(Deadline::after(bound))
    }

    /// Breaks the barrier: whoever waits and whoever comes gets [`BarrierError::Broken`].
    pub fn abort(&self) {
        self.word().fetch_or(BROKEN, Ordering::AcqRel);
        sys::futex_wake(self.word(), u32::MAX);
    }

    fn word(&self) -> &AtomicU32 {
        &self.state.0
    }

    fn wait_until(&self, deadline: Deadline) -> Result<u32, BarrierError> {
        let before = self.arrive()?;
        let index = before & CAME;
        if index + 1 == self.parties {
            sys::futex_wake(self.word(), u32::MAX);
            return Ok(index);
        }
        loop {
            let now = self.word().load(Ordering::Acquire);
            if now / ROUND != before / ROUND {
                return Ok(index);
            }
            if now & BROKEN != 0 {
                return Err(BarrierError::Broken);
            }
            if !deadline.is_over() {
                sys::futex_wait(self.word(), now, deadline.left().min(LONGEST_SLEEP));
            } else if self.break_if(now) {
                return Err(BarrierError::TimedOut);
            }
        }
    }

    /// Counts the caller among those who came; the last one begins the next round. Returns the word
    /// as it was before.
    fn arrive(&self) -> Result<u32, BarrierError> {
        let next = |now: u32| match now {
            _ if now & BROKEN != 0 => None,
            _ if (now & CAME) + 1 == self.parties => Some((now - (now & CAME)).wrapping_add(ROUND)),
            _ => Some(now + 1),
        };
        self.word()
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
            .map_err(|_| BarrierError::Broken)
    }

    /// Breaks the barrier if nothing has changed: not if the last party came at this very moment.
    fn break_if(&self, now: u32) -> bool {
        let broke = self
            .word()
            .compare_exchange(now, now | BROKEN, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if broke {
            sys::futex_wake(self.word(), u32::MAX);
        }
        broke
    }
}

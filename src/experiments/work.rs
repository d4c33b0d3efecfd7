//! Work: computing that lasts about as long as was asked, on a CPU of one's own.
//!
//! A fixed number of loop steps, calibrated once, and never a loop that looks at the
//! clock: two processes that share a CPU would both see the time pass and seem to
//! compute in parallel.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Steps of one calibration, some milliseconds on today's machines.
const CALIBRATION: u64 = 2_000_000;
/// Calibrations; the fastest counts, as it was disturbed least.
const TIMES: u32 = 5;

/// So many steps of computing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    steps: u64,
}

impl Work {
    /// Work that takes `time` on this machine when it has a CPU to itself. Calibrates,
    /// which takes some ten milliseconds, unless there is nothing to do.
    pub fn lasting(time: Duration) -> Self {
        if time.is_zero() {
            return Work { steps: 0 };
        }
        let fastest = (0..TIMES).map(|_| timed(CALIBRATION)).min().unwrap_or(Duration::MAX);
        let per_step = fastest.as_secs_f64() / CALIBRATION as f64;
        Work { steps: (time.as_secs_f64() / per_step).round() as u64 }
    }

    /// Does it.
    pub fn run(self) {
        compute(self.steps);
    }
}

fn timed(steps: u64) -> Duration {
    let began = Instant::now();
    compute(steps);
    began.elapsed()
}

/// A linear congruential generator (Knuth, MMIX), each step of which needs the one before.
fn compute(steps: u64) {
    let mut state: u64 = 1;
    for _ in 0..steps {
        state = black_box(
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407),
        );
    }
    black_box(state);
}

//! The clock that everything is timed with, CLOCK_MONOTONIC: what it promises, and what it keeps.
//!
//! A time shorter than the clock's grain is no time at all, and on a virtual machine whose clock is
//! no counter of the processor's a reading may cost more than what lies between two of them.

use std::fs;
use std::path::Path;

use nix::time::{ClockId, clock_getres};

use crate::event::Clock;
use crate::mp::sys;

/// Readings by which the grain is found, some milliseconds of them.
const READINGS: u32 = 100_000;

/// Reads it again and again.
pub fn measure() -> Clock {
    let began = sys::now_ns();
    let mut before = began;
    let mut grain_ns = u64::MAX;
    for _ in 0..READINGS {
        let now = sys::now_ns();
        if now > before {
            grain_ns = grain_ns.min(now - before);
        }
        before = now;
    }
    let resolution = clock_getres(ClockId::CLOCK_MONOTONIC).ok();
    Clock {
        source: source(Path::new("/sys/devices/system/clocksource/clocksource0")),
        resolution_ns: resolution
            .and_then(|r| u64::try_from(r.tv_sec() * 1_000_000_000 + r.tv_nsec()).ok()),
        grain_ns,
        reading_ns: (before - began) as f64 / f64::from(READINGS),
    }
}

fn source(of: &Path) -> Option<String> {
    let text = fs::read_to_string(of.join("current_clocksource")).ok()?;
    Some(text.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on() {
        let clock = measure();
        assert!(clock.grain_ns > 0 && clock.grain_ns < u64::MAX, "{clock:?}");
        assert!(clock.reading_ns > 0.0, "{clock:?}");
    }
}

//! A whole run of the bank: two processes forked, let go together, 10 000 locked steps in each, and
//! joined. Python's same is measured from inside, after its interpreter has started.

mod paired;
mod peer;
mod race;

use std::time::Instant;

use anyhow::{Result, ensure};
use paired::Report;
use parlab::mp::{Lock, RawValue};
use peer::Peer;
use serde::Deserialize;

const ROUNDS: u32 = 41;
const STEPS: u32 = 10_000;
/// What each process adds at each step.
const AMOUNTS: [i32; 2] = [-1, 1];

fn main() -> Result<()> {
    paired::bench("The bank: fork two, 2 × 10 000 locked steps, join", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    let Some(peer) = Peer::find() else {
        report.note("left out: no python3 that works is on the PATH");
        return Ok(());
    };
    let places = race::places();
    report.note(race::placement(places));
    report.note(format!("theirs: Python {}", peer.version()));
    let lock = Lock::new()?;
    let pairs = paired::rounds(ROUNDS, || ours(&lock, places), || theirs(&peer))?;
    report.times_faster("a run, against Python's multiprocessing", &pairs, 10.0);
    Ok(())
}

/// Seconds, from before the processes are made to after the last is joined.
fn ours(lock: &Lock, places: [usize; 2]) -> Result<f64> {
    let balance = RawValue::new(100_i32)?;
    let began = Instant::now();
    race::race(
        &places,
        |_| (),
        |index| {
            for _ in 0..STEPS {
                let held = lock.acquire().expect("nobody died holding it");
                balance.set(balance.get() + AMOUNTS[index]);
                held.release();
            }
        },
    )?;
    let whole = began.elapsed().as_secs_f64();
    ensure!(balance.get() == 100, "the locked bank lost updates: {} is left", balance.get());
    Ok(whole)
}

#[derive(Deserialize)]
struct Told {
    whole_s: f64,
    expected: i32,
    got: i32,
}

fn theirs(peer: &Peer) -> Result<f64> {
    let told: Told = peer.run(&["bank", "locked", &STEPS.to_string()])?;
    ensure!(told.got == told.expected, "Python's locked bank lost updates: {} is left", told.got);
    Ok(told.whole_s)
}

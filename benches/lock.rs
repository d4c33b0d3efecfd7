//! What `mp::Lock` costs: a step is acquire, add, release.
//!
//! Beside it stands the same mutex used as barely as can be, `pthread_mutex_lock` and
//! `pthread_mutex_unlock`: what ours adds is a wait that is bounded, so that it survives a process
//! killed between unlocking and waking (see `mp::lock`), and a guard that says when an owner died.
//! And Python's Lock with its Value, as the lesson's peer uses them.

mod bare;
mod paired;
mod peer;
mod race;

use anyhow::Result;
use bare::Bare;
use paired::Report;
use parlab::mp::{Lock, RawValue, Shared};
use peer::Peer;
use race::race;
use serde::Deserialize;

const ROUNDS: u32 = 101;
const ROUNDS_OF_PYTHON: u32 = 21;
/// Alone, 20 ns each; contended, some 100 ns each: enough for the clock's and the gate's error to
/// be less than a hundredth.
const STEPS: u32 = 100_000;
const STEPS_OF_PYTHON: u32 = 20_000;

/// Seconds a step.
#[derive(Debug, Clone, Copy)]
struct Price {
    alone: f64,
    contended: f64,
}

fn main() -> Result<()> {
    paired::bench("A step: acquire, add, release", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    let places = race::places();
    report.note(race::placement(places));
    let (lock, bare) = (Lock::new()?, Shared::<Bare>::new()?);
    bare.init();
    let balance = RawValue::new(0_i32)?;
    let ours = || {
        price(places, || {
            let held = lock.acquire().expect("nobody died holding it");
            balance.set(balance.get().wrapping_add(1));
            held.release();
        })
    };
    let theirs = || {
        price(places, || {
            bare.lock();
            balance.set(balance.get().wrapping_add(1));
            bare.unlock();
        })
    };
    let (alone, contended) = split(&paired::rounds(ROUNDS, ours, theirs)?);
    report.at_most("alone, against a bare robust mutex", &alone, 1.2);
    report.at_most("contended, against a bare robust mutex", &contended, 1.2);
    match Peer::find() {
        None => report.note("Python: left out, no python3 that works is on the PATH"),
        Some(peer) => {
            report.note(format!("theirs, where it is Python: {}", peer.version()));
            let prices = paired::rounds(ROUNDS_OF_PYTHON, ours, || python(&peer))?;
            let (alone, contended) = split(&prices);
            report.times_faster("alone, against Python's Lock and Value", &alone, 15.0);
            report.times_faster("contended, against Python's Lock and Value", &contended, 15.0);
        }
    }
    Ok(())
}

/// What a step costs one process, alone and while another does the same.
fn price(places: [usize; 2], step: impl Fn()) -> Result<Price> {
    let steps = |count| (0..count).for_each(|_| step());
    let timed = |places: &[usize]| race(places, |_| steps(STEPS / 10), |_| steps(STEPS));
    let each = f64::from(STEPS);
    Ok(Price { alone: timed(&places[..1])? / each, contended: timed(&places)? / each })
}

#[derive(Deserialize)]
struct Told {
    alone_ns: f64,
    contended_ns: f64,
}

fn python(peer: &Peer) -> Result<Price> {
    let told: Told = peer.run(&["price", &STEPS_OF_PYTHON.to_string()])?;
    Ok(Price { alone: told.alone_ns / 1e9, contended: told.contended_ns / 1e9 })
}

type Pairs = Vec<(f64, f64)>;

fn split(prices: &[(Price, Price)]) -> (Pairs, Pairs) {
    prices
        .iter()
        .map(|(ours, theirs)| ((ours.alone, theirs.alone), (ours.contended, theirs.contended)))
        .unzip()
}

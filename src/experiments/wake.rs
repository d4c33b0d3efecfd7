//! What it costs to wake a process that sleeps: on the same CPU, and on another one.
//!
//! A byte goes there and back through two pipes, again and again. Only one of the two processes has
//! something to do at any moment, so half a round trip is a write, the waking of the other, and its
//! read. On another CPU the wake crosses the machine, and an idle CPU first has to come back.

use std::time::Duration;

use anyhow::{Context, Result};

use super::clocks::Clocks;
use super::workers::finish_all;
use crate::event::Wake;
use crate::mp::{Connection, Gate, Process, pipe_oneway};
use crate::stats;

/// Round trips of a run.
const ROUND_TRIPS: u32 = 200;
/// Runs in each placement.
const RUNS: u32 = 5;
/// How long a process waits for the other at the start.
const GATE_BOUND: Duration = Duration::from_secs(5);

/// Measures it on these CPUs, of which there is one at least.
///
/// # Errors
/// When processes, descriptors or shared memory cannot be had.
pub fn measure(usable: &[usize]) -> Result<Wake> {
    let (mut same, mut two) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        same.push(half_round_trip([usable[0]; 2])?);
        if let [first, second, ..] = *usable {
            two.push(half_round_trip([first, second])?);
        }
    }
    let same_cpu_s = stats::median(&same).unwrap_or(f64::NAN); // there is one run at least
    Ok(Wake { same_cpu_s, two_cpus_s: stats::median(&two) })
}

fn half_round_trip(cpus: [usize; 2]) -> Result<f64> {
    let (a_reads, b_writes) = pipe_oneway()?;
    let (b_reads, a_writes) = pipe_oneway()?;
    let gate = Gate::new(2).context("the gate in shared memory")?;
    let clocks = Clocks::new(1).context("the clock in shared memory")?;
    let (gate_of, clocks_of) = (&gate, &clocks);
    let meet = move || gate_of.arrive_and_wait(GATE_BOUND).expect("both at the gate");
    let asker = move || {
        meet();
        clocks_of.time(0, || {
            for _ in 0..ROUND_TRIPS {
                a_writes.send_bytes(b".").expect("the line to the other");
                wait_for_one(&a_reads);
            }
        });
    };
    let echoer = move || {
        meet();
        for _ in 0..ROUND_TRIPS {
            wait_for_one(&b_reads);
            b_writes.send_bytes(b".").expect("the line to the other");
        }
    };
    let mut both = [Process::new("asker", asker), Process::new("echoer", echoer)];
    for (process, cpu) in both.iter_mut().zip(cpus) {
        process.pin(cpu)?;
        process.start()?;
    }
    finish_all(&mut both)?;
    Ok(clocks.elapsed_s() / f64::from(2 * ROUND_TRIPS))
}

fn wait_for_one(from: &Connection) {
    from.recv_bytes().expect("the line from the other");
}

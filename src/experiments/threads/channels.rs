//! Channels: messages between threads, and the same between processes.
//!
//! One sender, two receivers. Each message has one receiver; which one is nobody's promise. A
//! receiver's loop ends when the channel is empty and its last sender is gone: nobody has to send a
//! sign for the end. Between threads a message is handed over in memory that both see; between
//! processes it is turned into bytes and copied into memory shared for the purpose.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result};
use crossbeam::channel::{Receiver, Sender, bounded};
use serde::Deserialize;
use serde_json::{Value, json};

use super::home;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish_all;
use crate::mp::{Process, Queue, QueueError, SharedSlice};
use crate::stats;

/// Figures: messages sent; received by both together; those that more than one received; the most
/// and the fewest that a receiver got (in the last run); time per message, from before the
/// receivers are made to after they have been joined (median over the runs); the version of a
/// Python.
pub const FIGURES: &[&str] =
    &["messages", "received", "twice", "most", "fewest", "each_ns", "python"];

/// Messages of a run.
const MESSAGES: usize = 10_000;
/// Messages that fit at once; then the sender waits.
const CAPACITY: usize = 100;
/// Who receives.
const RECEIVERS: usize = 2;
/// A number and its length take less than this in a queue between processes.
const BYTES: usize = 16;
/// How long a process waits for a message.
const BOUND: Duration = Duration::from_secs(10);

/// How often each message was received, and how many messages each receiver got.
struct Tally {
    received: SharedSlice<AtomicU64>,
    by: SharedSlice<AtomicU64>,
}

/// One run, ended.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Counted {
    received: u64,
    twice: u64,
    most: u64,
    fewest: u64,
    time_s: f64,
}

/// The experiment `channels`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let queue = Queue::new(CAPACITY * BYTES).context("the queue")?;
    lab.expect_steps(variants.len() as u64 * u64::from(lab.runs()));
    let mut seen: Vec<Vec<Counted>> = vec![Vec::new(); variants.len()];
    for _ in 0..lab.runs() {
        for (variant, seen) in variants.iter().zip(&mut seen) {
            lab.settle()?;
            seen.extend(match variant.base {
                "channel" => Some(between_threads()?),
                "queue" => Some(between_processes(&queue)?),
                _ => peer(lab, variant)?,
            });
            lab.step()?;
        }
    }
    for (variant, seen) in variants.iter().zip(&seen) {
        if let Some(figures) = figures(lab, variant, seen) {
            lab.measure(Some(&variant.name), figures)?;
        }
    }
    lab.summarize(&variants, &[])
}

impl Tally {
    fn new() -> Result<Self> {
        let words = |count| SharedSlice::zeroed(count).context("the tally in shared memory");
        Ok(Tally { received: words(MESSAGES)?, by: words(RECEIVERS)? })
    }

    fn take(&self, who: usize, number: usize) {
        self.received[number].fetch_add(1, Relaxed);
        self.by[who].fetch_add(1, Relaxed);
    }

    fn counted(&self, clock: &Clocks) -> Counted {
        let by = || self.by.iter().map(|count| count.load(Relaxed));
        let twice = self.received.iter().filter(|times| times.load(Relaxed) > 1);
        Counted {
            received: by().sum(),
            twice: twice.count() as u64,
            most: by().max().unwrap_or(0),
            fewest: by().min().unwrap_or(0),
            time_s: clock.elapsed_s(),
        }
    }
}

fn between_threads() -> Result<Counted> {
    let tally = Tally::new()?;
    let clock = Clocks::new(1).context("the clock in shared memory")?;
    let (sender, receiver) = bounded(CAPACITY);
    let receive = |who: usize, receiver: Receiver<usize>| {
        // region: receive
        for number in receiver {
            tally.take(who, number); // until the last sender is gone
        }
        // endregion
    };
    let receive = &receive;
    home::run(|| {
        clock.time(0, || {
            home::scoped(|scope| {
                // region: scope
                for who in 0..RECEIVERS {
                    let receiver = receiver.clone(); // another end of the same channel
                    scope.builder().spawn(move |_| receive(who, receiver))?;
                }
                // endregion
                send(sender);
                Ok(())
            })
        })
    })?;
    Ok(tally.counted(&clock))
}

// region: send
fn send(sender: Sender<usize>) {
    for number in 0..MESSAGES {
        sender.send(number).expect("a receiver is there"); // waits while it is full
    }
} // the sender is dropped here: that is the end of the channel
// endregion

fn between_processes(queue: &Queue<Option<usize>>) -> Result<Counted> {
    let tally = Tally::new()?;
    let clock = Clocks::new(1).context("the clock in shared memory")?;
    let receive = |who: usize| {
        while let Some(number) = queue.get_timeout(BOUND).expect("a message, or the end") {
            tally.take(who, number);
        }
    };
    let receive = &receive;
    clock.time(0, || -> Result<()> {
        let process = |who| Process::new("receiver", move || receive(who));
        let mut receivers: Vec<Process> = (0..RECEIVERS).map(process).collect();
        for receiver in &mut receivers {
            receiver.start()?;
        }
        let numbers = (0..MESSAGES).map(Some);
        // A process cannot see that the others put nothing any more: one sign for each.
        let ends = (0..RECEIVERS).map(|_| None);
        let put = |message| queue.put_timeout(&message, BOUND);
        let sent: Result<(), QueueError> = numbers.chain(ends).try_for_each(put);
        sent.context("sending to the receivers")?;
        finish_all(&mut receivers)
    })?;
    Ok(tally.counted(&clock))
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Counted>> {
    let numbers = [MESSAGES, CAPACITY].map(|number| number.to_string());
    let [messages, capacity] = numbers;
    python::call(lab, variant, &["channels".to_string(), messages, capacity])
}

fn figures(lab: &Lab, variant: &Variant, seen: &[Counted]) -> Option<Vec<(&'static str, Value)>> {
    let last = seen.last()?;
    let times: Vec<f64> = seen.iter().map(|run| run.time_s * 1e9 / MESSAGES as f64).collect();
    let mut figures = vec![
        ("messages", json!(MESSAGES)),
        ("received", json!(last.received)),
        ("twice", json!(last.twice)),
        ("most", json!(last.most)),
        ("fewest", json!(last.fewest)),
        ("each_ns", json!(stats::median(&times))),
    ];
    if let Some(interpreter) = variant.python.map(|which| &lab.pythons[which]) {
        figures.push(("python", json!(interpreter.version)));
    }
    Some(figures)
}

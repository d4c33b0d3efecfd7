//! One reader: two processes receive on the same end, and each message goes to one of them.
//!
//! With a lock around `recv` every message stays whole. Without it the two take parts of each
//! other's messages: a message is read in steps, its length and then its bytes, and one that does
//! not fit into the pipe comes in several pieces, between which the other one waits for its turn.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish_all;
use crate::mp::{Connection, Gate, Lock, PipeError, Process, SharedSlice, pipe_oneway};

/// Figures: messages sent and the length of each; how many each of the two received whole; how many
/// came to both, how many to none; and how often one of them received what was never sent.
pub const FIGURES: &[&str] =
    &["messages", "message_bytes", "first_got", "second_got", "to_both", "to_none", "garbled"];

/// Messages.
const MESSAGES: usize = 40;
/// Bytes of each, its number (from 1) again and again: more than a pipe holds.
const LENGTH: usize = 100_000;
/// How long each receiver is busy with a message: the second one is the slower.
const BUSY: [Duration; 2] = [Duration::from_micros(200), Duration::from_micros(600)];
/// How long anybody waits for the others at the start.
const BOUND: Duration = Duration::from_secs(10);

/// An end of the pipe, which each process takes from its own copy of the parent's memory.
type Handle = Cell<Option<Connection>>;

/// What both receivers write down.
struct Log {
    /// For each receiver and message, how often it came.
    received: [SharedSlice<AtomicU32>; 2],
    /// For each receiver, how often something came that was never sent.
    garbled: SharedSlice<AtomicU32>,
}

/// The experiment `one-reader`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        let log = received_by_two(variant)?;
        let count = |is: fn(u32, u32) -> bool| {
            let came = log.received[0].iter().zip(log.received[1].iter());
            came.filter(|(first, second)| is(first.load(Relaxed), second.load(Relaxed))).count()
        };
        let garbled: u32 = log.garbled.iter().map(|count| count.load(Relaxed)).sum();
        let figures = [
            ("messages", json!(MESSAGES)),
            ("message_bytes", json!(LENGTH)),
            ("first_got", json!(count(|first, _| first > 0))),
            ("second_got", json!(count(|_, second| second > 0))),
            ("to_both", json!(count(|first, second| first > 0 && second > 0))),
            ("to_none", json!(count(|first, second| first + second == 0))),
            ("garbled", json!(garbled)),
        ];
        lab.measure(Some(&variant.name), figures)?;
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn received_by_two(variant: &Variant) -> Result<Log> {
    let memory = "shared memory for the processes";
    let (conn2, conn1) = pipe_oneway().context("the pipe")?;
    let (conn1, conn2) = (Handle::new(Some(conn1)), Handle::new(Some(conn2)));
    let lock = Lock::new().context(memory)?;
    let lock = (variant.base == "locked").then_some(&lock);
    let gate = Gate::new(3).context(memory)?;
    let marks = |len| SharedSlice::zeroed(len).context(memory);
    let log = Log { received: [marks(MESSAGES)?, marks(MESSAGES)?], garbled: marks(2)? };
    let receiver = |who: usize| {
        let (conn1, conn2, gate, log) = (&conn1, &conn2, &gate, &log);
        Process::new(format!("receiver-{}", who + 1), move || {
            drop(conn1.take()); // or the end would never come
            let conn2 = conn2.take().expect("it is open");
            gate.arrive_and_wait(BOUND).expect("all at the gate");
            receive(&conn2, lock, |received| log.note(who, received));
        })
    };
    let sender = Process::new("sender", || {
        drop(conn2.take()); // or nobody would tell it that both receivers have given up
        let conn1 = conn1.take().expect("it is open");
        gate.arrive_and_wait(BOUND).expect("all at the gate");
        let _ = (0..MESSAGES).try_for_each(|number| conn1.send_bytes(&message(number)));
    });
    let mut all = [receiver(0), receiver(1), sender];
    all.iter_mut().try_for_each(Process::start)?;
    drop((conn1.take(), conn2.take())); // the parent's copies
    finish_all(&mut all)?;
    drop(all);
    Ok(log)
}

fn receive(conn2: &Connection, lock: Option<&Lock>, note: impl Fn(Option<Vec<u8>>)) {
    // region: receive
    loop {
        let held = lock.map(|lock| lock.acquire().expect("the lock"));
        let received = conn2.recv_bytes();
        drop(held);
        match received {
            Ok(message) => note(Some(message)),
            Err(PipeError::Closed) => return, // the end
            Err(_) => return note(None),      // what came was no message
        }
    }
    // endregion
}

fn message(number: usize) -> Vec<u8> {
    vec![number as u8 + 1; LENGTH]
}

impl Log {
    /// Notes what receiver `who` received, a message that was sent or something else, and is busy
    /// with it for a while.
    fn note(&self, who: usize, received: Option<Vec<u8>>) {
        let number = received.and_then(|bytes| {
            let number = usize::from(*bytes.first()?).checked_sub(1)?;
            (number < MESSAGES && bytes == message(number)).then_some(number)
        });
        let place = match number {
            Some(number) => &self.received[who][number],
            None => &self.garbled[who],
        };
        place.fetch_add(1, Relaxed);
        thread::sleep(BUSY[who]);
    }
}

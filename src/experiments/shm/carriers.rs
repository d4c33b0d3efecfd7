//! The ways in which numbers get to a child and back: as messages, or by lying where both see them.
//!
//! A message is copied into the carrier by the one who sends it, and out of it by the one who
//! receives it. Numbers in shared memory are copied in once and out once, by the parent; the child
//! works where they lie, and messages only say that it may begin, and that it is done.
//!
//! A manager's queue is a third way: each message goes through a server process, so it is copied four
//! times on its way there, and each put and each get is a call that waits for its answer.
//!
//! Messages have 64 KiB at most, so that no process ever holds more than its numbers and one block of
//! them. The child receives everything before it sends anything: two processes that both send, and
//! nobody receives, wait for each other as soon as the carrier is full.

use anyhow::{Context, Result};
use bytemuck::{cast_slice, cast_slice_mut};

use crate::experiments::lab::Lab;
use crate::mp::manager::{Manager, QueueProxy};
use crate::mp::{self, Connection, Queue, RawArray};

/// Numbers in one message: 64 KiB, as much as a pipe holds by default.
const BLOCK: usize = 8192;

/// Messages that a manager's queue holds.
const BLOCKS: usize = 16;

/// What a queue holds, in bytes: some blocks, so that both ends can work at the same time.
const QUEUE_BYTES: usize = 1 << 20;

/// A way to the child and back. Both sides return how many bytes they copied into the carrier and
/// out of it.
pub trait Carrier {
    /// In the parent: carries the numbers to the child, and writes what comes back over them.
    fn there_and_back(&self, numbers: &mut [f64]) -> usize;

    /// In the child: adds 2 to each of `n` numbers. It says `ready` when it has its memory.
    fn add_two(&self, n: usize, ready: &dyn Fn()) -> usize;

    /// In the parent, before the trip: gets the carrier's memory, if it has any of that size, or
    /// whatever else is got once.
    fn touch(&self) {}
}

/// The carrier of that name, for `n` numbers.
///
/// # Errors
/// When memory, descriptors or, for the manager's socket, the run's directory cannot be had.
pub fn carrier(lab: &mut Lab, name: &str, n: usize) -> Result<Box<dyn Carrier>> {
    Ok(match name {
        "pipe" => Box::new(Pipes {
            there: mp::pipe_oneway().context("a pipe")?,
            back: mp::pipe_oneway().context("a pipe")?,
        }),
        "socketpair" => Box::new(Socketpair(mp::pipe().context("a pair of sockets")?)),
        "queue" => Box::new(Queues {
            there: Queue::new(QUEUE_BYTES).context("the queue")?,
            back: Queue::new(QUEUE_BYTES).context("the queue")?,
        }),
        "shm" => Box::new(InPlace {
            array: RawArray::new(n).context("the array")?,
            go: Queue::new(64).context("the queue")?,
            done: Queue::new(64).context("the queue")?,
        }),
        "manager" => Box::new(Managed::new(lab)?),
        other => unreachable!("the registry has no variant {other}"),
    })
}

// region: messages
fn send(to: &Connection, numbers: &[f64]) -> usize {
    for block in numbers.chunks(BLOCK) {
        // Copied in, and on the other side out again.
        to.send_bytes(cast_slice(block)).expect("the other end is open");
    }
    size_of_val(numbers)
}
// endregion

fn receive(from: &Connection, numbers: &mut [f64]) -> usize {
    for block in numbers.chunks_mut(BLOCK) {
        let bytes = from.recv_bytes().expect("the other end is open"); // copied out
        cast_slice_mut(block).copy_from_slice(&bytes);
    }
    size_of_val(numbers)
}

/// Room for the child's numbers, and not a promise of room: each page is written to.
fn room(n: usize) -> Vec<f64> {
    vec![f64::NAN; n]
}

fn plus_two(numbers: &mut [f64]) {
    for number in numbers {
        *number += 2.0;
    }
}

/// Two pipes, each (reader, writer).
struct Pipes {
    there: (Connection, Connection),
    back: (Connection, Connection),
}

impl Carrier for Pipes {
    fn there_and_back(&self, numbers: &mut [f64]) -> usize {
        send(&self.there.1, numbers) + receive(&self.back.0, numbers)
    }

    fn add_two(&self, n: usize, ready: &dyn Fn()) -> usize {
        let mut numbers = room(n);
        ready();
        // region: pipe-child
        let received = receive(&self.there.0, &mut numbers);
        plus_two(&mut numbers);
        let sent = send(&self.back.1, &numbers);
        // endregion
        received + sent
    }
}

/// One connection both ways: (parent's end, child's end).
struct Socketpair((Connection, Connection));

impl Carrier for Socketpair {
    fn there_and_back(&self, numbers: &mut [f64]) -> usize {
        let (parent, _) = &self.0;
        send(parent, numbers) + receive(parent, numbers)
    }

    fn add_two(&self, n: usize, ready: &dyn Fn()) -> usize {
        let (_, child) = &self.0;
        let mut numbers = room(n);
        ready();
        let received = receive(child, &mut numbers);
        plus_two(&mut numbers);
        received + send(child, &numbers)
    }
}

/// A queue each way.
struct Queues {
    there: Queue<()>,
    back: Queue<()>,
}

fn put(to: &Queue<()>, numbers: &[f64]) -> usize {
    for block in numbers.chunks(BLOCK) {
        to.put_bytes(cast_slice(block)).expect("nobody closes it");
    }
    size_of_val(numbers)
}

fn get(from: &Queue<()>, numbers: &mut [f64]) -> usize {
    for block in numbers.chunks_mut(BLOCK) {
        let bytes = from.get_bytes().expect("nobody closes it");
        cast_slice_mut(block).copy_from_slice(&bytes);
    }
    size_of_val(numbers)
}

impl Carrier for Queues {
    fn there_and_back(&self, numbers: &mut [f64]) -> usize {
        put(&self.there, numbers) + get(&self.back, numbers)
    }

    fn add_two(&self, n: usize, ready: &dyn Fn()) -> usize {
        let mut numbers = room(n);
        ready();
        let got = get(&self.there, &mut numbers);
        plus_two(&mut numbers);
        got + put(&self.back, &numbers)
    }
}

/// A queue each way in a server process, called through proxies.
struct Managed {
    there: QueueProxy<Vec<f64>>,
    back: QueueProxy<Vec<f64>>,
    /// The server ends when it is dropped.
    _manager: Manager,
}

impl Managed {
    fn new(lab: &mut Lab) -> Result<Self> {
        let place = lab.scratch().context("a place for the manager's socket")?;
        let manager = Manager::new(place).context("the manager")?;
        Ok(Managed {
            there: manager.queue(Some(BLOCKS)).context("the manager's queue")?,
            back: manager.queue(Some(BLOCKS)).context("the manager's queue")?,
            _manager: manager,
        })
    }
}

/// The server copies each message out of its socket, and into the other one.
const COPIES_OF_THE_SERVER: usize = 2;

fn call_put(to: &QueueProxy<Vec<f64>>, numbers: &[f64]) -> usize {
    for block in numbers.chunks(BLOCK) {
        to.put(&block.to_vec()).expect("the manager is there");
    }
    size_of_val(numbers) * COPIES_OF_THE_SERVER
}

fn call_get(from: &QueueProxy<Vec<f64>>, numbers: &mut [f64]) -> usize {
    for block in numbers.chunks_mut(BLOCK) {
        block.copy_from_slice(&from.get().expect("the manager is there"));
    }
    size_of_val(numbers) * COPIES_OF_THE_SERVER
}

impl Carrier for Managed {
    fn there_and_back(&self, numbers: &mut [f64]) -> usize {
        call_put(&self.there, numbers) + call_get(&self.back, numbers)
    }

    fn add_two(&self, n: usize, ready: &dyn Fn()) -> usize {
        let mut numbers = room(n);
        self.touch();
        ready();
        let got = call_get(&self.there, &mut numbers);
        plus_two(&mut numbers);
        got + call_put(&self.back, &numbers)
    }

    /// A process's first call connects it.
    fn touch(&self) {
        self.there.len().expect("the manager is there");
    }
}

/// The numbers where both see them, and two queues for the word that it is the other's turn.
struct InPlace {
    array: RawArray<f64>,
    go: Queue<()>,
    done: Queue<()>,
}

impl Carrier for InPlace {
    fn there_and_back(&self, numbers: &mut [f64]) -> usize {
        // region: shm-parent
        self.array.copy_from(numbers); // copied in
        self.go.put(&()).expect("nobody closes it");
        self.done.get().expect("nobody closes it");
        self.array.copy_to(numbers); // copied out
        // endregion
        2 * size_of_val(numbers)
    }

    fn add_two(&self, _: usize, ready: &dyn Fn()) -> usize {
        self.array.touch();
        ready();
        // region: shm-child
        self.go.get().expect("nobody closes it");
        self.array.update(|number| number + 2.0); // where they lie
        self.done.put(&()).expect("nobody closes it");
        // endregion
        0
    }

    fn touch(&self) {
        self.array.touch();
    }
}

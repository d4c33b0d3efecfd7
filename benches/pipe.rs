//! What a message costs through `mp::Connection`: there and back, and one way with much to carry.
//!
//! Beside it stands the same pair of sockets used as barely as can be: `write` and `read` of as many
//! bytes as both know to come. What ours adds are the frames (a length before each message, as
//! Python has it), a second `read` for them, and values through serde. And Python's `Pipe()`, as the
//! lesson's peer uses it.

mod paired;
mod peer;
mod race;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use anyhow::Result;
use paired::Report;
use parlab::mp::{self, Connection, ShmPipe};
use peer::{Peer, Script};
use serde::Deserialize;

const ROUNDS: u32 = 21;
const ROUNDS_OF_PYTHON: u32 = 7;
const TRIPS: u32 = 1_000;
/// Bytes of a message and how many of them.
const LOADS: [(&str, usize, u32); 2] = [("64 KiB", 64 * 1024, 1_000), ("1 MiB", 1 << 20, 100)];

fn main() -> Result<()> {
    paired::bench("A message: sent, received", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    let apart = race::places();
    let same = [apart[0]; 2];
    report.note(race::placement(apart));
    // On one CPU there is little else to a round trip than its calls, of which the frames add one to
    // every two; and a read from a socket costs as much as a write to it.
    for (place, places) in [("same CPU", same), ("two CPUs", apart)] {
        let pairs = paired::rounds(ROUNDS, || there_and_back(places), || bare_trips(places))?;
        report.at_most(&format!("there and back, {place}"), &pairs, 1.2);
        let pairs = paired::rounds(ROUNDS, || by_two_pipes(places), || bare_trips(places))?;
        report.at_most(&format!("by two one-way pipes, {place}"), &pairs, 1.2);
    }
    let pairs = paired::rounds(ROUNDS, || by_memory(apart), || bare_trips(apart))?;
    report.at_most("by shared memory, two CPUs", &pairs, 1.0);
    for (size, len, count) in LOADS {
        let (ours, bare) = (|| carry(apart, len, count), || bare_carry(apart, len, count));
        let pairs = paired::rounds(ROUNDS, ours, bare)?;
        report.at_most(&format!("{size}, one way"), &pairs, 1.11);
    }
    of_python(report, apart)
}

fn of_python(report: &mut Report, places: [usize; 2]) -> Result<()> {
    let Some(peer) = Peer::find() else {
        report.note("Python: left out, no python3 that works is on the PATH");
        return Ok(());
    };
    report.note(format!("theirs, where it is Python: {}, on the same CPUs", peer.version()));
    let script = Script::new(include_str!("../lessons/pipe/peer.py"))?;
    let python = |what: &[&str], count: u32| {
        let [first, second] = places.map(|cpu| cpu.to_string());
        let args = [what, &[&first, &second]].concat();
        let told: Told = peer.run_script(&script, &args)?;
        Ok(told.time_s / f64::from(count))
    };
    let trips = TRIPS.to_string();
    let pairs = paired::rounds(
        ROUNDS_OF_PYTHON,
        || there_and_back(places),
        || python(&["echo", "pipe", &trips], TRIPS),
    )?;
    report.times_faster("there and back, against Python's", &pairs, 1.0);
    for (size, len, count) in LOADS {
        let (length, number) = (len.to_string(), count.to_string());
        let pairs = paired::rounds(
            ROUNDS_OF_PYTHON,
            || carry(places, len, count),
            || python(&["bandwidth", "pipe", &length, &number], count),
        )?;
        report.times_faster(&format!("{size}, against Python's"), &pairs, 1.0);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Told {
    time_s: f64,
}

/// Seconds a round trip, between one who asks and one who answers.
fn trips(places: [usize; 2], ask: impl Fn(i64) -> i64, answer: impl Fn()) -> Result<f64> {
    let ask = |number| assert_eq!(ask(number), number);
    let took = race::race(
        &places,
        |_| (),
        |index| match index {
            0 => (0..i64::from(TRIPS)).for_each(ask),
            _ => (0..TRIPS).for_each(|_| answer()),
        },
    )?;
    Ok(took / f64::from(TRIPS))
}

const OPEN: &str = "the other end is open";

fn by_connections(
    places: [usize; 2],
    here: [&Connection; 2],
    there: [&Connection; 2],
) -> Result<f64> {
    let ask = |number| {
        here[1].send(&number).expect(OPEN);
        here[0].recv().expect(OPEN)
    };
    let answer = || there[1].send(&there[0].recv::<i64>().expect(OPEN)).expect(OPEN);
    trips(places, ask, answer)
}

fn there_and_back(places: [usize; 2]) -> Result<f64> {
    let (here, there) = mp::pipe()?;
    by_connections(places, [&here; 2], [&there; 2])
}

fn by_two_pipes(places: [usize; 2]) -> Result<f64> {
    let (to_here, from_there) = mp::pipe_oneway()?;
    let (to_there, from_here) = mp::pipe_oneway()?;
    by_connections(places, [&to_here, &from_here], [&to_there, &from_there])
}

fn by_memory(places: [usize; 2]) -> Result<f64> {
    let (there, back) = (ShmPipe::new()?, ShmPipe::new()?);
    let ask = |number: i64| {
        there.send(&number).expect(OPEN);
        back.recv().expect(OPEN)
    };
    trips(places, ask, || back.send(&there.recv::<i64>().expect(OPEN)).expect(OPEN))
}

fn bare_trips(places: [usize; 2]) -> Result<f64> {
    let (here, there) = UnixStream::pair()?;
    let ask = |asked: i64| {
        let mut number = asked.to_ne_bytes();
        (&here).write_all(&number).expect(OPEN);
        (&here).read_exact(&mut number).expect(OPEN);
        i64::from_ne_bytes(number)
    };
    let answer = || {
        let mut number = [0; 8];
        (&there).read_exact(&mut number).expect(OPEN);
        (&there).write_all(&number).expect(OPEN);
    };
    trips(places, ask, answer)
}

/// Seconds a message of `len` bytes, of `count` that follow each other.
fn carry(places: [usize; 2], len: usize, count: u32) -> Result<f64> {
    let (receiver, sender) = mp::pipe()?;
    let message = vec![7_u8; len];
    let receive = || {
        let mut received = Vec::new();
        (0..count).for_each(|_| {
            receiver.recv_bytes_into(&mut received).expect(OPEN);
            assert_eq!(received.len(), len);
        });
    };
    one_way(places, count, receive, || sender.send_bytes(&message).expect(OPEN))
}

fn bare_carry(places: [usize; 2], len: usize, count: u32) -> Result<f64> {
    let (receiver, sender) = UnixStream::pair()?;
    let message = vec![7_u8; len];
    let receive = || {
        let mut received = vec![0; len];
        (0..count).for_each(|_| (&receiver).read_exact(&mut received).expect(OPEN));
    };
    one_way(places, count, receive, || (&sender).write_all(&message).expect(OPEN))
}

fn one_way(places: [usize; 2], count: u32, receive_all: impl Fn(), send: impl Fn()) -> Result<f64> {
    let took = race::race(
        &places,
        |_| (),
        |index| match index {
            0 => receive_all(),
            _ => (0..count).for_each(|_| send()),
        },
    )?;
    Ok(took / f64::from(count))
}

//! What a message costs through `mp::Queue`, from a producer's first `put` to the last `get`.
//!
//! Beside it stands the textbook's queue: a ring of numbers under one plain mutex and two condition
//! variables, which no killed process may touch. And Python's Queue, measured from inside.

mod paired;
mod peer;
mod race;

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use anyhow::{Result, ensure};
use paired::{Report, bytes};
use parlab::mp::{Process, Queue, Shared, SharedSafe, sys};
use peer::{Peer, Script};
use serde::Deserialize;

const ROUNDS: u32 = 41;
const ROUNDS_OF_PYTHON: u32 = 7;
/// Messages of a round, from each producer.
const INTS: u32 = 200_000;
const INTS_OF_PYTHON: u32 = 20_000;
const BLOBS: u32 = 2_000;
const BLOBS_OF_PYTHON: u32 = 500;
const BLOB: usize = 64 * 1024;
/// What the notebook adds two to.
const NUMBERS: u32 = 100;
/// Room for what one side can be ahead: as much as a pipe holds, and 4 blobs, which stay in a cache.
const ROOM: usize = 64 * 1024;
const ROOM_FOR_BLOBS: usize = 4 * BLOB;

const PYTHON: &str = r#"
import json, multiprocessing, os, sys, time

def produce(queue, gate, item, count, cpu):
    os.sched_setaffinity(0, {cpu})
    gate.wait()
    for _ in range(count):
        queue.put(item)

if __name__ == "__main__":
    producers, count, size, *places = map(int, sys.argv[1:])
    os.sched_setaffinity(0, {places[0]})
    context = multiprocessing.get_context("fork")
    queue, gate = context.Queue(), context.Barrier(producers + 1)
    item = bytes(size) if size else 7
    children = [
        context.Process(
            target=produce, args=(queue, gate, item, count, places[index % 2]), daemon=True
        )
        for index in range(1, producers + 1)
    ]
    for child in children:
        child.start()
    gate.wait()
    began = time.perf_counter()
    for _ in range(producers * count):
        queue.get()
    took = time.perf_counter() - began
    for child in children:
        child.join()
    print(json.dumps({"each_s": took / (producers * count)}))
"#;

fn main() -> Result<()> {
    paired::bench("A message: put, got", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    let places = race::places();
    report.note(race::placement(places));
    memory(report)?;
    let one = || ints(1, places);
    let pairs = paired::rounds(ROUNDS, one, || textbook(places))?;
    report.at_most("an int, against a ring under mutex and condition", &pairs, 1.0);
    let Some(peer) = Peer::find() else {
        report.note("Python: left out, no python3 that works is on the PATH");
        return Ok(());
    };
    report.note(format!("theirs, where it is Python: {}, on the same CPUs", peer.version()));
    let script = Script::new(PYTHON)?;
    let python = |producers: u32, count: u32, size: usize| {
        let [first, second] = places;
        let args = [producers as usize, count as usize, size, first, second];
        let args = args.map(|arg| arg.to_string());
        let told: Told = peer.run_script(&script, &args.each_ref().map(String::as_str))?;
        Ok(told.each_s)
    };
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, one, || python(1, INTS_OF_PYTHON, 0))?;
    report.times_faster("an int, against Python's", &pairs, 40.0);
    let pairs =
        paired::rounds(ROUNDS_OF_PYTHON, || ints(4, places), || python(4, INTS_OF_PYTHON / 4, 0))?;
    report.times_faster("an int of four producers, against Python's", &pairs, 50.0);
    let ours = || blobs(places);
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, ours, || python(1, BLOBS_OF_PYTHON, BLOB))?;
    report.times_faster("64 KiB, against Python's", &pairs, 20.0);
    sums(report, &peer)
}

#[derive(Deserialize)]
struct Told {
    each_s: f64,
}

/// The queue lesson's sum of 100 numbers against its peer's: in one loop, and by a process each.
fn sums(report: &mut Report, peer: &Peer) -> Result<()> {
    let script = Script::new(include_str!("../lessons/queue/peer.py"))?;
    let python = |way: &str| {
        let told: Summed =
            peer.run_script(&script, &["sum", way, &NUMBERS.to_string(), "0", "0"])?;
        Ok(told.time_s)
    };
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, serial, || python("serial"))?;
    report.times_faster("100 numbers in a loop, against Python's", &pairs, 10.0);
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, process_per_item, || python("process-per-item"))?;
    report.times_faster("100 numbers by 100 processes, against Python's", &pairs, 10.0);
    Ok(())
}

#[derive(Deserialize)]
struct Summed {
    time_s: f64,
}

fn serial() -> Result<f64> {
    let queue = Queue::<u32>::new(ROOM)?;
    let began = sys::now_ns();
    (0..NUMBERS).try_for_each(|number| queue.put(&(number + 2)))?;
    collect(&queue)?;
    Ok((sys::now_ns() - began) as f64 / 1e9)
}

fn process_per_item() -> Result<f64> {
    let queue = Queue::<u32>::new(ROOM)?;
    let began = sys::now_ns();
    let put = |number: u32| queue.put(&(number + 2)).expect("nobody closes it");
    let mut children: Vec<_> =
        (0..NUMBERS).map(|number| Process::new("adder", move || put(number))).collect();
    children.iter_mut().try_for_each(Process::start)?;
    for child in &mut children {
        ensure!(child.join()?.success(), "a child ended badly");
    }
    collect(&queue)?;
    Ok((sys::now_ns() - began) as f64 / 1e9)
}

fn collect(queue: &Queue<u32>) -> Result<()> {
    let sum = (0..NUMBERS).try_fold(0, |sum, _| queue.get().map(|number| sum + number))?;
    ensure!(sum == (0..NUMBERS).map(|number| number + 2).sum::<u32>(), "a wrong sum: {sum}");
    Ok(())
}

/// Seconds a message: the first process consumes, the others produce, on the places in turn.
fn ints(producers: u32, places: [usize; 2]) -> Result<f64> {
    let queue = Queue::<u32>::new(ROOM)?;
    let count = INTS / producers;
    let places: Vec<usize> = (0..=producers as usize).map(|index| places[index % 2]).collect();
    let took = race::race(
        &places,
        |_| (),
        |index| match index {
            0 => (0..producers * count).for_each(|_| assert!(queue.get().is_ok())),
            _ => (0..count).for_each(|number| queue.put(&number).expect("nobody closes it")),
        },
    )?;
    ensure!(queue.is_empty(), "more was put than got");
    Ok(took / f64::from(producers * count))
}

fn blobs(places: [usize; 2]) -> Result<f64> {
    let queue = Queue::<()>::new(ROOM_FOR_BLOBS)?;
    let blob = vec![7_u8; BLOB];
    let took = race::race(
        &places,
        |_| (),
        |index| match index {
            0 => (0..BLOBS).for_each(|_| {
                assert_eq!(queue.get_bytes().expect("it is put").len(), BLOB);
            }),
            _ => (0..BLOBS).for_each(|_| queue.put_bytes(&blob).expect("nobody closes it")),
        },
    )?;
    Ok(took / f64::from(BLOBS))
}

/// The most memory of both ends after many messages, against that after few.
fn memory(report: &mut Report) -> Result<()> {
    let peak = |count: u32| -> Result<u64> {
        let queue = Queue::<u32>::new(ROOM)?;
        let mut ends = [
            Process::new("producer", || {
                (0..count).for_each(|number| queue.put(&number).expect("nobody closes it"));
            }),
            Process::new("consumer", || {
                (0..count).for_each(|_| assert!(queue.get().is_ok()));
            }),
        ];
        ends.iter_mut().try_for_each(Process::start)?;
        let mut peak = 0;
        for end in &mut ends {
            let exit = end.join()?;
            ensure!(exit.success(), "the {} ended with {exit}", end.name());
            peak = peak.max(end.usage().expect("it is joined").max_rss_bytes);
        }
        Ok(peak)
    };
    let (few, many) = (peak(10_000)?, peak(1_000_000)?);
    report.note(format!("peak memory after 10 000 messages: {}", bytes(few as f64)));
    report.under("peak memory after 1 000 000 messages", many as f64, few as f64 * 1.25, bytes);
    Ok(())
}

fn textbook(places: [usize; 2]) -> Result<f64> {
    let queue = Shared::<Textbook>::new()?;
    queue.init();
    let took = race::race(
        &places,
        |_| (),
        |index| match index {
            0 => (0..INTS).for_each(|number| assert_eq!(queue.get(), number)),
            _ => (0..INTS).for_each(|number| queue.put(number)),
        },
    )?;
    Ok(took / f64::from(INTS))
}

const SLOTS: usize = ROOM / size_of::<u32>();

/// The bounded buffer of every textbook: a mutex, "not empty" and "not full".
struct Textbook {
    mutex: UnsafeCell<libc::pthread_mutex_t>,
    not_empty: UnsafeCell<libc::pthread_cond_t>,
    not_full: UnsafeCell<libc::pthread_cond_t>,
    ring: UnsafeCell<Slots>,
}

/// What the mutex guards.
struct Slots {
    put: usize,
    got: usize,
    numbers: [u32; SLOTS],
}

// SAFETY: mutex and conditions are process-shared and made to be used from anywhere; the ring is
// touched only by who holds the mutex. All zero is glibc's initializer of both, and an empty ring.
unsafe impl SharedSafe for Textbook {}
// SAFETY: as above.
unsafe impl Sync for Textbook {}

impl Textbook {
    fn init(&self) {
        let (mut of_mutex, mut of_condition) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        let (of_mutex, of_condition) = (of_mutex.as_mut_ptr(), of_condition.as_mut_ptr());
        // SAFETY: the attributes are initialised before they are used, and nothing of the queue is
        // in use yet.
        let codes = unsafe {
            [
                libc::pthread_mutexattr_init(of_mutex),
                libc::pthread_mutexattr_setpshared(of_mutex, libc::PTHREAD_PROCESS_SHARED),
                libc::pthread_mutex_init(self.mutex.get(), of_mutex),
                libc::pthread_condattr_init(of_condition),
                libc::pthread_condattr_setpshared(of_condition, libc::PTHREAD_PROCESS_SHARED),
                libc::pthread_cond_init(self.not_empty.get(), of_condition),
                libc::pthread_cond_init(self.not_full.get(), of_condition),
            ]
        };
        assert_eq!(codes, [0; 7], "a mutex and conditions that cannot fail to be made");
    }

    fn put(&self, number: u32) {
        // SAFETY: all are initialised; the ring is touched only between lock and unlock.
        unsafe {
            libc::pthread_mutex_lock(self.mutex.get());
            let ring = self.ring.get();
            let is_full = || (*ring).put - (*ring).got == SLOTS;
            while is_full() {
                libc::pthread_cond_wait(self.not_full.get(), self.mutex.get());
            }
            (*ring).numbers[(*ring).put % SLOTS] = number;
            (*ring).put += 1;
            libc::pthread_cond_signal(self.not_empty.get());
            libc::pthread_mutex_unlock(self.mutex.get());
        }
    }

    fn get(&self) -> u32 {
        // SAFETY: as in `put`.
        unsafe {
            libc::pthread_mutex_lock(self.mutex.get());
            let ring = self.ring.get();
            let is_empty = || (*ring).put == (*ring).got;
            while is_empty() {
                libc::pthread_cond_wait(self.not_empty.get(), self.mutex.get());
            }
            let number = (*ring).numbers[(*ring).got % SLOTS];
            (*ring).got += 1;
            libc::pthread_cond_signal(self.not_full.get());
            libc::pthread_mutex_unlock(self.mutex.get());
            number
        }
    }
}

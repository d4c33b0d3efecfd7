//! A storm over one queue: producers and consumers at full speed are killed at random moments, or
//! stopped and continued, and replaced; every message that a `put` had confirmed must come out once
//! and whole, and whoever is left must always go on.
#![expect(clippy::print_stdout, reason = "the figures of a storm are part of its result")]

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parlab::mp::queue::{Observer, Step};
use parlab::mp::{Exit, Process, Queue, QueueError, Shared, SharedSafe};

use crate::Case;
use crate::kills::kills;
use crate::staging::{ended, ends_well, started, wait_until};

pub const CASES: &[Case] = &[("queue_kills::nothing_torn_doubled_or_lost", storm)];

const PRODUCERS: usize = 3;
const CONSUMERS: usize = 3;
const WORKERS: usize = PRODUCERS + CONSUMERS;
const KILLS_A_ROUND: u32 = 20;

/// Small enough for both sides to wait now and then, and for messages to lie over the ring's end.
const CAPACITY: usize = 16 * 1024;
const LONGEST: u32 = 5_000;
/// How many messages a process puts, or gets, at once, where it does so in batches.
const BATCH: usize = 4;

/// How many numbers a producer's messages have in a round. Near the end of them it slows down.
const NUMBERS: usize = 1 << 18;

/// Which producer, its number, and as many bytes as follow from the number.
type Message = (u8, u32, Vec<u8>);

fn message(from: usize, number: u32) -> Message {
    let len = if number.is_multiple_of(16) { number * 37 % LONGEST } else { number % 40 };
    (from as u8, number, (0..len).map(|at| (at ^ number) as u8).collect())
}

/// What happened to the messages of one producer in a round, in memory that outlives all of them.
#[repr(C)]
struct Log {
    issued: AtomicU32,
    confirmed: [AtomicU8; NUMBERS],
    got: [AtomicU8; NUMBERS],
}

#[repr(C)]
struct Stage {
    producers_stop: AtomicU32,
    consumers_stop: AtomicU32,
    turns: [AtomicU64; WORKERS],
    /// How many messages each consumer has read and not logged yet, counted before the queue gives
    /// them up: so many, and no more, may die with it.
    in_hand: [AtomicU32; WORKERS],
    logs: [Log; PRODUCERS],
}

// SAFETY: atomics only, for which all zero is a value.
unsafe impl SharedSafe for Stage {}

impl Stage {
    fn produce(&self, queue: &Queue<Message, impl Observer>, me: usize) {
        let log = &self.logs[me];
        while self.producers_stop.load(Ordering::Relaxed) == 0 {
            let count = if fastrand::u8(..) < 32 { BATCH } else { 1 };
            let first = log.issued.fetch_add(count as u32, Ordering::Relaxed);
            let numbers = first..first + count as u32;
            let batch: Vec<Message> = numbers.clone().map(|number| message(me, number)).collect();
            match &batch[..] {
                [one] => queue.put(one).unwrap(),
                many => queue.put_many(many).unwrap(),
            }
            for number in numbers {
                log.confirmed[number as usize].store(1, Ordering::Relaxed);
            }
            self.turns[me].fetch_add(1, Ordering::Relaxed);
            if first as usize > NUMBERS / 2 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    fn consume(&self, queue: &Queue<Message, impl Observer>, me: usize) {
        let mut next = [0; PRODUCERS];
        loop {
            let bound = Duration::from_millis(5);
            let got = if takes_batches(me) {
                queue.get_many_timeout(BATCH, bound)
            } else {
                queue.get_timeout(bound).map(|one| vec![one])
            };
            match got {
                Ok(messages) => {
                    messages.iter().for_each(|got| self.record(got, &mut next));
                    self.in_hand[me].store(0, Ordering::Release);
                }
                Err(QueueError::TimedOut { .. }) => {
                    if self.consumers_stop.load(Ordering::Relaxed) != 0 {
                        return;
                    }
                }
                Err(error) => panic!("{error}"),
            }
            self.turns[me].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn record(&self, got: &Message, next: &mut [u32; PRODUCERS]) {
        let (from, number) = (usize::from(got.0), got.1);
        assert!(from < PRODUCERS && *got == message(from, number), "torn: {got:?}");
        assert!(number >= next[from], "{number} of {from} came after {}", next[from]);
        next[from] = number + 1;
        let before = self.logs[from].got[number as usize].fetch_add(1, Ordering::Relaxed);
        assert_eq!(before, 0, "{number} of {from} came twice");
    }

    fn turns(&self) -> [u64; WORKERS] {
        self.turns.each_ref().map(|turns| turns.load(Ordering::Relaxed))
    }

    /// A new round: the numbers begin at 0 again.
    fn clear(&self) {
        self.producers_stop.store(0, Ordering::Relaxed);
        self.consumers_stop.store(0, Ordering::Relaxed);
        for log in &self.logs {
            for number in 0..log.issued.swap(0, Ordering::Relaxed) as usize {
                log.confirmed[number].store(0, Ordering::Relaxed);
                log.got[number].store(0, Ordering::Relaxed);
            }
        }
    }
}

fn takes_batches(worker: usize) -> bool {
    worker == WORKERS - 1
}

#[derive(Default)]
struct Figures {
    kills: u32,
    stops: u32,
    confirmed: u64,
    got: u64,
    /// Confirmed and never got: taken by a consumer that was killed before it could log them.
    taken_by_the_dead: u64,
    /// Got and never confirmed: by a producer that was killed between its commit and its log.
    unconfirmed: u64,
}

fn storm() {
    let stage: Shared<Stage> = Shared::new().unwrap();
    // Each worker sets it in its own copy.
    let me = Cell::new(0);
    let count = |step| {
        if step == Step::GetPayload {
            stage.in_hand[me.get()].fetch_add(1, Ordering::Release);
        }
    };
    let queue = Queue::observed(CAPACITY, count).unwrap();
    let mut figures = Figures::default();
    while figures.kills < kills() {
        stage.clear();
        round(&stage, &queue, &me, &mut figures);
    }
    let Figures { kills, stops, confirmed, got, taken_by_the_dead, unconfirmed } = figures;
    println!(
        "        {kills} kills, {stops} stops; {confirmed} messages confirmed, {got} got, \
         {taken_by_the_dead} taken by the dead, {unconfirmed} got unconfirmed"
    );
}

fn round(
    stage: &Stage,
    queue: &Queue<Message, impl Observer>,
    name: &Cell<usize>,
    figures: &mut Figures,
) {
    let worker = |me: usize| {
        started("worker", move || {
            name.set(me);
            match me {
                0..PRODUCERS => stage.produce(queue, me),
                _ => stage.consume(queue, me),
            }
        })
    };
    let mut workers: [Process<'_>; WORKERS] = std::array::from_fn(worker);
    let (mut may_be_taken, mut may_be_unconfirmed) = (0, 0);
    for _ in 0..KILLS_A_ROUND {
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..1_500)));
        let victim = fastrand::usize(0..WORKERS);
        if fastrand::u8(..) < 64 {
            stop_and_continue(&workers[fastrand::usize(0..WORKERS)]);
            figures.stops += 1;
        }
        workers[victim].kill().unwrap();
        let exit = ended(&mut workers[victim]);
        let text = workers[victim].panic_message().unwrap_or("no panic");
        assert_eq!(exit, Exit::Signal(libc::SIGKILL), "{text}");
        match victim {
            0..PRODUCERS => may_be_unconfirmed += BATCH as u64,
            _ => may_be_taken += u64::from(stage.in_hand[victim].swap(0, Ordering::Acquire)),
        }
        workers[victim] = worker(victim);
        figures.kills += 1;
    }
    // Nobody is replaced now: each of them must go on by itself.
    let before = stage.turns();
    for (me, before) in before.into_iter().enumerate() {
        wait_until("each survivor gets on", || stage.turns()[me] > before);
    }
    stage.producers_stop.store(1, Ordering::Relaxed);
    workers[..PRODUCERS].iter_mut().for_each(ends_well);
    stage.consumers_stop.store(1, Ordering::Relaxed);
    workers[PRODUCERS..].iter_mut().for_each(ends_well);
    assert!(queue.is_empty());
    audit(stage, may_be_taken, may_be_unconfirmed, figures);
}

fn stop_and_continue(process: &Process<'_>) {
    let pid = Pid::from_raw(process.pid().unwrap());
    kill(pid, Signal::SIGSTOP).unwrap();
    std::thread::sleep(Duration::from_micros(fastrand::u64(0..2_000)));
    kill(pid, Signal::SIGCONT).unwrap();
}

/// What was put against what was got: doubles were told by the consumers themselves.
fn audit(stage: &Stage, may_be_taken: u64, may_be_unconfirmed: u64, figures: &mut Figures) {
    let (mut taken, mut unconfirmed) = (0, 0);
    for log in &stage.logs {
        for number in 0..log.issued.load(Ordering::Relaxed) as usize {
            let confirmed = log.confirmed[number].load(Ordering::Relaxed) != 0;
            let got = log.got[number].load(Ordering::Relaxed) != 0;
            figures.confirmed += u64::from(confirmed);
            figures.got += u64::from(got);
            unconfirmed += u64::from(got && !confirmed);
            taken += u64::from(confirmed && !got);
        }
    }
    figures.taken_by_the_dead += taken;
    figures.unconfirmed += unconfirmed;
    assert!(taken <= may_be_taken, "{taken} lost, the dead had {may_be_taken} in hand");
    assert!(unconfirmed <= may_be_unconfirmed, "{unconfirmed} came that nobody had put");
}

//! Queues: nothing lost, nothing doubled, nothing out of its producer's order, whatever the sizes;
//! and every way to wait in vain has its own answer.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parlab::mp::{Process, Queue, QueueError, Shared, proc};
use serde::{Deserialize, Serialize, Serializer};

use crate::Case;
use crate::staging::{PATIENCE, ends_well, never_early, started, wait_until};

pub const CASES: &[Case] = &[
    ("queue::values_keep_their_type", values_keep_their_type),
    ("queue::empty_and_full_are_told", empty_and_full_are_told),
    ("queue::timeouts_are_never_early", timeouts_are_never_early),
    ("queue::messages_up_to_the_capacity", messages_up_to_the_capacity),
    ("queue::no_room_for_anything", no_room_for_anything),
    ("queue::wraps_at_every_offset", wraps_at_every_offset),
    ("queue::large_bytes_arrive_whole", large_bytes_arrive_whole),
    ("queue::many_producers_and_consumers", many_producers_and_consumers),
    ("queue::batches_keep_their_order", batches_keep_their_order),
    ("queue::faulty_batch_puts_nothing", faulty_batch_puts_nothing),
    ("queue::unserialisable_leaves_it_usable", unserialisable_leaves_it_usable),
    ("queue::wrong_type_is_told", wrong_type_is_told),
    ("queue::serialising_may_use_a_queue", serialising_may_use_a_queue),
    ("queue::closed_is_drained_first", closed_is_drained_first),
    ("queue::closing_wakes_a_consumer", closing_wakes_a_consumer),
    ("queue::closing_wakes_a_producer", closing_wakes_a_producer),
    ("queue::child_gets_what_was_put_before", child_gets_what_was_put_before),
    ("queue::join_does_not_depend_on_a_reader", join_does_not_depend_on_a_reader),
    ("queue::sleepers_of_both_sides_are_woken", sleepers_of_both_sides_are_woken),
    ("queue::large_message_is_not_starved", large_message_is_not_starved),
    ("queue::impossible_capacity_is_refused", impossible_capacity_is_refused),
];

/// What a message takes beside its own length.
const HEADER: usize = 4;

fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| ((at + seed) % 251) as u8).collect()
}

fn queue<T>(capacity: usize) -> Queue<T> {
    Queue::new(capacity).expect("there is memory for a queue")
}

fn sleeps_in_the_kernel(process: &Process<'_>) -> bool {
    proc::ProcStat::read(process.pid().unwrap()).is_ok_and(|stat| stat.state == 'S')
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Greeting {
    name: String,
    times: Vec<f64>,
    to: Option<i64>,
}

fn values_keep_their_type() {
    let greeting = || Greeting { name: "Zoë".into(), times: vec![6.4, -0.0], to: Some(i64::MIN) };
    let greetings = queue::<Greeting>(1024);
    ends_well(&mut started("sender", || greetings.put(&greeting()).unwrap()));
    assert_eq!(greetings.get().unwrap(), greeting());

    let nothings = queue::<()>(1024);
    nothings.put(&()).unwrap();
    assert_eq!(nothings.len_bytes(), HEADER, "a message without bytes is a message");
    nothings.get().unwrap();
    assert!(nothings.is_empty());
}

fn empty_and_full_are_told() {
    let numbers = queue::<u8>(2 * (HEADER + 1));
    assert_eq!(numbers.try_get(), Err(QueueError::Empty));
    numbers.try_put(&1).unwrap();
    numbers.try_put(&2).unwrap();
    assert_eq!(numbers.try_put(&3), Err(QueueError::Full { len: 1 }));
    assert_eq!((numbers.len_bytes(), numbers.capacity()), (10, 10));
    assert_eq!((numbers.try_get(), numbers.try_get()), (Ok(1), Ok(2)));
    assert_eq!(numbers.try_get(), Err(QueueError::Empty));
    assert!(numbers.is_empty());
}

fn timeouts_are_never_early() {
    let numbers = queue::<u8>(HEADER + 1);
    let is_over = |answer| assert!(matches!(answer, Err(QueueError::TimedOut { .. })));
    never_early(|bound| is_over(numbers.get_timeout(bound).map(drop)));
    never_early(|bound| is_over(numbers.get_many_timeout(3, bound).map(drop)));
    numbers.put(&1).unwrap();
    never_early(|bound| is_over(numbers.put_timeout(&2, bound)));
    assert_eq!(numbers.get_timeout(Duration::ZERO), Ok(1), "what is there takes no waiting");
    numbers.put_timeout(&2, Duration::ZERO).unwrap();
}

fn messages_up_to_the_capacity() {
    for capacity in [HEADER, HEADER + 1, 100, 4096, 5000, 100_000] {
        let bytes = queue::<()>(capacity);
        let limit = capacity - HEADER;
        // Again and again, so that the message lies over the end of the ring at many places.
        for seed in 0..40 {
            for len in [limit, limit.saturating_sub(1)] {
                let message = pattern(len, seed);
                bytes.put_bytes(&message).unwrap();
                assert_eq!(bytes.len_bytes(), HEADER + len);
                assert!(bytes.get_bytes().unwrap() == message, "{len} of {capacity}");
            }
        }
        let error = bytes.put_bytes(&pattern(limit + 1, 0));
        assert_eq!(error, Err(QueueError::TooLarge { len: limit + 1, limit }));
        assert!(bytes.is_empty());
    }
}

fn no_room_for_anything() {
    for capacity in 0..HEADER {
        let answer = queue::<()>(capacity).put_bytes(b"x");
        assert_eq!(answer, Err(QueueError::TooLarge { len: 1, limit: 0 }));
    }
}

fn wraps_at_every_offset() {
    // The ring has 64 bytes of memory; with each length from 0 on, the end comes at another place
    // of length and message, and the ring is full, or nearly, at each place too.
    for capacity in [64, 61] {
        for len in 0..=capacity - HEADER {
            let bytes = queue::<()>(capacity);
            let at_once = capacity / (HEADER + len);
            for round in 0..130 {
                for number in 0..at_once {
                    bytes.put_bytes(&pattern(len, round + number)).unwrap();
                }
                for number in 0..at_once {
                    assert_eq!(bytes.get_bytes().unwrap(), pattern(len, round + number));
                }
            }
        }
    }
}

fn large_bytes_arrive_whole() {
    let sizes = || [0, 1, 2047, 2048, 2049, 4096, 65_536, 70_001, 1 << 20];
    let bytes = queue::<()>((1 << 20) + HEADER);
    let mut sender = started("sender", || {
        for (seed, len) in sizes().into_iter().enumerate() {
            bytes.put_bytes(&pattern(len, seed)).unwrap();
        }
    });
    let mut message = vec![7; 10]; // what it held before is gone
    for (seed, len) in sizes().into_iter().enumerate() {
        bytes.get_bytes_into(&mut message).unwrap();
        assert!(message == pattern(len, seed), "{len} bytes");
    }
    ends_well(&mut sender);
}

const SENDERS: usize = 3;
const RECEIVERS: usize = 3;
const EACH: u32 = 5_000;

/// The capacity holds a handful of messages, so that all of them wait again and again.
fn many_producers_and_consumers() {
    let messages = queue::<(u8, u32, Vec<u32>)>(200);
    let got: Shared<[[AtomicU32; EACH as usize]; SENDERS]> = Shared::new().unwrap();
    let (messages, got) = (&messages, &got);
    let mut senders: [_; SENDERS] = std::array::from_fn(|me| {
        started("sender", move || {
            for number in 0..EACH {
                let filling = vec![number; number as usize % 7];
                messages.put(&(me as u8, number, filling)).unwrap();
            }
        })
    });
    let receive = || {
        let mut next = [0; SENDERS];
        while let Ok((from, number, filling)) = messages.get() {
            let from = usize::from(from);
            assert!(number >= next[from], "{number} of {from} came after {}", next[from]);
            next[from] = number + 1;
            assert!(filling == vec![number; number as usize % 7]);
            got[from][number as usize].fetch_add(1, Ordering::Relaxed);
        }
    };
    let mut receivers: [_; RECEIVERS] = std::array::from_fn(|_| started("receiver", receive));
    senders.iter_mut().for_each(ends_well);
    messages.close();
    receivers.iter_mut().for_each(ends_well);
    for (from, numbers) in got.iter().enumerate() {
        let wrong = numbers.iter().position(|times| times.load(Ordering::Relaxed) != 1);
        assert_eq!(wrong, None, "a message of {from} was not got once");
    }
}

fn batches_keep_their_order() {
    // A capacity that is smaller than a batch, one that is larger, and one that holds one message.
    for capacity in [50, 100_000, HEADER + 3] {
        let numbers = queue::<u32>(capacity);
        let mut sender = started("sender", || {
            for batch in (0..10_000u32).collect::<Vec<_>>().chunks(100) {
                numbers.put_many(batch).unwrap();
            }
            numbers.put_many(&[]).unwrap();
            numbers.close();
        });
        let mut expected = 0;
        while let Ok(batch) = numbers.get_many(64) {
            assert!((1..=64).contains(&batch.len()));
            for number in batch {
                assert_eq!(number, expected);
                expected += 1;
            }
        }
        assert_eq!(expected, 10_000);
        ends_well(&mut sender);
    }
    assert_eq!(queue::<u32>(10).get_many(0), Ok(vec![]), "nothing asked for is no wait");
}

fn faulty_batch_puts_nothing() {
    let texts = queue::<String>(100);
    let answer = texts.put_many(&["fits".into(), "x".repeat(200), "fits".into()]);
    assert_eq!(answer, Err(QueueError::TooLarge { len: 202, limit: 96 }));
    assert_eq!(texts.try_get(), Err(QueueError::Empty));

    let choosy = queue::<Choosy>(100);
    let answer = choosy.put_many(&[Choosy(1), Choosy(13)]);
    assert!(matches!(answer, Err(QueueError::Encode(_))), "{answer:?}");
    assert!(choosy.is_empty());
}

/// A number that can be serialised unless it is 13.
struct Choosy(u8);

impl Serialize for Choosy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            13 => Err(serde::ser::Error::custom("not 13")),
            number => serializer.serialize_u8(number),
        }
    }
}

fn unserialisable_leaves_it_usable() {
    let choosy = queue::<Choosy>(100);
    choosy.put(&Choosy(1)).unwrap();
    assert!(matches!(choosy.put(&Choosy(13)), Err(QueueError::Encode(_))));
    choosy.put(&Choosy(2)).unwrap();
    assert_eq!(choosy.get_bytes().unwrap(), [1]);
    assert_eq!(choosy.get_bytes().unwrap(), [2]);
    assert!(choosy.is_empty());
}

fn wrong_type_is_told() {
    let numbers = queue::<u16>(100);
    numbers.put_bytes(b"\x01\x02").unwrap();
    numbers.put_bytes(b"").unwrap();
    numbers.put_bytes(b"\x05").unwrap();
    assert!(matches!(numbers.get(), Err(QueueError::Decode { len: 2, .. })), "one byte too many");
    assert!(matches!(numbers.get(), Err(QueueError::Decode { len: 0, .. })));
    assert_eq!(numbers.get(), Ok(5), "what was no value is out of the queue");
}

/// Puts itself into a queue while it is serialised.
struct Nested<'a>(&'a Queue<u32>);

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([1, self.0.put(&7).map_or(0, |()| 2), 3u8])
    }
}

fn serialising_may_use_a_queue() {
    let inner = queue::<u32>(100);
    let outer = queue::<Nested<'_>>(100);
    outer.put(&Nested(&inner)).unwrap();
    assert_eq!(outer.get_bytes().unwrap(), [3, 1, 2, 3]);
    assert_eq!(inner.get(), Ok(7));
}

fn closed_is_drained_first() {
    let numbers = queue::<u8>(100);
    numbers.put_many(&[1, 2]).unwrap();
    ends_well(&mut started("closer", || numbers.close()));
    assert_eq!(numbers.put(&3), Err(QueueError::Closed));
    assert_eq!(numbers.try_put(&3), Err(QueueError::Closed));
    assert_eq!(numbers.put_many(&[3]), Err(QueueError::Closed));
    assert_eq!((numbers.get(), numbers.get()), (Ok(1), Ok(2)));
    assert_eq!(numbers.get(), Err(QueueError::Closed));
    assert_eq!(numbers.try_get(), Err(QueueError::Closed));
    assert_eq!(numbers.get_timeout(PATIENCE), Err(QueueError::Closed));
    assert_eq!(numbers.get_many(5), Err(QueueError::Closed));
    numbers.close();
    assert_eq!(numbers.get(), Err(QueueError::Closed), "it stays closed");
}

fn closing_wakes_a_consumer() {
    let numbers = queue::<u8>(100);
    let mut consumers: [_; 3] = std::array::from_fn(|_| {
        started("consumer", || assert_eq!(numbers.get(), Err(QueueError::Closed)))
    });
    wait_until("all of them sleep", || consumers.iter().all(sleeps_in_the_kernel));
    numbers.close();
    consumers.iter_mut().for_each(ends_well);
}

fn closing_wakes_a_producer() {
    let numbers = queue::<u8>(HEADER + 1);
    numbers.put(&1).unwrap();
    let mut producers: [_; 3] = std::array::from_fn(|_| {
        started("producer", || assert_eq!(numbers.put(&2), Err(QueueError::Closed)))
    });
    wait_until("all of them sleep", || producers.iter().all(sleeps_in_the_kernel));
    numbers.close();
    producers.iter_mut().for_each(ends_well);
    assert_eq!(numbers.get(), Ok(1));
}

fn child_gets_what_was_put_before() {
    let texts = queue::<String>(1000);
    let put_here = Cell::new(0);
    for text in ["before", "the", "fork"] {
        texts.put(&text.to_string()).unwrap();
        put_here.set(put_here.get() + 1);
    }
    let mut child = started("child", || {
        assert_eq!(put_here.get(), 3);
        assert_eq!(texts.get().unwrap(), "before");
        assert_eq!(texts.get_many(10).unwrap(), ["the", "fork"]);
        texts.put(&"back".to_string()).unwrap();
    });
    ends_well(&mut child);
    assert_eq!(texts.get().unwrap(), "back");
}

fn join_does_not_depend_on_a_reader() {
    // Python's guidelines: this hangs there with more than a pipe holds, 64 KiB.
    let bytes = queue::<()>(1 << 20);
    ends_well(&mut started("producer", || bytes.put_bytes(&pattern(1 << 19, 0)).unwrap()));
    assert_eq!(bytes.get_bytes().unwrap().len(), 1 << 19);
}

/// One message at a time back and forth through queues that hold one: each waits for each.
fn sleepers_of_both_sides_are_woken() {
    let (there, back) = (queue::<u32>(HEADER + 3), queue::<u32>(HEADER + 3));
    let mut echo = started("echo", || {
        while let Ok(number) = there.get() {
            back.put(&(number + 1)).unwrap();
        }
    });
    for number in 0..2_000 {
        there.put(&number).unwrap();
        assert_eq!(back.get(), Ok(number + 1));
    }
    there.close();
    ends_well(&mut echo);
}

fn large_message_is_not_starved() {
    let bytes = queue::<()>(1000);
    let stop = Shared::<AtomicU32>::new().unwrap();
    let stopped = || stop.load(Ordering::Relaxed) != 0;
    let mut small = started("small", || {
        while !stopped() {
            let _ = bytes.put_bytes(b"small");
        }
    });
    let mut large = started("large", || bytes.put_bytes(&pattern(900, 0)).unwrap());
    wait_until("the large one comes", || bytes.get_bytes().unwrap().len() == 900);
    ends_well(&mut large);
    stop.store(1, Ordering::Relaxed);
    bytes.close();
    ends_well(&mut small);
}

fn impossible_capacity_is_refused() {
    for capacity in [usize::MAX, usize::MAX / 2 + 1, 1 << 60] {
        let error = Queue::<u8>::new(capacity).expect_err("no machine has so much");
        assert!(error.to_string().contains("memory to share"), "{error}");
    }
}

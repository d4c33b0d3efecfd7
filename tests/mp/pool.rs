//! `mp::Pool`: every call of it, and what fails without taking anything along.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use parlab::mp::pool::chunk_size;
use parlab::mp::{Pool, PoolError, TaskError, process};

use crate::Case;
use crate::staging::{PATIENCE, never_early, sleep_for_ever};

pub const CASES: &[Case] = &[
    ("pool::map_in_order", map_in_order),
    ("pool::default_chunk", default_chunk),
    ("pool::starmap", starmap),
    ("pool::apply", apply),
    ("pool::no_items", no_items),
    ("pool::imap", imap),
    ("pool::asking", asking),
    ("pool::callbacks", callbacks),
    ("pool::callback_submits", callback_submits),
    ("pool::many_items", many_items),
    ("pool::large", large),
    ("pool::too_large", too_large),
    ("pool::unsendable", unsendable),
    ("pool::panics", panics),
    ("pool::initializer", initializer),
    ("pool::bad_initializer", bad_initializer),
    ("pool::most_tasks", most_tasks),
    ("pool::closing", closing),
    ("pool::terminating", terminating),
    ("pool::dropping", dropping),
    ("pool::misuse", misuse),
];

fn double(number: i64) -> i64 {
    2 * number
}

fn pool(workers: usize) -> Pool {
    Pool::new(workers).expect("a pool can be started")
}

fn map_in_order() {
    let numbers: Vec<i64> = (0..1000).collect();
    let doubled: Vec<i64> = numbers.iter().map(|number| 2 * number).collect();
    for workers in [1, 2, 5] {
        let pool = pool(workers);
        for chunk in [None, Some(1), Some(7), Some(1000), Some(5000)] {
            assert_eq!(pool.map(double, &numbers, chunk).expect("it maps"), doubled);
        }
    }
}

fn default_chunk() {
    // Python 3.11: Pool._map_async, divmod(len, workers * 4), one more if anything is left.
    for (items, workers, size) in
        [(10, 2, 2), (8, 2, 1), (9, 2, 2), (100, 4, 7), (1, 8, 1), (16, 2, 2), (17, 2, 3)]
    {
        assert_eq!(chunk_size(items, workers), size, "{items} items, {workers} workers");
    }
    let pool = pool(1);
    // Of four chunks each is done in one go: a second item of a chunk sees the counter of the first.
    let numbers: Vec<u32> = (0..8).collect();
    assert_eq!(pool.map(|number| number, &numbers, None).expect("it maps"), numbers);
}

fn starmap() {
    let powers = pool(2).starmap(i64::pow, &[(2, 10), (3, 4), (7, 0)], None).expect("it maps");
    assert_eq!(powers, [1024, 81, 1]);
}

fn apply() {
    let pool = pool(2);
    let here = std::process::id();
    let there = pool.apply(|()| std::process::id(), ()).expect("it is applied");
    assert_ne!(there, here);
    assert!(pool.pids().contains(&(there as i32)));
    assert_eq!(pool.apply(|text: String| text.len(), "seven".to_owned()).expect("applied"), 5);
}

fn no_items() {
    let pool = pool(2);
    assert_eq!(pool.map(double, &[], None).expect("it maps"), [0_i64; 0]);
    let result = pool.map_async(double, &[], None).expect("it is submitted");
    assert!(result.ready());
    assert_eq!(pool.imap(double, &[], None).expect("it is submitted").count(), 0);
}

/// The first item ends after all others.
fn late(item: u64) -> u64 {
    if item == 0 {
        std::thread::sleep(Duration::from_millis(200));
    }
    item
}

fn imap() {
    let pool = pool(2);
    let items = [0, 1, 2, 3, 4];
    let in_order: Result<Vec<u64>, _> = pool.imap(late, &items, None).expect("sent").collect();
    assert_eq!(in_order.expect("nothing fails"), items);
    let as_they_come: Result<Vec<u64>, _> =
        pool.imap_unordered(late, &items, None).expect("sent").collect();
    let mut as_they_come = as_they_come.expect("nothing fails");
    as_they_come.sort_unstable();
    assert_eq!(as_they_come, items);
    // One worker, a chunk of two, the second of which never ends: the first is there all the same.
    let pool = self::pool(1);
    let stuck = |item: u64| {
        if item == 1 {
            sleep_for_ever();
        }
    };
    let mut results = pool.imap(stuck, &[0, 1], Some(2)).expect("sent");
    assert!(matches!(results.next_timeout(PATIENCE), Some(Ok(()))));
    let next = results.next_timeout(Duration::from_millis(10));
    assert!(matches!(next, Some(Err(PoolError::TimedOut))), "{next:?}");
}

fn asking() {
    let pool = pool(1);
    let result = pool.apply_async(|()| sleep_for_ever(), ()).expect("sent");
    assert!(!result.ready());
    assert_eq!(result.successful(), None);
    never_early(|bound| assert!(!result.wait(bound).expect("the pool is whole")));
    never_early(|bound| assert!(matches!(result.get_timeout(bound), Err(PoolError::TimedOut))));
    let pool = self::pool(2);
    let result = pool.map_async(double, &[1, 2, 3], None).expect("sent");
    assert!(result.wait(PATIENCE).expect("the pool is whole"));
    assert!(result.ready());
    assert_eq!(result.successful(), Some(true));
    assert_eq!(result.get().expect("all is well"), [2, 4, 6]);
    assert!(matches!(result.get(), Err(PoolError::Taken)));
    // Results of several calls come in whatever order they are asked for.
    let results: Vec<_> =
        (0..20).map(|number| pool.apply_async(double, number).expect("sent")).collect();
    for (number, result) in results.iter().enumerate().rev() {
        assert_eq!(result.get().expect("all is well"), 2 * number as i64);
    }
}

fn refuse_odd(number: i64) -> i64 {
    assert!(number % 2 == 0, "{number} is odd");
    number
}

fn callbacks() {
    let pool = pool(2);
    let said: Rc<RefCell<Vec<String>>> = Rc::default();
    let say = || {
        let said = Rc::clone(&said);
        move |text: String| said.borrow_mut().push(text)
    };
    let (one, two, three, four) = (say(), say(), say(), say());
    let good = pool.apply_async(refuse_odd, 4).expect("sent");
    let good = good.callback(move |result| one(format!("got {result}")));
    let bad = pool.apply_async(refuse_odd, 5).expect("sent");
    let bad = bad.callback(|_| panic!("there is no result")).error_callback(move |item, error| {
        two(format!("item {item}: {error}"));
    });
    let map = pool.map_async(refuse_odd, &[2, 4], Some(1)).expect("sent");
    let map = map.callback(move |results| three(format!("{results:?}")));
    let failing = pool.map_async(refuse_odd, &[2, 3, 4, 5], Some(1)).expect("sent");
    let failing = failing.error_callback(move |item, _| four(format!("item {item} of four")));
    // Waiting for one receives the results of all, and calls back for each.
    assert!(failing.wait(PATIENCE).expect("the pool is whole"));
    assert!(good.wait(PATIENCE).and(bad.wait(PATIENCE)).and(map.wait(PATIENCE)).expect("whole"));
    let mut said = said.take();
    said.sort_unstable();
    let [first, second, third, fourth] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!([first, second], ["[2, 4]", "got 4"]);
    assert!(third.starts_with("item 0: the task panicked: 5 is odd at "), "{third}");
    assert_eq!(fourth, "item 1 of four");
    assert_eq!(good.get().expect("it is still there"), 4);
}

fn callback_submits() {
    let pool: &'static Pool = Box::leak(Box::new(pool(1)));
    let sum = Rc::new(Cell::new(0));
    let of_it = Rc::clone(&sum);
    let result = pool.apply_async(double, 1).expect("sent").callback(move |first| {
        of_it.set(pool.apply(double, *first).expect("applied"));
    });
    assert_eq!(result.get().expect("it is there"), 2);
    assert_eq!(sum.get(), 4);
    pool.terminate();
}

fn many_items() {
    let pool = Pool::builder(3).capacity(4096).start().expect("a pool can be started");
    let numbers: Vec<i64> = (0..20_000).collect();
    let doubled = pool.map(double, &numbers, Some(1)).expect("it maps");
    assert!(doubled.iter().zip(&numbers).all(|(double, number)| *double == 2 * number));
}

fn large() {
    let pool = pool(2);
    let texts: Vec<String> = (0..8).map(|item| item.to_string().repeat(300_000)).collect();
    let back = pool.map(|text: String| text + "!", &texts, Some(1)).expect("it maps");
    assert!(back.iter().zip(&texts).all(|(back, text)| back.strip_suffix('!') == Some(text)));
}

fn too_large() {
    let pool = Pool::builder(1).capacity(1024).start().expect("a pool can be started");
    let texts = ["a".to_owned(), "b".repeat(2000)];
    let answer = pool.map(|text: String| text.len(), &texts, Some(1));
    let Err(PoolError::TooLarge { index: 1, items: 1, len, limit }) = answer else {
        panic!("{answer:?}")
    };
    assert!(len > 2000 && limit <= 1024);
    assert_eq!(pool.apply(double, 4).expect("the pool is as it was"), 8);
}

fn unsendable() {
    let pool = Pool::builder(1).capacity(1024).start().expect("a pool can be started");
    let answer = pool.apply(|len: usize| "x".repeat(len), 5000);
    let Err(PoolError::Task { index: 0, error: TaskError::Unsendable { text } }) = answer else {
        panic!("{answer:?}")
    };
    assert!(text.contains("never fits"), "{text}");
    let not_text = |()| std::path::PathBuf::from(unsafe_name());
    let answer = pool.apply(not_text, ());
    assert!(
        matches!(&answer, Err(PoolError::Task { error: TaskError::Unsendable { .. }, .. })),
        "{answer:?}"
    );
    assert_eq!(pool.apply(|len: usize| "x".repeat(len), 3).expect("it goes on"), "xxx");
}

fn unsafe_name() -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(b"caff\xe8".to_vec())
}

fn panics() {
    let pool = pool(2);
    let before = pool.pids();
    for chunk in [1, 3, 10] {
        let result = pool.map_async(refuse_odd, &[0, 1, 2, 3, 4], Some(chunk)).expect("sent");
        let outcomes = result.outcomes().expect("the pool is whole");
        for (item, outcome) in (0..).zip(outcomes) {
            match outcome {
                Ok(number) => assert_eq!(number, item),
                Err(TaskError::Panicked { text }) => {
                    assert_eq!(item % 2, 1);
                    let place = format!("{item} is odd at {}:", file!());
                    assert!(text.starts_with(&place), "{text}");
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    let answer = pool.map(refuse_odd, &[0, 1, 2, 3], None);
    assert!(matches!(answer, Err(PoolError::Task { index: 1, .. })), "{answer:?}");
    assert_eq!(pool.pids(), before, "a panic ends no worker");
}

static SET: AtomicU32 = AtomicU32::new(0);

fn initializer() {
    let set = || {
        SET.fetch_add(7, Relaxed);
    };
    let pool = Pool::builder(2).initializer(set).start().expect("a pool can be started");
    let seen = pool.map(|()| SET.load(Relaxed), &[(); 10], Some(1)).expect("it maps");
    assert_eq!(seen, [7; 10]);
    assert_eq!(SET.load(Relaxed), 0, "the parent's is another one");
}

fn bad_initializer() {
    let pool = Pool::builder(2).initializer(|| panic!("no luck")).start().expect("it starts");
    let answer = pool.apply(double, 1);
    let Err(PoolError::Initializer { text }) = answer else { panic!("{answer:?}") };
    assert!(text.starts_with("no luck at "), "{text}");
    let pool = Pool::builder(1).initializer(|| process::exit(3)).start().expect("it starts");
    let answer = pool.apply(double, 1);
    let Err(PoolError::Initializer { text }) = answer else { panic!("{answer:?}") };
    assert!(text.contains("exit code 3"), "{text}");
}

fn most_tasks() {
    let pool = Pool::builder(1).most_tasks(3).start().expect("a pool can be started");
    let pids = pool.map(|()| std::process::id(), &[(); 9], Some(1)).expect("it maps");
    let [a, b, c] = [pids[0], pids[3], pids[6]];
    assert_eq!(pids, [a, a, a, b, b, b, c, c, c]);
    assert_eq!(BTreeSet::from([a, b, c]).len(), 3);
}

fn closing() {
    let pool = pool(2);
    let numbers: Vec<i64> = (0..100).collect();
    let result = pool.map_async(double, &numbers, Some(1)).expect("sent");
    pool.close();
    assert!(matches!(pool.apply(double, 1), Err(PoolError::Closed)));
    pool.join().expect("all workers end");
    assert!(pool.pids().is_empty());
    assert_eq!(result.get().expect("all was done").len(), 100);
    pool.join().expect("again");
    assert!(matches!(pool.apply(double, 1), Err(PoolError::Closed)));
}

fn terminating() {
    let pool = pool(2);
    let done = pool.apply_async(double, 1).expect("sent");
    assert!(done.wait(PATIENCE).expect("the pool is whole"));
    let result = pool.map_async(|()| sleep_for_ever(), &[(); 4], Some(1)).expect("sent");
    pool.terminate();
    assert!(pool.pids().is_empty());
    assert!(matches!(result.get(), Err(PoolError::Terminated)));
    assert_eq!(done.get().expect("that had come"), 2);
    assert!(matches!(pool.apply(double, 1), Err(PoolError::Terminated)));
    pool.join().expect("nobody is left");
}

fn dropping() {
    let pids;
    {
        let pool = pool(3);
        pids = pool.pids();
        let _never = pool.map_async(|()| sleep_for_ever(), &[(); 9], Some(1)).expect("sent");
    }
    assert_eq!(pids.len(), 3);
    for pid in pids {
        assert!(kill(Pid::from_raw(pid), None).is_err(), "{pid} is still there");
    }
}

fn misuse() {
    assert!(matches!(Pool::new(0), Err(PoolError::NoWorkers)));
    let pool = pool(1);
    assert!(matches!(pool.map(double, &[1], Some(0)), Err(PoolError::EmptyChunk)));
    assert!(matches!(pool.join(), Err(PoolError::StillOpen)));
}

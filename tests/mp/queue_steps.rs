//! One process is killed, or stopped, at each named step of putting and getting; what the others find
//! in the queue afterwards is known message by message.

use std::cell::Cell;
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use parlab::mp::queue::{Observer, Step};
use parlab::mp::{Exit, Process, Queue, QueueError, proc};

use crate::Case;
use crate::staging::{PATIENCE, ended, ends_well, started, wait_until};

pub const CASES: &[Case] = &[
    ("queue_steps::producer_killed_at_each", producer_killed_at_each),
    ("queue_steps::producer_killed_while_it_waits", producer_killed_while_it_waits),
    ("queue_steps::large_producer_killed_while_it_waits", large_producer_killed_while_it_waits),
    ("queue_steps::producer_killed_before_it_wakes", producer_killed_before_it_wakes),
    ("queue_steps::consumer_killed_at_each", consumer_killed_at_each),
    ("queue_steps::consumer_killed_while_it_waits", consumer_killed_while_it_waits),
    ("queue_steps::consumer_killed_before_it_wakes", consumer_killed_before_it_wakes),
    ("queue_steps::stopped_process_holds_up_its_side_alone", stopped_holds_up_its_side_alone),
    ("queue_steps::killed_just_after_a_wake", killed_just_after_a_wake),
    ("queue_steps::batch_is_committed_as_one", batch_is_committed_as_one),
];

/// Three fit into the queue, and each is copied in several chunks.
const LEN: usize = 3_000;
const CAPACITY: usize = 10_000;

/// Where the process that sets it is to be hit, and by what. Each child has a copy of its own.
type Target = Cell<Option<(Step, Signal)>>;

fn observed<'a, T>(target: &'a Target) -> Queue<T, impl Observer + use<'a, T>> {
    let hit = move |step| match target.get() {
        Some((at, signal)) if at == step => raise(signal).unwrap(),
        _ => {}
    };
    Queue::observed(CAPACITY, hit).unwrap()
}

fn message(seed: u8) -> Vec<u8> {
    vec![seed; LEN]
}

/// Starts a victim that will be hit at `step` of its `work`.
fn victim<'a>(target: &'a Target, step: Step, signal: Signal, work: impl Fn() + 'a) -> Process<'a> {
    started("victim", move || {
        target.set(Some((step, signal)));
        work();
        panic!("it was never at {step:?}");
    })
}

fn is_killed(victim: &mut Process<'_>, step: Step) {
    let exit = ended(victim);
    let text = victim.panic_message().unwrap_or("no panic");
    assert_eq!(exit, Exit::Signal(libc::SIGKILL), "{step:?}: {text}");
}

/// Takes all that is in the queue, in a child and within a bound: (first byte of each message).
/// Each must be whole.
fn holds(queue: &Queue<(), impl Observer>, expected: &[u8], step: Step) {
    let mut heir = started("heir", || {
        for &seed in expected {
            let got = queue.get_bytes().unwrap();
            assert!(got == message(seed), "{step:?}: {:?} for {seed}", &got[..8]);
        }
        assert!(queue.is_empty(), "{step:?}: more than {expected:?}");
        queue.put_bytes(&message(9)).unwrap();
        assert!(queue.get_bytes().unwrap() == message(9), "{step:?}: usable by both sides");
    });
    ends_well(&mut heir);
}

fn wait_for_state(process: &Process<'_>, state: char) {
    let pid = process.pid().unwrap();
    wait_until("a process is in the state waited for", || {
        proc::ProcStat::read(pid).is_ok_and(|stat| stat.state == state)
    });
}

fn is_committed(step: Step) -> bool {
    let reached = Step::ALL.iter().position(|&at| at == step);
    let committed = if step.is_put() { Step::PutCommitted } else { Step::GetCommitted };
    reached >= Step::ALL.iter().position(|&at| at == committed)
}

/// Whether a process is at this step only when another one waits, or when it does so itself.
fn needs_a_sleeper(step: &Step) -> bool {
    use Step::{GetWaits, GetWakes, GetWoken, PutWaits, PutWakes, PutWoken};
    matches!(step, PutWaits | PutWakes | PutWoken | GetWaits | GetWakes | GetWoken)
}

fn steps(put: bool) -> impl Iterator<Item = Step> {
    Step::ALL.into_iter().filter(move |step| step.is_put() == put && !needs_a_sleeper(step))
}

fn producer_killed_at_each() {
    for step in steps(true) {
        let target = Target::default();
        let queue = observed(&target);
        queue.put_bytes(&message(1)).unwrap();
        let put = || queue.put_bytes(&message(2)).unwrap();
        is_killed(&mut victim(&target, step, Signal::SIGKILL, put), step);
        ends_well(&mut started("survivor", || queue.put_bytes(&message(3)).unwrap()));
        let expected: &[u8] = if is_committed(step) { &[1, 2, 3] } else { &[1, 3] };
        holds(&queue, expected, step);
    }
}

fn consumer_killed_at_each() {
    for step in steps(false) {
        let target = Target::default();
        let queue = observed(&target);
        (1..=3).for_each(|seed| queue.put_bytes(&message(seed)).unwrap());
        let get = || drop(queue.get_bytes().unwrap());
        is_killed(&mut victim(&target, step, Signal::SIGKILL, get), step);
        // A message that was taken when its consumer died is gone with it.
        let expected: &[u8] = if is_committed(step) { &[2, 3] } else { &[1, 2, 3] };
        holds(&queue, expected, step);
    }
}

fn producer_killed_while_it_waits() {
    let target = Target::default();
    let queue = observed(&target);
    (1..=3).for_each(|seed| queue.put_bytes(&message(seed)).unwrap());
    let put = || queue.put_bytes(&message(4)).unwrap();
    is_killed(&mut victim(&target, Step::PutWaits, Signal::SIGKILL, put), Step::PutWaits);
    let mut waiter = started("waiter", || queue.put_bytes(&message(5)).unwrap());
    wait_for_state(&waiter, 'S');
    let mut asleep = victim(&target, Step::PutLocked, Signal::SIGKILL, put);
    wait_for_state(&asleep, 'S');
    asleep.kill().unwrap();
    is_killed(&mut asleep, Step::PutWaits);
    assert!(queue.get_bytes().unwrap() == message(1));
    ends_well(&mut waiter);
    holds(&queue, &[2, 3, 5], Step::PutWaits);
}

/// A message of more than half the capacity keeps the lock while it waits.
fn large_producer_killed_while_it_waits() {
    let target = Target::default();
    let queue = observed(&target);
    (1..=3).for_each(|seed| queue.put_bytes(&message(seed)).unwrap());
    let put = || queue.put_bytes(&[4; 2 * LEN]).unwrap();
    is_killed(&mut victim(&target, Step::PutWaits, Signal::SIGKILL, put), Step::PutWaits);
    let mut large = victim(&target, Step::PutPayload, Signal::SIGKILL, put);
    wait_for_state(&large, 'S');
    let mut small = started("small", || queue.put_bytes(&message(5)).unwrap());
    assert!(queue.get_bytes().unwrap() == message(1));
    // There is room for the small one, which waits for the lock all the same.
    wait_for_state(&small, 'S');
    large.kill().unwrap();
    is_killed(&mut large, Step::PutWaits);
    ends_well(&mut small);
    holds(&queue, &[2, 3, 5], Step::PutWaits);
}

fn consumer_killed_while_it_waits() {
    let target = Target::default();
    let queue = observed(&target);
    let get = || drop(queue.get_bytes().unwrap());
    is_killed(&mut victim(&target, Step::GetWaits, Signal::SIGKILL, get), Step::GetWaits);
    let mut waiter = started("waiter", || assert!(queue.get_bytes().unwrap() == message(1)));
    wait_for_state(&waiter, 'S');
    let mut asleep = victim(&target, Step::GetLocked, Signal::SIGKILL, get);
    wait_for_state(&asleep, 'S');
    asleep.kill().unwrap();
    is_killed(&mut asleep, Step::GetWaits);
    queue.put_bytes(&message(1)).unwrap();
    ends_well(&mut waiter);
    holds(&queue, &[], Step::GetWaits);
}

/// The wake is lost, and the bound of the sleeper's sleep makes up for it.
fn producer_killed_before_it_wakes() {
    let target = Target::default();
    let queue = observed(&target);
    let mut sleeper = started("sleeper", || assert!(queue.get_bytes().unwrap() == message(1)));
    let put = || {
        // The sleeper is announced for a moment or longer each 50 ms.
        wait_for_state(&sleeper, 'S');
        queue.put_bytes(&message(1)).unwrap();
    };
    is_killed(&mut victim(&target, Step::PutWakes, Signal::SIGKILL, put), Step::PutWakes);
    ends_well(&mut sleeper);
    holds(&queue, &[], Step::PutWakes);
}

fn consumer_killed_before_it_wakes() {
    let target = Target::default();
    let queue = observed(&target);
    (1..=3).for_each(|seed| queue.put_bytes(&message(seed)).unwrap());
    let mut sleeper = started("sleeper", || queue.put_bytes(&message(4)).unwrap());
    let get = || {
        wait_for_state(&sleeper, 'S');
        for _ in 0..3 {
            queue.get_bytes().unwrap();
        }
    };
    is_killed(&mut victim(&target, Step::GetWakes, Signal::SIGKILL, get), Step::GetWakes);
    ends_well(&mut sleeper);
    // Until the queue is half empty nobody is woken, so the victim had taken two.
    holds(&queue, &[3, 4], Step::GetWakes);
}

/// Each tries until it has woken one: a sleeper may happen to look by itself at that moment.
fn killed_just_after_a_wake() {
    let target = Target::default();
    let queue = observed::<()>(&target);
    let mut sleeper = started("sleeper", || while queue.get_bytes().is_ok() {});
    let put = || loop {
        wait_for_state(&sleeper, 'S');
        queue.put_bytes(&message(1)).unwrap();
    };
    is_killed(&mut victim(&target, Step::PutWoken, Signal::SIGKILL, put), Step::PutWoken);
    queue.close();
    ends_well(&mut sleeper);
    assert!(queue.is_empty());

    let queue = observed::<()>(&target);
    let mut sleeper = started("sleeper", || while queue.put_bytes(&message(1)).is_ok() {});
    let get = || loop {
        wait_for_state(&sleeper, 'S');
        (0..3).for_each(|_| drop(queue.get_bytes().unwrap()));
    };
    is_killed(&mut victim(&target, Step::GetWoken, Signal::SIGKILL, get), Step::GetWoken);
    queue.close();
    ends_well(&mut sleeper);
    while let Ok(got) = queue.get_bytes() {
        assert!(got == message(1));
    }
}

fn stopped_holds_up_its_side_alone() {
    for step in steps(true).chain(steps(false)) {
        let target = Target::default();
        let queue = observed(&target);
        queue.put_bytes(&message(1)).unwrap();
        let work = || {
            match step.is_put() {
                true => queue.put_bytes(&message(2)).unwrap(),
                false => assert!(queue.get_bytes().unwrap() == message(1)),
            }
            parlab::mp::process::exit(0);
        };
        let mut stopped = victim(&target, step, Signal::SIGSTOP, work);
        wait_for_state(&stopped, 'T');
        let other_side = || match step.is_put() {
            true => assert!(queue.get_bytes().unwrap() == message(1)),
            false => queue.put_bytes(&message(2)).unwrap(),
        };
        ends_well(&mut started("other side", other_side));
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(stopped.pid().unwrap()), Signal::SIGCONT)
            .unwrap();
        ends_well(&mut stopped);
        holds(&queue, &[2], step);
    }
    holder_that_is_stopped_is_a_timeout();
}

fn holder_that_is_stopped_is_a_timeout() {
    let target = Target::default();
    let queue = observed::<Vec<u8>>(&target);
    let put = || queue.put(&message(1)).unwrap();
    let stopped = victim(&target, Step::PutPayload, Signal::SIGSTOP, put);
    wait_for_state(&stopped, 'T');
    let answer = queue.put_timeout(&message(2), Duration::from_millis(60));
    assert_eq!(answer, Err(QueueError::TimedOut { what: "room" }));
    assert!(matches!(queue.try_put(&message(2)), Err(QueueError::Full { .. })));
    assert_eq!(queue.try_get(), Err(QueueError::Empty), "what is not committed is not there");
    drop(stopped);
    queue.put_timeout(&message(2), PATIENCE).expect("the dead holder's lock goes on");
    assert!(queue.get().unwrap() == message(2));
}

fn batch_is_committed_as_one() {
    for step in steps(true).filter(|&step| step != Step::PutChunk) {
        let target = Target::default();
        let queue = observed::<u8>(&target);
        let put = || queue.put_many(&[1, 2, 3]).unwrap();
        is_killed(&mut victim(&target, step, Signal::SIGKILL, put), step);
        let expected: &[u8] = if is_committed(step) { &[1, 2, 3, 4] } else { &[4] };
        queue.put_timeout(&4, PATIENCE).unwrap();
        assert_eq!(queue.get_many(10).unwrap(), expected, "{step:?}");
    }
}

//! Watching connections: which of many has something to receive, how much lies in one, and where it
//! is full.

use std::os::fd::AsFd;
use std::time::Duration;

use parlab::mp::pipe::wait;
use parlab::mp::{Exit, Process, RawValue, pipe, pipe_oneway};

use crate::Case;
use crate::pipe::{both_kinds, pattern};
use crate::staging::{
    PATIENCE, ended, ends_well, never_early, sleep_for_ever, started, wait_until,
};

pub const CASES: &[Case] = &[
    ("pipe_watch::of_many_those_are_told_that_have_something", of_many_those_are_told),
    ("pipe_watch::the_end_is_something", the_end_is_something),
    ("pipe_watch::waits_for_a_message_or_a_death", waits_for_a_message_or_a_death),
    ("pipe_watch::is_never_early", is_never_early),
    ("pipe_watch::of_none_none_is_ready", of_none_none_is_ready),
    ("pipe_watch::every_sender_of_many_is_heard", every_sender_of_many_is_heard),
    ("pipe_watch::what_lies_there_is_counted", what_lies_there_is_counted),
    ("pipe_watch::a_full_pipe_holds_its_capacity", a_full_pipe_holds_its_capacity),
];

const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

fn of_many_those_are_told() {
    let pairs = [pipe().unwrap(), pipe_oneway().unwrap(), pipe().unwrap(), pipe_oneway().unwrap()];
    let receivers: Vec<_> = pairs.iter().map(|(receiver, _)| receiver).collect();
    assert_eq!(wait(&receivers, AT_ONCE).unwrap(), [0; 0]);
    pairs[1].1.send("one").unwrap();
    pairs[2].1.send_bytes(b"").unwrap();
    assert_eq!(wait(&receivers, None).unwrap(), [1, 2]);
    pairs[1].0.recv::<String>().unwrap();
    assert_eq!(wait(&receivers, None).unwrap(), [2], "the other is empty again");
}

fn the_end_is_something() {
    let (still, (ended, sender)) = (pipe().unwrap(), pipe_oneway().unwrap());
    drop(sender);
    assert_eq!(wait(&[&still.0, &ended], None).unwrap(), [1]);
}

fn waits_for_a_message_or_a_death() {
    let (receiver, sender) = pipe().unwrap();
    let mut child = started("sender", move || {
        sender.send(&7).unwrap();
        sleep_for_ever();
    });
    let either = || {
        let ends = [child.sentinel().unwrap(), receiver.as_fd()];
        wait(&ends, Some(PATIENCE)).unwrap()
    };
    assert_eq!(either(), [1]);
    assert_eq!(receiver.recv::<i32>().unwrap(), 7);
    child.kill().unwrap();
    assert!(!either().is_empty(), "its end of the connection may be gone before itself");
    assert_eq!(wait(&[child.sentinel().unwrap()], Some(PATIENCE)).unwrap(), [0]);
    assert_eq!(ended(&mut child), Exit::Signal(libc::SIGKILL));
}

fn is_never_early() {
    let pairs = both_kinds();
    let receivers = [&pairs[0].0, &pairs[1].0];
    never_early(|bound| assert_eq!(wait(&receivers, Some(bound)).unwrap(), [0; 0]));
}

fn of_none_none_is_ready() {
    assert_eq!(wait(&[] as &[std::fs::File], None).unwrap(), [0; 0]);
}

fn every_sender_of_many_is_heard() {
    const EACH: u32 = 50;
    let pairs: Vec<_> = (0..5).map(|_| pipe_oneway().unwrap()).collect();
    let (receivers, senders): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let send_all = |sender: parlab::mp::Connection| {
        move || (0..EACH).for_each(|number| sender.send(&number).unwrap())
    };
    let names = 0..senders.len();
    let mut children: Vec<Process> = (names.clone())
        .zip(senders)
        .map(|(name, sender)| started(&name.to_string(), send_all(sender)))
        .collect();
    let mut next = vec![0; receivers.len()];
    while next.iter().any(|&number| number < EACH) {
        let ready = wait(&receivers, Some(PATIENCE)).unwrap();
        assert!(!ready.is_empty(), "somebody is silent: {next:?}");
        for at in ready {
            if next[at] == EACH {
                continue; // its end, as long as the others send
            }
            assert_eq!(receivers[at].recv::<u32>().unwrap(), next[at]);
            next[at] += 1;
        }
    }
    children.iter_mut().for_each(ends_well);
}

fn what_lies_there_is_counted() {
    for (receiver, sender) in both_kinds() {
        assert_eq!(receiver.waiting_bytes().unwrap(), 0);
        sender.send_bytes(&[7; 10]).unwrap();
        sender.send_bytes(b"").unwrap();
        assert_eq!(receiver.waiting_bytes().unwrap(), 10 + 2 * 4, "lengths take 4 bytes each");
        receiver.recv_bytes().unwrap();
        assert_eq!(receiver.waiting_bytes().unwrap(), 4);
    }
}

fn a_full_pipe_holds_its_capacity() {
    for (index, (receiver, sender)) in both_kinds().into_iter().enumerate() {
        let capacity = receiver.capacity_bytes().unwrap();
        assert_eq!(sender.capacity_bytes().unwrap(), capacity);
        let message = pattern(capacity * 4);
        let sent = RawValue::new(0).unwrap();
        let (sent_of, message_of) = (&sent, &message);
        let mut child = started("sender", move || {
            sender.send_bytes(message_of).unwrap();
            sent_of.set(1);
        });
        // Nobody receives: it fills up, and stays so.
        let mut before = 0;
        wait_until("it is full", || {
            let now = receiver.waiting_bytes().unwrap();
            std::thread::sleep(Duration::from_millis(20));
            std::mem::replace(&mut before, now) == now && now >= capacity / 2
        });
        assert_eq!(sent.get(), 0, "the sender waits");
        // A socket's is a limit for memory, overhead included, and the last piece may go beyond it.
        assert!(index == 0 || before == capacity, "{before} of {capacity}");
        assert!(receiver.recv_bytes().unwrap() == message);
        ends_well(&mut child);
        assert_eq!(sent.get(), 1);
    }
}

//! The pipe in shared memory: messages of all sizes arrive whole and in order, whoever waits is woken,
//! and two senders at once are told.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parlab::mp::{PipeError, Shared, ShmPipe};

use crate::Case;
use crate::pipe::pattern;
use crate::staging::{PATIENCE, ends_well, never_early, started};

pub const CASES: &[Case] = &[
    ("shm_pipe::values_keep_their_type", values_keep_their_type),
    ("shm_pipe::messages_of_all_sizes_arrive_whole_and_in_order", messages_arrive_whole),
    ("shm_pipe::a_pair_is_an_echo", a_pair_is_an_echo),
    ("shm_pipe::a_full_one_makes_the_sender_wait", a_full_one_makes_the_sender_wait),
    ("shm_pipe::who_sleeps_is_woken", who_sleeps_is_woken),
    ("shm_pipe::poll_is_never_early_and_sees_messages", poll_is_never_early_and_sees_messages),
    ("shm_pipe::two_senders_mix_messages_but_never_bytes", two_senders_mix_messages),
];

/// Bytes that fit into a cell: sizes around it and its multiples are where a mistake would be.
const CELL: usize = 16 * 1024;

fn values_keep_their_type() {
    let pipe = ShmPipe::new().unwrap();
    let mut child = started("sender", || {
        pipe.send("Zoë").unwrap();
        pipe.send(&(6.4, -1_i64)).unwrap();
        pipe.send(&7u8).unwrap();
    });
    assert_eq!(pipe.recv::<String>().unwrap(), "Zoë");
    assert_eq!(pipe.recv::<(f64, i64)>().unwrap(), (6.4, -1));
    let answer = pipe.recv::<()>();
    assert!(matches!(answer, Err(PipeError::Decode { len: 1, .. })), "{answer:?}");
    ends_well(&mut child);
}

fn messages_arrive_whole() {
    let sizes = || {
        let around = [1, 2, 3, 4, 5].map(|cells| cells * CELL);
        let around = around.into_iter().flat_map(|size| [size - 1, size, size + 1]);
        [0, 1, 0, 2047, 2048, 2049].into_iter().chain(around).chain([16 << 20, 0])
    };
    let pipe = ShmPipe::new().unwrap();
    let mut child =
        started("sender", || sizes().for_each(|size| pipe.send_bytes(&pattern(size)).unwrap()));
    let mut message = Vec::new();
    for size in sizes() {
        pipe.recv_bytes_into(&mut message).unwrap();
        assert!(message == pattern(size), "{size} bytes");
    }
    assert!(!pipe.poll(Some(Duration::ZERO)));
    ends_well(&mut child);
}

fn a_pair_is_an_echo() {
    const COUNT: u32 = 20_000;
    let (there, back) = (ShmPipe::new().unwrap(), ShmPipe::new().unwrap());
    let mut echo = started("echo", || {
        (0..COUNT).for_each(|_| back.send(&(there.recv::<u32>().unwrap() + 2)).unwrap());
    });
    for number in 0..COUNT {
        there.send(&number).unwrap();
        assert_eq!(back.recv::<u32>().unwrap(), number + 2);
    }
    ends_well(&mut echo);
}

fn a_full_one_makes_the_sender_wait() {
    let pipe = ShmPipe::new().unwrap();
    let sent: Shared<AtomicU32> = Shared::new().unwrap();
    let (pipe_of, sent_of) = (&pipe, &sent);
    let mut child = started("sender", move || {
        for number in 0..20_u32 {
            pipe_of.send(&number).unwrap();
            sent_of.store(number + 1, Ordering::Release);
        }
    });
    // Four cells, four messages.
    crate::staging::wait_until("it is full", || sent.load(Ordering::Acquire) == 4);
    std::thread::sleep(Duration::from_millis(120));
    assert_eq!(sent.load(Ordering::Acquire), 4);
    (0..20).for_each(|number| assert_eq!(pipe.recv::<u32>().unwrap(), number));
    ends_well(&mut child);
}

fn who_sleeps_is_woken() {
    // Without a wake each sleep lasts 50 ms, and all together longer than a case may take.
    const COUNT: u32 = 1_500;
    let (there, back) = (ShmPipe::new().unwrap(), ShmPipe::new().unwrap());
    let mut echo = started("echo", || {
        for _ in 0..COUNT {
            let number: u32 = there.recv().unwrap();
            // Longer than anybody spins, so that the other one sleeps before each message.
            std::thread::sleep(Duration::from_micros(300));
            back.send(&number).unwrap();
        }
    });
    for number in 0..COUNT {
        there.send(&number).unwrap();
        assert_eq!(back.recv::<u32>().unwrap(), number);
    }
    ends_well(&mut echo);
}

fn poll_is_never_early_and_sees_messages() {
    let pipe = ShmPipe::new().unwrap();
    never_early(|bound| assert!(!pipe.poll(Some(bound))));
    let mut child = started("sender", || {
        std::thread::sleep(Duration::from_millis(5));
        pipe.send_bytes(b"").unwrap();
    });
    assert!(pipe.poll(Some(PATIENCE)));
    assert!(pipe.poll(Some(Duration::ZERO)), "it is still there");
    assert_eq!(pipe.recv_bytes().unwrap(), b"");
    ends_well(&mut child);
}

fn two_senders_mix_messages() {
    let pipe = ShmPipe::new().unwrap();
    let message = |byte: u8| vec![byte; 3 * CELL];
    let mut senders = [1, 2].map(|byte| {
        let pipe = &pipe;
        started("sender", move || {
            loop {
                pipe.send_bytes(&message(byte)).unwrap();
            }
        })
    });
    let mut received = Vec::new();
    for _ in 0..200 {
        if !pipe.poll(Some(Duration::from_millis(200))) {
            break; // both wait for cells that the other has passed
        }
        match pipe.recv_bytes_into(&mut received) {
            // Perhaps only the end of one whose beginning was lost with another.
            Ok(()) => assert!(received.len() <= 3 * CELL),
            Err(PipeError::Truncated { expected, .. }) => assert!(expected <= 3 * CELL),
            Err(other) => panic!("{other:?}"),
        }
        assert!(received.chunks(CELL).all(|piece| piece.iter().all(|byte| *byte == piece[0])));
    }
    senders.iter_mut().for_each(|sender| {
        sender.kill().unwrap();
        sender.join().unwrap();
    });
}

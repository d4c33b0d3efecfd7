//! Pipes: messages of all sizes arrive whole and in order, and every way for the other end to be
//! gone has its own answer.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::Pid;
use parlab::mp::process::die_with_parent;
use parlab::mp::{Connection, Exit, PipeError, Process, Shared, pipe, pipe_oneway};
use serde::{Deserialize, Serialize};

use crate::Case;
use crate::staging::{PATIENCE, ended, ends_well, never_early, started, wait_until};

pub const CASES: &[Case] = &[
    ("pipe::values_keep_their_type", values_keep_their_type),
    ("pipe::both_ends_of_a_two_way_pipe_send", both_ends_of_a_two_way_pipe_send),
    ("pipe::empty_messages_are_messages", empty_messages_are_messages),
    ("pipe::frames_are_those_of_python", frames_are_those_of_python),
    ("pipe::python_understands", python_understands),
    ("pipe::large_messages_arrive_whole", large_messages_arrive_whole),
    ("pipe::memory_is_used_again", memory_is_used_again),
    ("pipe::closed_end_is_told_to_the_receiver", closed_end_is_told_to_the_receiver),
    ("pipe::closed_end_is_told_to_the_sender", closed_end_is_told_to_the_sender),
    ("pipe::closed_socket_needs_no_ignored_signal", closed_socket_needs_no_ignored_signal),
    ("pipe::truncated_message_is_told", truncated_message_is_told),
    ("pipe::sender_killed_in_mid_message", sender_killed_in_mid_message),
    ("pipe::garbage_is_refused", garbage_is_refused),
    ("pipe::poll_is_never_early", poll_is_never_early),
    ("pipe::poll_sees_messages_and_the_end", poll_sees_messages_and_the_end),
    ("pipe::wrong_direction_is_told", wrong_direction_is_told),
    ("pipe::signals_lose_nothing", signals_lose_nothing),
];

const LARGE: usize = 16 << 20;

pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// (receiver, sender) of both kinds.
pub fn both_kinds() -> [(Connection, Connection); 2] {
    [pipe().unwrap(), pipe_oneway().unwrap()]
}

/// The descriptor of an end, to write and read what no message is.
fn raw(end: &Connection) -> File {
    File::from(end.as_fd().try_clone_to_owned().unwrap())
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Greeting {
    name: String,
    times: Vec<f64>,
    to: Option<i64>,
}

fn values_keep_their_type() {
    let greeting = || Greeting { name: "Zoë".into(), times: vec![6.4, -0.0], to: Some(i64::MIN) };
    for (receiver, sender) in both_kinds() {
        let mut child = started("sender", move || {
            sender.send(&greeting()).unwrap();
            sender.send("a str").unwrap();
            sender.send(&[1u16, 2, 3][..]).unwrap();
            sender.send(&7u8).unwrap();
        });
        assert_eq!(receiver.recv::<Greeting>().unwrap(), greeting());
        assert_eq!(receiver.recv::<String>().unwrap(), "a str");
        assert_eq!(receiver.recv::<Vec<u16>>().unwrap(), [1, 2, 3]);
        let answer = receiver.recv::<()>();
        assert!(matches!(answer, Err(PipeError::Decode { len: 1, .. })), "{answer:?}");
        ends_well(&mut child);
    }
}

fn both_ends_of_a_two_way_pipe_send() {
    let (here, there) = pipe().unwrap();
    let mut echo = started("echo", move || {
        // Not "until the end": this child has inherited the other end too, and so never sees it.
        while let Some(number) = there.recv::<Option<u32>>().unwrap() {
            there.send(&(number + 2)).unwrap();
        }
    });
    for number in 0..1000u32 {
        here.send(&Some(number)).unwrap();
        assert_eq!(here.recv::<u32>().unwrap(), number + 2);
    }
    here.send(&None::<u32>).unwrap();
    ends_well(&mut echo);
}

fn empty_messages_are_messages() {
    for (receiver, sender) in both_kinds() {
        for message in [&b""[..], b"x", b"", b""] {
            sender.send_bytes(message).unwrap();
        }
        sender.close();
        let received: Vec<_> = (0..4).map(|_| receiver.recv_bytes().unwrap()).collect();
        assert_eq!(received, [&b""[..], b"x", b"", b""]);
        assert!(matches!(receiver.recv_bytes(), Err(PipeError::Closed)));
    }
}

fn frames_are_those_of_python() {
    for (receiver, sender) in both_kinds() {
        sender.send_bytes(b"hi").unwrap();
        let mut frame = [0; 6];
        raw(&receiver).read_exact(&mut frame).unwrap();
        assert_eq!(frame, *b"\x00\x00\x00\x02hi");
        // Python's form for lengths from 2^31 on is understood for any length.
        raw(&sender).write_all(b"\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x02ho").unwrap();
        assert_eq!(receiver.recv_bytes().unwrap(), b"ho");
    }
}

fn python_understands() {
    const ECHO: &str = "\
from multiprocessing.connection import Connection
end = Connection(0)
try:
    while True:
        end.send_bytes(end.recv_bytes())
except EOFError:
    pass
";
    let (here, there) = pipe().unwrap();
    let mut python = Command::new("python3");
    python.args(["-I", "-c", ECHO]).stdin(there.as_fd().try_clone_to_owned().unwrap());
    die_with_parent(&mut python, libc::SIGKILL);
    // Without Python there is nothing to ask; the frames were compared above all the same.
    let Ok(mut python) = python.spawn() else {
        return;
    };
    there.close();
    for len in [0, 1, 16_384, 16_385, 1 << 20] {
        let message = pattern(len);
        here.send_bytes(&message).unwrap();
        assert!(here.recv_bytes().unwrap() == message, "{len} bytes");
    }
    here.close();
    assert!(python.wait().unwrap().success());
}

fn large_messages_arrive_whole() {
    let sent = pattern(LARGE);
    for (receiver, sender) in both_kinds() {
        let mut child = started("sender", || {
            sender.send_bytes(&sent).unwrap();
            sender.send_bytes(&sent[..70_001]).unwrap();
        });
        assert!(receiver.recv_bytes().unwrap() == sent);
        assert!(receiver.recv_bytes().unwrap() == sent[..70_001]);
        ends_well(&mut child);
    }
}

fn memory_is_used_again() {
    for (receiver, sender) in both_kinds() {
        let mut message = Vec::with_capacity(100);
        let memory = message.as_ptr();
        for sent in [pattern(100), pattern(7), Vec::new()] {
            sender.send_bytes(&sent).unwrap();
            receiver.recv_bytes_into(&mut message).unwrap();
            assert_eq!(message, sent);
        }
        assert_eq!(message.as_ptr(), memory);
        // What came of a message that did not come whole is kept; of none, nothing is.
        raw(&sender).write_all(b"\0\0\0\x05abc").unwrap();
        drop(sender);
        let answer = receiver.recv_bytes_into(&mut message);
        assert!(matches!(answer, Err(PipeError::Truncated { got: 3, expected: 5 })), "{answer:?}");
        assert_eq!(message, b"abc");
        assert!(matches!(receiver.recv_bytes_into(&mut message), Err(PipeError::Closed)));
        assert_eq!(message, b"");
    }
}

fn closed_end_is_told_to_the_receiver() {
    for (receiver, sender) in both_kinds() {
        sender.send(&1).unwrap();
        drop(sender);
        assert_eq!(receiver.recv::<i32>().unwrap(), 1, "what was sent before still comes");
        assert!(matches!(receiver.recv::<i32>(), Err(PipeError::Closed)));
    }
    // With messages unread at the closed end, a socket says "reset".
    let (here, there) = pipe().unwrap();
    here.send(&1).unwrap();
    there.close();
    assert!(matches!(here.recv::<i32>(), Err(PipeError::Closed)));
}

fn closed_end_is_told_to_the_sender() {
    for (receiver, sender) in both_kinds() {
        drop(receiver);
        // In a child too, where SIGPIPE would otherwise kill.
        let mut child = started("sender", || {
            assert!(matches!(sender.send(&1), Err(PipeError::Closed)));
            let large = pattern(1 << 20);
            assert!(matches!(sender.send_bytes(&large), Err(PipeError::Closed)));
        });
        ends_well(&mut child);
    }
}

fn truncated_message_is_told() {
    let parts: [(&[u8], usize, usize); 3] =
        [(b"\0\0", 2, 4), (b"\0\0\0\x05abc", 3, 5), (b"\xff\xff\xff\xff\0", 1, 8)];
    for (part, got, expected) in parts {
        for (receiver, sender) in both_kinds() {
            raw(&sender).write_all(part).unwrap();
            drop(sender);
            match receiver.recv_bytes() {
                Err(PipeError::Truncated { got: g, expected: e }) => {
                    assert_eq!((g, e), (got, expected));
                }
                other => panic!("{part:?} was received as {other:?}"),
            }
        }
    }
}

fn sender_killed_in_mid_message() {
    for (receiver, sender) in both_kinds() {
        let mut child = started("sender", move || sender.send_bytes(&pattern(LARGE)).unwrap());
        assert!(receiver.poll(Some(PATIENCE)).unwrap(), "it has begun, and cannot finish");
        child.kill().unwrap();
        assert_eq!(ended(&mut child), Exit::Signal(libc::SIGKILL));
        let answer = receiver.recv_bytes().map(|message| message.len());
        assert!(matches!(answer, Err(PipeError::Truncated { .. })), "{answer:?}");
    }
}

fn garbage_is_refused() {
    for header in
        [&b"HTTP"[..], b"\xff\xff\xff\xfe", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"]
    {
        for (receiver, sender) in both_kinds() {
            raw(&sender).write_all(header).unwrap();
            let answer = receiver.recv_bytes();
            assert!(matches!(answer, Err(PipeError::TooLong { .. })), "{header:?}: {answer:?}");
        }
    }
    let (receiver, sender) = pipe_oneway().unwrap();
    let (receiver, sender) = (receiver.with_limit(3), sender.with_limit(4));
    let answer = sender.send_bytes(b"12345");
    assert!(matches!(answer, Err(PipeError::TooLong { len: 5, limit: 4 })), "{answer:?}");
    sender.send_bytes(b"123").unwrap();
    assert_eq!(receiver.recv_bytes().unwrap(), b"123");
    sender.send_bytes(b"1234").unwrap();
    let answer = receiver.recv_bytes();
    assert!(matches!(answer, Err(PipeError::TooLong { len: 4, limit: 3 })), "{answer:?}");
}

fn poll_is_never_early() {
    for (receiver, _sender) in both_kinds() {
        never_early(|bound| assert!(!receiver.poll(Some(bound)).unwrap()));
    }
}

fn poll_sees_messages_and_the_end() {
    for (receiver, sender) in both_kinds() {
        sender.send_bytes(b"").unwrap();
        assert!(receiver.poll(Some(Duration::ZERO)).unwrap());
        assert!(receiver.poll(None).unwrap());
        receiver.recv_bytes().unwrap();
        assert!(!receiver.poll(Some(Duration::ZERO)).unwrap());
        drop(sender);
        assert!(receiver.poll(None).unwrap(), "the end is something to receive");
    }
}

fn wrong_direction_is_told() {
    let (reader, writer) = pipe_oneway().unwrap();
    let wrong = |answer| matches!(answer, Err(PipeError::WrongDirection { .. }));
    assert!(wrong(reader.send(&1)));
    assert!(wrong(writer.recv_bytes().map(drop)));
    assert!(wrong(writer.poll(None).map(drop)));
}

static SIGNALS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count_signal(_: i32) {
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

fn handle(signal: Signal, handler: SigHandler) {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the one handler there is adds to an atomic, which is async-signal-safe.
    unsafe { sigaction(signal, &action) }.unwrap();
}

fn closed_socket_needs_no_ignored_signal() {
    let (here, there) = pipe().unwrap();
    there.close();
    ends_well(&mut started("sender", || {
        handle(Signal::SIGPIPE, SigHandler::SigDfl);
        assert!(matches!(here.send(&1), Err(PipeError::Closed)));
    }));
}

const MESSAGES: usize = 20;

/// A child whose system calls SIGUSR1 interrupts while it does something `MESSAGES` times; it ends
/// well if it was hit at all.
fn interruptible<'a>(name: &str, mut each: impl FnMut() + 'a) -> (Process<'a>, Pid) {
    let ready: Rc<Shared<AtomicU32>> = Rc::new(Shared::new().unwrap());
    let child_ready = Rc::clone(&ready);
    let process = started(name, move || {
        handle(Signal::SIGUSR1, SigHandler::Handler(count_signal));
        child_ready.store(1, Ordering::Release);
        (0..MESSAGES).for_each(|_| each());
        assert!(SIGNALS.load(Ordering::Relaxed) > 0, "no signal came in mid-transfer");
    });
    wait_until("its handler is set", || ready.load(Ordering::Acquire) == 1);
    let pid = Pid::from_raw(process.pid().unwrap());
    (process, pid)
}

fn signals_lose_nothing() {
    for (receiver, sender) in both_kinds() {
        let sent = pattern(1 << 20);
        let (mut sending, sending_pid) =
            interruptible("sender", || sender.send_bytes(&sent).unwrap());
        // First while the buffer is full and nobody receives, so that whole calls come to nothing.
        for _ in 0..50 {
            kill(sending_pid, Signal::SIGUSR1).unwrap();
            std::thread::sleep(Duration::from_millis(1));
        }
        let (mut receiving, receiving_pid) =
            interruptible("receiver", || assert!(receiver.recv_bytes().unwrap() == sent));
        while sending.is_alive() || receiving.is_alive() {
            for pid in [sending_pid, receiving_pid] {
                kill(pid, Signal::SIGUSR1).expect("it is at least a zombie");
            }
            std::thread::sleep(Duration::from_micros(50));
        }
        ends_well(&mut sending);
        ends_well(&mut receiving);
    }
}

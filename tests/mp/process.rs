//! Processes: how they start and end, and who may do what.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{Uid, getuid, setuid};
use parlab::mp::proc;
use parlab::mp::process::exit;
use parlab::mp::supervise::has_children;
use parlab::mp::{Exit, Process, ProcessError, Value, sys};

use crate::Case;
use crate::staging::{ended, ends_well, never_early, sleep_for_ever, started, wait_until};

pub const CASES: &[Case] = &[
    ("process::ends_with_its_code", ends_with_its_code),
    ("process::ends_by_signal", ends_by_signal),
    ("process::a_signal_to_one_thread_ends_them_all", a_signal_to_one_thread_ends_them_all),
    ("process::panic_is_told_with_text_and_place", panic_is_told_with_text_and_place),
    ("process::panic_that_was_caught_ended_nothing", panic_that_was_caught_ended_nothing),
    ("process::long_panic_is_cut_between_characters", long_panic_is_cut_between_characters),
    ("process::each_panic_is_its_own", each_panic_is_its_own),
    ("process::only_its_creator_may_use_it", only_its_creator_may_use_it),
    ("process::starts_once", starts_once),
    ("process::join_timeout_is_never_early", join_timeout_is_never_early),
    ("process::sentinel_tells_the_end", sentinel_tells_the_end),
    ("process::closure_is_dropped_in_the_parent", closure_is_dropped_in_the_parent),
    ("process::child_flushes_nothing_of_its_parent", child_flushes_nothing_of_its_parent),
    ("process::child_has_signals_of_its_own", child_has_signals_of_its_own),
    ("process::usage_is_told", usage_is_told),
    ("process::pinned_to_a_cpu", pinned_to_a_cpu),
    ("process::too_many_descriptors", too_many_descriptors),
    ("process::too_many_processes", too_many_processes),
];

fn ends_with_its_code() {
    let mut process = Process::new("returns", || ());
    assert_eq!((process.pid(), process.exitcode()), (None, None));
    process.start().unwrap();
    assert!(process.pid().is_some());
    assert_eq!(process.join().unwrap(), Exit::Code(0));
    assert_eq!(process.join().unwrap(), Exit::Code(0), "a second join tells the same");

    let mut process = started("exits", || exit(7));
    assert_eq!(process.join().unwrap(), Exit::Code(7));
    assert_eq!(process.exitcode(), Some(7));
    assert!(!process.is_alive());
    assert_eq!(process.panic_message(), None);
}

fn a_signal_to_one_thread_ends_them_all() {
    let number = Value::new(0_i32).unwrap();
    let mut process = started("two threads", || {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                number.set(sys::thread_id());
                sleep_for_ever();
            });
            scope.spawn(sleep_for_ever);
        });
    });
    let pid = process.pid().unwrap();
    wait_until("the thread has told its number", || number.get() != 0);
    assert_ne!(number.get(), pid, "the main thread's number is the process's");
    let refused = |thread, signal| sys::signal_thread(pid, thread, signal).unwrap_err();
    assert_eq!(refused(pid - 1, 0).raw_os_error(), Some(libc::ESRCH), "not a thread of it");
    assert_eq!(refused(pid, 999).raw_os_error(), Some(libc::EINVAL));
    assert!(process.is_alive());
    sys::signal_thread(pid, number.get(), libc::SIGTERM).unwrap();
    assert_eq!(ended(&mut process), Exit::Signal(libc::SIGTERM));
    assert_eq!(sys::thread_id(), std::process::id().cast_signed());
}

fn panic_that_was_caught_ended_nothing() {
    let mut process = started("catches", || {
        assert!(std::panic::catch_unwind(|| panic!("caught in time")).is_err());
    });
    assert_eq!(ended(&mut process), Exit::Code(0));
    assert_eq!(process.panic_message(), None);
}

fn ends_by_signal() {
    let mut process = started("terminated", sleep_for_ever);
    assert!(process.is_alive());
    assert_eq!(process.exitcode(), None);
    process.terminate().unwrap();
    assert_eq!(ended(&mut process), Exit::Signal(libc::SIGTERM));
    assert_eq!(process.exitcode(), Some(-libc::SIGTERM));
    assert_eq!(Exit::Signal(libc::SIGTERM).to_string(), "signal 15 (SIGTERM)");
    process.kill().expect("to kill what has ended is no error");

    let mut process = started("killed", sleep_for_ever);
    process.kill().unwrap();
    assert_eq!(ended(&mut process), Exit::Signal(libc::SIGKILL));
}

fn panic_is_told_with_text_and_place() {
    let line = line!() + 1;
    let mut process = started("panics", || panic!("the till has {} left", 3));
    assert_eq!(process.join().unwrap(), Exit::Code(1));
    let text = process.panic_message().expect("a panic leaves its text");
    let expected = format!("the till has 3 left at {}:{line}:", file!());
    assert!(text.starts_with(&expected), "{text}");
}

fn long_panic_is_cut_between_characters() {
    for odd in ["", "x"] {
        let mut process = started("panics", || panic!("{odd}{}", "è".repeat(9000)));
        assert_eq!(process.join().unwrap(), Exit::Code(1));
        let text = process.panic_message().expect("a panic leaves its text");
        assert!(text.len() > 4000 && text.len() <= 4096, "{} bytes", text.len());
        assert!(text.ends_with('è'), "{text}");
    }
}

/// Children of a process and children of its child, which may not take each other's place.
fn each_panic_is_its_own() {
    let panics = |generation: &'static str| {
        let mut all: Vec<_> =
            (0..70).map(|n| started("panics", move || panic!("{generation} {n}"))).collect();
        for (n, process) in all.iter_mut().enumerate() {
            assert_eq!(process.join().unwrap(), Exit::Code(1));
            let text = process.panic_message().expect("a panic leaves its text");
            assert!(text.starts_with(&format!("{generation} {n} at ")), "{n}: {text}");
        }
    };
    let mut first = started("first", || panic!("the first"));
    let mut child = started("child", || panics("grandchild"));
    panics("child");
    ends_well(&mut child);
    assert_eq!(first.join().unwrap(), Exit::Code(1));
    let text = first.panic_message().expect("a panic leaves its text");
    assert!(text.starts_with("the first at "), "{text}");
}

fn only_its_creator_may_use_it() {
    let sleeper = RefCell::new(Some(started("sleeper", sleep_for_ever)));
    let unstarted = RefCell::new(Process::new("unstarted", || ()));
    let refused = |answer| matches!(answer, Err(ProcessError::NotCreator { .. }));
    let mut stranger = started("stranger", || {
        assert!(refused(unstarted.borrow_mut().start()));
        let mut copy = sleeper.borrow_mut().take().unwrap();
        assert!(refused(copy.start()));
        assert!(refused(copy.join().map(drop)));
        assert!(refused(copy.join_timeout(Duration::ZERO).map(drop)));
        assert!(refused(copy.terminate()));
        assert!(refused(copy.kill()));
        assert_eq!(copy.exitcode(), None);
        assert!(copy.is_alive(), "looking is allowed");
        drop(copy);
    });
    ends_well(&mut stranger);
    let sleeper = sleeper.borrow_mut().take().unwrap();
    assert!(sleeper.is_alive(), "a stranger dropped its copy, and the child lives");
}

fn starts_once() {
    let mut process = Process::new("twice", || ());
    let not_started = |answer| matches!(answer, Err(ProcessError::NotStarted { .. }));
    assert!(not_started(process.join().map(drop)));
    assert!(not_started(process.terminate()));
    process.start().unwrap();
    assert!(matches!(process.start(), Err(ProcessError::AlreadyStarted { .. })));
    assert!(matches!(process.pin(0), Err(ProcessError::AlreadyStarted { .. })));
    process.join().unwrap();
    assert!(matches!(process.start(), Err(ProcessError::AlreadyStarted { .. })));
}

fn join_timeout_is_never_early() {
    let mut process = started("sleeper", sleep_for_ever);
    never_early(|bound| assert_eq!(process.join_timeout(bound).unwrap(), None));
    process.kill().unwrap();
    assert_eq!(ended(&mut process), Exit::Signal(libc::SIGKILL));
}

fn sentinel_tells_the_end() {
    let mut process = started("sleeper", sleep_for_ever);
    let readable =
        |p: &Process<'_>, bound| sys::wait_readable(p.sentinel().unwrap(), bound).unwrap();
    assert!(!readable(&process, Duration::ZERO));
    process.kill().unwrap();
    assert!(readable(&process, crate::staging::PATIENCE));
    assert!(!process.is_alive());
    assert_eq!(process.join().unwrap(), Exit::Signal(libc::SIGKILL));
}

fn closure_is_dropped_in_the_parent() {
    let (reader, writer) = parlab::mp::pipe_oneway().unwrap();
    let mut process = started("writer", move || writer.send("mine alone").unwrap());
    assert_eq!(reader.recv::<String>().unwrap(), "mine alone");
    ends_well(&mut process);
    assert!(matches!(reader.recv_bytes(), Err(parlab::mp::PipeError::Closed)));
}

fn child_flushes_nothing_of_its_parent() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut printer = started("printer", move || {
        nix::unistd::dup2_stdout(writer.as_fd()).unwrap();
        print!("said ");
        for body in [|| (), || exit(3), || panic!("on purpose")] {
            started("child", body).join().unwrap();
        }
        println!("once");
        std::io::stdout().flush().unwrap();
    });
    let mut output = String::new();
    reader.read_to_string(&mut output).unwrap();
    ends_well(&mut printer);
    assert_eq!(output, "said once\n");
}

fn child_has_signals_of_its_own() {
    SigSet::from(Signal::SIGTERM).thread_block().unwrap();
    let mut process = started("sleeper", sleep_for_ever);
    process.terminate().unwrap();
    assert_eq!(ended(&mut process), Exit::Signal(libc::SIGTERM));
    let mask = SigSet::thread_get_mask().unwrap();
    assert!(mask.contains(Signal::SIGTERM), "the parent's mask is as it was");
    assert!(!mask.contains(Signal::SIGINT), "the parent's mask is as it was");
}

fn usage_is_told() {
    let mut process = started("worker", || {
        let this = std::process::id().cast_signed();
        while proc::cpu_time(this).unwrap() < Duration::from_millis(30) {}
    });
    assert_eq!(process.usage(), None);
    ends_well(&mut process);
    let usage = process.usage().expect("known once it is joined");
    assert!(usage.user + usage.system >= Duration::from_millis(10), "{usage:?}");
    assert!(usage.max_rss_bytes > 100_000, "{usage:?}");
}

fn pinned_to_a_cpu() {
    for cpu in sys::affinity().unwrap() {
        let mut process = Process::new("pinned", move || {
            assert_eq!(sys::affinity().unwrap(), [cpu]);
            assert_eq!(sys::current_cpu(), Some(cpu));
        });
        process.pin(cpu).unwrap();
        process.start().unwrap();
        ends_well(&mut process);
    }
    let answer = Process::new("nowhere", || ()).pin(100_000);
    assert!(matches!(answer, Err(ProcessError::CpuNotAllowed { cpu: 100_000, .. })));
}

fn too_many_descriptors() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let ran = Value::new(0).unwrap();
    let mut process = Process::new("late", || ran.set(1));
    // The next free descriptor is over the limit.
    let next = std::fs::File::open("/dev/null").unwrap();
    let next = std::os::fd::AsRawFd::as_raw_fd(&next) as u64;
    setrlimit(Resource::RLIMIT_NOFILE, next, hard).unwrap();
    let answer = process.start();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    assert!(matches!(answer, Err(ProcessError::TooManyDescriptors { .. })), "{answer:?}");
    assert!(!has_children(), "nothing half-made stays");
    ran.set(0);
    process.start().expect("it may be tried again");
    ends_well(&mut process);
    assert_eq!(ran.get(), 1);
}

fn too_many_processes() {
    // Root is above this limit; any other user will do, where root may become one.
    if getuid().is_root() && setuid(Uid::from_raw(65534)).is_err() {
        return;
    }
    setrlimit(Resource::RLIMIT_NPROC, 0, 0).unwrap();
    let answer = Process::new("one too many", || ()).start();
    assert!(matches!(answer, Err(ProcessError::TooManyProcesses { .. })), "{answer:?}");
    assert!(!has_children());
}

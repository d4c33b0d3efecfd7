//! Spawned processes: this very program started anew runs a function by name, with its arguments and
//! with nothing else of its parent's.

use std::ffi::CString;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use parlab::mp::process::exit;
use parlab::mp::process::spawn::{Function, SUBCOMMAND};
use parlab::mp::supervise::{become_subreaper, has_children, reap_any};
use parlab::mp::{Exit, Process, ProcessError, Shared, sys};
use serde::{Deserialize, Serialize, Serializer};

use crate::Case;
use crate::staging::{ended, ends_well, sleep_for_ever, started, wait_until};

pub const CASES: &[Case] = &[
    ("spawn::function_gets_its_arguments", function_gets_its_arguments),
    ("spawn::large_arguments_arrive_whole", large_arguments_arrive_whole),
    ("spawn::sees_no_change_of_its_parent", sees_no_change_of_its_parent),
    ("spawn::has_three_descriptors", has_three_descriptors),
    ("spawn::has_signals_of_its_own", has_signals_of_its_own),
    ("spawn::ends_with_its_code", ends_with_its_code),
    ("spawn::ends_by_signal", ends_by_signal),
    ("spawn::panic_is_told_with_text_and_place", panic_is_told_with_text_and_place),
    ("spawn::unknown_function_is_told", unknown_function_is_told),
    ("spawn::wrong_arguments_are_told", wrong_arguments_are_told),
    ("spawn::unserialisable_arguments_are_told", unserialisable_arguments_are_told),
    ("spawn::prints_before_it_ends", prints_before_it_ends),
    ("spawn::pinned_to_a_cpu", pinned_to_a_cpu),
    ("spawn::dies_with_its_parent", dies_with_its_parent),
    ("spawn::orphan_does_not_begin", orphan_does_not_begin),
    ("spawn::too_many_descriptors", too_many_descriptors),
    ("spawn::hidden_word_alone_is_no_order", hidden_word_alone_is_no_order),
];

/// What the children of these cases can run. They find out by themselves whether all is well, and
/// panic if not.
pub fn functions() -> [Function<'static>; 11] {
    [
        Function::new("expect", expect),
        Function::new("expect_len", |bytes: Vec<u8>| assert_eq!(bytes.len(), LARGE)),
        Function::new("expect_global", expect_global),
        Function::new("expect_descriptors", expect_descriptors),
        Function::new("expect_signals", expect_signals),
        Function::new("expect_cpus", |cpus: Vec<usize>| assert_eq!(sys::affinity().unwrap(), cpus)),
        Function::new("exit", |code: i32| exit(code)),
        Function::new("panic", |text: String| panic!("{text}")),
        Function::new("print", print),
        Function::new("touch_and_sleep", touch_and_sleep),
        Function::new("sum_into_last", crate::shared_memory::sum_into_last),
    ]
}

#[track_caller]
fn spawned(function: &str, arguments: &impl Serialize) -> Process<'static> {
    let mut process = Process::spawned("spawned", function, arguments).unwrap();
    process.start().expect("a process can be started");
    process
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Arguments {
    text: String,
    numbers: Vec<f64>,
    nothing: Option<()>,
}

fn arguments() -> Arguments {
    Arguments { text: "Zoë\0".into(), numbers: vec![6.4, f64::MIN_POSITIVE], nothing: None }
}

fn expect((got, copy): (Arguments, Arguments)) {
    assert_eq!(got, arguments());
    assert_eq!(copy, got);
}

fn function_gets_its_arguments() {
    ends_well(&mut spawned("expect", &(arguments(), arguments())));
    assert!(!has_children());
}

/// Far more than a pipe holds.
const LARGE: usize = 3 << 20;

fn large_arguments_arrive_whole() {
    ends_well(&mut spawned("expect_len", &vec![7u8; LARGE]));
}

static GLOBAL: AtomicU32 = AtomicU32::new(1);

fn expect_global(value: u32) {
    assert_eq!(GLOBAL.load(Ordering::Relaxed), value);
}

fn sees_no_change_of_its_parent() {
    GLOBAL.store(2, Ordering::Relaxed);
    ends_well(&mut started("forked", || expect_global(2)));
    ends_well(&mut spawned("expect_global", &1u32));
}

fn expect_descriptors(numbers: Vec<i32>) {
    let mut open: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().parse().unwrap())
        .collect();
    open.sort_unstable();
    // The directory itself was open while it was read, as the next free number.
    assert_eq!(open.pop(), Some(3));
    assert_eq!(open, numbers);
}

fn has_three_descriptors() {
    let leaky = std::fs::File::open("/dev/null").unwrap();
    fcntl(&leaky, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    assert!(leaky.as_raw_fd() > 2);
    let mut other = Process::spawned("before", "expect_descriptors", &vec![0, 1, 2]).unwrap();
    other.start().unwrap();
    ends_well(&mut spawned("expect_descriptors", &vec![0, 1, 2]));
    ends_well(&mut other);
}

fn expect_signals(held_back: bool) {
    let mask = SigSet::thread_get_mask().unwrap();
    assert_eq!(mask.contains(Signal::SIGTERM), held_back);
    // SAFETY: the default disposition runs no code of ours.
    let before = unsafe { signal(Signal::SIGINT, SigHandler::SigDfl) }.unwrap();
    assert!(matches!(before, SigHandler::SigDfl), "{before:?}");
}

fn has_signals_of_its_own() {
    SigSet::from(Signal::SIGTERM).thread_block().unwrap();
    // SAFETY: ignoring runs no code of ours.
    unsafe { signal(Signal::SIGINT, SigHandler::SigIgn) }.unwrap();
    ends_well(&mut spawned("expect_signals", &false));
}

fn ends_with_its_code() {
    for code in [0, 1, 7, 255] {
        let mut process = spawned("exit", &code);
        assert!(process.pid().is_some());
        assert_eq!(ended(&mut process), Exit::Code(code));
        assert_eq!(process.exitcode(), Some(code));
        assert_eq!(process.panic_message(), None);
        assert!(process.usage().is_some_and(|usage| usage.max_rss_bytes > 100_000));
        assert!(matches!(process.start(), Err(ProcessError::AlreadyStarted { .. })));
    }
}

fn ends_by_signal() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = sleeper(&folder.path().join("runs"));
    assert!(process.is_alive());
    process.terminate().unwrap();
    assert_eq!(ended(&mut process), Exit::Signal(libc::SIGTERM));
    let process = sleeper(&folder.path().join("runs too"));
    drop(process);
    assert!(!has_children(), "dropping it kills and reaps it");
}

fn panic_is_told_with_text_and_place() {
    let mut process = spawned("panic", &"on purpose");
    assert_eq!(ended(&mut process), Exit::Code(1));
    let text = process.panic_message().expect("a panic leaves its text");
    assert!(text.starts_with(&format!("on purpose at {}:", file!())), "{text}");
}

fn unknown_function_is_told() {
    let mut process = spawned("nowhere", &());
    assert_eq!(ended(&mut process), Exit::Code(1));
    let text = process.panic_message().unwrap();
    assert!(text.starts_with("this program has no function `nowhere` to spawn"), "{text}");
    assert!(text.contains("\"expect_global\""), "it says what there is: {text}");
}

fn wrong_arguments_are_told() {
    let mut process = spawned("panic", &());
    assert_eq!(ended(&mut process), Exit::Code(1));
    let text = process.panic_message().unwrap();
    assert!(text.starts_with("the 0 bytes of arguments are not what `panic` takes"), "{text}");
    assert!(text.contains("String"), "{text}");

    let mut process = spawned("expect_global", &(1u32, 2u32));
    assert_eq!(ended(&mut process), Exit::Code(1), "one argument too many");
    let text = process.panic_message().unwrap();
    assert!(text.starts_with("the 2 bytes of arguments are not what"), "{text}");
}

fn unserialisable_arguments_are_told() {
    struct Handle;
    impl Serialize for Handle {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("a handle means nothing elsewhere"))
        }
    }
    let error = Process::spawned("spawned", "panic", &Handle).unwrap_err();
    assert!(matches!(error, ProcessError::Arguments { .. }), "{error}");
    assert!(error.to_string().contains("arguments of `panic` for process `spawned`"), "{error}");
}

#[expect(clippy::print_stdout, reason = "printing is what is tried")]
fn print(text: String) {
    print!("{text}");
}

/// A forked child leaves without flushing; a spawned one is a program and flushes.
fn prints_before_it_ends() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut printer = started("printer", move || {
        nix::unistd::dup2_stdout(std::os::fd::AsFd::as_fd(&writer)).unwrap();
        ends_well(&mut spawned("print", &"said, without a newline"));
    });
    let mut output = String::new();
    std::io::Read::read_to_string(&mut reader, &mut output).unwrap();
    ends_well(&mut printer);
    assert_eq!(output, "said, without a newline");
}

fn pinned_to_a_cpu() {
    let all = sys::affinity().unwrap();
    ends_well(&mut spawned("expect_cpus", &all));
    for cpu in all {
        let mut process = Process::spawned("pinned", "expect_cpus", &vec![cpu]).unwrap();
        process.pin(cpu).unwrap();
        process.start().unwrap();
        ends_well(&mut process);
    }
}

fn touch_and_sleep(path: PathBuf) {
    std::fs::write(path, "").unwrap();
    sleep_for_ever();
}

/// A spawned process whose function has begun.
fn sleeper(path: &Path) -> Process<'static> {
    let process = spawned("touch_and_sleep", &path);
    wait_until("the function has begun", || path.exists());
    process
}

fn dies_with_its_parent() {
    become_subreaper().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs");
    let grandchild: Shared<AtomicI32> = Shared::new().unwrap();
    let mut middle = started("middle", || {
        let child = sleeper(&path);
        grandchild.store(child.pid().unwrap(), Ordering::Release);
        sleep_for_ever();
    });
    wait_until("the grandchild runs", || grandchild.load(Ordering::Acquire) != 0);
    middle.kill().unwrap();
    assert_eq!(ended(&mut middle), Exit::Signal(libc::SIGKILL));
    assert_eq!(reaped(grandchild.load(Ordering::Acquire)), Exit::Signal(libc::SIGKILL));
}

fn reaped(pid: i32) -> Exit {
    let mut exit = None;
    wait_until("the orphan ended", || {
        exit = reap_any();
        exit.is_some()
    });
    let (orphan, exit) = exit.unwrap();
    assert_eq!(orphan, pid);
    exit
}

/// An order as a parent gives it, but the parent is not the one that it names: it died meanwhile.
fn orphan_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs");
    let status = order_from(1, "touch_and_sleep", &path);
    assert_eq!(status.code(), Some(1));
    assert!(!path.exists());
}

fn order_from(parent: i32, function: &str, arguments: &impl Serialize) -> std::process::ExitStatus {
    let name = CString::new("parlab-spawn").unwrap();
    let file = std::fs::File::from(memfd_create(&*name, MFdFlags::empty()).unwrap());
    let bytes = postcard::to_stdvec(arguments).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &bytes, 4096).unwrap();
    let fd = file.as_raw_fd().to_string();
    let mut command = Command::new("/proc/self/exe");
    command.args([SUBCOMMAND, function, &fd, &parent.to_string(), "any"]);
    command.status().unwrap()
}

fn too_many_descriptors() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let mut process = Process::spawned("late", "exit", &3).unwrap();
    let next = std::fs::File::open("/dev/null").unwrap().as_raw_fd() as u64;
    setrlimit(Resource::RLIMIT_NOFILE, next, hard).unwrap();
    let answer = process.start();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    assert!(matches!(answer, Err(ProcessError::TooManyDescriptors { .. })), "{answer:?}");
    assert!(!has_children(), "nothing half-made stays");
    process.start().expect("it may be tried again");
    assert_eq!(ended(&mut process), Exit::Code(3));
}

fn hidden_word_alone_is_no_order() {
    for words in [&[][..], &["exit"], &["exit", "1", "1", "any"], &["exit", "99", "1", "any"]] {
        // The program takes them as names of cases, of which there are none, and ends well.
        let output =
            Command::new("/proc/self/exe").arg(SUBCOMMAND).args(words).arg("--list").output();
        let output = output.unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
    }
}

//! The processes of one run, found in /proc: by parentage while it works, by a mark in
//! their environment when nothing of it should live any more.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a test waits for what must happen; only a test that fails waits so long.
pub const BOUND: Duration = Duration::from_secs(20);

/// The three processes with a task of their own, and those that race.
#[derive(Debug, Clone)]
pub struct Family {
    pub front: i32,
    pub runner: i32,
    pub experiment: i32,
    pub workers: Vec<i32>,
}

impl Family {
    /// The family below `front`; `None` until it is complete.
    pub fn below(front: i32) -> Option<Family> {
        let runner = *children(front).first()?;
        let experiment = *children(runner).first()?;
        let workers = children(experiment);
        (!workers.is_empty()).then_some(Family { front, runner, experiment, workers })
    }
}

/// Asks again and again until there is an answer.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + BOUND;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {BOUND:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The children of a process, oldest first.
pub fn children(pid: i32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    text.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Whether a process has ended, reaped or not.
pub fn ended(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.starts_with(" Z"))
}

/// Living processes that carry a mark. A zombie has no environment any more, and
/// whoever has to reap it will.
pub fn marked(mark: &str) -> Vec<i32> {
    let wanted = format!("PARLAB_TEST={mark}");
    let carries = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|entry| entry == wanted.as_bytes())
    };
    fs::read_dir("/proc")
        .expect("the tests need /proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(carries)
        .collect()
}

/// A process as a failing test tells it.
pub fn described(pid: i32) -> String {
    let of = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    format!("{pid} {} [{}]", of("cmdline").replace('\0', " "), of("wchan"))
}

/// Sends a signal; false if the process is gone.
pub fn signal(pid: i32, signal: Signal) -> bool {
    kill(Pid::from_raw(pid), signal).is_ok()
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Says on stderr, past the harness, that a test could not test anything here.
pub fn skip(test: &str, reason: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
}

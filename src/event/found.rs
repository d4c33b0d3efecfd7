//! What was found out about the machine by reading, trying and measuring, and what follows for
//! each lesson: the `machine` and the `readiness` event.
//!
//! A `machine` event holds the sections that its experiment looked at; the others are absent.

use serde::{Deserialize, Serialize};

/// The `machine` event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The experiment that looked.
    pub experiment: String,
    /// What is around: a container, WSL, /dev/shm, limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// How much computing there is to win by doing it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Ceiling>,
    /// The clock that everything is timed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// What it costs to wake a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake: Option<Wake>,
    /// What was tried, and whether it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Tried>,
}

/// What is around this process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The container it runs in, as its manager calls itself (`docker`, `podman`, `lxc`, …);
    /// `unknown` for one that does not say; null if there is no sign of any.
    pub container: Option<String>,
    /// 1 or 2 under the Windows Subsystem for Linux; null elsewhere.
    pub wsl: Option<u8>,
    /// Memory that the cgroup grants, the least over it and its ancestors; null if unlimited.
    pub memory_bytes: Option<u64>,
    /// /dev/shm; null if there is none.
    pub shared_memory: Option<SharedMemory>,
    /// The limits that a crowd of processes, threads or descriptors meets.
    pub limits: Vec<Limit>,
}

/// /dev/shm, where named shared memory lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedMemory {
    /// Its size.
    pub size_bytes: u64,
    /// What of that is free for this user.
    pub free_bytes: u64,
    /// Whether this user may make a file in it.
    pub writable: bool,
}

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// As the shell or the kernel's documentation has it: `ulimit -u`, `pids.max`, `kernel.pid_max`.
    pub name: String,
    /// The most that there may be, in the unit in which that is told there.
    pub most: u64,
}

/// The parallel ceiling: how many times the work of one process several did in the same time, all
/// computing at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    /// How many processes it is for: as many as there are usable CPUs.
    pub processes: usize,
    /// In the best of all rounds: what is possible.
    pub factor: f64,
    /// First quartile over the rounds, each against the shortest time of one process alone: what
    /// is left when others compute, too.
    pub q1: f64,
    /// Median over the rounds.
    pub median: f64,
    /// Third quartile.
    pub q3: f64,
    /// Rounds.
    pub rounds: u32,
}

/// The monotonic clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// What the kernel counts by (`tsc`, `arch_sys_counter`, `hpet`, …); null if it does not say.
    pub source: Option<String>,
    /// What clock_getres(2) promises.
    pub resolution_ns: Option<u64>,
    /// The smallest step between two readings that differ.
    pub grain_ns: u64,
    /// What a reading costs.
    pub reading_ns: f64,
}

/// Half a round trip of one byte through two pipes: a write, the waking, a read. Medians.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Wake {
    /// With both processes on the same CPU.
    pub same_cpu_s: f64,
    /// With each on a CPU of its own; null where there is only one.
    pub two_cpus_s: Option<f64>,
}

/// What was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// Processes that were asked for at once: as many as the most demanding lesson has, and no
    /// fewer than there are CPUs.
    pub processes_wanted: u64,
    /// Those that could be started.
    pub processes: u64,
    /// Descriptors that this process may open beside those it has; null if unlimited.
    pub descriptors: Option<u64>,
    /// Whether `/proc/PID/syscall` of a process of ours may be read.
    pub proc_syscall: bool,
    /// Whether a connection over 127.0.0.1 went through.
    pub loopback: bool,
    /// Whether a file could be made in the temporary directory.
    pub temporary: bool,
}

/// The `readiness` event: what a lesson will not show here, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readiness {
    /// The lesson.
    pub lesson: String,
    /// Whether its core can run.
    pub runs: bool,
    /// What it lacks; nothing if all of it can be shown.
    pub lacks: Vec<Lack>,
}

/// Something that a lesson needs and this machine does not have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lack {
    /// What it is.
    pub need: NeedKind,
    /// How much of it is needed, where that is counted.
    pub wanted: Option<u64>,
    /// How much there is.
    pub has: Option<u64>,
    /// True if what needs it cannot run; false if it runs and shows less.
    pub vital: bool,
    /// What needs it: `core`, or names of parts; nothing for the whole lesson.
    pub parts: Vec<String>,
}

/// What a lesson may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// An experiment can be run at all: /proc, a process, some memory.
    Experiments,
    /// Usable CPUs.
    Cpus,
    /// A Python that the peers can run on.
    Python,
    /// Processes at once.
    Processes,
    /// Descriptors in one process.
    Descriptors,
    /// Bytes in /dev/shm that may be written.
    SharedMemory,
    /// `/proc/PID/syscall` may be read.
    ProcSyscall,
    /// Connections over 127.0.0.1.
    Loopback,
    /// A temporary directory that may be written, for what Python does.
    Temporary,
    /// The same, for the lesson itself.
    Directory,
}

//! How a command ends: why it could not do its work, and the last line.

use serde::{Deserialize, Serialize};

use super::Refused;

/// The `error` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Error {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What was being done, or to what: a call, a path, a name.
    pub what: Option<String>,
    /// What the system, a parser or a panicking process said, in its own words; of a limit
    /// that was met, its name and value, or those that may have been.
    pub detail: Option<String>,
    /// Of processes or threads that could not all be started: how many were asked for at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<u64>,
    /// How many of them were started; not there if none was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
    /// Of a schedule that cannot be followed: the number of the step, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// Of such a schedule: the letter, and why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

impl Error {
    /// A failure that is not about how many.
    pub fn new(kind: ErrorKind, what: Option<String>, detail: Option<String>) -> Self {
        Error { kind, what, detail, wanted: None, started: None, step: None, refused: None }
    }
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// /proc is not there or not readable.
    NoProc,
    /// The runner could not be started.
    RunnerNotStarted,
    /// The runner ended without a word.
    RunnerLost,
    /// An experiment ended by a signal that nobody of ours sent.
    ExperimentKilled,
    /// A worker of an experiment ended by a signal that nobody of ours sent.
    WorkerKilled,
    /// An experiment or its worker panicked: a bug of parlab's.
    Panic,
    /// No more processes are allowed (`ulimit -u`, the cgroup's pids.max).
    ProcessLimit,
    /// No more descriptors are allowed (`ulimit -n`).
    DescriptorLimit,
    /// Memory could not be had (`ulimit -v`, no memory left).
    OutOfMemory,
    /// A call of the operating system failed.
    System,
    /// Output could not be written.
    Output,
    /// The experiment hit the limit that `--seconds-limit` set.
    TimeLimit,
    /// The computing and sleeping that was asked for cannot fit into that limit.
    TooLong,
    /// A lesson file cannot be read or is faulty.
    LessonFile,
    /// Nothing of what was asked for can run here.
    NothingRan,
    /// A server cannot listen where it should: the address is taken, another's, or too long.
    Address,
    /// A secret key is missing, or not kept as one.
    Key,
    /// A server that is needed is not there, or does not let this client in.
    NoServer,
    /// Files that were asked for could not be fetched: `transfer` events say which and why.
    NotFetched,
    /// This machine does not reach itself over 127.0.0.1.
    NoLoopback,
    /// The temporary directory cannot be written to, or has no room.
    Scratch,
    /// The directory that is to keep files cannot be written to.
    Target,
    /// The list of addresses cannot be read, or is empty.
    AddressList,
    /// The lesson has no part of that name.
    UnknownPart,
    /// No experiment that would run has a variant of that name.
    UnknownVariant,
    /// There are more schedules than can be told exactly (2^53).
    TooManySchedules,
    /// A schedule has a step that cannot be taken: `step` and `refused` say which and why.
    BadSchedule,
    /// A schedule ends where some process can still go on; the detail names these.
    ShortSchedule,
    /// What was counted and what was run do not agree: a bug of parlab's, or of the machine.
    Differs,
    /// No experiment that would run uses that option.
    UnusedOption,
    /// What was to be made is there already.
    AlreadyThere,
    /// Files of parlab's own, a new lesson or man pages, cannot be written there.
    NotWritten,
    /// The file that is to be written is there already.
    FileExists,
    /// What was done in the course cannot be read, or is not what it should be.
    RecordUnreadable,
    /// It was written by a later parlab.
    RecordNewer,
    /// It cannot be written.
    RecordNotKept,
    /// There is no place to keep it: no variable of the environment names one.
    RecordNoPlace,
    /// It cannot be removed.
    RecordNotForgotten,
    /// A file is no stream of events that can be drawn, or cannot be read.
    Recording,
    /// The file was to tell when things happened, and nothing that ran tells that.
    NoTimes,
}

/// The `end` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The exit code.
    pub exit: u8,
    /// Why it is not the plain end of the work; null if it is.
    pub reason: Option<EndReason>,
}

/// Why a command ended before its work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Something failed: the `error` before it says what.
    Failed,
    /// The limit of `--seconds-limit` was hit.
    TimeLimit,
    /// Ctrl-C.
    Interrupted,
    /// TERM.
    Terminated,
}

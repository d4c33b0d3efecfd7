//! Every order in which the processes of a small program can take their steps: the `schedules`
//! event, and what such a program is.

use serde::{Deserialize, Serialize};

/// The `schedules` event: all schedules of a program, counted exactly, and those of them that were
/// truly run, on real processes. Counting and running are kept apart: `schedules` is from the
/// counting, `observed` from the running, `free` from the same program let go without gates.
///
/// Counts are at most 2^53, so that every reader of JSON keeps them exact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedules {
    /// The experiment that runs the same program without gates.
    pub experiment: String,
    /// The variant: how the program is written.
    pub variant: String,
    /// How often each process does what the program repeats.
    pub ops: u32,
    /// How many processes.
    pub processes: u32,
    /// What the shared number is.
    pub word: String,
    /// What each process does.
    pub scripts: Vec<Script>,
    /// The number at the start.
    pub start: i64,
    /// What it has to be at the end.
    pub right: i64,
    /// How many schedules there are.
    pub total: u64,
    /// How many were run; fewer than `total` are a sample, each schedule as likely as any other.
    pub ran: u64,
    /// How many of all end with the right number.
    pub correct: u64,
    /// How many of all come to where nobody can go on and not all have ended.
    pub stuck: u64,
    /// How many of those that were run came there.
    pub stuck_observed: u64,
    /// How many free runs came there; null if there were no free runs.
    pub stuck_free: Option<u64>,
    /// The shortest of all schedules that get stuck, the first by the alphabet: a letter for each
    /// step, A for the first process. Null if none does.
    pub shortest_stuck: Option<String>,
    /// Steps that were taken in all schedules that were run.
    pub steps: u64,
    /// How long the processes took for these steps, with handing over to each other, finding that
    /// they are stuck and going back to the start; to fork them is not counted.
    pub time_s: f64,
    /// How often the program was let go without gates.
    pub free_runs: u64,
    /// The pids of the processes that took the steps; where each schedule has new ones, of the
    /// first.
    pub pids: Vec<i32>,
    /// Every number that can be there at the end, from the least to the greatest.
    pub outcomes: Vec<Outcome>,
}

/// What one process of such a program does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Its letter in schedules.
    pub process: String,
    /// Its name in the lesson.
    pub name: String,
    /// Its steps, in order.
    pub steps: Vec<Act>,
}

/// What a process does between two of its gates: one atomic step.
///
/// What is shared: a word, two locks, a queue with a limit, a one-way pipe. Each process has one
/// variable of its own, which others do not see. In JSON: `"load"`, `{"store":-1}`, `{"acquire":0}`;
/// locks and processes go by their numbers, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Copies the word into the process's own variable.
    Load,
    /// Writes the process's own variable, changed by so much, to the word.
    Store(i32),
    /// Takes a lock; waits while another process has it.
    Acquire(usize),
    /// Gives it back.
    Release(usize),
    /// Puts one message into the queue; waits while it is full.
    Put,
    /// Takes one message out of the queue and adds it to the word; waits while there is none.
    Get,
    /// Waits until that process has ended.
    Join(usize),
    /// Writes one message to the pipe.
    Send,
    /// Reads one message from the pipe and adds it to the word; waits while there is none.
    Receive,
    /// Closes the process's own copy of the pipe's write end.
    CloseWriter,
    /// Reads the end of the pipe; waits while any process has its write end open.
    ReceiveEnd,
}

/// One number that can be there at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The number.
    pub value: i64,
    /// How many schedules end with it, counted.
    pub schedules: u64,
    /// How many of those that were run ended with it.
    pub observed: u64,
    /// How many free runs ended with it; null if there were none.
    pub free: Option<u64>,
}

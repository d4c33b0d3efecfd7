//! Several runs from several machines beside each other: the `room` event of `report`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The `room` event: all the files of one command and lesson or program, laid together.
///
/// Absolute times are not in it: those of different machines have no common median. What can be
/// compared is what each machine found about itself, a ratio or whether a result was right.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// As in the `start` of each file.
    pub command: String,
    /// The same.
    pub lesson: String,
    /// The same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// How many files.
    pub files: u32,
    /// The machines, those that look alike as one.
    pub machines: Vec<Alike>,
    /// Options that were not the same in all files: name to the values that were, each once.
    pub differing: Map<String, Value>,
    /// The experiments that have runs, in the order of the first file that has each.
    pub experiments: Vec<Together>,
    /// The programs whose every schedule was run (`explore`).
    pub programs: Vec<Explored>,
    /// What an operation costs in Python beside Rust (`compare all`).
    pub prices: Vec<Dearer>,
    /// The questions of a lesson, in its order.
    pub predictions: Vec<Prediction>,
}

/// Machines that look alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// CPUs that the process could use at once.
    pub cpus: usize,
    /// `x86_64` or `aarch64`.
    pub arch: String,
    /// Release of the kernel.
    pub kernel: String,
    /// How many files are from such a machine.
    pub files: u32,
}

/// One experiment in all files, as far as they compare the same variants.
///
/// A lesson may run an experiment more than once, each time with steps or sizes of its own. Such
/// runs are never laid together: those of other variants are told apart by these, those of the same
/// by their `turn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// Its name.
    pub experiment: String,
    /// The variants that stood side by side, but for peers: a Python may be there or not.
    pub compared: Vec<String>,
    /// Which of the times it is that a file compares these, from 1.
    pub turn: u32,
    /// What the ratios compare with.
    pub baseline: String,
    /// Its variants: the peers of one variant in several Pythons are one, `python-v`.
    pub variants: Vec<Variants>,
}

/// One variant in all files, by who ran it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variants {
    /// Its name.
    pub variant: String,
    /// Those that ran it: by usable CPUs, and a peer by its Python.
    pub groups: Vec<Group>,
}

/// Files that ran a variant on as many CPUs, and with the same Python.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// CPUs that the process could use at once.
    pub cpus: usize,
    /// Of a Python peer: its version, as `3.11`, with a `t` if it ran without the GIL.
    pub python: Option<String>,
    /// How many files.
    pub files: u32,
    /// Their runs without a ledger.
    pub runs: u32,
    /// Those whose result was right, or that had none to be right.
    pub correct_runs: u32,
    /// Where runs ended, by what was expected.
    pub ends: Vec<Ends>,
    /// The `ratio` that each summary of these files has, from the least to the greatest.
    pub ratios: Vec<f64>,
}

/// Runs of which the same was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// What had to come out.
    pub expected: i64,
    /// What came out of each run.
    pub got: Vec<i64>,
}

/// A program in all files that explored it in the same size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explored {
    /// The experiment that runs the same program without gates.
    pub experiment: String,
    /// How the program is written.
    pub variant: String,
    /// How often each process does what the program repeats.
    pub ops: u32,
    /// How many processes.
    pub processes: u32,
    /// What the shared number is.
    pub word: String,
    /// What it has to be at the end.
    pub right: i64,
    /// How many files.
    pub files: u32,
    /// How many schedules there are.
    pub total: u64,
    /// How many were run, in all files together.
    pub ran: u64,
    /// Every end that the program can have.
    pub outcomes: Vec<Reached>,
}

/// One end of such a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The number that is there at the end; null where nobody can go on.
    pub value: Option<i64>,
    /// How many schedules end so, counted.
    pub schedules: u64,
    /// How many of those that were run ended so, in all files together.
    pub observed: u64,
    /// How many free runs ended so, in all files together.
    pub free: u64,
    /// In how many files that was seen at all, by gates or free.
    pub files: u32,
}

/// What one operation of a means costs in Python, over what it costs in Rust.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dearer {
    /// The means.
    pub means: String,
    /// How many times as much, of each Python in each file, from the least to the greatest.
    pub ratios: Vec<f64>,
}

/// One question in all files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// Its name in the lesson file.
    pub ask: String,
    /// In how many files it was judged.
    pub files: u32,
    /// In how many of them nobody answered.
    pub unsaid: u32,
    /// The beliefs that were said or held anywhere.
    pub answers: Vec<Believed>,
}

/// One answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Believed {
    /// The belief that it stands for.
    pub belief: String,
    /// In how many files it was said.
    pub said: u32,
    /// In how many files it held.
    pub held: u32,
}

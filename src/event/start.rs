//! The first line: what was asked, with which options, and on what machine.

use serde::{Deserialize, Serialize};

use super::Game;

/// The `start` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// [`SCHEMA`](super::SCHEMA).
    pub schema: u32,
    /// `lesson`, `compare`, `explore`, `play` or `doctor`; `report` of several files.
    pub command: String,
    /// The lesson's name; for a file, its stem; `all` for what concerns every lesson.
    pub lesson: String,
    /// The program, of `explore`; absent elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The options in force for the command (a lesson's blocks may set others).
    pub params: Params,
    /// The machine: of a `report` the one that it was put together on, where nothing was measured.
    pub machine: Machine,
}

impl Start {
    /// What was typed after the command: a program of `explore`, else a lesson.
    pub fn subject(&self) -> &str {
        self.program.as_deref().unwrap_or(&self.lesson)
    }
}

/// The options of an experiment. Absent means: not set here.
///
/// The same names stand on the command line, in the `run` blocks of a lesson and
/// in the `start` event. Ranges are those of `experiments::options`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Items, or processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// Repetitions of each variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<u32>,
    /// Workers: processes, or threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// Computing in each item, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_s: Option<f64>,
    /// Sleeping in each item, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_s: Option<f64>,
    /// Steps of the loop of each process or thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u32>,
    /// Of a program whose every schedule is run: how often each process does what it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ops: Option<u32>,
    /// Its processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
    /// The most schedules that are run; of more, a sample is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// Runs of the same program without gates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_runs: Option<u32>,
    /// What is played; never in a lesson's block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game: Option<Game>,
    /// The parts of a lesson that were asked for; never in a lesson's block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<String>>,
    /// Seed of the delays of one process between its loads and its stores; no delays without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chaos: Option<u32>,
    /// Where to listen for other programs: an address and a port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// Where another program listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<String>,
    /// The file with the key that both have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authkey_file: Option<String>,
    /// Addresses of files to fetch; an empty list asks for files of parlab's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Vec<String>>,
    /// A file with more such addresses, one a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urls: Option<String>,
    /// The directory that keeps what was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The variants to run, where not all are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// Python interpreters: `auto`, `none`, `all` or paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<Vec<String>>,
    /// Seed of the bootstrap; never of a race.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The most that one experiment may last, in seconds. Absent: as long as it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_limit: Option<f64>,
}

/// What the machine offers to this process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// CPUs that this process can use at once: affinity, then the cgroup's quota rounded up.
    pub cpus: usize,
    /// The CPUs that the affinity mask allows, by number.
    pub usable: Vec<usize>,
    /// Logical CPUs of the machine (Python's `cpu_count()`).
    pub logical_cpus: usize,
    /// CPUs' worth of time that the cgroup grants; null if unlimited.
    pub quota_cpus: Option<f64>,
    /// Load average over one minute; null if /proc does not tell.
    pub load_1m: Option<f64>,
    /// `x86_64` or `aarch64`.
    pub arch: String,
    /// Release of the kernel.
    pub kernel: String,
}

//! What an experiment has to say, and the JSON that `--json` prints.
//!
//! # Format
//! With `--json`, stdout holds one JSON object a line and nothing else. Each has
//! a field `event` that names its shape; the shapes are the variants of [`Event`],
//! and the fields are the fields below. The first line is always a `start`, the
//! last always an `end`. Between them come, for each experiment, its `progress`, `run`,
//! `measure`, `curve`, `lost_update`, `schedules`, `position`, `timeline`, `line`, `transfer`, `deadlock`, `python`, `machine`
//! and `note` lines in the order in which they happened, and one `summary` that closes it (a game, `play`, has none). In a
//! lesson an `answer` stands after each prediction; in `compare all` come the `price` lines of an experiment after
//! its `summary`; `doctor` ends with a `readiness` for each lesson; `report` of several files has a `room`
//! for each command and lesson that these are of, and nothing else. An `error` comes before an `end` whose `exit` is
//! not 0, unless a signal or a limit is the whole story.
//!
//! Strings in events are identifiers (names of variants, calls, kinds) and text
//! from outside (a path, a panic message, the words of an operating system error),
//! never sentences of ours: those live in `lessons/` and in `view/words.rs`.
//! Units are in the names: `_s` seconds, `_ns` nanoseconds, `_bytes` bytes.
//! Times are from the monotonic clock.
//!
//! # What may change
//! Within one `schema` number, new shapes, new fields and new values of the
//! enums may come; nothing is renamed, removed or given another meaning. A reader
//! must therefore pass over shapes, fields and kinds that it does not know.
//!
//! # One worked example
//! `parlab compare lock --only unlocked --runs 1 --iterations 10000 --json`:
//! ```
//! # let example = r#"
//! {"event":"start","schema":1,"command":"compare","lesson":"lock","params":{"runs":1,"iterations":10000,"only":["unlocked"],"seed":1,"seconds_limit":60.0},"machine":{"cpus":2,"usable":[0,1],"logical_cpus":2,"quota_cpus":null,"load_1m":0.12,"arch":"x86_64","kernel":"6.18.44"}}
//! {"event":"progress","experiment":"bank","done":1,"total":3}
//! {"event":"run","experiment":"bank","variant":"unlocked","index":0,"time_s":0.000143,"expected":100,"got":-2213,"correct":false,"overlap":0.93,"cpus":[0,1]}
//! {"event":"run","experiment":"bank","variant":"unlocked","index":0,"traced":true,"time_s":null,"expected":100,"got":1187,"correct":false,"overlap":0.91,"cpus":[0,1],"updates":20000,"lost":{"deposit":3934,"withdraw":5021}}
//! {"event":"lost_update","experiment":"bank","variant":"unlocked","index":0,"victim":"withdraw","overwriter":"deposit","lost":1,"steps":[{"process":"withdraw","op":"load","value":57,"write":[2,411]},{"process":"deposit","op":"load","value":57,"write":[2,411]},{"process":"withdraw","op":"store","value":56,"write":[1,398]},{"process":"deposit","op":"store","value":58,"write":[2,412]},{"process":"withdraw","op":"load","value":58,"write":[2,412]}],"replay":{"program":"lock","processes":["withdraw","deposit"],"schedule":"ABAB","from":57}}
//! {"event":"summary","experiment":"bank","baseline":"unlocked","variants":[{"variant":"unlocked","racy":true,"runs":1,"correct_runs":0,"median_s":0.000143,"q1_s":0.000143,"q3_s":0.000143,"ratio":1.0,"ratio_low":null,"ratio_high":null}],"winner":null}
//! {"event":"end","exit":0,"reason":null}
//! # "#;
//! # for line in example.lines().filter(|l| !l.is_empty()) {
//! #     let event: parlab::event::Event = serde_json::from_str(line).unwrap();
//! #     assert_eq!(serde_json::to_string(&event).unwrap(), line);
//! # }
//! ```
//! The balance ended at −2213 instead of 100 in the timed run. In the traced run
//! of the same code 8 955 of 20 000 updates were lost, 5 021 of them withdrawals,
//! and one of them is shown step by step: `write` names the write that a load saw
//! or a store made, as `[writer, number]`; writer 0 is the state before the start. `replay` is the
//! same loss with one operation of each, for whoever wants to go through it step by step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod ending;
mod found;
mod game;
mod lost_update;
mod price;
mod recording;
mod room;
mod schedules;
mod start;
mod transfer;

pub use ending::*;
pub use found::*;
pub use game::*;
pub use lost_update::*;
pub use price::*;
pub use recording::*;
pub use room::*;
pub use schedules::*;
pub use start::*;
pub use transfer::*;

/// The number in the `start` event; it grows when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// One line of `--json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line: what was asked, and on what it runs.
    Start(Box<Start>),
    /// How far an experiment is; for whoever draws, never needed for a result.
    Progress(Progress),
    /// One repetition of one variant.
    Run(Run),
    /// Figures that are not a time per run: each experiment documents its names.
    Measure(Measure),
    /// How a figure of one variant changes with another: what one draws as a line in a plot.
    Curve(Curve),
    /// One update that was really lost, step by step, in an order that is proven.
    LostUpdate(LostUpdate),
    /// Who did what when, a lane a process.
    Timeline(Timeline),
    /// What a process of the demonstration printed, as one read of its output gave it.
    Line(Line),
    /// How far the transfer of one file is, or how it ended.
    Transfer(Transfer),
    /// Every order of steps that a small program can have, counted and run.
    Schedules(Schedules),
    /// Where a game stands in which somebody decides who goes next (`play`).
    Position(Box<Position>),
    /// Processes that wait for each other and were found so, not timed out.
    Deadlock(Deadlock),
    /// A Python interpreter: found and used, or not usable and why.
    Python(Python),
    /// What was found out about the machine beyond what `start` says.
    Machine(Found),
    /// What one operation of a means costs (`compare all`).
    Price(Price),
    /// What a lesson will not show here, and why (`doctor`).
    Readiness(Readiness),
    /// Something the reader should know before believing a figure.
    Note(Note),
    /// The end of one experiment: every variant side by side.
    Summary(Summary),
    /// What the student predicted, and which answers held.
    Answer(Answer),
    /// Several runs laid together (`report` of several files).
    Room(Box<Room>),
    /// What the runner does; only with `-v`.
    Doing(Doing),
    /// Why the command could not do its work.
    Error(Error),
    /// The last line.
    End(End),
}

/// The `progress` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The experiment.
    pub experiment: String,
    /// Steps done.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

/// The `run` event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The experiment.
    pub experiment: String,
    /// The variant; a Python peer of `v` is `python-v`.
    pub variant: String,
    /// Number of the round, from 0. Variants of one index ran one after the other.
    pub index: u32,
    /// True when the run kept a ledger, which slows it down: it has no time then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub traced: bool,
    /// Duration of the work, without creating and reaping processes unless these are what the
    /// lesson is about (`sum`); null in a traced run, and in one in which somebody was `delayed`.
    pub time_s: Option<f64>,
    /// What the result had to be, where there is one.
    pub expected: Option<i64>,
    /// What it was.
    pub got: Option<i64>,
    /// Whether they agree; null where nothing was expected.
    pub correct: Option<bool>,
    /// Share of the shorter process's time during which all ran at once, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<f64>,
    /// The CPU each process was pinned to; absent where they were free to move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<Vec<usize>>,
    /// The process that was held up between its loads and its stores (`--chaos`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delayed: Option<String>,
    /// Updates made in all (traced runs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<u64>,
    /// Updates lost, by process (traced runs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<BTreeMap<String, u64>>,
    /// Version of the interpreter (Python peers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<String>,
    /// Start method, by name (Python peers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_method: Option<String>,
    /// Whether the interpreter has a GIL that is on (Python peers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gil: Option<bool>,
}

/// The `measure` event: named figures of a variant, or of the experiment as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The experiment.
    pub experiment: String,
    /// The variant they belong to; null for the experiment.
    pub variant: Option<String>,
    /// Name to number, boolean or identifier. Names are listed in the registry.
    pub values: Map<String, Value>,
}

/// The `curve` event. Curves of one experiment with the same `x` and `y` belong into one plot.
///
/// `{"event":"curve","experiment":"growth","variant":"pipe","x":"n","y":"time_s","points":[[1,0.00002],[10,0.00002]],"reference":false}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The experiment.
    pub experiment: String,
    /// The variant; of a reference, what it stands for (`ideal`, `ceiling`).
    pub variant: String,
    /// What was varied: a figure's name, with its unit (`n`, `workers`, `size_bytes`).
    pub x: String,
    /// What was measured there, the same way (`time_s`, `speedup`).
    pub y: String,
    /// The points, `[x, y]` each, in the order of x; medians where there were several runs.
    pub points: Vec<(f64, f64)>,
    /// Whether it is what the others are held against, and no variant's: a line without points.
    #[serde(default)]
    pub reference: bool,
}

/// The `timeline` event: times are seconds from the same moment, the beginning of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The experiment.
    pub experiment: String,
    /// The variant.
    pub variant: String,
    /// The run it shows; a number that no `run` has where it was a run of its own, not timed.
    pub index: u32,
    /// A lane for each process, in the order in which they were started.
    pub lanes: Vec<Lane>,
    /// What went from one to another, where that was recorded, in the order in which it was got.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}

/// Something that a process of a timeline put, into a queue or a pipe, and another got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who put it: the `process` of a lane.
    pub from: String,
    /// Who got it.
    pub to: String,
    /// When its sender began to put it, in seconds; of what one call sends, when the call began.
    pub put_s: f64,
    /// When its receiver had it.
    pub got_s: f64,
}

/// One lane of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The process's name in the lesson.
    pub process: String,
    /// Its pid; null where it is a thread, or not known.
    pub pid: Option<i32>,
    /// What it did, in order of time.
    pub spans: Vec<Span>,
}

/// A stretch of time in a lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// What it did.
    pub what: SpanKind,
    /// Beginning, in seconds.
    pub begin_s: f64,
    /// End, in seconds.
    pub end_s: f64,
    /// The CPU it was on at the beginning, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<usize>,
}

/// What a process does in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// Its parent makes it, until its first line runs.
    Creating,
    /// It runs its own code.
    Running,
    /// It waits, for an item or a message.
    Waiting,
    /// It has ended and was not waited for yet, until it is gone.
    Reaping,
}

/// The `line` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The experiment.
    pub experiment: String,
    /// The variant.
    pub variant: String,
    /// The text, without the end of the line.
    pub text: String,
}

/// The `deadlock` event: every process listed (or thread, where a peer names one) was in the
/// same call at two looks, with next to no CPU time between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deadlock {
    /// The experiment.
    pub experiment: String,
    /// The variant.
    pub variant: String,
    /// Where the evidence comes from.
    pub evidence: Evidence,
    /// Who waits for what.
    pub waits: Vec<Wait>,
}

/// Where the evidence of a deadlock comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// `/proc/PID/syscall`: call and address are known.
    Syscall,
    /// State and `/proc/PID/wchan` only, as the former may not be read here.
    Wchan,
}

/// One process that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// Its name in the lesson.
    pub process: String,
    /// Its process number, or a thread's.
    pub pid: i32,
    /// State letter of `/proc/PID/stat`.
    pub state: String,
    /// The system call it sits in, where known.
    pub call: Option<String>,
    /// What it waits for, by the lesson's name; null where it waits for somebody to act, as
    /// for a child to end.
    pub resource: Option<String>,
    /// Who holds that, or who would have to act.
    pub holder: Option<String>,
    /// The address it waits on, as hexadecimal text, where known.
    pub address: Option<String>,
}

/// The `python` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Python {
    /// As it was asked for, or as it was found.
    pub path: Option<String>,
    /// Its version, if it answered.
    pub version: Option<String>,
    /// Whether its GIL is on.
    pub gil: Option<bool>,
    /// Why it is not used; null if it is.
    pub fault: Option<PythonFault>,
    /// What it said itself: its last line on stderr, or the system's error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Why an interpreter is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PythonFault {
    /// None on the PATH.
    NotFound,
    /// It could not be started.
    NotStarted,
    /// It ran and did not answer as a Python does.
    NotPython,
    /// It is a Python that the peers cannot run on: older than 3.6, or of another major version.
    WrongVersion,
    /// It ended with an error.
    Failed,
    /// It did not end in time and was stopped.
    Hung,
    /// The peer's file could not be written to the temporary directory.
    NoScratch,
}

/// The `note` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The experiment; empty where it concerns none.
    pub experiment: String,
    /// The variant it concerns, if one.
    pub variant: Option<String>,
    /// What it is.
    pub kind: NoteKind,
}

/// What a reader should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// One usable CPU: the window of the race was widened so that it shows.
    OneCpuWidened,
    /// One usable CPU: each process gave it up between its two writes, so that they are parted.
    OneCpuParted,
    /// In no run were the processes in their loops at once: the outcomes prove nothing.
    NoOverlap,
    /// `/proc/PID/syscall` may not be read here: the evidence is weaker.
    SyscallHidden,
    /// The terminal is too small for a full screen: a game goes on in lines.
    SmallTerminal,
    /// The lesson's text in the other language has faults, or other blocks: a page keeps to one.
    OneLanguage,
}

/// The `summary` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The experiment.
    pub experiment: String,
    /// The variant that the ratios compare with.
    pub baseline: String,
    /// Every variant that has a run, in the registry's order; none where an
    /// experiment gives figures instead of runs.
    pub variants: Vec<VariantSummary>,
    /// The fastest of those that were right in every run and are not racy, where its
    /// lead is seen (the interval of the paired ratio leaves out 1); null otherwise.
    pub winner: Option<String>,
}

/// One variant of a summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantSummary {
    /// Its name.
    pub variant: String,
    /// True if the variant is right by luck alone: whatever came out, it never wins.
    #[serde(default, skip_serializing_if = "is_false")]
    pub racy: bool,
    /// Runs without a ledger.
    pub runs: u32,
    /// Those whose result was right (all of them where nothing was expected).
    pub correct_runs: u32,
    /// Median time.
    pub median_s: Option<f64>,
    /// First quartile.
    pub q1_s: Option<f64>,
    /// Third quartile.
    pub q3_s: Option<f64>,
    /// Median over rounds of this variant's time over the baseline's in the same
    /// round; above 1: slower. Null where the baseline has no time.
    pub ratio: Option<f64>,
    /// Lower end of the ratio's 95 % bootstrap interval; null under 5 runs.
    pub ratio_low: Option<f64>,
    /// Upper end.
    pub ratio_high: Option<f64>,
}

/// The `answer` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's name in the lesson file.
    pub ask: String,
    /// The belief that the student chose; null if skipped or not asked.
    pub said: Option<String>,
    /// The beliefs that held on this machine in this run.
    pub held: Vec<String>,
    /// Whether what was said is among them; null if nothing was said, or if what decides it
    /// was not measured.
    pub right: Option<bool>,
}

/// The `doing` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Doing {
    /// Seconds since the runner started.
    pub time_s: f64,
    /// What it does.
    pub what: What,
    /// The process it does it to.
    pub pid: Option<i32>,
    /// How that process ended, as Python's `exitcode`: a code, or minus a signal.
    pub exitcode: Option<i32>,
}

/// What the runner does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The runner runs.
    Started,
    /// It forked the experiment.
    Forked,
    /// The experiment ended.
    Ended,
    /// It asks the experiment's group to end.
    Terminating,
    /// It kills what did not end.
    Killing,
    /// It waited for a process.
    Reaped,
    /// It removed the run's directory and names in /dev/shm.
    Cleaned,
}

fn is_false(value: &bool) -> bool {
    !value
}

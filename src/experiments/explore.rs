//! Explores a program: counts its schedules, runs them on real processes, and lets it go freely.
//!
//! A lesson's program is a [`Subject`]; its variants are the ways to write it. What was counted,
//! what was run and what came of free runs is told side by side and never mixed.

use anyhow::Result;
use serde_json::{Value, json};

use super::Opt;
use super::failure::Failure;
use super::lab::Lab;
use crate::event::{self, ErrorKind, Event, Outcome, Params, Progress, Schedules};
use crate::schedule::{
    self, Census, Completions, Explored, Free, Goal, Program, ScheduleError, State,
};

/// The most schedules that are counted: what every reader of JSON keeps exact.
const MOST_COUNTED: u128 = 1 << 53;
/// How often progress is reported, at most.
const REPORTS: u64 = 20;

/// A program whose every schedule can be run.
#[derive(Debug)]
pub struct Subject {
    /// Its name in `parlab explore`.
    pub name: &'static str,
    /// What it is, for the help.
    pub about: &'static str,
    /// The experiment that explores it; its variants are the ways to write the program.
    pub experiment: &'static str,
    /// The experiment that lets the same program run freely; events carry its name.
    pub races: &'static str,
    /// What the number is that its processes share.
    pub word: &'static str,
    /// The options that it uses.
    pub options: &'static [Opt],
    /// Values of the options where nobody sets them.
    pub defaults: Params,
    /// The variant that leaves open how many processes there are: `--processes` is for it alone.
    pub any_processes: Option<&'static str>,
    /// The program of a variant.
    pub program: fn(variant: &str, size: &Size) -> Program,
}

/// How large a program is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// How often each process does what the program repeats.
    pub ops: usize,
    /// How many processes, where the program leaves that open ([`Subject::any_processes`]).
    pub processes: usize,
    /// The number at the start, where it is another than the program's own.
    pub start: Option<i32>,
}

impl Size {
    /// The size that the parameters ask for.
    pub fn of(params: &Params) -> Self {
        Size {
            ops: params.ops.unwrap_or(1) as usize,
            processes: params.processes.unwrap_or(2) as usize,
            start: None,
        }
    }
}

/// The figures that an exploration gives for each variant.
pub const FIGURES: &[&str] = &[
    "total",
    "ran",
    "complete",
    "correct",
    "stuck",
    "outcomes",
    "least",
    "greatest",
    "right",
    "ops",
    "processes",
    "step_ns",
    "shortest_stuck",
    "free_runs",
    "free_correct",
    "free_stuck",
    "free_outcomes",
];

/// Refuses a program with more schedules than can be told exactly.
///
/// # Errors
/// [`ErrorKind::TooManySchedules`], with how many there are.
pub fn countable(program: &Program, ops: u32) -> Result<(), Failure> {
    let total = Completions::default().of(program, &State::start(program));
    match total {
        Some(total) if total <= MOST_COUNTED => Ok(()),
        _ => Err(Failure {
            kind: ErrorKind::TooManySchedules,
            what: format!("--ops {ops}"),
            detail: total.map_or(format!("> {}", u128::MAX), |total| total.to_string()),
        }),
    }
}

/// Explores each variant that is asked for.
///
/// # Errors
/// When processes or memory cannot be had, one of the processes dies, or what was counted and
/// what was run do not agree.
pub fn run(lab: &mut Lab, subject: &Subject) -> Result<()> {
    let size = Size::of(&lab.params);
    for variant in lab.variants()? {
        let program = (subject.program)(variant.base, &size);
        countable(&program, size.ops as u32)?;
        let census = schedule::census(&program).expect("counted above");
        let explored = explore(lab, &program, &census)?;
        let free = free(lab, &program)?;
        let (program, census, variant_name) = (&program, &census, variant.base);
        let told = Told { subject, variant: variant_name, size, program, census, explored, free };
        let told = told.event();
        lab.measure(Some(&variant.name), figures(&told))?;
        lab.emit(&Event::Schedules(told))?;
    }
    lab.summarize(&[], &[])
}

fn explore(lab: &mut Lab, program: &Program, census: &Census) -> Result<Explored> {
    let most = u64::from(lab.params.most.unwrap_or(20_000));
    let total = u64::try_from(census.total).expect("at most 2^53").min(most);
    let seed = lab.params.seed.unwrap_or(1);
    let mut progress = Reports { lab, total, told: 0, failed: None };
    let explored = schedule::explore(program, census, most, seed, &mut |n| progress.at(n));
    progress.failed.map_or(Ok(()), Err)?;
    explored.map_err(failure)
}

fn free(lab: &mut Lab, program: &Program) -> Result<Free> {
    let runs = u64::from(lab.params.free_runs.unwrap_or(0));
    let mut progress = Reports { lab, total: runs, told: 0, failed: None };
    let free = schedule::free_runs(program, runs, &mut |n| progress.at(n));
    progress.failed.map_or(Ok(()), Err)?;
    free.map_err(failure)
}

/// Progress, told now and then.
struct Reports<'a> {
    lab: &'a mut Lab,
    total: u64,
    told: u64,
    failed: Option<anyhow::Error>,
}

impl Reports<'_> {
    fn at(&mut self, done: u64) {
        let due = (self.told + self.total.div_ceil(REPORTS)).min(self.total);
        if done < due || self.failed.is_some() {
            return;
        }
        self.told = done;
        let experiment = self.lab.experiment();
        let progress = Progress { experiment, done, total: self.total };
        self.failed = self.lab.emit(&Event::Progress(progress)).err();
    }
}

/// The failure that an error of a schedule is, where a view has words for it.
pub fn failure(error: ScheduleError) -> anyhow::Error {
    let (kind, what, detail) = match &error {
        ScheduleError::Died { process, pid, how } => {
            (ErrorKind::WorkerKilled, format!("{process} (pid {pid})"), how.clone())
        }
        ScheduleError::Differs { schedule, counted, ran } => {
            (ErrorKind::Differs, schedule.clone(), format!("{counted} / {ran}"))
        }
        _ => return error.into(),
    };
    Failure { kind, what, detail }.into()
}

/// One exploration as it is told.
struct Told<'a> {
    subject: &'a Subject,
    variant: &'a str,
    size: Size,
    program: &'a Program,
    census: &'a Census,
    explored: Explored,
    free: Free,
}

impl Told<'_> {
    fn event(self) -> Schedules {
        let Told { program, census, explored, free, .. } = &self;
        let count = |n: u128| u64::try_from(n).expect("at most 2^53");
        let has_free = free.runs > 0;
        let outcome = |(&value, &schedules): (&i32, &u128)| Outcome {
            value: value.into(),
            schedules: count(schedules),
            observed: explored.outcomes.get(&value).copied().unwrap_or(0),
            free: has_free.then(|| free.outcomes.get(&value).copied().unwrap_or(0)),
        };
        Schedules {
            experiment: self.subject.races.to_string(),
            variant: self.variant.to_string(),
            ops: self.size.ops as u32,
            processes: program.processes() as u32,
            word: self.subject.word.to_string(),
            scripts: scripts(program),
            start: program.start.into(),
            right: program.right.into(),
            total: count(census.total),
            ran: explored.ran,
            correct: count(census.outcomes.get(&program.right).copied().unwrap_or(0)),
            stuck: count(census.stuck),
            stuck_observed: explored.stuck,
            stuck_free: has_free.then_some(free.stuck),
            shortest_stuck: shortest_stuck(program, census),
            steps: explored.steps,
            time_s: explored.time.as_secs_f64(),
            free_runs: free.runs,
            pids: explored.pids.clone(),
            outcomes: census.outcomes.iter().map(outcome).collect(),
        }
    }
}

/// The shortest schedule that gets stuck, if any does.
fn shortest_stuck(program: &Program, census: &Census) -> Option<String> {
    let shortest = || schedule::shortest(program, &State::start(program), Goal::Stuck);
    (census.stuck > 0).then(shortest)?.map(|way| schedule::letters(&way))
}

/// What each process of a program does, as events tell it.
pub fn scripts(program: &Program) -> Vec<event::Script> {
    let script = |(process, script): (usize, &schedule::Script)| event::Script {
        process: schedule::letters(&[process]),
        name: script.name.to_string(),
        steps: script.steps.clone(),
    };
    program.scripts.iter().enumerate().map(script).collect()
}

/// The event's figures, for lesson texts.
fn figures(told: &Schedules) -> Vec<(&'static str, Value)> {
    let seen_free = told.outcomes.iter().filter(|outcome| outcome.free > Some(0)).count();
    let right = told.outcomes.iter().find(|outcome| outcome.value == told.right);
    vec![
        ("total", json!(told.total)),
        ("ran", json!(told.ran)),
        ("complete", json!(told.ran == told.total)),
        ("correct", json!(told.correct)),
        ("stuck", json!(told.stuck)),
        ("outcomes", json!(told.outcomes.len())),
        ("least", json!(told.outcomes.first().map(|outcome| outcome.value))),
        ("greatest", json!(told.outcomes.last().map(|outcome| outcome.value))),
        ("right", json!(told.right)),
        ("ops", json!(told.ops)),
        ("processes", json!(told.processes)),
        ("step_ns", json!(told.time_s * 1e9 / told.steps.max(1) as f64)),
        ("shortest_stuck", json!(told.shortest_stuck)),
        ("free_runs", json!(told.free_runs)),
        ("free_correct", json!(right.and_then(|outcome| outcome.free))),
        ("free_stuck", json!(told.stuck_free)),
        ("free_outcomes", json!(seen_free)),
    ]
}

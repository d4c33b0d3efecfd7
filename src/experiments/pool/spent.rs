//! What a task did besides its result: who ran it, when, and where. It travels with the result, as the
//! clock is one for the whole machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Lane, Message, Span, SpanKind};
use crate::experiments::crowd;
use crate::mp::{Pool, PoolError, sys};

/// A result, and how the task that made it spent its time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spent<T> {
    pub result: T,
    pub pid: i32,
    pub began_ns: u64,
    pub ended_ns: u64,
    cpu: Option<usize>,
    /// When the one who waits for the result had it: it does not travel, but is noted where the result
    /// is unpacked. That is one more reading of the clock a result, beside the two of the task.
    #[serde(skip, default = "sys::now_ns")]
    got_ns: u64,
}

/// The lane of the process that has the pool.
const PARENT: &str = "parent";

impl<T> Spent<T> {
    /// Runs a task and notes what it spent.
    pub fn on(task: impl FnOnce() -> T) -> Self {
        let (began_ns, cpu) = (sys::now_ns(), sys::current_cpu());
        let result = task();
        let ended_ns = sys::now_ns();
        Spent {
            result,
            pid: std::process::id().cast_signed(),
            began_ns,
            ended_ns,
            cpu,
            got_ns: ended_ns,
        }
    }
}

/// A lane for this process, which waited from `start_ns` to `end_ns`, and one for each process that did a
/// task, in the order in which they began; times from `start_ns` on.
pub fn lanes<T>(tasks: &[Spent<T>], start_ns: u64, end_ns: u64) -> Vec<Lane> {
    let seconds = |clock: u64| clock.saturating_sub(start_ns) as f64 / 1e9;
    let (what, end_s) = (SpanKind::Waiting, seconds(end_ns));
    let parent = Lane {
        process: PARENT.to_owned(),
        pid: Some(std::process::id().cast_signed()),
        spans: vec![Span { what, begin_s: 0.0, end_s, cpu: None }],
    };
    let mut by_process: BTreeMap<i32, Vec<&Spent<T>>> = BTreeMap::new();
    for task in tasks {
        by_process.entry(task.pid).or_default().push(task);
    }
    let mut processes: Vec<_> = by_process.into_iter().collect();
    for (_, tasks) in &mut processes {
        tasks.sort_by_key(|task| task.began_ns);
    }
    processes.sort_by_key(|(_, tasks)| tasks.first().map(|task| task.began_ns));
    let span = |task: &&Spent<T>| Span {
        what: SpanKind::Running,
        begin_s: seconds(task.began_ns),
        end_s: seconds(task.ended_ns),
        cpu: task.cpu,
    };
    let lane = |(number, (pid, tasks)): (usize, (i32, Vec<&Spent<T>>))| Lane {
        process: format!("worker-{}", number + 1),
        pid: Some(pid),
        spans: tasks.iter().map(span).collect(),
    };
    let workers = processes.into_iter().enumerate().map(lane);
    [parent].into_iter().chain(workers).collect()
}

/// What went between the lanes of one `map`, whose call began at `start_ns`: a message for each chunk of
/// tasks to the worker that did it, and one for each result.
pub fn messages<T>(
    tasks: &[Spent<T>],
    chunk: usize,
    lanes: &[Lane],
    start_ns: u64,
) -> Vec<Message> {
    let seconds = |clock: u64| clock.saturating_sub(start_ns) as f64 / 1e9;
    let worker = |task: &Spent<T>| {
        let lane = lanes.iter().skip(1).find(|lane| lane.pid == Some(task.pid));
        lane.map_or_else(String::new, |lane| lane.process.clone())
    };
    let sent = tasks.iter().step_by(chunk).map(|first| Message {
        from: PARENT.to_owned(),
        to: worker(first),
        put_s: 0.0,
        got_s: seconds(first.began_ns),
    });
    let results = tasks.iter().map(|task| Message {
        from: worker(task),
        to: PARENT.to_owned(),
        put_s: seconds(task.ended_ns),
        got_s: seconds(task.got_ns),
    });
    let mut messages: Vec<Message> = sent.chain(results).collect();
    messages.sort_by(|a, b| a.got_s.total_cmp(&b.got_s));
    messages
}

/// How many tasks the process with the most of them did, and how many processes did any.
pub fn busiest(pids: impl Iterator<Item = i32>) -> (usize, usize) {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for pid in pids {
        *counts.entry(pid).or_default() += 1;
    }
    (counts.values().copied().max().unwrap_or(0), counts.len())
}

/// A pool of so many workers, each of which is at work.
///
/// # Errors
/// When there is no room for so many, told by the limit that was met.
pub fn start(workers: usize) -> anyhow::Result<Pool> {
    crowd::room_for(workers)?;
    let pool = Pool::new(workers).map_err(|error| match error {
        PoolError::Start { number, source } => crowd::stopped(number, workers)(source),
        other => other.into(),
    })?;
    // The first tasks of all would else wait until their worker has come to its first line.
    pool.map(|()| (), &vec![(); workers], Some(1))?;
    Ok(pool)
}

//! Tasks: a few of the same kind, one after the other, by threads, and by processes.
//!
//! A task computes (`work`) or sleeps (`wait`). Making and joining whoever does it is part of the
//! time: that is what it takes to have it done by another.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::home;
use crate::event::Run;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::work::Work;
use crate::experiments::workers::finish_all;
use crate::experiments::{python, rounds};
use crate::mp::{Process, RawValue};

/// What each task does.
#[derive(Debug, Clone, Copy)]
enum Task {
    Work(Work),
    Wait(Duration),
}

/// The tasks of a run.
struct Tasks {
    task: Task,
    count: u32,
    done: RawValue<i64>,
}

/// The experiment `work`: each task computes.
pub fn work(lab: &mut Lab) -> Result<()> {
    let task = Task::Work(Work::lasting(lab.work()));
    measure(lab, task, "work", lab.work())
}

/// The experiment `wait`: each task sleeps.
pub fn wait(lab: &mut Lab) -> Result<()> {
    let task = Task::Wait(lab.wait());
    measure(lab, task, "wait", lab.wait())
}

fn measure(lab: &mut Lab, task: Task, what: &str, each: Duration) -> Result<()> {
    let variants = lab.variants()?;
    let count = lab.workers();
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            let how = variant.base.trim_start_matches("python-");
            return peer(lab, variant, index, [what, how], each);
        }
        let done = RawValue::new(0_i64).context("the number of tasks done")?;
        let run = Tasks { task, count, done }.run(variant)?;
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    lab.summarize(&variants, &runs)
}

impl Tasks {
    fn run(&self, variant: &Variant) -> Result<Run> {
        let clock = Clocks::new(1).context("the clock in shared memory")?;
        match variant.base {
            "serial" => clock.time(0, || self.serial()),
            "threads" => home::run(|| clock.time(0, || self.threads()))?,
            "processes" => clock.time(0, || self.processes())?,
            other => unreachable!("the registry has no variant {other}"),
        }
        let done = self.done.get();
        Ok(Run {
            time_s: Some(clock.elapsed_s()),
            expected: Some(i64::from(self.count)),
            got: Some(done),
            correct: Some(done == i64::from(self.count)),
            ..Run::default()
        })
    }

    fn task(&self) {
        match self.task {
            Task::Work(work) => work.run(),
            Task::Wait(time) => thread::sleep(time),
        }
        self.done.fetch_add(1);
    }

    fn serial(&self) {
        for _ in 0..self.count {
            self.task();
        }
    }

    fn threads(&self) -> std::io::Result<()> {
        home::scoped(|scope| {
            for _ in 0..self.count {
                scope.builder().spawn(|_| self.task())?;
            }
            Ok(())
        })
    }

    fn processes(&self) -> Result<()> {
        let process = |_| Process::new("task", || self.task());
        let mut processes: Vec<Process> = (0..self.count).map(process).collect();
        for process in &mut processes {
            process.start()?;
        }
        finish_all(&mut processes)
    }
}

fn peer(
    lab: &mut Lab,
    variant: &Variant,
    index: u32,
    [what, how]: [&str; 2],
    each: Duration,
) -> Result<Option<Run>> {
    let numbers = [lab.workers().to_string(), each.as_secs_f64().to_string()];
    let arguments = [[what, how].map(str::to_string), numbers].concat();
    python::run(lab, variant, index, &arguments)
}

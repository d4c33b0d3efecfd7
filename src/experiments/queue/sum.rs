//! The sum: 2 is added to each of N numbers, and the results come back through a queue.
//!
//! Four ways to share out the numbers: one loop, a process for each number, a few processes, a
//! thread for each number. All of them put into the same queue by the same code, and all of them
//! get before they join, so what differs is who does the adding, and the time it takes to make
//! and to reap them. That time is part of a run here: it is what the lesson is about.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::recorded::Record;
use crate::event::{Event, Lane, Message, Run, Timeline};
use crate::experiments::crowd::{self, Refusal};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::work::Work;
use crate::experiments::workers::{finish, finish_all};
use crate::experiments::{python, rounds};
use crate::mp::{Process, Queue, SharedSlice, sys};
use crate::stats;

/// Figures of each variant, medians over the runs: making processes or threads, getting all
/// results (waiting included), reaping or joining; all puts together; how long a new process or
/// thread waits, on average, from the return of its start to its first line; results that came
/// after one that was started later, in the run with most of them.
pub const FIGURES: &[&str] =
    &["create_s", "collect_s", "reap_s", "put_s", "schedule_s", "out_of_order"];

/// How long a result is waited for, beside the work that is still to do.
const PATIENCE: Duration = Duration::from_secs(10);
/// A number and its length take less than this in the queue, so all results fit at once.
const ROOM_PER_RESULT: usize = 16;
/// Of more numbers no timeline is told: nobody could tell one from the next.
const MOST_DRAWN: usize = 500;

/// What all runs share: the numbers, what to do with each, the queue, the clocks.
pub struct Sum {
    numbers: Vec<i64>,
    work: Work,
    wait: Duration,
    patience: Duration,
    queue: Queue<i64>,
    /// Nanoseconds that the put of each number took.
    puts: SharedSlice<AtomicU64>,
    /// When the process or thread that took each number first had the CPU.
    first_lines: SharedSlice<AtomicU64>,
    /// What is noted besides, in a run that is not timed.
    record: Option<Record>,
}

/// One run, ended: the results as they came, and the clock of the one who got them.
pub struct Summed {
    results: Vec<i64>,
    create_ns: u64,
    collect_ns: u64,
    reap_ns: u64,
    whole_ns: u64,
    put_ns: u64,
    schedule_ns: u64,
}

/// Readings of the clock in one run.
struct Marks {
    began: u64,
    created: u64,
    collected: u64,
    ended: u64,
    /// When each start had returned.
    returned: Vec<u64>,
}

impl Sum {
    /// Prepares runs over the numbers 0 to `n` - 1, with `work` and `wait` in each.
    ///
    /// # Errors
    /// When shared memory cannot be had.
    pub fn new(n: u32, work: Duration, wait: Duration) -> Result<Self> {
        let numbers: Vec<i64> = (0..i64::from(n)).collect();
        let count = numbers.len();
        Ok(Sum {
            work: Work::lasting(work),
            wait,
            patience: PATIENCE + (work + wait) * n,
            queue: Queue::new((count * ROOM_PER_RESULT).max(4096)).context("the queue")?,
            puts: SharedSlice::zeroed(count).context("clocks in shared memory")?,
            first_lines: SharedSlice::zeroed(count).context("clocks in shared memory")?,
            record: None,
            numbers,
        })
    }

    // region: add-two
    fn add_two(&self, number: i64) {
        self.work.run(); // nothing, unless --work asks for some
        thread::sleep(self.wait);
        let result = number + 2;
        self.clock_put(number, || self.queue.put(&result).expect("nobody closes it"));
    }
    // endregion

    fn clock_put(&self, number: i64, put: impl FnOnce()) {
        let began = sys::now_ns();
        put();
        let ended = sys::now_ns();
        self.puts[number as usize].store(ended - began, Relaxed);
        if let Some(record) = &self.record {
            record.put(number as usize, began, ended);
        }
    }

    /// Every `step`-th number from the one at `first` on: the share of one of `step` workers.
    fn add_two_to_share(&self, first: usize, step: usize) {
        self.first_lines[first].store(sys::now_ns(), Relaxed);
        if let Some(record) = &self.record {
            record.begins(first);
        }
        for &number in self.numbers.iter().skip(first).step_by(step) {
            self.add_two(number);
        }
    }

    /// Gets as many results as there are numbers.
    fn collect(&self) -> Result<Vec<i64>> {
        let get = || self.queue.get_timeout(self.patience);
        let noted = |place| match &self.record {
            None => get(),
            Some(record) => record.get(place, get),
        };
        let results: Result<Vec<i64>, _> = (0..self.numbers.len()).map(noted).collect();
        results.context("getting the results")
    }

    /// Who put what when, in a run of its own with so many workers.
    fn recorded(&mut self, workers: usize) -> Result<(Vec<Lane>, Vec<Message>)> {
        let count = workers.min(self.numbers.len());
        self.record = Some(Record::new(self.numbers.len(), count)?);
        let summed = self.processes(count)?;
        let record = self.record.take().expect("it was set just now");
        let numbers = summed.results.iter().map(|result| (result - 2) as usize);
        Ok((record.lanes(), record.messages(numbers)))
    }

    /// One run of the variant of that name; `workers` is for the one that is called so.
    ///
    /// # Errors
    /// When a process cannot be made, does not end well, or a result does not come.
    pub fn variant(&self, name: &str, workers: usize) -> Result<Summed> {
        match name {
            "serial" => self.serial(),
            "process-per-item" => self.processes(self.numbers.len()),
            "workers" => self.processes(workers),
            "threads" => self.threads(),
            other => unreachable!("the registry has no variant {other}"),
        }
    }

    /// One loop puts everything, then gets everything.
    fn serial(&self) -> Result<Summed> {
        let began = sys::now_ns();
        // region: serial
        for &number in &self.numbers {
            self.add_two(number);
        }
        let created = sys::now_ns();
        let results = self.collect()?;
        // endregion
        let collected = sys::now_ns();
        let marks = Marks { began, created, collected, ended: collected, returned: Vec::new() };
        Ok(self.summed(results, &marks))
    }

    /// `count` processes share the numbers; with as many as numbers, each has one.
    fn processes(&self, count: usize) -> Result<Summed> {
        let count = count.min(self.numbers.len());
        crowd::room_for(count)?;
        let share = |first| Process::new("add-two", move || self.add_two_to_share(first, count));
        let mut processes: Vec<Process> = (0..count).map(share).collect();
        let mut returned = Vec::with_capacity(count);
        let began = sys::now_ns();
        // region: processes
        for process in &mut processes {
            process.start().map_err(crowd::stopped(returned.len(), count))?;
            returned.push(sys::now_ns());
        }
        let created = sys::now_ns();
        let results = self.collect()?; // first get
        let collected = sys::now_ns();
        finish_all(&mut processes)?; // then join
        // endregion
        let marks = Marks { began, created, collected, ended: sys::now_ns(), returned };
        Ok(self.summed(results, &marks))
    }

    /// A thread for each number, all of them in a process of their own: one that has had threads
    /// must not fork, and this one forks.
    fn threads(&self) -> Result<Summed> {
        crowd::room_for_threads(self.numbers.len())?;
        let report: SharedSlice<AtomicU64> = SharedSlice::zeroed(6 + self.numbers.len())?;
        let refusal = Refusal::none_yet()?;
        let (report_of, refusal_of) = (&report, &refusal);
        let mut home = Process::new("threads", move || {
            let summed = self.threads_here(refusal_of).unwrap_or_else(|error| panic!("{error:#}"));
            if let Some(summed) = summed {
                summed.write(report_of);
            }
        });
        home.start()?;
        finish(&mut home)?;
        drop(home);
        refusal.heard(self.numbers.len())?;
        Ok(Summed::read(&report))
    }

    /// In the process of the threads; `None` if one of them was refused.
    fn threads_here(&self, refusal: &Refusal) -> Result<Option<Summed>> {
        let count = self.numbers.len();
        let mut returned = Vec::with_capacity(count);
        thread::scope(|scope| {
            let began = sys::now_ns();
            let mut threads = Vec::with_capacity(count);
            for first in 0..count {
                let share = move || self.add_two_to_share(first, count);
                match thread::Builder::new().spawn_scoped(scope, share) {
                    Ok(thread) => threads.push(thread),
                    Err(error) => {
                        refusal.tell(first, &error);
                        return Ok(None);
                    }
                }
                returned.push(sys::now_ns());
            }
            let created = sys::now_ns();
            let results = self.collect()?;
            let collected = sys::now_ns();
            for thread in threads {
                thread.join().expect("adding 2 does not panic");
            }
            let marks = Marks { began, created, collected, ended: sys::now_ns(), returned };
            Ok(Some(self.summed(results, &marks)))
        })
    }

    fn summed(&self, results: Vec<i64>, marks: &Marks) -> Summed {
        let waits = marks.returned.iter().zip(self.first_lines.iter());
        // One that ran before its start had returned did not wait.
        let waited = waits.map(|(&returned, first)| first.load(Relaxed).saturating_sub(returned));
        let waited: u64 = waited.sum();
        Summed {
            results,
            // Nobody is made by the loop: its time before the first get is the work itself.
            create_ns: if marks.returned.is_empty() { 0 } else { marks.created - marks.began },
            collect_ns: marks.collected - marks.created,
            reap_ns: marks.ended - marks.collected,
            whole_ns: marks.ended - marks.began,
            put_ns: self.puts.iter().map(|put| put.load(Relaxed)).sum(),
            schedule_ns: waited / marks.returned.len().max(1) as u64,
        }
    }

    /// The run as the event tells it: right if the results are the numbers plus 2, in any order.
    fn told(&self, summed: &Summed) -> Run {
        let mut sorted = summed.results.clone();
        sorted.sort_unstable();
        let right = sorted.iter().copied().eq(self.numbers.iter().map(|number| number + 2));
        Run {
            time_s: Some(seconds(summed.whole_ns)),
            expected: Some(self.numbers.iter().map(|number| number + 2).sum()),
            got: Some(summed.results.iter().sum()),
            correct: Some(right),
            ..Run::default()
        }
    }
}

impl Summed {
    /// From before the first was made to after the last was reaped, in seconds.
    pub fn whole_s(&self) -> f64 {
        seconds(self.whole_ns)
    }

    /// Results that came after one that was started later.
    fn out_of_order(&self) -> u64 {
        let mut greatest = i64::MIN;
        let overtaken = self.results.iter().filter(|&&result| {
            let overtaken = result < greatest;
            greatest = greatest.max(result);
            overtaken
        });
        overtaken.count() as u64
    }

    fn write(&self, report: &[AtomicU64]) {
        let clocks = [self.create_ns, self.collect_ns, self.reap_ns, self.whole_ns];
        let values = clocks.into_iter().chain([self.put_ns, self.schedule_ns]);
        let values = values.chain(self.results.iter().map(|&result| result as u64));
        for (place, value) in report.iter().zip(values) {
            place.store(value, Relaxed);
        }
    }

    fn read(report: &[AtomicU64]) -> Self {
        let at = |place: usize| report[place].load(Relaxed);
        Summed {
            create_ns: at(0),
            collect_ns: at(1),
            reap_ns: at(2),
            whole_ns: at(3),
            put_ns: at(4),
            schedule_ns: at(5),
            results: report[6..].iter().map(|result| result.load(Relaxed) as i64).collect(),
        }
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The experiment `sum`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let mut sum = Sum::new(lab.n(), lab.work(), lab.wait())?;
    let workers = lab.workers() as usize;
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut measured: BTreeMap<String, Vec<Summed>> = BTreeMap::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return peer(lab, variant, index);
        }
        let summed = sum.variant(variant.base, workers)?;
        let run = lab.entitle(sum.told(&summed), variant, index);
        measured.entry(variant.name.clone()).or_default().push(summed);
        Ok(Some(run))
    })?;
    for variant in &variants {
        if let Some(of_it) = measured.get(&variant.name) {
            // The first run warmed up.
            lab.measure(Some(&variant.name), figures(&of_it[1..]))?;
            if variant.base == "workers" && sum.numbers.len() <= MOST_DRAWN {
                timeline(lab, &mut sum, variant, workers)?;
            }
        }
    }
    lab.summarize(&variants, &runs)
}

/// Tells one more run, which is recorded and not timed.
fn timeline(lab: &mut Lab, sum: &mut Sum, variant: &Variant, workers: usize) -> Result<()> {
    let (lanes, messages) = sum.recorded(workers)?;
    let (experiment, variant) = (lab.experiment(), variant.name.clone());
    let index = lab.runs();
    lab.emit(&Event::Timeline(Timeline { experiment, variant, index, lanes, messages }))
}

fn figures(runs: &[Summed]) -> Vec<(&'static str, Value)> {
    let median = |of: fn(&Summed) -> f64| stats::median(&runs.iter().map(of).collect::<Vec<_>>());
    let most = runs.iter().map(Summed::out_of_order).max();
    vec![
        ("create_s", json!(median(|run| seconds(run.create_ns)))),
        ("collect_s", json!(median(|run| seconds(run.collect_ns)))),
        ("reap_s", json!(median(|run| seconds(run.reap_ns)))),
        ("put_s", json!(median(|run| seconds(run.put_ns)))),
        ("schedule_s", json!(median(|run| seconds(run.schedule_ns)))),
        ("out_of_order", json!(most)),
    ]
}

fn peer(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<Run>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let [work, wait] = [lab.work(), lab.wait()].map(|time| time.as_secs_f64().to_string());
    let arguments = ["sum".to_string(), way, lab.n().to_string(), work, wait];
    python::run(lab, variant, index, &arguments)
}

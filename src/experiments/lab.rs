//! The lab: what an experiment has at hand while it runs.
//!
//! It holds the parameters and the machine, emits events towards whoever draws,
//! waits before a timed run until they are drawn, owns the run's private
//! directory, and turns the runs of an experiment into its summary.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};
use tempfile::TempDir;

use crate::event::{
    Event, Machine, Measure, Note, NoteKind, Params, Progress, Run, Summary, VariantSummary,
};
use crate::mp::proc::ProcStat;
use crate::stats;

use super::Experiment;
use super::channel::Channel;
use super::failure::Failure;
use super::python::{self, Interpreter};

/// Names of private directories: this, the runner's pid, `-`, and something random.
pub const SCRATCH_PREFIX: &str = "parlab-";

/// The file in a private directory that is locked while anyone of the run lives.
pub const SCRATCH_LOCK: &str = "parlab.lock";

/// One variant of this run: a native one, or a peer under one of the interpreters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name in events.
    pub name: String,
    /// The registry's name (a peer's without the interpreter's version).
    pub base: &'static str,
    /// For a peer: which of [`Lab::pythons`] runs it.
    pub python: Option<usize>,
}

/// What an experiment has at hand.
#[derive(Debug)]
pub struct Lab {
    /// The parameters in force.
    pub params: Params,
    /// The machine.
    pub machine: Machine,
    /// The interpreters that peers run on; found when first asked for.
    pub pythons: Vec<Interpreter>,
    peer: &'static str,
    experiment: &'static Experiment,
    channel: Channel,
    progress: (u64, u64),
    runner: u32,
    scratch: Option<Scratch>,
}

/// The private directory, locked while anyone of the run lives.
#[derive(Debug)]
struct Scratch {
    directory: TempDir,
    _lock: Flock<File>,
}

impl Lab {
    /// A lab for one run of `experiment`; `runner` is the pid that names what it leaves on disk.
    pub fn new(
        peer: &'static str,
        experiment: &'static Experiment,
        params: Params,
        machine: Machine,
        channel: Channel,
        runner: u32,
    ) -> Self {
        Lab {
            params,
            machine,
            pythons: Vec::new(),
            peer,
            experiment,
            channel,
            progress: (0, 0),
            runner,
            scratch: None,
        }
    }

    /// Name of the experiment, as events carry it.
    pub fn experiment(&self) -> String {
        self.experiment.name.to_string()
    }

    /// The pid of the runner, which names what the run leaves on disk for it to remove.
    pub fn runner(&self) -> u32 {
        self.runner
    }

    /// Repetitions of each variant.
    pub fn runs(&self) -> u32 {
        self.params.runs.unwrap_or(10)
    }

    /// Steps of the loop of each process or thread.
    pub fn iterations(&self) -> u32 {
        self.params.iterations.unwrap_or(10_000)
    }

    /// Items, or processes.
    pub fn n(&self) -> u32 {
        self.params.n.unwrap_or(1)
    }

    /// Workers: processes, or threads.
    pub fn workers(&self) -> u32 {
        self.params.workers.unwrap_or(2)
    }

    /// Computing in each item.
    pub fn work(&self) -> Duration {
        Duration::from_secs_f64(self.params.work_s.unwrap_or(0.0))
    }

    /// Sleeping in each item.
    pub fn wait(&self) -> Duration {
        Duration::from_secs_f64(self.params.wait_s.unwrap_or(0.0))
    }

    /// The variants to run: the registry's, as far as `only` wants them, each peer
    /// once for each interpreter. Looks for the interpreters if peers are wanted,
    /// and emits what it finds.
    ///
    /// # Errors
    /// When events cannot be written.
    pub fn variants(&mut self) -> Result<Vec<Variant>> {
        let wanted: Vec<&'static str> =
            (self.experiment.variants.iter().copied()).filter(|name| self.wants(name)).collect();
        if wanted.iter().any(|name| name.starts_with("python-")) {
            let asked = self.params.python.clone();
            let asked = asked.unwrap_or_else(|| vec!["auto".to_string()]);
            let (found, reports) = python::find(&asked);
            self.pythons = found;
            for report in reports {
                self.emit(&Event::Python(report))?;
            }
        }
        let mut variants = Vec::new();
        for base in wanted {
            match base.strip_prefix("python-") {
                None => variants.push(Variant { name: base.to_string(), base, python: None }),
                Some(rest) => variants.extend(self.pythons.iter().enumerate().map(|(i, p)| {
                    Variant { name: format!("{}-{rest}", p.column), base, python: Some(i) }
                })),
            }
        }
        Ok(variants)
    }

    fn wants(&self, name: &str) -> bool {
        (self.params.only.as_ref()).is_none_or(|only| only.iter().any(|o| o == name))
    }

    /// Sends an event to whoever draws.
    ///
    /// # Errors
    /// When nobody listens any more; the experiment should then end.
    pub fn emit(&mut self, event: &Event) -> Result<()> {
        self.channel.send(event)
    }

    /// Sends figures of a variant, or of the experiment.
    ///
    /// # Errors
    /// As [`Lab::emit`].
    pub fn measure<'a>(
        &mut self,
        variant: Option<&str>,
        values: impl IntoIterator<Item = (&'a str, serde_json::Value)>,
    ) -> Result<()> {
        let values = values.into_iter().map(|(k, v)| (k.to_string(), v));
        self.emit(&Event::Measure(Measure {
            experiment: self.experiment(),
            variant: variant.map(str::to_string),
            values: values.collect(),
        }))
    }

    /// Sends a note.
    ///
    /// # Errors
    /// As [`Lab::emit`].
    pub fn note(&mut self, variant: Option<&str>, kind: NoteKind) -> Result<()> {
        self.emit(&Event::Note(Note {
            experiment: self.experiment(),
            variant: variant.map(str::to_string),
            kind,
        }))
    }

    /// Says how many steps of progress the experiment will have.
    pub fn expect_steps(&mut self, total: u64) {
        self.progress = (0, total);
    }

    /// One step is done.
    ///
    /// # Errors
    /// As [`Lab::emit`].
    pub fn step(&mut self) -> Result<()> {
        self.progress.0 += 1;
        self.emit(&Event::Progress(Progress {
            experiment: self.experiment(),
            done: self.progress.0,
            total: self.progress.1,
        }))
    }

    /// Waits until everything sent is drawn, so that drawing does not run beside a
    /// timed run; at most 20 ms.
    ///
    /// # Errors
    /// When the pipe fails.
    pub fn settle(&mut self) -> Result<()> {
        self.channel.settle()
    }

    /// Waits for the next order from the front, however long it takes; none when there will be no
    /// more.
    ///
    /// # Errors
    /// When the pipe fails.
    pub fn order(&mut self) -> Result<Option<u8>> {
        self.channel.order()
    }

    /// The run's private directory, made at the first call.
    ///
    /// # Errors
    /// [`ErrorKind::Scratch`](crate::event::ErrorKind::Scratch) when the temporary directory cannot
    /// be written.
    pub fn scratch(&mut self) -> Result<&Path, Failure> {
        if self.scratch.is_none() {
            self.scratch = Some(Scratch::new(self.runner).map_err(Failure::scratch)?);
        }
        let scratch = self.scratch.as_ref().expect("made above");
        Ok(scratch.directory.path())
    }

    /// A name for shared memory of this run: it tells whose it is, so that it is swept with the run
    /// however that ends.
    ///
    /// # Errors
    /// When the runner's start cannot be read from /proc.
    pub fn segment_name(&self, what: &str) -> Result<String> {
        let runner = ProcStat::read(self.runner.cast_signed()).context("the runner in /proc")?;
        Ok(format!("{SCRATCH_PREFIX}{}-{}-{what}", self.runner, runner.start_ticks))
    }

    /// Puts the names on a run.
    pub fn entitle(&self, run: Run, variant: &Variant, index: u32) -> Run {
        Run { experiment: self.experiment(), variant: variant.name.clone(), index, ..run }
    }

    /// Notes each racy variant none of whose runs had both processes in their loops
    /// at once: what came out of it proves nothing.
    ///
    /// # Errors
    /// As [`Lab::emit`].
    pub fn warn_without_overlap(&mut self, variants: &[Variant], runs: &[Run]) -> Result<()> {
        for variant in variants {
            let of_it = || runs.iter().filter(|run| run.variant == variant.name);
            let none = of_it().all(|run| run.overlap.unwrap_or(0.0) == 0.0);
            if self.is_racy(variant) && none && of_it().next().is_some() {
                self.note(Some(&variant.name), NoteKind::NoOverlap)?;
            }
        }
        Ok(())
    }

    fn is_racy(&self, variant: &Variant) -> bool {
        self.experiment.racy.contains(&variant.base)
    }

    /// Ends the experiment: the summary of `runs`, every variant that has one.
    ///
    /// # Errors
    /// As [`Lab::emit`].
    pub fn summarize(&mut self, variants: &[Variant], runs: &[Run]) -> Result<()> {
        let samples: Vec<stats::Sample> = (runs.iter())
            .map(|run| stats::Sample {
                variant: &run.variant,
                index: run.index,
                time_s: run.time_s,
                right: run.correct.unwrap_or(true),
                counted: !run.traced,
            })
            .collect();
        let order: Vec<&str> = variants.iter().map(|v| v.name.as_str()).collect();
        let baseline = order.first().copied().unwrap_or(self.experiment.variants[0]);
        let racy: Vec<&str> =
            (variants.iter().filter(|v| self.is_racy(v))).map(|v| v.name.as_str()).collect();
        let seed = self.params.seed.unwrap_or(1);
        let summary = stats::summarize(baseline, &order, &racy, &samples, seed);
        self.emit(&Event::Summary(Summary {
            experiment: self.experiment(),
            baseline: baseline.to_string(),
            variants: summary.variants.into_iter().map(|v| told(v, &racy)).collect(),
            winner: summary.winner,
        }))
    }

    /// The source of the Python peer.
    pub fn peer(&self) -> &'static str {
        self.peer
    }
}

fn told(variant: stats::Variant, racy: &[&str]) -> VariantSummary {
    let (times, ratio) = (variant.times, variant.ratio);
    let interval = ratio.as_ref().and_then(|r| r.interval);
    VariantSummary {
        racy: racy.contains(&variant.variant.as_str()),
        variant: variant.variant,
        runs: variant.runs,
        correct_runs: variant.correct_runs,
        median_s: times.as_ref().map(|t| t.median),
        q1_s: times.as_ref().map(|t| t.q1),
        q3_s: times.as_ref().map(|t| t.q3),
        ratio: ratio.as_ref().map(|r| r.median),
        ratio_low: interval.map(|(low, _)| low),
        ratio_high: interval.map(|(_, high)| high),
    }
}

impl Scratch {
    fn new(runner: u32) -> io::Result<Self> {
        let directory =
            tempfile::Builder::new().prefix(&format!("{SCRATCH_PREFIX}{runner}-")).tempdir()?;
        let file = File::create(directory.path().join(SCRATCH_LOCK))?;
        let lock = Flock::lock(file, FlockArg::LockSharedNonblock).map_err(|(_, errno)| errno)?;
        Ok(Scratch { directory, _lock: lock })
    }
}

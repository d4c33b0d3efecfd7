//! The registry of experiments: one row a lesson.
//!
//! The command line, the lesson texts, `list`, `check` and the runner all read
//! these rows and nothing else, so a lesson is added by one file here, one folder
//! in `lessons/` and one row in [`LESSONS`]. A row says what can be typed
//! (options, variants), what can be read in a text (figures), and what runs.

mod ceiling;
mod channel;
mod clocks;
mod crowd;
mod deadlock;
mod demonstration;
mod download;
pub mod explore;
mod failure;
mod lab;
pub mod ledger;
mod lock;
mod manager;
pub mod needs;
pub mod options;
mod pipe;
pub mod play;
mod pool;
pub mod prices;
mod process;
mod python;
mod queue;
mod race;
mod rounds;
mod shm;
mod stage;
mod survey;
mod threads;
mod wake;
pub mod work;
mod workers;

use crate::event::Params;
use crate::mp::process::spawn;

pub use channel::{Channel, DRAWN};
pub use explore::Subject;
pub use failure::{Failure, ended_by_signal, told};
pub use lab::{Lab, SCRATCH_LOCK, SCRATCH_PREFIX};
pub use needs::{CORE, Need, Needs, WHOLE};
pub use options::Opt;
pub use play::PLAY;
pub use prices::{Cost, Prices};
pub use survey::{CEILING, SURVEY};

/// Every lesson, in the order in which they are taught.
pub static LESSONS: &[&Lesson] = &[
    &process::LESSON,
    &queue::LESSON,
    &pool::LESSON,
    &shm::LESSON,
    &manager::LESSON,
    &pipe::LESSON,
    &lock::LESSON,
    &threads::LESSON,
    &download::LESSON,
];

/// One lesson: what it can run and the texts around it.
#[derive(Debug)]
pub struct Lesson {
    /// Its name on the command line, and its folder in `lessons/`.
    pub name: &'static str,
    /// Its texts and its Python peer.
    pub texts: Texts,
    /// The sources that its regions of Rust code are cut from: file name and text.
    pub sources: &'static [(&'static str, &'static str)],
    /// The options that it uses, beside those that all have.
    pub options: &'static [Opt],
    /// Values of the options where nobody sets them.
    pub defaults: Params,
    /// What it needs of a machine, for `doctor`.
    pub needs: Needs,
    /// Its experiments.
    pub experiments: &'static [Experiment],
    /// Those of them that tell prices, for `compare all`.
    pub prices: &'static [Prices],
    /// The one that `compare --sweep` runs instead of those that are compared, if there
    /// is one: it raises the work in each item itself. Its variants are among theirs.
    pub sweep: Option<&'static str>,
    /// The experiments that emit a `timeline`, if one of their variants runs that has one.
    pub timelines: &'static [&'static str],
    /// The programs whose every schedule `explore` runs.
    pub programs: &'static [&'static Subject],
    /// The functions that its spawned children can run.
    pub spawned: fn() -> Vec<spawn::Function<'static>>,
}

/// What `lessons/<name>/` holds.
#[derive(Debug)]
pub struct Texts {
    /// `en.md`.
    pub en: &'static str,
    /// `it.md`.
    pub it: &'static str,
    /// `peer.py`.
    pub peer: &'static str,
}

/// The texts of `lessons/<name>/`, compiled in.
macro_rules! texts {
    ($name:literal) => {
        $crate::experiments::Texts {
            en: include_str!(concat!("../../../lessons/", $name, "/en.md")),
            it: include_str!(concat!("../../../lessons/", $name, "/it.md")),
            peer: include_str!(concat!("../../../lessons/", $name, "/peer.py")),
        }
    };
}
use texts;

/// No option set: what a row's defaults start from.
pub const NO_PARAMS: Params = Params {
    n: None,
    workers: None,
    work_s: None,
    wait_s: None,
    runs: None,
    iterations: None,
    ops: None,
    processes: None,
    most: None,
    free_runs: None,
    game: None,
    parts: None,
    chaos: None,
    listen: None,
    connect: None,
    authkey_file: None,
    url: None,
    urls: None,
    to: None,
    only: None,
    python: None,
    seed: None,
    seconds_limit: None,
};

/// One experiment: a set of variants and the function that measures them.
#[derive(Debug)]
pub struct Experiment {
    /// Its name in events and lesson texts.
    pub name: &'static str,
    /// Whether `compare` runs it.
    pub compared: bool,
    /// Its variants in the order in which they are shown, the baseline first. A
    /// Python peer's name starts with `python-`.
    pub variants: &'static [&'static str],
    /// The variants that are right by luck alone: they race, and never win.
    pub racy: &'static [&'static str],
    /// Names of the figures that its `measure` events give for a variant.
    pub figures: &'static [&'static str],
    /// Names of the figures that they give for the experiment as a whole.
    pub experiment_figures: &'static [&'static str],
    /// Runs it, in a process of its own.
    pub run: fn(&mut Lab) -> anyhow::Result<()>,
}

impl Experiment {
    /// The least time that it takes with these parameters, in seconds, by the computing and
    /// sleeping that they ask for. Only one with a variant `serial`, which takes item after item,
    /// is known to do that; its other variants may share the items out, so that one item is the
    /// least of each run. The first round, which warms up, counts as the others do.
    pub fn least_s(&self, params: &Params) -> f64 {
        let wanted =
            |name: &str| params.only.as_ref().is_none_or(|only| only.iter().any(|one| one == name));
        let per_item = params.work_s.unwrap_or(0.0) + params.wait_s.unwrap_or(0.0);
        let items = match self.variants.contains(&"serial") {
            true if wanted("serial") => params.n.unwrap_or(1),
            true => 1,
            false => 0,
        };
        f64::from(items) * per_item * (f64::from(params.runs.unwrap_or(1)) + 1.0)
    }
}

impl Lesson {
    /// The experiment of that name.
    pub fn experiment(&self, name: &str) -> Option<&'static Experiment> {
        self.experiments.iter().find(|e| e.name == name)
    }

    /// The experiments that `compare` runs, with or without `--sweep`.
    pub fn compared(&self, sweep: bool) -> impl Iterator<Item = &'static Experiment> {
        let swept = self.sweep.filter(|_| sweep);
        let wanted = move |e: &&Experiment| swept.map_or(e.compared, |name| e.name == name);
        self.experiments.iter().filter(wanted)
    }

    /// Whether an experiment of it takes that option: all take the lesson's; one that explores a
    /// program takes the program's, too.
    pub fn takes(&self, experiment: &str, opt: Opt) -> bool {
        let mut explored = self.programs.iter().filter(|subject| subject.experiment == experiment);
        self.options.contains(&opt) || explored.any(|subject| subject.options.contains(&opt))
    }

    /// The experiments that the options bring along that are set in `params`.
    pub fn brought(&self, params: &Params) -> impl Iterator<Item = &'static Experiment> {
        let set = |opt: &&Opt| opt.brings_its_own() && opt.get(params).is_some();
        self.options.iter().filter(set).filter_map(|opt| self.experiment(opt.name()))
    }

    /// Every variant of the experiments that `compare` runs, without repetition.
    pub fn compared_variants(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for experiment in self.compared(false) {
            for variant in experiment.variants {
                if !names.contains(variant) {
                    names.push(variant);
                }
            }
        }
        names
    }
}

/// In a process that was started as a spawned child: runs the function that it was
/// started for, and gives the exit code. In any other it does nothing.
pub fn spawned() -> Option<std::process::ExitCode> {
    let functions: Vec<_> = LESSONS.iter().flat_map(|lesson| (lesson.spawned)()).collect();
    spawn::main(&functions)
}

/// The lesson of that name.
pub fn lesson(name: &str) -> Option<&'static Lesson> {
    LESSONS.iter().copied().find(|l| l.name == name)
}

/// The program of that name, with the lesson it belongs to.
pub fn subject(name: &str) -> Option<(&'static Lesson, &'static Subject)> {
    let of = |lesson: &&'static Lesson| {
        lesson.programs.iter().find(|s| s.name == name).map(|s| (*lesson, *s))
    };
    LESSONS.iter().find_map(of)
}

/// What the runner runs: the experiment of that name, with the Python peer that it calls. Some
/// belong to no lesson, and have none.
pub fn runnable(name: &str) -> Option<(&'static str, &'static Experiment)> {
    let of_lesson = experiment(name).map(|(lesson, experiment)| (lesson.texts.peer, experiment));
    let of_command =
        || [&SURVEY, &CEILING, &PLAY].into_iter().find(|e| e.name == name).map(|e| ("", e));
    of_lesson.or_else(of_command)
}

/// The experiment of that name with the lesson it belongs to. Names of experiments
/// are unique over all lessons (a test holds this), so a lesson text can use any.
pub fn experiment(name: &str) -> Option<(&'static Lesson, &'static Experiment)> {
    LESSONS.iter().find_map(|l| l.experiment(name).map(|e| (*l, e)))
}

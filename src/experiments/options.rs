//! The options that an experiment can have: their names, their ranges, their help.
//!
//! One table for the command line, for the `run` blocks of a lesson and for the
//! error messages, so that a range is told the same way wherever it is broken.

use crate::event::Params;

use super::ledger::Write;

/// An option of `lesson`, `compare` and `explore`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opt {
    /// `--n`.
    N,
    /// `--runs`.
    Runs,
    /// `--workers`.
    Workers,
    /// `--iterations`.
    Iterations,
    /// `--work`.
    Work,
    /// `--wait`.
    Wait,
    /// `--ops`.
    Ops,
    /// `--processes`.
    Processes,
    /// `--most`.
    Most,
    /// `--free-runs`.
    FreeRuns,
    /// `--chaos`.
    Chaos,
    /// `--listen`.
    Listen,
    /// `--connect`.
    Connect,
    /// `--authkey-file`.
    AuthkeyFile,
    /// `--url`.
    Url,
    /// `--urls`.
    Urls,
    /// `--to`.
    To,
}

/// What an option's value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Whole numbers.
    Count,
    /// Nothing, though it is a whole number: another one makes other choices.
    Seed,
    /// Microseconds, typed as `500us`, `2ms` or `0.5s`.
    Duration,
    /// Nothing: its value is a text.
    Text,
}

impl Opt {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Opt::N => "n",
            Opt::Runs => "runs",
            Opt::Workers => "workers",
            Opt::Iterations => "iterations",
            Opt::Work => "work",
            Opt::Wait => "wait",
            Opt::Ops => "ops",
            Opt::Processes => "processes",
            Opt::Most => "most",
            Opt::FreeRuns => "free-runs",
            Opt::Chaos => "chaos",
            Opt::Listen => "listen",
            Opt::Connect => "connect",
            Opt::AuthkeyFile => "authkey-file",
            Opt::Url => "url",
            Opt::Urls => "urls",
            Opt::To => "to",
        }
    }

    /// Its name in events and in the `run` blocks of lessons, with the unit.
    pub fn field(self) -> &'static str {
        match self {
            Opt::Work => "work_s",
            Opt::Wait => "wait_s",
            Opt::AuthkeyFile => "authkey_file",
            Opt::FreeRuns => "free_runs",
            same => same.name(),
        }
    }

    /// What its value counts.
    pub fn unit(self) -> Unit {
        match self {
            Opt::N | Opt::Runs | Opt::Workers | Opt::Iterations => Unit::Count,
            Opt::Ops | Opt::Processes | Opt::Most | Opt::FreeRuns => Unit::Count,
            Opt::Chaos => Unit::Seed,
            Opt::Work | Opt::Wait => Unit::Duration,
            Opt::Listen | Opt::Connect | Opt::AuthkeyFile => Unit::Text,
            Opt::Url | Opt::Urls | Opt::To => Unit::Text,
        }
    }

    /// Whether `compare` has it, too: what concerns other terminals is a lesson's alone.
    pub fn is_compared(self) -> bool {
        !matches!(self, Opt::Listen | Opt::Connect | Opt::AuthkeyFile)
    }

    /// Whether it brings an experiment along, of its own name: `compare` runs that after the others,
    /// and `lesson` shows the part of its own name after the core.
    pub fn brings_its_own(self) -> bool {
        matches!(self, Opt::Chaos)
    }

    /// Least and greatest value of one that is a number.
    pub fn range(self) -> (u64, u64) {
        match self {
            Opt::N => (1, 10_000_000),
            Opt::Runs => (1, 10_000),
            Opt::Workers => (1, 1_000),
            // The ledger numbers each process's writes with 24 bits.
            Opt::Iterations => (1, Write::MOST as u64),
            Opt::Work | Opt::Wait => (0, 10_000_000),
            // Two processes of 14 times 2 steps have the most schedules below 2^53.
            Opt::Ops => (1, 14),
            Opt::Processes => (2, 3),
            Opt::Most => (1, 1_000_000),
            Opt::FreeRuns => (0, 10_000),
            Opt::Chaos => (0, u32::MAX as u64),
            Opt::Listen | Opt::Connect | Opt::AuthkeyFile => (0, 0),
            Opt::Url | Opt::Urls | Opt::To => (0, 0),
        }
    }

    /// What it sets, in English, for `--help`.
    pub fn help(self) -> &'static str {
        match self {
            Opt::N => "Items, or processes",
            Opt::Runs => "Repetitions of each variant",
            Opt::Workers => "Workers: processes, or threads",
            Opt::Iterations => "Steps of the loop of each process or thread",
            Opt::Work => "Computing in each item",
            Opt::Wait => "Sleeping in each item",
            Opt::Ops => "How often each process does what the program repeats",
            Opt::Processes => "Processes that add, with --add",
            Opt::Most => "The most schedules that are run; of more, so many are drawn",
            Opt::FreeRuns => "Runs of the same program without gates, to compare with",
            Opt::Chaos => {
                "Hold one process up between reading and writing, briefly often and long seldom; \
                 then show how many runs go wrong by how wide the window is. No times, no Python"
            }
            Opt::Listen => {
                "With --part network: wait for another parlab here; only 127.x.y.z keeps others out"
            }
            Opt::Connect => {
                "With --part network: use the list of another parlab, which listens there"
            }
            Opt::AuthkeyFile => {
                "The key for --listen and --connect; usually what PARLAB_AUTHKEY holds"
            }
            Opt::Url => {
                "Fetch this file instead of parlab's own, once by each variant; may be repeated"
            }
            Opt::Urls => "The same for the addresses in this file, one a line",
            Opt::To => "Keep the files in this directory, which must be there",
        }
    }

    /// The number that `params` holds for it.
    pub fn get(self, params: &Params) -> Option<u64> {
        let micros = |seconds: f64| (seconds * 1e6).round() as u64;
        match self {
            Opt::N => params.n.map(u64::from),
            Opt::Runs => params.runs.map(u64::from),
            Opt::Workers => params.workers.map(u64::from),
            Opt::Iterations => params.iterations.map(u64::from),
            Opt::Ops => params.ops.map(u64::from),
            Opt::Processes => params.processes.map(u64::from),
            Opt::Most => params.most.map(u64::from),
            Opt::FreeRuns => params.free_runs.map(u64::from),
            Opt::Chaos => params.chaos.map(u64::from),
            Opt::Work => params.work_s.map(micros),
            Opt::Wait => params.wait_s.map(micros),
            Opt::Listen | Opt::Connect | Opt::AuthkeyFile => None,
            Opt::Url | Opt::Urls | Opt::To => None,
        }
    }

    /// The texts that `params` holds for it.
    pub fn texts(self, params: &Params) -> Option<Vec<String>> {
        let one = |text: &Option<String>| text.clone().map(|text| vec![text]);
        match self {
            Opt::Listen => one(&params.listen),
            Opt::Connect => one(&params.connect),
            Opt::AuthkeyFile => one(&params.authkey_file),
            Opt::Url => params.url.clone(),
            Opt::Urls => one(&params.urls),
            Opt::To => one(&params.to),
            _ => None,
        }
    }

    /// Sets texts in `params`; of those that can be given once, the last one.
    ///
    /// # Panics
    /// If its value is no text.
    pub fn set_texts(self, params: &mut Params, mut texts: Vec<String>) {
        match self {
            Opt::Listen => params.listen = texts.pop(),
            Opt::Connect => params.connect = texts.pop(),
            Opt::AuthkeyFile => params.authkey_file = texts.pop(),
            Opt::Url => params.url = Some(texts),
            Opt::Urls => params.urls = texts.pop(),
            Opt::To => params.to = texts.pop(),
            number => unreachable!("{} is a number", number.name()),
        }
    }

    /// Sets it in `params`; `value` is in [`Opt::range`].
    ///
    /// # Panics
    /// If the value is out of range, or no number.
    pub fn set(self, params: &mut Params, value: u64) {
        let value = u32::try_from(value).expect("ranges end below 2^32");
        let seconds = f64::from(value) / 1e6;
        match self {
            Opt::N => params.n = Some(value),
            Opt::Runs => params.runs = Some(value),
            Opt::Workers => params.workers = Some(value),
            Opt::Iterations => params.iterations = Some(value),
            Opt::Ops => params.ops = Some(value),
            Opt::Processes => params.processes = Some(value),
            Opt::Most => params.most = Some(value),
            Opt::FreeRuns => params.free_runs = Some(value),
            Opt::Chaos => params.chaos = Some(value),
            Opt::Work => params.work_s = Some(seconds),
            Opt::Wait => params.wait_s = Some(seconds),
            Opt::Listen | Opt::Connect | Opt::AuthkeyFile => {
                unreachable!("{} is a text", self.name())
            }
            Opt::Url | Opt::Urls | Opt::To => unreachable!("{} is a text", self.name()),
        }
    }

    /// Takes it out of `params`.
    pub fn clear(self, params: &mut Params) {
        match self {
            Opt::N => params.n = None,
            Opt::Runs => params.runs = None,
            Opt::Workers => params.workers = None,
            Opt::Iterations => params.iterations = None,
            Opt::Ops => params.ops = None,
            Opt::Processes => params.processes = None,
            Opt::Most => params.most = None,
            Opt::FreeRuns => params.free_runs = None,
            Opt::Chaos => params.chaos = None,
            Opt::Work => params.work_s = None,
            Opt::Wait => params.wait_s = None,
            Opt::Listen => params.listen = None,
            Opt::Connect => params.connect = None,
            Opt::AuthkeyFile => params.authkey_file = None,
            // A list of addresses is given by either, so whoever fixes it fixes both.
            Opt::Url | Opt::Urls => (params.url, params.urls) = (None, None),
            Opt::To => params.to = None,
        }
    }
}

/// Least and most seconds that `--seconds-limit` takes.
pub const SECONDS: std::ops::RangeInclusive<f64> = 0.1..=86_400.0;

/// Every option, for those who go through a block's parameters.
pub const ALL: [Opt; 17] = [
    Opt::N,
    Opt::Runs,
    Opt::Workers,
    Opt::Iterations,
    Opt::Ops,
    Opt::Processes,
    Opt::Most,
    Opt::FreeRuns,
    Opt::Chaos,
    Opt::Work,
    Opt::Wait,
    Opt::Listen,
    Opt::Connect,
    Opt::AuthkeyFile,
    Opt::Url,
    Opt::Urls,
    Opt::To,
];

/// `over` on top of `under`: what `over` leaves out is taken from `under`.
pub fn merge(over: &Params, under: &Params) -> Params {
    Params {
        n: over.n.or(under.n),
        runs: over.runs.or(under.runs),
        workers: over.workers.or(under.workers),
        iterations: over.iterations.or(under.iterations),
        ops: over.ops.or(under.ops),
        processes: over.processes.or(under.processes),
        most: over.most.or(under.most),
        free_runs: over.free_runs.or(under.free_runs),
        game: over.game.clone().or_else(|| under.game.clone()),
        parts: over.parts.clone().or_else(|| under.parts.clone()),
        chaos: over.chaos.or(under.chaos),
        work_s: over.work_s.or(under.work_s),
        wait_s: over.wait_s.or(under.wait_s),
        listen: over.listen.clone().or_else(|| under.listen.clone()),
        connect: over.connect.clone().or_else(|| under.connect.clone()),
        authkey_file: over.authkey_file.clone().or_else(|| under.authkey_file.clone()),
        url: over.url.clone().or_else(|| under.url.clone()),
        urls: over.urls.clone().or_else(|| under.urls.clone()),
        to: over.to.clone().or_else(|| under.to.clone()),
        only: over.only.clone().or_else(|| under.only.clone()),
        python: over.python.clone().or_else(|| under.python.clone()),
        seed: over.seed.or(under.seed),
        seconds_limit: over.seconds_limit.or(under.seconds_limit),
    }
}

/// What holds for every experiment where nobody says otherwise.
pub fn everywhere() -> Params {
    Params { seed: Some(1), seconds_limit: Some(60.0), ..super::NO_PARAMS }
}

//! The options that an experiment can have: their names, their ranges, their help.
//!
//! One table for the command line, for the `run` blocks of a lesson and for the
//! error messages, so that a range is told the same way wherever it is broken.

use crate::event::Params;

use super::ledger::Write;

/// An option of `lesson` and `compare`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opt {
    /// `--runs`.
    Runs,
    /// `--iterations`.
    Iterations,
}

impl Opt {
    /// Its name on the command line and in lessons.
    pub fn name(self) -> &'static str {
        match self {
            Opt::Runs => "runs",
            Opt::Iterations => "iterations",
        }
    }

    /// Least and greatest value.
    pub fn range(self) -> (u64, u64) {
        match self {
            Opt::Runs => (1, 10_000),
            // The ledger numbers each process's writes with 24 bits.
            Opt::Iterations => (1, Write::MOST as u64),
        }
    }

    /// What it sets, in English, for `--help`.
    pub fn help(self) -> &'static str {
        match self {
            Opt::Runs => "Repetitions of each variant",
            Opt::Iterations => "Steps of each process's loop",
        }
    }

    /// The value that `params` holds for it.
    pub fn get(self, params: &Params) -> Option<u64> {
        match self {
            Opt::Runs => params.runs.map(u64::from),
            Opt::Iterations => params.iterations.map(u64::from),
        }
    }

    /// Sets it in `params`; `value` is in [`Opt::range`].
    ///
    /// # Panics
    /// If the value is out of range.
    pub fn set(self, params: &mut Params, value: u64) {
        let value = u32::try_from(value).expect("ranges end below 2^32");
        match self {
            Opt::Runs => params.runs = Some(value),
            Opt::Iterations => params.iterations = Some(value),
        }
    }
}

/// Least and most seconds that `--seconds-limit` takes.
pub const SECONDS: std::ops::RangeInclusive<f64> = 0.1..=86_400.0;

/// Every option, for those who go through a block's parameters.
pub const ALL: [Opt; 2] = [Opt::Runs, Opt::Iterations];

/// `over` on top of `under`: what `over` leaves out is taken from `under`.
pub fn merge(over: &Params, under: &Params) -> Params {
    Params {
        runs: over.runs.or(under.runs),
        iterations: over.iterations.or(under.iterations),
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

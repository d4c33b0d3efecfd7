//! A race on one number: two writers, the same loop, and what of their updates was lost.
//!
//! A [`Race`] says who the two are, what each writes, and how both are let go at one moment, as
//! processes or as threads. All else is here: a way to write the loop is run as it is, for its
//! time and its outcome, and once more with the ledger, for what was lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result};

use super::clocks::Clocks;
use super::lab::{Lab, Variant};
use super::ledger::{Account, Books, Lost, Page, Plain, Traced, Widened, Word, Writer};
use super::stage::{Stage, Window};
use super::{python, rounds};
use crate::event::{Event, LostUpdate, NoteKind, Replay, Run};
use crate::mp::{RawValue, Shared, SharedSlice};

/// How long one of the two waits for the other at the start.
pub const GATE_BOUND: Duration = Duration::from_secs(5);

/// What one of the two writes.
#[derive(Debug, Clone, Copy)]
pub struct Writes {
    /// How many writes it makes.
    pub made: u32,
    /// What each of them adds.
    pub amount: i32,
}

/// A race on one number.
pub trait Race {
    /// A way to write the loop.
    type Way: Copy;

    /// What the lesson's Python peer calls the race.
    const PEER: &'static str;
    /// The two writers.
    const NAMES: [&'static str; 2];
    /// The program of `explore` whose processes A and B are these two, each with a load and a
    /// store of the same amount; `None` where there is none.
    const PROGRAM: Option<&'static str>;
    /// The number before the first write.
    const START: i32;

    /// The way that the registry calls so.
    fn named(variant: &str) -> Self::Way;

    /// Where the two run.
    fn stage(&self) -> &Stage;

    /// What each of the two writes.
    fn writes(&self, way: Self::Way) -> [Writes; 2];

    /// Both loops, each on the account that it is given, let go at one moment and timed.
    ///
    /// # Errors
    /// When the two cannot be had or do not end well.
    fn race<A: Account>(
        &self,
        way: Self::Way,
        account: impl Fn(usize) -> A + Sync,
    ) -> Result<Clocks>;
}

/// One run as it is; its number decides on the delays, where there are any.
///
/// # Errors
/// As [`Race::race`], and when shared memory cannot be had.
pub fn plain<R: Race>(race: &R, way: R::Way, run: u32) -> Result<Run> {
    let number = RawValue::new(R::START).context("the number in shared memory")?;
    let clocks = windowed(race, way, run, |_| Plain(&number))?;
    // Of a delayed run the time would tell the delays.
    let time_s = delayed(race).is_none().then(|| clocks.elapsed_s());
    Ok(Run { time_s, ..told(race, way, number.get(), &clocks) })
}

/// One run with the ledger: the run, and a lost update if there was one.
///
/// # Errors
/// As [`plain`], and if the ledger does not add up.
fn traced<R: Race>(race: &R, way: R::Way, run: u32) -> Result<(Run, Option<Lost>)> {
    let word: Shared<AtomicU64> = Shared::new().context("the number in shared memory")?;
    word.store(Word::start(R::START).bits(), Relaxed);
    let writes = race.writes(way);
    // One entry more than writes: see `Page`.
    let page = |made: u32| SharedSlice::zeroed(made as usize + 1);
    let page = |index: usize| page(writes[index].made).context("the ledger in shared memory");
    let pages: [Page; 2] = [page(0)?, page(1)?];
    let account = |index: usize| Traced::new(&word, &pages[index], index as u8 + 1);
    let clocks = windowed(race, way, run, account)?;
    let writer = |index: usize| {
        let Writes { made, amount } = writes[index];
        Writer { name: R::NAMES[index], amount, made, page: &pages[index] }
    };
    let end = Word::from_bits(word.load(Relaxed));
    let books = Books { start: R::START, end, writers: vec![writer(0), writer(1)] };
    let survived = books.audit()?;
    let lost = (books.writers.iter().zip(survived))
        .map(|(writer, survived)| (writer.name.to_string(), u64::from(writer.made) - survived));
    let run = Run {
        traced: true,
        updates: Some(writes.iter().map(|writes| u64::from(writes.made)).sum()),
        lost: Some(lost.collect::<BTreeMap<_, _>>()),
        ..told(race, way, end.balance(), &clocks)
    };
    Ok((run, books.lost_update()))
}

/// The race with the window of its stage, in the run of that number.
fn windowed<R: Race, A: Account>(
    race: &R,
    way: R::Way,
    run: u32,
    account: impl Fn(usize) -> A + Sync,
) -> Result<Clocks> {
    match race.stage().window {
        Window::Bare => race.race(way, account),
        Window::Widened => race.race(way, |index| Widened::new(account(index))),
        Window::Chaos(chaos) => {
            let yields = race.stage().is_one_cpu();
            race.race(way, |index| chaos.hold_up(account(index), index, run, yields))
        }
    }
}

/// Who of the two is held up, if anybody is.
fn delayed<R: Race>(race: &R) -> Option<&'static str> {
    match race.stage().window {
        Window::Chaos(chaos) => Some(R::NAMES[chaos.victim]),
        Window::Bare | Window::Widened => None,
    }
}

fn told<R: Race>(race: &R, way: R::Way, got: i32, clocks: &Clocks) -> Run {
    let written = race.writes(way).map(|w| i64::from(w.made) * i64::from(w.amount));
    let expected = i64::from(R::START) + written.iter().sum::<i64>();
    Run {
        expected: Some(expected),
        got: Some(i64::from(got)),
        correct: Some(i64::from(got) == expected),
        overlap: Some(clocks.overlap()),
        cpus: race.stage().cpus.map(|cpus| cpus.to_vec()),
        delayed: delayed(race).map(str::to_string),
        ..Run::default()
    }
}

/// An experiment that is a race: rounds of all variants as they are, then rounds of those that need
/// no Python with the ledger.
///
/// # Errors
/// Those of the race and of [`Lab::emit`].
pub fn run<R: Race>(lab: &mut Lab, race: &R) -> Result<()> {
    if delayed(race).is_some() {
        // The loops of a peer cannot be held up; beside delayed ones they would seem to be safer.
        lab.params.python = Some(vec!["none".to_string()]);
    }
    let variants = lab.variants()?;
    let (native, peers): (Vec<_>, Vec<_>) =
        (variants.iter().cloned()).partition(|variant| variant.python.is_none());
    let steps = (native.len() * 2 + peers.len()) as u64 * u64::from(lab.runs());
    lab.expect_steps(steps + variants.len() as u64);
    if race.stage().window == Window::Widened && !native.is_empty() {
        lab.note(None, NoteKind::OneCpuWidened)?;
    }
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return peer::<R>(lab, variant, index);
        }
        let run = plain(race, R::named(variant.base), index)?;
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    lab.warn_without_overlap(&variants, &runs)?;
    let traced = ledgers(lab, race, &native)?;
    lab.summarize(&variants, &[runs, traced].concat())
}

/// The traced runs: as many as there are rounds; the first lost update of each variant is told.
fn ledgers<R: Race>(lab: &mut Lab, race: &R, variants: &[Variant]) -> Result<Vec<Run>> {
    let (mut runs, mut told) = (Vec::new(), Vec::new());
    for index in 0..lab.runs() {
        for variant in variants {
            lab.settle()?;
            let (run, lost) = traced(race, R::named(variant.base), index)?;
            let run = lab.entitle(run, variant, index);
            lab.emit(&Event::Run(run.clone()))?;
            runs.push(run);
            if let Some(lost) = lost.filter(|_| !told.contains(&variant.name)) {
                told.push(variant.name.clone());
                lab.emit(&Event::LostUpdate(LostUpdate {
                    experiment: lab.experiment(),
                    variant: variant.name.clone(),
                    index,
                    victim: R::NAMES[lost.victim].to_string(),
                    overwriter: R::NAMES[lost.overwriter].to_string(),
                    lost: lost.lost,
                    replay: replay::<R>(&lost),
                    steps: lost.steps,
                }))?;
            }
            lab.step()?;
        }
    }
    Ok(runs)
}

/// How to go through a loss step by step, where that can be done.
fn replay<R: Race>(lost: &Lost) -> Option<Replay> {
    let program = R::PROGRAM?.to_string();
    let (schedule, from) = lost.reduced(&R::NAMES)?;
    let processes = R::NAMES.map(str::to_string).to_vec();
    Some(Replay { program, processes, schedule, from })
}

/// One run of the same in Python: the way is what follows `python-` in the variant's name.
///
/// # Errors
/// As [`python::run`].
pub fn peer<R: Race>(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<Run>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let arguments = [R::PEER.to_string(), way, lab.iterations().to_string()];
    python::run(lab, variant, index, &arguments)
}

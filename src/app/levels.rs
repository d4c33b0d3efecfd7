//! The levels of a lesson as games: their parameters, and whether each can be won.

use crate::event::{Game, Params};
use crate::experiments::{self, Opt, Subject, play};
use crate::lesson::block::{Level, Placed};
use crate::lesson::doc::Doc;
use crate::lesson::fault::{Fault, FaultKind};

/// The most repetitions in a level: hints search the moments of its program, which grow fast.
const MOST_OPS: u64 = 4;

/// What a level asks for, its names being known.
pub fn params(level: &Level) -> Params {
    let subject = experiments::subject(&level.program).map(|(_, subject)| subject);
    let usual = subject.and_then(|subject| variants(subject).first()).copied();
    let variant = level.variant.as_ref().map(|variant| variant.value.clone());
    let game = Game {
        program: level.program.value.clone(),
        variant: variant.or(usual.map(str::to_string)).unwrap_or_default(),
        from: level.from.as_deref().copied(),
        level: Some(level.name.value.clone()),
        goal: Some(level.goal.value),
        most: level.most.as_deref().copied(),
        schedule: None,
    };
    Params {
        ops: Some(level.ops.as_deref().copied().unwrap_or(1)),
        processes: level.processes.as_deref().copied(),
        game: Some(game),
        ..Params::default()
    }
}

/// The ways to write a program; the first is the usual one.
pub fn variants(subject: &Subject) -> &'static [&'static str] {
    experiments::experiment(subject.experiment).map_or(&[], |(_, experiment)| experiment.variants)
}

/// What is wrong with a level beyond its TOML: names, ranges, and a goal that cannot be reached.
pub fn fault(doc: &Doc, level: &Level) -> Option<Fault> {
    let Some((_, subject)) = experiments::subject(&level.program) else {
        return Some(doc.fault(level.program.at, FaultKind::UnknownProgram, &level.program));
    };
    if let Some(variant) = &level.variant
        && !variants(subject).contains(&variant.as_str())
    {
        return Some(doc.fault(variant.at, FaultKind::UnknownVariant, variant));
    }
    let processes = match subject.options.contains(&Opt::Processes) {
        true => Opt::Processes.range(),
        false => (2, 2),
    };
    let (from, to) = (i64::from(*play::FROM.start()), i64::from(*play::FROM.end()));
    let ranges = [
        out_of_range(doc, "ops", level.ops.as_ref(), (1, MOST_OPS as i64)),
        out_of_range(doc, "processes", level.processes.as_ref(), signed(processes)),
        out_of_range(doc, "from", level.from.as_ref(), (from, to)),
    ];
    if let Some(fault) = ranges.into_iter().flatten().next() {
        return Some(fault);
    }
    let program = play::program(&params(level)).expect("its names were found above");
    let most = level.most.as_deref().copied();
    let solution = play::solution(&program, level.goal.value, most);
    let none = solution.is_none_or(|solution| solution.is_empty());
    none.then(|| doc.fault(level.goal.at, FaultKind::Unsolvable, &level.name))
}

fn signed((least, most): (u64, u64)) -> (i64, i64) {
    (least as i64, most as i64)
}

fn out_of_range<T: Copy + Into<i64>>(
    doc: &Doc,
    field: &str,
    value: Option<&Placed<T>>,
    (least, most): (i64, i64),
) -> Option<Fault> {
    let value = value?;
    let inside = (least..=most).contains(&value.value.into());
    let detail = format!("{field}: {least} … {most}");
    (!inside).then(|| doc.fault(value.at, FaultKind::OutOfRange, &detail))
}

//! What TOML cannot say of a block: names, and blocks held against each other.

use std::collections::BTreeSet;

use super::block::{Ask, Block, Kind, Placed, RunBlock, Verdict};
use super::fault::{FaultKind, Faults};
use super::values::MACHINE;

/// Rules of each block by itself.
pub(super) fn check_each(blocks: &[Block], faults: &mut Faults) {
    for block in blocks {
        if let Some((_, id)) = block.kind.name() {
            check_id(id, faults);
        }
        match &block.kind {
            Kind::Code(code) if code.rust.is_none() && code.python.is_none() => {
                faults.add(block.at, FaultKind::NoCode, &code.id);
            }
            Kind::Ask(ask) => check_answers(ask, faults),
            Kind::Run(run) => check_run(run, faults),
            _ => {}
        }
    }
}

/// Rules of blocks together. Only for a file whose every block could be read: a
/// question that could not would make a second fault of its verdict.
pub(super) fn check_together(blocks: &[Block], faults: &mut Faults) {
    let mut taken = BTreeSet::new();
    for (index, block) in blocks.iter().enumerate() {
        let Some((word, id)) = block.kind.name() else {
            continue;
        };
        if !taken.insert((word, id.as_str())) {
            faults.add(id.at, FaultKind::DuplicateId, id);
        }
        match &block.kind {
            Kind::Ask(ask) => check_answered(ask, blocks, faults),
            Kind::Verdict(verdict) => check_verdict(verdict, index, blocks, faults),
            _ => {}
        }
    }
}

/// Whether the text is an ID: a small letter, then small letters, digits and hyphens.
pub(super) fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn check_id(id: &Placed<String>, faults: &mut Faults) {
    if !is_id(id) {
        faults.add(id.at, FaultKind::BadId, id);
    }
}

fn check_answers(ask: &Ask, faults: &mut Faults) {
    if ask.answers.len() < 2 {
        faults.add(ask.id.at, FaultKind::TooFewAnswers, &ask.id);
    }
    let mut taken = BTreeSet::new();
    for answer in &ask.answers {
        check_id(&answer.belief, faults);
        if !taken.insert(answer.belief.as_str()) {
            faults.add(answer.belief.at, FaultKind::DuplicateId, &answer.belief);
        }
    }
}

fn check_run(run: &RunBlock, faults: &mut Faults) {
    if *run.id == MACHINE {
        // Templates would no longer see the machine.
        faults.add(run.id.at, FaultKind::BadId, &run.id);
    }
    check_id(&run.experiment, faults);
    for option in &run.fixed {
        if !run.places.contains_key(option.as_str()) {
            faults.add(option.at, FaultKind::UnknownOption, option);
        }
    }
}

fn check_answered(ask: &Ask, blocks: &[Block], faults: &mut Faults) {
    let answered = blocks
        .iter()
        .any(|block| matches!(&block.kind, Kind::Verdict(verdict) if *verdict.ask == *ask.id));
    if !answered {
        faults.add(ask.id.at, FaultKind::MissingVerdict, &ask.id);
    }
    let runs =
        blocks.iter().any(|block| matches!(&block.kind, Kind::Run(run) if *run.id == *ask.after));
    if !runs {
        faults.add(ask.after.at, FaultKind::UnknownRun, &ask.after);
    }
}

/// A verdict stands after its question's run, which stands after the question,
/// and speaks to each of its beliefs.
fn check_verdict(verdict: &Verdict, index: usize, blocks: &[Block], faults: &mut Faults) {
    let asks = blocks.iter().enumerate().find_map(|(asked, block)| match &block.kind {
        Kind::Ask(ask) if *ask.id == *verdict.ask => Some((asked, ask)),
        _ => None,
    });
    let Some((asked, ask)) = asks else {
        faults.add(verdict.ask.at, FaultKind::UnknownAsk, &verdict.ask);
        return;
    };
    let ran = blocks
        .iter()
        .position(|block| matches!(&block.kind, Kind::Run(run) if *run.id == *ask.after));
    if let Some(ran) = ran {
        // Parts follow each other, so what lies between two blocks of a part is of it.
        let in_one_part = blocks[asked].part == blocks[index].part;
        if !(asked < ran && ran < index && in_one_part) {
            faults.add(verdict.ask.at, FaultKind::Order, &verdict.ask);
        }
    }
    for answer in &ask.answers {
        if verdict.said(&answer.belief).is_none() {
            faults.add(verdict.ask.at, FaultKind::MissingSaid, &answer.belief);
        }
    }
    for said in &verdict.said {
        if !ask.answers.iter().any(|answer| *answer.belief == *said.belief) {
            faults.add(said.belief.at, FaultKind::UnknownBelief, &said.belief);
        }
    }
}

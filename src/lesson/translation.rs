//! Whether both languages of a lesson hold the same blocks.
//!
//! What is not prose must agree: the blocks and their order, their names, options,
//! beliefs, expressions and regions. Each file is reduced to its facts, and the
//! facts are compared.

use std::fmt::Debug;

use super::block::{Ask, Block, Code, Kind, Level, Placed, RunBlock};
use super::doc::Doc;
use super::fault::{Fault, FaultKind};

/// Something that both languages must say alike, and where one says it.
struct Fact {
    name: String,
    value: String,
    at: usize,
}

impl Fact {
    fn new(name: impl Into<String>, value: &Placed<String>) -> Self {
        Fact { name: name.into(), value: value.value.clone(), at: value.at }
    }
}

/// Where the Italian file differs from the English one; each fault names what
/// stands there in English. After blocks that are not the same one, what follows is
/// not compared: it would all differ.
#[must_use]
pub fn differences(en: &Doc, it: &Doc) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut theirs = it.blocks.iter().filter(|block| block.kind.name().is_some());
    for ours in en.blocks.iter().filter(|block| block.kind.name().is_some()) {
        let Some(block) = theirs.next() else {
            faults.push(it.fault(it.source.len(), FaultKind::BlocksDiffer, &name(ours)));
            return faults;
        };
        if name(ours) != name(block) {
            faults.push(it.fault(block.at, FaultKind::BlocksDiffer, &name(ours)));
            return faults;
        }
        faults.extend(compare(ours, block, it));
    }
    if let Some(block) = theirs.next() {
        faults.push(it.fault(block.at, FaultKind::BlocksDiffer, ""));
    }
    faults
}

/// The block as its info string names it.
fn name(block: &Block) -> String {
    block.kind.name().map(|(word, id)| format!("{word} {}", id.value)).unwrap_or_default()
}

/// The first fact in which a block differs from its like.
fn compare(ours: &Block, theirs: &Block, it: &Doc) -> Option<Fault> {
    let (expected, found) = (facts(&ours.kind), facts(&theirs.kind));
    for fact in &expected {
        let like = found.iter().find(|other| other.name == fact.name);
        if like.is_none_or(|other| other.value != fact.value) {
            let at = like.map_or(theirs.at, |other| other.at);
            let detail = format!("{} {}", fact.name, fact.value);
            return Some(it.fault(at, FaultKind::BlocksDiffer, &detail));
        }
    }
    let extra = found.iter().find(|other| expected.iter().all(|fact| fact.name != other.name));
    extra.map(|other| it.fault(other.at, FaultKind::BlocksDiffer, ""))
}

fn facts(kind: &Kind) -> Vec<Fact> {
    match kind {
        Kind::Code(code) => regions(code),
        Kind::Ask(ask) => answers(ask),
        Kind::Run(run) => options(run),
        Kind::Level(level) => task(level),
        // A verdict speaks to each belief of its question and to no other, in any order.
        Kind::Verdict(_) | Kind::Text(_) | Kind::Part(_) | Kind::Why(_) => Vec::new(),
    }
}

fn regions(code: &Code) -> Vec<Fact> {
    let rust = code.rust.iter().map(|region| Fact::new("rust", region));
    rust.chain(code.python.iter().map(|region| Fact::new("python", region))).collect()
}

fn answers(ask: &Ask) -> Vec<Fact> {
    let mut facts = vec![Fact::new("after", &ask.after)];
    for (index, answer) in ask.answers.iter().enumerate() {
        let number = index + 1;
        facts.push(Fact::new(format!("belief {number}"), &answer.belief));
        let holds = Placed { value: answer.holds.source.clone(), at: answer.holds.place(0) };
        facts.push(Fact::new(format!("holds {number}"), &holds));
    }
    facts
}

fn options(run: &RunBlock) -> Vec<Fact> {
    let mut facts = vec![Fact::new("experiment", &run.experiment)];
    let place = |option: &str| run.places.get(option).and_then(|places| places.first()).copied();
    let params = serde_json::to_value(&run.params).unwrap_or_default();
    for (option, value) in params.as_object().into_iter().flatten() {
        let at = place(option).unwrap_or(run.id.at);
        facts.push(Fact { name: option.clone(), value: value.to_string(), at });
    }
    let fixed: Vec<&str> = run.fixed.iter().map(|option| option.as_str()).collect();
    let at = run.fixed.first().map_or(run.id.at, |option| option.at);
    facts.push(Fact { name: "fixed".to_owned(), value: fixed.join(" "), at });
    facts
}

fn task(level: &Level) -> Vec<Fact> {
    fn fact<T: Debug>(name: &str, value: Option<&Placed<T>>) -> Option<Fact> {
        let value = value?;
        Some(Fact { name: name.to_owned(), value: format!("{:?}", value.value), at: value.at })
    }
    let facts = [
        fact("program", Some(&level.program)),
        fact("variant", level.variant.as_ref()),
        fact("ops", level.ops.as_ref()),
        fact("processes", level.processes.as_ref()),
        fact("from", level.from.as_ref()),
        fact("goal", Some(&level.goal)),
        fact("most", level.most.as_ref()),
    ];
    facts.into_iter().flatten().collect()
}

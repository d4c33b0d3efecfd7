//! Whether both languages of a lesson hold the same blocks.
//!
//! What is not prose must agree: the blocks and their order, their names, options,
//! beliefs, expressions and regions. Each file is reduced to its facts, and the
//! facts are compared.

use super::block::{Ask, Block, Code, Kind, Placed, RunBlock};
use super::doc::Doc;
use super::fault::{Fault, FaultKind};

/// Something that both languages must say alike, and where one says it.
struct Fact {
    text: String,
    at: usize,
}

impl Fact {
    fn new(word: &str, value: &Placed<String>) -> Self {
        Fact {
            text: format!("{word} {}", value.value),
            at: value.at,
        }
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
    block
        .kind
        .name()
        .map(|(word, id)| format!("{word} {}", id.value))
        .unwrap_or_default()
}

/// The first fact in which a block differs from its like.
fn compare(ours: &Block, theirs: &Block, it: &Doc) -> Option<Fault> {
    let (mut expected, mut found) = (
        facts(&ours.kind).into_iter(),
        facts(&theirs.kind).into_iter(),
    );
    loop {
        return match (expected.next(), found.next()) {
            (None, None) => None,
            (Some(fact), Some(other)) if fact.text == other.text => continue,
            (Some(fact), other) => {
                let at = other.map_or(theirs.at, |other| other.at);
                Some(it.fault(at, FaultKind::BlocksDiffer, &fact.text))
            }
            (None, Some(other)) => Some(it.fault(other.at, FaultKind::BlocksDiffer, "")),
        };
    }
}

fn facts(kind: &Kind) -> Vec<Fact> {
    match kind {
        Kind::Code(code) => regions(code),
        Kind::Ask(ask) => answers(ask),
        Kind::Run(run) => options(run),
        // A verdict speaks to each belief of its question and to no other, in any order.
        Kind::Verdict(_) | Kind::Text(_) | Kind::Part(_) | Kind::Why(_) => Vec::new(),
    }
}

fn regions(code: &Code) -> Vec<Fact> {
    let rust = code.rust.iter().map(|region| Fact::new("rust", region));
    rust.chain(code.python.iter().map(|region| Fact::new("python", region)))
        .collect()
}

fn answers(ask: &Ask) -> Vec<Fact> {
    let mut facts = vec![Fact::new("after", &ask.after)];
    for answer in &ask.answers {
        facts.push(Fact::new("belief", &answer.belief));
        let holds = Placed {
            value: answer.holds.source.clone(),
            at: answer.holds.place(0),
        };
        facts.push(Fact::new("holds", &holds));
    }
    facts
}

fn options(run: &RunBlock) -> Vec<Fact> {
    let mut facts = vec![Fact::new("experiment", &run.experiment)];
    let params = serde_json::to_value(&run.params).unwrap_or_default();
    for (option, value) in params.as_object().into_iter().flatten() {
        let at = run.places.get(option).and_then(|places| places.first());
        facts.push(Fact {
            text: format!("{option} = {value}"),
            at: at.copied().unwrap_or(run.id.at),
        });
    }
    facts.extend(run.fixed.iter().map(|option| Fact::new("fixed", option)));
    facts
}

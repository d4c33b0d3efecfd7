//! Reads a block from its fence.
//!
//! The info string is `parlab KIND ID`; the body is TOML in which every field is
//! known (that of a `why` block is a template).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::block::{Ask, Choice, Code, Kind, Level, Part, Placed, RunBlock, Said, Verdict, Why};
use super::fault::{FaultKind, Faults};
use super::template::Template;
use crate::event::{Goal, Params};

/// A fence on its way to a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fenced<'s> {
    /// The info string, and where it stands.
    pub(super) info: &'s str,
    pub(super) info_at: usize,
    /// What stands between the fences, and where.
    pub(super) body: &'s str,
    pub(super) body_at: usize,
}

/// Reads a block; none where it has faults.
pub(super) fn read(fenced: Fenced, faults: &mut Faults) -> Option<Kind> {
    let mut words = words(fenced);
    let _parlab = words.next();
    let (word, id) = (words.next(), words.next());
    let Some(word) = word else {
        faults.add(fenced.info_at, FaultKind::UnknownBlock, "");
        return None;
    };
    // A missing ID stands, empty, where it is missing.
    let end = fenced.info_at + fenced.info.len();
    let id = id.unwrap_or(Placed { value: String::new(), at: end });
    if let Some(extra) = words.next() {
        faults.add(extra.at, FaultKind::BadId, &extra);
        return None;
    }
    match word.as_str() {
        "code" => code(fenced, id, faults),
        "ask" => ask(fenced, id, faults),
        "run" => run(fenced, id, faults),
        "verdict" => verdict(fenced, id, faults),
        "part" => part(fenced, id, faults),
        "why" => Some(why(fenced, id)),
        "level" => level(fenced, id, faults),
        _ => {
            faults.add(word.at, FaultKind::UnknownBlock, &word);
            None
        }
    }
}

/// The words of the info string with their places.
fn words(fenced: Fenced<'_>) -> impl Iterator<Item = Placed<String>> {
    let start = fenced.info.as_ptr().addr();
    fenced.info.split_whitespace().map(move |word| Placed {
        value: word.to_owned(),
        at: fenced.info_at + word.as_ptr().addr() - start,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    rust: Option<Spanned<String>>,
    python: Option<Spanned<String>>,
}

fn code(fenced: Fenced, id: Placed<String>, faults: &mut Faults) -> Option<Kind> {
    let body: CodeBody = fenced.toml(faults)?;
    Some(Kind::Code(Code {
        id,
        rust: body.rust.map(|region| fenced.placed(region)),
        python: body.python.map(|region| fenced.placed(region)),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskBody {
    question: String,
    after: Spanned<String>,
    answers: Vec<ChoiceBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceBody {
    belief: Spanned<String>,
    text: String,
    holds: Spanned<String>,
}

fn ask(fenced: Fenced, id: Placed<String>, faults: &mut Faults) -> Option<Kind> {
    let body: AskBody = fenced.toml(faults)?;
    let choice = |choice: ChoiceBody| Choice {
        belief: fenced.placed(choice.belief),
        text: choice.text,
        holds: fenced.template(&choice.holds),
    };
    Some(Kind::Ask(Ask {
        id,
        question: body.question,
        after: fenced.placed(body.after),
        answers: body.answers.into_iter().map(choice).collect(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunBody {
    experiment: Spanned<String>,
    #[serde(default)]
    fixed: Vec<Spanned<String>>,
}

/// The fields that are the block's own; all others are options. They are taken
/// apart by hand, as serde's `flatten` would let unknown fields pass.
const RUN_FIELDS: [&str; 2] = ["experiment", "fixed"];

fn run(fenced: Fenced, id: Placed<String>, faults: &mut Faults) -> Option<Kind> {
    let (mut own, mut options) = (DeTable::new(), DeTable::new());
    let table = fenced.checked(DeTable::parse(fenced.body), faults)?;
    let span = table.span();
    for (key, value) in table.into_inner() {
        let side =
            if RUN_FIELDS.contains(&key.get_ref().as_ref()) { &mut own } else { &mut options };
        side.insert(key, value);
    }
    let places = options
        .iter()
        .map(|(key, value)| (key.get_ref().to_string(), fenced.places(value)))
        .collect();
    let own = toml::Deserializer::from(Spanned::new(span.clone(), own));
    let options = toml::Deserializer::from(Spanned::new(span, options));
    let own = fenced.checked(RunBody::deserialize(own), faults);
    let params = fenced.checked(Params::deserialize(options), faults);
    let (own, params) = (own?, params?);
    Some(Kind::Run(Box::new(RunBlock {
        id,
        experiment: fenced.placed(own.experiment),
        params,
        fixed: own.fixed.into_iter().map(|option| fenced.placed(option)).collect(),
        places,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerdictBody {
    outcome: Spanned<String>,
    #[serde(default)]
    said: BTreeMap<Spanned<String>, Spanned<String>>,
}

fn verdict(fenced: Fenced, ask: Placed<String>, faults: &mut Faults) -> Option<Kind> {
    let body: VerdictBody = fenced.toml(faults)?;
    let said = |(belief, text): (Spanned<String>, Spanned<String>)| Said {
        belief: fenced.placed(belief),
        text: fenced.template(&text),
    };
    Some(Kind::Verdict(Verdict {
        ask,
        outcome: fenced.template(&body.outcome),
        said: body.said.into_iter().map(said).collect(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartBody {
    title: String,
    about: String,
}

fn part(fenced: Fenced, name: Placed<String>, faults: &mut Faults) -> Option<Kind> {
    let body: PartBody = fenced.toml(faults)?;
    Some(Kind::Part(Part { name, title: body.title, about: body.about }))
}

fn why(fenced: Fenced, experiment: Placed<String>) -> Kind {
    let text = Template::new(fenced.body, fenced.body_at);
    Kind::Why(Why { experiment, text })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelBody {
    program: Spanned<String>,
    variant: Option<Spanned<String>>,
    ops: Option<Spanned<u32>>,
    processes: Option<Spanned<u32>>,
    from: Option<Spanned<i32>>,
    ends: Option<Spanned<i32>>,
    stuck: Option<Spanned<bool>>,
    most: Option<Spanned<u32>>,
    goal: String,
}

fn level(fenced: Fenced, name: Placed<String>, faults: &mut Faults) -> Option<Kind> {
    let body: LevelBody = fenced.toml(faults)?;
    let goal = match (body.ends, body.stuck) {
        (Some(ends), None) => {
            let ends = fenced.placed(ends);
            Placed { value: Goal::Ends(ends.value), at: ends.at }
        }
        (None, Some(stuck)) if *stuck.get_ref() => {
            Placed { value: Goal::Stuck, at: fenced.placed(stuck).at }
        }
        _ => {
            faults.add(name.at, FaultKind::NoGoal, &name);
            return None;
        }
    };
    Some(Kind::Level(Box::new(Level {
        name,
        program: fenced.placed(body.program),
        variant: body.variant.map(|variant| fenced.placed(variant)),
        ops: body.ops.map(|ops| fenced.placed(ops)),
        processes: body.processes.map(|processes| fenced.placed(processes)),
        from: body.from.map(|from| fenced.placed(from)),
        goal,
        most: body.most.map(|most| fenced.placed(most)),
        text: body.goal,
    })))
}

impl Fenced<'_> {
    fn toml<T: for<'d> Deserialize<'d>>(&self, faults: &mut Faults) -> Option<T> {
        self.checked(toml::from_str(self.body), faults)
    }

    fn checked<T>(&self, result: Result<T, toml::de::Error>, faults: &mut Faults) -> Option<T> {
        result
            .map_err(|error| {
                let at = error.span().map_or(0, |span| span.start);
                let message = error.message().replace('\n', ", ");
                faults.add(self.body_at + at, FaultKind::Toml, &message);
            })
            .ok()
    }

    fn placed<T>(&self, spanned: Spanned<T>) -> Placed<T> {
        let at = self.body_at + spanned.span().start;
        Placed { value: spanned.into_inner(), at }
    }

    /// A template that is a TOML string.
    fn template(&self, spanned: &Spanned<String>) -> Template {
        let written = &self.body[spanned.span()];
        Template::in_toml(written, self.body_at + spanned.span().start, spanned.get_ref())
    }

    fn places(&self, value: &Spanned<DeValue>) -> Vec<usize> {
        match value.get_ref() {
            DeValue::Array(items) => {
                items.iter().map(|item| self.body_at + item.span().start).collect()
            }
            _ => vec![self.body_at + value.span().start],
        }
    }
}

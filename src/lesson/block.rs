//! The blocks of a lesson, and how each is read from its fence.
//!
//! A block is a fence whose info string is `parlab KIND ID`; its body is TOML in
//! which every field is known (a `why` block's body is a template).

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{FaultKind, Faults};
use super::template::Template;
use crate::event::Params;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Byte offset in the file.
    pub at: usize,
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// One block, or the text between two.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The line in the file where it begins, from 1: a text's first line, a block's opening fence.
    pub line: usize,
    /// Byte offset of that line.
    pub at: usize,
    /// The part it belongs to; none in the core. A `part` block belongs to the part it begins.
    pub part: Option<String>,
    /// What it is.
    pub kind: Kind,
}

/// What a block is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Markdown, to be filled with what was measured before it.
    Text(Template),
    /// `code ID`: lines of the experiment's source.
    Code(Code),
    /// `ask ID`: a question to predict on.
    Ask(Ask),
    /// `run ID`: an experiment to run.
    Run(RunBlock),
    /// `verdict ASK`: what happened, and what it says about a prediction.
    Verdict(Verdict),
    /// `part NAME`: from here on, up to the next, this part.
    Part(Part),
    /// `why EXPERIMENT`: the sentence of `compare`; never on a lesson's page.
    Why(Why),
}

/// Code to show: regions by name, one of the two at least.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// The block's ID.
    pub id: Placed<String>,
    /// A region of the experiment's Rust source.
    pub rust: Option<Placed<String>>,
    /// A region of the experiment's `peer.py`.
    pub python: Option<Placed<String>>,
}

/// A question with its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The question's ID.
    pub id: Placed<String>,
    /// The question (Markdown, not a template: nothing has been measured yet).
    pub question: String,
    /// The run block after which the answers can be judged.
    pub after: Placed<String>,
    /// Two answers or more, in the order in which they are offered.
    pub answers: Vec<Choice>,
}

/// One answer that is offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The belief that it stands for.
    pub belief: Placed<String>,
    /// The answer as it is offered (Markdown).
    pub text: String,
    /// The expression that is true when the answer turned out right.
    pub holds: Template,
}

/// An experiment to run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunBlock {
    /// The ID by which templates name what it measures.
    pub id: Placed<String>,
    /// The experiment.
    pub experiment: Placed<String>,
    /// The options that the block sets.
    pub params: Params,
    /// Options among them that the command line may not override.
    pub fixed: Vec<Placed<String>>,
    /// Where each option's value stands in the file; for a list, each item of it.
    pub places: BTreeMap<String, Vec<usize>>,
}

/// What happened, and what it says to who predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The question it answers.
    pub ask: Placed<String>,
    /// What happened; always shown.
    pub outcome: Template,
    /// For each belief, what to say to who held it, right or wrong.
    pub said: Vec<Said>,
}

/// A word to who held a belief.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The belief.
    pub belief: Placed<String>,
    /// What to say.
    pub text: Template,
}

impl Verdict {
    /// What to say to who held `belief`.
    #[must_use]
    pub fn said(&self, belief: &str) -> Option<&Template> {
        self.said
            .iter()
            .find(|said| *said.belief == belief)
            .map(|said| &said.text)
    }
}

/// The beginning of a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name, as `--part` takes it.
    pub name: Placed<String>,
    /// Its title.
    pub title: String,
    /// One line that says what it shows.
    pub about: String,
}

/// The sentence of `compare` about one experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The experiment, which is also the name its values go by here.
    pub experiment: Placed<String>,
    /// The sentence.
    pub text: Template,
}

impl Kind {
    /// The block's word and ID, as in its info string; none for a text.
    #[must_use]
    pub fn name(&self) -> Option<(&'static str, &Placed<String>)> {
        match self {
            Kind::Text(_) => None,
            Kind::Code(code) => Some(("code", &code.id)),
            Kind::Ask(ask) => Some(("ask", &ask.id)),
            Kind::Run(run) => Some(("run", &run.id)),
            Kind::Verdict(verdict) => Some(("verdict", &verdict.ask)),
            Kind::Part(part) => Some(("part", &part.name)),
            Kind::Why(why) => Some(("why", &why.experiment)),
        }
    }

    /// The templates in it, expressions apart.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (first, said): (Option<&Template>, &[Said]) = match self {
            Kind::Text(text) => (Some(text), &[]),
            Kind::Verdict(verdict) => (Some(&verdict.outcome), &verdict.said),
            Kind::Why(why) => (Some(&why.text), &[]),
            Kind::Code(_) | Kind::Ask(_) | Kind::Run(_) | Kind::Part(_) => (None, &[]),
        };
        first.into_iter().chain(said.iter().map(|said| &said.text))
    }
}

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
    let end = fenced.info_at + fenced.info.len();
    let id = id.unwrap_or(Placed {
        value: String::new(),
        at: end,
    });
    if let Some(extra) = words.next() {
        faults.add(extra.at, FaultKind::BadId, &extra);
        return None;
    }
    let kind = match word.as_str() {
        "code" => code(fenced, id, faults)?,
        "ask" => ask(fenced, id, faults)?,
        "run" => run(fenced, id, faults)?,
        "verdict" => verdict(fenced, id, faults)?,
        "part" => part(fenced, id, faults)?,
        "why" => Kind::Why(Why {
            experiment: id,
            text: Template::new(fenced.body, fenced.body_at),
        }),
        _ => {
            faults.add(word.at, FaultKind::UnknownBlock, &word);
            return None;
        }
    };
    Some(kind)
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
        let side = if RUN_FIELDS.contains(&key.get_ref().as_ref()) {
            &mut own
        } else {
            &mut options
        };
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
    Some(Kind::Run(RunBlock {
        id,
        experiment: fenced.placed(own.experiment),
        params,
        fixed: own
            .fixed
            .into_iter()
            .map(|option| fenced.placed(option))
            .collect(),
        places,
    }))
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
    Some(Kind::Part(Part {
        name,
        title: body.title,
        about: body.about,
    }))
}

impl Fenced<'_> {
    fn toml<T: for<'d> Deserialize<'d>>(&self, faults: &mut Faults) -> Option<T> {
        self.checked(toml::from_str(self.body), faults)
    }

    fn checked<T>(&self, result: Result<T, toml::de::Error>, faults: &mut Faults) -> Option<T> {
        result
            .map_err(|error| {
                let at = error.span().map_or(0, |span| span.start);
                faults.add(self.body_at + at, FaultKind::Toml, error.message());
            })
            .ok()
    }

    fn placed<T>(&self, spanned: Spanned<T>) -> Placed<T> {
        let at = self.body_at + spanned.span().start;
        Placed {
            value: spanned.into_inner(),
            at,
        }
    }

    /// A template that is a TOML string.
    fn template(&self, spanned: &Spanned<String>) -> Template {
        let written = &self.body[spanned.span()];
        Template::in_toml(
            written,
            self.body_at + spanned.span().start,
            spanned.get_ref(),
        )
    }

    fn places(&self, value: &Spanned<DeValue>) -> Vec<usize> {
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| self.body_at + item.span().start)
                .collect(),
            _ => vec![self.body_at + value.span().start],
        }
    }
}

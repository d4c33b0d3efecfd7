//! The blocks of a lesson: one type for each kind.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::template::Template;
use crate::event::{Goal, Params};

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
    /// The line in the file where it begins, from 1: a text's first that is not
    /// blank, a block's opening fence.
    pub line: usize,
    /// Byte offset of its first character.
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
    Run(Box<RunBlock>),
    /// `verdict ASK`: what happened, and what it says about a prediction.
    Verdict(Verdict),
    /// `part NAME`: from here on, up to the next, this part.
    Part(Part),
    /// `why EXPERIMENT`: the sentence of `compare`; never on a lesson's page.
    Why(Why),
    /// `level NAME`: what `play` sets as a task; never on a lesson's page.
    Level(Box<Level>),
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
        self.said.iter().find(|said| *said.belief == belief).map(|said| &said.text)
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

/// A task for `play`: a program, and what it is to come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its name, as `--level` takes it.
    pub name: Placed<String>,
    /// The program, as `explore` names it.
    pub program: Placed<String>,
    /// How it is written; none for the usual way.
    pub variant: Option<Placed<String>>,
    /// How often each process does what the program repeats; none for once.
    pub ops: Option<Placed<u32>>,
    /// How many processes; none for the usual number.
    pub processes: Option<Placed<u32>>,
    /// The number at the start; none for the program's own.
    pub from: Option<Placed<i32>>,
    /// What it is to come to.
    pub goal: Placed<Goal>,
    /// In how many steps at most; none for any number.
    pub most: Option<Placed<u32>>,
    /// The task (one sentence of Markdown).
    pub text: String,
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
            Kind::Level(level) => Some(("level", &level.name)),
        }
    }

    /// The templates in it, expressions apart.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (first, said): (Option<&Template>, &[Said]) = match self {
            Kind::Text(text) => (Some(text), &[]),
            Kind::Verdict(verdict) => (Some(&verdict.outcome), &verdict.said),
            Kind::Why(why) => (Some(&why.text), &[]),
            Kind::Code(_) | Kind::Ask(_) | Kind::Run(_) | Kind::Part(_) | Kind::Level(_) => {
                (None, &[])
            }
        };
        first.into_iter().chain(said.iter().map(|said| &said.text))
    }
}

//! A lesson file as a whole: its title and its blocks in order.

use std::fmt::{self, Display};

use super::body::{self, Fenced};
use super::fault::{Fault, FaultKind, Faults};
use super::fence::{self, Piece};
use super::rules;
use super::template::{self, Template};

pub use super::block::{
    Ask, Block, Choice, Code, Kind, Level, Part, Placed, RunBlock, Said, Verdict, Why,
};

/// The languages that lessons are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    En,
    /// Italian.
    It,
}

impl Lang {
    /// Both, English first.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::It];

    /// The code of ISO 639-1: `en` or `it`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::It => "it",
        }
    }

    /// The language of a code; none where lessons are not written in it.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The one of the two that this is not.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Lang::En => Lang::It,
            Lang::It => Lang::En,
        }
    }

    /// The language that a file's name tells: `it.md` and `mine.it.md` are Italian.
    #[must_use]
    pub fn of_file(file: &str) -> Option<Self> {
        let name = file.rsplit('/').next()?.strip_suffix(".md")?;
        Self::from_code(name.rsplit('.').next()?)
    }
}

impl Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A lesson in one language.
#[derive(Debug, Clone, PartialEq)]
pub struct Doc {
    /// The file's name as it was given, for faults.
    pub file: String,
    /// The whole file.
    pub source: String,
    /// The first heading of level 1. It is part of the first text, too.
    pub title: String,
    /// Texts and blocks in the order of the file. Texts of blanks alone are left out.
    pub blocks: Vec<Block>,
}

/// Reads a lesson file.
///
/// # Errors
/// All faults that can be told without knowing the experiments, in the order of
/// their places.
pub fn parse(file: &str, source: &str) -> Result<Doc, Vec<Fault>> {
    let mut faults = Faults::new(file, source);
    if source.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        faults.add(0, FaultKind::EmptyFile, "");
        return Err(faults.into_sorted());
    }
    let cut = fence::cut(source, &mut faults);
    let all_closed = faults.is_empty();
    let is_block = |piece: &Piece| matches!(piece, Piece::Block { .. });
    if all_closed && !cut.pieces.iter().any(is_block) {
        faults.add(source.len(), FaultKind::NoBlocks, "");
    }
    if cut.title.is_none() {
        faults.add(0, FaultKind::NoTitle, "");
    }
    let blocks = read(source, &cut.pieces, &mut faults);
    template::check(&blocks, &mut faults);
    rules::check_each(&blocks, &mut faults);
    if all_closed && blocks.len() == cut.pieces.len() {
        rules::check_together(&blocks, &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults.into_sorted());
    }
    let title = cut.title.unwrap_or_default().to_owned();
    Ok(Doc { file: file.to_owned(), source: source.to_owned(), title, blocks })
}

/// Reads the pieces that can be read.
fn read(source: &str, pieces: &[Piece], faults: &mut Faults) -> Vec<Block> {
    let mut part = None;
    let mut blocks = Vec::new();
    for piece in pieces {
        let (at, kind) = match *piece {
            Piece::Text { at, source } => {
                let blank = source.len() - source.trim_start().len();
                (at + blank, Some(Kind::Text(Template::new(source, at))))
            }
            Piece::Block { at, info, info_at, body, body_at } => {
                let fenced = Fenced { info, info_at, body, body_at };
                (at, body::read(fenced, faults))
            }
        };
        let Some(kind) = kind else { continue };
        if let Kind::Part(begun) = &kind {
            part = Some(begun.name.value.clone());
        }
        let line = source[..at].matches('\n').count() + 1;
        blocks.push(Block { line, at, part: part.clone(), kind });
    }
    blocks
}

/// The names of a lesson's parts, for those who need only them: nothing else is read or checked.
pub fn part_names(source: &str) -> impl Iterator<Item = &str> {
    names(source, "```parlab part ")
}

/// The names of a lesson's levels, in the same way.
pub fn level_names(source: &str) -> impl Iterator<Item = &str> {
    names(source, "```parlab level ")
}

fn names<'s>(source: &'s str, fence: &'s str) -> impl Iterator<Item = &'s str> {
    source.lines().filter_map(move |line| line.strip_prefix(fence)).map(str::trim)
}

impl Doc {
    /// The page before the first part.
    pub fn core(&self) -> impl Iterator<Item = &Block> {
        self.page(None)
    }

    /// The page of a part, its `part` block first; nothing where there is no such part.
    pub fn part<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Block> {
        self.page(Some(name))
    }

    fn page<'a>(&'a self, part: Option<&'a str>) -> impl Iterator<Item = &'a Block> {
        let shown = |block: &&Block| !matches!(block.kind, Kind::Why(_) | Kind::Level(_));
        self.blocks.iter().filter(shown).filter(move |block| block.part.as_deref() == part)
    }

    /// The parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.blocks.iter().filter_map(|block| match &block.kind {
            Kind::Part(part) => Some(part),
            _ => None,
        })
    }

    /// The run blocks, in order, of the core and of all parts.
    pub fn runs(&self) -> impl Iterator<Item = &RunBlock> {
        self.blocks.iter().filter_map(|block| match &block.kind {
            Kind::Run(run) => Some(run.as_ref()),
            _ => None,
        })
    }

    /// The levels, in order.
    pub fn levels(&self) -> impl Iterator<Item = &Level> {
        self.blocks.iter().filter_map(|block| match &block.kind {
            Kind::Level(level) => Some(level.as_ref()),
            _ => None,
        })
    }

    /// The question that a verdict answers.
    #[must_use]
    pub fn ask(&self, id: &str) -> Option<&Ask> {
        self.blocks.iter().find_map(|block| match &block.kind {
            Kind::Ask(ask) if *ask.id == id => Some(ask),
            _ => None,
        })
    }

    /// The sentence of `compare` about an experiment.
    #[must_use]
    pub fn why(&self, experiment: &str) -> Option<&Why> {
        self.blocks.iter().find_map(|block| match &block.kind {
            Kind::Why(why) if *why.experiment == experiment => Some(why),
            _ => None,
        })
    }

    /// A fault at a place of this file, as [`Placed`] has it.
    #[must_use]
    pub fn fault(&self, at: usize, kind: FaultKind, detail: &str) -> Fault {
        Fault::new(&self.file, &self.source, at, kind, detail)
    }
}

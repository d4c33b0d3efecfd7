//! What is wrong with a lesson file, and where.
//!
//! A [`Fault`] holds no sentence: the kind and a detail, which the views put into
//! words of the reader's language, and the line it concerns with a caret under
//! the place.

use std::fmt::{self, Display, Write};

use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One fault of a lesson file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{file}:{line}:{column}: {kind}: {detail}")]
pub struct Fault {
    /// The file, as its name was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1; one past the last where the line is too short.
    pub column: usize,
    /// What is wrong.
    pub kind: FaultKind,
    /// The name, option or message it is about; empty where the kind says all.
    pub detail: String,
    /// The line as it stands in the file, without its end.
    pub source_line: String,
}

/// What can be wrong with a lesson file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// There is nothing in it.
    EmptyFile,
    /// No `# ` heading.
    NoTitle,
    /// No `parlab` block.
    NoBlocks,
    /// A fence that nothing closes.
    UnclosedBlock,
    /// No such kind of block; the detail is what stands in its place.
    UnknownBlock,
    /// Not an ID: a small letter, then small letters, digits and hyphens.
    BadId,
    /// A block's body is not the TOML it has to be; the detail is the parser's message.
    Toml,
    /// A template that cannot be read or filled; the detail is the engine's message.
    Template,
    /// A template names a value that does not exist.
    UnknownValue,
    /// A template uses, without a guard, a value that was not measured here.
    NotMeasured,
    /// The ID is taken by an earlier block of the same kind, or the belief by an earlier answer.
    DuplicateId,
    /// A question needs two answers or more.
    TooFewAnswers,
    /// A code block that shows nothing.
    NoCode,
    /// No question of that name.
    UnknownAsk,
    /// No run block of that name.
    UnknownRun,
    /// A question that no verdict answers.
    MissingVerdict,
    /// A belief that the verdict says nothing to.
    MissingSaid,
    /// The verdict speaks to a belief that no answer of its question has.
    UnknownBelief,
    /// A question, its run and its verdict do not follow each other within one part.
    Order,
    /// An option that is fixed and not set, or that the experiment does not have.
    UnknownOption,
    /// An option's value is outside its range.
    OutOfRange,
    /// No such experiment in the registry.
    UnknownExperiment,
    /// The experiment has no such variant.
    UnknownVariant,
    /// The source has no such region.
    UnknownRegion,
    /// A region that is too long to be shown.
    LongRegion,
    /// A region that is empty or that nothing closes.
    BadRegion,
    /// No part of that name.
    UnknownPart,
    /// The Italian file differs here from the English one; the detail is what stands there.
    BlocksDiffer,
    /// A level has one goal: a number that it ends at, or that nobody can go on.
    NoGoal,
    /// No program of that name.
    UnknownProgram,
    /// No order of steps reaches the level's goal in as many steps as it may take, or it is
    /// reached before the first.
    Unsolvable,
    /// A command in the text that would not be understood.
    BadCommand,
}

impl Display for FaultKind {
    /// The kind as `--json` has it, with blanks: `unknown value`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, letter) in format!("{self:?}").chars().enumerate() {
            if letter.is_ascii_uppercase() && index > 0 {
                f.write_char(' ')?;
            }
            f.write_char(letter.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

/// Columns from one tab stop to the next in [`Fault::pointer`].
const TAB: usize = 4;

impl Fault {
    /// A fault at byte `at` of `source`. An offset past the end means the end, one
    /// within a character that character, one within a line's end the line's end.
    #[must_use]
    pub fn new(file: &str, source: &str, at: usize, kind: FaultKind, detail: &str) -> Self {
        let text = source.strip_suffix('\n').unwrap_or(source);
        let at = boundary(text, at);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let rest = &text[start..];
        let line = rest.split('\n').next().unwrap_or(rest);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let before = &line[..(at - start).min(line.len())];
        Fault {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: before.chars().count() + 1,
            kind,
            detail: detail.to_owned(),
            source_line: line.to_owned(),
        }
    }

    /// The source line ready to print, and a line with a caret under the column.
    ///
    /// Tabs become blanks up to the next of every four columns, characters that
    /// would control the terminal (or turn the direction of writing) become
    /// visible. The caret is counted in columns as displayed: a combining accent
    /// takes none, a wide character two.
    #[must_use]
    pub fn pointer(&self) -> (String, String) {
        let letters: Vec<char> = self.source_line.chars().collect();
        let mut column = (self.column - 1).min(letters.len());
        while column > 0 && letters.get(column).is_some_and(|&c| is_combining(c)) {
            column -= 1;
        }
        let before = displayed(&letters[..column]);
        let caret = format!("{}^", " ".repeat(before.width()));
        (displayed(&letters), caret)
    }
}

/// The start of the character that holds byte `at`.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Whether the character is drawn on top of the one before it.
fn is_combining(letter: char) -> bool {
    visible(letter).is_none() && letter.width() == Some(0)
}

/// A line as it is printed.
fn displayed(letters: &[char]) -> String {
    let mut line = String::new();
    for &letter in letters {
        match visible(letter) {
            _ if letter == '\t' => {
                let blanks = TAB - line.width() % TAB;
                line.extend(std::iter::repeat_n(' ', blanks));
            }
            Some(shown) => line.push_str(&shown),
            None => line.push(letter),
        }
    }
    line
}

/// What stands for a character that must not reach a terminal; none for the others.
fn visible(letter: char) -> Option<String> {
    match letter {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + letter as u32).map(String::from),
        '\u{7f}' => Some('\u{2421}'.to_string()),
        // C1 controls, and the marks that reorder what follows (Unicode TR 9).
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => Some(letter.escape_unicode().to_string()),
        _ => None,
    }
}

/// Faults of one file as they are found.
#[derive(Debug)]
pub(super) struct Faults<'s> {
    file: &'s str,
    source: &'s str,
    found: Vec<Fault>,
}

impl<'s> Faults<'s> {
    pub(super) fn new(file: &'s str, source: &'s str) -> Self {
        Faults { file, source, found: Vec::new() }
    }

    pub(super) fn add(&mut self, at: usize, kind: FaultKind, detail: &str) {
        self.found.push(Fault::new(self.file, self.source, at, kind, detail));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, in the order of their places.
    pub(super) fn into_sorted(mut self) -> Vec<Fault> {
        self.found.sort_by_key(|fault| (fault.line, fault.column));
        self.found
    }
}

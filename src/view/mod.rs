//! What events and the blocks of a lesson look like.
//!
//! [`View`] is the whole border between the work and its looks: [`text`] for a
//! terminal, [`screen`] for one that a game takes over, [`json`] for a program, [`html`] for a
//! browser, [`handout`] for paper, [`trace`] for a viewer of traces. A view knows nothing of how an experiment runs.

mod course;
pub mod format;
mod gathered;
pub mod handout;
pub mod html;
pub mod json;
pub mod markdown;
pub mod output;
mod position;
mod room;
pub mod screen;
pub mod style;
mod table;
pub mod text;
pub mod trace;
pub mod visible;
pub mod words;

use std::io;

use serde::Serialize;

pub use self::room::Question;

use crate::event::{Error, Event, Flaw, Machine, Room, Standing};
use crate::lesson::doc;
use crate::lesson::fault::Fault;

pub use course::{CourseAnswer, CourseRow, Forgetting, Kept, Stage};

/// Lines of source as they are shown: cut from the file that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeBlock {
    /// `Rust` or `Python`.
    pub language: &'static str,
    /// The file's path in the source tree.
    pub file: String,
    /// The number of the first line in that file, from 1.
    pub first_line: usize,
    /// The lines, without their ends.
    pub lines: Vec<String>,
}

/// A part of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What `--part` takes.
    pub name: String,
    /// Its title, one line.
    pub title: String,
    /// What it shows, one line.
    pub about: String,
}

impl From<&doc::Part> for Part {
    fn from(part: &doc::Part) -> Self {
        let (title, about) = (part.title.clone(), part.about.clone());
        Part { name: part.name.value.clone(), title, about }
    }
}

/// A level of a game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// What `--level` takes.
    pub name: String,
    /// Which it is of its lesson's, from 1.
    pub number: usize,
    /// How many the lesson has.
    pub of: usize,
    /// The task (one sentence of Markdown).
    pub text: String,
}

/// A lesson in the list of all. Its fields are those of `parlab list --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LessonRow {
    /// What `parlab lesson` takes.
    pub lesson: String,
    /// Its title in the language asked for.
    pub title: String,
    /// The parts besides its core.
    pub parts: Vec<Part>,
    /// The variants that `compare` measures.
    pub variants: Vec<String>,
    /// Its experiments, for who writes a lesson around them.
    pub experiments: Vec<ExperimentRow>,
}

/// An experiment in the list of all, as `parlab list --json` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExperimentRow {
    /// What a `run` block takes.
    pub experiment: &'static str,
    /// Its variants, the baseline first.
    pub variants: &'static [&'static str],
    /// What it may measure of a variant besides its runs.
    pub figures: &'static [&'static str],
    /// What it may measure that is of no variant.
    pub experiment_figures: &'static [&'static str],
}

/// Results that are drawn from a file, long after they were measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Redrawn {
    /// The file.
    pub file: String,
    /// The machine that they were measured on, where nothing else tells it.
    pub machine: Option<Machine>,
    /// Whether the text that stood around them is not to be had.
    pub alone: bool,
}

/// Where the work hands over what it has to say.
///
/// The work drives: it calls the methods in the order in which things happened.
/// `Ok` means go on. An error means that nothing more can be shown and ends the
/// work at once; the kind [`io::ErrorKind::BrokenPipe`] says that the reader has
/// seen enough (`| head`), and then the command ends quietly with 0. Any other
/// kind is a failure to write, told as one.
///
/// Only [`event`](View::event) must be there. A view that shows no text of lessons
/// leaves the others, which then show nothing and go on.
///
/// Text is Markdown where a parameter says so; everything else is one plain line
/// and may come from outside: a view makes its control characters visible.
pub trait View {
    /// Something happened; see [`crate::event`] for what and in which order.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// A lesson or a part of one begins.
    fn heading(&mut self, _text: &str) -> io::Result<()> {
        Ok(())
    }

    /// The lesson speaks.
    fn prose(&mut self, _markdown: &str) -> io::Result<()> {
        Ok(())
    }

    /// The code that will run.
    fn code(&mut self, _code: &CodeBlock) -> io::Result<()> {
        Ok(())
    }

    /// A question (Markdown) and its answers (Markdown of one line), to be numbered
    /// from 1. Where the student can answer, it ends with a prompt, and a line is
    /// read next.
    fn question(&mut self, _markdown: &str, _answers: &[String]) -> io::Result<()> {
        Ok(())
    }

    /// What was typed is none of the `answers` numbers: a line is read again.
    fn ask_again(&mut self, _answers: usize) -> io::Result<()> {
        Ok(())
    }

    /// What the student said (none if skipped or not asked), whether it held, what
    /// happened and why; all Markdown.
    fn verdict(
        &mut self,
        _said: Option<&str>,
        _right: Option<bool>,
        _outcome: &str,
        _why: Option<&str>,
    ) -> io::Result<()> {
        Ok(())
    }

    /// The sentence that closes a comparison: who won, and why.
    fn why(&mut self, _markdown: &str) -> io::Result<()> {
        Ok(())
    }

    /// The parts of `lesson` that there are besides the core, to be run by
    /// `parlab lesson LESSON --part NAME`.
    fn parts(&mut self, _lesson: &str, _parts: &[Part]) -> io::Result<()> {
        Ok(())
    }

    /// A level begins; its positions come as events.
    fn level(&mut self, _level: &Level) -> io::Result<()> {
        Ok(())
    }

    /// The game waits for whoever plays: its position is this one, and no other level follows if
    /// it is the `last`.
    fn turn(&mut self, _standing: Standing, _last: bool) -> io::Result<()> {
        Ok(())
    }

    /// The terminal has another size.
    fn resized(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The lessons that there are.
    fn lessons(&mut self, _rows: &[LessonRow]) -> io::Result<()> {
        Ok(())
    }

    /// `parlab` alone, off a terminal: how to start.
    fn hello(&mut self, rows: &[LessonRow]) -> io::Result<()> {
        self.lessons(rows)
    }

    /// The course, and the place of the lesson to go on with, if one is left. Where the student can
    /// choose, it ends with a prompt, and a line is read next.
    fn course(&mut self, _rows: &[CourseRow], _next: Option<usize>) -> io::Result<()> {
        Ok(())
    }

    /// What was typed is no choice: none of so many `lessons`, or no part of this one. A line is
    /// read again.
    fn course_again(&mut self, _lessons: usize, _of: Option<&CourseRow>) -> io::Result<()> {
        Ok(())
    }

    /// The course is to be forgotten: whether it may be, or what came of it.
    fn forgetting(&mut self, _what: &Forgetting) -> io::Result<()> {
        Ok(())
    }

    /// What is done in the course is not kept, for this reason; the work goes on.
    fn unkept(&mut self, _why: &Error) -> io::Result<()> {
        Ok(())
    }

    /// Nothing comes after a prompt: neither a line nor a lesson.
    fn prompt_left(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// So many texts were checked, with so many faults.
    fn checked(&mut self, _texts: usize, _faults: usize) -> io::Result<()> {
        Ok(())
    }

    /// A lesson was begun in this folder, with these files.
    fn begun(&mut self, _folder: &str, _files: &[String]) -> io::Result<()> {
        Ok(())
    }

    /// What was shown is kept in this file as well.
    fn kept(&mut self, _file: &str) -> io::Result<()> {
        Ok(())
    }

    /// Man pages were written into this folder.
    fn manual(&mut self, _folder: &str, _files: &[String]) -> io::Result<()> {
        Ok(())
    }

    /// A script for a shell: as it is, whatever the width.
    fn script(&mut self, _text: &str) -> io::Result<()> {
        Ok(())
    }

    /// What follows is drawn from a file. It comes after its `start`.
    fn redrawn(&mut self, _from: &Redrawn) -> io::Result<()> {
        Ok(())
    }

    /// The lines of the file that is drawn from, as they stand.
    fn recorded(&mut self, _lines: &[&str]) -> io::Result<()> {
        Ok(())
    }

    /// Several runs laid together, with the questions that they answer: more than the event has.
    fn room(&mut self, room: &Room, _questions: &[Question]) -> io::Result<()> {
        self.event(&Event::Room(Box::new(room.clone())))
    }

    /// A file is no stream of events that can be drawn.
    fn flaw(&mut self, _file: &str, _flaw: &Flaw) -> io::Result<()> {
        Ok(())
    }

    /// A lesson file is faulty.
    fn fault(&mut self, _fault: &Fault) -> io::Result<()> {
        Ok(())
    }

    /// Something is refused because of the faults that were just shown, which tell a reader what is
    /// wrong: what to do is left. A program gets the event.
    fn refused(&mut self, _error: &Error) -> io::Result<()> {
        Ok(())
    }

    /// The work failed: the same as the event.
    fn error(&mut self, error: &Error) -> io::Result<()> {
        self.event(&Event::Error(error.clone()))
    }
}

//! What events and the blocks of a lesson look like.
//!
//! [`View`] is the whole border between the work and its looks: [`text`] for a
//! terminal, [`json`] for a program. A view knows nothing of how an experiment runs.

pub mod format;
pub mod json;
pub mod markdown;
pub mod style;
mod table;
pub mod text;
pub mod visible;
pub mod words;

use std::io;

use crate::event::{Error, Event};

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

/// A part of a lesson that the core did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What `--part` takes.
    pub name: String,
    /// Its title, one line.
    pub title: String,
}

/// A fault in a lesson file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `file:line:column`.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
    /// The line of the file.
    pub source: String,
    /// Blanks and a caret under the column of that line.
    pub caret: String,
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

    /// A lesson file is faulty.
    fn fault(&mut self, _fault: &Fault) -> io::Result<()> {
        Ok(())
    }

    /// The work failed: the same as the event.
    fn error(&mut self, error: &Error) -> io::Result<()> {
        self.event(&Event::Error(error.clone()))
    }
}

//! The view of a terminal, a file or a pager: the lesson's text and the results.

use std::io::{self, Write};

use super::View;
use super::style::Style;
use crate::event::Event;

/// What the text view shows besides results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Results only: no prose, no code.
    pub quiet: bool,
    /// Whether a student can answer: questions end with a prompt.
    pub prompting: bool,
}

/// The text view.
pub struct Text {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    style: Style,
    options: Options,
}

impl Text {
    /// Results and lessons go to `out`, errors and the runner's doings to `err`.
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>, style: Style, options: Options) -> Text {
        Text {
            out,
            err,
            style,
            options,
        }
    }
}

impl View for Text {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let _ = (&self.style, &self.options, &self.err);
        writeln!(self.out, "{event:?}")
    }
}

//! One JSON object a line, flushed line by line, so that a reader at the other end
//! of a pipe sees each event when it happens.

use std::io::{self, Write};

use super::View;
use crate::event::Event;

/// The view of `--json`: events alone, none of the lesson's text.
pub struct Json {
    out: Box<dyn Write>,
}

impl Json {
    /// Writes to `out`, normally stdout.
    pub fn new(out: Box<dyn Write>) -> Json {
        Json { out }
    }
}

impl View for Json {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        // One write a line: lines of two writers to one pipe would not mix.
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }
}

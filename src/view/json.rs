//! One JSON object a line, flushed line by line, so that a reader at the other end
//! of a pipe sees each event when it happens.

use std::io::{self, Write};

use serde::Serialize;

use super::{CourseRow, Forgetting, LessonRow, View};
use crate::event::{End, Error, Event, Flaw};
use crate::lesson::fault::Fault;

/// The view of `--json`: events alone, none of the lesson's text.
pub struct Json<W> {
    out: W,
    /// Whether the lines of a recording stand there, which has all that its events could add.
    recorded: bool,
}

impl<W: Write> Json<W> {
    /// Writes to `out`, normally stdout.
    pub fn new(out: W) -> Self {
        Json { out, recorded: false }
    }

    /// What it wrote to.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// One write a line: lines of two writers to one pipe would not mix.
    fn line(&mut self, object: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(object)?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }

    /// A line for each file.
    fn written(&mut self, files: &[String]) -> io::Result<()> {
        let line = |file| serde_json::json!({"event": "written", "file": file});
        files.iter().try_for_each(|file| self.line(&line(file)))
    }
}

/// The line of a fault: its fields after the field that tells lines apart.
#[derive(Serialize)]
struct FaultLine<'a> {
    event: &'static str,
    #[serde(flatten)]
    fault: &'a Fault,
}

/// The line of a flaw, in the same way.
#[derive(Serialize)]
struct FlawLine<'a> {
    event: &'static str,
    file: &'a str,
    #[serde(flatten)]
    flaw: &'a Flaw,
}

impl<W: Write> View for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        // What fails after the last line has to be told all the same.
        let fails = matches!(event, Event::Error(_) | Event::End(End { reason: Some(_), .. }));
        match self.recorded && !fails {
            true => Ok(()),
            false => self.line(event),
        }
    }

    fn recorded(&mut self, lines: &[&str]) -> io::Result<()> {
        self.recorded = true;
        for line in lines {
            self.out.write_all(format!("{line}\n").as_bytes())?;
        }
        self.out.flush()
    }

    fn flaw(&mut self, file: &str, flaw: &Flaw) -> io::Result<()> {
        self.line(&FlawLine { event: "fault", file, flaw })
    }

    fn lessons(&mut self, rows: &[LessonRow]) -> io::Result<()> {
        rows.iter().try_for_each(|row| self.line(row))
    }

    fn course(&mut self, rows: &[CourseRow], _next: Option<usize>) -> io::Result<()> {
        rows.iter().try_for_each(|row| self.line(row))
    }

    fn forgetting(&mut self, what: &Forgetting) -> io::Result<()> {
        let kept = match what {
            Forgetting::Asking(_) | Forgetting::LeftAlone => return Ok(()),
            Forgetting::Nothing => None,
            Forgetting::Forgotten(kept) => Some(kept),
        };
        let (file, lessons) = (kept.map(|kept| &kept.file), kept.and_then(|kept| kept.lessons));
        let line = serde_json::json!({"event": "forgotten", "file": file, "lessons": lessons});
        self.line(&line)
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        self.line(&FaultLine { event: "fault", fault })
    }

    fn refused(&mut self, error: &Error) -> io::Result<()> {
        self.event(&Event::Error(error.clone()))
    }

    fn begun(&mut self, _folder: &str, files: &[String]) -> io::Result<()> {
        self.written(files)
    }

    fn manual(&mut self, _folder: &str, files: &[String]) -> io::Result<()> {
        self.written(files)
    }

    fn script(&mut self, text: &str) -> io::Result<()> {
        self.line(&serde_json::json!({"event": "script", "text": text}))
    }

    fn checked(&mut self, texts: usize, faults: usize) -> io::Result<()> {
        self.line(&serde_json::json!({"event": "checked", "texts": texts, "faults": faults}))
    }
}

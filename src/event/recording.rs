//! A stream of events read back: the lines of `--json`, as they stand in a file.
//!
//! What another version of the same schema may have added is passed over: shapes, fields,
//! parameters, values of enums. What no version writes is a [`Flaw`], with its line.

use serde::Serialize;
use serde_json::Value;

use super::{Event, Params, SCHEMA, Start};

/// Flaws of one stream that are told; more of them say no more.
const MOST: usize = 10;
/// UTF-8's byte order mark, which some editors put before a text (Unicode 16, 23.8).
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A stream that was written to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// What was asked, and on what it ran.
    pub start: Start,
    lines: Vec<Line>,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    text: String,
    /// What it says; none if this version does not know.
    event: Option<Event>,
}

/// Why a file is no stream that can be drawn, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// Line, from 1; the one after the last where something is missing there.
    pub line: usize,
    /// What is wrong.
    pub kind: FlawKind,
    /// What a parser said, a number or a name; empty where the kind says all.
    pub detail: String,
}

/// What can be wrong with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlawKind {
    /// There is nothing in it.
    Empty,
    /// The line is not UTF-8.
    NotText,
    /// The line is no JSON; the detail is what the parser said.
    NotJson,
    /// The line is JSON, and no event; the detail says why.
    NotEvent,
    /// The first line is no `start`.
    NoStart,
    /// A second `start`: two streams in one file.
    SecondStart,
    /// It is of an older schema; the detail is its number.
    OlderSchema,
    /// It is of a newer schema; the detail is its number.
    NewerSchema,
    /// Something stands after the `end`.
    AfterEnd,
    /// It has no `end`: it was cut short after that line.
    CutShort,
    /// Its command was not done to its end; the detail is the exit code and the reason.
    NotFinished,
    /// The same stream was given before; the detail is that file.
    Twice,
    /// A room's own stream among others.
    Room,
    /// There are so many more flaws.
    More,
}

impl Recording {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of lines; at least one flaw.
    pub fn read(bytes: &[u8]) -> Result<Recording, Vec<Flaw>> {
        let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let mut reader = Reader::default();
        let whole = bytes.last() == Some(&b'\n');
        let count = bytes.split(|&byte| byte == b'\n').count();
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if !line.trim_ascii().is_empty() {
                reader.line(index + 1, line, index + 1 == count && !whole);
            }
        }
        reader.end(if whole { count } else { count + 1 })
    }

    /// Its lines as they stand.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.text.as_str())
    }

    /// What it tells, in order, as far as this version knows: the first is its `start`, the last
    /// its `end`.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.lines.iter().filter_map(|line| line.event.as_ref())
    }
}

/// A stream on its way.
#[derive(Default)]
struct Reader {
    lines: Vec<Line>,
    start: Option<Start>,
    /// Whether there was a line.
    begun: bool,
    /// Whether its `start` came, or was missed.
    started: bool,
    ended: bool,
    flaws: Vec<Flaw>,
    more: usize,
}

impl Reader {
    fn flaw(&mut self, line: usize, kind: FlawKind, detail: impl ToString) {
        match self.flaws.len() < MOST {
            true => self.flaws.push(Flaw { line, kind, detail: detail.to_string() }),
            false => self.more += 1,
        }
    }

    /// Takes in a line; the last may be `cut` within itself.
    fn line(&mut self, at: usize, bytes: &[u8], cut: bool) {
        self.begun = true;
        if self.ended {
            // One flaw tells of all that follows.
            if self.flaws.last().is_none_or(|flaw| flaw.kind != FlawKind::AfterEnd) {
                self.flaw(at, FlawKind::AfterEnd, "");
            }
            return;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.flaw(at, FlawKind::NotText, "");
        };
        let value = match serde_json::from_str::<Value>(text) {
            Ok(value) => value,
            // What is missing is told at the end.
            Err(error) if cut && error.is_eof() => return,
            Err(error) => return self.flaw(at, FlawKind::NotJson, said(&error)),
        };
        let Some(name) = value["event"].as_str() else {
            return self.flaw(at, FlawKind::NotEvent, "event");
        };
        match (name, std::mem::replace(&mut self.started, true)) {
            ("start", false) => return self.start(at, text, value),
            ("start", true) => return self.flaw(at, FlawKind::SecondStart, ""),
            (_, false) => self.flaw(at, FlawKind::NoStart, ""),
            (_, true) => {}
        }
        if name == "end" {
            self.finish(at, &value);
        }
        match known(value) {
            Ok(event) => self.lines.push(Line { text: text.trim_end().to_owned(), event }),
            Err(why) => self.flaw(at, FlawKind::NotEvent, why),
        }
    }

    /// Of a schema that is not this one nothing else is read: it may mean anything.
    fn start(&mut self, at: usize, text: &str, mut value: Value) {
        match value["schema"].as_u64() {
            None => return self.flaw(at, FlawKind::NotEvent, "schema"),
            Some(schema) if schema < u64::from(SCHEMA) => {
                return self.flaw(at, FlawKind::OlderSchema, schema);
            }
            Some(schema) if schema > u64::from(SCHEMA) => {
                return self.flaw(at, FlawKind::NewerSchema, schema);
            }
            Some(_) => {}
        }
        if let Some(params) = value["params"].as_object_mut() {
            params.retain(|name, _| is_param(name));
        }
        match serde_json::from_value(value) {
            Ok(Event::Start(start)) => {
                self.start = Some((*start).clone());
                let event = Some(Event::Start(start));
                self.lines.push(Line { text: text.trim_end().to_owned(), event });
            }
            Ok(_) => self.flaw(at, FlawKind::NoStart, ""),
            Err(error) => self.flaw(at, FlawKind::NotEvent, said(&error)),
        }
    }

    /// The last line says how it ended. That a command's work found faults (`doctor`) has no reason:
    /// it was done.
    fn finish(&mut self, at: usize, value: &Value) {
        self.ended = true;
        let exit = value["exit"].as_u64();
        let done = exit.is_some_and(|exit| exit <= 1) && value["reason"].is_null();
        if !done {
            let exit = exit.map_or_else(|| "?".to_owned(), |exit| exit.to_string());
            let reason = value["reason"].as_str().map_or(String::new(), |why| format!(", {why}"));
            self.flaw(at, FlawKind::NotFinished, format!("exit {exit}{reason}"));
        }
    }

    /// All lines were read; nothing stands at line `after`.
    fn end(mut self, after: usize) -> Result<Recording, Vec<Flaw>> {
        let foreign =
            |flaw: &Flaw| matches!(flaw.kind, FlawKind::OlderSchema | FlawKind::NewerSchema);
        // What another schema makes of its lines is not for this one to judge.
        if let Some(at) = self.flaws.iter().position(foreign) {
            return Err(vec![self.flaws.swap_remove(at)]);
        }
        if !self.begun {
            return Err(vec![Flaw { line: 1, kind: FlawKind::Empty, detail: String::new() }]);
        }
        if !self.ended {
            self.flaw(after, FlawKind::CutShort, "");
        }
        if self.more > 0 {
            let detail = self.more.to_string();
            self.flaws.push(Flaw { line: after, kind: FlawKind::More, detail });
        }
        match self.start {
            Some(start) if self.flaws.is_empty() => Ok(Recording { start, lines: self.lines }),
            _ => Err(self.flaws),
        }
    }
}

/// The event of a line; none if a newer version may have written it.
fn known(value: Value) -> Result<Option<Event>, String> {
    match serde_json::from_value(value) {
        Ok(event) => Ok(Some(event)),
        // serde says so of every enum (`de::Error::unknown_variant`); a test holds it to these words.
        Err(error) if error.to_string().starts_with("unknown variant") => Ok(None),
        Err(error) => Err(said(&error)),
    }
}

/// Whether a parameter goes by this name. All may be null, and no other name is let in.
fn is_param(name: &str) -> bool {
    let alone = Value::Object([(name.to_owned(), Value::Null)].into_iter().collect());
    serde_json::from_value::<Params>(alone).is_ok()
}

/// What a parser said. It knows of one line alone: only the column stays.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.replace(" at line 1 column ", ", column ").replace(" at line 0 column 0", "")
}

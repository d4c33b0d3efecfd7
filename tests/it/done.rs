//! A run that ended, and how a test judges it. What a test does not judge is judged when
//! the [`Done`] is dropped: exit code 0, nothing on stderr, stdout looked at, no panic.

use std::cell::Cell;
use std::os::unix::process::ExitStatusExt;
use std::panic::Location;
use std::process::ExitStatus;

use nix::sys::signal::Signal;
use parlab::event::{
    Answer, Deadlock, End, EndReason, Error, ErrorKind, Event, Measure, Run, Summary, Timeline,
};

/// A run that ended.
#[derive(Debug)]
pub struct Done {
    status: ExitStatus,
    stdout: String,
    stderr: String,
    place: &'static Location<'static>,
    judged: Judged,
}

/// What a test has judged itself.
#[derive(Debug, Default)]
struct Judged {
    status: Cell<bool>,
    stdout: Cell<bool>,
    stderr: Cell<bool>,
}

impl Done {
    /// What a run has printed until it ended, for the test at `place`.
    pub fn new(
        status: ExitStatus,
        [stdout, stderr]: [String; 2],
        place: &'static Location<'static>,
    ) -> Done {
        Done { status, stdout, stderr, place, judged: Judged::default() }
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Done { status, stdout, stderr, place, .. } = self;
        write!(f, "{status}, run at {place}\nstdout:\n{stdout}\nstderr:\n{stderr}")
    }
}

impl Done {
    /// Holds the exit code.
    #[track_caller]
    pub fn code(self, code: i32) -> Done {
        self.judged.status.set(true);
        assert_eq!(self.status.code(), Some(code), "{self}");
        self
    }

    /// Holds that a signal ended it.
    #[track_caller]
    pub fn signal(self, signal: Signal) -> Done {
        self.judged.status.set(true);
        assert_eq!(self.status.signal(), Some(signal as i32), "{self}");
        self
    }

    /// The exit code, for a test that judges it.
    pub fn exit(&self) -> Option<i32> {
        self.judged.status.set(true);
        self.status.code()
    }

    /// Holds that stdout says this somewhere.
    #[track_caller]
    pub fn stdout_has(self, text: &str) -> Done {
        self.judged.stdout.set(true);
        assert!(self.stdout.contains(text), "no {text:?} in stdout\n{self}");
        self
    }

    /// Holds that nothing was printed.
    #[track_caller]
    pub fn stdout_is_empty(self) -> Done {
        self.judged.stdout.set(true);
        assert!(self.stdout.is_empty(), "{self}");
        self
    }

    /// Whatever was printed is not this test's business.
    pub fn any_stdout(self) -> Done {
        self.judged.stdout.set(true);
        self
    }

    /// Whatever was said on stderr is not this test's business.
    pub fn any_stderr(self) -> Done {
        self.judged.stderr.set(true);
        self
    }

    /// Holds that stderr says this somewhere.
    #[track_caller]
    pub fn stderr_has(self, text: &str) -> Done {
        self.judged.stderr.set(true);
        // Messages are wrapped: where a line ends is not what they say.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let has = words(&self.stderr).contains(&words(text));
        assert!(has, "no {text:?} in stderr\n{self}");
        self
    }

    /// Holds that stderr is one message: a first line, and lines that go on from it.
    #[track_caller]
    pub fn one_message(self) -> Done {
        self.judged.stderr.set(true);
        let starts = self.stderr.lines().filter(|line| line.starts_with(|c: char| c != ' '));
        assert_eq!(starts.count(), 1, "not one message\n{self}");
        self
    }

    /// What was printed, for a test that judges it.
    pub fn stdout(&self) -> &str {
        self.judged.stdout.set(true);
        &self.stdout
    }

    /// What was said on stderr, for a test that judges it.
    pub fn stderr(&self) -> &str {
        self.judged.stderr.set(true);
        &self.stderr
    }

    /// The lines as JSON.
    #[track_caller]
    pub fn lines(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line);
        self.stdout().lines().map(|line| parse(line).expect(line)).collect()
    }

    /// The events: every line one that this version documents, no field unknown.
    #[track_caller]
    pub fn events(&self) -> Vec<Event> {
        let event = |line: serde_json::Value| {
            let event: Event = serde_json::from_value(line.clone())
                .unwrap_or_else(|error| panic!("no event: {line}: {error}\n{self}"));
            assert_eq!(serde_json::to_value(&event).unwrap(), line, "a field nobody documents");
            event
        };
        self.lines().into_iter().map(event).collect()
    }

    /// The `run` events.
    #[track_caller]
    pub fn runs(&self) -> Vec<Run> {
        let events = self.events().into_iter();
        events.filter_map(|e| if let Event::Run(run) = e { Some(run) } else { None }).collect()
    }

    /// The `summary` events.
    #[track_caller]
    pub fn summaries(&self) -> Vec<Summary> {
        let events = self.events().into_iter();
        events.filter_map(|e| if let Event::Summary(s) = e { Some(s) } else { None }).collect()
    }

    /// The `measure` events: the figures of each variant, and of the experiment under none.
    #[track_caller]
    pub fn figures(&self) -> Vec<Measure> {
        let events = self.events().into_iter();
        events.filter_map(|e| if let Event::Measure(m) = e { Some(m) } else { None }).collect()
    }

    /// One figure of one variant; of the experiment for "".
    #[track_caller]
    pub fn figure(&self, variant: &str, name: &str) -> serde_json::Value {
        let measured = self.figures().into_iter();
        let of_it = measured.filter(|m| m.variant.as_deref().unwrap_or_default() == variant);
        let mut found = of_it.filter_map(|m| m.values.get(name).cloned());
        found.next().unwrap_or_else(|| panic!("no {name} of {variant:?}\n{self}"))
    }

    /// The same, where it must be a number.
    #[track_caller]
    pub fn number(&self, variant: &str, name: &str) -> f64 {
        let value = self.figure(variant, name);
        value.as_f64().unwrap_or_else(|| panic!("{name} of {variant:?} is {value}\n{self}"))
    }

    /// The `timeline` events.
    #[track_caller]
    pub fn timelines(&self) -> Vec<Timeline> {
        let events = self.events().into_iter();
        events.filter_map(|e| if let Event::Timeline(t) = e { Some(t) } else { None }).collect()
    }

    /// The `deadlock` events.
    #[track_caller]
    pub fn deadlocks(&self) -> Vec<Deadlock> {
        let events = self.events().into_iter();
        events.filter_map(|e| if let Event::Deadlock(d) = e { Some(d) } else { None }).collect()
    }

    /// The `answer` events: which answers to each question held.
    #[track_caller]
    pub fn answers(&self) -> Vec<Answer> {
        let events = self.events().into_iter();
        events.filter_map(|e| if let Event::Answer(a) = e { Some(a) } else { None }).collect()
    }

    /// The `error` events.
    #[track_caller]
    pub fn errors(&self) -> Vec<Error> {
        let events = self.events().into_iter();
        events.filter_map(|e| if let Event::Error(e) = e { Some(e) } else { None }).collect()
    }

    /// Holds that there is one `error` event, of this kind.
    #[track_caller]
    pub fn one_error(self, kind: ErrorKind) -> Done {
        let kinds: Vec<ErrorKind> = self.errors().iter().map(|error| error.kind).collect();
        assert_eq!(kinds, [kind], "{self}");
        self
    }

    /// Holds the last line, `end`, and the exit code with it.
    #[track_caller]
    pub fn ends(self, exit: u8, reason: Option<EndReason>) -> Done {
        let end = Event::End(End { exit, reason });
        assert_eq!(self.events().last(), Some(&end), "{self}");
        self.code(i32::from(exit))
    }
}

impl Drop for Done {
    /// Judges what the test did not.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let said = [&self.stdout, &self.stderr];
        // The standard library's own, before `main`, are no text of ours.
        let ours = said.map(|text| text.replace("panicked at /rustc/", ""));
        let panicked = ours.iter().any(|text| text.contains("panicked at"));
        assert!(!panicked, "a panic's text reached the reader\n{self}");
        assert!(self.judged.stderr.get() || self.stderr.is_empty(), "unexpected stderr\n{self}");
        assert!(self.judged.status.get() || self.status.success(), "unexpected end\n{self}");
        assert!(self.judged.stdout.get(), "no test looked at stdout\n{self}");
    }
}

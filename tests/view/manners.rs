//! How views behave: what they refuse to show, what they show when things go wrong,
//! and how they say "stop".

use std::io::{self, Write};

use parlab::event::{End, EndReason, Error, ErrorKind, Event, Run};
use parlab::lesson::doc::Lang;
use parlab::lesson::fault::{Fault, FaultKind};
use parlab::view::json::Json;
use parlab::view::text::{Options, Text};
use parlab::view::{Part, View};

use crate::stream::{Kept, more, run, start, stream, style, text};

#[test]
fn no_control_character_from_outside_reaches_the_terminal() {
    let evil = "\u{1b}[2Jname\u{9b}\u{202e}\r\u{7}";
    let mut events: Vec<Event> = Vec::new();
    for event in stream().into_iter().chain(more()) {
        let json = serde_json::to_string(&event).unwrap();
        let json = json.replace("locked", "l\\u001b]0;\\u202e\\u009b");
        events.push(serde_json::from_str(&json).unwrap());
    }
    let (mut view, out, err) = text(style(80, Lang::En), Options::default());
    let failure = Error::new(ErrorKind::System, Some(evil.to_owned()), Some(evil.to_owned()));
    events.insert(1, Event::Error(failure));
    events.iter().for_each(|event| view.event(event).unwrap());
    view.heading(evil).unwrap();
    view.prose(&format!("{evil} `{evil}` [{evil}](<x{evil}>) &#27;[2J <b{evil}>\n\n    {evil}\n"))
        .unwrap();
    view.question(evil, &[evil.to_owned()]).unwrap();
    let part = Part { name: evil.to_owned(), title: evil.to_owned(), about: evil.to_owned() };
    view.parts(evil, &[part]).unwrap();
    view.fault(&Fault::new(evil, evil, 5, FaultKind::Toml, evil)).unwrap();
    for text in [out.text(), err.text()] {
        assert!(text.contains('␛'));
        let control = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert_eq!(text.find(control), None, "{text:?}");
    }
}

#[test]
fn quiet_shows_results_and_no_lesson() {
    let quiet = Options { quiet: true, prompting: false };
    let text_at = |options| {
        let (mut view, out, _) = text(style(80, Lang::En), options);
        view.prose("Some prose.").unwrap();
        view.why("Because.").unwrap();
        view.question("Where?", &["Here".to_owned()]).unwrap();
        stream().iter().for_each(|event| view.event(event).unwrap());
        out.text()
    };
    let shown = text_at(quiet);
    assert!(
        !shown.contains("Some prose") && !shown.contains("Because") && !shown.contains("Where?")
    );
    assert!(shown.contains("Where each run ended") && shown.contains("atomic wins"));
    let answering = text_at(Options { quiet: true, prompting: true });
    assert!(answering.contains("Where?") && answering.contains("Enter skips"));
}

/// Results of these variants, each run on these CPUs, without overlap.
fn shown_of(places: &[(&str, Option<&[usize]>)]) -> String {
    let (mut view, out, _) = text(style(80, Lang::En), Options::default());
    view.event(&start("compare")).unwrap();
    for (variant, cpus) in places {
        let cpus = cpus.map(<[usize]>::to_vec);
        let run = Run { variant: (*variant).to_owned(), cpus, ..Run::default() };
        view.event(&Event::Run(run)).unwrap();
    }
    view.event(&Event::End(End { exit: 0, reason: None })).unwrap();
    out.text()
}

#[test]
fn runs_that_are_no_race_tell_where_they_were_pinned() {
    let shown = shown_of(&[("pipe", Some(&[0, 1])), ("shm", Some(&[0, 1]))]);
    assert!(shown.contains("In every run the processes were pinned on CPUs 0 and 1."), "{shown}");
    let shown = shown_of(&[("pipe", Some(&[3, 3])), ("shm", None)]);
    assert!(shown.contains("pipe: the processes were pinned on CPU 3."), "{shown}");
    let shown = shown_of(&[("pipe", Some(&[0, 1])), ("shm", Some(&[2, 2]))]);
    assert!(shown.contains("pipe: the processes were pinned on CPUs 0 and 1."), "{shown}");
    assert!(shown.contains("shm: the processes were pinned on CPU 2."), "{shown}");
    assert!(!shown_of(&[("pipe", None)]).contains("pinned"));
}

#[test]
fn what_was_measured_before_a_failure_is_shown() {
    let (mut view, out, err) = text(style(80, Lang::En), Options::default());
    view.event(&start("lesson")).unwrap();
    view.event(&run("unlocked", 0, 0.1, 42)).unwrap();
    view.error(&Error::new(ErrorKind::TimeLimit, None, None)).unwrap();
    view.event(&Event::End(End { exit: 124, reason: Some(EndReason::TimeLimit) })).unwrap();
    assert!(out.text().contains("right 0 of 1"), "{}", out.text());
    assert_eq!(out.text().matches("right 0 of 1").count(), 1);
    assert!(err.text().contains("--seconds-limit"));
    assert!(err.text().ends_with("measured until then\n"));
}

#[test]
fn a_failure_is_told_once() {
    let (mut view, _, err) = text(style(80, Lang::It), Options::default());
    view.error(&Error::new(ErrorKind::Panic, None, None)).unwrap();
    let told = err.text();
    view.event(&Event::End(End { exit: 1, reason: Some(EndReason::Failed) })).unwrap();
    assert_eq!(err.text(), told);
}

#[test]
fn a_closed_pipe_is_an_error_of_that_kind() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let style = style(80, Lang::En);
    let mut text =
        Text::new(Box::new(Closed), Box::new(Kept::default()), style, Options::default());
    assert_eq!(text.heading("x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let mut json = Json::new(Box::new(Closed));
    let end = Event::End(End { exit: 0, reason: None });
    assert_eq!(json.event(&end).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn json_is_one_line_an_event_and_nothing_of_the_lesson() {
    let out = Kept::default();
    let mut view = Json::new(Box::new(out.clone()));
    let mut expected = String::new();
    for event in stream() {
        view.event(&event).unwrap();
        expected += &(serde_json::to_string(&event).unwrap() + "\n");
        assert_eq!(out.text(), expected, "each line is out before the next event");
    }
    view.prose("not shown").unwrap();
    view.heading("not shown").unwrap();
    assert_eq!(out.text(), expected);
}

//! What the text view prints: one fixed stream of events, at three widths, with and
//! without colour, in both languages.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use parlab::event::*;
use parlab::lesson::doc::Lang;
use parlab::view::json::Json;
use parlab::view::style::Style;
use parlab::view::text::{Options, Text};
use parlab::view::{CodeBlock, Fault, Part, View};
use snapbox::{assert_data_eq, file};
use textwrap::core::display_width;

/// A stream that keeps what was written.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn style(width: usize, lang: Lang) -> Style {
    Style {
        colour: false,
        errors_colour: false,
        width,
        lang,
        live: false,
    }
}

/// A text view, and what it writes to stdout and stderr.
fn text(style: Style, options: Options) -> (Text, Kept, Kept) {
    let (out, err) = (Kept::default(), Kept::default());
    let view = Text::new(Box::new(out.clone()), Box::new(err.clone()), style, options);
    (view, out, err)
}

fn run(variant: &str, index: u32, time_s: f64, got: i64) -> Event {
    Event::Run(Run {
        experiment: "bank".to_owned(),
        variant: variant.to_owned(),
        index,
        time_s: Some(time_s),
        expected: Some(100),
        got: Some(got),
        correct: Some(got == 100),
        overlap: Some(0.9 + f64::from(index) / 200.0),
        cpus: Some(vec![0, 1]),
        ..Run::default()
    })
}

fn traced(variant: &str, index: u32, lost: [u64; 2]) -> Event {
    Event::Run(Run {
        experiment: "bank".to_owned(),
        variant: variant.to_owned(),
        index,
        traced: true,
        expected: Some(100),
        got: Some(100),
        correct: Some(true),
        updates: Some(20_000),
        lost: Some(
            [
                ("deposit".to_owned(), lost[0]),
                ("withdraw".to_owned(), lost[1]),
            ]
            .into(),
        ),
        ..Run::default()
    })
}

fn step(process: &str, op: Op, value: i64, write: (u8, u32)) -> Step {
    Step {
        process: process.to_owned(),
        op,
        value,
        write,
    }
}

fn lost_update(lost: u32) -> Event {
    let mut steps = vec![
        step("withdraw", Op::Load, 57, (2, 411)),
        step("deposit", Op::Load, 57, (2, 411)),
        step("withdraw", Op::Store, 56, (1, 398)),
        step("deposit", Op::Store, 58, (2, 412)),
        step("withdraw", Op::Load, 58, (2, 412)),
    ];
    if lost > 1 {
        let last = step("withdraw", Op::Store, 57 - i64::from(lost), (1, 397 + lost));
        steps.insert(3, last);
    }
    Event::LostUpdate(LostUpdate {
        experiment: "bank".to_owned(),
        variant: "unlocked".to_owned(),
        index: 0,
        victim: "withdraw".to_owned(),
        overwriter: "deposit".to_owned(),
        lost,
        steps,
    })
}

fn summarized(variant: &str, right: u32, median_s: f64, ratio: f64, half: f64) -> VariantSummary {
    VariantSummary {
        variant: variant.to_owned(),
        runs: 10,
        correct_runs: right,
        median_s: Some(median_s),
        q1_s: Some(median_s * 0.9),
        q3_s: Some(median_s * 1.2),
        ratio: Some(ratio),
        ratio_low: Some(ratio - half),
        ratio_high: Some(ratio + half),
    }
}

fn start(command: &str) -> Event {
    Event::Start(Start {
        schema: SCHEMA,
        command: command.to_owned(),
        lesson: "lock".to_owned(),
        params: Params::default(),
        machine: Machine {
            cpus: 2,
            usable: vec![0, 1],
            logical_cpus: 8,
            quota_cpus: Some(1.5),
            load_1m: Some(0.12),
            arch: "x86_64".to_owned(),
            kernel: "6.1.0".to_owned(),
        },
    })
}

fn stream() -> Vec<Event> {
    let unlocked = [-2213, 100, 1187, -840, -2150, 412, 96, 2911, -310, 3004];
    let half = [-610, 740, 101, -12, 220, 388, 95, -77, 1203, 64];
    let mut events = vec![start("compare")];
    events.push(Event::Python(Python {
        path: Some("/usr/bin/python3".to_owned()),
        version: Some("3.11.2".to_owned()),
        gil: Some(true),
        start_method: Some("fork".to_owned()),
        fault: None,
        detail: None,
    }));
    for index in 0..10 {
        let at = index as usize;
        events.push(run("unlocked", index, 0.00028, unlocked[at]));
        events.push(run("half-locked", index, 0.0006, half[at]));
        events.push(run("locked", index, 0.0019, 100));
        events.push(run("atomic", index, 0.00031, 100));
        events.push(run("python-locked", index, 0.09, 100));
    }
    for index in 0..10 {
        events.push(traced("unlocked", index, [3930 + u64::from(index), 5021]));
        events.push(traced("half-locked", index, [1203, 0]));
        events.push(traced("locked", index, [0, 0]));
    }
    events.push(lost_update(1));
    events.push(Event::Summary(Summary {
        experiment: "bank".to_owned(),
        baseline: "unlocked".to_owned(),
        variants: vec![
            summarized("unlocked", 1, 0.00028, 1.0, 0.0),
            summarized("half-locked", 0, 0.0006, 2.14, 0.31),
            summarized("locked", 10, 0.0019, 6.8, 0.4),
            summarized("atomic", 10, 0.00031, 1.04, 0.06),
            summarized("python-locked", 10, 0.09, 321.0, 14.0),
        ],
        winner: Some("atomic".to_owned()),
    }));
    events.push(Event::End(End {
        exit: 0,
        reason: None,
    }));
    events
}

fn shown(events: &[Event], style: Style) -> String {
    let (mut view, out, _) = text(style, Options::default());
    for event in events {
        view.event(event).unwrap();
    }
    out.text()
}

/// Every kind of block of a lesson.
fn lesson(view: &mut Text) {
    view.heading("Two processes, one balance").unwrap();
    view.prose(include_str!("golden/prose.md")).unwrap();
    let code = [
        "for _ in 0..withdrawals {",
        "    let seen = balance.load(Relaxed);",
        "    balance.store(seen - 1, Relaxed);",
        "}",
    ];
    view.code(&CodeBlock {
        language: "Rust",
        file: "src/experiments/lock.rs".to_owned(),
        first_line: 98,
        lines: code.map(str::to_owned).to_vec(),
    })
    .unwrap();
    let answers = [
        "Always at `100`: `+=` is **one** step".to_owned(),
        "Somewhere else in most runs, because each of the two overwrites what the other wrote"
            .to_owned(),
    ];
    view.question("Where does the balance *end*?", &answers)
        .unwrap();
    view.ask_again(answers.len()).unwrap();
    view.verdict(
        Some(&answers[0]),
        Some(false),
        "Elsewhere in 9 of 10 runs.",
        Some("Read it."),
    )
    .unwrap();
    view.verdict(None, None, "Elsewhere in 9 of 10 runs.", None)
        .unwrap();
    view.why("`atomic` wins: **one** instruction.").unwrap();
    let part = |name: &str, title: &str| Part {
        name: name.to_owned(),
        title: title.to_owned(),
    };
    view.parts(
        "lock",
        &[
            part("price", "What a lock costs"),
            part("two-locks", "A *deadlock*"),
        ],
    )
    .unwrap();
}

fn shown_lesson(style: Style, options: Options) -> String {
    let (mut view, out, _) = text(style, options);
    lesson(&mut view);
    out.text()
}

fn deadlock() -> Event {
    let wait = |process: &str, pid, resource: &str, holder: &str| Wait {
        process: process.to_owned(),
        pid,
        state: "S".to_owned(),
        call: Some("futex".to_owned()),
        resource: Some(resource.to_owned()),
        holder: Some(holder.to_owned()),
        address: Some("0x7f12a0000040".to_owned()),
    };
    Event::Deadlock(Deadlock {
        experiment: "two-locks".to_owned(),
        variant: "opposite".to_owned(),
        evidence: Evidence::Syscall,
        waits: vec![
            wait("left", 4711, "lock B", "right"),
            wait("right", 4712, "lock A", "left"),
        ],
    })
}

fn measured(variant: &str, alone: f64, contended: f64) -> Event {
    let values = serde_json::json!({
        "alone_ns": alone, "contended_ns": contended, "size_bytes": 40, "robust": alone > 10.0,
    });
    Event::Measure(Measure {
        experiment: "price".to_owned(),
        variant: Some(variant.to_owned()),
        values: values.as_object().unwrap().clone(),
    })
}

/// What there is besides the stream of a comparison: a histogram, a deadlock, figures.
fn more() -> Vec<Event> {
    let mut events = vec![start("lesson"), deadlock()];
    for index in 0..40_u32 {
        let spread = i64::from(index * index % 37) - i64::from(index % 11);
        events.push(run("unlocked", index, 0.0003, 90 + spread));
        events.push(run("locked", index, 0.0019, 100));
    }
    events.push(lost_update(3));
    events.push(measured("plain", 8.21, 93.4));
    events.push(measured("robust", 13.9, 121.0));
    events.push(Event::End(End {
        exit: 0,
        reason: None,
    }));
    events
}

/// The golden files hold no-break spaces in numbers. `SNAPSHOTS=overwrite` writes them anew.
#[test]
fn a_comparison_reads_as_written_down() {
    let at = |width, lang| shown(&stream(), style(width, lang));
    assert_data_eq!(at(60, Lang::En), file!["golden/compare.60.en.txt"].raw());
    assert_data_eq!(at(80, Lang::En), file!["golden/compare.80.en.txt"].raw());
    assert_data_eq!(at(120, Lang::En), file!["golden/compare.120.en.txt"].raw());
    assert_data_eq!(at(60, Lang::It), file!["golden/compare.60.it.txt"].raw());
    assert_data_eq!(at(80, Lang::It), file!["golden/compare.80.it.txt"].raw());
    assert_data_eq!(at(120, Lang::It), file!["golden/compare.120.it.txt"].raw());
}

#[test]
fn histograms_deadlocks_and_figures_read_as_written_down() {
    let at = |width, lang| shown(&more(), style(width, lang));
    assert_data_eq!(at(60, Lang::En), file!["golden/more.60.en.txt"].raw());
    assert_data_eq!(at(80, Lang::It), file!["golden/more.80.it.txt"].raw());
}

#[test]
fn a_lesson_reads_as_written_down() {
    let prompting = Options {
        quiet: false,
        prompting: true,
    };
    let at = |width, lang| shown_lesson(style(width, lang), prompting);
    assert_data_eq!(at(60, Lang::En), file!["golden/lesson.60.en.txt"].raw());
    assert_data_eq!(at(80, Lang::It), file!["golden/lesson.80.it.txt"].raw());
    assert_data_eq!(at(120, Lang::En), file!["golden/lesson.120.en.txt"].raw());
    // Escape characters as ␛, so that the file can be read.
    let coloured = Style {
        colour: true,
        ..style(80, Lang::En)
    };
    let text = shown_lesson(coloured, prompting).replace('\u{1b}', "␛");
    assert_data_eq!(text, file!["golden/lesson.80.en.colour.txt"].raw());
}

#[test]
fn no_line_is_wider_than_the_width() {
    for width in [40, 60, 80, 100, 120] {
        for lang in [Lang::En, Lang::It] {
            for colour in [false, true] {
                let style = Style {
                    colour,
                    ..style(width, lang)
                };
                let results = shown(&stream(), style) + &shown(&more(), style);
                for line in (results + &shown_lesson(style, Options::default())).lines() {
                    // Code and commands stay as they are.
                    let is_code = line.contains('│') || line.contains("parlab lesson");
                    let columns = display_width(line);
                    assert!(
                        is_code || columns <= width,
                        "{columns} of {width}: {line:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour_to_results() {
    for lang in [Lang::En, Lang::It] {
        for events in [stream(), more()] {
            let plain = shown(&events, style(80, lang));
            let coloured = shown(
                &events,
                Style {
                    colour: true,
                    ..style(80, lang)
                },
            );
            assert!(!plain.contains('\u{1b}'));
            assert_ne!(plain, coloured);
            assert_eq!(stripped(&coloured), plain);
        }
        assert!(!shown_lesson(style(80, lang), Options::default()).contains('\u{1b}'));
    }
}

/// Text without the sequences that set colour.
fn stripped(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

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
    let failure = Error {
        kind: ErrorKind::System,
        what: Some(evil.to_owned()),
        detail: Some(evil.to_owned()),
    };
    events.insert(1, Event::Error(failure));
    events.iter().for_each(|event| view.event(event).unwrap());
    view.heading(evil).unwrap();
    view.prose(&format!(
        "{evil} `{evil}` [{evil}](<x{evil}>) &#27;[2J <b{evil}>\n\n    {evil}\n"
    ))
    .unwrap();
    view.question(evil, &[evil.to_owned()]).unwrap();
    view.parts(
        evil,
        &[Part {
            name: evil.to_owned(),
            title: evil.to_owned(),
        }],
    )
    .unwrap();
    let [place, message, source, caret] = [evil; 4].map(str::to_owned);
    view.fault(&Fault {
        place,
        message,
        source,
        caret,
    })
    .unwrap();
    for text in [out.text(), err.text()] {
        assert!(text.contains('␛'));
        let control = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert_eq!(text.find(control), None, "{text:?}");
    }
}

#[test]
fn quiet_shows_results_and_no_lesson() {
    let quiet = Options {
        quiet: true,
        prompting: false,
    };
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
    let answering = text_at(Options {
        quiet: true,
        prompting: true,
    });
    assert!(answering.contains("Where?") && answering.contains("Enter skips"));
}

#[test]
fn what_was_measured_before_a_failure_is_shown() {
    let (mut view, out, err) = text(style(80, Lang::En), Options::default());
    view.event(&start("lesson")).unwrap();
    view.event(&run("unlocked", 0, 0.1, 42)).unwrap();
    view.error(&Error {
        kind: ErrorKind::TimeLimit,
        what: None,
        detail: None,
    })
    .unwrap();
    view.event(&Event::End(End {
        exit: 124,
        reason: Some(EndReason::TimeLimit),
    }))
    .unwrap();
    assert!(out.text().contains("right 0 of 1"), "{}", out.text());
    assert_eq!(out.text().matches("right 0 of 1").count(), 1);
    assert!(err.text().contains("--seconds-limit"));
    assert!(err.text().ends_with("measured until then\n"));
}

#[test]
fn a_failure_is_told_once() {
    let (mut view, _, err) = text(style(80, Lang::It), Options::default());
    view.error(&Error {
        kind: ErrorKind::Panic,
        what: None,
        detail: None,
    })
    .unwrap();
    let told = err.text();
    view.event(&Event::End(End {
        exit: 1,
        reason: Some(EndReason::Failed),
    }))
    .unwrap();
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
    let mut text = Text::new(
        Box::new(Closed),
        Box::new(Kept::default()),
        style,
        Options::default(),
    );
    assert_eq!(
        text.heading("x").unwrap_err().kind(),
        io::ErrorKind::BrokenPipe
    );
    let mut json = Json::new(Box::new(Closed));
    let end = Event::End(End {
        exit: 0,
        reason: None,
    });
    assert_eq!(
        json.event(&end).unwrap_err().kind(),
        io::ErrorKind::BrokenPipe
    );
}

#[test]
fn json_is_one_line_an_event_and_nothing_of_the_lesson() {
    let out = Kept::default();
    let mut view = Json::new(Box::new(out.clone()));
    let mut expected = String::new();
    for event in stream() {
        view.event(&event).unwrap();
        expected += &(serde_json::to_string(&event).unwrap() + "\n");
        assert_eq!(
            out.text(),
            expected,
            "each line is out before the next event"
        );
    }
    view.prose("not shown").unwrap();
    view.heading("not shown").unwrap();
    assert_eq!(out.text(), expected);
}

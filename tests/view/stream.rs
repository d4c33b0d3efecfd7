//! A fixed stream of events, every block of a lesson, and a view that keeps what it writes.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use parlab::event::*;
use parlab::lesson::doc::Lang;
use parlab::view::style::Style;
use parlab::view::text::{Options, Text};
use parlab::view::{CodeBlock, Part, View};

/// A stream that keeps what was written.
#[derive(Clone, Default)]
pub struct Kept(Rc<RefCell<Vec<u8>>>);

impl Kept {
    pub fn text(&self) -> String {
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

pub fn style(width: usize, lang: Lang) -> Style {
    Style { colour: false, errors_colour: false, width, lang, live: false }
}

/// A text view, and what it writes to stdout and stderr.
pub fn text(style: Style, options: Options) -> (Text, Kept, Kept) {
    let (out, err) = (Kept::default(), Kept::default());
    let view = Text::new(Box::new(out.clone()), Box::new(err.clone()), style, options);
    (view, out, err)
}

pub fn run(variant: &str, index: u32, time_s: f64, got: i64) -> Event {
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
        lost: Some([("deposit".to_owned(), lost[0]), ("withdraw".to_owned(), lost[1])].into()),
        ..Run::default()
    })
}

fn step(process: &str, op: Op, value: i64, write: (u8, u32)) -> Step {
    Step { process: process.to_owned(), op, value, write }
}

pub fn lost_update(lost: u32) -> Event {
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
        replay: Some(Replay {
            program: "lock".to_owned(),
            processes: vec!["withdraw".to_owned(), "deposit".to_owned()],
            schedule: "ABAB".to_owned(),
            from: 57,
        }),
    })
}

fn summarized(variant: &str, right: u32, median_s: f64, ratio: f64, half: f64) -> VariantSummary {
    VariantSummary {
        variant: variant.to_owned(),
        racy: variant.contains("unlocked") || variant == "half-locked",
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

pub fn start(command: &str) -> Event {
    Event::Start(Box::new(Start {
        schema: SCHEMA,
        command: command.to_owned(),
        lesson: "lock".to_owned(),
        program: None,
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
    }))
}

pub fn stream() -> Vec<Event> {
    let unlocked = [-2213, 100, 1187, -840, -2150, 412, 96, 2911, -310, 3004];
    let half = [-610, 740, 101, -12, 220, 388, 95, -77, 1203, 64];
    let mut events = vec![start("compare")];
    events.push(Event::Python(Python {
        path: Some("/usr/bin/python3".to_owned()),
        version: Some("3.11.2".to_owned()),
        gil: Some(true),
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
    events.push(Event::End(End { exit: 0, reason: None }));
    events
}

pub fn shown(events: &[Event], style: Style) -> String {
    let (mut view, out, _) = text(style, Options::default());
    for event in events {
        view.event(event).unwrap();
    }
    out.text()
}

/// Every kind of block of a lesson.
pub fn lesson(view: &mut dyn View) {
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
    view.question("Where does the balance *end*?", &answers).unwrap();
    view.ask_again(answers.len()).unwrap();
    view.verdict(Some(&answers[0]), Some(false), "Elsewhere in 9 of 10 runs.", Some("Read it."))
        .unwrap();
    view.verdict(None, None, "Elsewhere in 9 of 10 runs.", None).unwrap();
    view.why("`atomic` wins: **one** instruction.").unwrap();
    let part = |name: &str, title: &str| Part {
        name: name.to_owned(),
        title: title.to_owned(),
        about: title.to_owned(),
    };
    view.parts("lock", &[part("price", "What a lock costs"), part("two-locks", "A *deadlock*")])
        .unwrap();
}

pub fn shown_lesson(style: Style, options: Options) -> String {
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
        waits: vec![wait("left", 4711, "lock B", "right"), wait("right", 4712, "lock A", "left")],
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

fn curve(variant: &str, [x, y]: [&str; 2], points: &[(f64, f64)]) -> Event {
    Event::Curve(Curve {
        experiment: "price".to_owned(),
        variant: variant.to_owned(),
        x: x.to_owned(),
        y: y.to_owned(),
        points: points.to_vec(),
        reference: ["ideal", "ceiling"].contains(&variant),
    })
}

/// Four plots: one whose axes are logarithmic, one whose axes are not, and whose curves meet each
/// other and the lines that they are held against; one of a single point; and one that begins at 0
/// on a logarithmic axis.
fn curves() -> [Event; 9] {
    let grown = |start: f64, each: f64| {
        let sizes = (0..=7).map(|power| 10_f64.powi(power));
        sizes.map(|n| (n, start + each * n)).collect::<Vec<_>>()
    };
    let time = ["n", "time_s"];
    let speed = ["workers", "speedup"];
    let wrong = ["window_s", "wrong_share"];
    let widths = |shares: [f64; 5]| [0.0, 1e-6, 1e-5, 1e-4, 1e-3].into_iter().zip(shares);
    [
        curve("pipe", time, &grown(2e-5, 2e-8)),
        curve("shm", time, &grown(5e-6, 2e-9)),
        curve("ideal", speed, &[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0)]),
        curve("ceiling", speed, &[(1.0, 2.3), (2.0, 2.3), (3.0, 2.3), (4.0, 2.3)]),
        curve("computing", speed, &[(1.0, 1.0), (2.0, 1.7), (3.0, 2.2), (4.0, 2.1)]),
        curve("waiting", speed, &[(1.0, 1.0), (2.0, 2.0), (3.0, 2.9), (4.0, 3.6)]),
        curve("flat", ["n", "runs"], &[(1.0, 5.0)]),
        curve("unlocked", wrong, &widths([0.0, 0.1, 0.5, 0.95, 1.0]).collect::<Vec<_>>()),
        curve("locked", wrong, &widths([0.0; 5]).collect::<Vec<_>>()),
    ]
}

/// What there is besides the stream of a comparison: a histogram, a deadlock, figures, plots.
pub fn more() -> Vec<Event> {
    let mut events = vec![start("lesson"), deadlock()];
    for index in 0..40_u32 {
        let spread = i64::from(index * index % 37) - i64::from(index % 11);
        events.push(run("unlocked", index, 0.0003, 90 + spread));
        events.push(run("locked", index, 0.0019, 100));
    }
    events.push(Event::Run(Run {
        experiment: "bank".to_owned(),
        variant: "locked".to_owned(),
        index: 40,
        delayed: Some("deposit".to_owned()),
        ..Run::default()
    }));
    events.push(lost_update(3));
    events.push(measured("plain", 8.21, 93.4));
    events.push(measured("robust", 13.9, 121.0));
    events.extend(curves());
    events.push(Event::End(End { exit: 0, reason: None }));
    events
}

//! Lesson texts: how they are read, what is wrong with them and where, what they
//! say of what was measured.

use std::collections::BTreeMap;

use minijinja::{Environment, Error, ErrorKind};
use parlab::event::{self, Event};
use parlab::lesson::doc::{self, Doc, Kind, Lang};
use parlab::lesson::fault::{Fault, FaultKind};
use parlab::lesson::predict;
use parlab::lesson::region::{self, RegionError};
use parlab::lesson::template::{self, Renderer};
use parlab::lesson::translation;
use parlab::lesson::values::{Names, Values};
use proptest::prelude::*;

mod faults;
mod languages;
mod partitions;
mod pointers;
mod predictions;
mod reading;
mod regions;
mod rendering;
mod robustness;
mod values;

const EN: &str = include_str!("race.en.md");
const IT: &str = include_str!("race.it.md");

fn parsed(source: &str) -> Doc {
    doc::parse("race.md", source).unwrap_or_else(|faults| panic!("{}", listed(&faults)))
}

fn listed(faults: &[Fault]) -> String {
    let lines = faults.iter().map(|f| format!("{}:{} {}: {}", f.line, f.column, f.kind, f.detail));
    lines.collect::<Vec<_>>().join("\n")
}

/// The faults of the English lesson in which one stretch is replaced.
#[track_caller]
fn faults_with(old: &str, new: &str) -> String {
    assert_eq!(EN.matches(old).count(), 1, "{old:?} does not stand once in the lesson");
    doc::parse("race.md", &EN.replace(old, new))
        .map_or_else(|faults| listed(&faults), |_| String::new())
}

/// Line and column of a stretch of the English lesson.
#[track_caller]
fn place(stretch: &str) -> String {
    let at = EN.find(stretch).expect("the stretch stands in the lesson");
    let line = EN[..at].matches('\n').count() + 1;
    let start = EN[..at].rfind('\n').map_or(0, |newline| newline + 1);
    format!("{line}:{}", EN[start..at].chars().count() + 1)
}

fn machine() -> event::Machine {
    event::Machine {
        cpus: 2,
        usable: vec![0, 1],
        logical_cpus: 8,
        quota_cpus: None,
        load_1m: Some(0.5),
        arch: "x86_64".into(),
        kernel: "6.1".into(),
    }
}

fn names() -> Names {
    Names {
        variants: ["unlocked", "half-locked", "python-unlocked"].map(String::from).into(),
        figures: vec!["step-ns".into()],
        experiment_figures: vec!["window_ns".into()],
    }
}

fn renderer() -> Renderer {
    Renderer::new(|env: &mut Environment<'static>| {
        env.add_filter("time", |seconds: f64| format!("{:.1} ms", seconds * 1e3));
        env.add_filter("never", |_: f64| {
            Err::<String, _>(Error::new(ErrorKind::InvalidOperation, "never"))
        });
    })
}

fn run(variant: &str, got: i64) -> event::Run {
    event::Run {
        experiment: "bank".into(),
        variant: variant.into(),
        time_s: Some(0.001),
        expected: Some(100),
        got: Some(got),
        correct: Some(got == 100),
        overlap: Some(if got == 100 { 0.0 } else { 0.9 }),
        ..event::Run::default()
    }
}

fn traced(variant: &str, lost: u64) -> event::Run {
    event::Run {
        traced: true,
        time_s: None,
        updates: Some(20),
        lost: Some(BTreeMap::from([("deposit".into(), lost), ("withdraw".into(), 1)])),
        ..run(variant, 100 - lost as i64)
    }
}

fn summary(winner: Option<&str>) -> event::Summary {
    let variant = event::VariantSummary {
        racy: false,
        variant: "unlocked".into(),
        runs: 3,
        correct_runs: 1,
        median_s: Some(0.0015),
        q1_s: Some(0.001),
        q3_s: Some(0.002),
        ratio: Some(1.0),
        ratio_low: None,
        ratio_high: None,
    };
    event::Summary {
        experiment: "bank".into(),
        baseline: "unlocked".into(),
        variants: vec![variant],
        winner: winner.map(String::from),
    }
}

/// Values after a run of `unlocked` alone, three times right and wrong, two of them traced.
fn measured() -> Values {
    let mut values = expected();
    for got in [100, 40, 160] {
        values.take("race", &Event::Run(run("unlocked", got)));
    }
    values.take("race", &Event::Run(traced("unlocked", 5)));
    values.take("race", &Event::Run(traced("unlocked", 0)));
    values.take("race", &Event::Summary(summary(None)));
    values
}

fn expected() -> Values {
    let mut values = Values::new(&machine());
    values.expect("race", &names());
    values
}

/// Renders a text that stands after the run block.
fn rendered(text: &str, values: &Values) -> Result<String, String> {
    let lesson = parsed(&format!("# T\n```parlab code c\nrust = \"r\"\n```\nè {text}"));
    let Kind::Text(template) = &lesson.blocks.last().unwrap().kind else { panic!("no text") };
    renderer()
        .render(&lesson, template, values)
        .map(|text| text.strip_prefix("è ").unwrap().to_owned())
        .map_err(|fault| listed(&[fault]))
}

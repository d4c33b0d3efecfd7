//! `lessons/README.md`, what a lesson file can say, against the code that reads one.

use std::collections::BTreeSet;
use std::rc::Rc;

use parlab::experiments::{LESSONS, Opt};
use parlab::lesson::doc;

use crate::parlab::Parlab;
use crate::room::Room;

const DOCUMENT: &str = include_str!("../../lessons/README.md");
const FAULTS: &str = include_str!("../../src/lesson/fault.rs");
const VALUES: &str = include_str!("../../src/lesson/values.rs");
const MACHINE: &str = include_str!("../../src/event/start.rs");
const PYTHON: &str = include_str!("../../src/event.rs");
const TEMPLATE: &str = include_str!("../../src/lesson/template.rs");
const FORMAT: &str = include_str!("../../src/view/format.rs");

/// Holds that the document names this as code.
#[track_caller]
fn named(what: &str, name: &str) {
    // `plural(one=…)`, `race.V.runs` and `parlab run NAME` name what they begin or end with, too.
    let mut spans = DOCUMENT.split('`').skip(1).step_by(2);
    let words = |span: &str| -> Vec<String> {
        span.split(|c: char| !c.is_alphanumeric() && c != '_').map(String::from).collect()
    };
    assert!(
        spans.any(|span| words(span).iter().any(|word| word == name)),
        "{what} `{name}` is not named"
    );
}

/// The names of a struct's fields, or of an enum's cases in small letters, as the source has them.
fn members(source: &str, head: &str) -> Vec<String> {
    let (_, body) = source.split_once(head).unwrap_or_else(|| panic!("no {head}"));
    let body = body.split("\n}").next().unwrap();
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with(['/', '#']));
    let name = |line: &str| line.trim_start_matches("pub ").split([':', ',']).next().map(snake);
    lines.filter_map(name).filter(|name| !name.is_empty()).collect()
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// The names that stand in a fault's detail: "unknown field `zzz`, expected one of `a`, `b`".
fn expected_fields(block: &str) -> BTreeSet<String> {
    let text = format!("# T\n\n```parlab {block}\n```\n");
    let faults = doc::parse("x.md", &text).expect_err("there is no such field");
    let details: String = faults.iter().map(|fault| fault.detail.clone() + " ").collect();
    let fields: BTreeSet<String> =
        details.split('`').skip(1).step_by(2).filter(|f| *f != "zzz").map(String::from).collect();
    assert!(!fields.is_empty(), "{block}: {details}");
    fields
}

#[test]
fn every_block_and_every_field_of_its_body_is_told() {
    let answer = "question = \"\"\nafter = \"x\"\nanswers = [{ zzz = 1 }]";
    let bodies = [
        ("code x", "zzz = 1"),
        ("ask x", "zzz = 1"),
        ("ask x", answer),
        ("run x", "experiment = \"bank\"\nzzz = 1"),
        ("verdict x", "zzz = 1"),
        ("part x", "zzz = 1"),
        ("level x", "zzz = 1"),
    ];
    for (block, body) in bodies {
        let kind = block.split(' ').next().unwrap();
        assert!(DOCUMENT.contains(&format!("`parlab {kind} ")), "no `parlab {kind}`");
        for field in expected_fields(&format!("{block}\n{body}")) {
            named(kind, &field);
        }
    }
    assert!(DOCUMENT.contains("`parlab why EXPERIMENT`"));
    named("run", "experiment");
    named("run", "fixed");
    for option in parlab::experiments::options::ALL {
        named("option", Opt::field(option));
    }
}

#[test]
fn every_fault_is_told_by_the_kind_that_json_has() {
    let kinds = members(FAULTS, "pub enum FaultKind {");
    assert!(kinds.len() > 30, "{kinds:?}");
    kinds.iter().for_each(|kind| named("fault", kind));
}

#[test]
fn every_filter_test_and_function_is_told() {
    let both = [TEMPLATE, FORMAT].concat();
    let mut found = 0;
    for adds in ["add_filter(\"", "add_test(\"", "add_function(\""] {
        for piece in both.split(adds).skip(1) {
            named("filter", piece.split('"').next().unwrap());
            found += 1;
        }
    }
    assert!(found > 15, "only {found} found in the sources");
}

#[test]
fn every_value_is_told() {
    let own = ["figures", "variants", "variant_figures"];
    for head in ["struct RunValues {", "struct VariantValues {"] {
        let names = members(VALUES, head);
        assert!(names.len() > 5, "{names:?}");
        names.iter().filter(|name| !own.contains(&name.as_str())).for_each(|n| named("value", n));
    }
    members(MACHINE, "pub struct Machine {").iter().for_each(|name| named("machine", name));
    members(PYTHON, "pub struct Python {")
        .iter()
        .filter(|n| *n != "experiment")
        .for_each(|n| named("python", n));
}

#[test]
fn the_list_names_every_experiment_with_its_variants_and_figures_as_the_document_says() {
    let rows = Parlab::new().args(["list", "--json"]).run().lines();
    assert_eq!(rows.len(), LESSONS.len());
    for (row, lesson) in rows.iter().zip(LESSONS) {
        let told = row["experiments"].as_array().unwrap();
        assert_eq!(told.len(), lesson.experiments.len(), "{row}");
        for (told, one) in told.iter().zip(lesson.experiments) {
            assert_eq!(told["experiment"], one.name);
            assert_eq!(told["variants"], serde_json::json!(one.variants));
            assert_eq!(told["figures"], serde_json::json!(one.figures));
            assert_eq!(told["experiment_figures"], serde_json::json!(one.experiment_figures));
            told.as_object().unwrap().keys().for_each(|field| named("list", field));
        }
    }
}

#[test]
fn its_pieces_are_a_lesson_without_fault_that_runs() {
    let pieces = DOCUMENT.split("\n````markdown\n").skip(1);
    let text: Vec<&str> = pieces.map(|piece| piece.split("\n````\n").next().unwrap()).collect();
    assert!(text.len() >= 7, "only {} pieces", text.len());
    let room = Rc::new(Room::new());
    room.file("x.md", text.join("\n\n") + "\n");
    Parlab::in_room(&room).args(["check", "x.md"]).run().stdout_has("No faults");
    let args = ["lesson", "./x.md", "--part", "all", "--no-python", "--runs", "1"];
    Parlab::in_room(&room).args(args).run().stdout_has("Two processes, one number");
}

//! The course as text and as JSON, from given rows: one line a lesson at every width, and nothing
//! told by colour alone.

use parlab::lesson::doc::Lang;
use parlab::view::json::Json;
use parlab::view::style::Style;
use parlab::view::text::Options;
use parlab::view::{CourseAnswer, CourseRow, Stage, View};
use textwrap::core::display_width;

use crate::stream::{style, text};

const STAGES: [Stage; 3] = [Stage::Done, Stage::Begun, Stage::New];

fn rows() -> Vec<CourseRow> {
    let row = |(at, stage): (usize, Stage)| CourseRow {
        number: at + 1,
        lesson: format!("lesson-{at}"),
        title: "Il manager: un processo a cui appartengono\u{1b}[31m i dati, e altro".to_owned(),
        stage,
        here: stage == Stage::Begun,
        right: 3 - at,
        asked: if stage == Stage::New { 0 } else { 3 },
        parts: vec!["one".to_owned(), "two".to_owned()],
        parts_done: vec!["one".to_owned()],
        answers: vec![CourseAnswer { ask: "a".to_owned(), said: None, right: None }],
        changed_s: (stage != Stage::New).then_some(7),
    };
    STAGES.into_iter().enumerate().map(row).collect()
}

fn drawn(style: Style, next: Option<usize>) -> String {
    let (mut view, out, err) = text(style, Options { quiet: false, prompting: true });
    view.course(&rows(), next).unwrap();
    assert_eq!(err.text(), "");
    out.text()
}

#[test]
fn a_lesson_is_a_line_at_every_width_and_says_all_there_is_to_say() {
    for (lang, some) in [(Lang::En, "3 of 3"), (Lang::It, "3 su 3")] {
        for width in [40, 60, 80, 100] {
            let text = drawn(style(width, lang), Some(1));
            assert!(text.lines().all(|line| display_width(line) <= width), "{text}");
            for (number, mark) in [(" 1", "✓"), ("→ 2", "…"), (" 3", "·")] {
                let starts = format!("{number}  {mark}  Il manager");
                let of_it = |line: &&str| line.trim_start_matches("  ").starts_with(starts.trim());
                assert_eq!(text.lines().filter(of_it).count(), 1, "{starts}\n{text}");
            }
            assert!(text.contains(some) && !text.contains('\u{1b}'), "{text}");
            assert!(text.contains("2\u{a0}two") && text.contains("2\u{a0}all"), "{text}");
        }
    }
}

#[test]
fn colour_adds_nothing_to_the_words() {
    for next in [Some(0), Some(1), Some(2), None] {
        let plain = style(80, Lang::En);
        let coloured = drawn(Style { colour: true, ..plain }, next);
        let mut pieces = coloured.split('\u{1b}');
        let mut bare = pieces.next().unwrap().to_owned();
        for piece in pieces {
            bare.push_str(piece.split_once('m').unwrap().1);
        }
        assert_ne!(coloured, bare);
        // Without colour, what is typed stands in backticks.
        let words = |text: &str| {
            text.replace('`', "").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(words(&bare), words(&drawn(plain, next)));
    }
}

#[test]
fn where_nobody_is_asked_nothing_is_to_be_typed() {
    let (mut view, out, _) = text(style(80, Lang::En), Options::default());
    view.course(&rows(), Some(1)).unwrap();
    assert!(!out.text().contains("Enter"), "{}", out.text());
}

#[test]
fn in_json_a_lesson_is_a_line_with_its_fields() {
    let mut json = Json::new(Vec::new());
    json.course(&rows(), Some(1)).unwrap();
    let text = String::from_utf8(json.into_inner()).unwrap();
    let second = text.lines().nth(1).unwrap();
    let second: serde_json::Value = serde_json::from_str(second).unwrap();
    let names: Vec<&String> = second.as_object().unwrap().keys().collect();
    let fields = ["number", "lesson", "title", "stage", "here", "right", "asked", "parts"];
    assert_eq!(names, [&fields[..], &["parts_done", "answers", "changed_s"]].concat());
    assert_eq!((&second["stage"], &second["here"]), (&"begun".into(), &true.into()));
    assert_eq!(text.lines().count(), 3);
}

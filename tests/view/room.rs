//! Several runs side by side: what is laid together, and that it fits wherever it is drawn.

use parlab::event::*;
use parlab::lesson::doc::Lang;
use parlab::view::text::Options;
use parlab::view::{Question, View};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::stream::{style, text};

fn group(cpus: usize, python: Option<&str>, got: &[i64], ratios: &[f64]) -> Group {
    let right = got.iter().filter(|got| **got == 100).count();
    Group {
        cpus,
        python: python.map(str::to_owned),
        files: ratios.len() as u32,
        runs: got.len() as u32,
        correct_runs: right as u32,
        ends: vec![Ends { expected: 100, got: got.to_vec() }],
        ratios: ratios.to_vec(),
    }
}

/// A room in which there is something of everything.
pub fn room() -> Room {
    let variants = |variant: &str, groups| Variants { variant: variant.to_owned(), groups };
    let alike = |cpus, files| Alike {
        cpus,
        arch: "x86_64".to_owned(),
        kernel: "6.1.0-18-amd64".to_owned(),
        files,
    };
    let reached = |value, schedules, files| Reached {
        value,
        schedules,
        observed: schedules * 3,
        free: 40,
        files,
    };
    Room {
        command: "lesson".to_owned(),
        lesson: "lock".to_owned(),
        program: None,
        files: 3,
        machines: vec![alike(2, 2), alike(8, 1)],
        differing: json!({"runs": [10, 40, null]}).as_object().unwrap().clone(),
        experiments: vec![Together {
            experiment: "bank".to_owned(),
            compared: vec!["unlocked".to_owned(), "locked".to_owned()],
            turn: 1,
            baseline: "unlocked".to_owned(),
            variants: vec![
                variants(
                    "unlocked",
                    vec![
                        group(2, None, &[100, -2213, 7, 40], &[1.0, 1.0]),
                        group(8, None, &[99, 3000, 100], &[1.0]),
                    ],
                ),
                variants("locked", vec![group(2, None, &[100; 40], &[1.5, 2.5])]),
                variants(
                    "python-half-locked",
                    vec![
                        group(2, Some("3.11"), &[100, 4], &[20.0, 30.0]),
                        group(8, Some("3.13t"), &[1], &[80.0]),
                    ],
                ),
            ],
        }],
        programs: vec![Explored {
            experiment: "two-locks".to_owned(),
            variant: "opposite-order".to_owned(),
            ops: 1,
            processes: 2,
            word: "transfers".to_owned(),
            right: 2,
            files: 3,
            total: 6,
            ran: 18,
            outcomes: vec![reached(Some(2), 4, 3), reached(None, 2, 1)],
        }],
        prices: vec![Dearer { means: "pool task".to_owned(), ratios: vec![8.3, 13.4, 40.0] }],
        predictions: vec![Prediction {
            ask: "where".to_owned(),
            files: 3,
            unsaid: 1,
            answers: vec![
                Believed { belief: "always".to_owned(), said: 2, held: 0 },
                Believed { belief: "of-old".to_owned(), said: 0, held: 3 },
            ],
        }],
    }
}

/// The question that it asks; one of its beliefs is of an older text.
pub fn questions() -> Vec<Question> {
    let answers = [("always", "At **100**, always."), ("never", "Never at `100`.")];
    vec![Question {
        ask: "where".to_owned(),
        text: "Where does the balance end, run after run?".to_owned(),
        answers: answers.map(|(belief, text)| (belief.to_owned(), text.to_owned())).into(),
    }]
}

fn drawn(width: usize, lang: Lang) -> String {
    let (mut view, out, _) = text(style(width, lang), Options::default());
    view.room(&room(), &questions()).unwrap();
    out.text()
}

/// The words of a line of a table, by its first.
fn row<'a>(page: &'a str, first: &str) -> Vec<&'a str> {
    let mut lines = page.lines().skip_while(|line| !line.contains("from–to"));
    let line = lines.find(|line| line.trim_start().starts_with(first));
    line.unwrap_or_else(|| panic!("no {first}\n{page}"))
        .split("  ")
        .map(str::trim)
        .filter(|w| !w.is_empty())
        .collect()
}

#[test]
fn it_fits_wherever_it_is_drawn() {
    for lang in [Lang::En, Lang::It] {
        for width in [60, 80, 100] {
            let page = drawn(width, lang);
            for line in page.lines() {
                assert!(line.width() <= width, "{width} {lang:?}: {line}\n{page}");
            }
        }
    }
}

#[test]
fn files_are_counted_and_each_ratio_is_one_machine_s_own() {
    let page = drawn(80, Lang::En);
    assert_eq!(row(&page, "unlocked"), ["unlocked", "3", "2/7", "–", "baseline"]);
    assert_eq!(row(&page, "· 8 CPUs "), ["· 8 CPUs", "1", "1/3", "–", "baseline"]);
    assert_eq!(row(&page, "locked"), ["locked", "2", "40/40", "×2.00", "1.50–2.50"]);
    assert_eq!(row(&page, "python-half"), ["python-half-locked", "3", "1/3", "×30", "20–80"]);
    assert_eq!(row(&page, "· 8 CPUs, P"), ["· 8 CPUs, Python 3.13t", "1", "0/1", "×80", "–"]);
    for words in [
        "2 files with 2 CPUs usable",
        "runs 10 | 40 | not set",
        "right 2 of 7",
        "python-half-locked, by kind of machine",
        "said in 2, held in 0 of 3 files",
        "2. Never at `100`.\n     said in 0, held in 0 of 3 files",
        "3. `of-old`\n     said in 0, held in 3 of 3 files",
        "No answer in 1 of 3 files",
    ] {
        assert!(page.contains(words), "no {words:?}\n{page}");
    }
}

#[test]
fn who_has_no_question_reads_the_beliefs_by_name() {
    let (mut view, out, _) = text(style(80, Lang::It), Options::default());
    view.event(&Event::Room(Box::new(room()))).unwrap();
    assert!(out.text().contains("1. `always`\n"), "{}", out.text());
    let nothing = Room { files: 2, ..Room::default() };
    let (mut view, out, _) = text(style(80, Lang::En), Options::default());
    view.event(&Event::Room(Box::new(nothing))).unwrap();
    assert!(out.text().contains("Nothing in these files"), "{}", out.text());
}

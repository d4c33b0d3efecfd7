//! The histogram of all schedules: what was counted, what was run, and which end is right.

use parlab::event::{Act, Event, Outcome, Schedules, Script};
use parlab::lesson::doc::Lang;
use parlab::view::View;
use parlab::view::text::Options;
use unicode_width::UnicodeWidthStr;

use crate::stream::{style, text};

fn script(process: &str, name: &str, change: i32) -> Script {
    let steps = vec![Act::Acquire(0), Act::Load, Act::Store(change), Act::Release(0)];
    Script { process: process.to_owned(), name: name.to_owned(), steps }
}

/// Three ends, the middle one right, and some that get stuck.
fn told(total: u64, ran: u64, free: bool) -> Schedules {
    let outcome = |(value, schedules)| Outcome {
        value,
        schedules,
        observed: schedules.min(ran),
        free: free.then_some(7),
    };
    Schedules {
        experiment: "bank".to_owned(),
        variant: "unlocked".to_owned(),
        ops: 1,
        processes: 2,
        word: "balance".to_owned(),
        scripts: vec![script("A", "withdraw", -1), script("B", "deposit", 1)],
        start: 100,
        right: 100,
        total,
        ran,
        correct: total / 4,
        stuck: total / 4,
        stuck_observed: ran / 4,
        stuck_free: free.then_some(0),
        shortest_stuck: Some("AB".to_owned()),
        steps: 4 * ran,
        time_s: 0.001,
        free_runs: if free { 21 } else { 0 },
        pids: vec![2, 3],
        outcomes: [(99, total / 4), (100, total / 4), (101, total / 4)].map(outcome).to_vec(),
    }
}

fn drawn(told: Schedules, width: usize, lang: Lang) -> String {
    let (mut view, out, _) = text(style(width, lang), Options::default());
    view.event(&Event::Schedules(told)).unwrap();
    out.text()
}

#[test]
fn it_fits_wherever_it_is_drawn() {
    for lang in [Lang::En, Lang::It] {
        for width in [40, 60, 80, 100] {
            for (total, ran) in [(8, 8), (137_846_528_820, 20_000)] {
                let page = drawn(told(total, ran, true), width, lang);
                for line in page.lines() {
                    assert!(line.width() <= width, "{} at {width}: {line:?}\n{page}", line.width());
                }
            }
        }
    }
}

#[test]
fn the_right_end_is_marked_and_a_deadlock_has_a_row_of_its_own() {
    let page = drawn(told(8, 8, true), 100, Lang::En);
    assert!(page.contains("✓ 100") && !page.contains("✓ 99"), "{page}");
    assert!(page.lines().any(|line| line.trim_start().starts_with("stuck ")), "{page}");
    assert!(page.contains("2 of 8 schedules end right (25\u{a0}%)"), "{page}");
    assert!(page.replace("\n ", "").contains("the shortest is AB"), "{page}");
    let page = drawn(told(8, 8, true), 100, Lang::It);
    assert!(page.contains("mio = saldo") && page.contains("si bloccano"), "{page}");
}

#[test]
fn one_schedule_and_none_are_told_as_such() {
    let correct = |correct, lang| {
        let page = drawn(Schedules { correct, ..told(8, 8, true) }, 100, lang);
        page.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (lang, one, none) in [
        (Lang::En, "1 of 8 schedules ends right", "None of the schedules ends right (8)"),
        (Lang::It, "il risultato giusto 1 ordine su 8", "Nessun ordine dà il risultato giusto (8)"),
    ] {
        assert!(correct(1, lang).contains(one), "{}", correct(1, lang));
        assert!(correct(0, lang).contains(none), "{}", correct(0, lang));
    }
}

#[test]
fn a_sample_says_that_it_is_one_and_without_free_runs_there_is_no_column() {
    let page = drawn(told(137_846_528_820, 20_000, false), 80, Lang::En);
    assert!(page.contains("counted;") && page.contains("drawn at"), "{page}");
    assert!(!page.contains("free"), "{page}");
    assert!(drawn(told(8, 8, false), 80, Lang::En).contains("all truly run"));
}

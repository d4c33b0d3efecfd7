//! Chaos in the lesson *lock*: who is held up, what it does to a race, and that it measures nothing.

use parlab::event::{Curve, ErrorKind, Event, Run};

use crate::done::Done;
use crate::parlab::Parlab;
use crate::python::{SENSIBLE, pythons};

/// The widths of the window, in seconds, and the figures of the shares of wrong runs.
const WIDTHS: [(f64, &str); 5] = [
    (0.0, "at_none_share"),
    (1e-6, "at_1us_share"),
    (1e-5, "at_10us_share"),
    (1e-4, "at_100us_share"),
    (1e-3, "at_1ms_share"),
];
/// How often a test tries at most until chance has shown what it must.
const TRIES: u32 = 20;

fn compare(seed: &str, only: &str) -> Done {
    Parlab::compare(["--runs", "3", "--chaos", seed, "--only", only]).run()
}

/// The experiments that ended, in their order.
fn ended(done: &Done) -> Vec<String> {
    done.summaries().into_iter().map(|summary| summary.experiment).collect()
}

fn curves(done: &Done) -> Vec<Curve> {
    let curve = |event| if let Event::Curve(curve) = event { Some(curve) } else { None };
    done.events().into_iter().filter_map(curve).collect()
}

#[test]
fn one_process_is_held_up_and_the_seed_says_which() {
    let victim = |seed| {
        let runs: Vec<Run> = compare(seed, "unlocked,locked").runs();
        assert_eq!(runs.len(), 2 * 3 * 2);
        let victim = runs[0].delayed.clone().unwrap();
        assert!(runs.iter().all(|run| run.delayed.as_ref() == Some(&victim)), "{runs:?}");
        assert!(["withdraw", "deposit"].contains(&victim.as_str()));
        victim
    };
    assert_eq!(victim("7"), victim("7"));
    let others = ["0", "1", "2", "3", "4", "5", "6", "4294967295"].map(victim);
    assert!(others.iter().any(|other| *other != others[0]), "{others:?}");
}

#[test]
fn without_chaos_nobody_is_held_up() {
    let done = Parlab::compare(["--runs", "1", "--only", "unlocked"]).run();
    assert!(done.runs().iter().all(|run| run.delayed.is_none()), "{done}");
    assert_eq!(ended(&done), ["bank"]);
}

#[test]
fn a_run_in_which_somebody_is_held_up_has_no_time_and_never_wins() {
    let done = Parlab::compare(["--runs", "5", "--chaos", "1", "--iterations", "1000"]).run();
    assert!(done.runs().iter().all(|run| run.time_s.is_none()), "{done}");
    let summaries = done.summaries();
    assert_eq!(ended(&done), ["bank", "chaos"]);
    assert!(summaries.iter().all(|summary| summary.winner.is_none()), "{done}");
    // It is counted all the same, right or wrong.
    for variant in &summaries[0].variants {
        let racy = ["unlocked", "half-locked"].contains(&variant.variant.as_str());
        assert_eq!((variant.runs, variant.median_s, variant.ratio), (5, None, None));
        assert!(racy || variant.correct_runs == 5, "{variant:?}");
    }
}

#[test]
fn a_wide_window_shows_what_the_usual_one_hides_and_no_width_breaks_the_lock() {
    let shown = |_| {
        let done = compare("5", "unlocked,locked");
        let curves = curves(&done);
        let names: Vec<&str> = curves.iter().map(|curve| curve.variant.as_str()).collect();
        assert_eq!(names, ["unlocked", "locked"]);
        for curve in &curves {
            assert_eq!((curve.x.as_str(), curve.y.as_str()), ("window_s", "wrong_share"));
            let figures =
                WIDTHS.map(|(width, figure)| (width, done.number(&curve.variant, figure)));
            assert_eq!(curve.points, figures);
            assert!(curve.points.iter().all(|point| (0.0..=1.0).contains(&point.1)), "{curve:?}");
        }
        assert_eq!(done.number("locked", "wrong"), 0.0, "{done}");
        assert_eq!(done.number("", "runs_each"), 12.0);
        done.number("unlocked", "at_none_share") < done.number("unlocked", "at_1ms_share")
    };
    assert!((0..TRIES).any(shown), "the window made no difference {TRIES} times");
}

#[test]
fn a_lesson_with_chaos_ends_with_the_part_that_explains_it_and_one_of_chosen_parts_does_not() {
    let lesson = |args: &[&str]| {
        let short = ["lesson", "lock", "--json", "--no-python", "--runs", "1", "--chaos", "7"];
        ended(&Parlab::new().args(short).args(args).run())
    };
    assert_eq!(lesson(&[]), ["bank", "bank", "chaos"]);
    assert_eq!(lesson(&["--part", "forgotten"]), ["forgotten"]);
}

#[test]
fn a_python_cannot_be_held_up_and_is_left_out() {
    let compare = |only: &str| {
        Parlab::compare(["--runs", "1", "--chaos", "7", "--only", only]).python(SENSIBLE).run()
    };
    let done = compare("unlocked,python-unlocked");
    assert!(done.runs().iter().all(|run| run.variant == "unlocked"), "{done}");
    assert!(pythons(&done).is_empty(), "{done}");
    compare("python-unlocked").one_error(ErrorKind::NothingRan).code(1);
}

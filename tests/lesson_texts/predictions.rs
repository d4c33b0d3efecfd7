//! How a prediction is judged.

use super::*;

/// An answer to the lesson's question, with other expressions.
fn judged(
    first: &str,
    second: &str,
    said: Option<usize>,
    values: &Values,
) -> Result<event::Answer, Fault> {
    let source = EN
        .replace("race.unlocked.correct_runs == race.unlocked.runs", first)
        .replace("race.unlocked.lost == 0", second);
    let lesson = parsed(&source);
    predict::judge(&lesson, lesson.ask("where").unwrap(), said, &renderer(), values)
}

#[test]
fn a_prediction_is_judged_by_what_was_measured() {
    let answer = |said| {
        judged("race.unlocked.wrong_runs == 0", "race.unlocked.lost > 0", said, &measured())
            .unwrap()
    };
    let nothing = answer(None);
    assert_eq!((nothing.ask.as_str(), nothing.said, nothing.right), ("where", None, None));
    assert_eq!(nothing.held, ["too-fast"]);
    assert_eq!(
        (answer(Some(0)).said.as_deref(), answer(Some(0)).right),
        (Some("one-step"), Some(false))
    );
    assert_eq!(answer(Some(1)).right, Some(true));
    assert_eq!(answer(Some(2)).right, None);
}

#[test]
fn nothing_holds_for_want_of_a_number() {
    for expression in [
        "race.half_locked.median_s < 1",
        "race.half_locked.median_s > 1",
        "race.half_locked.median_s != 1",
        "not race.half_locked.lost_runs",
        "race.half_locked.lost_runs is none",
        "(race.half_locked.median_s | time) == ''",
        "race.half_locked.deadlock is none",
    ] {
        let held = judged(expression, "race.unlocked.lost > 0", None, &measured()).unwrap().held;
        assert_eq!(held, ["too-fast"], "{expression}");
    }
}

#[test]
fn nor_does_anything_fall_for_want_of_a_number() {
    let judged = |first| judged(first, "race.unlocked.lost > 0", Some(0), &measured()).unwrap();
    assert_eq!(judged("race.half_locked.median_s < 1").right, None);
    assert_eq!(judged("race.half_locked.wrong_runs == 0 or race.unlocked.lost < 0").right, None);
    assert_eq!(judged("race.unlocked.lost < 0").right, Some(false));
}

#[test]
fn what_was_looked_for_and_not_found_can_be_an_answer() {
    let held = judged("race.winner != 'unlocked'", "not race.unlocked.deadlock", None, &measured())
        .unwrap()
        .held;
    assert_eq!(held, ["one-step", "too-fast"]);
    let held = judged("race.winner != 'unlocked'", "not race.unlocked.deadlock", None, &expected())
        .unwrap()
        .held;
    assert!(held.is_empty());
}

#[test]
fn a_name_that_does_not_exist_is_a_fault() {
    let fault = judged("race.half_locked.lost > 0 or rice.x", "true", None, &measured());
    assert!(fault.is_ok_and(|answer| answer.held == ["too-fast"]));
    let fault = judged("race.unlokced.lost > 0", "true", None, &measured()).unwrap_err();
    assert_eq!(listed(&[fault]), "20:15 unknown value: race.unlokced");
}

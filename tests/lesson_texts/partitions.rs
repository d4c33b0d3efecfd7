//! Questions about a race: whatever the runs end with, and however few they are, exactly one of
//! the foretold outcomes has come true.

use std::collections::BTreeSet;

use parlab::experiments;

use super::*;

/// The most runs that are tried: each band of an answer begins and ends below.
const MOST: u32 = 13;

/// Feeds in what the runs of one outcome would say: how many ran and how many of them were wrong.
type Play = fn(&mut Values, runs: u32, wrong: u32, alike: bool);

/// Lesson, question, the run block that it is asked about, and what that would say.
const QUESTIONS: [(&str, &str, &str, Play); 5] = [
    ("lock", "where", "race", |values, runs, wrong, alike| {
        play(values, "race", "unlocked", runs, wrong, alike);
    }),
    ("lock", "half", "half", |values, runs, wrong, alike| {
        play(values, "half", "half-locked", runs, wrong, alike);
    }),
    ("lock", "single", "single", |values, runs, wrong, alike| {
        // The tight loop goes wrong rarely, and once in a while it alone does.
        let (tight, widened) = if alike { (wrong, 0) } else { (0, wrong) };
        play(values, "single", "tight", runs, tight, true);
        play(values, "single", "widened", runs, widened, true);
    }),
    ("threads", "turns", "turns", |values, runs, wrong, _| {
        let told = serde_json::json!({ "runs": runs, "wrong_runs": wrong });
        values.take(
            "turns",
            &Event::Measure(event::Measure {
                experiment: "turns".to_owned(),
                variant: None,
                values: told.as_object().unwrap().clone(),
            }),
        );
    }),
    ("threads", "rust", "race", |values, runs, wrong, alike| {
        play(values, "race", "unlocked", runs, wrong, alike);
    }),
];

/// Runs of one variant; those that are wrong end alike or each at a number of its own.
fn play(values: &mut Values, id: &str, variant: &str, runs: u32, wrong: u32, alike: bool) {
    for index in 0..runs {
        let number = if alike { 1 } else { i64::from(index) + 1 };
        let got = if index < wrong { 100 - number } else { 100 };
        values.take(id, &Event::Run(run(variant, got)));
    }
}

fn names_of(doc: &Doc, id: &str) -> Names {
    let block = doc.runs().find(|block| block.id.value == id).unwrap();
    let (_, row) = experiments::experiment(&block.experiment.value).unwrap();
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Names {
        variants: owned(row.variants),
        figures: owned(row.figures),
        experiment_figures: owned(row.experiment_figures),
    }
}

/// The outcomes that came true. Two answers with the same expression foretell the same one, for
/// different reasons.
fn came_true(doc: &Doc, ask: &str, values: &Values) -> BTreeSet<String> {
    let ask = doc.ask(ask).unwrap();
    let held = predict::judge(doc, ask, None, &renderer(), values).unwrap().held;
    let held = ask.answers.iter().filter(|answer| held.contains(&answer.belief.value));
    held.map(|answer| answer.holds.source.clone()).collect()
}

#[test]
fn exactly_one_foretold_outcome_of_a_race_comes_true() {
    for (lesson, ask, id, play) in QUESTIONS {
        let texts = &experiments::lesson(lesson).unwrap().texts;
        for text in [texts.en, texts.it] {
            let doc = parsed(text);
            for (runs, alike) in (1..=MOST).flat_map(|runs| [(runs, true), (runs, false)]) {
                for wrong in 0..=runs {
                    let mut values = Values::new(&machine());
                    values.expect(id, &names_of(&doc, id));
                    play(&mut values, runs, wrong, alike);
                    let came = came_true(&doc, ask, &values);
                    let outcome = format!("{wrong} of {runs} wrong, alike: {alike}");
                    assert_eq!(came.len(), 1, "{lesson}/{ask}, {outcome}: {came:?}");
                }
            }
        }
    }
}

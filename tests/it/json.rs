//! The contract of `--json`, which other programs rely on.

use std::collections::BTreeSet;
use std::rc::Rc;

use parlab::event::{EndReason, Event, Run};
use serde_json::{Value, json};

use crate::done::Done;
use crate::parlab::{Parlab, lesson_text, pipe};
use crate::python::SENSIBLE;
use crate::room::Room;

/// The names of an object's fields.
fn fields(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The lines of one shape.
fn of<'a>(lines: &'a [Value], shape: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == shape).collect()
}

#[test]
fn the_first_line_is_start_and_the_last_is_end_and_there_is_one_of_each() {
    for done in [
        Parlab::compare(["--runs", "1"]).run(),
        Parlab::lesson(["experiment = \"two-locks\"", "experiment = \"owner-dies\""]).run(),
        Parlab::new().args(["lesson", "lock", "--json", "--no-python", "--runs", "1"]).run(),
    ] {
        let lines = done.lines();
        assert_eq!(lines[0]["event"], "start");
        assert_eq!(lines.last(), Some(&json!({"event": "end", "exit": 0, "reason": null})));
        assert_eq!((of(&lines, "start").len(), of(&lines, "end").len()), (1, 1));
    }
}

#[test]
fn every_line_is_an_event_without_a_field_that_is_not_documented() {
    // `events` holds both for each line.
    let python = Parlab::new().args(["compare", "lock", "--json", "--runs", "1", "-v"]);
    let everything = ["bank", "price", "owner-dies", "forgotten", "two-locks", "one-cpu"]
        .map(|name| format!("experiment = \"{name}\"\nruns = 1\niterations = 500"));
    let lesson = Parlab::lesson(everything.each_ref().map(String::as_str)).args(["-v"]);
    for done in [python.python(SENSIBLE).run(), lesson.run()] {
        assert!(done.events().len() > 10, "{done}");
    }
}

#[test]
fn start_tells_what_runs_with_what_on_what() {
    let args = ["--runs", "2", "--iterations", "77", "--only", "atomic,local", "--seed", "5"];
    let done = Parlab::compare(args).args(["--seconds-limit", "30"]).run();
    let start = &done.lines()[0];
    for (field, value) in
        [("schema", json!(1)), ("command", json!("compare")), ("lesson", json!("lock"))]
    {
        assert_eq!(start[field], value);
    }
    assert_eq!(
        start["params"],
        json!({"runs": 2, "iterations": 77, "only": ["atomic", "local"], "python": ["none"],
            "seed": 5, "seconds_limit": 30.0})
    );
    let machine = &start["machine"];
    assert!(machine["cpus"].as_u64() >= Some(1) && machine["usable"].as_array().is_some());
    let told = ["cpus", "usable", "logical_cpus", "quota_cpus", "load_1m", "arch", "kernel"];
    assert_eq!(fields(machine), told.into());
}

#[test]
fn start_names_a_lesson_file_by_its_stem() {
    let room = Rc::new(Room::new());
    let text = lesson_text(&["experiment = \"bank\"\nonly = [\"local\"]\nruns = 1"]);
    for (file, path, lesson) in [
        ("mine.md", "./mine.md", "mine"),
        ("mine.it.md", "mine.it.md", "mine"),
        ("folder/en.md", "./folder", "folder"),
        ("folder/it.md", "./folder/it.md", "folder"),
    ] {
        room.file(file, &text);
        let done = Parlab::in_room(&room).args(["lesson", path, "--json", "--no-python"]).run();
        assert_eq!(done.lines()[0]["lesson"], lesson, "{path}");
        assert_eq!(done.lines()[0]["command"], "lesson");
    }
}

#[test]
fn a_run_has_the_fields_that_scripts_rely_on() {
    let done = Parlab::compare(["--runs", "2", "--only", "unlocked"]).run();
    let lines = done.lines();
    let runs = of(&lines, "run");
    assert_eq!(runs.len(), 4, "{done}");
    for (place, run) in runs.iter().enumerate() {
        let traced = place >= 2;
        assert_eq!((&run["experiment"], &run["variant"]), (&json!("bank"), &json!("unlocked")));
        assert_eq!(run["index"], place % 2);
        assert_eq!(run["correct"], run["expected"] == run["got"]);
        assert!((0.0..=1.0).contains(&run["overlap"].as_f64().unwrap()));
        let mut known: BTreeSet<&str> =
            ["event", "experiment", "variant", "index", "time_s", "expected", "got"].into();
        known.extend(["correct", "overlap"]);
        if run.get("cpus").is_some() {
            known.insert("cpus");
        }
        if traced {
            known.extend(["traced", "updates", "lost"]);
            assert_eq!((&run["traced"], &run["time_s"]), (&json!(true), &Value::Null));
        } else {
            assert!(run["time_s"].as_f64().unwrap() > 0.0);
        }
        assert_eq!(fields(run), known);
    }
}

#[test]
fn a_run_of_a_python_says_which() {
    let run = Parlab::compare(["--runs", "1", "--only", "python-unlocked"]).python(SENSIBLE);
    let done = run.run();
    let lines = done.lines();
    let run = of(&lines, "run")[0];
    assert_eq!(run["variant"], "python-unlocked");
    let said = ["python", "start_method", "gil"].map(|field| run[field].clone());
    assert_eq!(said, [json!("3.11.2"), json!("fork"), json!(true)]);
}

/// The median of a slice, as the manual of the events has it.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

fn timed<'a>(runs: &'a [Run], variant: &'a str) -> impl Iterator<Item = &'a Run> {
    runs.iter().filter(move |run| run.variant == variant && !run.traced)
}

#[test]
fn the_summary_follows_from_the_runs() {
    let done = Parlab::compare(["--runs", "7"]).run();
    let (runs, summaries) = (done.runs(), done.summaries());
    let [summary] = summaries.as_slice() else { panic!("{done}") };
    assert_eq!((summary.experiment.as_str(), summary.baseline.as_str()), ("bank", "unlocked"));
    let names: Vec<&str> = summary.variants.iter().map(|v| v.variant.as_str()).collect();
    assert_eq!(names, ["unlocked", "half-locked", "locked", "coarse", "atomic", "local"]);
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    for variant in &summary.variants {
        let times: Vec<f64> = timed(&runs, &variant.variant).map(|r| r.time_s.unwrap()).collect();
        assert_eq!(variant.runs as usize, times.len());
        let right = timed(&runs, &variant.variant).filter(|r| r.correct == Some(true)).count();
        assert_eq!(variant.correct_runs as usize, right, "{variant:?}");
        assert!(close(variant.median_s.unwrap(), median(times.clone())), "{variant:?}");
        let pairs = timed(&runs, &variant.variant).zip(timed(&runs, "unlocked"));
        let ratios: Vec<f64> = pairs.map(|(a, b)| a.time_s.unwrap() / b.time_s.unwrap()).collect();
        assert!(close(variant.ratio.unwrap(), median(ratios)), "{variant:?}");
        let (q1, q3) = (variant.q1_s.unwrap(), variant.q3_s.unwrap());
        assert!(q1 <= variant.median_s.unwrap() && variant.median_s.unwrap() <= q3);
        if variant.variant != "unlocked" {
            let (low, high) = (variant.ratio_low.unwrap(), variant.ratio_high.unwrap());
            assert!(low <= variant.ratio.unwrap() && variant.ratio.unwrap() <= high);
        }
    }
}

#[test]
fn a_variant_with_a_wrong_run_never_wins() {
    for _ in 0..3 {
        let done = Parlab::compare(["--runs", "6"]).run();
        let summary = &done.summaries()[0];
        if let Some(winner) = &summary.winner {
            let wrong =
                done.runs().iter().any(|r| r.variant == *winner && r.correct == Some(false));
            assert!(!wrong, "{done}");
        }
    }
}

#[test]
fn under_five_runs_there_is_no_interval() {
    for (runs, has) in [("4", false), ("5", true)] {
        let done = Parlab::compare(["--runs", runs, "--only", "atomic,local"]).run();
        let local = done.summaries()[0].variants[1].clone();
        assert_eq!(local.variant, "local");
        assert_eq!((local.ratio_low.is_some(), local.ratio_high.is_some()), (has, has), "{done}");
        assert!(local.ratio.is_some());
    }
}

#[test]
fn the_first_named_variant_is_the_baseline_where_the_usual_one_is_left_out() {
    let done = Parlab::compare(["--runs", "1", "--only", "local,atomic"]).run();
    let summary = &done.summaries()[0];
    let order: Vec<&str> = summary.variants.iter().map(|v| v.variant.as_str()).collect();
    assert_eq!(order[0], summary.baseline, "{done}");
    assert_ne!(summary.baseline, "unlocked");
}

#[test]
fn variants_take_turns_round_by_round() {
    let done = Parlab::compare(["--runs", "3", "--only", "atomic,local"]).run();
    let turns: Vec<(u32, String)> =
        done.runs().into_iter().filter(|r| !r.traced).map(|r| (r.index, r.variant)).collect();
    let expected = (0..3).flat_map(|i| [(i, "atomic".to_string()), (i, "local".to_string())]);
    assert_eq!(turns, expected.collect::<Vec<_>>());
}

#[test]
fn the_seed_seeds_the_interval_and_nothing_of_the_race() {
    let done =
        Parlab::compare(["--runs", "5", "--only", "unlocked", "--seed", "18446744073709551615"]);
    done.run().ends(0, None);
}

#[test]
fn json_asks_nothing_even_where_somebody_could_answer() {
    let room = Rc::new(Room::new());
    room.file("x.md", ASKING);
    let (from, to) = pipe();
    let args = ["lesson", "./x.md", "--json", "--no-python"];
    let done = Parlab::in_room(&room).args(args).stdin(from).run();
    drop(to);
    let answers: Vec<_> = (done.events().into_iter())
        .filter_map(|e| if let Event::Answer(answer) = e { Some(answer) } else { None })
        .collect();
    assert_eq!(answers.len(), 1, "{done}");
    assert_eq!((answers[0].said.as_deref(), answers[0].right), (None, None));
    assert_eq!(answers[0].held, ["right"], "{done}");
}

/// A lesson with a question.
pub const ASKING: &str = r#"# A question

```parlab ask where
question = "Where does it end?"
after = "race"
[[answers]]
belief = "right"
text = "Where it should."
holds = "race.atomic.correct_runs == race.atomic.runs"
[[answers]]
belief = "wrong"
text = "Elsewhere."
holds = "race.atomic.correct_runs < race.atomic.runs"
```

```parlab run race
experiment = "bank"
only = ["atomic"]
runs = 2
```

```parlab verdict where
outcome = "It ended."
[said]
right = "So it did."
wrong = "It did not."
```
"#;

#[test]
fn a_lesson_file_that_is_faulty_ends_with_a_fault_and_end() {
    let room = Rc::new(Room::new());
    room.file("x.md", "nothing");
    let done = Parlab::in_room(&room).args(["lesson", "./x.md", "--json"]).run().code(2);
    let lines = done.lines();
    assert!(!of(&lines, "fault").is_empty(), "{done}");
    let end = Event::End(parlab::event::End { exit: 2, reason: Some(EndReason::Failed) });
    assert_eq!(lines.last(), Some(&serde_json::to_value(end).unwrap()));
}

#[test]
fn list_prints_a_line_for_each_lesson() {
    let done = Parlab::new().args(["list", "--json"]).run();
    let lines = done.lines();
    let names: Vec<&str> = lines.iter().map(|line| line["lesson"].as_str().unwrap()).collect();
    let known: Vec<&str> = parlab::experiments::LESSONS.iter().map(|lesson| lesson.name).collect();
    assert_eq!(names, known);
    for line in &lines {
        for field in ["lesson", "title", "parts", "variants"] {
            assert!(line.get(field).is_some(), "{line}");
        }
    }
}

#[test]
fn check_prints_a_line_for_each_fault_and_one_at_the_end() {
    let room = Rc::new(Room::new());
    room.file("bad.md", lesson_text(&["experiment = \"bank\"\nruns = 0", "experiment = \"nix\""]));
    let args = ["check", "--json", "./bad.md"];
    let done = Parlab::in_room(&room).args(args).run().code(1);
    let lines = done.lines();
    let faults = of(&lines, "fault");
    assert_eq!(faults.len(), 2, "{done}");
    for fault in &faults {
        let known = ["event", "file", "line", "column", "kind", "detail", "source_line"];
        assert_eq!(fields(fault), known.into());
    }
    let last = json!({"event": "checked", "texts": 1, "faults": 2});
    assert_eq!(lines.last(), Some(&last));
}

/// The kinds of lines a run printed, each once, in the order of their first.
fn shapes(done: &Done) -> Vec<String> {
    let mut seen = Vec::new();
    for line in done.lines() {
        let shape = line["event"].as_str().unwrap().to_string();
        if !seen.contains(&shape) {
            seen.push(shape);
        }
    }
    seen
}

#[test]
fn nothing_of_a_lesson_s_text_is_in_its_json() {
    let room = Rc::new(Room::new());
    room.file("x.md", ASKING);
    let args = ["lesson", "./x.md", "--json", "--no-python"];
    let done = Parlab::in_room(&room).args(args).run();
    assert!(!done.stdout().contains("Where it should"), "{done}");
    let shapes = shapes(&done);
    assert_eq!(shapes.first().map(String::as_str), Some("start"));
    assert!(shapes.contains(&"answer".to_string()), "{shapes:?}");
}

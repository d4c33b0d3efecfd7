//! The experiments of the lesson *manager*: what they claim, held against what they report.

use std::rc::Rc;

use parlab::event::{ErrorKind, Event, Run};

use crate::done::Done;
use crate::family::skip;
use crate::parlab::{Parlab, lesson_text};
use crate::python::{faults, real_python};
use crate::room::Room;

/// The variants that need no Python.
const NATIVE: [&str; 5] = ["manager", "manager-batch", "queue", "pipe", "shm"];

/// `compare manager --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "manager", "--json", "--no-python"]).args(args)
}

#[track_caller]
fn number(done: &Done, variant: &str, name: &str) -> f64 {
    let value = done.figure(variant, name);
    value.as_f64().unwrap_or_else(|| panic!("{name} of {variant:?} is {value}\n{done}"))
}

#[test]
fn every_variant_brings_the_whole_list() {
    let done = compare(["--runs", "2", "--n", "50"]).run();
    let runs = done.runs();
    for variant in NATIVE {
        let of_it: Vec<&Run> = runs.iter().filter(|run| run.variant == variant).collect();
        assert_eq!(of_it.len(), 2, "{variant}");
        for run in of_it {
            let sum = (0..50).map(|number| number + 2).sum();
            assert_eq!((run.expected, run.got, run.correct), (Some(sum), Some(sum), Some(true)));
            assert!(run.time_s > Some(0.0), "{run:?}");
        }
    }
    assert_eq!(runs.len(), 2 * NATIVE.len());
}

#[test]
fn one_number_is_no_trouble_and_one_cpu_neither() {
    let done = compare(["--runs", "1", "--n", "1"]).run();
    assert!(done.runs().iter().all(|run| run.correct == Some(true)), "{done}");
    let taskset = ["/usr/bin/taskset", "-c", "0"];
    if !std::path::Path::new(taskset[0]).exists() {
        return skip("one_cpu_neither", "there is no taskset");
    }
    let done = compare(["--runs", "1", "--n", "20"]).under(taskset).run();
    assert!(done.runs().iter().all(|run| run.correct == Some(true)), "{done}");
}

#[test]
fn round_trips_are_counted_and_their_times_make_up_the_whole() {
    // Of one run, so that the medians are that run's own figures.
    let done = compare(["--runs", "1", "--n", "40"]).run();
    // For each number: which list is it, append; and one call to get the list.
    assert_eq!(done.figure("manager", "calls"), 2 * 40 + 1);
    assert_eq!(done.figure("manager-batch", "calls"), 2 + 1);
    for run in done.runs() {
        let time = run.time_s.unwrap();
        let item = number(&done, &run.variant, "item_s");
        assert!((item * 40.0 - time).abs() < 1e-9, "{run:?}");
        if run.variant.starts_with("manager") {
            let call = number(&done, &run.variant, "call_s");
            let calls = number(&done, &run.variant, "calls");
            assert!((call * calls - time).abs() < 1e-9, "{run:?}");
        }
    }
}

#[test]
fn what_comes_out_of_a_namespace_is_a_copy_unless_it_is_a_proxy() {
    let done = Parlab::lesson(["experiment = \"kept\""]).run();
    for (variant, kept) in [("plain", 0), ("set-again", 1), ("managed", 1)] {
        assert_eq!(done.figure(variant, "in_child"), 1, "{variant}");
        assert_eq!(done.figure(variant, "kept"), kept, "{variant}");
        assert_eq!(done.figure(variant, "failed"), false, "{variant}");
    }
}

#[test]
fn another_program_appends_by_address_key_and_name() {
    let done = Parlab::lesson(["experiment = \"reach\"\nn = 30\nruns = 2"]).run();
    for variant in ["unix", "tcp"] {
        assert_eq!(done.figure(variant, "length"), 30, "{variant}");
        assert!(number(&done, variant, "call_s") > 0.0);
    }
    let address = done.figure("tcp", "address");
    assert!(address.as_str().unwrap().starts_with("127.0.0.1:"), "{address}");
    let runs = done.runs();
    assert_eq!(runs.len(), 4);
    assert!(runs.iter().all(|run| run.correct == Some(true)), "{done}");
}

#[test]
fn only_who_has_the_key_is_let_in_and_others_are_served_on() {
    let done = Parlab::lesson(["experiment = \"strangers\""]).run();
    let expected = [
        ("right-key", true, "welcome"),
        ("wrong-key", false, "wrong_key"),
        ("garbage", false, "dropped"),
        ("silent", false, "dropped"),
    ];
    for (who, let_in, told) in expected {
        assert_eq!(done.figure(who, "let_in"), let_in, "{who}");
        assert_eq!(done.figure(who, "told"), told, "{who}");
        assert_eq!(done.figure(who, "others_served"), true, "{who}");
    }
    // It is given its time, and never less.
    assert!(number(&done, "silent", "kept_s") >= 0.2);
}

#[test]
fn each_client_of_a_killed_server_is_told_and_none_hangs() {
    let done = Parlab::lesson(["experiment = \"server-killed\""]).run();
    for variant in ["waiting", "calling"] {
        assert_eq!(done.figure(variant, "clients"), 3);
        assert_eq!(done.figure(variant, "told"), 3, "{variant}");
        assert_eq!(done.figure(variant, "hanging"), 0, "{variant}");
        assert_eq!(done.figure(variant, "error"), "Lost", "{variant}");
        assert_eq!(done.figure(variant, "next_error"), "Gone", "{variant}");
    }
}

#[test]
fn a_directory_too_deep_for_a_socket_is_told() {
    let room = Rc::new(Room::new());
    let deep = room.path("home").join("x".repeat(100));
    std::fs::create_dir_all(&deep).unwrap();
    let args = ["compare", "manager", "--json", "--no-python", "--runs", "1"];
    let done = Parlab::in_room(&room).env("TMPDIR", &deep).args(args).run();
    let done = done.one_error(ErrorKind::Address).code(1);
    let detail = done.errors()[0].what.clone().unwrap_or_default();
    assert!(detail.contains("too long for a socket"), "{detail}");
}

#[test]
fn a_real_python_shows_the_same() {
    let Some(python) = real_python() else {
        return skip("a_real_python_shows_the_same", "there is no python3");
    };
    let blocks = [
        "experiment = \"append\"\nruns = 1\nn = 10\nonly = [\"python-manager\", \"python-manager-batch\"]",
        "experiment = \"kept\"\nonly = [\"python-plain\", \"python-set-again\", \"python-managed\"]",
        "experiment = \"server-killed\"\nonly = [\"python-waiting\", \"python-calling\"]",
    ];
    let room = Rc::new(Room::new());
    room.file("x.md", lesson_text(&blocks));
    let args = ["lesson", "./x.md", "--json", "--python"];
    let done = Parlab::in_room(&room).args(args).args([&python]).run();
    assert_eq!(faults(&done), [], "{done}");
    let runs = done.runs();
    assert_eq!(runs.len(), 2, "{done}");
    for run in runs {
        assert_eq!((run.expected, run.correct), (Some(65), Some(true)), "{run:?}");
        assert_eq!(run.start_method.as_deref(), Some("fork"));
    }
    for (variant, kept) in [("plain", 0), ("set-again", 1), ("managed", 1)] {
        assert_eq!(done.figure(&format!("python-{variant}"), "kept"), kept, "{done}");
        assert_eq!(done.figure(&format!("python-{variant}"), "in_child"), 1, "{done}");
    }
    for variant in ["python-waiting", "python-calling"] {
        assert_eq!(done.figure(variant, "told"), 3, "{done}");
        assert_eq!(done.figure(variant, "hanging"), 0, "{done}");
    }
}

#[test]
fn the_figures_are_those_of_the_registry() {
    let experiments = ["append", "kept", "reach", "strangers", "server-killed"]
        .map(|name| format!("experiment = \"{name}\"\nn = 2\nruns = 1"));
    let done = Parlab::lesson(experiments.each_ref().map(String::as_str)).run();
    let mut seen = std::collections::BTreeSet::new();
    for measure in done.figures() {
        let (_, row) = parlab::experiments::experiment(&measure.experiment).unwrap();
        let known = if measure.variant.is_some() { row.figures } else { row.experiment_figures };
        for name in measure.values.keys() {
            assert!(known.contains(&name.as_str()), "{name} of {measure:?}");
            seen.insert((measure.experiment.clone(), name.clone()));
        }
    }
    for experiment in parlab::experiments::lesson("manager").unwrap().experiments {
        for figure in experiment.figures {
            let told = seen.contains(&(experiment.name.to_string(), (*figure).to_string()));
            assert!(told, "{figure} of {} is never told", experiment.name);
        }
    }
}

#[test]
fn of_the_answers_to_each_question_exactly_one_holds() {
    let args = ["lesson", "manager", "--part", "all", "--json", "--no-python", "--runs", "1"];
    let done = Parlab::new().args(args).run();
    let held: Vec<(String, Vec<String>)> = (done.events().into_iter())
        .filter_map(|e| if let Event::Answer(a) = e { Some((a.ask, a.held)) } else { None })
        .collect();
    let asked: Vec<&str> = held.iter().map(|(ask, _)| ask.as_str()).collect();
    assert_eq!(asked, ["copy", "shared", "port", "silent", "killed"]);
    assert!(held.iter().all(|(_, held)| held.len() == 1), "{held:?}");
    let of = |ask: usize| held[ask].1[0].as_str();
    assert_eq!([of(0), of(1), of(3), of(4)], ["copy", "same-list", "dropped", "told"]);
}

#[test]
fn a_run_of_the_whole_lesson_ends_well_in_both_languages() {
    for lang in ["en", "it"] {
        let args = ["lesson", "manager", "--part", "all", "--no-python", "--lang", lang];
        let run = Parlab::new().args(args).args(["--runs", "1", "--n", "10"]);
        run.run().any_stdout().code(0);
    }
}

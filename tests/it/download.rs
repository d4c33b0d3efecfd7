//! The experiments of the lesson *download*: what they claim, held against what they report.

use parlab::event::{Event, SpanKind, Timeline, Transfer};

use crate::done::Done;
use crate::family::{is_root, skip};
use crate::parlab::Parlab;
use crate::python::{faults, real_python};
use crate::surroundings::one_cpu;

/// The variants of `files` that need no Python, with their threads.
const NATIVE: [(&str, u64); 5] = [
    ("serial", 1),
    ("serial-new-connection", 1),
    ("threads-2", 2),
    ("threads-4", 4),
    ("threads-5", 5),
];

/// `compare download --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "download", "--json", "--no-python"]).args(args)
}

#[track_caller]
pub fn transfers(done: &Done) -> Vec<Transfer> {
    let events = done.events().into_iter();
    events.filter_map(|e| if let Event::Transfer(t) = e { Some(t) } else { None }).collect()
}

#[test]
fn every_variant_fetches_every_picture_right() {
    let done = compare(["--runs", "2", "--n", "6", "--wait", "5ms"]).run();
    let runs = done.runs();
    for (variant, threads) in NATIVE {
        let of_it: Vec<_> = runs.iter().filter(|run| run.variant == variant).collect();
        assert_eq!(of_it.len(), 2, "{variant}");
        for run in of_it {
            assert_eq!((run.expected, run.got, run.correct), (Some(6), Some(6), Some(true)));
        }
        assert_eq!(done.figure(variant, "threads"), threads, "{variant}");
    }
    assert_eq!(runs.len(), 2 * NATIVE.len());
}

#[test]
fn a_connection_is_kept_unless_each_file_has_its_own() {
    let done = compare(["--runs", "1", "--n", "6", "--wait", "5ms"]).run();
    assert_eq!(done.figure("serial", "connections"), 1);
    assert_eq!(done.figure("serial-new-connection", "connections"), 6);
    for (variant, threads) in NATIVE {
        let connections = done.number(variant, "connections") as u64;
        assert!(connections >= 1 && connections <= threads.max(6), "{variant}: {connections}");
    }
}

#[test]
fn nobody_is_faster_than_the_ideal() {
    let done = compare(["--runs", "2", "--n", "5", "--wait", "30ms"]).run();
    for run in done.runs() {
        let ideal = done.number(&run.variant, "ideal_s");
        assert!(run.time_s.unwrap() >= ideal, "{run:?} against {ideal}");
    }
    // One waits five times, five wait once; the line carries the rest.
    assert!(done.number("serial", "ideal_s") > 0.150);
    assert!(done.number("threads-5", "ideal_s") < 0.060);
}

#[test]
fn threads_wait_at_the_same_time_and_one_does_not() {
    let args = ["--runs", "1", "--n", "4", "--wait", "1s", "--only", "serial,threads-4"];
    let done = compare(args).run();
    let timelines = done.timelines();
    let of = |variant: &str| timelines.iter().find(|t| t.variant == variant).unwrap();
    let waits = |timeline: &Timeline| -> Vec<(f64, f64)> {
        let spans = timeline.lanes.iter().flat_map(|lane| &lane.spans);
        let waits = spans.filter(|span| span.what == SpanKind::Waiting);
        waits.map(|span| (span.begin_s, span.end_s)).collect()
    };
    assert_eq!((of("serial").lanes.len(), of("threads-4").lanes.len()), (1, 4));
    let together = waits(of("threads-4"));
    let last_began = together.iter().map(|wait| wait.0).fold(0.0, f64::max);
    assert_eq!(together.len(), 4);
    assert!(together.iter().all(|wait| last_began < wait.1), "{together:?}");
    let alone = waits(of("serial"));
    assert!(alone.len() == 4 && alone.windows(2).all(|w| w[0].1 <= w[1].0), "{alone:?}");
}

#[test]
fn the_round_that_warms_up_can_be_watched_and_no_other() {
    let args = ["--runs", "1", "--n", "2", "--wait", "500ms", "--only", "serial"];
    let done = compare(args).run();
    let watched = transfers(&done);
    assert!(watched.iter().any(|t| t.index == 0) && watched.iter().any(|t| t.index == 1), "{done}");
    assert!(watched.iter().all(|t| !t.ended && t.done_bytes <= 57_654), "{watched:?}");
    let events = done.events();
    let last = events.iter().rposition(|e| matches!(e, Event::Transfer(_)));
    let first_run = events.iter().position(|e| matches!(e, Event::Run(_)));
    assert!(last < first_run, "{done}");
}

#[test]
fn four_threads_for_five_addresses_leave_one_file_out() {
    let done = Parlab::lesson(["experiment = \"range\"\nwait_s = 0.001"]).run();
    for (variant, threads, on_disk) in [("range-4", 4, 4), ("one-each", 5, 5)] {
        assert_eq!(done.figure(variant, "addresses"), 5);
        assert_eq!(done.figure(variant, "threads"), threads);
        assert_eq!(done.figure(variant, "on_disk"), on_disk);
    }
    assert_eq!(done.figure("range-4", "missing"), "picture-5.bmp");
    assert_eq!(done.figure("one-each", "missing"), serde_json::Value::Null);
}

#[test]
fn an_error_page_is_kept_by_who_does_not_look_and_told_by_who_does() {
    let done = Parlab::lesson(["experiment = \"error-page\"\nwait_s = 0.001"]).run();
    assert_eq!(done.figure("unchecked", "kept"), true);
    assert_eq!(done.figure("unchecked", "is_picture"), false);
    assert_eq!(done.figure("unchecked", "on_disk"), 3);
    assert!(done.number("unchecked", "kept_bytes") > 50.0);
    assert_eq!(done.figure("checked", "kept"), false);
    assert_eq!(done.figure("checked", "on_disk"), 2);
    assert_eq!(done.figure("checked", "fault"), "status");
    assert_eq!(done.figure("checked", "said"), "404 Not Found");
}

#[test]
fn chunks_save_the_memory_of_the_file() {
    let done = Parlab::lesson(["experiment = \"chunks\""]).run();
    let file = done.number("", "file_bytes");
    for variant in ["whole", "chunk-1024", "chunk-65536"] {
        assert_eq!(done.number(variant, "written_bytes"), file, "{variant}");
    }
    let peak = |variant| done.number(variant, "peak_bytes");
    assert!(peak("whole") > file, "{done}");
    assert!(peak("chunk-1024") + file / 2.0 < peak("whole"), "{done}");
    assert!(peak("chunk-65536") + file / 2.0 < peak("whole"), "{done}");
}

#[test]
fn each_fault_is_told_and_the_other_files_are_whole() {
    let done = Parlab::lesson(["experiment = \"faults\""]).run();
    for (variant, fault) in [
        ("no-such-host", "no_such_host"),
        ("refused", "refused"),
        ("not-found", "status"),
        ("circle", "redirects"),
        ("other-scheme", "scheme"),
        ("silent", "silence"),
        ("cut", "cut"),
        ("same-name", "same_name"),
    ] {
        assert_eq!(done.figure(variant, "fault"), fault, "{variant}");
        assert_eq!(done.figure(variant, "on_disk"), 2, "{variant}");
        assert_eq!(done.figure(variant, "whole"), 2, "{variant}");
    }
    let told = transfers(&done);
    assert_eq!(told.len(), 8);
    assert!(told.iter().all(|t| t.ended && t.fault.is_some() && t.saved_as.is_none()), "{told:?}");
}

#[test]
fn more_threads_open_as_many_connections_and_fetch_the_same() {
    let run = ["experiment = \"widths\"\nn = 8\nruns = 1\nwait_s = 0.05"];
    let done = Parlab::lesson(run).run();
    for run in done.runs() {
        assert_eq!(run.correct, Some(true), "{run:?}");
        let threads = done.number(&run.variant, "threads");
        assert!(done.number(&run.variant, "connections") <= threads, "{run:?}");
    }
    assert_eq!(done.runs().len(), 5);
}

#[test]
fn without_an_address_nothing_is_fetched_for_the_reader() {
    let done = Parlab::lesson(["experiment = \"addresses\""]).run();
    assert_eq!(done.figure("", "given"), false);
    assert_eq!((done.runs().len(), transfers(&done).len()), (0, 0));
}

#[test]
fn a_real_python_fetches_the_same() {
    let Some(python) = real_python() else {
        return skip("a_real_python_fetches_the_same", "there is no python3");
    };
    let blocks = [
        "experiment = \"files\"\nruns = 1\nn = 3\nwait_s = 0.01\nonly = [\"python-serial\", \"python-threads-5\"]",
        "experiment = \"range\"\nwait_s = 0.01\nonly = [\"python-range-4\"]",
    ];
    // A proxy that the environment names is not for the loopback.
    let run = Parlab::lesson_in(&python, blocks).env("http_proxy", "http://127.0.0.1:1");
    let done = run.run();
    assert_eq!(faults(&done), [], "{done}");
    let runs = done.runs();
    assert_eq!(runs.len(), 2, "{done}");
    assert!(runs.iter().all(|run| (run.got, run.correct) == (Some(3), Some(true))), "{runs:?}");
    assert_eq!(done.figure("python-range-4", "on_disk"), 4, "{done}");
    assert_eq!(done.figure("python-serial", "connections"), 1, "{done}");
}

#[test]
fn without_a_loopback_it_says_so() {
    let unshare = "/usr/bin/unshare";
    if !is_root() || !std::path::Path::new(unshare).exists() {
        return skip("without_a_loopback_it_says_so", "a network of its own cannot be had");
    }
    let done = compare(["--runs", "1"]).under([unshare, "-n"]).run();
    if done.stderr().contains("unshare") {
        let _ = done.any_stdout().exit();
        return skip("without_a_loopback_it_says_so", "a network of its own cannot be had");
    }
    done.one_error(parlab::event::ErrorKind::NoLoopback)
        .ends(1, Some(parlab::event::EndReason::Failed));
}

#[test]
fn one_cpu_is_enough_to_wait_at_the_same_time() {
    let Some(one_cpu) = one_cpu() else {
        return skip("one_cpu_is_enough…", "there is no taskset(1)");
    };
    let args = ["--runs", "1", "--n", "4", "--wait", "1s", "--only", "serial,threads-4"];
    let done = compare(args).under(one_cpu).run();
    let times: Vec<f64> = done.runs().iter().filter_map(|run| run.time_s).collect();
    // Four seconds of waiting against one: no machine is so slow that they come out the same.
    assert!(times[1] < times[0], "{times:?}");
}

#[test]
fn a_refused_connection_is_told_in_both_languages() {
    for (lang, words) in [("en", "the host takes no connection"), ("it", "non accetta connessioni")]
    {
        let args = ["lesson", "download", "--part", "faults", "--no-python", "--lang", lang];
        Parlab::new().args(args).args(["--runs", "1"]).run().stdout_has(words);
    }
}

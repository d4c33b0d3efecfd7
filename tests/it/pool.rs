//! The experiments of the lesson *pool*: what they claim, held against what they report.

use parlab::event::{Curve, ErrorKind, Event, Message, Run, Timeline};

use crate::done::Done;
use crate::family::skip;
use crate::parlab::{Parlab, lesson_text};
use crate::python::{faults, real_python};

/// The variants that need no Python.
const NATIVE: [&str; 3] = ["serial", "map", "map-chunk-1"];

const ONE_CPU: [&str; 3] = ["/usr/bin/taskset", "-c", "0"];

/// `compare pool --json` without Python, with short tasks.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    let fixed = ["compare", "pool", "--json", "--no-python", "--runs", "1"];
    Parlab::new().args(fixed).args(args)
}

#[track_caller]
fn number(done: &Done, variant: &str, name: &str) -> f64 {
    let value = done.figure(variant, name);
    value.as_f64().unwrap_or_else(|| panic!("{name} of {variant:?} is {value}\n{done}"))
}

#[test]
fn every_variant_maps_every_number() {
    let done = compare(["--n", "23", "--workers", "3", "--wait", "1ms"]).run();
    let runs = done.runs();
    let ran: Vec<&str> = runs.iter().map(|run| run.variant.as_str()).collect();
    assert_eq!(ran, NATIVE);
    for run in &runs {
        assert_eq!(run.correct, Some(true), "{run:?}");
    }
    assert_eq!(number(&done, "serial", "busiest"), 23.0);
    // Python's rule: 23 over 4 times 3 workers, rounded up.
    assert_eq!(number(&done, "map", "chunk"), 2.0);
    assert_eq!(number(&done, "map-chunk-1", "chunk"), 1.0);
}

#[test]
fn ten_tasks_of_two_workers_are_shared_six_to_four_by_default() {
    let done = compare(["--wait", "50ms", "--only", "serial,map"]).run();
    // Chunks of two are not split, so the busiest worker has an even number; held up, it has more.
    let busiest = number(&done, "map", "busiest");
    assert!(busiest >= 6.0 && busiest % 2.0 == 0.0, "{done}");
    let time = |variant: &str| {
        let runs = done.runs();
        runs.iter().find(|run: &&Run| run.variant == variant).and_then(|run| run.time_s).unwrap()
    };
    // Sleeps are never shorter than asked.
    assert!(time("map") >= 0.3 && time("serial") >= 0.5, "{done}");
    assert!(number(&done, "map", "idle_s") > 0.0, "{done}");
}

#[test]
fn the_lanes_hold_every_task_once_and_no_worker_does_two_at_once() {
    let done = compare(["--n", "12", "--workers", "3", "--wait", "2ms"]).run();
    let timelines: Vec<Timeline> = (done.events().into_iter())
        .filter_map(|e| if let Event::Timeline(timeline) = e { Some(timeline) } else { None })
        .collect();
    let of: Vec<&str> = timelines.iter().map(|timeline| timeline.variant.as_str()).collect();
    assert_eq!(of, ["map", "map-chunk-1"]);
    for timeline in &timelines {
        let [parent, workers @ ..] = &timeline.lanes[..] else { panic!("no lanes") };
        assert_eq!((parent.process.as_str(), parent.spans.len()), ("parent", 1));
        assert!(workers.len() <= 3, "{timeline:?}");
        assert_eq!(workers.iter().map(|lane| lane.spans.len()).sum::<usize>(), 12);
        for spans in workers.iter().map(|lane| &lane.spans) {
            assert!(spans.iter().all(|span| span.end_s - span.begin_s >= 0.002), "{spans:?}");
            assert!(spans.windows(2).all(|two| two[0].end_s <= two[1].begin_s), "{spans:?}");
        }
    }
}

#[test]
fn every_chunk_goes_to_the_worker_that_did_it_and_every_result_comes_back() {
    let done = compare(["--n", "23", "--workers", "3", "--wait", "2ms"]).run();
    for (timeline, chunks) in done.timelines().iter().zip([12, 23]) {
        let is_task = |message: &&Message| message.from == "parent";
        let (tasks, results): (Vec<_>, Vec<_>) = timeline.messages.iter().partition(is_task);
        assert_eq!((tasks.len(), results.len()), (chunks, 23), "{}", timeline.variant);
        for lane in timeline.lanes.iter().skip(1) {
            let of = |found: &&&Message| found.from == lane.process;
            let put: Vec<f64> = results.iter().filter(of).map(|message| message.put_s).collect();
            let ended: Vec<f64> = lane.spans.iter().map(|span| span.end_s).collect();
            assert_eq!(put, ended, "a result is put when its task is done");
            let got = tasks.iter().filter(|task| task.to == lane.process).map(|task| task.got_s);
            assert!(got.into_iter().all(|at| lane.spans.iter().any(|span| span.begin_s == at)));
        }
        assert!(timeline.messages.iter().all(|message| message.put_s < message.got_s));
        assert!(timeline.messages.is_sorted_by_key(|message| message.got_s));
        let end = timeline.lanes[0].spans[0].end_s;
        assert!(results.iter().all(|result| result.got_s <= end), "{timeline:?}");
    }
}

#[test]
fn calls_that_do_not_wait_and_those_that_do() {
    let done = Parlab::lesson(["experiment = \"asynchronous\"\nwait_s = 0.05"]).run();
    let of = |variant: &str, name: &str| done.figure(variant, name);
    assert_eq!(of("map-async", "ready_at_once"), false);
    assert_eq!(of("map-async", "results"), "2, 3, 4, 5");
    assert!(number(&done, "map-async", "meanwhile") >= 1.0);
    assert!(number(&done, "map-async", "took_s") >= 0.1, "two rounds of two workers");
    assert!(number(&done, "map-async", "returned_s") <= number(&done, "map-async", "took_s"));
    // One after the other: two waits at least.
    assert!(number(&done, "apply", "took_s") >= 0.1);
    assert!(number(&done, "apply-async", "took_s") >= 0.05);
    assert_eq!(of("apply", "results"), of("apply-async", "results"));
    // The callback runs in `get`, which is called after three waits.
    assert!(number(&done, "callback", "done_s") >= 0.05);
    assert!(number(&done, "callback", "callback_s") >= 0.15);
    assert_eq!(of("callback", "callback_in_main"), true);
    assert_eq!(of("starmap", "results"), "8, 81, 7");
    let arrived = of("imap-unordered", "arrived").to_string();
    let mut numbers: Vec<&str> = arrived.trim_matches('"').split(", ").collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["0", "1", "2", "3"]);
}

#[test]
fn a_killed_worker_costs_one_item_at_most_and_the_pool_goes_on() {
    let done = Parlab::lesson(["experiment = \"worker-killed\""]).run();
    for (variant, lost, exitcode) in [
        ("argument", Some(3), Some(-9)),
        ("running", Some(3), Some(-9)),
        ("result", None, Some(-9)),
        ("exit", Some(3), Some(0)),
        ("idle", None, None),
    ] {
        let of = |name| done.figure(variant, name);
        assert_eq!(of("hung"), false, "{variant}\n{done}");
        assert_eq!(of("goes_on"), true, "{variant}\n{done}");
        let arrived = if exitcode.is_some() { 5 } else { 6 };
        assert_eq!(of("arrived"), arrived, "{variant}\n{done}");
        assert_eq!(of("exitcode"), serde_json::json!(exitcode), "{variant}\n{done}");
        match lost {
            Some(item) => assert_eq!(of("lost_item"), item, "{variant}\n{done}"),
            // Whose result is the fourth to come is not known before.
            None => assert_eq!(of("lost_item").is_number(), exitcode.is_some(), "{variant}"),
        }
    }
}

#[test]
fn more_workers_wait_at_once_and_more_than_cpus_do_not_compute_at_once() {
    let done = Parlab::lesson(["experiment = \"speedup\"\nruns = 2"]).run();
    for kind in ["computing", "waiting"] {
        for level in ["at_1", "at_2", "at_3", "at_4", "at_6", "at_8"] {
            assert!(number(&done, kind, level) > 0.0, "{done}");
        }
    }
    // 24 waits of one worker at a time are no faster than those of a loop, within a sleep's slack.
    assert!(number(&done, "waiting", "at_1") < 2.0, "{done}");
    let of = |name| number(&done, "waiting", name);
    assert!(of("serial_share_low") <= of("serial_share"), "{done}");
    assert!(of("serial_share") <= of("serial_share_high"), "{done}");
    assert_eq!(of("fitted_to"), 8.0);
}

fn curves(done: &Done) -> Vec<Curve> {
    let events = done.events().into_iter();
    events.filter_map(|e| if let Event::Curve(curve) = e { Some(curve) } else { None }).collect()
}

#[test]
fn speed_ups_are_curves_beside_the_ideal_and_the_ceiling_of_the_machine() {
    let done = Parlab::lesson(["experiment = \"speedup\"\nruns = 2"]).run();
    let curves = curves(&done);
    for curve in &curves {
        assert_eq!((curve.x.as_str(), curve.y.as_str()), ("workers", "speedup"));
        let workers: Vec<f64> = curve.points.iter().map(|point| point.0).collect();
        assert_eq!(workers, [1.0, 2.0, 3.0, 4.0, 6.0, 8.0]);
        assert_eq!(curve.reference, ["ideal", "ceiling"].contains(&curve.variant.as_str()));
    }
    let of = |name: &str| -> Vec<f64> {
        let curve = curves.iter().find(|curve| curve.variant == name).unwrap();
        curve.points.iter().map(|point| point.1).collect()
    };
    for kind in ["computing", "waiting"] {
        let told = ["at_1", "at_2", "at_3", "at_4", "at_6", "at_8"];
        assert_eq!(of(kind), told.map(|level| number(&done, kind, level)), "{done}");
    }
    assert_eq!(of("ideal"), [1.0, 2.0, 3.0, 4.0, 6.0, 8.0]);
    if parlab::mp::sys::affinity().unwrap().len() > 1 {
        assert_eq!(of("ceiling"), [number(&done, "computing", "ceiling"); 6], "{done}");
    }
}

#[test]
fn on_one_cpu_there_is_no_ceiling_and_nothing_to_fit_for_computing() {
    if !std::path::Path::new(ONE_CPU[0]).exists() {
        return skip("on_one_cpu_there_is_no_ceiling…", "there is no taskset");
    }
    let block = "experiment = \"speedup\"\nruns = 1\nonly = [\"computing\"]";
    let done = Parlab::lesson([block]).under(ONE_CPU).run();
    assert!(done.figure("computing", "fitted_to").is_null(), "{done}");
    let told = done.figures();
    assert!(told.iter().all(|measure| !measure.values.contains_key("ceiling")), "{done}");
    let names: Vec<String> = curves(&done).into_iter().map(|curve| curve.variant).collect();
    assert_eq!(names, ["computing", "ideal"], "{done}");
}

#[test]
fn chunks_of_ten_go_to_one_worker_and_smaller_ones_to_both() {
    let done = Parlab::lesson(["experiment = \"chunk-sizes\"\nwait_s = 0.01"]).run();
    // Ten waits by one worker; by two no fewer than five. A sleep is never shorter than asked.
    assert!(number(&done, "even", "at_10_s") >= 0.1, "{done}");
    assert!(number(&done, "even", "at_1_s") >= 0.05, "{done}");
    assert!(number(&done, "uneven", "at_10_s") >= 0.1, "{done}");
    for size in ["each_at_1_ns", "each_at_10_ns", "each_at_100_ns", "each_at_1000_ns"] {
        assert!(number(&done, "trivial", size) > 0.0, "{done}");
    }
}

#[test]
fn an_argument_costs_its_bytes_and_one_that_cannot_fit_is_refused() {
    let done = Parlab::lesson(["experiment = \"payload\""]).run();
    let bytes = ["number", "list", "map"].map(|kind| number(&done, kind, "argument_bytes"));
    assert!(bytes[0] < bytes[1] && bytes[1] < bytes[2], "{bytes:?}");
    for kind in ["number", "list", "map"] {
        let of = |name| number(&done, kind, name);
        assert!(of("each_s") > 0.0 && of("to_bytes_s") > 0.0 && of("from_bytes_s") > 0.0);
    }
    assert_eq!(done.figure("too-long", "refused"), true);
    let of = |name| number(&done, "too-long", name);
    assert!(of("argument_bytes") > of("limit_bytes"), "{done}");
}

#[test]
fn a_pool_that_is_dropped_leaves_no_worker() {
    let done = Parlab::lesson(["experiment = \"before-def\""]).run();
    assert_eq!(done.figure("left-open", "workers_open"), 2);
    assert_eq!(done.figure("left-open", "workers_after"), 0);
}

#[test]
fn workers_that_cannot_be_and_tasks_that_cannot_end_in_time_are_refused() {
    for workers in ["0", "100000", "-1", "two"] {
        let args = ["compare", "pool", "--workers", workers];
        let done = Parlab::new().args(args).run().code(2).stdout_is_empty();
        done.stderr_has("1 to 1");
    }
    let done = compare(["--wait", "10s", "--seconds-limit", "1"]).run();
    done.one_error(ErrorKind::TooLong).code(2).any_stderr();
    // One that fits at least once, and then not.
    let args = ["--wait", "400ms", "--only", "map", "--seconds-limit", "1", "--n", "10"];
    compare(args).run().code(124).any_stdout().any_stderr();
}

#[test]
fn more_workers_than_processes_are_allowed_are_told_by_the_limit() {
    let args = ["--workers", "1000", "--only", "map", "--wait", "0us"];
    let done = compare(args).after("ulimit -n 200").run();
    done.one_error(ErrorKind::DescriptorLimit).code(1).any_stderr();
}

#[test]
fn a_real_python_shows_the_same() {
    let Some(python) = real_python() else {
        return skip("a_real_python_shows_the_same", "there is no python3");
    };
    let blocks = [
        "experiment = \"map\"\nruns = 1\nonly = [\"python-map\", \"python-map-chunk-1\"]",
        "experiment = \"asynchronous\"\nonly = [\"python-callback\"]",
        "experiment = \"worker-killed\"\nonly = [\"python-map\", \"python-map-async\", \
         \"python-imap-unordered\", \"python-apply\", \"python-exit\", \"python-executor\"]",
        "experiment = \"chunk-sizes\"\nonly = [\"python-trivial\"]",
        "experiment = \"payload\"\nonly = [\"python-number\", \"python-list\", \"python-map\"]",
        "experiment = \"before-def\"\nonly = [\"python-before-def\", \"python-left-open\"]",
    ];
    let room = std::rc::Rc::new(crate::room::Room::new());
    room.file("x.md", lesson_text(&blocks));
    let args = ["lesson", "./x.md", "--json", "--python"];
    let done = Parlab::in_room(&room).args(args).args([&python]).run();
    assert!(faults(&done).iter().all(Option::is_none), "{done}");
    for run in done.runs() {
        assert_eq!((run.correct, run.start_method.as_deref()), (Some(true), Some("fork")));
    }
    assert!(number(&done, "python-map-chunk-1", "busiest") >= 5.0);
    // Before we ask for the result, in a thread of its own.
    assert_eq!(done.figure("python-callback", "callback_in_main"), false);
    for way in ["python-map-async", "python-imap-unordered", "python-apply", "python-exit"] {
        assert_eq!(done.figure(way, "hung"), true, "{way}\n{done}");
        assert!(done.figure(way, "arrived").as_u64() < Some(6), "{way}\n{done}");
    }
    assert_eq!(done.figure("python-executor", "hung"), false);
    assert_eq!(done.figure("python-executor", "complaint"), "BrokenProcessPool");
    assert!(number(&done, "python-trivial", "each_at_1000_ns") > 0.0);
    assert!(
        number(&done, "python-list", "argument_bytes")
            < number(&done, "python-map", "argument_bytes")
    );
    assert_eq!(done.figure("python-before-def", "hung"), true, "{done}");
    assert_eq!(done.figure("python-before-def", "works_after"), true, "{done}");
    assert_eq!(done.figure("python-left-open", "workers_open"), 2, "{done}");
}

#[test]
fn the_figures_are_those_of_the_registry() {
    let experiments = parlab::experiments::lesson("pool").unwrap().experiments.iter();
    let blocks: Vec<String> = experiments
        .map(|e| format!("experiment = \"{}\"\nn = 4\nruns = 1\nwait_s = 0.001", e.name))
        .collect();
    let room = std::rc::Rc::new(crate::room::Room::new());
    let blocks: Vec<&str> = blocks.iter().map(String::as_str).collect();
    room.file("x.md", lesson_text(&blocks));
    let args = ["lesson", "./x.md", "--json", "--no-python"];
    let done = Parlab::in_room(&room).args(args).run();
    for measure in done.figures() {
        let (_, row) = parlab::experiments::experiment(&measure.experiment).unwrap();
        let known = if measure.variant.is_some() { row.figures } else { row.experiment_figures };
        for name in measure.values.keys() {
            assert!(known.contains(&name.as_str()), "{name} of {measure:?}");
        }
    }
}

#[test]
fn of_the_answers_to_each_question_exactly_one_holds() {
    let done = Parlab::new().args(["lesson", "pool", "--json", "--no-python"]).run();
    let held: Vec<(String, Vec<String>)> = (done.events().into_iter())
        .filter_map(|e| if let Event::Answer(a) = e { Some((a.ask, a.held)) } else { None })
        .collect();
    let asked: Vec<&str> = held.iter().map(|(ask, _)| ask.as_str()).collect();
    assert_eq!(asked, ["chunks", "three"]);
    assert!(held.iter().all(|(_, held)| held.len() == 1), "{held:?}");
}

#[test]
fn a_run_of_the_whole_lesson_ends_well_in_both_languages() {
    for lang in ["en", "it"] {
        let args = ["lesson", "pool", "--part", "all", "--no-python", "--lang", lang];
        Parlab::new().args(args).run().any_stdout().code(0);
    }
}

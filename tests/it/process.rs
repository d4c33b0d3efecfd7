//! The experiments of the lesson *process*: what they claim, held against what they report.

use std::collections::BTreeSet;

use parlab::event::{ErrorKind, Event, Line, NoteKind, Run, SpanKind};
use serde_json::Value;

use crate::done::Done;
use crate::family::{is_root, skip};
use crate::parlab::Parlab;
use crate::python::{faults, real_python};
use crate::surroundings::one_cpu;

/// How many comparisons a test makes at most until chance has shown what it must.
const TRIES: u32 = 20;

/// `compare process --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "process", "--json", "--no-python"]).args(args)
}

/// One experiment of the lesson, with a body of options.
fn experiment(name: &str, options: &str) -> Done {
    Parlab::lesson([format!("experiment = \"{name}\"\n{options}").as_str()]).run()
}

#[test]
fn every_child_of_every_run_reports_and_ends_well() {
    let runs = compare(["--runs", "2", "--n", "7"]).run().runs();
    let variants: BTreeSet<&str> = runs.iter().map(|run| run.variant.as_str()).collect();
    assert_eq!(variants, ["fork", "spawn", "thread"].into());
    assert_eq!(runs.len(), 6);
    for run in runs {
        assert_eq!((run.expected, run.got, run.correct), (Some(7), Some(7), Some(true)));
        assert!(run.time_s.unwrap() > 0.0, "{run:?}");
    }
}

#[test]
fn the_costs_of_start_life_and_reaping_are_told_apart() {
    let done = compare(["--runs", "2", "--n", "5"]).run();
    for variant in ["fork", "spawn", "thread"] {
        for cost in ["create_ns", "life_ns", "reap_ns"] {
            let cost = done.figure(variant, cost).as_f64().unwrap();
            assert!(cost >= 0.0 && cost.is_finite(), "{variant}: {cost}");
        }
        // Making one takes longer than the two readings of a clock that it lives for.
        let [create, life] =
            ["create_ns", "life_ns"].map(|name| done.figure(variant, name).as_f64().unwrap());
        assert!(create > 0.0 && life > 0.0, "{variant}");
    }
}

#[test]
fn pairs_are_counted_over_all_runs_and_swapped_ones_are_among_them() {
    let done = compare(["--runs", "3", "--n", "6"]).run();
    for variant in ["fork", "spawn", "thread"] {
        let count = |name| done.figure(variant, name).as_u64().unwrap();
        assert_eq!(count("pairs"), 3 * 15, "{variant}");
        assert!(count("swapped_first") <= count("pairs"));
        assert!(count("swapped_end") <= count("pairs"));
    }
    let alone = compare(["--runs", "1", "--n", "1", "--only", "fork"]).run();
    assert_eq!(alone.figure("fork", "pairs"), 0);
}

#[test]
fn the_order_of_the_start_is_not_always_that_of_the_first_lines() {
    let swapped = (0..TRIES).any(|_| {
        let done = compare(["--only", "fork", "--runs", "3"]).run();
        done.figure("fork", "swapped_first").as_u64().unwrap() > 0
    });
    // On one CPU the children may well run in the order of their start.
    assert!(swapped || parlab::machine::describe().cpus < 2, "in order in all runs");
}

#[test]
fn a_timeline_has_a_lane_for_each_child_in_the_order_of_the_start() {
    let done = compare(["--runs", "2", "--n", "4"]).run();
    let timelines = done.timelines();
    assert_eq!(
        timelines.iter().map(|t| t.variant.as_str()).collect::<Vec<_>>(),
        ["fork", "spawn", "thread"]
    );
    for timeline in timelines {
        assert_eq!((timeline.index, timeline.lanes.len()), (1, 4));
        let pids: BTreeSet<_> = timeline.lanes.iter().filter_map(|lane| lane.pid).collect();
        assert_eq!(pids.len(), if timeline.variant == "thread" { 0 } else { 4 });
        let begun = timeline.lanes.iter().map(|lane| lane.spans[0].begin_s);
        assert!(begun.is_sorted(), "{timeline:?}");
        for lane in &timeline.lanes {
            let kinds: Vec<SpanKind> = lane.spans.iter().map(|span| span.what).collect();
            assert_eq!(kinds, [SpanKind::Creating, SpanKind::Running, SpanKind::Reaping]);
            for pair in lane.spans.windows(2) {
                assert!(pair[0].end_s <= pair[1].begin_s + 1e-12, "{lane:?}");
            }
            assert!(lane.spans.iter().all(|span| span.begin_s <= span.end_s), "{lane:?}");
            assert!(lane.spans[1].cpu.is_some(), "{lane:?}");
        }
    }
}

#[test]
fn on_one_cpu_all_children_run_on_it() {
    let Some(one_cpu) = one_cpu() else {
        return skip("on_one_cpu_all_children_run_on_it", "there is no taskset(1)");
    };
    let done = compare(["--runs", "1", "--n", "5"]).under(one_cpu).run();
    for variant in ["fork", "spawn", "thread"] {
        assert_eq!(done.figure(variant, "same_cpu"), true);
        assert_eq!(done.figure(variant, "cpus_seen"), 1);
    }
}

#[test]
fn an_ended_child_is_a_zombie_until_it_is_joined_and_then_gone() {
    let done = experiment("ending", "");
    let of = |name| done.figure("not-joined", name);
    assert!(["R", "S"].contains(&of("state_before").as_str().unwrap()), "{done}");
    assert_eq!(of("state_ended"), "Z");
    assert_eq!(of("state_later"), "Z");
    assert_eq!(of("state_after_join"), "gone");
    assert_eq!(of("exitcode"), 0);
}

#[test]
fn join_waits_for_the_work_and_terminate_does_not() {
    let done = experiment("ending", "");
    assert_eq!(done.figure("joined", "alive_after_start"), true);
    assert_eq!(done.figure("joined", "work_done"), true);
    assert_eq!(done.figure("joined", "exitcode"), 0);
    assert_eq!(done.figure("terminated", "work_done"), false);
    assert_eq!(done.figure("terminated", "exitcode"), -15);
}

fn lines(done: &Done) -> Vec<Line> {
    let events = done.events().into_iter();
    events.filter_map(|e| if let Event::Line(line) = e { Some(line) } else { None }).collect()
}

#[test]
fn two_writes_may_glue_lines_together_and_one_write_never_does() {
    let mut glued = 0;
    for _ in 0..TRIES {
        let done = experiment("lines", "runs = 10");
        let count = |variant, name| done.figure(variant, name).as_u64().unwrap();
        for variant in ["two-writes", "one-write"] {
            assert_eq!(count(variant, "printed"), 400, "{variant}: a line was lost");
        }
        assert_eq!(count("one-write", "glued") + count("one-write", "empty"), 0);
        let one_write = |run: &&Run| run.variant == "one-write";
        assert!(done.runs().iter().filter(one_write).all(|run| run.got == Some(40)));
        glued += count("two-writes", "glued");
        // Where lines are glued, the piece that is shown has some.
        let shown = lines(&done).iter().any(|line| line.text.matches("line").count() > 1);
        assert_eq!(shown, count("two-writes", "glued") > 0, "{done}");
        assert_eq!(done.figure("two-writes", "any_glued"), shown);
        if glued > 0 {
            return;
        }
    }
    panic!("no lines were glued in {TRIES} times 10 runs");
}

#[test]
fn on_one_cpu_the_gap_between_the_two_writes_is_widened_and_told() {
    let Some(one_cpu) = one_cpu() else {
        return skip("on_one_cpu_the_gap…", "there is no taskset(1)");
    };
    let run = Parlab::lesson(["experiment = \"lines\"\nruns = 2"]).under(one_cpu);
    let done = run.run();
    let told = |e: &Event| matches!(e, Event::Note(n) if n.kind == NoteKind::OneCpuParted);
    assert!(done.events().iter().any(told), "{done}");
    assert_eq!(done.figure("two-writes", "any_glued"), true);
    assert_eq!(done.figure("one-write", "any_glued"), false);
}

#[test]
fn it_is_the_comma_that_makes_the_tuple() {
    let done = experiment("args", "");
    assert_eq!(done.figure("rust", "type_without_comma"), "i32");
    assert_eq!(done.figure("rust", "type_with_comma"), "(i32,)");
}

#[test]
fn a_forked_child_has_another_value_at_the_same_address() {
    let done = experiment("copied", "");
    let of = |name| done.figure("fork", name);
    assert_eq!(of("parent_address"), of("child_address"));
    assert!(of("parent_address").as_str().unwrap().starts_with("0x"));
    assert_eq!(of("same_address"), true);
    assert_eq!([of("before"), of("child_before")], [100, 100]);
    assert_eq!([of("child_after"), of("parent_after")], [101, 100]);
}

#[test]
fn fork_hands_on_everything_and_spawn_begins_anew() {
    let done = experiment("inherited", "runs = 2");
    let count = |variant, name| done.figure(variant, name).as_u64().unwrap();
    assert_eq!(count("fork", "child_descriptors"), count("fork", "parent_descriptors"));
    assert!(count("fork", "parent_descriptors") >= 3 + 5, "five files are open");
    assert_eq!(count("spawn", "child_descriptors"), 3);
    assert_eq!([count("fork", "parent_global"), count("fork", "child_global")], [2, 2]);
    assert_eq!([count("spawn", "parent_global"), count("spawn", "child_global")], [2, 1]);
    assert_eq!(done.figure("fork", "change_seen"), true);
    assert_eq!(done.figure("spawn", "change_seen"), false);
}

#[test]
fn a_number_of_children_out_of_range_is_told_with_its_range() {
    for value in ["0", "-1", "10000001", "99999999999999999999"] {
        for command in ["compare", "lesson"] {
            let done = Parlab::new().args([command, "process", "--n", value]).run().code(2);
            done.stdout_is_empty().stderr_has(value).stderr_has("from 1 to 10000000");
        }
    }
}

#[test]
fn more_children_than_descriptors_are_refused_before_the_first_is_started() {
    for variant in ["fork", "spawn"] {
        let run = compare(["--n", "60", "--runs", "1", "--only", variant]).after("ulimit -n 40");
        let done = run.run().ends(1, Some(parlab::event::EndReason::Failed));
        let [error] = done.errors().try_into().unwrap();
        assert_eq!(error.kind, ErrorKind::DescriptorLimit);
        assert_eq!((error.wanted, error.started), (Some(60), None), "{variant}");
        assert_eq!(error.detail.unwrap(), "ulimit -n 40");
    }
}

#[test]
fn more_children_than_the_kernel_can_number_are_refused_in_both_languages() {
    let told = [
        ("en", "1\u{a0}000\u{a0}000 cannot be started at once"),
        ("it", "1\u{a0}000\u{a0}000 insieme non ci stanno"),
    ];
    // No descriptor's limit in a shell of today is as high; the threads meet that on mappings.
    for (lang, words) in told {
        for variant in ["fork", "spawn", "thread"] {
            let args = ["compare", "process", "--n", "1000000", "--only", variant, "--lang", lang];
            let run = Parlab::new().args(args).after("ulimit -n 1000");
            run.run().any_stdout().code(1).stderr_has(words);
        }
    }
}

#[test]
fn too_few_processes_are_told_with_how_many_could_start() {
    let [prlimit, setpriv] = ["/usr/bin/prlimit", "/usr/bin/setpriv"];
    if !is_root() || ![prlimit, setpriv].iter().all(|path| std::path::Path::new(path).exists()) {
        return skip("too_few_processes…", "it takes root, prlimit(1) and setpriv(1)");
    }
    let cases = [("process", "fork"), ("process", "spawn"), ("queue", "process-per-item")];
    for (lesson, variant) in cases {
        // A user that has no other process: 20 less the front, the runner and the experiment.
        let args = ["compare", lesson, "--json", "--n", "20", "--runs", "1", "--only", variant];
        let run = Parlab::new().args(args).copied().under([
            prlimit,
            "--nproc=20",
            setpriv,
            "--reuid=64040",
            "--regid=64040",
            "--clear-groups",
        ]);
        let done = run.run().ends(1, Some(parlab::event::EndReason::Failed));
        let [error] = done.errors().try_into().unwrap();
        assert_eq!(error.kind, ErrorKind::ProcessLimit, "{variant}");
        assert_eq!((error.wanted, error.started), (Some(20), Some(17)), "{variant}");
        assert!(error.detail.unwrap().contains("ulimit -u 20"), "{variant}");
    }
}

#[test]
fn too_few_threads_are_told_with_how_many_could_start() {
    let [prlimit, setpriv] = ["/usr/bin/prlimit", "/usr/bin/setpriv"];
    if !is_root() || ![prlimit, setpriv].iter().all(|path| std::path::Path::new(path).exists()) {
        return skip("too_few_threads…", "it takes root, prlimit(1) and setpriv(1)");
    }
    for (lesson, variant) in [("process", "thread"), ("queue", "threads")] {
        // The process of the threads is the fourth, and nobody may have a fifth.
        let args = ["compare", lesson, "--json", "--n", "20", "--runs", "1", "--only", variant];
        let run = Parlab::new().args(args).copied().under([
            prlimit,
            "--nproc=4",
            setpriv,
            "--reuid=64041",
            "--regid=64041",
            "--clear-groups",
        ]);
        let done = run.run().ends(1, Some(parlab::event::EndReason::Failed));
        let [error] = done.errors().try_into().unwrap();
        assert_eq!(error.kind, ErrorKind::ProcessLimit, "{variant}");
        assert_eq!((error.wanted, error.started), (Some(20), Some(0)), "{variant}");
    }
}

/// A Python, as far as the peer's caller can tell.
const PYTHON: &str = "case \"$3\" in -c) echo '{\"version\": \"3.11.2\", \"gil\": true}' ;; *) \
    echo \"{\\\"time_s\\\": 0.001, \\\"expected\\\": 2, \\\"got\\\": 1, \\\"start_method\\\": \
    \\\"$5\\\", \\\"children\\\": [\
    {\\\"asked_ns\\\": 0, \\\"first_ns\\\": 30, \\\"last_ns\\\": 40, \\\"joining_ns\\\": 50, \
    \\\"joined_ns\\\": 57, \\\"pid\\\": 7, \\\"cpus\\\": [0, 0]}, \
    {\\\"asked_ns\\\": 10, \\\"joining_ns\\\": 57, \\\"joined_ns\\\": 60, \\\"pid\\\": 8}]}\" ;; esac";

#[test]
fn a_peer_names_its_start_method_and_is_measured_as_the_others_are() {
    let args = ["--runs", "1", "--n", "2", "--only", "python-fork,python-spawn,python-forkserver"];
    let done = compare(args).python(PYTHON).run();
    let told: Vec<_> =
        done.runs().into_iter().map(|run| (run.variant, run.start_method, run.correct)).collect();
    let of = |method: &str| {
        (format!("python-{method}"), Some(method.to_string()), Some(false)) // one did not report
    };
    assert_eq!(told, [of("fork"), of("spawn"), of("forkserver")]);
    assert_eq!(done.figure("python-spawn", "create_ns"), 30.0);
    assert_eq!(done.figure("python-spawn", "life_ns"), 10.0);
    assert_eq!(done.figure("python-spawn", "reap_ns"), 7.0);
}

#[test]
fn a_real_python_makes_its_children_by_each_start_method() {
    let Some(python) = real_python() else {
        return skip("a_real_python_makes…", "there is no python3");
    };
    let only = |name: &str, variants: &str| {
        format!("experiment = \"{name}\"\nn = 12\nruns = 1\nonly = [{variants}]")
    };
    let each = "\"python-fork\", \"python-spawn\", \"python-forkserver\"";
    let args = "\"python-comma\", \"python-no-comma\"";
    let runs = [only("children", each), only("args", args), only("inherited", each)];
    let done = Parlab::lesson_in(&python, runs).run();
    assert_eq!(faults(&done), [], "{done}");
    for run in done.runs().into_iter().filter(|run| run.experiment == "children") {
        assert_eq!(run.variant, format!("python-{}", run.start_method.unwrap()));
        assert_eq!(run.got, Some(12), "{done}");
    }
    // Strings of one character are arguments by luck, those of two are one too many.
    assert_eq!(done.figure("python-comma", "ran"), 12);
    assert_eq!(done.figure("python-no-comma", "ran"), 10);
    assert_eq!(done.figure("python-no-comma", "first_failed"), "10");
    let error = done.figure("python-no-comma", "error");
    assert!(error.as_str().unwrap().starts_with("TypeError"), "{error}");
    let global = |method: &str| figure_of(&done, "inherited", method, "child_global");
    assert_eq!(global("python-fork"), 2);
    assert_eq!([global("python-spawn"), global("python-forkserver")], [1, 1]);
}

/// As [`figure`], where several experiments have a variant of that name.
#[track_caller]
fn figure_of(done: &Done, experiment: &str, variant: &str, name: &str) -> Value {
    let found = done.events().into_iter().find_map(|event| match event {
        Event::Measure(m) if m.experiment == experiment => {
            let of_it = m.variant.as_deref() == Some(variant);
            of_it.then(|| m.values.get(name).cloned()).flatten()
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no {name} of {experiment} {variant}\n{done}"))
}

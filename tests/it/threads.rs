//! The experiments of the lesson *threads*: what they claim, held against what they report.

use std::rc::Rc;

use parlab::event::{ErrorKind, Event, Line, LostUpdate, NoteKind, Run};

use crate::done::Done;
use crate::family::{is_root, skip};
use crate::parlab::{Parlab, lesson_text};
use crate::python::{faults, peers, real_python};
use crate::room::Room;
use crate::surroundings::one_cpu;

const STEPS: i64 = 100_000;
/// How many comparisons a test makes at most until chance has shown what it must.
const TRIES: u32 = 20;

/// `compare threads --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "threads", "--json", "--no-python"]).args(args)
}

/// One experiment of the lesson, with a body of options.
fn experiment(name: &str, options: &str) -> Done {
    Parlab::lesson([format!("experiment = \"{name}\"\n{options}").as_str()]).run()
}

#[test]
fn the_ledger_adds_up_in_every_traced_run() {
    let done = compare(["--runs", "5", "--only", "unlocked,locked,atomic"]).run();
    let traced: Vec<Run> = done.runs().into_iter().filter(|run| run.traced).collect();
    assert_eq!(traced.len(), 3 * 5, "{done}");
    for run in traced {
        let lost = run.lost.clone().unwrap();
        assert_eq!(lost.keys().collect::<Vec<_>>(), ["thread-1", "thread-2"]);
        let survived = 2 * STEPS - lost.values().sum::<u64>() as i64;
        assert_eq!((run.expected, run.got), (Some(2 * STEPS), Some(survived)), "{run:?}");
        assert_eq!((run.updates, run.time_s), (Some(2 * STEPS as u64), None));
    }
}

#[test]
fn with_a_lock_or_an_indivisible_step_every_sum_is_right() {
    let done = compare(["--runs", "10", "--only", "locked,atomic", "--iterations", "5000"]).run();
    assert_eq!(done.runs().len(), 2 * 2 * 10, "{done}");
    for run in done.runs() {
        assert_eq!((run.got, run.correct), (Some(10_000), Some(true)), "{run:?}");
        assert!(run.lost.is_none_or(|lost| lost.values().all(|&lost| lost == 0)));
    }
}

#[test]
fn without_one_updates_are_lost_and_the_overlap_is_proven() {
    let mut caught: Vec<LostUpdate> = Vec::new();
    let wrong = (0..TRIES).any(|_| {
        let done = compare(["--runs", "10", "--only", "unlocked"]).run();
        caught.extend(done.events().into_iter().filter_map(|event| match event {
            Event::LostUpdate(lost) => Some(lost),
            _ => None,
        }));
        let runs = done.runs();
        runs.iter().any(|run| run.correct == Some(false) && run.overlap > Some(0.0))
    });
    assert!(wrong, "{TRIES} times 10 races were right");
    for lost in caught {
        let names = [lost.victim.as_str(), lost.overwriter.as_str()];
        assert!(names.contains(&"thread-1") && names.contains(&"thread-2"), "{lost:?}");
        // Both began from the same write.
        assert_eq!(lost.steps[0].write, lost.steps[1].write, "{lost:?}");
    }
}

#[test]
fn where_two_cpus_are_each_thread_has_its_own_and_on_one_the_window_is_widened() {
    let usable = parlab::machine::describe().usable;
    let done = compare(["--runs", "1", "--only", "unlocked"]).run();
    let widened = |done: &Done| {
        let note = |e: &Event| matches!(e, Event::Note(n) if n.kind == NoteKind::OneCpuWidened);
        done.events().iter().any(note)
    };
    assert_eq!(widened(&done), usable.len() < 2, "{done}");
    let cpus = done.runs()[0].cpus.clone();
    assert_eq!(cpus.map(|cpus| cpus[0] != cpus[1]), (usable.len() > 1).then_some(true));
    let Some(one_cpu) = one_cpu() else {
        return skip("…on_one_the_window_is_widened", "there is no taskset(1)");
    };
    let run = compare(["--runs", "3", "--only", "unlocked"]).under(one_cpu);
    let done = run.run();
    assert!(widened(&done), "{done}");
    assert!(done.runs().iter().any(|run| run.correct == Some(false)), "{done}");
}

#[test]
fn every_task_is_done_one_after_the_other_by_threads_and_by_processes() {
    let args = ["--runs", "2", "--workers", "3", "--work", "1ms", "--wait", "5ms"];
    let done = compare(args).run();
    for name in ["work", "wait"] {
        let runs: Vec<Run> = done.runs().into_iter().filter(|run| run.experiment == name).collect();
        let of = |variant: &str| runs.iter().filter(|run| run.variant == variant).count();
        assert_eq!(["serial", "threads", "processes"].map(of), [2; 3], "{done}");
        for run in &runs {
            assert_eq!((run.expected, run.got, run.correct), (Some(3), Some(3), Some(true)));
        }
        // A sleep is never shorter than asked, and one after the other they add up.
        let least = if name == "wait" { 0.005 } else { 0.0 };
        for run in &runs {
            let tasks = if run.variant == "serial" { 3.0 } else { 1.0 };
            assert!(run.time_s.unwrap() >= tasks * least, "{run:?}");
        }
    }
}

#[test]
fn an_experiment_without_a_variant_that_was_asked_for_is_passed_over() {
    let of = |only: &str| {
        let done = compare(["--runs", "1", "--only", only, "--iterations", "100"]).run();
        let mut names: Vec<String> =
            done.summaries().into_iter().map(|summary| summary.experiment).collect();
        names.dedup();
        names
    };
    assert_eq!(of("locked"), ["counter"]);
    assert_eq!(of("threads"), ["work", "wait"]);
    assert_eq!(of("atomic,serial"), ["counter", "work", "wait"]);
    // Asked for, and nothing of it can run.
    let done = compare(["--only", "python-threads"]).run();
    done.one_error(ErrorKind::NothingRan).code(1);
}

#[test]
fn threads_share_a_global_variable_and_processes_have_copies_at_one_address() {
    let done = experiment("globals", "");
    for (variant, saw, after) in [("thread", 102, 102), ("process", 101, 100)] {
        let of = |name| done.figure(variant, name);
        assert_eq!(of("before"), 100, "{done}");
        assert_eq!(of("worker_saw"), saw, "{done}");
        assert_eq!(of("after"), after, "{done}");
        assert_eq!(of("same_address"), true, "{done}");
        assert_eq!(of("address"), of("worker_address"), "{done}");
    }
    let lines = done.events().into_iter().filter_map(|event| match event {
        Event::Line(Line { variant, text, .. }) => Some((variant, text)),
        _ => None,
    });
    let mut lines: Vec<(String, String)> = lines.collect();
    lines.sort();
    let line = |variant: &str, number: u32| (variant.to_string(), format!("{variant} {number}"));
    let expected = [line("process", 1), line("process", 2), line("thread", 1), line("thread", 2)];
    assert_eq!(lines, expected);
}

#[test]
fn without_a_python_threads_that_take_turns_on_one_cpu_answer() {
    let done = experiment("turns", "runs = 5");
    let runs = done.runs();
    assert_eq!(runs.len(), 5, "{done}");
    for run in &runs {
        let cpus = run.cpus.clone().unwrap();
        assert_eq!((run.variant.as_str(), cpus[0]), ("one-cpu", cpus[1]), "{run:?}");
    }
    let wrong = runs.iter().filter(|run| run.correct == Some(false)).count();
    assert!(wrong > 0, "{done}");
    assert_eq!(done.figure("", "in_python"), false);
    assert_eq!(done.figure("", "runs"), 5);
    assert_eq!(done.figure("", "wrong_runs"), wrong);
    for versions in ["right_versions", "wrong_versions", "without_gil"] {
        assert!(done.figure("", versions).is_null(), "{done}");
    }
}

/// A Python of that version, as far as the peer's caller can tell: its sum is `got`, or one less
/// where it was asked for its turn early.
fn python(version: &str, gil: bool, got: i64) -> String {
    let run = |got: i64| format!("{{\"time_s\": 0.01, \"expected\": 200000, \"got\": {got}}}");
    format!(
        "case \"$3 $5\" in -c*) echo '{{\"version\": \"{version}\", \"gil\": {gil}}}' ;; \
         *eager*) echo '{}' ;; *) echo '{}' ;; esac",
        run(got - i64::from(got < 200_000)),
        run(got)
    )
}

#[test]
fn each_version_of_python_is_told_by_its_outcome_and_its_gil() {
    let room = Rc::new(Room::new());
    room.program("python3", &python("3.11.2", true, 200_000));
    room.program("python3.9", &python("3.9.18", true, 150_000));
    room.program("python3.13t", &python("3.13.0", false, 120_000));
    room.file("x.md", lesson_text(&["experiment = \"turns\"\nruns = 2"]));
    let args = ["lesson", "./x.md", "--json", "--python", "all"];
    let done = Parlab::in_room(&room).args(args).run();
    let of = |name| done.figure("", name);
    assert_eq!(of("in_python"), true, "{done}");
    assert_eq!(of("right_versions"), "3.11.2", "{done}");
    assert_eq!(of("wrong_versions"), "3.9.18, 3.13.0t", "{done}");
    assert_eq!(of("without_gil"), "3.13.0t", "{done}");
    // As they are, without those that were asked for their turn early.
    assert_eq!((of("runs"), of("wrong_runs")), (6.into(), 4.into()), "{done}");
    let columns = ["python3.11-unlocked", "python3.9-eager", "python3.13t-eager"];
    let ran = peers(&done);
    assert!(columns.iter().all(|name| ran.iter().any(|run| run.variant == *name)), "{done}");
}

#[test]
fn the_first_question_has_one_answer_with_a_python_and_without() {
    for script in [None, Some(python("3.11.2", true, 200_000)), Some("exit 1".to_string())] {
        let run = Parlab::new().args(["lesson", "threads", "--json", "--runs", "3"]);
        let run = match &script {
            Some(script) => run.python(script),
            None => run,
        };
        let done = run.run();
        let held = done.events().into_iter().find_map(|event| match event {
            Event::Answer(answer) if answer.ask == "turns" => Some(answer.held),
            _ => None,
        });
        assert_eq!(held.as_ref().map(Vec::len), Some(1), "{done}");
        let right = script.is_some_and(|script| script.starts_with("case"));
        assert_eq!(held.unwrap()[0] == "turns-protect", right, "{done}");
    }
}

#[test]
fn under_one_lock_one_thread_computes_at_a_time_and_all_wait_at_once() {
    let at_once = |done: &Done, variant: &str| done.number(variant, "at_once");
    // Whether threads without a lock meet depends on what else runs here.
    let met = (0..TRIES).any(|_| {
        let done = experiment("one-lock", "runs = 1\nwork_s = 0.005\nwait_s = 0.02");
        for variant in ["compute", "wait", "compute-locked", "wait-locked"] {
            let times = ["at_1_s", "at_2_s", "at_4_s"].map(|name| done.number(variant, name));
            assert!(times.iter().all(|time| *time > 0.0), "{done}");
            let ratio = 4.0 * times[0] / times[2];
            assert!((done.number(variant, "speedup_4") - ratio).abs() < 1e-9, "{done}");
        }
        assert_eq!(at_once(&done, "compute-locked"), 1.0, "{done}");
        ["compute", "wait", "wait-locked"].iter().all(|variant| at_once(&done, variant) > 1.0)
    });
    assert!(met, "without the lock in the way no two threads ever met");
}

#[test]
fn a_process_can_be_killed_alone_and_a_thread_only_asked() {
    let done = experiment("end-one", "");
    for (variant, other_lives, exitcode) in
        [("process", true, -9), ("thread", false, -9), ("asked", true, 0)]
    {
        assert_eq!(done.figure(variant, "victim_ended"), true, "{variant}\n{done}");
        assert_eq!(done.figure(variant, "other_lives"), other_lives, "{variant}\n{done}");
        assert_eq!(done.figure(variant, "exitcode"), exitcode, "{variant}\n{done}");
    }
}

#[test]
fn every_message_has_one_receiver() {
    let done = experiment("channels", "runs = 2");
    for variant in ["channel", "queue"] {
        let of = |name| done.number(variant, name);
        assert_eq!(of("messages"), 10_000.0);
        assert_eq!((of("received"), of("twice")), (10_000.0, 0.0), "{variant}\n{done}");
        assert_eq!(of("most") + of("fewest"), of("received"), "{variant}\n{done}");
        assert!(of("each_ns") > 0.0, "{variant}\n{done}");
    }
}

#[test]
fn a_real_python_shows_the_same() {
    let Some(python) = real_python() else {
        return skip("a_real_python_shows_the_same", "there is no python3");
    };
    let blocks = [
        "experiment = \"counter\"\nruns = 1\niterations = 2000\nonly = [\"python-unlocked\", \"python-locked\"]",
        "experiment = \"turns\"\nruns = 1\niterations = 2000",
        "experiment = \"work\"\nruns = 1\nwork_s = 0.001\nonly = [\"python-threads\", \"python-processes\"]",
        "experiment = \"wait\"\nruns = 1\nwait_s = 0.001\nonly = [\"python-threads\", \"python-processes\"]",
        "experiment = \"globals\"\nonly = [\"python-thread\", \"python-process\"]",
        "experiment = \"one-lock\"\nruns = 1\nwork_s = 0.001\nwait_s = 0.001\nonly = [\"python-compute\", \"python-wait\", \"python-hash\"]",
        "experiment = \"end-one\"\nonly = [\"python-thread\", \"python-process\"]",
        "experiment = \"channels\"\nruns = 1\nonly = [\"python-queue\"]",
    ];
    let done = Parlab::lesson_in(&python, blocks).run();
    assert_eq!(faults(&done), [], "{done}");
    for run in done.runs().into_iter().filter(|run| run.experiment != "turns") {
        assert!(run.variant == "python-unlocked" || run.correct == Some(true), "{run:?}");
        let by_processes = run.variant == "python-processes";
        assert_eq!(run.start_method.as_deref(), by_processes.then_some("fork"), "{run:?}");
    }
    assert_eq!(done.figure("", "in_python"), true, "{done}");
    assert_eq!(done.figure("python-process", "exitcode"), -15, "{done}");
    assert_eq!(done.figure("python-queue", "received"), 10_000, "{done}");
    assert_eq!(done.figure("python-queue", "twice"), 0, "{done}");
    assert!(done.number("python-hash", "at_1_s") > 0.0, "{done}");
    let of = |name: &str, kind: &str, figure: &str| {
        let measured = done
            .figures()
            .into_iter()
            .find(|measure| measure.experiment == name && measure.variant.as_deref() == Some(kind));
        measured.unwrap().values[figure].clone()
    };
    for (kind, saw, after) in [("python-thread", 102, 102), ("python-process", 101, 100)] {
        assert_eq!(of("globals", kind, "worker_saw"), saw, "{done}");
        assert_eq!(of("globals", kind, "after"), after, "{done}");
        assert_eq!(of("end-one", kind, "victim_ended"), true, "{done}");
        assert_eq!(of("end-one", kind, "other_lives"), true, "{done}");
        assert_eq!(of("end-one", kind, "has_method"), kind == "python-process", "{done}");
    }
}

#[test]
fn where_no_thread_can_be_had_it_is_told_as_a_limit() {
    let [prlimit, setpriv] = ["/usr/bin/prlimit", "/usr/bin/setpriv"];
    if !is_root() || ![prlimit, setpriv].iter().all(|p| std::path::Path::new(p).exists()) {
        return skip("where_no_thread_can_be_had…", "it takes root, prlimit(1) and setpriv(1)");
    }
    // Front, runner, experiment and home are four processes of a user who has no others; with
    // their bodies and the peers of nobody, the second thread is one too many.
    let run = compare(["--runs", "1", "--only", "locked", "--iterations", "10"]).copied();
    let user = ["--reuid=64041", "--regid=64041", "--clear-groups"];
    let run = run.under([prlimit, "--nproc=5", setpriv, user[0], user[1], user[2]]);
    let done = run.run().ends(1, Some(parlab::event::EndReason::Failed));
    let [error] = done.errors().try_into().unwrap();
    assert_eq!(error.kind, ErrorKind::ProcessLimit, "{error:?}");
    assert_eq!(error.what.as_deref(), Some("a thread"));
}

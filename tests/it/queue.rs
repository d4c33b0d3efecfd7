//! The experiments of the lesson *queue*: what they claim, held against what they report.

use std::collections::BTreeSet;

use parlab::event::{EndReason, ErrorKind, Event, Evidence, NoteKind, Run, Span};

use crate::done::Done;
use crate::family::skip;
use crate::parlab::{Parlab, lesson_text};
use crate::python::{faults, real_python};
use crate::surroundings::one_cpu;

/// The variants that need no Python.
const NATIVE: [&str; 4] = ["serial", "process-per-item", "workers", "threads"];

/// `compare queue --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "queue", "--json", "--no-python"]).args(args)
}

#[test]
fn every_variant_brings_back_every_result() {
    let done = compare(["--runs", "3", "--n", "50", "--workers", "3"]).run();
    let runs = done.runs();
    for variant in NATIVE {
        let of_it: Vec<&Run> = runs.iter().filter(|run| run.variant == variant).collect();
        assert_eq!(of_it.len(), 3, "{variant}");
        for run in of_it {
            let sum = (0..50).map(|number| number + 2).sum();
            assert_eq!((run.expected, run.got, run.correct), (Some(sum), Some(sum), Some(true)));
        }
    }
    assert_eq!(runs.len(), 3 * NATIVE.len());
}

#[test]
fn one_number_and_more_workers_than_numbers_are_no_trouble() {
    for args in [["--n", "1", "--workers", "2"], ["--n", "3", "--workers", "7"]] {
        let runs = compare(args).args(["--runs", "1"]).run().runs();
        assert_eq!(runs.len(), NATIVE.len());
        assert!(runs.iter().all(|run| run.correct == Some(true)), "{runs:?}");
    }
}

#[test]
fn making_getting_and_reaping_are_the_whole_time_of_a_run() {
    // Of one run, so that the medians are that run's own figures.
    let done = compare(["--runs", "1", "--n", "20"]).run();
    for run in done.runs().into_iter().filter(|run| run.variant != "serial") {
        let of = |name| done.number(&run.variant, name);
        let parts = of("create_s") + of("collect_s") + of("reap_s");
        assert!((parts - run.time_s.unwrap()).abs() < 1e-8, "{run:?}: {parts}");
        assert!(of("create_s") > 0.0 && of("reap_s") > 0.0 && of("put_s") > 0.0, "{run:?}");
    }
    assert_eq!(done.number("serial", "create_s"), 0.0);
    assert_eq!(done.number("serial", "reap_s"), 0.0);
    assert!(done.number("serial", "put_s") > 0.0);
}

#[test]
fn a_single_producer_is_never_out_of_order() {
    let done = compare(["--runs", "3", "--only", "serial"]).run();
    assert_eq!(done.number("serial", "out_of_order"), 0.0);
    let done = compare(["--runs", "3", "--only", "workers", "--workers", "1"]).run();
    assert_eq!(done.number("workers", "out_of_order"), 0.0);
}

#[test]
fn work_and_wait_are_done_for_each_number() {
    // A sleep is never shorter than asked.
    let done = compare(["--runs", "1", "--n", "5", "--only", "serial", "--wait", "10ms"]).run();
    assert!(done.runs()[0].time_s >= Some(0.05), "{done}");
    // As much more work as takes longer than any disturbance: far less would show that none is done.
    let time = |work: &str| {
        let args = ["--runs", "1", "--n", "5", "--only", "serial", "--work", work];
        compare(args).run().runs()[0].time_s.unwrap()
    };
    assert!((0..20).any(|_| time("5ms") > time("0us")));
}

#[test]
fn results_come_in_the_order_of_their_puts_and_can_be_put_in_the_order_of_start() {
    let done = Parlab::lesson(["experiment = \"order\""]).run();
    assert_eq!(done.figure("reversed", "arrived"), "4, 3, 2, 1");
    assert_eq!(done.figure("reversed", "restored"), "1, 2, 3, 4");
    assert_eq!(done.figure("reversed", "each_in_order"), true);
}

#[test]
fn joining_before_getting_is_a_deadlock_and_getting_first_is_none() {
    let done = Parlab::lesson(["experiment = \"join-first\""]).run();
    let deadlocks = done.deadlocks();
    let [deadlock] = deadlocks.as_slice() else { panic!("{done}") };
    assert_eq!(deadlock.variant, "join-first");
    let [parent, child] = deadlock.waits.as_slice() else { panic!("{deadlock:?}") };
    assert_eq!((parent.process.as_str(), child.process.as_str()), ("parent", "child"));
    assert_eq!(
        (parent.holder.as_deref(), child.holder.as_deref()),
        (Some("child"), Some("parent"))
    );
    match deadlock.evidence {
        Evidence::Syscall => {
            assert_eq!(parent.call.as_deref(), Some("wait4"), "{deadlock:?}");
            assert_eq!(child.call.as_deref(), Some("futex"), "{deadlock:?}");
            assert!(child.address.as_ref().unwrap().starts_with("0x"), "{deadlock:?}");
        }
        Evidence::Wchan => {
            let hidden =
                |e: &Event| matches!(e, Event::Note(n) if n.kind == NoteKind::SyscallHidden);
            assert!(done.events().iter().any(hidden), "{done}");
        }
    }
    for (variant, found) in [("join-first", true), ("get-first", false)] {
        assert_eq!(done.figure(variant, "found"), found);
        assert_eq!(done.figure(variant, "both_ended"), !found);
    }
    assert_eq!(done.number("get-first", "got"), done.number("get-first", "messages"));
    assert_eq!(done.number("join-first", "got"), 0.0);
}

#[test]
fn a_deadlock_is_told_as_what_it_is_whether_locks_are_held_or_not() {
    let told = |experiment: &str, lang: &str, words: &[&str]| {
        let room = std::rc::Rc::new(crate::room::Room::new());
        room.file("x.md", lesson_text(&[&format!("experiment = \"{experiment}\"")]));
        let args = ["lesson", "./x.md", "--no-python", "--lang", lang];
        let done = Parlab::in_room(&room).args(args).run();
        let said = done.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
        // Where /proc tells less, the evidence is another and the same for both.
        let less = said.contains("/proc/PID/wchan");
        let words = if less { &words[..1] } else { words };
        assert!(words.iter().all(|words| said.contains(words)), "{words:?}\n{done}");
    };
    let heading = "each waits for another, and nobody goes on";
    told("join-first", "en", &[heading, "in the same call with the same argument"]);
    told("two-locks", "en", &[heading, "in the same call on the same address"]);
    let heading = "ciascuno aspetta un altro, e nessuno va avanti";
    told("join-first", "it", &[heading, "nella stessa chiamata, con lo stesso argomento"]);
    told("two-locks", "it", &[heading, "nella stessa chiamata, sullo stesso indirizzo"]);
}

#[test]
fn the_queue_of_the_deadlock_is_as_full_as_its_messages_make_it() {
    let done = Parlab::lesson(["experiment = \"join-first\"\nonly = [\"join-first\"]"]).run();
    let of = |name| done.number("join-first", name);
    let each = of("message_bytes") + 4.0;
    assert_eq!(of("held_bytes"), of("put") * each);
    assert!(of("put") > 0.0 && of("put") < of("messages"));
    // The next one did not fit.
    assert!(of("held_bytes") <= of("capacity_bytes"));
    assert!(of("held_bytes") + each > of("capacity_bytes"));
}

#[test]
fn the_grain_is_the_least_work_from_which_on_the_loop_is_beaten() {
    let levels = [
        (1e-5, "at_10us_s"),
        (3e-5, "at_30us_s"),
        (1e-4, "at_100us_s"),
        (3e-4, "at_300us_s"),
        (1e-3, "at_1ms_s"),
        (3e-3, "at_3ms_s"),
    ];
    let done = Parlab::lesson(["experiment = \"break-even\"\nn = 8\nruns = 1"]).run();
    for variant in ["process-per-item", "workers"] {
        let beats = |name: &str| done.number(variant, name) * 1.05 < done.number("serial", name);
        let mut grain = None;
        for (work, name) in levels.into_iter().rev() {
            if !beats(name) {
                break;
            }
            grain = Some(work);
        }
        assert_eq!(done.figure(variant, "wins"), grain.is_some(), "{done}");
        assert_eq!(done.figure(variant, "grain_s").as_f64(), grain, "{done}");
    }
    assert_eq!(done.figure("serial", "wins"), false);
    let (ceiling, processes) = (done.number("", "ceiling"), done.number("", "processes"));
    assert!(ceiling > 0.0 && ceiling <= processes, "{done}");
}

#[test]
fn the_sweep_runs_the_experiment_that_raises_the_work_and_no_other() {
    let done = compare(["--sweep", "--n", "4", "--runs", "1"]).run();
    let of: BTreeSet<String> = done.figures().into_iter().map(|m| m.experiment).collect();
    assert_eq!(of, ["break-even".to_string()].into(), "{done}");
    assert!(done.runs().is_empty(), "{done}");
    let start = &done.lines()[0]["params"];
    assert_eq!((start["n"].as_u64(), start["work_s"].as_f64()), (Some(4), None), "{start}");
    assert!(done.number("", "ceiling") > 0.0);
    done.ends(0, None);
}

#[test]
fn the_sweep_names_the_grain_where_there_is_one_in_both_languages() {
    if parlab::machine::describe().usable.len() == 1 {
        return skip("the_sweep_names_the_grain…", "on one CPU there is none to name");
    }
    let sentences = [
        (
            ["en", "beats the loop"],
            "The grain of `workers` on this machine is",
            "`workers` has no grain here",
        ),
        (
            ["it", "batte il ciclo"],
            "La grana di `workers` su questa macchina è",
            "`workers` qui non ha una grana",
        ),
    ];
    for ([lang, wins], grain, none) in sentences {
        let args = ["compare", "queue", "--sweep", "--n", "8", "--runs", "1", "--lang", lang];
        let done = Parlab::new().args(args).run();
        // The last column is that of `workers`.
        let row = done.stdout().lines().find(|line| line.trim_start().starts_with(wins));
        let wins = !row.unwrap().ends_with("no");
        let said = |sentence: &str| done.stdout().replace('\n', " ").contains(sentence);
        assert_eq!((said(grain), said(none)), (wins, !wins), "{done}");
    }
}

#[test]
fn a_sweep_without_the_loop_claims_nothing() {
    let done = compare(["--sweep", "--n", "4", "--runs", "1", "--only", "workers"]).run();
    assert!(done.figure("workers", "wins").is_null(), "{done}");
    assert!(done.figure("workers", "grain_s").is_null(), "{done}");
    let args = ["compare", "queue", "--sweep", "--n", "4", "--runs", "1", "--only", "workers"];
    let done = Parlab::new().args(args).run();
    assert!(
        !done.stdout().contains("grain of") && !done.stdout().contains("beat the loop"),
        "{done}"
    );
}

#[test]
fn a_variant_that_the_sweep_does_not_have_is_told_with_those_it_has() {
    let done = compare(["--sweep", "--only", "workers,threads"]).run();
    let error = &done.errors()[0];
    assert_eq!(error.what.as_deref(), Some("threads"), "{done}");
    assert_eq!(error.detail.as_deref(), Some("process-per-item, serial, workers"), "{done}");
    done.one_error(ErrorKind::UnknownVariant).ends(2, Some(EndReason::Failed));
}

#[test]
fn on_one_cpu_the_ceiling_is_about_one() {
    let Some(one_cpu) = one_cpu() else {
        return skip("on_one_cpu_the_ceiling…", "there is no taskset(1)");
    };
    let seen = (0..20).any(|_| {
        let run = ["experiment = \"break-even\"\nn = 1\nruns = 1\nonly = [\"serial\"]"];
        Parlab::lesson(run).under(one_cpu.clone()).run().number("", "ceiling") < 1.5
    });
    assert!(seen, "two processes on one CPU seemed to compute at the same time");
}

#[test]
fn a_killed_producer_loses_at_most_the_message_in_its_hand() {
    let done = Parlab::lesson(["experiment = \"producer-killed\""]).run();
    for (variant, arrived) in [("locked", 2), ("written", 2), ("committed", 3)] {
        assert_eq!(done.figure(variant, "victim_exitcode"), -9);
        assert_eq!(done.figure(variant, "confirmed"), 2, "{variant}");
        assert_eq!(done.figure(variant, "arrived"), arrived, "{variant}");
        assert_eq!(done.figure(variant, "others"), 3, "{variant}");
        assert_eq!(done.figure(variant, "whole"), true, "{variant}");
    }
}

#[test]
fn what_cannot_be_sent_is_told_by_put_and_by_nobody_behind_a_feeder() {
    let done = Parlab::lesson(["experiment = \"unsendable\""]).run();
    for (variant, told) in [("in-put", true), ("in-feeder", false)] {
        assert_eq!(done.figure(variant, "put_failed"), told, "{variant}");
        assert_eq!(done.figure(variant, "exitcode"), 0, "{variant}");
        assert_eq!(done.figure(variant, "getter_waits"), true, "{variant}");
        assert!(done.number(variant, "waited_s") > 0.0);
    }
}

#[test]
fn a_real_python_shows_the_same() {
    let Some(python) = real_python() else {
        return skip("a_real_python_shows_the_same", "there is no python3");
    };
    let blocks = [
        "experiment = \"sum\"\nruns = 1\nn = 10\nonly = [\"python-serial\", \"python-process-per-item\"]",
        "experiment = \"join-first\"\nonly = [\"python-join-first\"]",
        "experiment = \"producer-killed\"\nonly = [\"python-killed\"]",
        "experiment = \"unsendable\"\nonly = [\"python-lambda\"]",
    ];
    let done = Parlab::lesson_in(&python, blocks).run();
    assert_eq!(faults(&done), [], "{done}");
    let runs = done.runs();
    assert_eq!(runs.len(), 2, "{done}");
    for run in runs {
        assert_eq!((run.expected, run.correct), (Some(65), Some(true)), "{run:?}");
        assert_eq!(run.start_method.as_deref(), Some("fork"));
    }
    python_deadlocks(&done);
    assert_eq!(done.figure("python-killed", "victim_exitcode"), -9);
    assert_eq!(done.figure("python-killed", "others"), 0, "{done}");
    assert_eq!(done.figure("python-killed", "getter_waits"), true, "{done}");
    assert_eq!(done.figure("python-killed", "putter_waits"), true, "{done}");
    assert_eq!(done.figure("python-lambda", "put_failed"), false, "{done}");
    assert_eq!(done.figure("python-lambda", "exitcode"), 0, "{done}");
    assert_eq!(done.figure("python-lambda", "getter_waits"), true, "{done}");
}

/// Parent, child and feeder wait in a circle, where the kernel tells where they sleep; they hang
/// in any case, though all has been put.
#[track_caller]
fn python_deadlocks(done: &Done) {
    let of = |name| done.figure("python-join-first", name);
    assert_eq!(of("both_ended"), false, "{done}");
    assert_eq!(of("put"), of("messages"), "{done}");
    let [held, capacity, each] = ["held_bytes", "capacity_bytes", "message_bytes"]
        .map(|name| done.number("python-join-first", name));
    assert!(held > each && held <= capacity && held + 2.0 * each > capacity, "{done}");
    let told = done.events().into_iter().find_map(|e| match e {
        Event::Deadlock(deadlock) if deadlock.variant == "python-join-first" => Some(deadlock),
        _ => None,
    });
    assert_eq!(of("found"), told.is_some(), "{done}");
    if let Some(told) = told {
        let circle: Vec<(&str, Option<&str>)> =
            told.waits.iter().map(|w| (w.process.as_str(), w.holder.as_deref())).collect();
        let next =
            [("parent", Some("child")), ("child", Some("feeder")), ("feeder", Some("parent"))];
        assert_eq!(circle, next, "{done}");
        assert_eq!(told.evidence, Evidence::Wchan);
    }
}

#[test]
fn what_the_workers_put_is_told_from_a_run_of_its_own_in_the_order_in_which_it_was_got() {
    let args = ["compare", "queue", "--json", "--no-python", "--runs", "2", "--n", "11"];
    let done = Parlab::new().args(args).args(["--workers", "3"]).run();
    let [timeline] = &done.timelines()[..] else { panic!("not one timeline\n{done}") };
    assert_eq!((timeline.variant.as_str(), timeline.index), ("workers", 2));
    assert!(done.runs().iter().all(|run| run.index < 2), "it was timed");
    let spans = |at: usize| timeline.lanes[at].spans.len();
    assert_eq!([0, 1, 2, 3].map(spans), [12, 4, 4, 3], "{timeline:?}");
    let parent = &timeline.lanes[0].spans[1..];
    assert_eq!(timeline.messages.len(), 11);
    for (message, wait) in timeline.messages.iter().zip(parent) {
        assert_eq!((message.to.as_str(), message.got_s), ("parent", wait.end_s));
        let worker = timeline.lanes.iter().find(|lane| lane.process == message.from).unwrap();
        let puts = |span: &Span| span.begin_s <= message.put_s && message.put_s <= span.end_s;
        assert!(worker.spans.iter().any(puts), "{message:?} {worker:?}");
        assert!(message.put_s < message.got_s, "{message:?}");
    }
    let pids: std::collections::BTreeSet<_> = timeline.lanes.iter().map(|lane| lane.pid).collect();
    assert_eq!(pids.len(), 4, "{timeline:?}");
    // More numbers than anybody could tell from each other have none.
    let many = ["compare", "queue", "--json", "--only", "workers", "--runs", "1", "--n", "501"];
    assert_eq!(Parlab::new().args(many).run().timelines(), []);
}

//! The experiments of the lesson *pipe*: what they claim, held against what they report.

use parlab::event::{Event, Evidence, Run};

use crate::done::Done;
use crate::family::{is_root, skip};
use crate::parlab::Parlab;
use crate::python::{faults, real_python};
use crate::surroundings::{one_cpu, succeeds};

/// The variants of the echo that need no Python.
const NATIVE: [&str; 4] = ["pipe", "socketpair", "queue", "shm"];

/// `compare pipe --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "pipe", "--json", "--no-python"]).args(args)
}

/// One experiment, without Python.
fn experiment(name: &str) -> Done {
    Parlab::lesson([format!("experiment = \"{name}\"\nn = 20\nruns = 1").as_str()]).run()
}

/// Whether this machine lets the experiments use two CPUs.
fn two_cpus(done: &Done) -> bool {
    let usable = |event: &Event| match event {
        Event::Start(start) => Some(start.machine.usable.len()),
        _ => None,
    };
    done.events().iter().find_map(usable).unwrap() > 1
}

/// The call that somebody was found asleep in is one of these; where it may not be read, the
/// kernel's function stands in its place, by a name that no test can know.
#[track_caller]
fn asleep_in(done: &Done, variant: &str, calls: &[&str]) {
    let call = done.figure(variant, "call");
    let hidden = done.events().iter().any(|event| matches!(event, Event::Note(_)));
    assert!(hidden || calls.iter().any(|known| call == *known), "{call}\n{done}");
}

#[test]
fn every_carrier_brings_every_number_back() {
    let done = compare(["--runs", "3", "--n", "50"]).run();
    let runs = done.runs();
    for variant in NATIVE {
        let of_it: Vec<&Run> = runs.iter().filter(|run| run.variant == variant).collect();
        assert_eq!(of_it.len(), 3, "{variant}");
        for run in of_it {
            let sum = (0..50).sum();
            assert_eq!((run.expected, run.got, run.correct), (Some(sum), Some(sum), Some(true)));
            assert!(run.time_s > Some(0.0), "{run:?}");
        }
    }
    assert_eq!(runs.len(), 3 * NATIVE.len());
}

#[test]
fn all_variants_run_in_like_placement_and_it_is_told() {
    let done = compare(["--runs", "1", "--n", "10"]).run();
    let cpus: Vec<_> = done.runs().into_iter().map(|run| run.cpus.unwrap()).collect();
    assert!(cpus.iter().all(|places| *places == cpus[0]), "{cpus:?}");
    let [first, second] = cpus[0][..] else { panic!("{cpus:?}") };
    assert_eq!(first != second, two_cpus(&done), "{done}");
    let args = ["compare", "pipe", "--no-python", "--runs", "1", "--n", "10"];
    let place = if first == second { "on CPU" } else { "on CPUs" };
    Parlab::new().args(args).run().stdout_has(&format!("the processes were pinned {place}"));
}

#[test]
fn a_round_trip_is_told_for_each_placement() {
    let done = compare(["--runs", "1", "--n", "10"]).run();
    for variant in NATIVE {
        let names = match two_cpus(&done) {
            true => &["two_cpus_s", "same_cpu_s", "free_s"][..],
            false => &["same_cpu_s"],
        };
        for name in names {
            assert!(done.number(variant, name) > 0.0, "{name} of {variant}");
        }
        // Of one run, so that the median is that run's own time.
        let run = done.runs().into_iter().find(|run| run.variant == variant).unwrap();
        let each = done.number(variant, names[0]);
        assert!((each * 10.0 - run.time_s.unwrap()).abs() < 1e-8, "{run:?}: {each}");
    }
}

#[test]
fn on_one_cpu_only_what_is_there_is_told() {
    let Some(one_cpu) = one_cpu() else {
        return skip("on_one_cpu_only…", "there is no taskset(1)");
    };
    let cpu: usize = one_cpu[2].parse().unwrap();
    let done = compare(["--runs", "1", "--n", "10"]).under(one_cpu.clone()).run();
    for run in done.runs() {
        assert_eq!(run.cpus, Some(vec![cpu, cpu]), "{run:?}");
        assert_eq!(run.correct, Some(true), "{run:?}");
    }
    for measure in done.figures() {
        assert_eq!(measure.values.keys().collect::<Vec<_>>(), ["same_cpu_s"], "{done}");
    }
    let args = ["lesson", "pipe", "--no-python", "--part", "all", "--runs", "1"];
    Parlab::new().args(args).under(one_cpu).run().stdout_has("on the only CPU");
}

#[test]
fn a_receiver_waits_for_a_sender_who_is_not_there_yet() {
    let done = experiment("recv-first");
    for variant in ["pipe", "socketpair"] {
        assert_eq!(done.figure(variant, "waits"), true, "{done}");
        assert_eq!(done.figure(variant, "failed"), false);
        assert_eq!(done.figure(variant, "gave_nothing"), false);
        assert_eq!(done.figure(variant, "received"), true);
        asleep_in(&done, variant, &["read"]);
    }
}

#[test]
fn who_prints_first_is_counted() {
    let done = experiment("greeting");
    for variant in ["as-written", "receiver-first", "sender-pauses"] {
        let of = |name| done.number(variant, name);
        assert!(of("greetings") > 0.0);
        assert_eq!(of("sender_first") + of("receiver_first"), of("greetings"), "{variant}");
    }
    let mut lines: Vec<String> = (done.events().into_iter())
        .filter_map(|e| if let Event::Line(line) = e { Some(line.text) } else { None })
        .collect();
    lines.sort();
    assert_eq!(lines, ["print_1: hello Piero", "print_2: Piero has logged in"]);
}

#[test]
fn a_sender_that_is_held_up_prints_later() {
    let run = ["experiment = \"greeting\"\nonly = [\"sender-pauses\"]"];
    // It sleeps for long enough, unless the machine holds the receiver up for longer.
    let seen =
        (0..10).any(|_| Parlab::lesson(run).run().number("sender-pauses", "receiver_first") > 0.0);
    assert!(seen, "the receiver never printed first");
}

#[test]
fn a_two_way_pipe_is_a_socket_and_a_one_way_pipe_is_a_pipe() {
    let done = experiment("greeting");
    assert_eq!(done.figure("as-written", "two_way"), "socket");
    assert_eq!(done.figure("as-written", "one_way"), "pipe");
}

#[test]
fn a_long_message_waits_for_its_reader_and_a_short_one_does_not() {
    let done = experiment("unread");
    for variant in ["short", "pipe", "socketpair"] {
        let (held, len) =
            (done.number(variant, "held_bytes"), done.number(variant, "message_bytes"));
        // The sender waits exactly where the message and its length do not fit.
        let waits = held < len + 4.0;
        assert_eq!(done.figure(variant, "waits"), waits, "{done}");
        assert_eq!(done.figure(variant, "returned"), !waits, "{done}");
        assert_eq!(done.figure(variant, "failed"), false);
        assert_eq!(done.figure(variant, "arrived"), true, "{variant}");
    }
    assert_eq!(done.figure("short", "returned"), true, "{done}");
    assert_eq!(done.figure("pipe", "waits"), true, "{done}");
    asleep_in(&done, "pipe", &["write", "writev"]);
    if done.figure("socketpair", "waits") == true {
        asleep_in(&done, "socketpair", &["sendmsg"]);
    }
}

#[test]
fn the_byte_at_which_a_pipe_is_full_is_the_one_the_kernel_names() {
    let done = experiment("full");
    let of = |variant, name| done.number(variant, name);
    assert_eq!(of("pipe", "singly_bytes"), of("pipe", "capacity_bytes"), "{done}");
    assert_eq!(of("pipe", "at_once_bytes"), of("pipe", "capacity_bytes"), "{done}");
    // A pipe is made of pages, and one that is read in part has no room.
    assert!(of("pipe", "room_after_bytes") > 1.0, "{done}");
    // Each byte is a packet of its own in a socket.
    assert!(of("socketpair", "singly_bytes") > 0.0);
    assert!(of("socketpair", "singly_bytes") < of("socketpair", "at_once_bytes"), "{done}");
    for variant in ["pipe", "socketpair"] {
        asleep_in(&done, variant, &["write"]);
    }
}

#[test]
fn the_end_comes_when_every_writing_end_is_closed() {
    let done = experiment("end");
    let of = |name| done.figure("closed", name);
    assert_eq!(of("saw_end"), true, "{done}");
    assert_eq!((of("waits"), of("failed")), (false.into(), false.into()));
    assert_eq!((of("sent"), of("received")), (3.into(), 3.into()));
    assert_eq!(of("writing_ends"), 0);
}

#[test]
fn a_forgotten_writing_end_is_found_and_told_from_proc() {
    let done = experiment("end");
    let of = |name| done.figure("forgotten", name);
    assert_eq!((of("saw_end"), of("waits")), (false.into(), true.into()), "{done}");
    assert_eq!((of("sent"), of("received")), (3.into(), 3.into()));
    assert_eq!((of("writing_ends"), of("holder")), (1.into(), "reader".into()));
    assert!(of("holder_fd").as_i64().unwrap() > 2);
    asleep_in(&done, "forgotten", &["read"]);
    let deadlocks = done.deadlocks();
    let [deadlock] = deadlocks.as_slice() else { panic!("{done}") };
    let [reader] = deadlock.waits.as_slice() else { panic!("{deadlock:?}") };
    assert_eq!(reader.process, "reader");
    assert_eq!(reader.holder.as_deref(), Some("reader"));
    assert_eq!(reader.resource.as_deref(), of("pipe_name").as_str());
    assert!(reader.resource.as_ref().unwrap().starts_with("pipe:["), "{deadlock:?}");
    if deadlock.evidence == Evidence::Syscall {
        assert_eq!(reader.call.as_deref(), Some("read"));
    }
}

#[test]
fn one_that_waits_for_itself_is_told_as_such() {
    for (lang, words) in [
        ("en", "Deadlock in forgotten: it waits for what it holds itself"),
        ("it", "Deadlock in forgotten: aspetta ciò che tiene esso stesso"),
    ] {
        let args = ["lesson", "pipe", "--part", "end", "--no-python", "--lang", lang];
        Parlab::new().args(args).run().stdout_has(words);
    }
}

#[test]
fn a_message_has_one_reader() {
    let done = experiment("one-reader");
    let of = |name| done.number("locked", name);
    assert_eq!(of("first_got") + of("second_got"), of("messages"), "{done}");
    assert_eq!((of("to_both"), of("to_none"), of("garbled")), (0.0, 0.0, 0.0), "{done}");
}

#[test]
fn two_readers_without_a_lock_take_parts_of_each_others_messages() {
    let run = ["experiment = \"one-reader\"\nonly = [\"unlocked\"]"];
    let seen = (0..20).any(|_| {
        let done = Parlab::lesson(run).run();
        let of = |name| done.number("unlocked", name);
        assert!(of("garbled") == 0.0 || of("to_none") > 0.0, "{done}");
        of("garbled") > 0.0
    });
    assert!(seen, "no message was ever torn");
}

#[test]
fn bandwidth_is_told_for_each_size() {
    let done = experiment("bandwidth");
    let (_, row) = parlab::experiments::experiment("bandwidth").unwrap();
    for variant in NATIVE {
        assert!(row.figures.iter().all(|name| done.number(variant, name) > 0.0), "{done}");
    }
    assert_eq!(done.figure("", "two_cpus"), two_cpus(&done));
}

#[test]
fn another_user_sees_the_same() {
    let setpriv = ["/usr/bin/setpriv", "--reuid=64999", "--regid=64999", "--clear-groups"];
    let [program, uid, gid, groups] = setpriv;
    if !is_root() || !succeeds(&[program, uid, gid, groups, "/bin/true"]) {
        return skip("another_user_sees_the_same", "users may not be changed here");
    }
    let blocks = ["experiment = \"end\"", "experiment = \"full\"", "experiment = \"unread\""];
    let done = Parlab::lesson(blocks).copied().under(setpriv).run();
    assert_eq!(done.figure("closed", "saw_end"), true, "{done}");
    assert_eq!(done.figure("forgotten", "holder"), "reader", "{done}");
}

#[test]
fn a_real_python_shows_the_same() {
    let Some(python) = real_python() else {
        return skip("a_real_python_shows_the_same", "there is no python3");
    };
    let blocks = [
        "experiment = \"echo\"\nruns = 1\nn = 10\nonly = [\"python-pipe\", \"python-pipe-oneway\"]",
        "experiment = \"echo-queue\"\nruns = 1\nn = 10\nonly = [\"python-queue\"]",
        "experiment = \"greeting\"\nonly = [\"python-as-written\"]",
        "experiment = \"bandwidth\"\nruns = 1\nonly = [\"python-pipe\"]",
    ];
    let done = Parlab::lesson_in(&python, blocks).run();
    assert_eq!(faults(&done), [], "{done}");
    let runs = done.runs();
    assert_eq!(runs.len(), 3, "{done}");
    for run in runs {
        assert_eq!(
            (run.expected, run.got, run.correct),
            (Some(45), Some(45), Some(true)),
            "{run:?}"
        );
        assert_eq!(run.start_method.as_deref(), Some("fork"));
        let cpus = run.cpus.unwrap();
        assert_eq!(cpus[0] != cpus[1], two_cpus(&done), "{done}");
    }
    let of = |name| done.number("python-as-written", name);
    assert_eq!(of("sender_first") + of("receiver_first"), of("greetings"), "{done}");
    assert_eq!(done.figure("python-as-written", "two_way"), "socket");
    assert_eq!(done.figure("python-as-written", "one_way"), "pipe");
    assert!(done.number("python-pipe", "at_1mib_bytes_per_s") > 0.0);
}

//! The experiments of the lesson *manager*: what they claim, held against what they report.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;

use parlab::event::{ErrorKind, Event, Run};

use crate::family::{eventually, skip};
use crate::parlab::{Parlab, lesson_text};
use crate::python::{faults, real_python};
use crate::room::Room;
use crate::surroundings::one_cpu;

/// The variants that need no Python.
const NATIVE: [&str; 5] = ["manager", "manager-batch", "queue", "pipe", "shm"];

/// `compare manager --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "manager", "--json", "--no-python"]).args(args)
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
    let Some(one_cpu) = one_cpu() else {
        return skip("one_cpu_neither", "there is no taskset(1)");
    };
    let done = compare(["--runs", "1", "--n", "20"]).under(one_cpu).run();
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
        let item = done.number(&run.variant, "item_s");
        assert!((item * 40.0 - time).abs() < 1e-9, "{run:?}");
        if run.variant.starts_with("manager") {
            let call = done.number(&run.variant, "call_s");
            let calls = done.number(&run.variant, "calls");
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
        assert!(done.number(variant, "call_s") > 0.0);
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
    assert!(done.number("silent", "kept_s") >= 0.2);
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

/// A file with a key, in the directory where the runs of this room work.
fn write_key(room: &Room, name: &str, mode: u32) {
    let path = room.file(name, "a key of sixteen bytes or more\n");
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// One of two terminals, on a text that only has the two of them.
fn terminal<const N: usize>(room: &Rc<Room>, args: [&str; N]) -> Parlab {
    room.file("x.md", lesson_text(&["experiment = \"terminals\"\nn = 7"]));
    Parlab::in_room(room).args(["lesson", "./x.md", "--json", "--no-python"]).args(args)
}

#[test]
fn two_parlabs_share_a_list() {
    let (here, there) = (Rc::new(Room::new()), Rc::new(Room::new()));
    write_key(&here, "key", 0o600);
    // The port of a listener that is closed again: nobody else is given it so soon.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let listening = terminal(&here, ["--listen", &port, "--authkey-file", "key"]).start();
    let connect = || {
        let done = terminal(&there, ["--connect", &port])
            .env("PARLAB_AUTHKEY", "a key of sixteen bytes or more")
            .run();
        // It may not listen yet.
        let came = done.errors().is_empty();
        if came {
            Some(done.code(0))
        } else {
            drop(done.any_stderr().code(1));
            None
        }
    };
    let connected = eventually("a parlab that listens", connect);
    let listened = listening.wait().code(0);
    for (done, variant) in [(&connected, "connect"), (&listened, "listen")] {
        assert_eq!(done.figure(variant, "appended"), 7, "{done}");
        assert_eq!(done.figure(variant, "length"), 7, "{done}");
        assert_eq!(done.figure(variant, "address"), port.as_str(), "{done}");
    }
    assert!(connected.number("connect", "call_s") > 0.0);
}

#[test]
fn who_listens_in_vain_says_so() {
    let room = Rc::new(Room::new());
    write_key(&room, "key", 0o600);
    let args = ["--listen", "127.0.0.1:0", "--authkey-file", "key", "--seconds-limit", "2"];
    let done = terminal(&room, args).run();
    assert_eq!(done.figure("listen", "appended"), 0);
    let address = done.figure("listen", "address");
    let told = |e: &Event| matches!(e, Event::Line(line) if address == line.text.as_str());
    assert!(done.events().iter().any(told), "{done}");
}

#[test]
fn without_either_option_no_door_is_opened() {
    let done = terminal(&Rc::new(Room::new()), []).run();
    assert!(done.figures().is_empty(), "{done}");
    // Nor can a text open one.
    let room = Rc::new(Room::new());
    let block = ["experiment = \"terminals\"\nlisten = \"127.0.0.1:0\""];
    room.file("x.md", lesson_text(&block));
    let done = Parlab::in_room(&room).args(["lesson", "./x.md", "--no-python"]).run();
    done.any_stdout().stderr_has("listen").code(2);
}

#[test]
fn keys_and_addresses_that_will_not_do_are_told() {
    let room = Rc::new(Room::new());
    write_key(&room, "key", 0o600);
    write_key(&room, "open", 0o644);
    room.file("short", "short");
    fs::set_permissions(room.path("work").join("short"), Permissions::from_mode(0o600)).unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let here = "127.0.0.1:0";
    let cases = [
        (["--listen", here, "--authkey-file", "nowhere"], ErrorKind::Key),
        (["--listen", here, "--authkey-file", "open"], ErrorKind::Key),
        (["--listen", here, "--authkey-file", "short"], ErrorKind::Key),
        (["--listen", here, "--seed", "1"], ErrorKind::Key),
        (["--listen", "192.0.2.1:1", "--authkey-file", "key"], ErrorKind::Address),
        (["--connect", &closed, "--authkey-file", "key"], ErrorKind::NoServer),
    ];
    for (args, kind) in cases {
        terminal(&room, args).run().one_error(kind).any_stderr().code(1);
    }
    for address in ["nowhere", "127.0.0.1:65536", ":80", "127.0.0.1:"] {
        let run = Parlab::new().args(["lesson", "manager", "--listen", address]).run();
        run.stdout_is_empty().stderr_has("not an address").code(2);
    }
    let compare = Parlab::new().args(["compare", "manager", "--listen", here]).run();
    compare.stdout_is_empty().any_stderr().code(2);
}

#[test]
fn a_door_that_nothing_shown_uses_is_wrong_usage() {
    let here = "127.0.0.1:0";
    let told = [("en", "uses this option"), ("it", "usa questa opzione")];
    for (lang, words) in told {
        for (door, parts) in [("--listen", &[][..]), ("--connect", &["--part", "core,killed"])] {
            let args = ["lesson", "manager", door, here, "--lang", lang];
            let done = Parlab::new().args(args).args(parts).run().code(2).one_message();
            let done = done.any_stdout().stderr_has(words);
            done.stderr_has(&format!("{door}: --part network"));
        }
    }
    let help = Parlab::new().args(["lesson", "manager", "--help"]).run();
    assert_eq!(help.stdout().matches("With --part network").count(), 2, "{help}");
}

#[test]
fn a_key_that_is_missing_unreadable_or_open_to_others_is_told_in_words() {
    let room = Rc::new(Room::new());
    write_key(&room, "open", 0o644);
    for (file, happened) in [("nowhere", "cannot read the key"), ("open", "`chmod 600` it")] {
        for (lang, next) in [("en", "Make one"), ("it", "Creane una")] {
            let args = ["--part", "network", "--runs", "1", "--n", "5", "--listen", "127.0.0.1:0"];
            let run = Parlab::in_room(&room).args(["lesson", "manager", "--lang", lang]).args(args);
            let done = run.args(["--no-python", "--authkey-file", file]).run().any_stdout();
            done.code(1).one_message().stderr_has(happened).stderr_has(next);
        }
    }
}

#[test]
fn a_taken_port_is_told() {
    let room = Rc::new(Room::new());
    write_key(&room, "key", 0o600);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let done = terminal(&room, ["--listen", &taken, "--authkey-file", "key"]).run();
    let done = done.one_error(ErrorKind::Address).any_stderr().code(1);
    assert!(done.errors()[0].what.as_ref().unwrap().contains("is taken"), "{done}");
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
    let done = Parlab::lesson_in(&python, blocks).run();
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
fn every_figure_of_the_registry_is_told() {
    let lesson = parlab::experiments::lesson("manager").unwrap();
    // Those of two terminals are in a test of their own.
    let alone = lesson.experiments.iter().filter(|experiment| experiment.name != "terminals");
    for experiment in alone {
        let run = format!("experiment = \"{}\"\nn = 2\nruns = 1", experiment.name);
        let told = Parlab::lesson([run]).run().figures();
        for figure in experiment.figures {
            let tells = told.iter().any(|measure| measure.values.contains_key(*figure));
            assert!(tells, "{figure} of {} is never told", experiment.name);
        }
    }
}

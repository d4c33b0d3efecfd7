//! Where the course is kept: neither a broken file nor a place that cannot be written stops a lesson,
//! and neither a kill nor a second terminal costs more than the screen one was in.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::signal::Signal;
use parlab::event::{EndReason, ErrorKind};
use serde_json::{Value, json};

use crate::course::{Seat, file, keeps, record, shm};
use crate::done::Done;
use crate::family::{signal, skip};
use crate::hostile_places::mounted;
use crate::parlab::Parlab;
use crate::room::{Room, names_in};

/// How many lessons are killed at any moment.
const KILLS: u64 = 20;

/// The lesson, without a prediction.
#[track_caller]
fn skips(run: Parlab) -> Done {
    let mut seat = Seat::take(run);
    seat.at("Enter skips", "\n");
    seat.at("Enter skips", "\n");
    seat.ends(0)
}

/// Puts something in the file's place.
type Breaks = fn(&Room);

const NEWER: &str = r#"{"version":2,"students":[]}"#;
const BROKEN: [(&str, Breaks, &str); 10] = [
    ("empty", |room| drop(keeps(room, "")), "cannot read"),
    ("half of one", |room| drop(keeps(room, r#"{"version":1,"at":"lock","les"#)), "cannot read"),
    ("no UTF-8", |room| drop(keeps(room, b"\xff\xfe{}")), "cannot read"),
    ("another's", |room| drop(keeps(room, r#"{"version":1,"at":1,"lessons":{}}"#)), "cannot read"),
    ("newer", |room| drop(keeps(room, NEWER)), "by a later parlab"),
    ("huge", |room| drop(keeps(room, " ".repeat((1 << 20) + 1))), "longer than 1048576 bytes"),
    ("a directory", |room| fs::create_dir_all(file(room)).unwrap(), "not a file"),
    ("a FIFO", |room| fifo(room), "not a file"),
    ("a loop", |room| symlink("course.json", emptied(room)).unwrap(), "cannot read"),
    ("a device", |room| symlink("/dev/zero", emptied(room)).unwrap(), "not a file"),
];

fn emptied(room: &Room) -> PathBuf {
    let file = keeps(room, "");
    fs::remove_file(&file).unwrap();
    file
}

fn fifo(room: &Room) {
    nix::unistd::mkfifo(&emptied(room), nix::sys::stat::Mode::S_IRWXU).unwrap();
}

#[test]
fn what_cannot_be_read_is_told_once_left_alone_and_can_be_forgotten() {
    for (name, breaks, told) in BROKEN {
        let room = Rc::new(Room::new());
        breaks(&room);
        let about = || {
            let about = fs::symlink_metadata(file(&room)).unwrap();
            (about.file_type(), about.len(), about.modified().unwrap())
        };
        let before = about();
        let done = skips(shm(&room, [])).one_message();
        done.stderr_has(told).stderr_has("parlab course --forget");
        let mut seat = Seat::take(Parlab::in_room(&room).args(["--lang", "it"]));
        seat.at("o q: ", "q\n");
        seat.ends(0).one_message().stderr_has("parlab course --forget");
        assert_eq!(about(), before, "{name}");
        assert_eq!(names_in(file(&room).parent().unwrap()), ["course.json"], "{name}");
        let run = |args: &[&str]| Parlab::in_room(&room).args(args).run();
        run(&["course"]).stdout_is_empty().code(1).one_message().stderr_has(told);
        let kind =
            if name == "newer" { ErrorKind::RecordNewer } else { ErrorKind::RecordUnreadable };
        run(&["course", "--json"]).one_error(kind).ends(1, Some(EndReason::Failed));

        run(&["course", "--forget"]).stdout_has("is gone.");
        assert!(!file(&room).parent().unwrap().exists(), "{name}");
        skips(shm(&room, []));
        assert_eq!(record(&room)["lessons"]["shm"]["core"], "done");
    }
}

#[test]
fn a_directory_with_something_in_it_is_not_removed() {
    let room = Rc::new(Room::new());
    fs::create_dir_all(file(&room).join("mine")).unwrap();
    for (lang, told) in [("en", "cannot remove"), ("it", "impossibile eliminare")] {
        let run = Parlab::in_room(&room).args(["course", "--forget", "--lang", lang]).run();
        run.stdout_is_empty().code(1).one_message().stderr_has(told);
    }
    assert!(file(&room).join("mine").exists());
}

#[test]
fn without_a_place_the_course_works_and_says_that_nothing_is_kept() {
    // Where the first is not absolute, HOME counts.
    let cases =
        [("HOME", None), ("HOME", Some("elsewhere")), ("XDG_STATE_HOME", Some("elsewhere"))];
    for (name, value) in cases {
        let room = Rc::new(Room::new());
        let run = || match value {
            None => Parlab::in_room(&room).without_env(name),
            Some(value) => Parlab::in_room(&room).env(name, value),
        };
        let mut seat = Seat::take(run());
        seat.at("or q: ", "4\n");
        seat.at("Enter skips", "2\n");
        seat.at("Enter skips", "3\n");
        seat.sees(["→ 4  ✓  Shared memory", "2 of 2"]);
        seat.at("or q: ", "q\n");
        let done = seat.ends(0);
        if name == "HOME" {
            done.one_message().stderr_has("neither XDG_STATE_HOME nor HOME");
            run().args(["course", "--forget"]).run().stdout_has("nothing to forget");
        } else {
            assert_eq!(record(&room)["lessons"]["shm"]["core"], "done");
        }
        assert!(names_in(&room.path("work")).is_empty(), "a path that is not absolute was used");
    }
}

#[test]
fn the_place_that_the_environment_names_comes_first() {
    let room = Rc::new(Room::new());
    let state = room.path("work").join("state");
    skips(shm(&room, []).env("XDG_STATE_HOME", &state));
    assert_eq!(names_in(&state.join("parlab")), ["course.json"]);
    assert!(names_in(&room.path("home")).is_empty());
    fs::set_permissions(state.join("parlab"), Permissions::from_mode(0o755)).unwrap();
    fs::write(state.join("parlab/notes"), "").unwrap();
    let forget = Parlab::in_room(&room).args(["course", "--forget"]);
    forget.env("XDG_STATE_HOME", &state).run().stdout_has("1 lesson");
    assert_eq!(names_in(&state.join("parlab")), ["notes"]);
}

#[test]
fn a_place_that_cannot_be_written_is_told_once_and_stops_nothing() {
    let room = Rc::new(Room::new());
    let block = room.file("block", "");
    for place in [PathBuf::from("/proc"), block] {
        let done = skips(shm(&room, []).env("XDG_STATE_HOME", &place)).one_message();
        done.stderr_has("XDG_STATE_HOME=/some/where");
    }
    let full = "/bin/mkdir -p \"$HOME/.local\"; /usr/bin/head -c 100000 /dev/zero > \"$HOME/full\" 2>/dev/null";
    for (options, prepare) in [("ro", ""), ("size=4k", full)] {
        let run = shm(&Rc::new(Room::new()), []);
        match mounted(run, options, "$HOME", prepare) {
            Ok(run) => drop(skips(run).one_message().stderr_has("cannot keep")),
            Err(why) => skip("a_place_that_cannot_be_written_is_told_once_and_stops_nothing", why),
        }
    }
}

#[test]
fn a_link_in_the_place_of_the_next_version_is_not_followed() {
    let room = Rc::new(Room::new());
    let elsewhere = room.path("elsewhere");
    symlink(&elsewhere, emptied(&room).with_extension("json.new")).unwrap();
    skips(shm(&room, [])).one_message().stderr_has("cannot keep");
    assert!(fs::symlink_metadata(&elsewhere).is_err(), "something was made where it leads");
}

#[test]
fn the_course_is_forgotten_when_who_is_asked_says_yes() {
    let room = Rc::new(Room::new());
    let forget = || Parlab::in_room(&room).args(["course", "--forget"]);
    forget().run().stdout_has("nothing to forget");
    for (keys, lang, told) in [
        ("\n", "en", "Nothing was forgotten."),
        ("no\n", "it", "Non è stato dimenticato nulla."),
        ("\u{4}", "en", "Nothing was forgotten."),
        ("s\n", "it", "Dimenticato"),
        ("yes\n", "en", "Forgotten: what you did in 1 lesson."),
    ] {
        let file = keeps(&room, record_of_one());
        let mut seat = Seat::take(forget().args(["--lang", lang]));
        seat.at(": ", keys);
        seat.sees([told]);
        seat.ends(0);
        assert_eq!(file.exists(), keys.starts_with(['\n', 'n', '\u{4}']), "{keys:?}");
    }
    keeps(&room, record_of_one());
    Seat::take(forget().args(["--yes"])).ends(0);
    assert!(!file(&room).exists());
    keeps(&room, record_of_one());
    let file = file(&room).display().to_string();
    let line = json!({"event": "forgotten", "file": file, "lessons": 1});
    assert_eq!(forget().args(["--json"]).run().lines(), [line]);
    let line = json!({"event": "forgotten", "file": null, "lessons": null});
    assert_eq!(forget().args(["--json"]).run().lines(), [line]);
}

fn record_of_one() -> String {
    let shm = json!({"core": "begun", "parts": [], "answers": {}, "changed_s": 1});
    json!({"version": 1, "at": "shm", "lessons": {"shm": shm}}).to_string()
}

#[test]
fn who_is_killed_in_a_lesson_has_begun_it_with_the_answers_until_then() {
    let room = Rc::new(Room::new());
    let mut seat = Seat::in_course(&room);
    seat.at("or q: ", "4\n");
    seat.at("Enter skips", "2\n");
    seat.sees(["It held", "Enter skips"]);
    signal(seat.run.pid(), Signal::SIGKILL);
    seat.terminal.gone(&seat.run);
    seat.run.wait().any_stdout().signal(Signal::SIGKILL);
    let shm = &record(&room)["lessons"]["shm"];
    assert_eq!((&shm["core"], &shm["answers"]["equal"]), (&json!("begun"), &Value::Null));
    assert_eq!(shm["answers"]["sum"], json!({"said": "unchanged", "right": true}));
    let mut seat = Seat::in_course(&room);
    seat.sees(["→ 4  …", "1 of 1", "Enter goes on with lesson 4"]);
    seat.at("or q: ", "q\n");
    seat.ends(0);
}

#[test]
fn kill_9_at_any_moment_leaves_a_record_that_is_whole_and_in_nobodys_way() {
    let room = Rc::new(Room::new());
    let mut rng = fastrand::Rng::with_seed(9);
    for _ in 0..KILLS {
        let mut seat = Seat::take(shm(&room, []).may_leave_names());
        seat.terminal.types("2\n3\n");
        std::thread::sleep(Duration::from_millis(rng.u64(5..200)));
        signal(seat.run.pid(), Signal::SIGKILL);
        seat.terminal.gone(&seat.run);
        let done = seat.run.wait().any_stdout().any_stderr();
        if done.exit().is_some() {
            done.code(0); // it was over before
        } else {
            done.signal(Signal::SIGKILL);
        }
        if file(&room).exists() {
            assert_eq!(record(&room)["version"], 1);
        }
    }
    skips(shm(&room, []).may_leave_names());
    assert_eq!(record(&room)["lessons"]["shm"]["core"], "done");
    assert_eq!(names_in(file(&room).parent().unwrap()), ["course.json"]);
}

#[test]
fn two_terminals_at_once_lose_nothing_of_each_other() {
    for _ in 0..3 {
        let room = Rc::new(Room::new());
        let lesson = |name| Parlab::in_room(&room).args(["lesson", name, "--no-python"]);
        let seats = ["shm", "manager"].map(|name| {
            let mut seat = Seat::take(lesson(name));
            seat.terminal.types("1\n1\n");
            seat
        });
        seats.into_iter().for_each(|seat| drop(seat.ends(0)));
        for lesson in ["shm", "manager"] {
            let taught = &record(&room)["lessons"][lesson];
            assert_eq!(taught["core"], "done", "{lesson}");
            assert_eq!(taught["answers"].as_object().unwrap().len(), 2, "{lesson}");
        }
    }
}

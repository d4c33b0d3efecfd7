//! The course at a terminal: what it shows, what it keeps and where, and that neither a broken file
//! nor a kill costs more than the screen one was in.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::termios::Termios;
use parlab::event::{EndReason, ErrorKind};
use parlab::experiments::LESSONS;
use serde_json::{Value, json};

use crate::done::Done;
use crate::family::{eventually, signal, skip};
use crate::hostile_places::mounted;
use crate::json::ASKING;
use crate::parlab::{Parlab, Running};
use crate::room::{Room, names_in};
use crate::terminal::Terminal;

/// How many lessons are killed at any moment.
const KILLS: u64 = 20;

/// Somebody at a terminal of 80 columns.
struct Seat {
    terminal: Terminal,
    before: Termios,
    run: Running,
}

impl Seat {
    fn take(run: Parlab) -> Seat {
        let terminal = Terminal::new();
        terminal.resize(80, 24);
        let before = terminal.settings();
        let run = run.env("NO_COLOR", "1").stdin(terminal.end()).stdout(terminal.end()).start();
        Seat { terminal, before, run }
    }

    /// In the course of a room.
    fn in_course(room: &Rc<Room>) -> Seat {
        Seat::take(Parlab::in_room(room))
    }

    /// Waits for each of these words, in this order.
    #[track_caller]
    fn sees<const N: usize>(&mut self, words: [&str; N]) {
        words.into_iter().for_each(|words| self.terminal.shows(words));
    }

    /// Waits for words, and types.
    #[track_caller]
    fn at(&mut self, words: &str, keys: &str) {
        self.terminal.shows(words);
        self.terminal.types(keys);
    }

    /// Waits for the end; the terminal must be as it was.
    #[track_caller]
    fn ends(mut self, code: i32) -> Done {
        self.terminal.gone(&self.run);
        assert_eq!(self.terminal.settings(), self.before);
        self.run.wait().any_stdout().code(code)
    }
}

/// The file that a room's record is kept in.
fn file(room: &Room) -> PathBuf {
    room.path("home").join(".local/state/parlab/course.json")
}

fn record(room: &Room) -> Value {
    serde_json::from_slice(&fs::read(file(room)).unwrap()).unwrap()
}

/// Puts a record there.
fn keeps(room: &Room, text: impl AsRef<[u8]>) -> PathBuf {
    let file = file(room);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    file
}

/// The lesson of shared memory at a terminal, which asks twice: its second answer and its third
/// hold on every machine.
fn shm<const N: usize>(room: &Rc<Room>, args: [&str; N]) -> Parlab {
    Parlab::in_room(room).args(["lesson", "shm", "--no-python"]).args(args)
}

/// What `parlab course --json` says of a lesson.
fn row(room: &Rc<Room>, lesson: &str) -> Value {
    let rows = Parlab::in_room(room).args(["course", "--json"]).run().lines();
    assert_eq!(rows.len(), LESSONS.len());
    rows.into_iter().find(|row| row["lesson"] == lesson).unwrap()
}

#[test]
fn the_first_start_shows_the_lessons_in_their_order_on_one_screen() {
    for (args, first, last) in [
        (&["--lang", "en"][..], "Enter starts lesson 1, process.", "1–9, or q: "),
        (&["course", "--lang", "it"], "Invio avvia la lezione 1, process.", "1–9, o q: "),
    ] {
        let mut seat = Seat::take(Parlab::new().args(args));
        let mut screen = String::new();
        eventually("the prompt", || {
            seat.terminal.look();
            screen.clone_from(&seat.terminal.screen);
            screen.contains(last).then_some(())
        });
        assert!(screen.lines().count() < 24, "{screen}");
        let lines: Vec<&str> = screen.lines().filter(|line| line.contains("·  ")).collect();
        assert_eq!(lines.len(), LESSONS.len(), "{screen}");
        for (number, line) in lines.iter().enumerate() {
            assert!(line.starts_with(&format!("  {}  ·  ", number + 1)), "{line:?}");
        }
        assert!(screen.contains(first), "{screen}");
        seat.terminal.types("q\n");
        seat.ends(0);
    }
}

#[test]
fn a_lesson_is_judged_and_kept_and_another_process_goes_on_behind_it() {
    let room = Rc::new(Room::new());
    let mut seat = Seat::in_course(&room);
    seat.at("or q: ", "4\n");
    seat.at("Enter skips", "2\n");
    seat.sees(["You said: 0.0", "It held"]);
    seat.at("Enter skips", "1\n");
    seat.sees(["It did not hold", "1 of 9 lessons done, 1 of 2 predictions right"]);
    seat.sees(["→ 4  ✓  Shared memory", "1 of 2  0 of 3", "Enter starts lesson 5, manager."]);
    seat.at("or q: ", "q\n");
    seat.ends(0);

    let kept = record(&room);
    let said = json!({
        "sum": {"said": "unchanged", "right": true},
        "equal": {"said": "equal", "right": false},
    });
    assert_eq!((&kept["version"], &kept["at"]), (&json!(1), &json!("shm")));
    let shm = &kept["lessons"]["shm"];
    assert_eq!((&shm["core"], &shm["parts"], &shm["answers"]), (&json!("done"), &json!([]), &said));
    assert!(shm["changed_s"].as_u64().unwrap() > 1_700_000_000);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file(&room)), 0o600);
    assert_eq!(mode(file(&room).parent().unwrap().into()), 0o700);
    assert_eq!(names_in(file(&room).parent().unwrap()), ["course.json"]);

    let mut seat = Seat::in_course(&room);
    seat.sees(["→ 4  ✓  Shared memory"]);
    seat.at("or q: ", "\n");
    seat.sees(["The manager: a process that owns the data\r\n═", "Enter skips"]);
    seat.run.interrupt();
    seat.ends(130).stderr_has("interrupted");
    let row = row(&room, "manager");
    assert_eq!(
        (&row["stage"], &row["here"], &row["asked"]),
        (&json!("begun"), &json!(true), &json!(0))
    );

    let mut seat = Seat::take(Parlab::in_room(&room).args(["--lang", "it"]));
    seat.sees(["  4  ✓  La memoria", "→ 5  …  Il manager", "riprende la lezione 5", "dall'inizio"]);
    seat.at("o q: ", "q\n");
    seat.ends(0);
}

#[test]
fn a_part_is_kept_beside_the_core_and_so_is_a_lesson_that_was_typed_by_its_name() {
    let room = Rc::new(Room::new());
    let mut seat = Seat::in_course(&room);
    seat.at("or q: ", "shm named\n");
    seat.at("Enter skips", "\n");
    seat.sees(["→ 4  ·  Shared memory", "0 of 1  1 of 3", "`4\u{a0}carriers` for a part"]);
    seat.at("or q: ", "q\n");
    seat.ends(0);
    assert_eq!(row(&room, "shm")["stage"], "new");

    let mut seat = Seat::take(shm(&room, []));
    seat.at("Enter skips", "3\n");
    seat.at("Enter skips", "3\n");
    seat.ends(0);
    let row = row(&room, "shm");
    assert_eq!((&row["stage"], &row["parts_done"]), (&json!("done"), &json!(["named"])));
    assert_eq!((&row["right"], &row["asked"]), (&json!(1), &json!(3)));
}

#[test]
fn a_lesson_that_is_taken_again_keeps_the_last_prediction_and_stays_done() {
    let room = Rc::new(Room::new());
    let mut seat = Seat::take(shm(&room, []));
    seat.at("Enter skips", "1\n");
    seat.at("Enter skips", "3\n");
    seat.ends(0);
    let mut seat = Seat::take(shm(&room, []));
    seat.at("Enter skips", "2\n");
    seat.at("Enter skips", "");
    seat.run.interrupt();
    seat.ends(130).any_stderr();
    let row = row(&room, "shm");
    assert_eq!(
        (&row["stage"], &row["right"], &row["asked"]),
        (&json!("done"), &json!(2), &json!(2))
    );
    let mut seat = Seat::take(shm(&room, []));
    seat.at("Enter skips", "\n");
    seat.at("Enter skips", "\n");
    seat.ends(0);
    assert_eq!(self::row(&room, "shm")["right"], 2, "what was skipped the second time stays");
}

#[test]
fn what_is_no_choice_is_asked_again() {
    let mut seat = Seat::take(Parlab::new());
    for (typed, told) in [
        ("0", "A lesson by its number"),
        ("10", "A lesson by its number"),
        ("lokc", "A lesson by its number"),
        ("7 nix", "parts of lesson 7 are price"),
        ("7 price nix", "parts of lesson 7 are price"),
        ("\u{1b}[A", "A lesson by its number"),
    ] {
        seat.at("q", &format!("{typed}\n"));
        seat.sees([told]);
    }
    seat.at("to end: ", "Q\n");
    seat.ends(0);
}

#[test]
fn the_end_of_input_and_ctrl_c_end_the_course_and_leave_the_line() {
    for (keys, code) in [("\u{4}", 0), ("", 130)] {
        let mut seat = Seat::take(Parlab::new());
        seat.at("or q: ", keys);
        if keys.is_empty() {
            seat.run.interrupt();
        }
        seat.sees(["\n"]);
        seat.ends(code);
    }
}

#[test]
fn where_all_is_done_the_course_says_what_there_is_besides() {
    let room = Rc::new(Room::new());
    let done = json!({"core": "done", "parts": [], "answers": {}, "changed_s": 1});
    let lessons: serde_json::Map<String, Value> =
        LESSONS.iter().map(|lesson| (lesson.name.to_string(), done.clone())).collect();
    keeps(&room, json!({"version": 1, "at": "download", "lessons": lessons}).to_string());
    for (lang, words) in [("en", "All 9 lessons are done."), ("it", "completato tutte e 9")] {
        let mut seat = Seat::take(Parlab::in_room(&room).args(["--lang", lang]));
        seat.sees(["9  ✓  ", words, "parlab compare all", "parlab play lock"]);
        seat.at("q", "\n");
        seat.ends(0);
    }
}

#[test]
fn nothing_is_kept_of_what_asks_nobody() {
    let room = Rc::new(Room::new());
    room.file("x.md", ASKING);
    for args in [&["--yes"][..], &["--json"]] {
        Seat::take(shm(&room, []).args(args)).ends(0);
    }
    shm(&room, []).run().stdout_has("What happened");
    let terminal = Terminal::new();
    shm(&room, []).stdin(terminal.end()).run().stdout_has("What happened");
    let mut seat = Seat::take(Parlab::in_room(&room).args(["lesson", "./x.md", "--no-python"]));
    seat.at("Enter skips", "1\n");
    seat.ends(0);
    Parlab::in_room(&room).args(["course"]).run().stdout_has("0 of 9 lessons done");
    let compare = ["compare", "lock", "--no-python", "--runs", "1", "--only", "locked"];
    Seat::take(Parlab::in_room(&room).args(compare)).ends(0);
    let mut seat = Seat::in_course(&room);
    seat.at("or q: ", "q\n");
    seat.ends(0);
    assert!(names_in(&room.path("home")).is_empty());
}

#[test]
fn off_a_terminal_it_is_printed_once() {
    let room = Rc::new(Room::new());
    let one = json!({"core": "begun", "parts": ["gone", "named"], "changed_s": 7, "answers": {
        "sum": {"said": "shared", "right": false}, "equal": {"said": "width", "right": true},
        "growth": {"said": "pipe", "right": null}, "copies": {"said": null, "right": null}}});
    keeps(
        &room,
        json!({"version": 1, "at": "shm", "lessons": {"shm": one, "barrier": one}}).to_string(),
    );
    let run = |args: &[&str]| Parlab::in_room(&room).args(args).run();
    let done = run(&["course"]);
    let lines: Vec<&str> = done.stdout().lines().collect();
    assert_eq!(lines[0], "The course: 0 of 9 lessons done, 1 of 3 predictions right");
    assert!(
        lines[5].starts_with("→ 4  …  Shared memory") && lines[5].ends_with("  1 of 3  1 of 3")
    );
    assert!(!done.stdout().contains("Enter"));
    run(&["course", "--lang", "it"]).stdout_has("completate 0 su 9, previsioni giuste 1 su 3");
    let row = row(&room, "shm");
    assert_eq!((&row["number"], &row["changed_s"]), (&json!(4), &json!(7)));
    assert_eq!(row["answers"].as_array().unwrap().len(), 4);
    run(&[]).stdout_has("`parlab` alone on a terminal opens the course");
    run(&["--lang", "it"]).stdout_has("da solo, in un terminale, apre il corso");

    // A lesson that this parlab does not have stays in the record.
    let mut seat = Seat::take(shm(&room, ["--part", "named"]));
    seat.at("Enter skips", "\n");
    seat.ends(0);
    let kept = record(&room);
    assert_eq!(kept["lessons"]["barrier"], one);
    assert_eq!(kept["lessons"]["shm"]["parts"], json!(["gone", "named"]));
}

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

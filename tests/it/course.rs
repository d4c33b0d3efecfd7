//! The course at a terminal: what it shows, what can be typed, and what it keeps of a lesson.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::rc::Rc;

use nix::sys::signal::Signal;
use nix::sys::termios::Termios;
use parlab::experiments::LESSONS;
use serde_json::{Value, json};

use crate::done::Done;
use crate::family::{eventually, signal};
use crate::json::ASKING;
use crate::parlab::{Parlab, Running};
use crate::room::{Room, names_in};
use crate::terminal::Terminal;

/// Somebody at a terminal of 80 columns.
pub struct Seat {
    pub terminal: Terminal,
    before: Termios,
    pub run: Running,
}

impl Seat {
    pub fn take(run: Parlab) -> Seat {
        let terminal = Terminal::new();
        terminal.resize(80, 24);
        let before = terminal.settings();
        let run = run.env("NO_COLOR", "1").stdin(terminal.end()).stdout(terminal.end()).start();
        Seat { terminal, before, run }
    }

    /// In the course of a room.
    pub fn in_course(room: &Rc<Room>) -> Seat {
        Seat::take(Parlab::in_room(room))
    }

    /// Waits for each of these words, in this order.
    #[track_caller]
    pub fn sees<const N: usize>(&mut self, words: [&str; N]) {
        words.into_iter().for_each(|words| self.terminal.shows(words));
    }

    /// Waits for words, and types.
    #[track_caller]
    pub fn at(&mut self, words: &str, keys: &str) {
        self.terminal.shows(words);
        self.terminal.types(keys);
    }

    /// Waits for the end; the terminal must be as it was.
    #[track_caller]
    pub fn ends(mut self, code: i32) -> Done {
        self.terminal.gone(&self.run);
        assert_eq!(self.terminal.settings(), self.before);
        self.run.wait().any_stdout().code(code)
    }
}

/// The file that a room's record is kept in.
pub fn file(room: &Room) -> PathBuf {
    room.path("home").join(".local/state/parlab/course.json")
}

pub fn record(room: &Room) -> Value {
    serde_json::from_slice(&fs::read(file(room)).unwrap()).unwrap()
}

/// Puts a record there.
pub fn keeps(room: &Room, text: impl AsRef<[u8]>) -> PathBuf {
    let file = file(room);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    file
}

/// The lesson of shared memory at a terminal, which asks twice: its second answer and its third
/// hold on every machine.
pub fn shm<const N: usize>(room: &Rc<Room>, args: [&str; N]) -> Parlab {
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
fn a_lesson_that_fails_leads_back_to_the_others_and_is_begun() {
    // Its forty children cannot be started at once.
    let mut seat = Seat::take(Parlab::new().after("ulimit -n 32"));
    seat.at("or q: ", "1\n");
    seat.at("Enter skips", "\n");
    seat.sees(["The course: 0 of 9", "→ 1  …", "Enter goes on with lesson 1"]);
    seat.at("or q: ", "q\n");
    seat.ends(0).one_message().stderr_has("40 cannot be started at once");
}

#[test]
fn term_ends_it_at_the_prompt_as_it_does_everywhere() {
    let mut seat = Seat::take(Parlab::new());
    seat.at("or q: ", "");
    signal(seat.run.pid(), Signal::SIGTERM);
    seat.ends(143);
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
    run(&["course", "--lang", "it"]).stdout_has("fatte 0 su 9, previsioni giuste 1 su 3");
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

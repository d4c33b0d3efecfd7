//! `parlab report` of one file: the run again, as its own command drew it, and nothing that runs.

use std::fs;
use std::rc::Rc;

use parlab::event::{ErrorKind, Event};

use crate::parlab::{Parlab, lesson_text};
use crate::room::Room;

/// The words of a command, by blanks.
fn typed(room: &Rc<Room>, words: &str) -> Parlab {
    Parlab::in_room(room).args(words.split_whitespace())
}

fn written(room: &Room, name: &str) -> String {
    fs::read_to_string(room.path("work").join(name)).unwrap()
}

/// The text of a report without the line that says that it is one.
fn without_origin(text: &str) -> String {
    let blocks = text.split("\n\n").filter(|block| !block.starts_with("Drawn from "));
    blocks.collect::<Vec<_>>().join("\n\n")
}

/// The text of a run without the line that says where it was kept.
fn without_place(text: &str) -> &str {
    text.strip_suffix("\n\nKept in run.json\n").unwrap_or(text)
}

#[test]
fn a_report_is_what_the_run_showed_as_text_as_page_and_as_lines() {
    let commands = [
        "lesson lock --yes --no-python --runs 2 --iterations 1000",
        "lesson lock --yes --no-python --part owner-dies --runs 2 --iterations 1000",
        "compare lock --no-python --runs 5 --iterations 1000",
        "compare queue --sweep --runs 1 --n 4",
        "explore two-locks --free-runs 3",
        "lesson threads --yes --no-python --part all --runs 1",
    ];
    for command in commands {
        let room = Rc::new(Room::new());
        let shown = typed(&room, &format!("{command} --export run.json")).run();
        let (text, lines) = (shown.stdout().to_owned(), written(&room, "run.json"));
        let again = typed(&room, "report run.json").run();
        assert_ne!(again.stdout(), text, "{command}: it says where it comes from");
        let told = without_origin(again.stdout());
        assert_eq!(told.trim(), without_place(&text).trim(), "{command}");
        assert_eq!(typed(&room, "report run.json --json").run().stdout(), lines, "{command}");
        let copied = typed(&room, "report run.json --export copy.json -q").run();
        drop(copied.any_stdout());
        assert_eq!(written(&room, "copy.json"), lines, "{command}");
    }
}

#[test]
fn a_page_of_a_report_is_byte_for_byte_that_of_the_run() {
    // The same run cannot be had twice: the page comes from the run, its lines from stdout.
    for command in [
        "lesson lock --no-python --runs 2 --iterations 1000",
        "compare lock --no-python --runs 3 --iterations 1000",
        "explore lock --free-runs 3",
    ] {
        let room = Rc::new(Room::new());
        let lines = typed(&room, &format!("{command} --json --export run.html")).run();
        room.file("run.json", lines.stdout());
        typed(&room, "report run.json --export again.html").run().stdout_has("Drawn from");
        assert_eq!(written(&room, "again.html"), written(&room, "run.html"), "{command}");
    }
}

#[test]
fn what_a_student_said_and_what_came_of_it_is_told_again() {
    let room = Rc::new(Room::new());
    let lesson = "lesson lock --yes --no-python --runs 2 --iterations 1000 --json";
    let lines = typed(&room, lesson).run();
    let held = lines.answers()[0].held[0].clone();
    let said = lines.stdout().replacen("\"said\":null", &format!("\"said\":\"{held}\""), 1);
    room.file("said.json", said.replacen("\"right\":null", "\"right\":true", 1));
    typed(&room, "report said.json").run().stdout_has("You said:");
    typed(&room, "report said.json --lang it").run().stdout_has("Hai detto:");
}

#[test]
fn a_lesson_that_is_not_at_hand_or_no_longer_fits_is_drawn_as_results_alone() {
    let room = Rc::new(Room::new());
    let own = lesson_text(&["experiment = \"bank\"\nruns = 1\nonly = [\"locked\"]"]);
    room.file("mine.md", own + "A sentence of mine.\n");
    typed(&room, "lesson ./mine.md --no-python --export mine.json").run().stdout_has("of mine");
    let done = typed(&room, "report mine.json --export mine.html").run();
    let words = done.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("results alone") && words.contains("locked"), "{words}");
    assert!(!words.contains("of mine"));
    let page = written(&room, "mine.html");
    assert!(page.contains("soli risultati") && page.contains("<h1>parlab lesson mine</h1>"));
    // On a sheet, too, each experiment has its name, as no text says it.
    drop(typed(&room, "report mine.json --export sheet.md").run().any_stdout());
    let sheet = written(&room, "sheet.md");
    assert!(sheet.starts_with("# parlab lesson mine\n") && sheet.contains("\n## bank"), "{sheet}");
    // Of an older text: it asked something else.
    let lesson = "lesson lock --yes --no-python --runs 1 --iterations 1000 --json";
    let lines = typed(&room, lesson).run();
    let asked = lines.stdout().replacen("\"said\":null", "\"said\":\"of-old\"", 1);
    room.file("old.json", asked);
    typed(&room, "report old.json").run().stdout_has("alone");
    // And of a text that ran something else.
    room.file("other.json", lines.stdout().replace("\"bank\"", "\"savings\""));
    typed(&room, "report other.json --lang it").run().stdout_has("soli");
}

#[test]
fn what_a_newer_version_of_the_schema_adds_is_passed_over() {
    let room = Rc::new(Room::new());
    let compare = "compare lock --no-python --only locked --runs 1 --iterations 1000";
    let shown = typed(&room, &format!("{compare} --export run.json")).run();
    let mut lines: Vec<String> = written(&room, "run.json").lines().map(str::to_owned).collect();
    lines[0] = lines[0].replacen("\"params\":{", "\"params\":{\"novelty\":[1],", 1).replacen(
        "\"schema\"",
        "\"moon\":\"full\",\"schema\"",
        1,
    );
    lines.insert(1, r#"{"event":"novelty","experiment":"bank"}"#.to_owned());
    let note = r#"{"event":"note","experiment":"bank","variant":null,"kind":"novelty"}"#;
    lines.insert(2, note.to_owned());
    let newer = lines.join("\n") + "\n";
    room.file("newer.json", &newer);
    let again = typed(&room, "report newer.json").run();
    assert_eq!(without_origin(again.stdout()).trim(), without_place(shown.stdout()).trim());
    assert_eq!(typed(&room, "report newer.json --json").run().stdout(), newer);
}

#[test]
fn no_process_is_started_and_no_python_looked_for() {
    let room = Rc::new(Room::new());
    let compare = "compare lock --no-python --runs 1 --iterations 1000";
    let lines = typed(&room, &format!("{compare} --json")).run();
    // Whoever ran it again would look for the Python that this asks for.
    let asks = lines.stdout().replacen("\"python\":[\"none\"]", "\"python\":[\"auto\"]", 1);
    assert_ne!(asks, lines.stdout());
    room.file("run.json", asks);
    let called = room.path("out").join("called");
    room.program("python3", &format!("echo called >> {}", called.display()));
    drop(typed(&room, "report run.json -v").run().stdout_has("locked"));
    // What its runner did is over, too.
    let told = typed(&room, "compare lock --only locked --runs 1 -v --json --no-python").run();
    room.file("told.json", told.stdout());
    assert!(told.stdout().contains("\"event\":\"doing\""));
    drop(typed(&room, "report told.json").run().stdout_has("locked"));
    assert!(!called.exists());
    // And a run does: the same file would be there.
    let only = "compare lock --only locked,python-locked --runs 1 --iterations 1000";
    drop(typed(&room, only).run().any_stdout().any_stderr());
    assert!(called.exists());
}

#[test]
fn the_place_of_the_export_is_tried_before_the_files_are_read() {
    let room = Rc::new(Room::new());
    room.file("there.html", "mine");
    typed(&room, "report missing.json --export there.html")
        .run()
        .code(2)
        .stdout_is_empty()
        .stderr_has("--force");
    assert_eq!(written(&room, "there.html"), "mine");
    let done = typed(&room, "report missing.json --json").run().code(2);
    let [Event::Error(error), Event::End(_)] = &done.events()[..] else { panic!("{done}") };
    assert_eq!(error.kind, ErrorKind::Recording);
}

//! A teacher's own lesson: begun by `parlab new`, checked, run in both languages.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::rc::Rc;

use parlab::event::ErrorKind;
use parlab::lesson::doc::{self, Kind, Lang};

use crate::parlab::Parlab;
use crate::room::{Room, names_in};

#[test]
fn a_new_lesson_has_no_fault_and_runs_in_both_languages() {
    let room = Rc::new(Room::new());
    let done = Parlab::in_room(&room).args(["new", "mine"]).run();
    done.stdout_has("mine/en.md").stdout_has("mine/it.md").stdout_has("parlab lesson ./mine");
    assert_eq!(names_in(&room.path("work/mine")), ["en.md", "it.md"]);
    Parlab::in_room(&room)
        .args(["check", "./mine"])
        .run()
        .stdout_has("Texts checked: 2. No faults.");
    for (lang, title) in [("en", "Two processes, one number"), ("it", "Due processi, un numero")] {
        let args = ["lesson", "./mine", "--part", "all", "--no-python", "--runs", "2"];
        let done = Parlab::in_room(&room).args(args).args(["--lang", lang]).run();
        let done = done.stdout_has(title);
        // What is a comment, or not for the page, is not on it.
        for unseen in ["{#", "#}", "minijinja", "most = 4"] {
            assert!(!done.stdout().contains(unseen), "{unseen:?} is on the page\n{done}");
        }
    }
}

#[test]
fn a_text_with_faults_is_told_by_them_and_what_to_do() {
    let room = Rc::new(Room::new());
    room.file("mine.md", "# Nothing that would run\n");
    for (lang, next) in [("en", "Correct the file"), ("it", "Correggi il file")] {
        let done = Parlab::in_room(&room).args(["lesson", "./mine.md", "--lang", lang]).run();
        let done = done.stderr_has(next).code(2).stdout_is_empty().stderr_has("./mine.md:1:25");
        // Nothing was measured, and nobody says that it was.
        assert!(!done.stderr().contains("parlab: "), "{done}");
    }
}

#[test]
fn of_its_answers_exactly_one_holds() {
    let room = Rc::new(Room::new());
    Parlab::in_room(&room).args(["new", "mine", "-q"]).run().any_stdout();
    let args = ["lesson", "./mine", "--json", "--no-python", "--runs", "3"];
    let answers = Parlab::in_room(&room).args(args).run().answers();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].held.len(), 1, "{answers:?}");
}

#[test]
fn it_has_every_kind_of_block_in_both_languages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons/example");
    for lang in Lang::ALL {
        let text = fs::read_to_string(folder.join(format!("{}.md", lang.code()))).unwrap();
        let doc = doc::parse("x.md", &text).unwrap();
        let has = |wanted: fn(&Kind) -> bool| doc.blocks.iter().any(|block| wanted(&block.kind));
        assert!(has(|kind| matches!(kind, Kind::Text(_))));
        assert!(has(|kind| matches!(kind, Kind::Code(_))));
        assert!(has(|kind| matches!(kind, Kind::Ask(_))));
        assert!(has(|kind| matches!(kind, Kind::Run(_))));
        assert!(has(|kind| matches!(kind, Kind::Verdict(_))));
        assert!(has(|kind| matches!(kind, Kind::Part(_))));
        assert!(has(|kind| matches!(kind, Kind::Why(_))));
        assert!(has(|kind| matches!(kind, Kind::Level(_))));
    }
    assert!(parlab::experiments::lesson("example").is_none(), "it is no lesson of the course");
}

#[test]
fn what_is_there_already_is_left_as_it_is() {
    let room = Rc::new(Room::new());
    room.file("file", "mine");
    room.file("folder/en.md", "mine");
    symlink("nowhere", room.path("work/link")).unwrap();
    for path in ["file", "folder", "folder/", "link", ".", "..", "/"] {
        let said = ["en", "it"].map(|lang| {
            let done = Parlab::in_room(&room).args(["new", path, "--lang", lang]).run();
            done.code(2).stdout_is_empty().one_message().stderr().to_string()
        });
        assert_ne!(said[0], said[1]);
    }
    assert_eq!(names_in(&room.path("work")), ["file", "folder", "link"]);
    assert_eq!(fs::read_to_string(room.path("work/folder/en.md")).unwrap(), "mine");
    let done = Parlab::in_room(&room).args(["new", "file", "--json"]).run().code(2);
    assert_eq!(done.errors()[0].kind, ErrorKind::AlreadyThere);
}

#[test]
fn what_cannot_be_written_is_told_and_nothing_is_left() {
    let room = Rc::new(Room::new());
    room.file("file", "mine");
    for path in ["file/mine", "/proc/mine", "/dev/null/mine"] {
        let done = Parlab::in_room(&room).args(["new", path]).run();
        done.code(1).stdout_is_empty().one_message().stderr_has(path);
    }
    // No file may have a byte, not even one that says so: the folder that was made goes again.
    let null = std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
    let full = Parlab::in_room(&room).args(["new", "mine"]).after("trap '' XFSZ; ulimit -f 0");
    full.stdout(null).run().code(1).any_stdout();
    assert_eq!(names_in(&room.path("work")), ["file"]);
}

#[test]
fn all_faults_of_a_folder_are_told_and_not_the_first_alone() {
    let room = Rc::new(Room::new());
    Parlab::in_room(&room).args(["new", "mine"]).run().any_stdout();
    let path = room.path("work/mine/it.md");
    let text = fs::read_to_string(&path).unwrap();
    let text = text
        .replace("iterations = 100000", "iterations = 0")
        .replace("[\"locked\"]", "[\"lokked\"]");
    fs::write(&path, text).unwrap();
    let done = Parlab::in_room(&room).args(["check", "./mine", "--json"]).run().code(1);
    let kinds: Vec<String> =
        done.lines().iter().filter_map(|line| line["kind"].as_str().map(String::from)).collect();
    let count = |kind: &str| kinds.iter().filter(|k| *k == kind).count();
    assert_eq!((count("out_of_range"), count("unknown_variant")), (2, 1), "{kinds:?}");
    assert!(count("blocks_differ") >= 2, "{kinds:?}");
}

//! `parlab man`: one page for each command, fit to be read, written whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use parlab::experiments::LESSONS;

use crate::family::skip;
use crate::parlab::Parlab;
use crate::room::{Room, names_in};

/// Pages in a room's `work/pages`, and the lines of `--json`.
fn written() -> (Rc<Room>, Vec<serde_json::Value>) {
    let room = Rc::new(Room::new());
    let done = Parlab::in_room(&room).args(["man", "deep/pages", "--json"]).run();
    let lines = done.lines();
    (room, lines)
}

#[test]
fn there_is_a_page_for_each_command_and_each_lesson_and_no_other_file() {
    let (room, lines) = written();
    let names = names_in(&room.path("work/deep/pages"));
    let commands = ["lesson", "compare", "explore", "play", "list", "doctor", "check", "new"];
    let mut wanted: BTreeSet<String> = commands
        .into_iter()
        .chain(["completions", "course", "man", "report"])
        .map(|c| format!("parlab-{c}.1"))
        .collect();
    wanted.extend(["parlab.1", "parlab-compare-all.1"].map(String::from));
    for lesson in LESSONS {
        wanted.extend(["lesson", "compare"].map(|c| format!("parlab-{c}-{}.1", lesson.name)));
        wanted.extend(lesson.programs.iter().map(|p| format!("parlab-explore-{}.1", p.name)));
        if parlab::lesson::doc::level_names(lesson.texts.en).next().is_some() {
            wanted.insert(format!("parlab-play-{}.1", lesson.name));
        }
    }
    assert_eq!(names.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    let told: BTreeSet<String> = (lines.iter())
        .map(|line| line["file"].as_str().unwrap().strip_prefix("deep/pages/").unwrap().to_string())
        .collect();
    assert_eq!(told, wanted);
}

#[test]
fn every_page_begins_as_one_has_every_option_and_its_examples() {
    let (room, _) = written();
    for name in names_in(&room.path("work/deep/pages")) {
        let page = fs::read_to_string(room.path("work/deep/pages").join(&name)).unwrap();
        let title = page.lines().find(|line| line.starts_with(".TH "));
        let title = title.unwrap_or_else(|| panic!("{name} has no title")).replace('\\', "");
        assert!(
            title.starts_with(&format!(".TH {} 1 ", name.strip_suffix(".1").unwrap())),
            "{title}"
        );
        assert!(page.is_ascii(), "{name} is not ASCII");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH EXAMPLES"] {
            assert_eq!(
                page.lines().filter(|line| *line == section).count(),
                1,
                "{name}: {section}"
            );
        }
        // An option that the short help leaves out is told here.
        assert!(page.contains("Tell on stderr what the runner does"), "{name}");
    }
}

#[test]
fn every_page_is_set_without_a_warning() {
    let Some(groff) =
        ["/usr/bin/groff", "/usr/local/bin/groff"].iter().find(|p| Path::new(p).exists())
    else {
        skip("every_page_is_set_without_a_warning", "there is no groff on this machine");
        return;
    };
    let (room, _) = written();
    for name in names_in(&room.path("work/deep/pages")) {
        let page = room.path("work/deep/pages").join(&name);
        let set = Command::new(groff).args(["-man", "-ww", "-Tutf8", "-P-c"]).arg(page).output();
        let set = set.unwrap();
        let said = String::from_utf8_lossy(&set.stderr);
        // A machine may have groff without the macros of man.
        if said.contains("an.tmac") || said.contains("can't find macro file") {
            skip("every_page_is_set_without_a_warning", "groff has no macros for man pages here");
            return;
        }
        assert!(set.status.success() && said.is_empty(), "{name}: {said}");
        assert!(
            String::from_utf8_lossy(&set.stdout).contains("parlab"),
            "{name} is set as nothing"
        );
    }
}

#[test]
fn older_pages_are_replaced_and_other_files_stay() {
    let room = Rc::new(Room::new());
    room.file("pages/parlab.1", "old");
    room.file("pages/mine.1", "mine");
    for (lang, words) in [("en", "Man pages written to pages: "), ("it", "Pagine di manuale")] {
        let done = Parlab::in_room(&room).args(["man", "pages", "--lang", lang]).run();
        done.stdout_has(words).stdout_has("man -l pages/parlab.1");
    }
    let text = |name| fs::read_to_string(room.path("work/pages").join(name)).unwrap();
    assert!(text("parlab.1").contains(".TH "));
    assert_eq!(text("mine.1"), "mine");
}

#[test]
fn a_folder_that_cannot_be_is_told_once_and_nothing_is_left() {
    let room = Rc::new(Room::new());
    room.file("file", "mine");
    for path in ["file", "file/pages", "/proc/pages", "/dev/null"] {
        let said = ["en", "it"].map(|lang| {
            let done = Parlab::in_room(&room).args(["man", path, "--lang", lang]).run();
            let done = done.code(1).stdout_is_empty().one_message().stderr_has(path);
            done.stderr().to_string()
        });
        assert_ne!(said[0], said[1]);
    }
    assert_eq!(names_in(&room.path("work")), ["file"]);
    assert_eq!(fs::read_to_string(room.path("work/file")).unwrap(), "mine");
}

//! The README says what is so: its commands are run, its set-up is what CI runs.

use std::rc::Rc;

use crate::parlab::Parlab;
use crate::room::Room;

const README: &str = include_str!("../../README.md");
const CI: &str = include_str!("../../.ci/run");

/// The bodies of fenced blocks of a language; `fence` is the line of marks.
fn blocks<'a>(fence: &str, language: &str) -> Vec<&'a str> {
    let open = format!("\n{fence}{language}\n");
    let close = format!("\n{fence}\n");
    let pieces = README.split(open.as_str()).skip(1);
    pieces.map(|piece| piece.split(close.as_str()).next().unwrap()).collect()
}

/// The commands of all shell blocks, with the exit code that a comment names.
fn commands() -> Vec<(Vec<&'static str>, i32)> {
    let lines = blocks("```", "sh").into_iter().flat_map(str::lines);
    lines
        .map(|line| {
            let (command, comment) = line.split_once('#').unwrap_or((line, ""));
            let code = comment.trim().strip_prefix("exits ").map_or(0, |n| n.parse().unwrap());
            (command.split_whitespace().collect(), code)
        })
        .filter(|(words, _): &(Vec<_>, _)| !words.is_empty())
        .collect()
}

#[test]
fn every_parlab_command_of_the_readme_ends_as_it_says() {
    let own_lesson = blocks("````", "markdown");
    let commands = commands();
    let of_parlab: Vec<_> = commands.iter().filter(|(words, _)| words[0] == "parlab").collect();
    assert!(of_parlab.len() >= 10, "only {} commands found", of_parlab.len());
    for (words, code) in of_parlab {
        let room = Rc::new(Room::new());
        room.file("mine.md", format!("{}\n", own_lesson[0]));
        let done = Parlab::in_room(&room).args(&words[1..]).run().code(*code);
        if *code == 0 {
            assert!(!done.stdout().is_empty(), "{words:?} printed nothing");
        } else {
            let done = done.stdout_is_empty();
            assert!(!done.stderr().is_empty(), "{words:?} did not say what was wrong");
        }
    }
}

#[test]
fn the_set_up_stands_in_the_first_ten_lines_and_ci_runs_it() {
    let first: Vec<&str> = README.lines().take(10).collect();
    let cargo = |line: &&str| line.starts_with("cargo ");
    let set_up: Vec<&str> = first.iter().copied().filter(cargo).collect();
    assert_eq!(set_up.len(), 2, "{set_up:?}");
    for line in set_up {
        let command = line.split('#').next().unwrap().trim();
        let in_ci = |l: &str| l == format!("step {command}");
        assert!(CI.lines().any(in_ci), "CI does not run `{command}`");
    }
    assert!(first.iter().any(|line| line.contains("cargo install --path .")));
    assert!(CI.contains("cargo install --path ."));
}

#[test]
fn the_readme_names_every_part_and_every_command() {
    for lesson in parlab::experiments::LESSONS {
        for part in parlab::lesson::doc::part_names(lesson.texts.en) {
            assert!(README.contains(&format!("`{part}`")), "the README does not name `{part}`");
        }
    }
    let commands =
        ["course", "lesson", "compare", "explore", "play", "report", "list", "doctor", "check"];
    for command in commands.into_iter().chain(["new", "completions", "man"]) {
        assert!(README.contains(&format!("`parlab {command}")), "no `parlab {command}`");
    }
}

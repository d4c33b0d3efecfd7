//! Examples in the long help and on the man pages: command lines to copy, each with what it does.
//!
//! The short help (`-h`) points to them. A test reads them from the help of every command and has
//! each understood, so an example can never name an option that is gone.

use clap::Command as Clap;

use crate::experiments::{Lesson, Subject};
use crate::lesson::doc;

/// Adds examples to a command: what is typed, and what it does.
pub(super) fn with(command: Clap, examples: &[(String, &str)]) -> Clap {
    // Not in columns: side by side they would be too wide for a terminal of 80, and wrap.
    let line = |(typed, does): &(String, &str)| format!("  {typed}  # {does}\n");
    let lines: String = examples.iter().map(line).collect();
    command
        .after_help("With `--help` instead of `-h`: every option, and examples.")
        .after_long_help(format!("Examples:\n{}", lines.trim_end()))
}

/// The same, of examples that are written out.
pub(super) fn with_these(command: Clap, examples: &[(&str, &'static str)]) -> Clap {
    let owned: Vec<(String, &str)> =
        examples.iter().map(|&(typed, does)| (typed.to_string(), does)).collect();
    with(command, &owned)
}

/// Of `parlab lesson NAME`.
pub(super) fn of_lesson(command: Clap, lesson: &Lesson) -> Clap {
    let name = lesson.name;
    let mut examples = vec![(format!("parlab lesson {name}"), "the core: about three minutes")];
    if let Some(part) = doc::part_names(lesson.texts.en).next() {
        examples.push((format!("parlab lesson {name} --part {part}"), "one of its parts"));
    }
    examples.extend([
        (format!("parlab lesson {name} --part all --yes"), "everything, without questions"),
        (format!("parlab lesson {name} --lang it --code python"), "in Italian, Python's code"),
        (format!("parlab lesson {name} --json"), "what was measured, for a program"),
    ]);
    with(command, &examples)
}

/// Of `parlab compare NAME`.
pub(super) fn of_comparison(command: Clap, lesson: &Lesson) -> Clap {
    let name = lesson.name;
    let mut examples = vec![(format!("parlab compare {name}"), "all variants side by side")];
    if let [first, second, ..] = lesson.compared_variants()[..] {
        let typed = format!("parlab compare {name} --only {first},{second}");
        examples.push((typed, "two of them"));
    }
    if lesson.sweep.is_some() {
        examples.push((format!("parlab compare {name} --sweep"), "how much work makes it pay"));
    }
    examples.extend([
        (format!("parlab compare {name} --runs 5 --no-python"), "five runs, Rust alone"),
        (format!("parlab compare {name} --json"), "every run, for a program"),
    ]);
    with(command, &examples)
}

/// Of `parlab explore NAME`, written usually or in one of these ways.
pub(super) fn of_program(command: Clap, subject: &Subject, ways: &[&str]) -> Clap {
    let name = subject.name;
    let mut examples = vec![(format!("parlab explore {name}"), "every order of its steps, run")];
    if let [_, way, ..] = ways {
        examples.push((format!("parlab explore {name} --{way}"), "written in another way"));
    }
    examples.push((format!("parlab explore {name} --json"), "the counts, for a program"));
    with(command, &examples)
}

/// Of `parlab play NAME`, which has these levels.
pub(super) fn of_game(command: Clap, lesson: &Lesson, levels: &[&str]) -> Clap {
    let name = lesson.name;
    let mut examples = vec![(format!("parlab play {name}"), "level after level")];
    if let Some(level) = levels.last() {
        examples.push((format!("parlab play {name} --level {level}"), "this one alone"));
    }
    examples.extend([
        (format!("parlab play {name} --schedule AB"), "these steps, told line by line"),
        (format!("echo AB | parlab play {name}"), "letters from a script"),
    ]);
    with(command, &examples)
}

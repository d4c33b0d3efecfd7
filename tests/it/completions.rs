//! Completions, asked as a shell asks for them: bash itself, and zsh and fish where they are there.

use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use parlab::experiments::LESSONS;
use parlab::lesson::doc;

use crate::family::skip;
use crate::parlab::Parlab;
use crate::room::Room;

/// What bash is told when a line is completed, as bash(1) has it under "Programmable Completion":
/// the function's three arguments, the words, and which of them it is.
const IN_BASH: &str = r#"
source "$SCRIPT"
words=(parlab "$@")
COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1)) COMPREPLY=()
registered=$(complete -p parlab) || exit 1
function=${registered#*-F }; function=${function%% *}
"$function" parlab "${words[-1]}" "${words[-2]}"
printf '%s\n' "$registered" "${COMPREPLY[@]}"
"#;

/// A shell of this machine, for a test that is skipped without it.
fn found(name: &str, test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|p| p.is_file());
    if found.is_none() {
        skip(test, &format!("there is no {name} on this machine"));
    }
    found
}

/// The script for a shell, in a file.
fn script(shell: &str) -> (Rc<Room>, PathBuf) {
    let room = Rc::new(Room::new());
    let done = Parlab::in_room(&room).args(["completions", shell]).run();
    let path = room.file("script", done.stdout());
    (room, path)
}

/// A bash that has read the script.
struct Bash {
    _room: Rc<Room>,
    shell: PathBuf,
    script: PathBuf,
}

impl Bash {
    fn new(test: &str) -> Option<Bash> {
        let shell = found("bash", test)?;
        let (room, script) = script("bash");
        Some(Bash { _room: room, shell, script })
    }

    /// How it is registered, and what is offered for the last of these words.
    #[track_caller]
    fn asked(&self, words: &[&str]) -> (String, Vec<String>) {
        let mut bash = Command::new(&self.shell);
        bash.args(["--norc", "--noprofile", "-c", IN_BASH, "bash"]).args(words);
        let done = bash.env("SCRIPT", &self.script).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success() && said.is_empty(), "{words:?}: {said}");
        let printed = String::from_utf8(done.stdout).unwrap();
        let mut lines = printed.lines().map(String::from);
        let registered = lines.next().unwrap();
        (registered, lines.filter(|line| !line.is_empty()).collect())
    }

    /// Holds what is offered, in any order.
    #[track_caller]
    fn offers(&self, words: &[&str], wanted: impl IntoIterator<Item: AsRef<str>>) {
        let (_, mut offered) = self.asked(words);
        let mut wanted: Vec<String> = wanted.into_iter().map(|w| w.as_ref().to_string()).collect();
        offered.sort();
        wanted.sort();
        assert_eq!(offered, wanted, "after {words:?}");
    }
}

#[test]
fn bash_offers_lessons_programs_and_levels() {
    let Some(bash) = Bash::new("bash_offers_lessons_programs_and_levels") else { return };
    let lessons = || LESSONS.iter().map(|lesson| lesson.name);
    bash.offers(&["lesson", ""], lessons());
    bash.offers(&["compare", ""], lessons().chain(["all"]));
    bash.offers(&["explore", ""], LESSONS.iter().flat_map(|l| l.programs).map(|p| p.name));
    let with_levels = LESSONS.iter().filter(|l| doc::level_names(l.texts.en).next().is_some());
    bash.offers(&["play", ""], with_levels.clone().map(|lesson| lesson.name));
    for lesson in with_levels {
        bash.offers(&["play", lesson.name, "--level", ""], doc::level_names(lesson.texts.en));
    }
    bash.offers(&["completions", ""], ["bash", "zsh", "fish"]);
    bash.offers(&["lesson", "lo"], ["lock"]);
    bash.offers(&["--lang", ""], ["en", "it"]);
}

#[test]
fn bash_offers_variants_and_parts_and_more_of_them_behind_a_comma() {
    let Some(bash) = Bash::new("bash_offers_variants_and_parts_and_more_of_them_behind_a_comma")
    else {
        return;
    };
    for lesson in LESSONS {
        let variants = lesson.compared_variants();
        let parts: Vec<&str> =
            ["all", "core"].into_iter().chain(doc::part_names(lesson.texts.en)).collect();
        for command in ["lesson", "compare"] {
            bash.offers(&[command, lesson.name, "--only", ""], &variants);
            let second = variants.iter().map(|variant| format!("{},{variant}", variants[0]));
            let typed = format!("{},", variants[0]);
            bash.offers(&[command, lesson.name, "--only", &typed], second);
        }
        bash.offers(&["lesson", lesson.name, "--part", ""], &parts);
    }
    bash.offers(&["lesson", "lock", "--only", "locked,co"], ["locked,coarse"]);
    bash.offers(&["lesson", "lock", "--part", "core,price,tw"], ["core,price,two-locks"]);
}

#[test]
fn bash_offers_options_at_a_dash_and_paths_where_no_word_fits() {
    let Some(bash) = Bash::new("bash_offers_options_at_a_dash_and_paths_where_no_word_fits") else {
        return;
    };
    bash.offers(&["lesson", "lock", "--it"], ["--iterations"]);
    bash.offers(&["lesson", "lock", "--part", "core", "--y"], ["--yes"]);
    // Where nothing is offered, `-o default` has bash offer paths (bash(1), `complete`).
    for words in [["lesson", "./"], ["check", ""], ["new", ""], ["man", ""]] {
        let (registered, offered) = bash.asked(&words);
        assert!(registered.contains("-o default"), "{registered}");
        assert!(offered.is_empty(), "{words:?}: {offered:?}");
    }
}

#[test]
fn zsh_can_read_its_script() {
    let Some(zsh) = found("zsh", "zsh_can_read_its_script") else { return };
    let (_room, script) = script("zsh");
    let done = Command::new(zsh).args(["-f", "-n"]).arg(script).output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
}

#[test]
fn fish_offers_variants_parts_and_lessons() {
    let Some(fish) = found("fish", "fish_offers_variants_parts_and_lessons") else { return };
    let (room, script) = script("fish");
    room.file("mine.md", "# Mine");
    let asked = |line: &str| {
        let typed = format!("source {}; complete -C '{line}'", script.display());
        let mut fish = Command::new(&fish);
        fish.args(["--no-config", "-c", &typed]).current_dir(room.path("work"));
        let done = fish.env("HOME", room.path("home")).output().unwrap();
        assert!(done.stderr.is_empty(), "{line:?}: {done:?}");
        let printed = String::from_utf8(done.stdout).unwrap();
        let words = printed.lines().map(|line| line.split('\t').next().unwrap().to_string());
        words.collect::<Vec<_>>()
    };
    let variants = LESSONS[0].compared_variants();
    let mut offered = asked(&format!("parlab lesson {} --only ", LESSONS[0].name));
    offered.sort();
    let mut wanted: Vec<String> = variants.iter().map(|v| v.to_string()).collect();
    wanted.sort();
    assert_eq!(offered, wanted);
    assert_eq!(asked("parlab lesson lock --only locked,co"), ["locked,coarse"]);
    assert_eq!(asked("parlab lesson lock --part price,tw"), ["price,two-locks"]);
    assert!(asked("parlab lesson ").contains(&"mine.md".to_string()));
    assert!(asked("parlab lesson ").contains(&"lock".to_string()));
}

#[test]
fn every_script_names_all_lessons_variants_parts_programs_and_levels() {
    for shell in ["bash", "zsh", "fish"] {
        let done = Parlab::new().args(["completions", shell]).run();
        let script = done.stdout();
        let words: std::collections::BTreeSet<&str> =
            script.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
        for lesson in LESSONS {
            let programs = lesson.programs.iter().map(|program| program.name);
            let known = (lesson.compared_variants().into_iter().chain(programs))
                .chain(doc::part_names(lesson.texts.en))
                .chain(doc::level_names(lesson.texts.en));
            for name in known.chain([lesson.name]) {
                assert!(words.contains(name), "{shell} does not know {name}");
            }
        }
        assert!(!script.contains("__file"), "{shell} names what is hidden");
    }
}

#[test]
fn the_script_is_one_line_of_json_for_a_program_and_another_shell_wrong_usage() {
    let done = Parlab::new().args(["completions", "bash", "--json"]).run();
    let lines = done.lines();
    assert_eq!(lines.len(), 1);
    let plain = Parlab::new().args(["completions", "bash"]).run();
    assert_eq!(lines[0]["text"].as_str(), Some(plain.stdout()));
    for wrong in [&["completions"][..], &["completions", "csh"]] {
        Parlab::new().args(wrong).run().code(2).stdout_is_empty().stderr_has("error: ");
    }
}

//! The plan of the house, held against the sources: who uses whom, where `unsafe` lives,
//! that every file says what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::parlab::Parlab;

/// Who may use whom. A room of the house that is not named may be used by nobody.
const MAY_USE: &[(&str, &[&str])] = &[
    ("main", &["app", "cli", "experiments::spawned"]),
    ("lib", &[]),
    ("cli", &["app", "event", "experiments", "lesson::doc"]),
    ("app", &["event", "experiments", "lesson", "machine", "runner", "view"]),
    ("runner", &["event", "experiments", "mp"]),
    ("experiments", &["event", "machine", "mp", "schedule", "stats"]),
    ("schedule", &["event", "mp"]),
    ("view", &["event", "lesson::doc", "lesson::fault", "stats"]),
    ("lesson", &["event"]),
    ("machine", &["event", "mp"]),
    ("mp", &[]),
    ("event", &[]),
    ("stats", &[]),
];

/// The same inside `mp`: a primitive rests on those named, and on nothing else of ours.
const MAY_USE_IN_MP: &[(&str, &[&str])] = &[
    ("sys", &[]),
    ("proc", &["sys"]),
    ("shm", &["lock", "sys"]),
    ("process", &["shm", "supervise", "sys"]),
    ("supervise", &["proc", "process", "sys"]),
    ("pipe", &["sys"]),
    ("shm_pipe", &["pipe", "shm", "sys"]),
    ("lock", &["sys"]),
    ("barrier", &["shm", "sys"]),
    ("turnstile", &["shm", "sys"]),
    ("queue", &["lock", "shm", "sys"]),
    ("pool", &["process", "queue", "shm", "sys"]),
    ("manager", &["pipe", "process", "sys"]),
];

/// One file of the program.
struct Source {
    /// Its path below `src`.
    path: PathBuf,
    /// Its text, without comments and without its unit tests.
    code: String,
    /// Its text.
    text: String,
}

impl Source {
    /// The names of the modules it stands in: `view`, `words`, `failures`.
    fn modules(&self) -> Vec<String> {
        let whole = self.path.with_extension("");
        let names = whole.iter().map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| name != "mod").collect()
    }

    /// The paths below the crate's root that its code names: `lesson::doc::Doc` and so on.
    fn uses(&self) -> BTreeSet<String> {
        let root = if self.path == Path::new("main.rs") { "parlab::" } else { "crate::" };
        let mut found = BTreeSet::new();
        for (at, _) in self.code.match_indices(root) {
            let before = self.code[..at].chars().next_back();
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '_') {
                found.extend(paths(&self.code[at + root.len()..]));
            }
        }
        found
    }
}

/// The paths that begin here: one, or each of a group in braces.
fn paths(code: &str) -> Vec<String> {
    let name: String =
        code.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect();
    let Some(group) = code[name.len()..].strip_prefix('{') else {
        return vec![name];
    };
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let inner = paths(group[start..at].trim());
                found.extend(inner.into_iter().map(|path| format!("{name}{path}")));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut places = vec![root.clone()];
    while let Some(place) = places.pop() {
        for entry in fs::read_dir(place).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                places.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
                let code = code.lines().map(|line| line.split("//").next().unwrap());
                let code = code.collect::<Vec<_>>().join("\n");
                let path = path.strip_prefix(&root).unwrap().to_path_buf();
                found.push(Source { path, code, text });
            }
        }
    }
    assert!(found.len() > 30, "the sources are not where they were");
    found
}

fn allowed(table: &[(&str, &[&str])], user: &str, used: &str) -> bool {
    let row = table.iter().find(|(name, _)| *name == user);
    let begins = |may: &&str| used == *may || used.starts_with(&format!("{may}::"));
    row.is_some_and(|(_, may)| may.iter().any(begins))
}

#[test]
fn rooms_use_each_other_in_one_direction() {
    let mut wrong = Vec::new();
    for source in sources() {
        let user = source.modules()[0].clone();
        for used in source.uses() {
            let own = used == user || used.starts_with(&format!("{user}::"));
            if !own && !allowed(MAY_USE, &user, &used) {
                wrong.push(format!("{}: {used}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "uses that the plan does not have:\n{}", wrong.join("\n"));
}

#[test]
fn primitives_rest_on_each_other_in_one_direction() {
    let mut wrong = Vec::new();
    for source in sources() {
        let modules = source.modules();
        let (Some("mp"), Some(user)) = (modules.first().map(String::as_str), modules.get(1)) else {
            continue;
        };
        let known: Vec<&str> = MAY_USE_IN_MP.iter().map(|(name, _)| *name).collect();
        // `super` means `mp` in a primitive's own file, and the primitive in a file below it.
        let root = if modules.len() == 2 { "super::" } else { "super::super::" };
        let named = source.code.match_indices(root).flat_map(|(at, _)| {
            let alone = !source.code[..at].ends_with("::");
            if alone { paths(&source.code[at + root.len()..]) } else { Vec::new() }
        });
        let crate_wide = source
            .uses()
            .into_iter()
            .filter_map(|used| used.strip_prefix("mp::").map(str::to_string));
        for used in named.chain(crate_wide) {
            let first = used.split("::").next().unwrap_or_default();
            if known.contains(&first) && first != user && !allowed(MAY_USE_IN_MP, user, &used) {
                wrong.push(format!("{}: {used}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "uses that the plan does not have:\n{}", wrong.join("\n"));
}

#[test]
fn nobody_climbs_to_the_root_by_super() {
    for source in sources() {
        let depth = source.modules().len();
        let climbs = "super::".repeat(depth);
        let climbs =
            source.code.match_indices(&climbs).any(|(at, _)| !source.code[..at].ends_with("::"));
        assert!(!climbs, "{} hides from the plan whom it uses", source.path.display());
    }
}

#[test]
fn the_plan_would_see_a_wrong_use() {
    let source = |path: &str, code: &str| Source {
        path: path.into(),
        code: code.to_string(),
        text: String::new(),
    };
    let uses = source("view/json.rs", "use crate::{event::Event, lesson::{doc, fault::{A, B}}};");
    let expected = ["event::Event", "lesson::doc", "lesson::fault::A", "lesson::fault::B"];
    assert_eq!(uses.uses(), expected.map(String::from).into());
    assert!(allowed(MAY_USE, "view", "lesson::fault::A"));
    assert!(!allowed(MAY_USE, "view", "lesson::values::Values"));
    assert!(!allowed(MAY_USE, "view", "event_store"));
    assert!(!allowed(MAY_USE, "mp", "event"));
    assert_eq!(source("mp/proc/deadlock.rs", "").modules(), ["mp", "proc", "deadlock"]);
    assert_eq!(source("mp/mod.rs", "").modules(), ["mp"]);
}

#[test]
fn unsafe_is_under_mp_alone() {
    for source in sources() {
        let words = source.code.split(|c: char| !c.is_alphanumeric() && c != '_');
        let count = words.filter(|word| *word == "unsafe").count();
        let in_mp = source.path.starts_with("mp");
        assert!(in_mp || count == 0, "{} has {count} unsafe", source.path.display());
    }
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    for source in sources() {
        let first = source.text.lines().next().unwrap_or_default();
        let says = first.strip_prefix("//! ").is_some_and(|words| words.len() > 10);
        assert!(says, "{} begins with {first:?}", source.path.display());
    }
}

#[test]
fn the_map_of_the_house_has_every_room_and_no_other() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms: BTreeSet<&str> =
        (lib.lines()).filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let map = lib.lines().filter_map(|line| line.strip_prefix("//! - [`")?.split_once("`]: "));
    let mapped: BTreeMap<&str, &str> = map.collect();
    assert_eq!(mapped.keys().copied().collect::<BTreeSet<_>>(), rooms);
    let planned: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    assert!(rooms.is_subset(&planned), "the plan of this test lacks a room");
}

#[test]
fn names_of_experiments_are_unique_over_all_lessons() {
    let mut seen = BTreeSet::new();
    for lesson in parlab::experiments::LESSONS {
        for experiment in lesson.experiments {
            assert!(seen.insert(experiment.name), "{} is there twice", experiment.name);
            let mut variants = BTreeSet::new();
            assert!(experiment.variants.iter().all(|name| variants.insert(name)));
            assert!(!experiment.variants[0].starts_with("python-"), "a baseline has to be there");
        }
    }
}

#[test]
fn what_a_sweep_runs_is_not_compared_otherwise_and_has_no_variants_of_its_own() {
    let lessons = || parlab::experiments::LESSONS.iter();
    assert!(lessons().any(|lesson| lesson.sweep.is_some()));
    for lesson in lessons().filter(|lesson| lesson.sweep.is_some()) {
        let swept: Vec<_> = lesson.compared(true).collect();
        let [experiment] = swept[..] else { panic!("{} names no experiment", lesson.name) };
        assert_eq!(Some(experiment.name), lesson.sweep);
        assert!(!experiment.compared, "{}", experiment.name);
        let known = lesson.compared_variants();
        assert!(experiment.variants.iter().all(|name| known.contains(name)));
    }
}

#[test]
fn the_lessons_that_are_compiled_in_have_no_fault() {
    Parlab::new().args(["check"]).run().any_stdout().code(0);
    let lessons = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons");
    let folders = parlab::experiments::LESSONS.iter().map(|lesson| lessons.join(lesson.name));
    Parlab::new().args(["check"]).args(folders).run().any_stdout().code(0);
}

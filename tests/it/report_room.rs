//! `parlab report` of several files: a room of machines, laid together.

use std::fs;
use std::rc::Rc;

use parlab::event::{Event, Recording, Run};

use crate::parlab::Parlab;
use crate::room::Room;

/// The words of a command, by blanks.
fn typed(room: &Rc<Room>, words: &str) -> Parlab {
    Parlab::in_room(room).args(words.split_whitespace())
}

/// Keeps the lines of a command in a file, as if from a machine with so many CPUs; gives its runs.
fn keep(room: &Rc<Room>, file: &str, cpus: usize, command: &str) -> Vec<Run> {
    let done = typed(room, &format!("{command} --no-python --json")).run();
    let here = format!("\"cpus\":{},", machine_cpus(done.stdout()));
    room.file(file, done.stdout().replacen(&here, &format!("\"cpus\":{cpus},"), 1));
    done.runs()
}

fn machine_cpus(lines: &str) -> usize {
    Recording::read(lines.as_bytes()).expect("a whole stream").start.machine.cpus
}

/// What a report of these files says to a program.
fn told(room: &Rc<Room>, files: &str) -> Vec<parlab::event::Room> {
    let done = typed(room, &format!("report {files} --json")).run();
    let events = done.events().into_iter();
    events.filter_map(|e| if let Event::Room(room) = e { Some(*room) } else { None }).collect()
}

const SMALL: &str = "compare lock --only unlocked,locked --iterations 1000";

#[test]
fn every_run_of_every_file_is_there_once_by_the_cpus_of_its_machine() {
    let room = Rc::new(Room::new());
    let mut runs = keep(&room, "a.json", 2, &format!("{SMALL} --runs 5"));
    runs.extend(keep(&room, "b.json", 8, &format!("{SMALL} --runs 6")));
    runs.extend(keep(&room, "c.json", 8, &format!("{SMALL} --runs 7")));
    let [told] = &told(&room, "a.json b.json c.json")[..] else { panic!("one section") };
    assert_eq!((told.files, told.machines.len()), (3, 2));
    assert_eq!(told.differing["runs"], serde_json::json!([5, 6, 7]));
    for name in ["unlocked", "locked"] {
        let of_it = told.experiments[0].variants.iter().find(|of| of.variant == name).unwrap();
        let sizes: Vec<_> = of_it.groups.iter().map(|g| (g.cpus, g.files, g.runs)).collect();
        assert_eq!(sizes, [(2, 1, 5), (8, 2, 13)], "{name}");
        let ends = of_it.groups.iter().flat_map(|group| &group.ends).flat_map(|ends| &ends.got);
        let mut ends: Vec<i64> = ends.copied().collect();
        let timed = runs.iter().filter(|run| run.variant == name && !run.traced);
        let mut got: Vec<i64> = timed.filter_map(|run| run.got).collect();
        ends.sort_unstable();
        got.sort_unstable();
        assert_eq!(ends, got, "{name}");
        assert!(of_it.groups.iter().all(|group| group.ratios.len() == group.files as usize));
    }
    let page = typed(&room, "report a.json b.json c.json --lang it --export class.html").run();
    drop(page.stdout_has("giuste 18 su 18"));
    let page = fs::read_to_string(room.path("work").join("class.html")).unwrap();
    assert!(
        page.contains("<h1>Più esecuzioni a confronto</h1>") && page.contains("right 18 of 18")
    );
    assert!(
        !page.contains("The machine it was measured on"),
        "nothing was measured where it was drawn"
    );
}

#[test]
fn an_experiment_that_a_lesson_runs_again_is_not_laid_to_itself() {
    let room = Rc::new(Room::new());
    let lesson = "lesson lock --yes --runs 3 --iterations 1000";
    keep(&room, "a.json", 2, lesson);
    keep(&room, "b.json", 2, &format!("{lesson} --part all"));
    let [told] = &told(&room, "a.json b.json")[..] else { panic!("one section") };
    let bank = |compared: &[&str]| {
        let mut all = told.experiments.iter().filter(|of| of.experiment == "bank");
        let of_it = all.find(|of| of.compared == compared && of.turn == 1).expect("it is there");
        of_it.variants[0].groups[0].runs
    };
    assert_eq!(bank(&["unlocked"]), 6, "the first experiment of each file");
    assert_eq!(bank(&["unlocked", "half-locked", "locked"]), 6, "the second");
}

#[test]
fn predictions_are_counted_beside_what_held_in_each_file() {
    let room = Rc::new(Room::new());
    let lesson = "lesson lock --yes --runs 2 --iterations 1000";
    keep(&room, "a.json", 2, lesson);
    keep(&room, "b.json", 2, lesson);
    let path = room.path("work").join("a.json");
    let lines = fs::read_to_string(&path).unwrap();
    fs::write(&path, lines.replacen("\"said\":null", "\"said\":\"always-right\"", 1)).unwrap();
    let [told] = &told(&room, "a.json b.json")[..] else { panic!("one section") };
    let first = &told.predictions[0];
    assert_eq!((first.files, first.unsaid), (2, 1));
    let said = first.answers.iter().find(|answer| answer.belief == "always-right").unwrap();
    assert_eq!(said.said, 1);
    let done = typed(&room, "report a.json b.json").run();
    drop(done.stdout_has("What the room predicted").stdout_has("said in 1, held in"));
    typed(&room, "report a.json b.json --lang it").run().stdout_has("scelta in 1");
}

#[test]
fn files_of_different_commands_have_a_section_each() {
    let room = Rc::new(Room::new());
    keep(&room, "compare.json", 2, &format!("{SMALL} --runs 1"));
    for (file, free) in [("e1.json", 3), ("e2.json", 4)] {
        let explore = format!("explore two-locks --free-runs {free} --export {file}");
        drop(typed(&room, &explore).run().any_stdout());
    }
    drop(typed(&room, "play lock --schedule AABB --json").run().any_stdout());
    keep(&room, "prices.json", 2, "compare all --runs 1");
    let all = told(&room, "compare.json e1.json prices.json e2.json");
    let sections: Vec<_> = all.iter().map(|r| (r.command.as_str(), r.files)).collect();
    assert_eq!(sections, [("compare", 1), ("explore", 2), ("compare", 1)]);
    let program = &all[1].programs[0];
    assert_eq!((program.files, program.total, program.ran), (2, 6, 12));
    let ends: u64 = program.outcomes.iter().map(|end| end.observed).sum();
    let free: u64 = program.outcomes.iter().map(|end| end.free).sum();
    assert_eq!((ends, free), (12, 7), "every run ended somewhere");
}

#[test]
fn two_programs_of_one_lesson_are_told_each_by_its_own_name() {
    let room = Rc::new(Room::new());
    for program in ["lock", "two-locks"] {
        let explore = format!("explore {program} --free-runs 0 --export {program}.json");
        drop(typed(&room, &explore).run().any_stdout());
    }
    let done = typed(&room, "report lock.json two-locks.json").run();
    drop(done.stdout_has("parlab explore lock: 1").stdout_has("parlab explore two-locks: 1"));
    for ending in ["html", "md"] {
        let file = format!("page.{ending}");
        drop(typed(&room, &format!("report two-locks.json --export {file}")).run().any_stdout());
        let page = fs::read_to_string(room.path("work").join(&file)).unwrap();
        assert!(page.contains("parlab explore two") && !page.contains("parlab explore lock"));
    }
}

#[test]
fn a_report_of_a_room_is_drawn_again_and_is_no_student() {
    let room = Rc::new(Room::new());
    let lesson = "lesson lock --yes --runs 1 --iterations 1000";
    keep(&room, "a.json", 2, lesson);
    keep(&room, "b.json", 4, lesson);
    let shown = typed(&room, "report a.json b.json --export room.json").run();
    let again = typed(&room, "report room.json").run();
    // But for where each of the two has it from, and keeps it.
    let shown = shown.stdout().rsplit_once("\nKept in ").expect("it says where").0;
    assert_eq!(again.stdout().split_once("\n\n").unwrap().1, shown);
    typed(&room, "report a.json room.json")
        .run()
        .code(2)
        .stdout_is_empty()
        .stderr_has("room.json:1: fault: a report of several runs already");
}

#[test]
fn the_same_run_counts_once() {
    let room = Rc::new(Room::new());
    keep(&room, "a.json", 2, &format!("{SMALL} --runs 1"));
    fs::copy(room.path("work").join("a.json"), room.path("work").join("b.json")).unwrap();
    for (files, line) in [("a.json b.json", "b.json:1"), ("a.json a.json", "a.json:1")] {
        let done = typed(&room, &format!("report {files} --export no.html")).run();
        drop(done.code(2).stdout_is_empty().stderr_has(line).stderr_has("twice: a.json"));
    }
    assert!(!room.path("work").join("no.html").exists());
}

#[test]
fn faults_of_all_files_are_told() {
    let room = Rc::new(Room::new());
    keep(&room, "a.json", 2, &format!("{SMALL} --runs 1"));
    room.file("b.json", "garbled\n");
    let done = typed(&room, "report b.json missing.json a.json c.json --lang it").run();
    let done = done.code(2).stdout_is_empty().stderr_has("b.json:1: errore: la riga non è JSON");
    drop(done.stderr_has("missing.json").stderr_has("c.json"));
}

#[test]
fn one_experiment_a_thousand_times_in_a_file_is_told_in_as_many_turns() {
    const TURNS: usize = 2000;
    let room = Rc::new(Room::new());
    let done =
        typed(&room, "compare lock --only locked --iterations 1 --runs 1 --no-python --json");
    let done = done.run();
    let lines: Vec<&str> = done.stdout().lines().collect();
    let with = |what: &str| *lines.iter().find(|line| line.contains(what)).expect("it is there");
    let once = [with("\"event\":\"run\""), with("\"event\":\"summary\"")].join("\n") + "\n";
    let end = with("\"event\":\"end\"");
    room.file("a.json", format!("{}\n{}{end}\n", lines[0], once.repeat(TURNS)));
    room.file("b.json", done.stdout());
    let [told] = &told(&room, "a.json b.json")[..] else { panic!("one section") };
    let turns: Vec<usize> = told.experiments.iter().map(|of| of.turn as usize).collect();
    assert_eq!(turns, (1..=TURNS).collect::<Vec<_>>());
    let files = |at: usize| told.experiments[at].variants[0].groups[0].files;
    assert_eq!([files(0), files(1)], [2, 1]);
}

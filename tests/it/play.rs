//! Be the scheduler, in lines: every level can be won, what cannot be done is told, and nothing of
//! a game is left however it ends.

use std::fs::File;
use std::io::Write;
use std::rc::Rc;

use nix::sys::signal::Signal;
use parlab::app::levels;
use parlab::event::{Block, EndReason, ErrorKind, Event, Goal, Hint, Position, Refusal, Standing};
use parlab::experiments::{LESSONS, Lesson, play};
use parlab::lesson::block::Level;
use parlab::lesson::doc;

use crate::done::Done;
use crate::family::{Family, eventually, signal};
use crate::parlab::{Parlab, Running, lesson_text, pipe};
use crate::room::Room;

/// How many games of each kind are killed.
const KILLS: u32 = 10;

/// Every level of every lesson, with its shortest schedule.
fn levels() -> Vec<(&'static Lesson, Level, String)> {
    let of = |lesson: &&'static Lesson| {
        let lesson = *lesson;
        let doc = doc::parse(lesson.name, lesson.texts.en).unwrap();
        let levels: Vec<Level> = doc.levels().cloned().collect();
        levels.into_iter().map(move |level| {
            let program = play::program(&levels::params(&level)).unwrap();
            let most = level.most.as_deref().copied();
            let solution = play::solution(&program, level.goal.value, most).expect("solvable");
            (lesson, level, solution)
        })
    };
    LESSONS.iter().flat_map(of).collect()
}

fn game<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["play"]).args(args)
}

/// A game that reads this from stdin.
fn reading<const N: usize>(args: [&str; N], typed: &str) -> Parlab {
    let (read, write) = pipe();
    File::from(write).write_all(typed.as_bytes()).unwrap();
    game(args).stdin(read)
}

fn positions(done: &Done) -> Vec<Position> {
    let position = |event| match event {
        Event::Position(position) => Some(*position),
        _ => None,
    };
    done.events().into_iter().filter_map(position).collect()
}

/// The position without what differs from one set of processes to the next.
fn without_pids(mut position: Position) -> Position {
    position.actors.iter_mut().for_each(|actor| actor.pid = 0);
    position
}

#[test]
fn every_level_is_won_by_its_shortest_schedule_and_none_at_the_start() {
    assert!(levels().len() >= 10);
    for (lesson, level, solution) in levels() {
        let args = [lesson.name, "--json", "--level", &level.name, "--schedule", &solution];
        let positions = positions(&game(args).run());
        assert_eq!(positions.len(), solution.len() + 1, "{}", *level.name);
        let (last, before) = positions.split_last().unwrap();
        assert!(before.iter().all(|position| position.standing == Standing::Open));
        assert_eq!(last.standing, Standing::Won);
        assert_eq!((&last.schedule, last.level.as_ref()), (&solution, Some(&level.name.value)));
        match level.goal.value {
            Goal::Ends(value) => assert_eq!(last.value, i64::from(value)),
            Goal::Stuck => assert!(last.actors.iter().any(|actor| actor.blocked.is_some())),
        }
    }
}

#[test]
fn hints_lead_to_the_goal() {
    for (lesson, level, solution) in levels() {
        let typed: String = solution.chars().flat_map(|letter| ['?', letter]).collect();
        let done = reading([lesson.name, "--json", "--level", &level.name], &typed).run();
        let hints: Vec<Hint> = positions(&done).into_iter().filter_map(|p| p.hint).collect();
        let expected: Vec<Hint> = solution.chars().map(|c| Hint::Step(c.to_string())).collect();
        assert_eq!(hints, expected, "{}", *level.name);
    }
}

#[test]
fn where_no_way_leads_to_the_goal_the_hint_is_to_go_back() {
    let hints = |typed| {
        let done = reading(["lock", "--json", "--level", "lose-the-deposit"], typed).run();
        positions(&done).into_iter().filter_map(|p| p.hint).collect::<Vec<_>>()
    };
    assert_eq!(hints("AA?"), [Hint::Back]);
    assert_eq!(hints("AAu?"), [Hint::Step("B".to_string())]);
    assert_eq!(hints("ABBA?"), [Hint::None]);
    let done = reading(["lock", "--json", "--from", "7"], "?").run();
    assert_eq!(positions(&done)[1].hint, Some(Hint::None));
    // Two steps would do, but one was taken that leads elsewhere.
    let done = reading(["lock", "--json", "--level", "two-locks"], "AAA?").run();
    assert_eq!(positions(&done).last().unwrap().hint, Some(Hint::Back));
}

#[test]
fn more_steps_than_a_level_allows_do_not_win_it() {
    let typed = "AAAAAAB"; // both locks taken and given back by A: no deadlock is left
    let done = reading(["lock", "--json", "--level", "two-locks"], typed).run();
    assert_eq!(positions(&done).last().unwrap().standing, Standing::Open);
    let room = Rc::new(Room::new());
    let level = "program = \"lock\"\nends = 99\nmost = 3\ngoal = \"x\"";
    room.file("x.md", format!("{}```parlab level l\n{level}\n```\n", lesson_text(&[RUN])));
    let done = Parlab::in_room(&room).args(["check", "./x.md"]).run().any_stdout().code(1);
    done.stderr_has("in `most` steps");
}

const RUN: &str = "experiment = \"bank\"\nruns = 1\nonly = [\"local\"]";

#[test]
fn going_back_is_the_same_as_never_having_gone() {
    let mut rng = fastrand::Rng::with_seed(20);
    for lesson in ["lock", "queue", "pipe"] {
        for _ in 0..4 {
            let typed: String =
                (0..30).map(|_| *rng.choice(&['A', 'B', 'C', 'u']).unwrap()).collect();
            let there = positions(&reading([lesson, "--json"], &typed).run());
            for ((before, after), typed) in there.iter().zip(&there[1..]).zip(typed.chars()) {
                let expected = match (&after.refused, typed) {
                    (Some(_), _) => before.schedule.clone(),
                    (None, 'u') => before.schedule[..before.schedule.len() - 1].to_string(),
                    (None, letter) => format!("{}{letter}", before.schedule),
                };
                assert_eq!(after.schedule, expected);
            }
            let mut there = there.last().unwrap().clone();
            there.refused = None;
            let again = positions(&reading([lesson, "--json"], &there.schedule).run());
            let again = again.last().unwrap().clone();
            assert_eq!(without_pids(there), without_pids(again), "{lesson} {typed}");
        }
    }
}

#[test]
fn who_goes_back_has_new_processes() {
    let positions = positions(&reading(["lock", "--json"], "ABu").run());
    let pids = |at: usize| positions[at].actors.iter().map(|actor| actor.pid).collect::<Vec<_>>();
    assert_eq!(pids(0), pids(2));
    assert!(pids(3).iter().all(|pid| !pids(2).contains(pid)));
    assert_eq!(positions[3].schedule, "A");
    assert_eq!(positions[3].actors[0].own, Some(100));
}

#[test]
fn what_cannot_be_done_is_told_and_changes_nothing() {
    let cases = [
        ("lock", "X", "X", Refusal::Unknown),
        ("lock", "7", "7", Refusal::Unknown),
        ("lock", "é", "!", Refusal::Unknown),
        ("lock", ".", "!", Refusal::Unknown),
        ("lock", "u", "u", Refusal::Start),
        ("lock", "AAA", "A", Refusal::Finished),
        ("queue", "BA", "A", Refusal::Blocked(Block::Full)),
        ("queue", "C", "C", Refusal::Blocked(Block::Runs(0))),
        ("pipe", "B", "B", Refusal::Blocked(Block::Empty)),
        ("pipe", "AABB", "B", Refusal::Blocked(Block::Open(1))),
    ];
    for (lesson, typed, order, why) in cases {
        let positions = positions(&reading([lesson, "--json"], typed).run());
        let [.., before, last] = &positions[..] else { panic!("{typed}") };
        let refused = last.refused.clone().expect(typed);
        assert_eq!((refused.order.as_str(), refused.why), (order, why), "{lesson} {typed}");
        let unrefused = Position { refused: None, ..last.clone() };
        assert_eq!(&unrefused, before);
        for lang in ["en", "it"] {
            reading([lesson, "--lang", lang], typed).run().stdout_has("");
        }
    }
}

#[test]
fn a_schedule_that_cannot_be_followed_is_refused_before_anything_is_started() {
    let cases: [(&[&str], ErrorKind, &str, &str); 6] = [
        (&["lock", "--schedule", "ABX"], ErrorKind::BadSchedule, "step 3 of `ABX`", "passo 3"),
        (&["lock", "--schedule", "ABBAA"], ErrorKind::BadSchedule, "its last step", "ultimo passo"),
        (&["queue", "--schedule", "BA"], ErrorKind::BadSchedule, "queue is full", "coda è piena"),
        (&["lock", "--schedule", "ABB"], ErrorKind::ShortSchedule, "(ABB: A)", "(ABB: A)"),
        (&["lock", "--schedule", ""], ErrorKind::ShortSchedule, "A, B", "A, B"),
        (
            &["lock", "--ops", "2", "--schedule", "ABBA"],
            ErrorKind::ShortSchedule,
            "too short",
            "troppo corto",
        ),
    ];
    for (args, kind, en, it) in cases {
        for (lang, words) in [("en", en), ("it", it)] {
            let run = Parlab::new().args(["play", "--lang", lang]).args(args).run();
            run.any_stdout().code(2).one_message().stderr_has(words);
        }
        let done = Parlab::new().args(["play", "--json"]).args(args).run();
        assert!(positions(&done).is_empty());
        done.one_error(kind).ends(2, Some(EndReason::Failed));
    }
}

#[test]
fn a_long_schedule_is_not_told_in_full() {
    let long = "A".repeat(20_000);
    let done = game(["lock", "--schedule", &long]).run().any_stdout().code(2).stderr_has("step 3");
    assert!(done.stderr().len() < 500, "{done}");
}

#[test]
fn names_and_numbers_that_are_none_are_wrong_usage() {
    let cases: [(&[&str], &str); 8] = [
        (&["lokc"], "'lock'"),
        (&["shm"], "unrecognized subcommand"),
        (&["lock", "--level", "nix"], "lose-the-deposit"),
        (&["lock", "--from", "1e3"], "not a whole number"),
        (&["lock", "--from", "-100000001"], "from -100000000 to 100000000"),
        (&["lock", "--ops", "15"], "from 1 to 14"),
        (&["lock", "--level", "half-locked", "--ops", "2"], "cannot be used with"),
        (&["lock", "--level", "half-locked", "--from", "2"], "cannot be used with"),
    ];
    for (args, words) in cases {
        let done = Parlab::new().args(["play"]).args(args).run().code(2).stdout_is_empty();
        done.stderr_has("error: ").stderr_has(words);
    }
}

#[test]
fn a_caught_schedule_is_replayed_from_its_own_number() {
    let done = game(["lock", "--json", "--schedule", "ABBA", "--from", "57"]).run();
    let values: Vec<i64> = positions(&done).iter().map(|position| position.value).collect();
    assert_eq!(values, [57, 57, 57, 58, 56]);
    let last = positions(&done).pop().unwrap();
    assert_eq!((last.goal, last.level, last.standing), (None, None, Standing::Ended));
    let start = &done.lines()[0];
    assert_eq!(start["command"], "play");
    assert_eq!(start["params"]["game"]["from"], 57);
    assert_eq!(start["params"]["game"]["schedule"], "ABBA");
    assert!(start["params"]["seconds_limit"].is_null());
    game(["lock", "--schedule", "abba", "--from=-3"]).run().stdout_has("balance: -4");
}

#[test]
fn lines_lead_from_level_to_level_and_the_end_of_input_ends_it() {
    for (lang, first, second) in
        [("en", "Level 1 of", "Level 2 of"), ("it", "Livello 1 di", "Livello 2 di")]
    {
        reading(["lock", "--lang", lang], "ABB\nA\n").run().stdout_has(first).stdout_has(second);
        let one = reading(["lock", "--lang", lang, "--level", "lose-the-deposit"], "ABBA\n").run();
        assert!(!one.stdout().contains(second), "{one}");
    }
    // An order after the end is not heard, nor is anything after it.
    let done = reading(["lock"], "AqB\n").run();
    assert!(done.stdout().contains("steps: A (1"), "{done}");
    assert!(!done.stdout().contains("steps: AB"), "{done}");
    game(["pipe"]).run().stdout_has("Level 1 of 2");
}

#[test]
fn levels_that_are_wrong_are_faults() {
    let cases = [
        ("program = \"lokc\"\nends = 1", "unknown_program"),
        ("program = \"lock\"\nvariant = \"nix\"\nends = 99", "unknown_variant"),
        ("program = \"lock\"", "no_goal"),
        ("program = \"lock\"\nends = 99\nstuck = true", "no_goal"),
        ("program = \"lock\"\nstuck = false", "no_goal"),
        ("program = \"lock\"\nends = 103", "unsolvable"),
        ("program = \"lock\"\nends = 99\nmost = 3", "unsolvable"),
        ("program = \"lock\"\nends = 99\nops = 5", "out_of_range"),
        ("program = \"queue\"\nstuck = true\nprocesses = 3", "out_of_range"),
        ("program = \"lock\"\nends = 99\nfrom = 1000000000", "out_of_range"),
        ("program = \"lock\"\nends = 99\ntype = 1", "toml"),
    ];
    for (body, kind) in cases {
        assert_eq!(fault_of(body), kind, "{body}");
    }
    assert_eq!(fault_of("program = \"lock\"\nends = 99"), "");
}

/// The kind of the fault of a level with this body; empty if there is none.
fn fault_of(body: &str) -> String {
    let room = Rc::new(Room::new());
    let text = lesson_text(&[RUN]);
    room.file("x.md", format!("{text}```parlab level l\n{body}\ngoal = \"x\"\n```\n"));
    let done = Parlab::in_room(&room).args(["check", "./x.md", "--json"]).run();
    let kind = done.lines()[0]["kind"].as_str().unwrap_or_default().to_string();
    done.code(i32::from(!kind.is_empty()));
    kind
}

#[test]
fn a_level_that_differs_between_the_languages_is_a_fault() {
    let room = Rc::new(Room::new());
    for (lang, ends) in [("en", 99), ("it", 101)] {
        let level = format!("program = \"lock\"\nends = {ends}\ngoal = \"x\"");
        let text = format!("{}```parlab level l\n{level}\n```\n", lesson_text(&[RUN]));
        room.file(&format!("both/{lang}.md"), text);
    }
    let done = Parlab::in_room(&room).args(["check", "./both"]).run().any_stdout().code(1);
    done.stderr_has("goal Ends(99)");
}

#[test]
fn a_game_is_no_option_of_a_lesson() {
    let room = Rc::new(Room::new());
    let run = format!("{RUN}\ngame = {{ program = \"lock\", variant = \"unlocked\" }}");
    room.file("x.md", lesson_text(&[run]));
    let done = Parlab::in_room(&room).args(["lesson", "./x.md"]).run().any_stdout().code(2);
    done.stderr_has("game");
}

#[test]
fn the_parts_that_were_asked_for_are_no_option_of_a_lesson() {
    let room = Rc::new(Room::new());
    room.file("x.md", lesson_text(&[format!("{RUN}\nparts = [\"all\"]")]));
    let done = Parlab::in_room(&room).args(["lesson", "./x.md"]).run().any_stdout().code(2);
    done.stderr_has("parts");
}

/// A game that waits for somebody who does not type, and the end to type at.
fn waiting() -> (Running, Family, File) {
    let (read, write) = pipe();
    let mut run = game(["lock", "--json"]).stdin(read).start();
    let family = run.family();
    let family = eventually("both processes", || {
        Family::below(family.front).filter(|family| family.workers.len() == 2)
    });
    (run, family, write.into())
}

#[test]
fn a_game_that_waits_is_ended_by_ctrl_c_and_by_term() {
    let (run, ..) = waiting();
    run.interrupt();
    run.wait().ends(130, Some(EndReason::Interrupted));
    let (run, family, _keys) = waiting();
    signal(family.front, Signal::SIGTERM);
    run.wait().ends(143, Some(EndReason::Terminated));
}

#[test]
fn a_game_that_waits_is_ended_by_a_limit_only_if_one_was_typed() {
    let (read, _write) = pipe();
    let done = game(["lock", "--json", "--seconds-limit", "0.3"]).stdin(read).run();
    done.one_error(ErrorKind::TimeLimit).ends(124, Some(EndReason::TimeLimit));
}

#[test]
fn kill_9_of_anybody_at_any_moment_leaves_nothing() {
    for round in 0..KILLS * 3 {
        let (run, family, mut keys) = waiting();
        let typed: Vec<u8> =
            (0..fastrand::usize(0..9)).map(|_| b"ABu"[fastrand::usize(0..3)]).collect();
        keys.write_all(&typed).unwrap();
        std::thread::sleep(std::time::Duration::from_micros(fastrand::u64(0..5_000)));
        let victim = [family.front, family.runner, family.experiment][round as usize % 3];
        signal(victim, Signal::SIGKILL);
        let done = run.wait().any_stdout();
        match victim {
            front if front == family.front => drop(done.signal(Signal::SIGKILL)),
            runner if runner == family.runner => {
                drop(done.one_error(ErrorKind::RunnerLost).code(1))
            }
            _ => drop(done.one_error(ErrorKind::ExperimentKilled).code(1)),
        }
    }
}

#[test]
fn a_player_s_process_that_was_killed_is_told_at_the_next_step() {
    for victim in 0..2 {
        let (run, family, mut keys) = waiting();
        signal(family.workers[victim], Signal::SIGKILL);
        keys.write_all(b"A").unwrap();
        let done = run.wait().one_error(ErrorKind::WorkerKilled);
        done.ends(1, Some(EndReason::Failed));
    }
}

//! Schedules on real processes: what was counted and what is run agree, a step back is the same
//! as coming there anew, and whoever dies is named.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parlab::experiments::{self, explore::Size};
use parlab::mp::{Shared, Turnstile};
use parlab::schedule::{
    Census, Game, Program, Refused, ScheduleError, Script, Step, census, explore, free_runs,
};

use crate::Case;
use crate::staging::{ends_well, started};

pub const CASES: &[Case] = &[
    ("schedules::each_opening_lets_through_once", each_opening_lets_through_once),
    ("schedules::a_turnstile_that_nobody_opens_is_not_passed", nobody_opens),
    ("schedules::every_program_runs_as_it_was_counted", every_program_runs_as_counted),
    ("schedules::made_up_programs_run_as_they_were_counted", made_up_programs),
    ("schedules::a_sample_is_of_the_size_asked_for", a_sample),
    ("schedules::a_wrong_count_is_told", a_wrong_count_is_told),
    ("schedules::a_step_back_is_as_if_it_had_not_been", a_step_back),
    ("schedules::a_blocked_and_a_finished_process_are_refused", refused),
    ("schedules::a_dead_process_of_a_game_is_named", a_dead_process_is_named),
    ("schedules::a_process_killed_in_mid_exploration_is_named", killed_while_exploring),
    ("schedules::free_runs_end_as_schedules_can", free_runs_end_as_schedules_can),
    ("schedules::a_process_killed_in_a_free_run_is_named", killed_in_a_free_run),
    ("schedules::one_that_is_stopped_goes_on_when_continued", stopped_and_continued),
];

fn each_opening_lets_through_once() {
    let gate: Shared<Turnstile> = Shared::new().unwrap();
    let back: Shared<Turnstile> = Shared::new().unwrap();
    let count: Shared<AtomicU32> = Shared::new().unwrap();
    let mut waiter = started("waiter", || {
        let mut passed = 0;
        for _ in 0..1_000 {
            assert!(gate.pass(&mut passed, Duration::from_secs(20)));
            count.fetch_add(1, Ordering::Relaxed);
            back.open();
        }
    });
    let mut passed = 0;
    for round in 1..=1_000 {
        gate.open();
        assert!(back.pass(&mut passed, Duration::from_secs(20)));
        assert_eq!(count.load(Ordering::Relaxed), round);
    }
    ends_well(&mut waiter);
}

fn nobody_opens() {
    let gate: Shared<Turnstile> = Shared::new().unwrap();
    let mut passed = 0;
    assert!(!gate.pass(&mut passed, Duration::from_millis(60)));
    assert_eq!(passed, 0);
    gate.open();
    assert!(gate.pass(&mut passed, Duration::ZERO), "an opening before the wait counts");
    assert!(!gate.pass(&mut passed, Duration::ZERO));
}

/// Every program of every lesson in every way to write it.
fn programs(ops: usize) -> Vec<(String, Program)> {
    let subjects = experiments::LESSONS.iter().flat_map(|lesson| lesson.programs);
    let mut programs = Vec::new();
    for subject in subjects {
        let (_, row) = experiments::experiment(subject.experiment).unwrap();
        for variant in row.variants {
            let processes = if *variant == "add" { 3 } else { 2 };
            let size = Size { ops, processes, start: None };
            let name = format!("{} {variant}", subject.name);
            programs.push((name, (subject.program)(variant, &size)));
        }
    }
    assert!(programs.len() >= 10);
    programs
}

fn run_whole(program: &Program) -> Census {
    let census = census(program).unwrap();
    let explored = explore(program, &census, 1_000, 1, &mut |_| {}).unwrap();
    assert!(explored.all);
    assert_eq!(u128::from(explored.ran), census.total);
    let ran = explored.outcomes.iter().map(|(&end, &times)| (end, u128::from(times)));
    assert_eq!(ran.collect::<BTreeMap<_, _>>(), census.outcomes);
    assert_eq!(u128::from(explored.stuck), census.stuck);
    census
}

fn every_program_runs_as_counted() {
    for (_, program) in programs(1) {
        run_whole(&program);
    }
    let three = Size { ops: 3, processes: 2, start: None };
    let (_, bank) = experiments::subject("lock").unwrap();
    assert_eq!(run_whole(&(bank.program)("unlocked", &three)).total, 924);
    let (_, pipe) = experiments::subject("pipe").unwrap();
    run_whole(&(pipe.program)("closed", &three));
}

/// Programs of up to three processes with locks taken in any order, some of which get stuck. The
/// seed is fixed, so that a failure is the same every time.
fn made_up_programs() {
    let mut rng = fastrand::Rng::with_seed(11);
    let mut stuck = 0;
    for _ in 0..60 {
        let scripts = (0..rng.usize(1..=3)).map(|_| {
            let parts = (0..rng.usize(1..=2)).map(|_| {
                let (lock, change) = (rng.usize(..2), rng.i32(-2..=2));
                match rng.u8(..3) {
                    0 => vec![Step::Load, Step::Store(change)],
                    1 => vec![Step::Acquire(lock), Step::Release(lock)],
                    _ => vec![
                        Step::Acquire(lock),
                        Step::Acquire(1 - lock),
                        Step::Release(lock),
                        Step::Release(1 - lock),
                    ],
                }
            });
            Script::new("made-up", parts.collect::<Vec<_>>().concat())
        });
        let program = Program { scripts: scripts.collect(), start: 5, right: 5, room: 0 };
        let census = census(&program).unwrap();
        if census.total <= 1_000 {
            stuck += run_whole(&program).stuck;
        }
    }
    assert!(stuck > 0, "none of the programs was one that can get stuck");
}

fn a_sample() {
    let (_, bank) = experiments::subject("lock").unwrap();
    let program = (bank.program)("unlocked", &Size { ops: 6, processes: 2, start: None });
    let census = census(&program).unwrap();
    let sample = |seed| explore(&program, &census, 500, seed, &mut |_| {}).unwrap();
    let one = sample(1);
    assert!(!one.all);
    assert_eq!((one.ran, one.outcomes.values().sum::<u64>()), (500, 500));
    assert!(one.outcomes.keys().all(|end| census.outcomes.contains_key(end)));
    assert_eq!(one.outcomes, sample(1).outcomes);
    assert_ne!(one.outcomes, sample(2).outcomes);
}

fn a_wrong_count_is_told() {
    let (_, bank) = experiments::subject("lock").unwrap();
    let program = (bank.program)("unlocked", &Size { ops: 1, processes: 2, start: None });
    let mut wrong = census(&program).unwrap();
    wrong.outcomes.insert(99, 3);
    let told = explore(&program, &wrong, 1_000, 1, &mut |_| {});
    assert!(matches!(told, Err(ScheduleError::Differs { .. })), "{told:?}");
}

/// What of a game can be seen: whoever comes to the same place sees the same, but for the pids.
fn seen(game: &Game) -> (Vec<usize>, i32, String) {
    let actors = game.actors().into_iter().map(|actor| parlab::schedule::Actor { pid: 0, ..actor });
    let actors: Vec<_> = actors.collect();
    (game.schedule().to_vec(), game.word(), format!("{actors:?} {:?}", game.state()))
}

fn a_step_back() {
    let mut rng = fastrand::Rng::with_seed(3);
    for (name, program) in programs(2) {
        let mut game = Game::new(&program).unwrap();
        let mut before = vec![seen(&game)];
        // Each step is held against the model by the game itself.
        loop {
            let offered: Vec<usize> = game.state().offered(&program).collect();
            let Some(&process) = rng.choice(&offered) else { break };
            game.step(process).unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
            before.push(seen(&game));
        }
        let end = before.pop().unwrap();
        while let Some(expected) = before.pop() {
            assert!(game.back().unwrap());
            assert_eq!(seen(&game), expected, "{name}");
        }
        assert!(!game.back().unwrap(), "there is nothing before the beginning");
        for process in end.0.clone() {
            game.step(process).unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
        }
        assert_eq!(seen(&game), end, "{name}");
    }
}

fn refused() {
    let (_, two_locks) = experiments::subject("two-locks").unwrap();
    let size = Size { ops: 1, processes: 2, start: None };
    let program = (two_locks.program)("opposite-order", &size);
    let mut game = Game::new(&program).unwrap();
    game.step(0).unwrap();
    game.step(1).unwrap();
    let here = seen(&game);
    assert!(matches!(game.step(0), Err(Refused::Blocked(_))));
    assert!(matches!(game.step(1), Err(Refused::Blocked(_))));
    assert_eq!(seen(&game), here);
    game.back().unwrap();
    for _ in 0..5 {
        game.step(0).unwrap();
    }
    assert!(matches!(game.step(0), Err(Refused::Finished)));
}

fn a_dead_process_is_named() {
    let (_, bank) = experiments::subject("lock").unwrap();
    let program = (bank.program)("unlocked", &Size { ops: 1, processes: 2, start: None });
    let mut game = Game::new(&program).unwrap();
    let victim = game.actors()[1].pid;
    kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
    match game.step(1) {
        Err(Refused::Failed(ScheduleError::Died { process: 'B', pid, .. })) => {
            assert_eq!(pid, victim);
        }
        other => panic!("{other:?}"),
    }
}

fn killed_while_exploring() {
    let (_, bank) = experiments::subject("lock").unwrap();
    let program = (bank.program)("unlocked", &Size { ops: 4, processes: 2, start: None });
    let census = census(&program).unwrap();
    let mut kills = 0;
    let told = explore(&program, &census, 100_000, 1, &mut |_| {
        let pids = children();
        assert_eq!(pids.len(), 2, "real processes, and no more of them than the program has");
        if kills == 0 {
            kill(Pid::from_raw(pids[0]), Signal::SIGKILL).unwrap();
        }
        kills += 1;
    });
    assert!(matches!(told, Err(ScheduleError::Died { process: 'A', .. })), "{told:?}");
}

fn free_runs_end_as_schedules_can() {
    for (name, program) in programs(1) {
        let census = census(&program).unwrap();
        let free = free_runs(&program, 20, &mut |_| {}).unwrap();
        assert_eq!(free.stuck + free.outcomes.values().sum::<u64>(), 20, "{name}");
        assert!(free.outcomes.keys().all(|end| census.outcomes.contains_key(end)), "{name}");
        assert!(free.stuck == 0 || census.stuck > 0, "{name}");
        assert!(!(census.outcomes.is_empty() && free.stuck < 20), "{name}");
    }
}

/// The children of this case's process.
fn children() -> Vec<i32> {
    let me = std::process::id();
    let children = std::fs::read_to_string(format!("/proc/{me}/task/{me}/children")).unwrap();
    children.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// The one that is killed is the parent that gets, as soon as it is there: without it one of the
/// children has no room for ever, and must not be waited for. A killer may come too late.
fn killed_in_a_free_run() {
    let (_, queue) = experiments::subject("queue").unwrap();
    let program = (queue.program)("join-first", &Size { ops: 1, processes: 2, start: None });
    let case = std::process::id();
    for _ in 0..20 {
        let mut killer = started("killer", || {
            let children = format!("/proc/{case}/task/{case}/children");
            loop {
                let pids = std::fs::read_to_string(&children).unwrap();
                // The killer itself, both children, and their parent.
                if let Some(last) = pids.split_whitespace().nth(3) {
                    let _ = kill(Pid::from_raw(last.parse().unwrap()), Signal::SIGKILL);
                    return;
                }
            }
        });
        let told = free_runs(&program, 100, &mut |_| {});
        ends_well(&mut killer);
        match told {
            Ok(_) => {}
            Err(ScheduleError::Died { process: 'C', .. }) => return,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("nobody was killed in time");
}

fn stopped_and_continued() {
    let (_, bank) = experiments::subject("lock").unwrap();
    let program = (bank.program)("unlocked", &Size { ops: 4, processes: 2, start: None });
    let census = census(&program).unwrap();
    let mut continuer = None;
    let told = explore(&program, &census, 100_000, 1, &mut |_| {
        if continuer.is_none() {
            let victim = Pid::from_raw(children()[0]);
            kill(victim, Signal::SIGSTOP).unwrap();
            continuer = Some(started("continuer", move || {
                std::thread::sleep(Duration::from_millis(120));
                kill(victim, Signal::SIGCONT).unwrap();
            }));
        }
    });
    assert_eq!(told.unwrap().ran, 12_870);
    ends_well(&mut continuer.expect("it was heard of"));
}

//! `parlab explore`: the numbers of the textbook, real processes, and what goes wrong.

use std::fs;

use nix::sys::signal::Signal;
use parlab::event::{EndReason, ErrorKind, Event, Schedules};

use crate::done::Done;
use crate::family::{children, eventually, signal};
use crate::parlab::{Parlab, Running};

/// How many explorations are killed at some moment.
const KILLS: u32 = 15;

fn explore<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["explore"]).args(args).args(["--json"])
}

/// One that takes much longer than any test.
fn long() -> Running {
    explore(["lock", "--ops", "10", "--most", "1000000"]).start()
}

#[track_caller]
fn schedules(done: &Done) -> Schedules {
    let told = done.events().into_iter();
    let mut told = told.filter_map(|e| if let Event::Schedules(s) = e { Some(s) } else { None });
    told.next().unwrap_or_else(|| panic!("no schedules\n{done}"))
}

/// The end and the schedules that lead to it.
fn counted(told: &Schedules) -> Vec<(i64, u64)> {
    told.outcomes.iter().map(|outcome| (outcome.value, outcome.schedules)).collect()
}

#[test]
fn two_operations_each_have_seventy_schedules_and_all_are_run() {
    let done = explore(["lock", "--ops", "2", "--free-runs", "20"]).run();
    let told = schedules(&done);
    assert_eq!((told.experiment.as_str(), told.variant.as_str()), ("bank", "unlocked"));
    assert_eq!((told.ops, told.processes, told.total, told.ran), (2, 2, 70, 70));
    assert_eq!((told.correct, told.stuck, told.right, told.start), (14, 0, 100, 100));
    assert_eq!(counted(&told), [(98, 12), (99, 16), (100, 14), (101, 16), (102, 12)]);
    for outcome in &told.outcomes {
        assert_eq!(outcome.observed, outcome.schedules);
    }
    let free: u64 = told.outcomes.iter().filter_map(|outcome| outcome.free).sum();
    assert_eq!((told.free_runs, free + told.stuck_free.unwrap()), (20, 20));
    assert_eq!(done.lines()[0]["command"], "explore");
}

#[test]
fn the_other_sizes_of_the_table_come_out_exactly() {
    for (ops, total, right, least, greatest) in
        [("1", 6, 2, 99, 101), ("3", 924, 180, 97, 103), ("4", 12_870, 2_134, 96, 104)]
    {
        let told = schedules(&explore(["lock", "--ops", ops, "--free-runs", "0"]).run());
        assert_eq!((told.total, told.ran, told.correct), (total, total, right));
        let ends = counted(&told);
        assert_eq!((ends[0].0, ends[ends.len() - 1].0), (least, greatest));
        assert!(told.outcomes.iter().all(|outcome| outcome.observed == outcome.schedules));
    }
}

#[test]
fn of_too_many_a_sample_is_run_and_kept_apart_from_what_was_counted() {
    let sample = |seed| {
        let args = ["lock", "--ops", "10", "--most", "300", "--free-runs", "0", "--seed", seed];
        schedules(&explore(args).run())
    };
    let told = sample("1");
    assert_eq!((told.total, told.correct, told.ran), (137_846_528_820, 14_487_822_436, 300));
    let observed: Vec<u64> = told.outcomes.iter().map(|outcome| outcome.observed).collect();
    assert_eq!(observed.iter().sum::<u64>(), 300);
    assert_eq!(told.outcomes.iter().map(|outcome| outcome.schedules).sum::<u64>(), told.total);
    let again: Vec<u64> = sample("1").outcomes.iter().map(|outcome| outcome.observed).collect();
    let other: Vec<u64> = sample("2").outcomes.iter().map(|outcome| outcome.observed).collect();
    assert_eq!(observed, again);
    assert_ne!(observed, other);
    let args = ["explore", "lock", "--ops", "10", "--most", "300", "--free-runs", "0"];
    Parlab::new().args(args).run().stdout_has("300 of them, drawn at");
}

#[test]
fn three_that_add_once_have_ninety_schedules_and_six_are_right() {
    let args = ["lock", "--add", "--processes", "3", "--ops", "1", "--free-runs", "5"];
    let told = schedules(&explore(args).run());
    assert_eq!((told.processes, told.total, told.correct), (3, 90, 6));
    assert_eq!(told.pids.len(), 3);
}

#[test]
fn with_the_lock_every_schedule_that_is_left_is_right() {
    let told = schedules(&explore(["lock", "--locked", "--free-runs", "20"]).run());
    assert_eq!(told.correct, told.total);
    assert_eq!(told.outcomes.len(), 1);
    let half = schedules(&explore(["lock", "--half-locked", "--free-runs", "0"]).run());
    assert!(half.correct < half.total);
}

#[test]
fn a_schedule_that_gets_stuck_is_written_out() {
    let told = schedules(&explore(["two-locks", "--free-runs", "0"]).run());
    assert_eq!((told.total, told.stuck, told.stuck_observed), (6, 2, 2));
    assert_eq!(told.shortest_stuck.as_deref(), Some("AB"));
    let few = ["two-locks", "--ops", "10", "--most", "1", "--free-runs", "0"];
    let told = schedules(&explore(few).run());
    assert_eq!(told.shortest_stuck.as_deref(), Some("AB"), "of all, whichever was drawn");
    let args = ["explore", "two-locks", "--free-runs", "0", "--lang", "it"];
    Parlab::new().args(args).run().stdout_has("il più breve è");
    let mended = schedules(&explore(["two-locks", "--same-order", "--free-runs", "9"]).run());
    assert_eq!((mended.stuck, mended.stuck_free), (0, Some(0)));
}

#[test]
fn joining_first_and_a_forgotten_end_get_stuck_and_their_mends_do_not() {
    for (name, mend) in [("queue", "--get-first"), ("pipe", "--closed")] {
        let told = schedules(&explore([name, "--free-runs", "3"]).run());
        assert!(told.stuck > 0, "{name}");
        assert_eq!(told.stuck_observed, told.stuck, "{name}");
        let told = schedules(&explore([name, mend, "--free-runs", "3"]).run());
        assert_eq!((told.stuck, told.correct), (0, told.total), "{name}");
    }
}

/// The processes that step, seen from outside: below the experiment.
fn steppers(run: &mut Running) -> (i32, Vec<i32>) {
    let family = run.family();
    let both = eventually("both processes", || {
        let workers = children(family.experiment);
        (workers.len() == 2).then_some(workers)
    });
    (family.experiment, both)
}

#[test]
fn the_processes_are_real_and_the_kernel_knows_them() {
    let mut run = long();
    let (experiment, both) = steppers(&mut run);
    assert_ne!(both[0], both[1]);
    for pid in &both {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        assert!(status.contains(&format!("PPid:\t{experiment}\n")), "{status}");
    }
    // Each really sleeps and really wakes: the kernel counts it.
    let switches = |pid: &i32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:\t"));
        line.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0)
    };
    eventually("both to be switched often", || {
        both.iter().all(|pid| switches(pid) > 1_000).then_some(())
    });
    signal(run.pid(), Signal::SIGINT);
    run.wait().ends(130, Some(EndReason::Interrupted));
}

#[test]
fn one_that_is_killed_in_the_middle_is_noticed_and_told() {
    for victim in 0..2 {
        let mut run = long();
        let (_, both) = steppers(&mut run);
        signal(both[victim], Signal::SIGKILL);
        let done = run.wait().one_error(ErrorKind::WorkerKilled);
        let what = done.errors()[0].what.clone().unwrap();
        assert!(what.contains(&both[victim].to_string()), "{what}");
        done.ends(1, Some(EndReason::Failed));
    }
}

#[test]
fn whoever_is_killed_at_whatever_moment_leaves_nothing() {
    // That nothing is left is judged at the end of every run.
    for round in 0..KILLS {
        let mut run = long();
        let family = run.family();
        std::thread::sleep(std::time::Duration::from_micros(fastrand::u64(0..30_000)));
        let victim = [family.front, family.runner, family.experiment][round as usize % 3];
        signal(victim, Signal::SIGKILL);
        let done = run.wait().any_stdout();
        assert_ne!(done.exit(), Some(0));
    }
    for (asked, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let mut run = long();
        let front = run.family().front;
        signal(front, asked);
        run.wait().any_stdout().code(code);
    }
}

#[test]
fn bad_input_gets_one_clear_message() {
    for (args, says) in [
        (vec!["lock", "--ops", "0"], "it must be from 1 to 14"),
        (vec!["lock", "--ops", "15"], "it must be from 1 to 14"),
        (vec!["lock", "--processes", "4"], "it must be from 2 to 3"),
        (vec!["lock", "--processes", "3"], "--add"),
        (vec!["lock", "--most", "0"], "it must be from 1 to 1000000"),
        (vec!["lock", "--free-runs", "-1"], "it must be from 0 to 10000"),
        (vec!["lock", "--locked", "--half-locked"], "cannot be used with"),
        (vec!["lock", "--same-order"], "unexpected argument '--same-order'"),
        (vec!["locks"], "unrecognized subcommand 'locks'"),
        (vec!["lock", "--half-locked", "--ops", "14"], "15288835636069088887512"),
    ] {
        let done = Parlab::new().args(["explore"]).args(args).run().any_stdout();
        done.stderr_has(says).code(2);
    }
    let done = explore(["lock", "--half-locked", "--ops", "14"]).run();
    done.one_error(ErrorKind::TooManySchedules).ends(2, Some(EndReason::Failed));
}

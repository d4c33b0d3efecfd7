//! `kill -9` at any moment, of any process: nothing is left, and it is told what was killed.

use nix::sys::signal::Signal;
use parlab::event::{EndReason, ErrorKind};

use crate::done::Done;
use crate::family::{Family, eventually, signal};
use crate::parlab::{Parlab, Running};

/// How many runs of each kind are killed.
const KILLS: u32 = 30;

/// A Python with a child of its own, both busy when they are killed; that it works shows
/// that there is a private directory to remove.
const BUSY_PYTHON: &str = r#"
case "$3" in
  -c) echo '{"version": "3.11.2", "gil": true}' ;;
  *)  setsid sleep 1000 & sleep 1000 ;;
esac"#;

fn race() -> Running {
    Parlab::long().start()
}

fn peer() -> Parlab {
    Parlab::compare(["--only", "python-locked", "--runs", "10000"]).python(BUSY_PYTHON)
}

/// Lets a moment pass that is another one each time.
fn some_moment() {
    std::thread::sleep(std::time::Duration::from_micros(fastrand::u64(0..30_000)));
}

/// Kills what `victims` chooses of a long race, again and again at other moments.
fn sweep(victims: impl Fn(&Family) -> Vec<i32>, judge: impl Fn(Done)) {
    for _ in 0..KILLS {
        let mut run = race();
        let family = run.family();
        some_moment();
        for victim in victims(&family) {
            signal(victim, Signal::SIGKILL);
        }
        judge(run.wait());
    }
}

#[test]
fn killing_the_front_leaves_nothing() {
    sweep(|family| vec![family.front], |done| drop(done.any_stdout().signal(Signal::SIGKILL)));
}

#[test]
fn killing_the_runner_leaves_nothing_and_is_told() {
    sweep(
        |family| vec![family.runner],
        |done| drop(done.one_error(ErrorKind::RunnerLost).ends(1, Some(EndReason::Failed))),
    );
}

#[test]
fn killing_the_experiment_leaves_nothing_and_is_told() {
    sweep(
        |family| vec![family.experiment],
        |done| drop(done.one_error(ErrorKind::ExperimentKilled).ends(1, Some(EndReason::Failed))),
    );
}

#[test]
fn killing_a_worker_leaves_nothing_and_is_told() {
    for _ in 0..KILLS {
        let mut run = race();
        let experiment = run.family().experiment;
        some_moment();
        eventually("a worker to kill", || {
            let workers = crate::family::children(experiment);
            let victim = *workers.get(fastrand::usize(0..2))?;
            // A race may end at this very moment: then the next one is hit.
            signal(victim, Signal::SIGKILL).then_some(())?;
            eventually("an end or another race", || {
                let now = crate::family::children(experiment);
                (!now.contains(&victim)).then_some(())
            });
            (crate::family::children(experiment).is_empty()).then_some(())
        });
        run.wait().one_error(ErrorKind::WorkerKilled).ends(1, Some(EndReason::Failed));
    }
}

#[test]
fn killing_front_and_runner_leaves_no_process() {
    sweep(
        |family| vec![family.front, family.runner],
        |done| drop(done.any_stdout().signal(Signal::SIGKILL)),
    );
}

#[test]
fn killing_runner_and_front_in_the_other_order_leaves_no_process() {
    sweep(
        |family| vec![family.runner, family.front],
        |done| drop(done.any_stdout().signal(Signal::SIGKILL)),
    );
}

#[test]
fn killing_everybody_at_any_moment_of_the_start_leaves_no_process() {
    for _ in 0..KILLS {
        let run = Parlab::long().may_leave_names().start();
        some_moment();
        signal(run.pid(), Signal::SIGKILL);
        // Where the front is gone between the runner's fork and its exec, the standard
        // library's half of the fork finds nobody to report to and says so on stderr.
        run.wait().any_stdout().any_stderr().signal(Signal::SIGKILL);
    }
}

/// As [`sweep`], while a Python peer runs.
fn sweep_peer(victims: impl Fn(i32, i32) -> Vec<i32>, judge: impl Fn(Done)) {
    for _ in 0..KILLS / 3 {
        let mut run = peer().start();
        let family = run.family();
        some_moment();
        for victim in victims(family.front, family.runner) {
            signal(victim, Signal::SIGKILL);
        }
        judge(run.wait());
    }
}

#[test]
fn killing_the_runner_takes_the_python_its_children_and_its_directory_along() {
    sweep_peer(
        |_, runner| vec![runner],
        |done| drop(done.one_error(ErrorKind::RunnerLost).ends(1, Some(EndReason::Failed))),
    );
}

#[test]
fn killing_the_front_takes_the_python_its_children_and_its_directory_along() {
    sweep_peer(|front, _| vec![front], |done| drop(done.any_stdout().signal(Signal::SIGKILL)));
}

#[test]
fn ctrl_c_at_any_moment_of_a_race_ends_it_in_order() {
    for _ in 0..KILLS {
        let mut run = race();
        run.family();
        some_moment();
        run.interrupt();
        run.wait().ends(130, Some(EndReason::Interrupted));
    }
}

#[test]
fn ctrl_c_at_any_moment_of_the_start_leaves_nothing() {
    for _ in 0..KILLS {
        let run = Parlab::long().start();
        some_moment();
        run.interrupt();
        // Before the signals are taken, Ctrl-C ends it as it ends every program.
        let done = run.wait().any_stdout();
        assert!(matches!(done.exit(), Some(130) | None), "{done}");
    }
}

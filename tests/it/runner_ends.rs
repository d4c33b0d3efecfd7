//! Every way in which a run is ended before its work is done, and what is then true.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use parlab::event::{EndReason, ErrorKind, Event, What};

use crate::family::{children, eventually, marked, signal};
use crate::parlab::{EXAMPLE, Parlab, pipe};
use crate::room::Room;

#[test]
fn a_time_limit_ends_the_experiment_and_the_whole_command() {
    Parlab::long()
        .args(["--seconds-limit", "0.2"])
        .run()
        .one_error(ErrorKind::TimeLimit)
        .ends(124, Some(EndReason::TimeLimit));
}

#[test]
fn a_time_limit_in_a_lesson_ends_the_lesson_at_that_block() {
    let run = "experiment = \"bank\"\nonly = [\"unlocked\"]\niterations = 16777215\nruns = 10000\n";
    let slow = format!("{run}seconds_limit = 0.2");
    let done = Parlab::lesson([&slow, "experiment = \"owner-dies\""]).run();
    let later = done.events().iter().any(|e| matches!(e, Event::Measure(_)));
    assert!(!later, "the block after it ran\n{done}");
    done.one_error(ErrorKind::TimeLimit).ends(124, Some(EndReason::TimeLimit));
}

#[test]
fn a_time_limit_is_told_on_stderr_as_one_message_to_a_reader() {
    let done = Parlab::new()
        .args(["compare", "lock", "--no-python", "--iterations", "16777215", "--runs", "10000"])
        .args(["--seconds-limit", "0.2"])
        .run()
        .any_stdout()
        .code(124);
    assert!(done.stderr().contains("--seconds-limit"), "{done}");
}

#[test]
fn ctrl_c_ends_everything_with_130() {
    let mut run = Parlab::long().start();
    run.family();
    run.interrupt();
    run.wait().ends(130, Some(EndReason::Interrupted));
}

#[test]
fn ctrl_c_a_second_time_changes_nothing() {
    let mut run = Parlab::long().start();
    run.family();
    run.interrupt();
    run.interrupt();
    run.interrupt();
    run.wait().ends(130, Some(EndReason::Interrupted));
}

#[test]
fn ctrl_c_for_the_front_alone_ends_everything_too() {
    let mut run = Parlab::long().start();
    let front = run.family().front;
    signal(front, Signal::SIGINT);
    run.wait().ends(130, Some(EndReason::Interrupted));
}

#[test]
fn term_ends_everything_with_143() {
    let mut run = Parlab::long().start();
    let front = run.family().front;
    signal(front, Signal::SIGTERM);
    run.wait().ends(143, Some(EndReason::Terminated));
}

#[test]
fn a_worker_that_is_stopped_is_ended_all_the_same() {
    let mut run = Parlab::long().start();
    let family = run.family();
    signal(family.workers[0], Signal::SIGSTOP);
    run.interrupt();
    run.wait().ends(130, Some(EndReason::Interrupted));
}

#[test]
fn an_experiment_that_is_stopped_is_ended_by_the_limit() {
    let mut run = Parlab::long().args(["--seconds-limit", "2"]).start();
    let family = run.family();
    signal(family.experiment, Signal::SIGSTOP);
    run.wait().one_error(ErrorKind::TimeLimit).ends(124, Some(EndReason::TimeLimit));
}

#[test]
fn a_reader_who_leaves_after_one_line_ends_it_quietly_with_0() {
    let (from, to) = pipe();
    let run = Parlab::long().stdout(to).start();
    let mut reader = BufReader::new(File::from(from));
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("{\"event\":\"start\","), "{line}");
    drop(reader);
    run.wait().code(0).any_stdout();
}

#[test]
fn a_reader_who_leaves_while_nothing_is_printed_ends_it_quietly_with_0() {
    let (from, to) = pipe();
    let mut run = Parlab::long().stdout(to).start();
    run.family();
    drop(from);
    run.wait().code(0).any_stdout();
}

#[test]
fn a_reader_who_leaves_is_noticed_before_there_is_something_to_print() {
    let room = Rc::new(Room::new());
    let (from, to) = pipe();
    let slow = "case \"$3\" in -c) echo '{\"version\": \"3.11.2\", \"gil\": true}' ;;
        *) touch \"$HOME/began\"; sleep 9; touch \"$HOME/waited\" ;; esac";
    let args = ["compare", "lock", "--json", "--only", "python-locked", "--runs", "10"];
    let run = Parlab::in_room(&room).args(args).python(slow).stdout(to).start();
    eventually("the peer", || room.path("home/began").exists().then_some(()));
    drop(from);
    run.wait().code(0).any_stdout();
    assert!(!room.path("home/waited").exists(), "it waited for the Python");
}

#[test]
fn a_reader_who_was_never_there_gets_nothing_and_no_message() {
    for args in [&["list"][..], &["check", EXAMPLE], &[], &["compare", "lock", "--no-python"]] {
        let (from, to) = pipe();
        drop(from);
        Parlab::new().args(args).stdout(to).run().code(0).any_stdout();
    }
}

#[test]
fn help_to_a_reader_who_left_is_no_fault() {
    let (from, to) = pipe();
    drop(from);
    Parlab::new().args(["--help"]).stdout(to).run().code(0).any_stdout();
}

#[test]
fn a_full_disk_is_told_once_and_is_a_failure() {
    for args in [
        &["compare", "lock", "--no-python", "--runs", "1", "--json"][..],
        &["compare", "lock", "--no-python", "--runs", "1"],
        &["list"],
        &["list", "--json"],
        &["check", EXAMPLE],
        &[],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let done = Parlab::new().args(args).stdout(full).run().any_stdout().code(1).one_message();
        done.stderr_has("stdout");
    }
}

/// Makes a pipe as small as it can be, so that it is full soon.
fn small_pipe() -> (File, OwnedFd) {
    let (from, to) = pipe();
    nix::fcntl::fcntl(&from, nix::fcntl::FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
    (from.into(), to)
}

/// Whether a pipe takes nothing more.
fn is_full(to: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
    poll(&mut fds, PollTimeout::ZERO).unwrap() == 0
}

#[test]
fn a_reader_who_does_not_read_does_not_keep_ctrl_c_from_working() {
    for last in [Signal::SIGINT, Signal::SIGTERM] {
        let (from, to) = small_pipe();
        let many = ["--only", "local", "--iterations", "1", "--runs", "10000"];
        let copy = to.try_clone().unwrap();
        let run = Parlab::compare(many).stdout(to).start();
        eventually("a pipe that is full", || is_full(&copy).then_some(()));
        signal(run.pid(), last);
        let code = if last == Signal::SIGINT { 130 } else { 143 };
        run.wait().any_stdout().code(code);
        drop(from);
    }
}

#[test]
fn a_reader_who_is_slow_gets_every_line_whole() {
    let (mut from, to) = small_pipe();
    let args = ["--only", "local", "--iterations", "1", "--runs", "100"];
    let run = Parlab::compare(args).stdout(to).start();
    let mut text = Vec::new();
    let mut buffer = [0; 100];
    loop {
        let n = from.read(&mut buffer).unwrap();
        if n == 0 {
            break;
        }
        text.extend_from_slice(&buffer[..n]);
        std::thread::yield_now();
    }
    run.wait().any_stdout().code(0);
    let text = String::from_utf8(text).unwrap();
    let events: Vec<Event> = text.lines().map(|l| serde_json::from_str(l).expect(l)).collect();
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Run(_))).count(), 200);
    assert!(matches!(events.last(), Some(Event::End(_))));
}

/// What a terminal that closes, Ctrl-\ and a shell's `kill -9 %1` do to the front's group.
#[test]
fn whatever_is_done_to_the_foreground_group_the_runner_cleans_up() {
    for all in [Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGKILL] {
        let only = ["--only", "local,python-locked", "--runs", "10000"];
        let mut run = Parlab::compare(only).python(LEAVES_A_CHILD).start();
        run.family();
        run.named_something();
        signal(-run.pid(), all);
        run.wait().any_stdout().signal(all);
    }
}

#[test]
fn every_process_below_the_front_dies_with_it() {
    let mut run = Parlab::long().start();
    let family = run.family();
    signal(family.front, Signal::SIGKILL);
    run.wait().any_stdout().signal(Signal::SIGKILL);
}

#[test]
fn verbose_tells_each_process_that_was_made_and_that_all_were_waited_for() {
    let done = Parlab::compare(["--only", "unlocked", "--runs", "1", "-v"]).run();
    let doing: Vec<_> = (done.events().into_iter())
        .filter_map(|e| if let Event::Doing(doing) = e { Some(doing) } else { None })
        .collect();
    let what: Vec<What> = doing.iter().map(|doing| doing.what).collect();
    assert_eq!(what, [What::Started, What::Forked, What::Ended, What::Cleaned], "{done}");
    assert_eq!(doing[2].exitcode, Some(0));
    assert_eq!(doing[1].pid, doing[2].pid);
}

/// A Python that starts a child in a session of its own, which nothing that looks at
/// groups or sessions would find, and then ends.
const LEAVES_A_CHILD: &str = r#"
case "$3" in
  -c) echo '{"version": "3.11.2", "gil": true}' ;;
  *)  setsid sleep 1000 > /dev/null 2>&1 < /dev/null &
      echo '{"time_s": 0.001, "expected": 100, "got": 100, "overlap": 1.0, "start_method": "fork"}' ;;
esac"#;

#[test]
fn children_that_a_python_left_behind_are_killed_by_the_runner() {
    let args = ["--only", "python-locked", "--runs", "3", "-v"];
    let done = Parlab::compare(args).python(LEAVES_A_CHILD).run();
    assert_eq!(done.runs().len(), 3, "{done}");
    let reaped = |e: &Event| matches!(e, Event::Doing(d) if d.what == What::Reaped && d.exitcode == Some(-9));
    // One of the warm-up, three of the runs.
    assert_eq!(done.events().into_iter().filter(reaped).count(), 4, "{done}");
}

#[test]
fn children_that_a_python_left_behind_are_killed_after_ctrl_c_too() {
    let run = Parlab::compare(["--only", "python-locked", "--runs", "10000"])
        .python(LEAVES_A_CHILD)
        .start();
    let front = run.pid();
    let sleeps = |pid: &i32| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name.trim() == "sleep")
    };
    eventually("a child of the Python", || {
        let runner = *children(front).first()?;
        // The subreaper below which the orphan comes to live.
        children(runner).iter().any(sleeps).then_some(())
    });
    run.interrupt();
    run.wait().ends(130, Some(EndReason::Interrupted));
}

#[test]
fn a_lesson_that_waits_for_nobody_is_not_kept_by_its_marks() {
    // The mark by which leftovers are found must find: else every test above proves nothing.
    let mut run = Parlab::long().start();
    let family = run.family();
    let mark = std::fs::read(format!("/proc/{}/environ", family.workers[0])).unwrap();
    let mark = String::from_utf8(mark).unwrap();
    let mark = mark.split('\0').find_map(|e| e.strip_prefix("PARLAB_TEST=")).unwrap();
    let found = marked(mark);
    for pid in [family.front, family.runner, family.experiment] {
        assert!(found.contains(&pid), "{pid} of {family:?} is not in {found:?}");
    }
    run.interrupt();
    run.wait().ends(130, Some(EndReason::Interrupted));
}

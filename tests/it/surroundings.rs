//! Machines and shells that are not as usual: one CPU, no /proc, another user, closed
//! streams, no HOME, no place for temporary files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use parlab::event::{EndReason, ErrorKind, Event, NoteKind, PythonFault};

use crate::family::{is_root, skip};
use crate::parlab::{EXAMPLE, Parlab, pipe};
use crate::python::{SENSIBLE, faults};

const SMALL: [&str; 4] = ["--only", "unlocked", "--runs", "1"];

/// Whether a command, by its absolute path, succeeds here.
pub fn succeeds(command: &[&str]) -> bool {
    let mut run = Command::new(command[0]);
    run.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    run.status().is_ok_and(|status| status.success())
}

/// The command that lets another run on one CPU; `None` where it cannot be had.
pub fn one_cpu() -> Option<[String; 3]> {
    let cpu = parlab::mp::sys::affinity().unwrap()[0].to_string();
    let taskset = ["/usr/bin/taskset", "-c", &cpu];
    let works = succeeds(&[taskset[0], taskset[1], taskset[2], "/bin/true"]);
    works.then(|| taskset.map(str::to_string))
}

#[test]
fn on_one_cpu_the_window_is_widened_and_nothing_is_said_to_run_in_parallel() {
    let Some(one_cpu) = one_cpu() else {
        return skip("on_one_cpu…", "there is no taskset(1)");
    };
    let args = ["--only", "unlocked,locked,atomic", "--runs", "3"];
    let done = Parlab::compare(args).under(one_cpu.clone()).run();
    let events = done.events();
    let Some(Event::Start(start)) = events.first() else { panic!("{done}") };
    assert_eq!((start.machine.cpus, start.machine.usable.len()), (1, 1));
    let note = |e: &&Event| matches!(e, Event::Note(n) if n.kind == NoteKind::OneCpuWidened);
    assert_eq!(events.iter().filter(note).count(), 1, "{done}");
    for run in done.runs() {
        assert_eq!(run.cpus, None, "one CPU cannot be two: {run:?}");
        let right = run.variant != "unlocked";
        assert!(run.correct == Some(true) || !right, "{run:?}");
    }
    let text = Parlab::new().args(["compare", "lock", "--no-python", "--runs", "3"]).under(one_cpu);
    let done = text.run();
    assert!(!done.stdout().contains("CPUs 0 and 1"), "{done}");
    assert!(done.stdout().contains("1 of "), "{done}");
    // The note may stand on either stream.
    let _ = done.stderr();
}

#[test]
fn on_one_cpu_the_widened_race_loses_updates() {
    let Some(one_cpu) = one_cpu() else {
        return skip("on_one_cpu…", "there is no taskset(1)");
    };
    let done = Parlab::compare(["--only", "unlocked", "--runs", "20"]).under(one_cpu).run();
    assert!(done.runs().iter().any(|run| run.correct == Some(false)), "{done}");
}

#[test]
fn without_proc_it_is_told_what_is_missing() {
    let unshare = ["/usr/bin/unshare", "--mount"];
    if !is_root() || !succeeds(&[unshare[0], unshare[1], "/bin/true"]) {
        return skip("without_proc…", "mounts may not be changed here");
    }
    let hide = ["/bin/sh", "-c", "/bin/mount -t tmpfs none /proc && exec \"$0\" \"$@\""];
    let hidden = |run: Parlab| run.under(unshare).under(hide);
    hidden(Parlab::compare(SMALL))
        .run()
        .one_error(ErrorKind::NoProc)
        .ends(1, Some(EndReason::Failed));
    let done = hidden(Parlab::new().args(["compare", "lock", "--no-python"])).run();
    done.any_stdout().code(1).stderr_has("/proc");
    hidden(Parlab::new().args(["list"])).run().stdout_has("lock");
    hidden(Parlab::new().args(["check", EXAMPLE])).run().any_stdout();
}

#[test]
fn another_user_can_run_it() {
    let setpriv = ["/usr/bin/setpriv", "--reuid=64999", "--regid=64999", "--clear-groups"];
    let [program, uid, gid, groups] = setpriv;
    if !is_root() || !succeeds(&[program, uid, gid, groups, "/bin/true"]) {
        return skip("another_user_can_run_it", "users may not be changed here");
    }
    let done = Parlab::compare(["--runs", "1"]).copied().under(setpriv).run();
    assert_eq!(done.runs().len(), 12, "{done}");
    let done = Parlab::lesson(["experiment = \"two-locks\""]).copied().under(setpriv).run();
    assert!(done.events().iter().any(|e| matches!(e, Event::Deadlock(_))), "{done}");
}

#[test]
fn closed_streams_do_no_harm() {
    let compare = ["compare", "lock", "--no-python", "--runs", "1"];
    for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
        let closed = format!("exec {closed}");
        for args in [&["list"][..], &["check", EXAMPLE], &compare] {
            Parlab::new().args(args).after(&closed).run().any_stdout();
        }
        Parlab::compare(SMALL).after(&closed).run().any_stdout();
    }
}

#[test]
fn nothing_is_read_from_a_stdin_that_is_no_terminal() {
    let (from, to) = pipe();
    // Nobody writes and nobody closes: a read would wait for ever.
    Parlab::new()
        .args(["lesson", "lock", "--no-python", "--runs", "1"])
        .stdin(from)
        .run()
        .any_stdout();
    drop(to);
}

#[test]
fn an_environment_with_nothing_in_it_is_enough() {
    for name in ["HOME", "PATH", "TMPDIR", "PARLAB_NOTHING"] {
        Parlab::compare(SMALL).without_env(name).run().any_stdout();
    }
    let bare = Parlab::compare(SMALL).without_env("HOME").without_env("PATH").without_env("TMPDIR");
    bare.run().any_stdout();
}

#[test]
fn terminals_of_any_name_are_no_terminals_where_there_is_none() {
    for term in ["", "dumb", "xterm-256color", "no-such-terminal"] {
        let run = Parlab::new().args(["compare", "lock", "--no-python", "--runs", "1"]);
        let done = run.env("TERM", term).run();
        assert!(!done.stdout().contains('\u{1b}'), "{done}");
    }
    let run = Parlab::new().args(["list", "--color", "always"]);
    assert!(run.run().stdout().contains('\u{1b}'));
}

#[test]
fn a_tmpdir_that_cannot_be_written_costs_the_python_peers_and_nothing_else() {
    let read_only = |run: Parlab, directory: &Path| run.env("TMPDIR", directory);
    let room = std::rc::Rc::new(crate::room::Room::new());
    let sealed = room.path("work/sealed");
    fs::create_dir(&sealed).unwrap();
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o555)).unwrap();
    let file = room.file("file", "no directory");
    for place in [Path::new("/nix/where"), &file, Path::new("/proc"), &sealed] {
        if is_root() && place == sealed {
            continue; // root writes everywhere
        }
        let args = ["--only", "local,python-locked", "--runs", "2"];
        let done = read_only(Parlab::compare(args).python(SENSIBLE), place).run();
        assert_eq!(faults(&done), [Some(PythonFault::NoScratch)], "{place:?}: {done}");
        assert_eq!(done.runs().len(), 4, "{place:?}: {done}");
        done.ends(0, None);
    }
}

#[test]
fn without_a_tmpdir_the_process_lesson_makes_its_children_all_the_same() {
    let nowhere = |args: &[&str]| Parlab::new().args(args).env("TMPDIR", "/nix/where");
    let only = "fork,spawn,thread,python-spawn";
    let args = ["compare", "process", "--json", "--n", "3", "--runs", "1", "--only", only];
    let done = nowhere(&args).python(SENSIBLE).run().ends(0, None);
    assert_eq!(faults(&done), [Some(PythonFault::NoScratch)], "{done}");
    let runs: Vec<_> = done.runs().into_iter().map(|run| (run.variant, run.got)).collect();
    let all = ["fork", "spawn", "thread"].map(|variant| (variant.to_string(), Some(3)));
    assert_eq!(runs, all, "{done}");
    for (lang, words) in [("en", "TMPDIR=/some/where"), ("it", "TMPDIR=/da/qualche/parte")] {
        let args = ["lesson", "process", "--part", "start-methods", "--lang", lang];
        let done = nowhere(&args).python(SENSIBLE).run();
        done.stdout_has(words).stdout_has("fork").stdout_has("spawn");
    }
}

#[test]
fn italian_is_spoken_where_it_is_asked_for() {
    let list = |run: Parlab| {
        run.args(["compare", "lock", "--only", "local", "--runs", "1", "--no-python"])
    };
    let plain = |run: Parlab| {
        let done = list(run).run();
        let text = done.stdout();
        // Figures differ from run to run.
        text.chars().filter(|c| c.is_alphabetic()).collect::<String>()
    };
    let english = plain(Parlab::new());
    let italian = plain(Parlab::new().args(["--lang", "it"]));
    assert_ne!(english, italian);
    assert!(italian.contains("esecuzion"), "{italian}");
    for (name, value) in [("LANG", "it_IT.UTF-8"), ("LC_MESSAGES", "it"), ("LC_ALL", "it_CH")] {
        assert!(plain(Parlab::new().env(name, value)).contains("esecuzion"), "{name}");
    }
    let over = Parlab::new().env("LANG", "it_IT").env("LC_ALL", "C.UTF-8");
    assert!(!plain(over).contains("esecuzion"));
    let over = Parlab::new().env("LC_ALL", "it_IT.UTF-8").args(["--lang", "en"]);
    assert!(!plain(over).contains("esecuzion"));
}

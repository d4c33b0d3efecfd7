//! Pythons of every kind, most of them stubs: each costs one `python` line and, where it
//! cannot be used, its own variants; never the experiment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::rc::Rc;

use nix::sys::signal::Signal;
use parlab::event::{Event, Python, PythonFault, Run};

use crate::done::Done;
use crate::family::{children, eventually, signal, skip};
use crate::parlab::Parlab;
use crate::room::Room;

/// A stub that answers as a Python would, and right.
pub const SENSIBLE: &str = "case \"$3\" in
  -c) echo '{\"version\": \"3.11.2\", \"gil\": true}' ;;
  *)  echo '{\"time_s\": 0.001, \"expected\": 100, \"got\": 100, \"overlap\": 0.5, \"start_method\": \"fork\"}' ;;
esac";

/// The same in another version.
pub fn version(version: &str, gil: bool) -> String {
    let answer = format!("\"version\": \"{version}\", \"gil\": {gil}");
    SENSIBLE.replace("\"version\": \"3.11.2\", \"gil\": true", &answer)
}

/// The `python` events.
pub fn pythons(done: &Done) -> Vec<Python> {
    let events = done.events().into_iter();
    events.filter_map(|e| if let Event::Python(p) = e { Some(p) } else { None }).collect()
}

/// What the Pythons that cannot be used are told to lack; `None` leaves out the report
/// that one was found.
pub fn faults(done: &Done) -> Vec<Option<PythonFault>> {
    pythons(done).into_iter().map(|p| p.fault).filter(Option::is_some).collect()
}

pub fn peers(done: &Done) -> Vec<Run> {
    done.runs().into_iter().filter(|run| run.variant.starts_with("python")).collect()
}

/// A comparison of one native variant and both peers.
fn compare() -> Parlab {
    let only = "local,python-unlocked,python-locked";
    Parlab::new().args(["compare", "lock", "--json", "--runs", "2", "--only", only])
}

/// Holds that the native variant ran as if there were no Python.
#[track_caller]
pub fn unharmed(done: &Done) {
    let native = done.runs().into_iter().filter(|run| run.variant == "local");
    assert_eq!(native.filter(|run| run.correct == Some(true)).count(), 4, "{done}");
}

/// Holds that this Python is told once, with this fault, and that all else ran.
#[track_caller]
fn only_itself(run: Parlab, fault: PythonFault) -> Python {
    let done = run.run();
    unharmed(&done);
    assert_eq!(faults(&done), [Some(fault)], "{done}");
    assert!(peers(&done).is_empty(), "{done}");
    let told = pythons(&done).into_iter().find(|p| p.fault.is_some()).unwrap();
    done.ends(0, None);
    told
}

#[test]
fn none_on_the_path() {
    let told = only_itself(compare(), PythonFault::NotFound);
    assert_eq!(told.path, None);
}

#[test]
fn none_at_all_because_none_was_asked_for() {
    for args in [&["--no-python"][..], &["--python", "none"]] {
        let done = compare().args(args).run();
        unharmed(&done);
        assert!(pythons(&done).is_empty() && peers(&done).is_empty(), "{done}");
    }
}

#[test]
fn one_that_ends_with_an_error() {
    let told = only_itself(
        compare().python("echo 'no module named json' >&2; exit 1"),
        PythonFault::Failed,
    );
    assert_eq!(told.detail.as_deref(), Some("no module named json"));
}

#[test]
fn one_that_ends_with_an_error_when_it_runs_the_peer() {
    let script = SENSIBLE.replace("echo '{\"time_s\"", "echo oh no >&2; exit 3; echo '{\"time_s\"");
    let told = only_itself(compare().python(&script), PythonFault::Failed);
    assert_eq!(told.detail.as_deref(), Some("oh no"));
    assert_eq!(told.version.as_deref(), Some("3.11.2"));
}

#[test]
fn one_that_is_no_python() {
    for script in [
        "echo 'Hello, I am a cat.'",
        "",
        "echo '{}'",
        "echo '[1, 2'",
        "echo '{\"version\": 3, \"gil\": true}'",
        "head -c 3000000 /dev/zero",
        "head -c 3000000 /dev/urandom",
        "printf '\\377\\376'",
    ] {
        only_itself(compare().python(script), PythonFault::NotPython);
    }
}

#[test]
fn one_whose_peer_prints_something_else() {
    let script = SENSIBLE.replace("'{\"time_s\"", "'{\"thyme\"");
    only_itself(compare().python(&script), PythonFault::NotPython);
}

#[test]
fn one_whose_peer_prints_half_a_line_or_a_giant_one() {
    for answer in ["printf '{\"time_s\": 0.00'", "head -c 3000000 /dev/zero | tr '\\0' x"] {
        let script = SENSIBLE.replace("*)  echo", &format!("*)  {answer}; exit; echo"));
        let told = only_itself(compare().python(&script), PythonFault::NotPython);
        assert!(told.detail.unwrap().chars().count() <= 201, "more than a reader needs");
    }
    let complains = "head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1";
    let told = only_itself(compare().python(complains), PythonFault::Failed);
    assert!(told.detail.unwrap().chars().count() <= 201, "more than a reader needs");
}

#[test]
fn a_giant_line_of_a_python_does_not_leave_the_page_in_either_language() {
    let script = "head -c 3000000 /dev/zero | tr '\\0' x";
    for lang in ["en", "it"] {
        let args = ["compare", "lock", "--only", "local,python-locked", "--lang", lang];
        let done = Parlab::new().args(args).args(["--runs", "1"]).python(script).run();
        let text = done.stdout();
        assert!(text.contains("xxx"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn one_that_closes_its_outputs_and_lives_on() {
    // Bounded by five seconds of the program's own.
    only_itself(compare().python("exec >&- 2>&-; sleep 1000"), PythonFault::Hung);
}

#[test]
fn one_that_is_too_old_or_too_new() {
    for wrong in ["2.7.18", "3.5.10", "4.0.0", "0", ""] {
        let run = compare().python(&version(wrong, true));
        only_itself(run, PythonFault::WrongVersion);
    }
}

#[test]
fn one_that_dies_by_a_signal() {
    let told = only_itself(compare().python("kill -SEGV $$"), PythonFault::Failed);
    assert!(told.detail.unwrap_or_default().contains("11"));
}

#[test]
fn one_that_says_nothing_and_does_not_end() {
    // Bounded by five seconds of the program's own.
    only_itself(compare().python("sleep 1000"), PythonFault::Hung);
}

#[test]
fn one_that_talks_for_ever() {
    only_itself(compare().python("yes"), PythonFault::Hung);
}

#[test]
fn paths_that_are_no_programs() {
    let room = Rc::new(Room::new());
    let directory = room.path("work/directory");
    fs::create_dir(&directory).unwrap();
    let file = room.file("not-executable", "#!/bin/sh\n");
    let no_interpreter = room.file("no-interpreter", "#!/nix/where\n");
    fs::set_permissions(&no_interpreter, fs::Permissions::from_mode(0o755)).unwrap();
    let missing = PathBuf::from("/nix/where/python3");
    for path in [directory, file, no_interpreter, missing, "".into()] {
        let run = Parlab::in_room(&room);
        let run =
            run.args(["compare", "lock", "--json", "--runs", "2", "--only", "local,python-locked"]);
        let told =
            only_itself(run.args(["--python".as_ref(), path.as_os_str()]), PythonFault::NotStarted);
        assert_eq!(told.path, Some(path.display().to_string()));
        let detail = told.detail.unwrap();
        assert_eq!(detail.contains("directory (os error 21)"), path.is_dir(), "{detail}");
    }
}

#[test]
fn one_that_works_has_its_version_its_gil_and_its_start_method_in_every_run() {
    let done = compare().python(SENSIBLE).run();
    unharmed(&done);
    let found = pythons(&done);
    assert_eq!(found.len(), 1, "{done}");
    assert_eq!((found[0].version.as_deref(), found[0].gil), (Some("3.11.2"), Some(true)));
    let runs = peers(&done);
    assert_eq!(runs.len(), 4, "{done}");
    for run in runs {
        assert!(["python-unlocked", "python-locked"].contains(&run.variant.as_str()), "{run:?}");
        assert_eq!(run.python.as_deref(), Some("3.11.2"));
        assert_eq!((run.start_method.as_deref(), run.gil), (Some("fork"), Some(true)));
        assert_eq!((run.expected, run.got, run.correct), (Some(100), Some(100), Some(true)));
        assert!(!run.traced && run.time_s == Some(0.001) && run.overlap == Some(0.5));
    }
}

#[test]
fn a_python_2_is_told_by_its_version_though_it_does_not_know_the_option() {
    let script = "[ \"$1\" = -I ] && { echo 'Unknown option: -I' >&2; exit 2; }\nprintf 2.7.18";
    let told = only_itself(compare().python(script), PythonFault::WrongVersion);
    assert_eq!(told.detail.as_deref(), Some("2.7.18"));
}

#[test]
fn what_went_wrong_is_told_and_not_the_hint_below_it_nor_the_traceback_above() {
    for (said, told) in [
        ("shim: python3: not found\\n\\nNote: see the manual\\n", "shim: python3: not found"),
        ("Traceback (most recent call last):\\n  File \"x\"\\nKeyError: 1\\n", "KeyError: 1"),
        ("  File \"<string>\", line 1\\n    x y\\nSyntaxError: bad\\n", "SyntaxError: bad"),
    ] {
        let script = format!("printf '{said}' >&2; exit 1");
        let event = only_itself(compare().python(&script), PythonFault::Failed);
        assert_eq!(event.detail.as_deref(), Some(told));
    }
}

#[test]
fn one_whose_peer_does_not_end() {
    // Bounded by ten seconds of the program's own: the slowest test of this file.
    let script = SENSIBLE.replace("*)  echo", "*)  sleep 1000; echo");
    let told = only_itself(compare().python(&script), PythonFault::Hung);
    assert_eq!(told.version.as_deref(), Some("3.11.2"));
}

#[test]
fn children_of_a_python_do_not_outlive_it_into_the_next_run() {
    // Each run leaves a child, and looks whether that of the run before has gone, or is only not
    // reaped yet; a kill takes a moment.
    let look = "for _ in 1 2 3 4 5 6 7 8 9 10; do
      state=$(sed 's/.*) //; s/ .*//' /proc/$(cat \"$HOME/child\")/stat 2>/dev/null)
      case \"$state\" in ''|Z|X) break ;; esac
      sleep 0.1
    done
    case \"$state\" in ''|Z|X) ;; *) echo \"it lives on: $state\" >&2; exit 7 ;; esac";
    let leave = "sleep 1000 & echo $! > \"$HOME/child\"; echo";
    let run = format!("*)  [ ! -e \"$HOME/child\" ] || {{ {look}; }}; {leave}");
    let done = compare().python(&SENSIBLE.replace("*)  echo", &run)).run();
    assert_eq!(faults(&done), [], "{done}");
    assert_eq!(peers(&done).len(), 4, "{done}");
}

#[test]
fn what_the_shell_says_to_python_does_not_reach_it() {
    let script = format!("env | grep -q ^PYTHON && {{ echo led astray >&2; exit 1; }}\n{SENSIBLE}");
    let run =
        compare().env("PYTHONPATH", "/nix/where").env("PYTHONSTARTUP", "/nix").python(&script);
    let done = run.run();
    assert_eq!(faults(&done), [], "{done}");
    assert_eq!(peers(&done).len(), 4);
}

#[test]
fn a_python_gets_the_peer_as_a_file_in_a_private_directory() {
    let script = format!(
        "[ \"$3\" = -c ] || case \"$1 $2 $3\" in \"-I -B $TMPDIR/parlab-\"*/peer.py) \
         grep -q multiprocessing \"$3\" || exit 5 ;; *) exit 6 ;; esac\n{SENSIBLE}"
    );
    let done = compare().python(&script).run();
    assert_eq!(faults(&done), [], "{done}");
}

#[test]
fn a_reader_is_told_in_one_line_that_there_is_no_python() {
    let done = Parlab::new().args(["compare", "lock", "--runs", "1"]).run();
    let said = format!("{}{}", done.stdout(), done.stderr());
    assert_eq!(said.matches("python3").count(), 1, "{done}");
}

#[test]
fn control_characters_of_a_python_do_not_reach_the_terminal() {
    let script = "printf 'clear \\033[2J the screen\\n' >&2; exit 1";
    let done = Parlab::new().args(["compare", "lock", "--runs", "1"]).python(script).run();
    let said = format!("{}{}", done.stdout(), done.stderr());
    assert!(said.contains("the screen") && !said.contains('\u{1b}'), "{done}");
}

#[test]
fn a_real_python_runs_the_peer_as_it_is_meant() {
    let Some(python) = real_python() else {
        return skip("a_real_python_runs_the_peer_as_it_is_meant", "there is no python3");
    };
    let args = ["compare", "lock", "--json", "--runs", "2", "--iterations", "2000", "--only"];
    let run = Parlab::new().args(args).args(["python-unlocked,python-locked", "--python"]);
    let done = run.args([&python]).run();
    assert_eq!(faults(&done), [], "{done}");
    let runs = peers(&done);
    assert_eq!(runs.len(), 4, "{done}");
    for run in runs {
        assert_eq!(run.start_method.as_deref(), Some("fork"));
        assert_eq!(run.expected, Some(100));
        assert!(run.time_s.unwrap() > 0.0 && run.python.is_some() && run.gil.is_some());
        assert!(run.variant != "python-locked" || run.correct == Some(true), "{run:?}");
    }
}

#[test]
fn a_real_python_and_its_children_die_with_front_and_runner() {
    let Some(python) = real_python() else {
        return skip("a_real_python_and_its_children_die…", "there is no python3");
    };
    let args = ["compare", "lock", "--json", "--iterations", "16777215", "--only"];
    let run = Parlab::new().args(args).args(["python-unlocked", "--python"]).args([&python]);
    let mut run = run.may_leave_names().start();
    let family = run.family();
    eventually("the children of the Python", || {
        let peer = *children(family.experiment).first()?;
        (children(peer).len() == 2).then_some(())
    });
    signal(family.front, Signal::SIGKILL);
    signal(family.runner, Signal::SIGKILL);
    run.wait().any_stdout().signal(Signal::SIGKILL);
}

/// The first python3 of the tests' own PATH that answers, by its real path: a shim
/// that chooses a version by the environment would not find its own here.
pub fn real_python() -> Option<PathBuf> {
    let ask = "import sys; print(sys.executable)";
    let answer = std::process::Command::new("python3").args(["-c", ask]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
    path.is_file().then_some(path)
}

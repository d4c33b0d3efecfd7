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
fn version(version: &str, gil: bool) -> String {
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

fn peers(done: &Done) -> Vec<Run> {
    done.runs().into_iter().filter(|run| run.variant.starts_with("python")).collect()
}

/// A comparison of one native variant and both peers.
fn compare() -> Parlab {
    let only = "local,python-unlocked,python-locked";
    Parlab::new().args(["compare", "lock", "--json", "--runs", "2", "--only", only])
}

/// Holds that the native variant ran as if there were no Python.
#[track_caller]
fn unharmed(done: &Done) {
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
        assert!(told.detail.is_some());
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
fn several_have_their_versions_in_their_names() {
    let room = Rc::new(Room::new());
    room.program("python3", &version("3.11.2", true));
    room.program("python3.9", &version("3.9.18", true));
    room.program("python3.13t", &version("3.13.0", false));
    room.program("python3-config", "exit 1");
    let args = ["compare", "lock", "--json", "--runs", "1", "--only", "python-locked"];
    let done = Parlab::in_room(&room).args(args).args(["--python", "all"]).run();
    let mut names: Vec<String> = done.runs().into_iter().map(|run| run.variant).collect();
    names.sort();
    assert_eq!(names, ["python3.11-locked", "python3.13t-locked", "python3.9-locked"], "{done}");
    let summary = &done.summaries()[0];
    assert_eq!(summary.variants.len(), 3, "{done}");
}

/// `compare lock --python all` of one peer, once each, with what stands in the room's `bin`.
#[track_caller]
fn all_in(room: &Rc<Room>) -> Done {
    let args = ["compare", "lock", "--json", "--runs", "1", "--only", "python-locked"];
    Parlab::in_room(room).args(args).args(["--python", "all"]).run()
}

/// The variants that ran, in order.
fn ran(done: &Done) -> Vec<String> {
    done.runs().into_iter().map(|run| run.variant).collect()
}

#[test]
fn of_one_directory_the_plain_name_comes_first_and_then_version_by_version() {
    let room = Rc::new(Room::new());
    for minor in ["10", "6", "9"] {
        room.program(&format!("python3.{minor}"), &version(&format!("3.{minor}.1"), true));
    }
    room.program("python3", &version("3.12.0", true));
    for other in ["python3.", "python3.x", "python3.+9", "python3.9m", "python39", "python"] {
        room.program(other, "exit 1");
    }
    let done = all_in(&room);
    assert_eq!(faults(&done), [], "{done}");
    let names = ["python3.12-locked", "python3.6-locked", "python3.9-locked", "python3.10-locked"];
    assert_eq!(ran(&done), names, "{done}");
}

#[test]
fn two_of_one_minor_version_have_all_of_it_in_their_names_and_two_of_one_version_a_number() {
    let room = Rc::new(Room::new());
    room.program("python3", &version("3.11.2", true));
    room.program("python3.1", &version("3.11.7", true));
    room.program("python3.2", &version("3.11.7", true));
    room.program("python3.3", &version("3.13.0", true));
    room.program("python3.4t", &version("3.13.0", false));
    let done = all_in(&room);
    let names = ["python3.11.2", "python3.11.7", "python3.11.7-2", "python3.13", "python3.13t"];
    assert_eq!(ran(&done), names.map(|name| format!("{name}-locked")), "{done}");
}

#[test]
fn one_interpreter_under_two_names_runs_once() {
    let room = Rc::new(Room::new());
    let path = room.program("python3", SENSIBLE);
    std::os::unix::fs::symlink(&path, room.path("bin/python3.11")).unwrap();
    let done = all_in(&room);
    assert_eq!(ran(&done), ["python-locked"], "{done}");
    assert_eq!(pythons(&done).len(), 1, "{done}");
}

#[test]
fn one_interpreter_behind_two_scripts_runs_once_and_by_itself() {
    let room = Rc::new(Room::new());
    let itself = room.path("bin/the-interpreter");
    let linked = room.path("bin/linked-to-it");
    let answer = |path: &std::path::Path| {
        let executable = format!("\"gil\": true, \"executable\": \"{}\"", path.display());
        SENSIBLE.replace("\"gil\": true", &executable)
    };
    room.program("the-interpreter", &answer(&itself));
    std::os::unix::fs::symlink(&itself, &linked).unwrap();
    // As a version manager has them: each says what it was started as.
    let only_asked = "[ \"$3\" = -c ] || exit 9";
    room.program("python3", &format!("{only_asked}\n{}", answer(&itself)));
    room.program("python3.11", &format!("{only_asked}\n{}", answer(&linked)));
    let done = all_in(&room);
    assert_eq!(faults(&done), [], "{done}");
    assert_eq!(ran(&done), ["python-locked"], "{done}");
    assert_eq!(pythons(&done).len(), 1, "{done}");
    assert_eq!(pythons(&done)[0].path, Some(itself.display().to_string()));
}

#[test]
fn those_that_fail_do_not_keep_the_others_from_running() {
    let room = Rc::new(Room::new());
    let fails_later = version("3.8.1", true).replace("*)  echo", "*)  kill -SEGV $$; echo");
    let garbage = version("3.9.1", true).replace("'{\"time_s\"", "'{\"thyme\"");
    room.program("python3", "exit 1");
    room.program("python3.7", &version("3.7.1", true));
    room.program("python3.8", &fails_later);
    room.program("python3.9", &garbage);
    room.program("python3.10", &version("3.10.1", true));
    let args = ["compare", "lock", "--json", "--runs", "2", "--only", "python-locked,local"];
    let done = Parlab::in_room(&room).args(args).args(["--python", "all"]).run();
    unharmed(&done);
    let told = [PythonFault::Failed, PythonFault::Failed, PythonFault::NotPython];
    assert_eq!(faults(&done), told.map(Some), "{done}");
    let of = |name: &str| peers(&done).iter().filter(|run| run.variant == name).count();
    assert_eq!((of("python3.7-locked"), of("python3.10-locked")), (2, 2), "{done}");
    assert_eq!(peers(&done).len(), 4, "{done}");
    let summary = &done.summaries()[0];
    let names: Vec<&str> = summary.variants.iter().map(|v| v.variant.as_str()).collect();
    assert_eq!(names, ["local", "python3.7-locked", "python3.10-locked"], "{done}");
    done.ends(0, None);
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
      state=$(sed 's/.*) //; s/ .*//' /proc/$(cat \"$TMPDIR/../work/child\")/stat 2>/dev/null)
      case \"$state\" in ''|Z|X) break ;; esac
      sleep 0.1
    done
    case \"$state\" in ''|Z|X) ;; *) echo \"it lives on: $state\" >&2; exit 7 ;; esac";
    let leave = "sleep 1000 & echo $! > \"$TMPDIR/../work/child\"; echo";
    let run = format!("*)  [ ! -e \"$TMPDIR/../work/child\" ] || {{ {look}; }}; {leave}");
    let done = compare().python(&SENSIBLE.replace("*)  echo", &run)).run();
    assert_eq!(faults(&done), [], "{done}");
    assert_eq!(peers(&done).len(), 4, "{done}");
}

#[test]
fn a_list_of_many_pythons_stays_within_eighty_columns() {
    let room = Rc::new(Room::new());
    for minor in 6..14 {
        room.program(&format!("python3.{minor}"), &version(&format!("3.{minor}.10"), true));
    }
    room.program("python3.14", "echo 'no such version is here' >&2; exit 127");
    let args = ["compare", "lock", "--runs", "1", "--python", "all"];
    let done = Parlab::in_room(&room).args(args).env("COLUMNS", "80").run();
    let text = done.stdout();
    for minor in 6..14 {
        for way in ["unlocked", "locked"] {
            let name = format!("  python3.{minor}-{way} ");
            let rows = || text.lines().filter(|line| line.starts_with(&name));
            let told = |line: &&str| line.ends_with("of 1");
            let timed = |line: &&str| line.contains(" 0/1 ") || line.contains(" 1/1 ");
            let rows = (rows().filter(told).count(), rows().filter(timed).count());
            assert_eq!(rows, (1, 1), "an outcome and a time of {name}: {done}");
        }
    }
    // The room's own path is long and is not cut: it can be copied.
    let is_path = |line: &&str| line.contains(room.path("bin").to_str().unwrap());
    let wide = |line: &&str| line.chars().count() > 80;
    let wide: Vec<&str> = text.lines().filter(wide).filter(|line| !is_path(line)).collect();
    assert!(wide.is_empty(), "{wide:#?}\n{done}");
    assert!(text.contains("no such version is here") && text.contains("fork"), "{done}");
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
fn real_python() -> Option<PathBuf> {
    let ask = "import sys; print(sys.executable)";
    let answer = std::process::Command::new("python3").args(["-c", ask]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
    path.is_file().then_some(path)
}

//! Several Pythons at once: each interpreter one column, under a name of its own, and none spoils
//! the others.

use std::rc::Rc;

use parlab::event::PythonFault;

use crate::done::Done;
use crate::parlab::Parlab;
use crate::python::{SENSIBLE, faults, peers, pythons, unharmed, version};
use crate::room::Room;

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

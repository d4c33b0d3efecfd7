//! Names that the dead left on disk are removed at the next start, those of the living stay.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::sys::signal::Signal;
use parlab::experiments::SCRATCH_LOCK as LOCK;
use parlab::mp::proc::ProcStat;

use crate::family::{eventually, signal};
use crate::parlab::Parlab;
use crate::room::Room;

/// A pid that is no process's: above the greatest that Linux gives.
const NOBODY: u32 = 4_194_305;

/// A short run whose start sweeps.
fn short(room: &Rc<Room>) -> Parlab {
    let args = ["compare", "lock", "--json", "--no-python", "--runs", "1", "--only", "atomic"];
    Parlab::in_room(room).args(args)
}

/// A name in /dev/shm that goes with the test, whatever happens.
struct Name(PathBuf);

impl Name {
    fn new(owner: u32, start: u64, room: &Room) -> Name {
        let name = format!("parlab-{owner}-{start}-{}", room.mark);
        let path = Path::new("/dev/shm").join(name);
        fs::write(&path, "left").unwrap();
        Name(path)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_directory_of_a_dead_runner_is_removed_with_all_that_is_in_it() {
    let room = Rc::new(Room::new());
    let left = room.path("tmp").join(format!("parlab-{NOBODY}-x"));
    fs::create_dir_all(left.join("deep/er")).unwrap();
    fs::write(left.join(LOCK), "").unwrap();
    fs::write(left.join("deep/er/peer.py"), "pass").unwrap();
    short(&room).run().any_stdout();
    assert!(!left.exists());
}

#[test]
fn a_directory_of_a_living_process_stays() {
    let room = Rc::new(Room::new());
    let left = room.path("tmp").join(format!("parlab-{}-x", std::process::id()));
    fs::create_dir(&left).unwrap();
    fs::write(left.join(LOCK), "").unwrap();
    short(&room).may_leave_names().run().any_stdout();
    assert!(left.is_dir());
}

#[test]
fn a_directory_that_no_run_made_stays_though_it_is_named_so() {
    let room = Rc::new(Room::new());
    let notes = room.path("tmp").join("parlab-2024-notes");
    fs::create_dir(&notes).unwrap();
    fs::write(notes.join("thesis.txt"), "chapter 1").unwrap();
    short(&room).may_leave_names().run().any_stdout();
    assert_eq!(fs::read_to_string(notes.join("thesis.txt")).unwrap(), "chapter 1");
}

#[test]
fn a_directory_whose_lock_somebody_holds_stays_though_its_runner_is_dead() {
    use nix::fcntl::{Flock, FlockArg};
    let room = Rc::new(Room::new());
    let left = room.path("tmp").join(format!("parlab-{NOBODY}-x"));
    fs::create_dir(&left).unwrap();
    let held = fs::File::create(left.join(LOCK)).unwrap();
    let held = Flock::lock(held, FlockArg::LockSharedNonblock).unwrap();
    short(&room).may_leave_names().run().any_stdout();
    assert!(left.is_dir());
    drop(held);
    short(&room).run().any_stdout();
    assert!(!left.exists());
}

#[test]
fn what_is_not_named_as_a_run_names_its_things_stays() {
    let room = Rc::new(Room::new());
    let names = ["parlab-", "parlab-x", "parlab-notes-1", "parlab", "my-parlab-4194305-x"];
    for name in names {
        fs::create_dir(room.path("tmp").join(name)).unwrap();
    }
    // A plain file is nothing that a run makes there.
    fs::write(room.path("tmp").join(format!("parlab-{NOBODY}-file")), "mine").unwrap();
    short(&room).may_leave_names().run().any_stdout();
    assert_eq!(room.left_in_tmp().len(), names.len() + 1, "{:?}", room.left_in_tmp());
}

#[test]
fn names_in_shared_memory_of_the_dead_are_removed_and_those_of_the_living_stay() {
    let room = Rc::new(Room::new());
    let this = std::process::id();
    let start = ProcStat::read(this as i32).unwrap().start_ticks;
    let dead = Name::new(NOBODY, 1, &room);
    let living = Name::new(this, start, &room);
    // The pid lives again, as another process.
    let before = Name::new(this, start - 1, &room);
    short(&room).run().any_stdout();
    assert!(!dead.0.exists());
    assert!(living.0.exists());
    assert!(!before.0.exists());
}

#[test]
fn a_link_in_place_of_a_directory_is_not_followed() {
    let room = Rc::new(Room::new());
    let precious = room.file("precious/file", "keep me");
    let left = room.path("tmp").join(format!("parlab-{NOBODY}-x"));
    std::os::unix::fs::symlink(precious.parent().unwrap(), &left).unwrap();
    short(&room).may_leave_names().run().any_stdout();
    assert_eq!(fs::read_to_string(precious).unwrap(), "keep me");
}

#[test]
fn what_a_killed_front_and_runner_left_is_swept_at_the_next_start() {
    let room = Rc::new(Room::new());
    let busy = Parlab::in_room(&room)
        .args(["compare", "lock", "--json", "--only", "python-locked"])
        .python("case \"$3\" in -c) echo '{\"version\": \"3.11.2\", \"gil\": true}';; *) exec sleep 1000;; esac");
    let mut run = busy.may_leave_names().start();
    let family = run.family();
    eventually("the private directory", || (!room.left_in_tmp().is_empty()).then_some(()));
    signal(family.runner, Signal::SIGKILL);
    signal(family.front, Signal::SIGKILL);
    run.wait().any_stdout().signal(Signal::SIGKILL);
    // The kernel gives a dying process's lock back a moment after its environment.
    eventually("a sweep", || {
        short(&room).may_leave_names().run().any_stdout();
        room.left_in_tmp().is_empty().then_some(())
    });
}

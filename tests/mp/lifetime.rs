//! Nothing outlives its parent, and what is left is found and reaped.

use std::process::Command;
use std::sync::atomic::{AtomicI32, Ordering};

use parlab::mp::proc::{ProcError, ProcStat};
use parlab::mp::process::die_with_parent;
use parlab::mp::supervise::{
    become_subreaper, has_children, kill_group, new_process_group, reap_any,
};
use parlab::mp::{Exit, ProcessError, Shared};

use crate::Case;
use crate::staging::{ended, ends_well, sleep_for_ever, started, wait_until};

pub const CASES: &[Case] = &[
    ("lifetime::drop_kills_and_reaps", drop_kills_and_reaps),
    ("lifetime::dead_parent_takes_its_children_along", dead_parent_takes_its_children_along),
    ("lifetime::dead_parent_takes_its_programs_along", dead_parent_takes_its_programs_along),
    ("lifetime::group_is_killed_as_one", group_is_killed_as_one),
    ("lifetime::reaped_elsewhere_is_told", reaped_elsewhere_is_told),
];

fn drop_kills_and_reaps() {
    let process = started("sleeper", sleep_for_ever);
    let pid = process.pid().unwrap();
    drop(process);
    assert!(matches!(ProcStat::read(pid), Err(ProcError::Gone { .. })));
    assert!(!has_children());
}

/// Waits until a descendant that the dead left behind is handed to this process, and reaps it.
fn reaped(pid: i32) -> Exit {
    let mut exit = None;
    wait_until("the orphan ended", || {
        exit = reap_any();
        exit.is_some()
    });
    let (orphan, exit) = exit.unwrap();
    assert_eq!(orphan, pid);
    exit
}

fn dead_parent_takes_its_children_along() {
    become_subreaper().unwrap();
    let grandchild: Shared<AtomicI32> = Shared::new().unwrap();
    let mut middle = started("middle", || {
        // It tells its pid itself: one that has not begun yet would see that its parent is
        // gone and end by itself.
        let _child = started("grandchild", || {
            grandchild.store(std::process::id().cast_signed(), Ordering::Release);
            sleep_for_ever();
        });
        sleep_for_ever();
    });
    wait_until("the grandchild runs", || grandchild.load(Ordering::Acquire) != 0);
    middle.kill().unwrap();
    assert_eq!(ended(&mut middle), Exit::Signal(libc::SIGKILL));
    assert_eq!(reaped(grandchild.load(Ordering::Acquire)), Exit::Signal(libc::SIGKILL));
}

fn dead_parent_takes_its_programs_along() {
    become_subreaper().unwrap();
    let program: Shared<AtomicI32> = Shared::new().unwrap();
    let mut middle = started("middle", || {
        let mut command = Command::new("sleep");
        command.arg("3600");
        die_with_parent(&mut command, libc::SIGTERM);
        let mut child = command.spawn().unwrap();
        program.store(child.id().cast_signed(), Ordering::Release);
        child.wait().unwrap();
    });
    wait_until("the program runs", || program.load(Ordering::Acquire) != 0);
    middle.kill().unwrap();
    assert_eq!(ended(&mut middle), Exit::Signal(libc::SIGKILL));
    assert_eq!(reaped(program.load(Ordering::Acquire)), Exit::Signal(libc::SIGTERM));

    let mut command = Command::new("true");
    die_with_parent(&mut command, libc::SIGKILL);
    let mut stranger = started("stranger", || {
        // Its parent is not the one that asked: it ends before `true` begins.
        let status = command.spawn().unwrap().wait().unwrap();
        assert_eq!(status.code(), Some(1));
    });
    ends_well(&mut stranger);
}

fn group_is_killed_as_one() {
    become_subreaper().unwrap();
    let grandchild: Shared<AtomicI32> = Shared::new().unwrap();
    let mut leader = started("leader", || {
        new_process_group().unwrap();
        let child = started("member", sleep_for_ever);
        grandchild.store(child.pid().unwrap(), Ordering::Release);
        sleep_for_ever();
    });
    wait_until("the member runs", || grandchild.load(Ordering::Acquire) != 0);
    let group = leader.pid().unwrap();
    assert_eq!(ProcStat::read(grandchild.load(Ordering::Acquire)).unwrap().pgrp, group);
    assert!(kill_group(group, libc::SIGKILL).unwrap());
    assert_eq!(ended(&mut leader), Exit::Signal(libc::SIGKILL));
    assert_eq!(reaped(grandchild.load(Ordering::Acquire)), Exit::Signal(libc::SIGKILL));
    assert!(!kill_group(group, libc::SIGKILL).unwrap(), "nobody is left in it");
    for everybody in [-1, 0, 1] {
        assert!(kill_group(everybody, libc::SIGCONT).is_err());
    }
}

fn reaped_elsewhere_is_told() {
    let mut process = started("returns", || ());
    assert!(has_children());
    assert_eq!(reaped(process.pid().unwrap()), Exit::Code(0));
    assert!(!has_children());
    assert!(reap_any().is_none());
    assert!(matches!(process.join(), Err(ProcessError::ReapedElsewhere { .. })));
}

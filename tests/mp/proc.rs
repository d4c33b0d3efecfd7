//! What /proc tells of processes whose state is known, and deadlocks that are there and not there.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parlab::mp::proc::{
    self, Evidence, ProcError, ProcStat, Stuck, SyscallNow, find_deadlock, syscall_name,
};
use parlab::mp::{Exit, Gate, Lock, SemaphoreLock, Shared, pipe, pipe_oneway, sys};

use crate::Case;
use crate::staging::{PATIENCE, ended, sleep_for_ever, started, wait_until};

pub const CASES: &[Case] = &[
    ("proc::stat_of_oneself", stat_of_oneself),
    ("proc::name_cannot_confuse_stat", name_cannot_confuse_stat),
    ("proc::zombie_until_joined", zombie_until_joined),
    ("proc::family_is_found", family_is_found),
    ("proc::descriptor_is_named", descriptor_is_named),
    ("proc::open_descriptors_are_told_apart", open_descriptors_are_told_apart),
    ("proc::memory_and_cpu_time_are_counted", memory_and_cpu_time_are_counted),
    ("proc::waiting_call_is_seen", waiting_call_is_seen),
    ("proc::two_locks_in_opposite_order", two_locks_in_opposite_order),
    ("proc::semaphore_of_the_dead", semaphore_of_the_dead),
    ("proc::no_deadlock_while_one_computes", no_deadlock_while_one_computes),
    ("proc::no_deadlock_while_one_sleeps", no_deadlock_while_one_sleeps),
    ("proc::no_deadlock_while_one_wakes_and_works", no_deadlock_while_one_wakes_and_works),
    ("proc::no_deadlock_of_the_ended", no_deadlock_of_the_ended),
];

fn this() -> i32 {
    std::process::id().cast_signed()
}

fn stat_of_oneself() {
    let stat = ProcStat::read(this()).unwrap();
    assert_eq!(stat.state, 'R');
    assert_eq!(stat.ppid, nix::unistd::getppid().as_raw());
    assert_eq!(stat.pgrp, this(), "each case leads a group");
    assert_eq!(stat.num_threads, 1);
    assert!(stat.start_ticks > 0);
    assert!(sys::affinity().unwrap().contains(&stat.cpu));
}

fn name_cannot_confuse_stat() {
    nix::sys::prctl::set_name(c") Z 1 (x) R").unwrap();
    assert_eq!(ProcStat::read(this()).unwrap().ppid, nix::unistd::getppid().as_raw());
}

fn zombie_until_joined() {
    let mut child = started("child", || ());
    let pid = child.pid().unwrap();
    wait_until("it is a zombie", || ProcStat::read(pid).unwrap().state == 'Z');
    assert!(!child.is_alive());
    assert_eq!(ProcStat::read(pid).unwrap().state, 'Z', "looking does not reap");
    child.join().unwrap();
    assert!(matches!(ProcStat::read(pid), Err(ProcError::Gone { .. })));
    assert!(matches!(proc::cpu_time(pid), Err(ProcError::Gone { .. })));
    assert!(matches!(proc::syscall(pid), Err(ProcError::Gone { .. })));
    assert!(matches!(proc::wchan(pid), Err(ProcError::Gone { .. })));
    assert!(matches!(proc::pss_bytes(pid), Err(ProcError::Gone { .. })));
}

fn family_is_found() {
    assert_eq!(proc::children(this()), Vec::<i32>::new());
    let child = started("child", || {
        let _grandchild = started("grandchild", sleep_for_ever);
        sleep_for_ever();
    });
    let pid = child.pid().unwrap();
    wait_until("the grandchild is there", || proc::children(pid).len() == 1);
    assert_eq!(proc::children(this()), [pid]);
    assert_eq!(proc::descendants(this()), [pid, proc::children(pid)[0]]);
}

fn descriptor_is_named() {
    let (reader, writer) = pipe_oneway().unwrap();
    let child = started("child", sleep_for_ever);
    let name = proc::fd_target(this(), reader.fileno()).unwrap();
    assert!(name.starts_with("pipe:["), "{name}");
    assert_eq!(proc::fd_target(child.pid().unwrap(), writer.fileno()).unwrap(), name);
    assert!(matches!(proc::fd_target(this(), 9999), Err(ProcError::Gone { .. })));
}

fn open_descriptors_are_told_apart() {
    let (reader, writer) = pipe_oneway().unwrap();
    let (two_way, _other) = pipe().unwrap();
    let name = proc::fd_target(this(), reader.fileno()).unwrap();
    // An inherited copy, in a process that sleeps.
    let mut child = started("child", sleep_for_ever);
    for pid in [this(), child.pid().unwrap()] {
        let open = proc::descriptors(pid).unwrap();
        let of = |fd| {
            let mut found = open.iter().filter(|open| open.fd == fd);
            let one = found.next().unwrap_or_else(|| panic!("{fd} is not among {open:?}"));
            (one.target.as_str(), one.reads, one.writes)
        };
        assert_eq!(of(reader.fileno()), (name.as_str(), true, false));
        assert_eq!(of(writer.fileno()), (name.as_str(), false, true));
        let (kind, reads, writes) = of(two_way.fileno());
        assert!(kind.starts_with("socket:[") && reads && writes, "{kind}");
        assert!(open.is_sorted_by_key(|open| open.fd));
    }
    child.kill().unwrap();
    let pid = child.pid().unwrap();
    wait_until("it is a zombie", || ProcStat::read(pid).unwrap().state == 'Z');
    assert_eq!(proc::descriptors(pid).unwrap(), []);
    child.join().unwrap();
    let gone = proc::descriptors(pid);
    assert!(matches!(gone, Err(ProcError::Gone { .. })), "{gone:?}");
}

fn memory_and_cpu_time_are_counted() {
    let small = proc::pss_bytes(this()).unwrap();
    let memory = vec![1u8; 32 << 20];
    assert!(proc::pss_bytes(this()).unwrap() > small + (30 << 20));
    drop(memory);
    let before = proc::cpu_time(this()).unwrap();
    wait_until("time spent here is counted", || {
        (0..100_000u32).for_each(|_| sys::spin_loop());
        proc::cpu_time(this()).unwrap() > before
    });
}

/// Whether the call is known, or the machine does not let anybody see it.
fn sits_in(pid: i32, name: &str) -> bool {
    match proc::syscall(pid) {
        Ok(call) => call.and_then(|call| call.name()) == Some(name),
        Err(ProcError::Denied { .. }) => true,
        Err(error) => panic!("{error}"),
    }
}

fn waiting_call_is_seen() {
    let (reader, _writer) = pipe_oneway().unwrap();
    let child = started("reader", || drop(reader.recv_bytes()));
    let pid = child.pid().unwrap();
    wait_until("it sits in read", || sits_in(pid, "read"));
    if let Ok(Some(SyscallNow { args, .. })) = proc::syscall(pid) {
        assert_eq!(args[0], reader.fileno() as u64);
    }
    assert_eq!(syscall_name(libc::SYS_futex), Some("futex"));
    assert_eq!(syscall_name(-7), None);
}

/// The futex words on which they wait, where the machine lets one see them.
fn waits_on(stuck: &[Stuck]) -> Option<Vec<usize>> {
    stuck.iter().map(|one| one.syscall.map(|call| call.args[0] as usize)).collect()
}

fn two_locks_in_opposite_order() {
    let (red, blue) = (Lock::new().unwrap(), Lock::new().unwrap());
    let both_have_one = Gate::new(2).unwrap();
    let take = |first: &Lock, second: &Lock| {
        let _first = first.acquire().unwrap();
        both_have_one.arrive_and_wait(PATIENCE).unwrap();
        let _second = second.acquire().unwrap();
    };
    let one = started("one", || take(&red, &blue));
    let other = started("other", || take(&blue, &red));
    let pids = [one.pid().unwrap(), other.pid().unwrap()];
    let stuck = find_deadlock(&pids, PATIENCE).unwrap().expect("they wait for each other");
    assert_eq!(stuck.iter().map(|one| one.pid).collect::<Vec<_>>(), pids);
    match waits_on(&stuck) {
        Some(words) => {
            assert_eq!(words, [blue.address(), red.address()]);
            assert!(stuck.iter().all(|one| one.by == Evidence::Syscall));
            assert!(stuck.iter().all(|one| one.syscall.unwrap().name() == Some("futex")));
        }
        None => assert!(stuck.iter().all(|one| one.by == Evidence::Wchan)),
    }
    assert_eq!((red.owner(), blue.owner()), (Some(pids[0]), Some(pids[1])));
}

fn semaphore_of_the_dead() {
    let semaphore = SemaphoreLock::new().unwrap();
    let mut dead = started("dead", || semaphore.acquire());
    assert_eq!(ended(&mut dead), Exit::Code(0));
    let waiter = started("waiter", || semaphore.acquire());
    let pids = [dead.pid().unwrap(), waiter.pid().unwrap()];
    let stuck = find_deadlock(&pids, PATIENCE).unwrap().expect("nobody is left to release it");
    assert_eq!(stuck.len(), 1, "the dead are not stuck");
    if let Some(words) = waits_on(&stuck) {
        assert_eq!(words, [semaphore.address()]);
    }
}

/// Two children: one takes the lock and does something, the other waits for the lock.
fn no_deadlock_while_one(does: impl Fn()) {
    let (lock, taken) = (Lock::new().unwrap(), Shared::<AtomicU32>::new().unwrap());
    let busy = started("busy", || {
        let _guard = lock.acquire().unwrap();
        taken.store(1, Ordering::Release);
        does();
    });
    wait_until("it has the lock", || taken.load(Ordering::Acquire) == 1);
    let waiter = started("waiter", || drop(lock.acquire()));
    wait_until("the other waits", || sits_in(waiter.pid().unwrap(), "futex"));
    let pids = [busy.pid().unwrap(), waiter.pid().unwrap()];
    assert_eq!(find_deadlock(&pids, Duration::from_millis(500)).unwrap(), None);
}

fn no_deadlock_while_one_computes() {
    no_deadlock_while_one(|| {
        loop {
            sys::spin_loop();
        }
    });
}

fn no_deadlock_while_one_sleeps() {
    no_deadlock_while_one(sleep_for_ever);
}

fn no_deadlock_while_one_wakes_and_works() {
    // Whenever one looks, one sits in the same poll and the other in the same read, and yet they
    // go on: only the CPU time tells.
    let (silent, _never) = pipe_oneway().unwrap();
    let (reader, writer) = pipe_oneway().unwrap();
    let work = || (0..30_000).for_each(|_| sys::spin_loop());
    let waker = started("waker", || {
        while !silent.poll(Some(Duration::from_millis(4))).unwrap() {
            work();
            writer.send_bytes(b"go on").unwrap();
        }
    });
    let worker = started("worker", || {
        while reader.recv_bytes().is_ok() {
            work();
        }
    });
    let pids = [waker.pid().unwrap(), worker.pid().unwrap()];
    assert_eq!(find_deadlock(&pids, Duration::from_secs(2)).unwrap(), None);
}

fn no_deadlock_of_the_ended() {
    let mut child = started("child", || ());
    ended(&mut child);
    assert_eq!(find_deadlock(&[child.pid().unwrap()], PATIENCE).unwrap(), None);
    assert_eq!(find_deadlock(&[], Duration::ZERO).unwrap(), None);
}

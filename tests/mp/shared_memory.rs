//! Memory with a name: attached by it, unlinked by its creator alone, and refused rather than
//! promised where it does not fit.

use std::sync::atomic::Ordering;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use parlab::mp::{Exit, Process, RawValue, SegmentError, SharedMemory};

use crate::Case;
use crate::staging::{ended, ends_well, started, wait_until};

pub const CASES: &[Case] = &[
    ("shared_memory::attached_by_its_name", attached_by_its_name),
    ("shared_memory::attached_by_a_program_started_anew", attached_by_a_program_started_anew),
    ("shared_memory::a_forked_child_does_not_unlink", a_forked_child_does_not_unlink),
    ("shared_memory::outlives_its_name", outlives_its_name),
    ("shared_memory::left_by_a_killed_owner", left_by_a_killed_owner),
    ("shared_memory::a_new_owner_of_the_name_keeps_it", a_new_owner_of_the_name_keeps_it),
    ("shared_memory::faults_are_told_apart", faults_are_told_apart),
    ("shared_memory::too_large_is_told_before_it_is_touched", too_large_is_told),
    ("shared_memory::its_pages_are_there_before_it_is_touched", its_pages_are_there),
    ("shared_memory::closes_what_it_opened", closes_what_it_opened),
    ("shared_memory::a_small_place_is_told_and_not_hit", a_small_place_is_told_and_not_hit),
];

/// A name of this process's own, as names of parlab's are; a child of it would make another.
fn name(what: &str) -> String {
    format!("parlab-{}-test-{what}", std::process::id())
}

fn is_there(name: &str) -> bool {
    std::path::Path::new("/dev/shm").join(name).exists()
}

fn attached_by_its_name() {
    let name = &name("attached");
    let memory = SharedMemory::create(name, 8 * 100).unwrap();
    assert_eq!((memory.size(), memory.name()), (800, name.as_str()));
    assert!(memory.buf().iter().all(|byte| byte.load(Ordering::Relaxed) == 0), "all zero at first");
    let numbers = memory.numbers::<f64>();
    assert_eq!(numbers.len(), 100);
    ends_well(&mut started("child", || {
        let attached = SharedMemory::attach(name).unwrap();
        assert_eq!(attached.size(), 800);
        attached.numbers::<f64>().set(99, 33.5);
    }));
    assert_eq!(numbers.get(99), 33.5);
    assert!(is_there(name), "who attaches does not unlink");
    drop(memory);
    assert!(!is_there(name), "the creator does");
}

fn attached_by_a_program_started_anew() {
    let name = &name("anew");
    let memory = SharedMemory::create(name, 8 * 4).unwrap();
    memory.numbers::<f64>().slice(..3).copy_from(&[1.0, 6.4, 6.8]);
    let mut child = Process::spawned("stranger", "sum_into_last", name).unwrap();
    child.start().unwrap();
    ends_well(&mut child);
    assert_eq!(memory.numbers::<f64>().get(3), 1.0 + 6.4 + 6.8);
    assert!(is_there(name));
}

fn a_forked_child_does_not_unlink() {
    let name = &name("forked");
    let memory = SharedMemory::create(name, 100).unwrap();
    let mut child = Process::new("child", move || drop(memory));
    child.start().unwrap();
    // The parent's own handle went with the closure; the child's was a copy of it.
    ends_well(&mut child);
    assert!(!is_there(name), "the parent's drop unlinked");
    let memory = SharedMemory::create(name, 100).unwrap();
    ends_well(&mut started("child", || {
        let memory = &memory;
        // SAFETY: the child ends without using its copy again.
        drop(unsafe { std::ptr::read(memory) });
        assert!(is_there(name), "a copy is not the creator");
    }));
    assert!(is_there(name));
}

fn outlives_its_name() {
    let name = &name("nameless");
    let mut memory = SharedMemory::create(name, 8).unwrap();
    let attached = SharedMemory::attach(name).unwrap();
    memory.unlink().unwrap();
    assert!(!is_there(name));
    memory.numbers::<u64>().set(0, 7);
    assert_eq!(attached.numbers::<u64>().get(0), 7, "the memory is still one");
    assert!(matches!(SharedMemory::attach(name), Err(SegmentError::NotFound { .. })));
    assert!(matches!(memory.unlink(), Err(SegmentError::NotFound { .. })));
}

fn left_by_a_killed_owner() {
    let name = &name("left");
    let made = RawValue::new(0u32).unwrap();
    let mut owner = started("owner", || {
        let memory = SharedMemory::create(name, 4096).unwrap();
        memory.numbers::<u32>().set(5, 55);
        made.set(1);
        crate::staging::sleep_for_ever();
        drop(memory);
    });
    wait_until("the segment is made", || made.get() == 1);
    owner.kill().unwrap();
    assert_eq!(ended(&mut owner), Exit::Signal(libc::SIGKILL));
    let mut heir = SharedMemory::attach(name).expect("nobody unlinked it");
    assert_eq!(heir.numbers::<u32>().get(5), 55, "nor was it emptied");
    heir.unlink().unwrap();
    assert!(!is_there(name));
}

fn a_new_owner_of_the_name_keeps_it() {
    let name = &name("again");
    let mut first = SharedMemory::create(name, 8).unwrap();
    first.unlink().unwrap();
    let second = SharedMemory::create(name, 8).unwrap();
    drop(first);
    assert!(is_there(name), "it is the second one's by now");
    drop(second);
    assert!(!is_there(name));
}

fn faults_are_told_apart() {
    let long = "n".repeat(256);
    for bad in ["", "/", "a/b", ".", "..", "a\0b", long.as_str()] {
        for answer in [SharedMemory::create(bad, 8), SharedMemory::attach(bad)] {
            assert!(matches!(answer, Err(SegmentError::BadName { .. })), "{bad:?}: {answer:?}");
        }
    }
    let empty = SharedMemory::create(&name("empty"), 0);
    assert!(matches!(empty, Err(SegmentError::Empty { .. })), "{empty:?}");
    let none = SharedMemory::attach(&name("none"));
    assert!(matches!(none, Err(SegmentError::NotFound { .. })), "{none:?}");
    let memory = SharedMemory::create(&name("twice"), 8).unwrap();
    let again = SharedMemory::create(&name("twice"), 8);
    assert!(matches!(again, Err(SegmentError::Exists { .. })), "{again:?}");
    assert!(is_there(&name("twice")), "the failed one takes nothing of the first one's away");
    drop(memory);
}

fn too_large_is_told() {
    let name = &name("huge");
    for size in [1 << 50, usize::MAX / 2, usize::MAX] {
        let error = SharedMemory::create(name, size).expect_err("no machine has so much");
        let SegmentError::NoRoom { asked, free, .. } = &error else { panic!("{error}") };
        assert_eq!(*asked, size);
        assert!((*free as usize) < size);
        assert!(error.to_string().contains("bytes free"), "{error}");
        assert!(!is_there(name), "nothing half made is left");
    }
}

fn its_pages_are_there() {
    let name = &name("pages");
    let size = 1 << 20;
    let memory = SharedMemory::create(name, size).unwrap();
    let file = std::fs::metadata(format!("/dev/shm/{name}")).unwrap();
    let blocks = std::os::unix::fs::MetadataExt::blocks(&file);
    assert!(blocks * 512 >= size as u64, "only {blocks} blocks of 512 bytes are reserved");
    drop(memory);
}

fn closes_what_it_opened() {
    let name = &name("closed");
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    for _ in 0..3 {
        drop(SharedMemory::create(name, 8).unwrap());
        drop(SharedMemory::create(name, usize::MAX));
        drop(SharedMemory::attach(name));
    }
    assert_eq!(open(), before);
}

/// In a mount namespace of its own, where /dev/shm is as small as a careless container's.
fn a_small_place_is_told_and_not_hit() {
    ends_well(&mut started("in a small place", || {
        let (no, private) = (None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE);
        let small = unshare(CloneFlags::CLONE_NEWNS)
            .and_then(|()| mount(no, "/", no, private, no))
            .and_then(|()| {
                mount(no, "/dev/shm", Some("tmpfs"), MsFlags::empty(), Some("size=64k"))
            });
        if small.is_err() {
            return; // mounts may not be changed here
        }
        let error = SharedMemory::create(&name("small"), 65 * 1024).expect_err("it has 64 KiB");
        assert!(matches!(error, SegmentError::NoRoom { free: 65_536, .. }), "{error}");
        let fits = SharedMemory::create(&name("small"), 64 * 1024).unwrap();
        fits.buf().iter().for_each(|byte| byte.store(1, Ordering::Relaxed));
        let none = SharedMemory::create(&name("other"), 1).expect_err("it is full");
        assert!(matches!(none, SegmentError::NoRoom { free: 0, .. }), "{none}");
        assert!(!is_there(&name("other")), "nothing half made is left");
    }));
}

/// Run by a program started anew: puts the sum of all numbers but the last into the last one.
pub fn sum_into_last(name: String) {
    let memory = SharedMemory::attach(&name).unwrap();
    let numbers = memory.numbers::<f64>();
    let last = numbers.len() - 1;
    numbers.set(last, numbers.slice(..last).iter().sum());
}

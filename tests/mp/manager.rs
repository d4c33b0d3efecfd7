//! `Manager`: shared objects, nesting, waiting, many clients, and a server or a client that dies.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parlab::mp::manager::{Address, AuthKey, Limits, ListProxy, Manager, ManagerError};
use parlab::mp::{Process, RawValue};
use tempfile::TempDir;

use crate::Case;
use crate::staging::{ended, ends_well, never_early, sleep_for_ever, started, wait_until};

pub const CASES: &[Case] = &[
    ("manager::list_is_shared", list_is_shared),
    ("manager::dict_keeps_the_order_of_its_keys", dict_keeps_the_order_of_its_keys),
    ("manager::value_is_shared", value_is_shared),
    ("manager::plain_list_in_a_namespace_is_a_copy", plain_list_in_a_namespace_is_a_copy),
    ("manager::managed_list_in_a_namespace_is_shared", managed_list_in_a_namespace_is_shared),
    ("manager::nested_lists_are_shared_if_managed", nested_lists_are_shared_if_managed),
    ("manager::foreign_proxies_are_refused", foreign_proxies_are_refused),
    ("manager::names_lead_to_one_object", names_lead_to_one_object),
    ("manager::queue_waits_and_keeps_order", queue_waits_and_keeps_order),
    ("manager::queue_has_room_for_as_many_as_told", queue_has_room_for_as_many_as_told),
    ("manager::waits_are_never_early", waits_are_never_early),
    ("manager::lock_excludes", lock_excludes),
    ("manager::lock_of_a_dead_owner_goes_on", lock_of_a_dead_owner_goes_on),
    ("manager::inherited_guard_owns_nothing", inherited_guard_owns_nothing),
    ("manager::many_clients_at_once", many_clients_at_once),
    ("manager::calls_are_counted", calls_are_counted),
    ("manager::killed_server_is_told_to_each_client", killed_server_is_told_to_each_client),
    ("manager::stopped_client_stops_nobody", stopped_client_stops_nobody),
    ("manager::client_that_waits_may_die", client_that_waits_may_die),
    ("manager::too_long_is_told_before_anything_is_lost", too_long_is_told),
    ("manager::full_store_loses_nothing", full_store_loses_nothing),
    ("manager::server_without_memory_loses_nothing", server_without_memory_loses_nothing),
    ("manager::large_items_arrive_whole", large_items_arrive_whole),
    ("manager::nothing_is_left_of_it", nothing_is_left_of_it),
];

/// A manager and the directory of its socket.
pub struct Home {
    pub manager: Manager,
    directory: TempDir,
}

pub fn home() -> Home {
    let directory = TempDir::new().unwrap();
    Home { manager: Manager::new(directory.path()).unwrap(), directory }
}

pub fn key() -> AuthKey {
    AuthKey::new("a key of sixteen bytes or more").unwrap()
}

/// A manager with limits of the case's own, and the directory of its socket.
pub fn limited(limits: Limits) -> Home {
    let directory = TempDir::new().unwrap();
    let address = Address::Unix(directory.path().join("socket"));
    Home { manager: Manager::serve(&address, key(), limits).unwrap(), directory }
}

fn list_is_shared() {
    let home = home();
    let list = home.manager.list::<f64>().unwrap();
    list.extend(&[1.0, 2.0]).unwrap();
    ends_well(&mut started("child", || {
        list.append(&6.4).unwrap();
        list.set(0, &-1.0).unwrap();
    }));
    assert_eq!(list.to_vec().unwrap(), [-1.0, 2.0, 6.4]);
    assert_eq!(list.len().unwrap(), 3);
    assert_eq!(list.get(1).unwrap(), 2.0);
    assert_eq!(list.slice(1, 9).unwrap(), [2.0, 6.4]);
    assert!(matches!(list.get(3), Err(ManagerError::OutOfRange { index: 3, len: 3 })));
    assert!(matches!(list.set(7, &0.0), Err(ManagerError::OutOfRange { index: 7, len: 3 })));
    assert_eq!(list.pop().unwrap(), Some(6.4));
    list.clear().unwrap();
    assert_eq!(list.pop().unwrap(), None);
    assert!(list.is_empty().unwrap());
}

fn dict_keeps_the_order_of_its_keys() {
    let home = home();
    let dict = home.manager.dict::<String, u32>().unwrap();
    for (key, item) in [("one", 1), ("two", 2), ("three", 3), ("one", 11)] {
        dict.set(&key.to_string(), &item).unwrap();
    }
    ends_well(&mut started("child", || {
        assert_eq!(dict.get(&"one".to_string()).unwrap(), Some(11));
        assert_eq!(dict.pop(&"two".to_string()).unwrap(), Some(2));
        dict.set(&"four".to_string(), &4).unwrap();
    }));
    let items = dict.items().unwrap();
    let items: Vec<(&str, u32)> = items.iter().map(|(key, item)| (key.as_str(), *item)).collect();
    assert_eq!(items, [("one", 11), ("three", 3), ("four", 4)]);
    assert_eq!(dict.get(&"two".to_string()).unwrap(), None);
    dict.clear().unwrap();
    assert!(dict.is_empty().unwrap());
}

fn value_is_shared() {
    let home = home();
    let value = home.manager.value(&1_u8).unwrap();
    ends_well(&mut started("child", || value.set(&(value.get().unwrap() + 1)).unwrap()));
    assert_eq!(value.get().unwrap(), 2);
}

fn plain_list_in_a_namespace_is_a_copy() {
    let home = home();
    let ns = home.manager.namespace().unwrap();
    ns.set("result", &Vec::<i32>::new()).unwrap();
    ends_well(&mut started("child", || {
        let mut copy: Vec<i32> = ns.get("result").unwrap();
        copy.push(3);
        assert!(ns.get::<Vec<i32>>("result").unwrap().is_empty());
        ns.set("mended", &copy).unwrap();
    }));
    assert!(ns.get::<Vec<i32>>("result").unwrap().is_empty());
    assert_eq!(ns.get::<Vec<i32>>("mended").unwrap(), [3]);
    assert_eq!(ns.names().unwrap(), ["result", "mended"]);
    assert!(ns.delete("result").unwrap());
    assert!(!ns.delete("result").unwrap());
    let missing = ns.get::<i32>("result");
    assert!(matches!(&missing, Err(ManagerError::NoSuchName { name }) if name == "result"));
    let other = ns.get::<[u8; 5]>("mended");
    assert!(matches!(other, Err(ManagerError::Decode { .. })), "{other:?}");
}

fn managed_list_in_a_namespace_is_shared() {
    let home = home();
    let ns = home.manager.namespace().unwrap();
    ns.set("result", &home.manager.list::<i32>().unwrap()).unwrap();
    ends_well(&mut started("child", || {
        ns.get::<ListProxy<i32>>("result").unwrap().append(&3).unwrap();
    }));
    assert_eq!(ns.get::<ListProxy<i32>>("result").unwrap().to_vec().unwrap(), [3]);
}

fn nested_lists_are_shared_if_managed() {
    let home = home();
    let inner = home.manager.list::<i32>().unwrap();
    let outer = home.manager.list::<ListProxy<i32>>().unwrap();
    let plain = home.manager.list::<Vec<i32>>().unwrap();
    outer.append(&inner).unwrap();
    plain.append(&vec![1]).unwrap();
    ends_well(&mut started("child", || {
        outer.get(0).unwrap().append(&2).unwrap();
        plain.get(0).unwrap().push(2);
    }));
    assert_eq!(inner.to_vec().unwrap(), [2]);
    assert_eq!(plain.get(0).unwrap(), [1]);
    // A list received as what it is not.
    let ns = home.manager.namespace().unwrap();
    ns.set("list", &inner).unwrap();
    let wrong = ns.get::<parlab::mp::manager::LockProxy>("list");
    assert!(matches!(wrong, Err(ManagerError::Decode { .. })), "{wrong:?}");
}

fn foreign_proxies_are_refused() {
    let (here, there) = (home(), home());
    let outer = here.manager.list().unwrap();
    let answer = outer.append(&there.manager.list::<i32>().unwrap());
    assert!(matches!(answer, Err(ManagerError::ForeignProxy)), "{answer:?}");
    assert!(outer.is_empty().unwrap());
    // A way of its own: no manager at all.
    assert!(postcard::to_stdvec(&outer).is_err());
}

fn names_lead_to_one_object() {
    let home = home();
    let here: ListProxy<i32> = home.manager.named("results").unwrap();
    ends_well(&mut started("child", || {
        let there: ListProxy<i32> = home.manager.named("results").unwrap();
        there.append(&1).unwrap();
    }));
    assert_eq!(here.to_vec().unwrap(), [1]);
    let other = home.manager.named::<parlab::mp::manager::LockProxy>("results");
    assert!(matches!(&other, Err(ManagerError::OtherKind { name }) if name == "results"));
}

fn queue_waits_and_keeps_order() {
    let home = home();
    let queue = home.manager.queue::<u32>(None).unwrap();
    let first = RawValue::new(0).unwrap();
    let mut taker = started("taker", || {
        first.set(queue.get().unwrap());
        assert_eq!(queue.get().unwrap(), 2);
    });
    queue.put(&1).unwrap();
    queue.put(&2).unwrap();
    ends_well(&mut taker);
    assert_eq!(first.get(), 1);
    assert!(matches!(queue.try_get(), Err(ManagerError::Empty)));
    assert!(queue.is_empty().unwrap());
}

fn queue_has_room_for_as_many_as_told() {
    let home = home();
    let queue = home.manager.queue::<u32>(Some(2)).unwrap();
    queue.put(&0).unwrap();
    queue.put(&1).unwrap();
    assert!(matches!(queue.try_put(&2), Err(ManagerError::Full)));
    let mut putter = started("putter", || (2..50).for_each(|item| queue.put(&item).unwrap()));
    let got: Vec<u32> = (0..50).map(|_| queue.get().unwrap()).collect();
    assert_eq!(got, (0..50).collect::<Vec<_>>());
    ends_well(&mut putter);
}

fn waits_are_never_early() {
    let home = home();
    let queue = home.manager.queue::<u32>(Some(1)).unwrap();
    let lock = home.manager.lock().unwrap();
    never_early(|bound| assert!(queue.get_timeout(bound).is_err()));
    queue.put(&0).unwrap();
    never_early(|bound| assert!(queue.put_timeout(&1, bound).is_err()));
    let timed_out = queue.put_timeout(&1, Duration::from_millis(1));
    assert!(matches!(timed_out, Err(ManagerError::TimedOut { .. })), "{timed_out:?}");
    // The same process may not take it twice: it is a lock, and no RLock.
    let _guard = lock.acquire().unwrap();
    never_early(|bound| assert!(lock.acquire_timeout(bound).unwrap().is_none()));
}

fn lock_excludes() {
    let home = home();
    let lock = home.manager.lock().unwrap();
    let total = home.manager.value(&0_u32).unwrap();
    let add = || {
        for _ in 0..100 {
            let guard = lock.acquire().unwrap();
            assert!(!guard.owner_died());
            total.set(&(total.get().unwrap() + 1)).unwrap();
            guard.release().unwrap();
        }
    };
    let mut adders: Vec<Process> = (0..4).map(|_| started("adder", add)).collect();
    adders.iter_mut().for_each(|adder| ends_well(adder));
    assert_eq!(total.get().unwrap(), 400);
}

fn lock_of_a_dead_owner_goes_on() {
    let home = home();
    let lock = home.manager.lock().unwrap();
    let held = RawValue::new(0).unwrap();
    let mut owner = started("owner", || {
        let _guard = lock.acquire().unwrap();
        held.set(1);
        sleep_for_ever();
    });
    wait_until("the owner has it", || held.get() == 1);
    assert!(lock.try_acquire().unwrap().is_none());
    let mut heir = started("heir", || assert!(lock.acquire().unwrap().owner_died()));
    owner.kill().unwrap();
    ended(&mut owner);
    ends_well(&mut heir);
    assert!(!lock.acquire().unwrap().owner_died(), "told once");
}

fn inherited_guard_owns_nothing() {
    let home = home();
    let lock = home.manager.lock().unwrap();
    let guard = lock.acquire().unwrap();
    ends_well(&mut started("child", || {
        assert!(lock.try_acquire().unwrap().is_none());
        assert!(!guard.owner_died(), "it has a copy of the guard, as of all memory");
    }));
    let mut child = started("child", move || {
        assert!(matches!(guard.release(), Err(ManagerError::NotOwner)));
    });
    ends_well(&mut child);
    // The parent's guard was moved away, and dropped in the parent when the child was started.
    assert!(lock.try_acquire().unwrap().is_some());
}

fn many_clients_at_once() {
    let home = home();
    let list = home.manager.list::<(u32, u32)>().unwrap();
    let client = |number| {
        let list = list.clone();
        started("client", move || (0..50).for_each(|item| list.append(&(number, item)).unwrap()))
    };
    let mut clients: Vec<Process> = (0..20).map(client).collect();
    clients.iter_mut().for_each(|client| ends_well(client));
    let items = list.to_vec().unwrap();
    let all: BTreeSet<_> = items.iter().copied().collect();
    assert_eq!((items.len(), all.len()), (1000, 1000));
    for number in 0..20 {
        let of_it = items.iter().filter(|(of, _)| *of == number).map(|(_, item)| *item);
        assert!(of_it.eq(0..50), "the appends of one client are in its order");
    }
}

fn calls_are_counted() {
    let home = home();
    let list = home.manager.list::<u32>().unwrap();
    let before = (home.manager.calls(), home.manager.served().unwrap());
    (0..10).for_each(|item| list.append(&item).unwrap());
    list.extend(&[1, 2, 3]).unwrap();
    assert_eq!(home.manager.calls() - before.0, 12);
    assert_eq!(home.manager.served().unwrap() - before.1, 12, "its own asking is one of them");
}

fn killed_server_is_told_to_each_client() {
    let home = home();
    let list = home.manager.list::<u32>().unwrap();
    let queue = home.manager.queue::<u32>(None).unwrap();
    let ready = RawValue::new(0).unwrap();
    let waiter = || {
        started("waiter", || {
            list.append(&1).unwrap();
            ready.fetch_add(1);
            let answer = queue.get();
            assert!(matches!(answer, Err(ManagerError::Lost { .. })), "{answer:?}");
            let answer = list.len();
            assert!(matches!(answer, Err(ManagerError::Gone { .. })), "{answer:?}");
        })
    };
    let mut waiters = [waiter(), waiter(), waiter()];
    wait_until("all have logged in", || ready.get() == 3);
    kill(Pid::from_raw(home.manager.pid()), Signal::SIGKILL).unwrap();
    waiters.iter_mut().for_each(|waiter| ends_well(waiter));
    let answer = list.append(&2);
    assert!(matches!(answer, Err(ManagerError::Lost { .. })), "{answer:?}");
}

fn stopped_client_stops_nobody() {
    let home = home();
    let list = home.manager.list::<Vec<u8>>().unwrap();
    list.append(&vec![7; 8 << 20]).unwrap();
    let started_reading = RawValue::new(0).unwrap();
    let mut reader = started("reader", || {
        started_reading.set(1);
        loop {
            assert_eq!(list.get(0).unwrap().len(), 8 << 20);
        }
    });
    wait_until("it reads", || started_reading.get() == 1);
    let pid = Pid::from_raw(reader.pid().unwrap());
    for _ in 0..5 {
        kill(pid, Signal::SIGSTOP).unwrap();
        assert_eq!(list.len().unwrap(), 1);
        kill(pid, Signal::SIGCONT).unwrap();
    }
    reader.kill().unwrap();
    ended(&mut reader);
    assert_eq!(list.len().unwrap(), 1);
}

fn client_that_waits_may_die() {
    let home = home();
    let queue = home.manager.queue::<u32>(None).unwrap();
    let served = || home.manager.served().unwrap();
    let before = served();
    let mut waiter = started("waiter", || drop(queue.get()));
    let mut asked = 1;
    wait_until("its call has come", || {
        asked += 1;
        served() - before == asked
    });
    waiter.kill().unwrap();
    ended(&mut waiter);
    // Its end may come to the server after this: then the item would be lost with it.
    wait_until("the item is not handed to the dead", || {
        queue.put(&1).unwrap();
        queue.try_get().is_ok()
    });
}

fn too_long_is_told() {
    let home = limited(Limits { message_bytes: 1000, ..Limits::default() });
    let list = home.manager.list::<u32>().unwrap();
    list.append(&1).unwrap();
    let answer = list.extend(&[5; 600]);
    assert!(matches!(answer, Err(ManagerError::TooLong { limit: 1000, .. })), "{answer:?}");
    assert_eq!(list.to_vec().unwrap(), [1]);
    // An answer may be too long, too, and parts of it are not.
    (0..3).for_each(|_| list.extend(&[5; 100]).unwrap());
    let answer = list.to_vec();
    assert!(matches!(answer, Err(ManagerError::TooLong { .. })), "{answer:?}");
    assert_eq!(list.slice(250, 400).unwrap().len(), 51);
}

fn full_store_loses_nothing() {
    let home = limited(Limits { stored_bytes: 10_000, ..Limits::default() });
    let list = home.manager.list::<Vec<u8>>().unwrap();
    list.append(&vec![1; 5_000]).unwrap();
    for answer in [list.append(&vec![2; 6_000]), list.extend(&[vec![2], vec![2; 6_000]])] {
        assert!(matches!(answer, Err(ManagerError::StoreFull { limit: 10_000 })), "{answer:?}");
    }
    let answer = list.set(0, &vec![3; 20_000]);
    assert!(matches!(answer, Err(ManagerError::StoreFull { .. })), "{answer:?}");
    assert_eq!(list.to_vec().unwrap(), [vec![1; 5_000]]);
    // What is taken out makes room.
    for _ in 0..100 {
        list.pop().unwrap();
        list.append(&vec![4; 9_000]).unwrap();
        list.set(0, &vec![5; 1_000]).unwrap();
    }
}

fn server_without_memory_loses_nothing() {
    let home = home();
    let list = home.manager.list::<String>().unwrap();
    list.append(&"kept".to_string()).unwrap();
    let limit = libc::rlimit { rlim_cur: 64 << 20, rlim_max: 64 << 20 };
    // SAFETY: the limit is read, and nothing is written.
    let code = unsafe {
        libc::prlimit(home.manager.pid(), libc::RLIMIT_AS, &raw const limit, std::ptr::null_mut())
    };
    assert_eq!(code, 0, "a limit on one's own child");
    let large = "x".repeat(100 << 20);
    let answer = list.append(&large);
    assert!(answer.is_err(), "there is no memory for it");
    assert_eq!(list.to_vec().unwrap(), ["kept"], "and the server goes on");
}

fn large_items_arrive_whole() {
    let home = home();
    let value = home.manager.value(&String::new()).unwrap();
    let text: String = ('a'..='z').cycle().take(16 << 20).collect();
    value.set(&text).unwrap();
    ends_well(&mut started("child", || assert!(value.get().unwrap() == text)));
}

fn nothing_is_left_of_it() {
    let home = home();
    let Address::Unix(path) = home.manager.address().clone() else { panic!("it is a path") };
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let pid = home.manager.pid();
    ends_well(&mut started("child", move || drop(home.manager)));
    // Moved into a child, it was dropped in the parent at its start.
    assert!(!path.exists());
    assert!(kill(Pid::from_raw(pid), None).is_err());
    drop(home.directory);
}

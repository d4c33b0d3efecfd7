//! `Manager`: shared objects, nesting, many clients, and limits at which nothing is lost.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use parlab::mp::Process;
use parlab::mp::manager::{Address, AuthKey, Limits, ListProxy, Manager, ManagerError};
use tempfile::TempDir;

use crate::Case;
use crate::staging::{ends_well, started};

pub const CASES: &[Case] = &[
    ("manager::list_is_shared", list_is_shared),
    ("manager::dict_keeps_the_order_of_its_keys", dict_keeps_the_order_of_its_keys),
    ("manager::value_is_shared", value_is_shared),
    ("manager::plain_list_in_a_namespace_is_a_copy", plain_list_in_a_namespace_is_a_copy),
    ("manager::managed_list_in_a_namespace_is_shared", managed_list_in_a_namespace_is_shared),
    ("manager::nested_lists_are_shared_if_managed", nested_lists_are_shared_if_managed),
    ("manager::foreign_proxies_are_refused", foreign_proxies_are_refused),
    ("manager::names_lead_to_one_object", names_lead_to_one_object),
    ("manager::many_clients_at_once", many_clients_at_once),
    ("manager::calls_are_counted", calls_are_counted),
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

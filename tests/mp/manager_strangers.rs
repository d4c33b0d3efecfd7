//! `Manager` and who does not belong: wrong keys, overheard logins, garbage, half messages, and
//! places where it must not listen. Others are served on meanwhile.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use parlab::mp::manager::{
    Address, AuthKey, Client, KeyError, Limits, ListProxy, Manager, ManagerError,
};
use tempfile::TempDir;

use crate::Case;
use crate::manager::{home, key, limited};
use crate::staging::{PATIENCE, ends_well, started};

pub const CASES: &[Case] = &[
    ("manager::key_is_the_way_in_over_tcp", key_is_the_way_in_over_tcp),
    ("manager::limit_is_the_servers", limit_is_the_servers),
    ("manager::wrong_key_is_refused", wrong_key_is_refused),
    ("manager::overheard_login_is_refused", overheard_login_is_refused),
    ("manager::reflected_proof_is_refused", reflected_proof_is_refused),
    ("manager::server_without_the_key_is_told_nothing", server_without_the_key_is_told_nothing),
    ("manager::what_is_no_manager_is_told", what_is_no_manager_is_told),
    ("manager::garbage_is_dropped", garbage_is_dropped),
    ("manager::silence_before_login_is_dropped", silence_before_login_is_dropped),
    ("manager::giant_and_half_frames_are_dropped", giant_and_half_frames_are_dropped),
    ("manager::too_many_clients_are_told_so", too_many_clients_are_told_so),
    ("manager::places_where_it_may_not_listen", places_where_it_may_not_listen),
    ("manager::keys_that_will_not_do", keys_that_will_not_do),
];

/// Bytes of the server's first words, and of the client's.
const HELLO: usize = 64;
const CLAIM: usize = 64;

fn tcp() -> Manager {
    let any = Address::Tcp("127.0.0.1:0".parse().unwrap());
    Manager::serve(&any, key(), Limits::default()).unwrap()
}

fn knock(manager: &Manager) -> UnixStream {
    let Address::Unix(path) = manager.address() else { panic!("it is a path") };
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn greeted(stream: &mut impl Read) -> [u8; HELLO] {
    let mut hello = [0; HELLO];
    stream.read_exact(&mut hello).unwrap();
    hello
}

/// Whether the server ends the connection, whatever it says before.
fn is_dropped(mut stream: impl Read) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// Others are still served.
#[track_caller]
fn serves(manager: &Manager) {
    let list = manager.list::<u32>().unwrap();
    list.append(&1).unwrap();
    assert_eq!(list.to_vec().unwrap(), [1]);
}

fn key_is_the_way_in_over_tcp() {
    let manager = tcp();
    let here: ListProxy<String> = manager.named("names").unwrap();
    let address = manager.address().clone();
    ends_well(&mut started("stranger with the key", || {
        let client = Client::connect(&address, key()).unwrap();
        client.named::<ListProxy<String>>("names").unwrap().append(&"Piero".into()).unwrap();
    }));
    assert_eq!(here.to_vec().unwrap(), ["Piero"]);
}

fn limit_is_the_servers() {
    // Who did not make the manager is told its limit, and sends nothing that would be dropped.
    let home = limited(Limits { message_bytes: 100, ..Limits::default() });
    let client = Client::connect(home.manager.address(), key()).unwrap();
    let list: ListProxy<Vec<u8>> = client.named("list").unwrap();
    let answer = list.append(&vec![7; 200]);
    assert!(matches!(answer, Err(ManagerError::TooLong { limit: 100, .. })), "{answer:?}");
    list.append(&vec![7; 50]).unwrap();
}

fn wrong_key_is_refused() {
    for manager in [tcp(), limited(Limits::default()).manager] {
        let wrong = AuthKey::new("another key of sixteen bytes or more").unwrap();
        let answer = Client::connect(manager.address(), wrong);
        assert!(matches!(answer, Err(ManagerError::WrongKey { .. })), "{answer:?}");
        assert!(Client::connect(manager.address(), key()).is_ok());
        serves(&manager);
    }
}

/// Passes on what a client with the key and the server say, and gives what the client said.
fn overheard(manager: &Manager) -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("between");
    let between = UnixListener::bind(&path).unwrap();
    let mut client = started("client", || {
        assert!(Client::connect(&Address::Unix(path.clone()), key()).is_ok());
    });
    let (mut near, _) = between.accept().unwrap();
    let mut far = knock(manager);
    near.write_all(&greeted(&mut far)).unwrap();
    let mut claim = vec![0; CLAIM];
    near.read_exact(&mut claim).unwrap();
    far.write_all(&claim).unwrap();
    let mut verdict = [0; 33];
    far.read_exact(&mut verdict).unwrap();
    near.write_all(&verdict).unwrap();
    ends_well(&mut client);
    claim
}

fn overheard_login_is_refused() {
    let manager = limited(Limits::default());
    let claim = overheard(&manager.manager);
    let mut stream = knock(&manager.manager);
    greeted(&mut stream);
    stream.write_all(&claim).unwrap();
    let mut verdict = [0; 33];
    stream.read_exact(&mut verdict).unwrap();
    assert_eq!(verdict[0], 1, "the same words are no proof a second time");
    assert!(is_dropped(stream));
    serves(&manager.manager);
}

fn reflected_proof_is_refused() {
    // The server's proof for one connection as the client's for another with the same challenges is
    // not to be had, as its challenge is always another; its own words back are no proof either.
    let manager = limited(Limits::default());
    let mut stream = knock(&manager.manager);
    let hello = greeted(&mut stream);
    let mut claim = hello[32..].to_vec();
    claim.extend_from_slice(&hello[32..]);
    stream.write_all(&claim).unwrap();
    let mut verdict = [0; 33];
    stream.read_exact(&mut verdict).unwrap();
    assert_eq!(verdict[0], 1);
    assert_eq!(verdict[1..], [0; 32], "who has not proved gets no proof");
}

fn server_without_the_key_is_told_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap());
    let mut client = started("client", || {
        let answer = Client::connect(&address, key());
        assert!(matches!(answer, Err(ManagerError::Unproven { .. })), "{answer:?}");
    });
    let (mut stream, _) = listener.accept().unwrap();
    let mut hello = b"parlab manager 1".to_vec();
    hello.resize(HELLO, 7);
    stream.write_all(&hello).unwrap();
    let mut claim = [0; CLAIM];
    stream.read_exact(&mut claim).unwrap();
    stream.write_all(&[0; 33]).unwrap();
    let mut more = Vec::new();
    stream.read_to_end(&mut more).unwrap();
    assert!(more.is_empty(), "nothing comes after a server that did not prove itself");
    ends_well(&mut client);
}

fn what_is_no_manager_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap());
    let mut client = started("client", || {
        let answer = Client::connect(&address, key());
        assert!(matches!(answer, Err(ManagerError::NotAManager { .. })), "{answer:?}");
        let answer = Client::connect(&address, key());
        assert!(matches!(answer, Err(ManagerError::Gone { .. })), "{answer:?}");
    });
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(&[b'x'; HELLO]).unwrap();
    let (second, _) = listener.accept().unwrap();
    drop(second);
    ends_well(&mut client);
    drop(listener);
    let answer = Client::connect(&address, key());
    assert!(matches!(answer, Err(ManagerError::Gone { .. })), "{answer:?}");
}

fn garbage_is_dropped() {
    let manager = tcp();
    let Address::Tcp(address) = *manager.address() else { panic!("it is a port") };
    let garbage: [&[u8]; 3] = [
        &[0; CLAIM],
        &[0xff; 10_000],
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: none at all, whoever asks\r\n\r\n",
    ];
    for words in garbage {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // It may be dropped while it still speaks.
        let _ = stream.write_all(words);
        assert!(is_dropped(stream));
        serves(&manager);
    }
}

fn silence_before_login_is_dropped() {
    let limits = Limits { login: Duration::from_millis(50), ..Limits::default() };
    let home = limited(limits);
    let mut silent = knock(&home.manager);
    let mut hesitant = knock(&home.manager);
    greeted(&mut silent);
    hesitant.write_all(&[1; CLAIM - 1]).unwrap();
    assert!(is_dropped(silent));
    assert!(is_dropped(hesitant));
    serves(&home.manager);
}

/// A connection that has logged in, to say on it what no proxy would. The one who logs in by the
/// library lends its socket to the case.
fn logged_in(manager: &Manager) -> UnixStream {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("between");
    let between = UnixListener::bind(&path).unwrap();
    let mut far = knock(manager);
    let mut client = started("client", || {
        drop(Client::connect(&Address::Unix(path.clone()), key()));
    });
    let (mut near, _) = between.accept().unwrap();
    near.write_all(&greeted(&mut far)).unwrap();
    let mut claim = [0; CLAIM];
    near.read_exact(&mut claim).unwrap();
    far.write_all(&claim).unwrap();
    let mut verdict = [0; 33];
    far.read_exact(&mut verdict).unwrap();
    assert_eq!(verdict[0], 0);
    near.write_all(&verdict).unwrap();
    ends_well(&mut client);
    far
}

fn giant_and_half_frames_are_dropped() {
    let limits =
        Limits { stall: Duration::from_millis(50), message_bytes: 1 << 20, ..Limits::default() };
    let home = limited(limits);
    let mut giant = logged_in(&home.manager);
    giant.write_all(&[0xff, 0xff, 0xff, 0xff]).unwrap();
    assert!(is_dropped(giant));
    let mut half = logged_in(&home.manager);
    half.write_all(&[0, 0, 0, 100, 1, 2, 3]).unwrap();
    assert!(is_dropped(half));
    let mut header = logged_in(&home.manager);
    header.write_all(&[0, 0]).unwrap();
    assert!(is_dropped(header));
    // A whole message that is no request is answered, and the next one heard.
    let mut strange = logged_in(&home.manager);
    strange.write_all(&[0, 0, 0, 3, 0xff, 0xff, 0xff, 0, 0, 0, 0]).unwrap();
    let mut answers = [0; 12];
    strange.read_exact(&mut answers).unwrap();
    assert_eq!(answers[..6], answers[6..], "two refusals");
    // One who sends calls without end, and takes no answer.
    let mut deaf = logged_in(&home.manager);
    deaf.set_write_timeout(Some(PATIENCE)).unwrap();
    let calls = [0, 0, 0, 2, 0, 1].repeat(10_000);
    while deaf.write_all(&calls).is_ok() {}
    serves(&home.manager);
}

fn too_many_clients_are_told_so() {
    let home = limited(Limits { connections: 2, ..Limits::default() });
    let address = home.manager.address();
    let second = Client::connect(address, key()).unwrap();
    let answer = Client::connect(address, key());
    assert!(matches!(answer, Err(ManagerError::Busy { .. })), "{answer:?}");
    serves(&home.manager);
    drop(second);
    crate::staging::wait_until("there is room again", || Client::connect(address, key()).is_ok());
}

fn places_where_it_may_not_listen() {
    let serve = |address: &Address| Manager::serve(address, key(), Limits::default());
    let everywhere = Address::Tcp("0.0.0.0:0".parse().unwrap());
    assert!(matches!(serve(&everywhere), Err(ManagerError::NotLoopback { .. })));
    let told = Limits { beyond_loopback: true, ..Limits::default() };
    assert!(Manager::serve(&everywhere, key(), told).is_ok());
    let manager = tcp();
    assert!(matches!(serve(manager.address()), Err(ManagerError::AddressTaken { .. })));
    serves(&manager);
    let home = home();
    let taken = serve(home.manager.address());
    assert!(matches!(taken, Err(ManagerError::AddressTaken { .. })), "{taken:?}");
    serves(&home.manager);
    let directory = TempDir::new().unwrap();
    let long = directory.path().join("x".repeat(100));
    fs::create_dir(&long).unwrap();
    let answer = Manager::new(&long);
    assert!(matches!(answer, Err(ManagerError::PathTooLong { limit: 107, .. })), "{answer:?}");
    let answer = Manager::new(&directory.path().join("nowhere"));
    assert!(matches!(answer, Err(ManagerError::Listen { .. })), "{answer:?}");
}

fn keys_that_will_not_do() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("key");
    let unreadable = AuthKey::from_file(&path);
    assert!(matches!(unreadable, Err(KeyError::Unreadable { .. })), "{unreadable:?}");
    fs::write(&path, "0123456789abcdef\n").unwrap();
    for mode in [0o644, 0o640, 0o602] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let open = AuthKey::from_file(&path);
        assert!(matches!(open, Err(KeyError::Open { .. })), "{open:?}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let manager = tcp();
    assert!(matches!(
        Client::connect(manager.address(), AuthKey::from_file(&path).unwrap()),
        Err(ManagerError::WrongKey { .. })
    ));
    for (text, len) in [("short\n", 5), ("", 0)] {
        fs::write(&path, text).unwrap();
        let short = AuthKey::from_file(&path);
        assert!(matches!(short, Err(KeyError::Length { len: l }) if l == len), "{short:?}");
    }
    fs::write(&path, "x".repeat(10_000)).unwrap();
    assert!(matches!(AuthKey::from_file(&path), Err(KeyError::Length { .. })));
    assert!(matches!(AuthKey::from_file(directory.path()), Err(KeyError::Unreadable { .. })));
    let missing = AuthKey::from_env("PARLAB_NO_SUCH_KEY");
    assert!(matches!(missing, Err(KeyError::NotInEnvironment { .. })), "{missing:?}");
}

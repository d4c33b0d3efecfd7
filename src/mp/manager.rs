//! `Manager`: a server process that owns lists, dicts and more, and proxies to use them by.

use std::ops::Deref;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::process::Process;
use super::sys;

mod address;
mod authkey;
mod budget;
mod containers;
mod error;
mod login;
mod message;
mod peer;
mod proxy;
mod server;
mod session;
mod spin;
mod store;
mod waiting;

pub use address::Address;
pub use authkey::{AuthKey, KeyError};
pub use containers::{DictProxy, ListProxy, NamespaceProxy, ValueProxy};
pub use error::ManagerError;
pub use proxy::Proxy;
pub use waiting::{LockProxy, ProxyGuard, QueueProxy};

use message::{Call, Reply};
use proxy::Handle;
use server::Server;
use session::{Session, unexpected};

/// What a manager's server grants to its clients.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Whether it may listen where other machines can connect. What is sent is not encrypted.
    pub beyond_loopback: bool,
    /// How many clients may be connected at once; more are told that it is busy.
    pub connections: usize,
    /// How long a client may take to prove that it knows the key.
    pub login: Duration,
    /// How long a message may be half sent, or an answer half taken.
    pub stall: Duration,
    /// The longest message, in bytes.
    pub message_bytes: usize,
    /// How much it stores at most, in bytes; each item counts 32 more than it has.
    pub stored_bytes: usize,
}

impl Default for Limits {
    /// Loopback only, 256 clients, 5 s to log in, 10 s for half a message, 256 MiB a message, 1 GiB
    /// in all.
    fn default() -> Self {
        Limits {
            beyond_loopback: false,
            connections: 256,
            login: Duration::from_secs(5),
            stall: Duration::from_secs(10),
            message_bytes: 256 << 20,
            stored_bytes: 1 << 30,
        }
    }
}

/// How long a client waits for an answer that should come at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that owns objects, which others use through proxies.
///
/// **Python's** `Manager()` is a process with a thread for each client. A proxy's method pickles its
/// name and its arguments, sends them through a socket, and the server calls the method on the real
/// object (Lib/multiprocessing/managers.py). So a list can be used by many processes, on other
/// machines too, at the price of a round trip for each call.
///
/// **Here** it is the same, with these differences:
/// - The server is one loop in one process: a call is carried out whole before the next one, and a
///   client that is slow, stuck or hostile stops nobody else.
/// - It never unpickles: values are bytes to it ([serde] and [postcard] make them in the client), and
///   only the methods of the six kinds of objects can be called. Both ends must use the same types.
/// - Who waits for a call or an answer looks again for a moment before it sleeps, as long as that
///   pays: to be woken on another CPU takes longer than the call.
/// - A proxy used in a forked child opens a connection of its own. A proxy stored in another object of
///   the same manager stays a proxy.
/// - An object lives as long as its manager. Python counts references, at a call for each proxy that
///   is made or dropped.
/// - If the server is killed, each call says so at once. If a client is, its connection is closed and
///   its locks are given on.
///
/// Every client proves that it knows the [`AuthKey`], and the server does, without telling it.
/// **Nothing is encrypted.** The creator's own children inherit key and address.
///
/// ```standalone_crate
/// use parlab::mp::{Process, manager::Manager};
///
/// let directory = tempfile::tempdir()?;
/// let manager = Manager::new(directory.path())?;
/// let list = manager.list()?;
/// let mut child = Process::new("child", || list.append(&42).expect("the manager is there"));
/// child.start()?;
/// child.join()?;
/// assert_eq!(list.to_vec()?, [42]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Manager {
    client: Client,
    server: Process<'static>,
    creator: i32,
}

impl Manager {
    /// A manager for this process and the children it forks, on a socket in `directory`, which
    /// should be open to nobody else. Python's `Manager()`.
    ///
    /// # Errors
    /// [`PathTooLong`](ManagerError::PathTooLong), [`Listen`](ManagerError::Listen) and the others.
    pub fn new(directory: &Path) -> Result<Self, ManagerError> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("manager-{}-{number}", sys::pid());
        Self::serve(&Address::Unix(directory.join(name)), AuthKey::random()?, Limits::default())
    }

    /// A manager that listens on `address`, for all who know the key. Python's
    /// `BaseManager(address, authkey).start()`.
    ///
    /// # Errors
    /// [`NotLoopback`](ManagerError::NotLoopback) unless the limits allow it,
    /// [`AddressTaken`](ManagerError::AddressTaken) and the others; nothing is left behind then.
    pub fn serve(address: &Address, key: AuthKey, limits: Limits) -> Result<Self, ManagerError> {
        if !address.is_local() && !limits.beyond_loopback {
            return Err(ManagerError::NotLoopback { address: address.clone() });
        }
        let (listener, address) = address.listen()?;
        let remove = RemoveOnError(&address);
        let mut number = [0; 8];
        sys::random(&mut number).map_err(KeyError::Random)?;
        let server = Server::new(listener, key.clone(), limits, u64::from_ne_bytes(number));
        // The listener goes to the child alone: when that ends, nobody listens any more.
        let mut process = Process::new("manager", move || server.run());
        process.start()?;
        let session = Session::open(address.clone(), key, PATIENCE)?;
        std::mem::forget(remove);
        let client = Client(Rc::new(session));
        Ok(Manager { client, server: process, creator: sys::pid() })
    }

    /// The server's pid.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.server.pid().expect("it was started")
    }

    /// The server's process, to look at it or to kill it.
    pub fn process(&mut self) -> &mut Process<'static> {
        &mut self.server
    }

    /// Ends the server; every object is gone. Python's `shutdown()`. Dropping the manager does it.
    pub fn shutdown(self) {}
}

impl Deref for Manager {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Manager {
    /// Kills the server and removes its socket, if this is the process that made it.
    fn drop(&mut self) {
        if self.creator == sys::pid() {
            let _ = self.server.kill();
            let _ = self.server.join();
            remove(self.client.address());
        }
    }
}

fn remove(address: &Address) {
    if let Address::Unix(path) = address {
        let _ = std::fs::remove_file(path);
    }
}

/// Removes the socket of a server that did not come about.
struct RemoveOnError<'a>(&'a Address);

impl Drop for RemoveOnError<'_> {
    fn drop(&mut self) {
        remove(self.0);
    }
}

/// A process's way to a manager: makes objects there, and proxies for them.
#[derive(Debug, Clone)]
pub struct Client(Rc<Session>);

impl Client {
    /// Connects to a manager that somebody else started, here or on another machine. Python's
    /// `BaseManager(address, authkey).connect()`.
    ///
    /// # Errors
    /// [`Gone`](ManagerError::Gone), [`WrongKey`](ManagerError::WrongKey),
    /// [`Unproven`](ManagerError::Unproven), [`NotAManager`](ManagerError::NotAManager),
    /// [`Busy`](ManagerError::Busy) and the others.
    pub fn connect(address: &Address, key: AuthKey) -> Result<Self, ManagerError> {
        Ok(Client(Rc::new(Session::open(address.clone(), key, PATIENCE)?)))
    }

    /// Where the manager listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.0.address()
    }

    /// How many calls this process has made through this client and its proxies; a child begins
    /// with its parent's number.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.calls()
    }

    /// How many calls the server has had, from all its clients, before this one.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn served(&self) -> Result<u64, ManagerError> {
        self.0.call(0, Call::Served, |reply| match reply {
            Reply::Number(calls) => Ok(calls),
            other => Err(unexpected(&other)),
        })
    }

    /// An empty list. Python's `manager.list()`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn list<T>(&self) -> Result<ListProxy<T>, ManagerError> {
        self.make(None)
    }

    /// An empty dict. Python's `manager.dict()`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn dict<K, V>(&self) -> Result<DictProxy<K, V>, ManagerError> {
        self.make(None)
    }

    /// An empty namespace. Python's `manager.Namespace()`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn namespace(&self) -> Result<NamespaceProxy, ManagerError> {
        self.make(None)
    }

    /// A value. Python's `manager.Value(type, value)`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn value<T: serde::Serialize>(&self, value: &T) -> Result<ValueProxy<T>, ManagerError> {
        let proxy: ValueProxy<T> = self.make(None)?;
        proxy.set(value)?;
        Ok(proxy)
    }

    /// An empty queue that has room for so many items, or for any number. Python's
    /// `manager.Queue(maxsize)`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn queue<T>(&self, room: Option<usize>) -> Result<QueueProxy<T>, ManagerError> {
        self.make(room)
    }

    /// A lock. Python's `manager.Lock()`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn lock(&self) -> Result<LockProxy, ManagerError> {
        self.make(None)
    }

    /// The object of that name, which all clients share; made if there is none. A queue made so has
    /// room for any number of items. Python's `register` with a callable that gives one object.
    ///
    /// # Errors
    /// [`OtherKind`](ManagerError::OtherKind) and the others.
    pub fn named<P: Proxy>(&self, name: &str) -> Result<P, ManagerError> {
        Ok(P::of(Handle::make(&self.0, P::KIND, Some(name), None)?))
    }

    fn make<P: Proxy>(&self, room: Option<usize>) -> Result<P, ManagerError> {
        let room = room.map(|room| room as u64);
        Ok(P::of(Handle::make(&self.0, P::KIND, None, room)?))
    }
}

//! Where a manager listens: a path on this machine, or a port.

use std::fmt;
use std::fs::File;
use std::io;
use std::net::{AddrParseError, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::stat::{Mode, umask};

use super::error::ManagerError;

/// The longest path of a Unix socket: `sun_path` has 108 bytes, one of them for its end (unix(7)).
const LONGEST_PATH: usize = 107;

/// How long a connection may take to come about before the server counts as out of reach.
const CONNECT_BOUND: Duration = Duration::from_secs(5);

/// Where a manager listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket, for processes of this machine; its mode is 0600.
    Unix(PathBuf),
    /// A port. With the port 0 the kernel chooses one.
    Tcp(SocketAddr),
}

impl Address {
    /// Whether only this machine can reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Address::Unix(_) => true,
            Address::Tcp(address) => address.ip().is_loopback(),
        }
    }

    /// Opens it, and gives the address with the port that was chosen.
    pub(super) fn listen(&self) -> Result<(Listener, Address), ManagerError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ManagerError::AddressTaken { address: self.clone() },
            _ => ManagerError::Listen { address: self.clone(), source },
        };
        let listener = match self {
            Address::Unix(path) => {
                let len = path.as_os_str().as_bytes().len();
                if len > LONGEST_PATH {
                    let (path, limit) = (path.clone(), LONGEST_PATH);
                    return Err(ManagerError::PathTooLong { path, len, limit });
                }
                // The socket gets its mode at birth: there is no moment in which others could
                // connect.
                let before = umask(Mode::from_bits_truncate(0o177));
                let bound = UnixListener::bind(path);
                umask(before);
                Listener::Unix(bound.map_err(failed)?)
            }
            Address::Tcp(address) => Listener::Tcp(TcpListener::bind(address).map_err(failed)?),
        };
        let address = listener.set_up().and_then(|()| match &listener {
            Listener::Unix(_) => Ok(self.clone()),
            Listener::Tcp(listener) => listener.local_addr().map(Address::Tcp),
        });
        Ok((listener, address.map_err(failed)?))
    }

    /// Connects to whoever listens there. A read on the connection gives up after `patience`.
    pub(super) fn connect(&self, patience: Duration) -> Result<Socket, ManagerError> {
        let connected = match self {
            Address::Unix(path) => UnixStream::connect(path).and_then(|stream| {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                Ok(Socket::of(OwnedFd::from(stream)))
            }),
            Address::Tcp(address) => {
                TcpStream::connect_timeout(address, CONNECT_BOUND).and_then(|stream| {
                    // A call is one small message, and its answer is waited for: nothing to collect.
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(patience))?;
                    stream.set_write_timeout(Some(patience))?;
                    Ok(Socket::of(OwnedFd::from(stream)))
                })
            }
        };
        connected.map_err(|source| match source.kind() {
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotFound => ManagerError::Gone { address: self.clone() },
            _ => ManagerError::Os { verb: "connect to", address: self.clone(), source },
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => path.display().fmt(f),
            Address::Tcp(address) => address.fmt(f),
        }
    }
}

impl FromStr for Address {
    type Err = AddrParseError;

    /// A text that begins with `/` is a path, any other an IP address and a port: what `Display`
    /// shows.
    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        if text.starts_with('/') {
            return Ok(Address::Unix(PathBuf::from(text)));
        }
        text.parse().map(Address::Tcp)
    }
}

/// A socket that takes connections, and never waits for one.
#[derive(Debug)]
pub(super) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    fn set_up(&self) -> io::Result<()> {
        match self {
            Listener::Unix(listener) => listener.set_nonblocking(true),
            Listener::Tcp(listener) => listener.set_nonblocking(true),
        }
    }

    /// The next connection, if one has come; its reads and writes never wait.
    pub(super) fn accept(&self) -> io::Result<Socket> {
        let fd = match self {
            Listener::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                OwnedFd::from(stream)
            }
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                OwnedFd::from(stream)
            }
        };
        Ok(Socket::of(fd))
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Listener::Unix(listener) => listener.as_fd(),
            Listener::Tcp(listener) => listener.as_fd(),
        }
    }
}

/// One end of a connection, of either kind.
#[derive(Debug)]
pub(super) struct Socket(File);

impl Socket {
    fn of(fd: OwnedFd) -> Self {
        Self(File::from(fd))
    }

    /// Sends a part of `bytes`. A closed other end is an error and not a signal.
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match send(self.0.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
                Err(Errno::EINTR) => {}
                answer => return Ok(answer?),
            }
        }
    }

    /// Receives what is there; 0 at the end, which a connection that was reset is, too.
    pub(super) fn receive(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.receive_by(MsgFlags::empty(), bytes)
    }

    /// As [`receive`](Self::receive), without waiting: `None` if nothing has come yet.
    pub(super) fn receive_now(&self, bytes: &mut [u8]) -> Option<io::Result<usize>> {
        match self.receive_by(MsgFlags::MSG_DONTWAIT, bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            answer => Some(answer),
        }
    }

    fn receive_by(&self, flags: MsgFlags, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match recv(self.0.as_raw_fd(), bytes, flags) {
                Err(Errno::EINTR) => {}
                Err(Errno::ECONNRESET) => return Ok(0),
                answer => return Ok(answer?),
            }
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

//! How a client and the server come to trust each other, byte by byte; `authkey` says why so.

use std::io;
use std::time::Duration;

use super::address::{Address, Socket};
use super::authkey::{AuthKey, Challenge, Proof, Role, challenge};
use super::error::ManagerError;

/// What a server says first: what it is, and which form of the language it speaks.
const MAGIC: &[u8; 16] = b"parlab manager 1";

/// The server's first words: magic, its manager's number, its limit, and a challenge.
pub(super) const HELLO: usize = 16 + 8 + 8 + 32;
/// The client's words: a challenge and a proof.
pub(super) const CLAIM: usize = 32 + 32;
/// The server's last word: whether the client is let in, and the server's own proof.
const VERDICT: usize = 1 + 32;

const LET_IN: u8 = 0;
const WRONG_KEY: u8 = 1;
const BUSY: u8 = 2;

/// What a server tells to everybody who knocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// The manager's number, which tells it from every other one.
    pub(super) manager: u64,
    /// The longest message that it takes, in bytes.
    pub(super) message_bytes: u64,
}

/// The server's side of one login.
pub(super) struct Login {
    challenge: Challenge,
}

impl Login {
    /// A login, and the words to begin it with.
    pub(super) fn begin(told: Told) -> io::Result<(Self, Vec<u8>)> {
        let challenge = challenge()?;
        let mut hello = MAGIC.to_vec();
        hello.extend(told.manager.to_be_bytes());
        hello.extend(told.message_bytes.to_be_bytes());
        hello.extend(challenge);
        Ok((Login { challenge }, hello))
    }

    /// What to answer to a client's claim, and whether it is let in.
    pub(super) fn judge(&self, key: &AuthKey, claim: &[u8; CLAIM]) -> (Vec<u8>, bool) {
        let (theirs, proof) = claim.split_at(32);
        let theirs: Challenge = theirs.try_into().expect("the first 32 bytes of 64");
        if !key.accepts(proof, Role::Client, &self.challenge, &theirs) {
            return (refusal(WRONG_KEY), false);
        }
        let mut verdict = vec![LET_IN];
        verdict.extend(key.prove(Role::Server, &self.challenge, &theirs));
        (verdict, true)
    }
}

/// What a server that takes no more clients says instead of its first words.
pub(super) fn busy() -> Vec<u8> {
    let mut words = vec![BUSY];
    words.resize(HELLO, 0);
    words
}

fn refusal(why: u8) -> Vec<u8> {
    let mut verdict = vec![why];
    verdict.resize(VERDICT, 0);
    verdict
}

/// The client's side: connects, proves, has the server prove. Gives the connection and what the
/// server told.
pub(super) fn log_in(
    address: &Address,
    key: &AuthKey,
    patience: Duration,
) -> Result<(Socket, Told), ManagerError> {
    let socket = address.connect(patience)?;
    let wire = Wire { socket: &socket, address, patience };
    let mut hello = [0; HELLO];
    wire.receive(&mut hello)?;
    if hello == busy()[..] {
        return Err(ManagerError::Busy { address: address.clone() });
    }
    let (magic, rest) = hello.split_at(MAGIC.len());
    let (manager, rest) = rest.split_at(8);
    let (message_bytes, theirs) = rest.split_at(8);
    if magic != MAGIC {
        return Err(ManagerError::NotAManager { address: address.clone() });
    }
    let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("8 bytes"));
    let told = Told { manager: number(manager), message_bytes: number(message_bytes) };
    let theirs: Challenge = theirs.try_into().expect("32 bytes");
    let ours = challenge().map_err(|source| wire.os("send to", source))?;
    let mut claim = ours.to_vec();
    claim.extend(key.prove(Role::Client, &theirs, &ours));
    wire.send(&claim)?;
    let mut verdict = [0; VERDICT];
    wire.receive(&mut verdict)?;
    let proof: &Proof = verdict[1..].try_into().expect("32 bytes");
    match verdict[0] {
        LET_IN if key.accepts(proof, Role::Server, &theirs, &ours) => Ok((socket, told)),
        LET_IN => Err(ManagerError::Unproven { address: address.clone() }),
        WRONG_KEY => Err(ManagerError::WrongKey { address: address.clone() }),
        _ => Err(ManagerError::NotAManager { address: address.clone() }),
    }
}

/// A socket and what its errors are told with.
struct Wire<'a> {
    socket: &'a Socket,
    address: &'a Address,
    patience: Duration,
}

impl Wire<'_> {
    fn send(&self, mut bytes: &[u8]) -> Result<(), ManagerError> {
        while !bytes.is_empty() {
            let sent = self.socket.send(bytes).map_err(|source| self.os("send to", source))?;
            bytes = &bytes[sent..];
        }
        Ok(())
    }

    fn receive(&self, bytes: &mut [u8]) -> Result<(), ManagerError> {
        let mut got = 0;
        while got < bytes.len() {
            match self.socket.receive(&mut bytes[got..]) {
                Ok(0) => return Err(ManagerError::Gone { address: self.address.clone() }),
                Ok(more) => got += more,
                Err(source) => return Err(self.os("receive from", source)),
            }
        }
        Ok(())
    }

    fn os(&self, verb: &'static str, source: io::Error) -> ManagerError {
        let address = self.address.clone();
        match source.kind() {
            io::ErrorKind::WouldBlock => {
                ManagerError::NoAnswer { address, seconds: self.patience.as_secs() }
            }
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                ManagerError::Gone { address }
            }
            _ => ManagerError::Os { verb, address, source },
        }
    }
}

//! The key that both ends know, and the proof of knowing it without telling it.
//!
//! Whoever connects to a port may be anybody, and so may whoever listens there. So each end sends
//! the other a number that was never used before, and gets back its HMAC-SHA256 under the key (RFC
//! 2104, FIPS 198-1; Python's `multiprocessing.connection` does the same, `deliver_challenge` and
//! `answer_challenge`):
//!
//! ```text
//! server → client   magic, the manager's number and limit, challenge S
//! client → server   challenge C, HMAC(key, "client" S C)
//! server → client   HMAC(key, "server" S C)          or one byte that says why not
//! ```
//! A proof that was overheard is worth nothing, as the next S is another; one that a server gives
//! is none that a client could give, as the word in it differs. What is sent after that is **not
//! encrypted**.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::mp::sys;

/// The least bytes of a key: shorter ones can be guessed.
const SHORTEST: usize = 16;
/// The most bytes that are read as a key.
const LONGEST: u64 = 4096;

/// A number that is used once.
pub(super) type Challenge = [u8; 32];
/// HMAC-SHA256 of a challenge.
pub(super) type Proof = [u8; 32];

/// The secret that a manager's clients must know. Python's `authkey`.
///
/// It never appears in a message, nor in the `Debug` of anything. It comes from a file that others
/// cannot read or from the environment, and never from the command line, which every user of the
/// machine can see in /proc.
#[derive(Clone)]
pub struct AuthKey(Vec<u8>);

/// Why a key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read.
    #[error("cannot read the key from {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the kernel answered.
        source: io::Error,
    },
    /// Others than its owner may read or change the file.
    #[error(
        "others can read or change the key in {} (mode {mode:04o}): `chmod 600` it, and take a new \
         key if somebody may have read it", path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// No variable of that name, or one that is not text.
    #[error("the environment has no key: set {name}, or name a file that holds one")]
    NotInEnvironment {
        /// The variable's name.
        name: String,
    },
    /// Too short, or far too long.
    #[error("a key of {len} bytes will not do: take {SHORTEST} to {LONGEST}")]
    Length {
        /// Its length in bytes; of a file that is too long, as much as was read.
        len: usize,
    },
    /// The kernel gave no random bytes.
    #[error("cannot make a random key: {0}")]
    Random(io::Error),
}

impl AuthKey {
    /// A key of these bytes.
    ///
    /// # Errors
    /// [`KeyError::Length`] unless there are 16 to 4096.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        let bytes = bytes.into();
        let fits = (SHORTEST..=LONGEST as usize).contains(&bytes.len());
        if fits { Ok(Self(bytes)) } else { Err(KeyError::Length { len: bytes.len() }) }
    }

    /// A key that nobody else knows, for a manager whose clients inherit it. Python's default.
    ///
    /// # Errors
    /// [`KeyError::Random`] before the kernel has gathered randomness, at boot.
    pub fn random() -> Result<Self, KeyError> {
        Ok(Self(challenge().map_err(KeyError::Random)?.to_vec()))
    }

    /// The key in a file that its owner alone may read; a line end at its end does not count.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`], [`KeyError::Open`] or [`KeyError::Length`].
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let unreadable = |source| KeyError::Unreadable { path: path.to_path_buf(), source };
        // Asked before it is opened: opening a named pipe would wait for who writes to it.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::other("it is not a plain file")));
        }
        let file = fs::File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Open { path: path.to_path_buf(), mode });
        }
        let mut bytes = Vec::new();
        file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        Self::new(bytes)
    }

    /// The key in a variable of the environment.
    ///
    /// # Errors
    /// [`KeyError::NotInEnvironment`] or [`KeyError::Length`].
    pub fn from_env(name: &str) -> Result<Self, KeyError> {
        let missing = |_| KeyError::NotInEnvironment { name: name.to_string() };
        Self::new(std::env::var(name).map_err(missing)?)
    }

    /// The proof that `role` knows the key, for the challenges of the server and of the client.
    pub(super) fn prove(&self, role: Role, server: &Challenge, client: &Challenge) -> Proof {
        self.mac(role, server, client).finalize().into_bytes().into()
    }

    /// Whether `proof` is the one that `role` would give. It takes as long for any wrong one.
    pub(super) fn accepts(
        &self,
        proof: &[u8],
        role: Role,
        server: &Challenge,
        client: &Challenge,
    ) -> bool {
        self.mac(role, server, client).verify_slice(proof).is_ok()
    }

    fn mac(&self, role: Role, server: &Challenge, client: &Challenge) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(role.word());
        mac.update(server);
        mac.update(client);
        mac
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey")
    }
}

/// Who proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

impl Role {
    fn word(self) -> &'static [u8] {
        match self {
            Role::Server => b"server",
            Role::Client => b"client",
        }
    }
}

/// A number that was never used before and cannot be guessed.
pub(super) fn challenge() -> io::Result<Challenge> {
    let mut bytes = [0; 32];
    sys::random(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{AuthKey, KeyError, Role};

    fn key() -> AuthKey {
        AuthKey::new("0123456789abcdef").unwrap()
    }

    #[test]
    fn a_proof_is_for_its_key_its_role_and_its_challenges_alone() {
        let (s, c) = ([1; 32], [2; 32]);
        let proof = key().prove(Role::Client, &s, &c);
        assert!(key().accepts(&proof, Role::Client, &s, &c));
        assert!(!key().accepts(&proof, Role::Server, &s, &c));
        assert!(!key().accepts(&proof, Role::Client, &[3; 32], &c));
        assert!(!key().accepts(&proof, Role::Client, &s, &[3; 32]));
        assert!(!key().accepts(&proof[..31], Role::Client, &s, &c));
        let other = AuthKey::new("0123456789abcdeX").unwrap();
        assert!(!other.accepts(&proof, Role::Client, &s, &c));
    }

    #[test]
    fn a_key_is_neither_short_nor_shown() {
        assert!(matches!(AuthKey::new("short"), Err(KeyError::Length { len: 5 })));
        assert!(!format!("{:?}", key()).contains('0'));
    }
}

//! The lesson's Python peer, run as the lesson runs it.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use parlab::mp::process;
use serde::de::DeserializeOwned;

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/lessons/lock/peer.py");

/// The first python3 on the PATH.
pub struct Peer {
    version: String,
}

impl Peer {
    /// Asks it for its version; `None` where there is none that answers.
    pub fn find() -> Option<Self> {
        let asked = ["-c", "import platform; print(platform.python_version())"];
        let version = output(&asked).ok()?;
        Some(Peer { version: version.trim().to_string() })
    }

    /// Its version, as `3.11.2`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Runs the peer once and gives what it printed. It bounds its own life (10 s).
    ///
    /// # Errors
    /// When it cannot be started, fails, or prints something else.
    pub fn run<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T> {
        let printed = output(&[&[PEER], arguments].concat())?;
        serde_json::from_str(&printed).with_context(|| format!("peer.py printed {printed:?}"))
    }
}

fn output(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("python3");
    command.args(["-I", "-B"]).args(arguments).stdin(Stdio::null());
    process::die_with_parent(&mut command, libc::SIGKILL);
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} ended with {}: {words}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

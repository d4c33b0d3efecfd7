//! A Python peer, the lock lesson's or a script of the bench's own, run as a lesson runs it.

// Each bench compiles this module anew and uses its part of it.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use parlab::mp::process;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/lessons/lock/peer.py");

/// The first python3 on the PATH.
pub struct Peer {
    version: String,
}

impl Peer {
    /// Asks it for its version; `None` where there is none that answers.
    pub fn find() -> Option<Self> {
        let asked = ["-c", "import platform; print(platform.python_version())"];
        let version = output(asked).ok()?;
        Some(Peer { version: version.trim().to_string() })
    }

    /// Its version, as `3.11.2`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Runs the lock lesson's peer once and gives what it printed. It bounds its own life (10 s).
    ///
    /// # Errors
    /// When it cannot be started, fails, or prints something else.
    pub fn run<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T> {
        self.run_file(PEER.as_ref(), arguments)
    }

    /// Runs a script once and gives what it printed.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_script<T: DeserializeOwned>(&self, script: &Script, args: &[&str]) -> Result<T> {
        self.run_file(script.0.path().as_os_str(), args)
    }

    fn run_file<T: DeserializeOwned>(&self, file: &OsStr, arguments: &[&str]) -> Result<T> {
        let printed = output([file].into_iter().chain(arguments.iter().map(OsStr::new)))?;
        serde_json::from_str(&printed).with_context(|| format!("the peer printed {printed:?}"))
    }
}

/// A script in a file, removed when it is dropped: spawn imports it again.
pub struct Script(NamedTempFile);

impl Script {
    /// Writes it. It gets an alarm that ends it after 60 s.
    ///
    /// # Errors
    /// When the temporary directory cannot be written.
    pub fn new(source: &str) -> Result<Self> {
        let mut file = tempfile::Builder::new().prefix("parlab-bench-").suffix(".py").tempfile()?;
        write!(file, "import signal\nsignal.alarm(60)\n{source}")?;
        Ok(Script(file))
    }
}

fn output(arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<String> {
    let mut command = Command::new("python3");
    command.args(["-I", "-B"]).args(arguments).stdin(Stdio::null());
    process::die_with_parent(&mut command, libc::SIGKILL);
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} ended with {}: {words}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

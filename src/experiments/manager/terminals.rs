//! The experiment `terminals`: two parlabs, in two terminals or on two machines, and one list.
//!
//! One listens (`--listen`): it has a manager there, and waits until somebody has appended. The other
//! connects (`--connect`), appends, and says that it is done. Without either option nothing runs.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde_json::json;

use crate::event::{ErrorKind, Event, Line};
use crate::experiments::failure::Failure;
use crate::experiments::lab::Lab;
use crate::mp::manager::{
    Address, AuthKey, Client, Limits, ListProxy, Manager, ManagerError, QueueProxy,
};

/// Figures: how many items were appended, how long the list is then, the address, and of the one who
/// connects the time of a call.
pub const FIGURES: &[&str] = &["appended", "length", "address", "call_s"];

/// Where the key is if no file is named.
const KEY_VARIABLE: &str = "PARLAB_AUTHKEY";

/// The names under which both find what they share.
const NUMBERS: &str = "numbers";
const DONE: &str = "done";

/// The experiment `terminals`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let (listen, connect) = (lab.params.listen.clone(), lab.params.connect.clone());
    for variant in &variants {
        match (variant.base, &listen, &connect) {
            ("listen", Some(address), _) => wait_for_others(lab, address)?,
            ("connect", _, Some(address)) => append_there(lab, address)?,
            _ => {}
        }
    }
    lab.summarize(&variants, &[])
}

fn wait_for_others(lab: &mut Lab, address: &str) -> Result<()> {
    // Who names an address wants to be reached there.
    let limits = Limits { beyond_loopback: true, ..Limits::default() };
    let address = Address::Tcp(resolved(address, ErrorKind::Address)?);
    let manager = Manager::serve(&address, key(lab)?, limits)?;
    let numbers: ListProxy<u32> = manager.named(NUMBERS)?;
    let done: QueueProxy<u32> = manager.named(DONE)?;
    // Told before the wait: the port may be one that the kernel chose.
    lab.emit(&Event::Line(Line {
        experiment: lab.experiment(),
        variant: "listen".to_string(),
        text: manager.address().to_string(),
    }))?;
    let appended = match done.get_timeout(patience(lab)) {
        Ok(appended) => appended,
        Err(ManagerError::TimedOut { .. }) => 0,
        Err(error) => return Err(error.into()),
    };
    let figures = [
        ("appended", json!(appended)),
        ("length", json!(numbers.len()?)),
        ("address", json!(manager.address().to_string())),
    ];
    lab.measure(Some("listen"), figures)
}

/// Nearly as long as the experiment may last: the rest is for telling that nobody came.
fn patience(lab: &Lab) -> Duration {
    Duration::from_secs_f64(lab.params.seconds_limit.unwrap_or(60.0) * 0.8)
}

fn append_there(lab: &mut Lab, address: &str) -> Result<()> {
    let address = Address::Tcp(resolved(address, ErrorKind::NoServer)?);
    let manager = Client::connect(&address, key(lab)?)?;
    let numbers: ListProxy<u32> = manager.named(NUMBERS)?;
    let began = Instant::now();
    for number in 0..lab.n() {
        numbers.append(&number)?;
    }
    let call = began.elapsed().as_secs_f64() / f64::from(lab.n());
    let length = numbers.len()?;
    manager.named::<QueueProxy<u32>>(DONE)?.put(&lab.n())?;
    let figures = [
        ("appended", json!(lab.n())),
        ("length", json!(length)),
        ("address", json!(address.to_string())),
        ("call_s", json!(call)),
    ];
    lab.measure(Some("connect"), figures)
}

fn key(lab: &Lab) -> Result<AuthKey> {
    let key = match &lab.params.authkey_file {
        Some(file) => AuthKey::from_file(Path::new(file)),
        None => AuthKey::from_env(KEY_VARIABLE),
    };
    Ok(key.map_err(ManagerError::from)?)
}

fn resolved(address: &str, kind: ErrorKind) -> Result<SocketAddr> {
    let failure = |detail: String| Failure { kind, what: address.to_string(), detail };
    let mut found = address.to_socket_addrs().map_err(|error| failure(error.to_string()))?;
    found.next().ok_or_else(|| anyhow!(failure("no address has that name".to_string())))
}

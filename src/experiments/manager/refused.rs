//! The experiment `strangers`: who knocks at a manager's port, and what becomes of it.
//!
//! One has the key, one has another key, one speaks another language, one says nothing. Beside each,
//! a client that was there before makes a call.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::experiments::demonstration;
use crate::experiments::lab::Lab;
use crate::mp::manager::{Address, AuthKey, Client, Limits, ListProxy, Manager, ManagerError};

/// Figures: whether the stranger was let in, what it was told, how long it was kept, and whether the
/// client before it was served afterwards.
pub const FIGURES: &[&str] = &["let_in", "told", "kept_s", "others_served"];

/// How long a client may take to log in: short, as one of them never does.
const LOGIN: Duration = Duration::from_millis(200);
/// How long a stranger waits for an end that should come.
const BOUND: Duration = Duration::from_secs(10);

/// What a browser would say.
const GARBAGE: &[u8] = b"GET /list HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: a browser\r\n\
    Accept: text/html\r\n\r\n";

/// The experiment `strangers`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let key = AuthKey::random()?;
    let here = Address::Tcp(([127, 0, 0, 1], 0).into());
    let limits = Limits { login: LOGIN, ..Limits::default() };
    let manager = Manager::serve(&here, key.clone(), limits)?;
    let list: ListProxy<u32> = manager.named("numbers")?;
    demonstration::each_variant(lab, |_, variant| {
        let (began, mut others_served) = (Instant::now(), false);
        // Called while the stranger is at the port, and has not been let in or dropped for long.
        let mut meanwhile = || others_served = list.append(&1).is_ok();
        let (let_in, told) = knock(&manager, &key, variant.base, &mut meanwhile)?;
        Ok(Some(vec![
            ("let_in", json!(let_in)),
            ("told", json!(told)),
            ("kept_s", json!(began.elapsed().as_secs_f64())),
            ("others_served", json!(others_served)),
        ]))
    })
}

/// Whether one was let in, and what it was told.
type Answer = (bool, &'static str);

fn knock(
    manager: &Manager,
    key: &AuthKey,
    who: &str,
    meanwhile: &mut dyn FnMut(),
) -> Result<Answer> {
    let Address::Tcp(port) = *manager.address() else { bail!("the manager has no port") };
    match who {
        "right-key" => by_key(manager, key.clone(), meanwhile),
        "wrong-key" => by_key(manager, AuthKey::random()?, meanwhile),
        "garbage" => without_login(port, GARBAGE, meanwhile),
        "silent" => without_login(port, b"", meanwhile),
        other => unreachable!("the registry has no variant {other}"),
    }
}

fn by_key(manager: &Manager, key: AuthKey, meanwhile: &mut dyn FnMut()) -> Result<Answer> {
    // region: knock
    let answer = Client::connect(manager.address(), key);
    meanwhile(); // another client makes a call
    match answer {
        Ok(client) => Ok((client.served().is_ok(), "welcome")),
        Err(ManagerError::WrongKey { .. }) => Ok((false, "wrong_key")),
        Err(other) => Err(other.into()),
    }
    // endregion
}

/// Says something else than a login, or nothing, and waits for the end of the connection.
fn without_login(port: SocketAddr, words: &[u8], meanwhile: &mut dyn FnMut()) -> Result<Answer> {
    let mut stream = TcpStream::connect(port).context("knocking at the manager's port")?;
    stream.set_read_timeout(Some(BOUND)).context("a bound for the wait")?;
    // It may be dropped while it speaks: then it is.
    let _ = stream.write_all(words);
    meanwhile();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => Ok((false, "dropped")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok((false, "dropped")),
        Err(error) => Err(error).context("waiting to be dropped"),
    }
}

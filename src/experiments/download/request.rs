//! The request: a small file over a connection that is kept, from a server that makes nobody wait.
//!
//! No latency and no line of limited width stand between the two, so what is timed is HTTP itself:
//! the client, the loopback, the server and the way back. It is what the price list takes of HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::blocking::Client;
use serde_json::json;

use super::client::{Connections, Whom, client};
use super::server::{Conditions, Server};
use crate::event::Run;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish;
use crate::experiments::{python, rounds};
use crate::mp::{Process, RawValue};

/// Figures of each variant: connections that were opened in the last run, and bytes of the file.
pub const FIGURES: &[&str] = &["connections", "file_bytes"];

/// Bytes of the file.
const FILE: usize = 1024;
/// Requests before the clock starts; the first of them opens the connection.
const WARM_UP: u32 = 10;
/// The longest wait for an answer.
const BOUND: Duration = Duration::from_secs(5);

/// The experiment `request`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let server = Server::start(Conditions { latency: Duration::ZERO, bandwidth: None })?;
    let address = server.address(&format!("bytes-{FILE}.bin"));
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut connections: BTreeMap<String, u64> = BTreeMap::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        let run = match variant.python {
            Some(_) => peer(lab, variant, index, &address)?,
            None => Some(lab.entitle(requests(&address, lab.n())?, variant, index)),
        };
        let opened = server.connections();
        if run.is_some() {
            connections.insert(variant.name.clone(), opened);
        }
        Ok(run)
    })?;
    for variant in &variants {
        if let Some(opened) = connections.get(&variant.name) {
            let figures = [("connections", json!(opened)), ("file_bytes", json!(FILE))];
            lab.measure(Some(&variant.name), figures)?;
        }
    }
    lab.summarize(&variants, &runs)
}

/// One run: `n` requests by a child, as the client has a thread.
fn requests(address: &str, n: u32) -> Result<Run> {
    let clocks = Clocks::new(1).context("the child's clock in shared memory")?;
    let right = RawValue::new(0_i64).context("the child's count in shared memory")?;
    let (clocks_of, right_of) = (&clocks, &right);
    let mut child = Process::new("asker", move || {
        let client = client(Whom::OwnServer, Connections::Kept, BOUND)
            .unwrap_or_else(|error| panic!("{error:#}"));
        let ask = |n| ask(&client, address, n).unwrap_or_else(|error| panic!("{error}"));
        ask(WARM_UP);
        right_of.set(clocks_of.time(0, || ask(n)));
    });
    child.start()?;
    finish(&mut child)?;
    let (expected, got) = (i64::from(n), right.get());
    Ok(Run {
        time_s: Some(clocks.elapsed_s()),
        expected: Some(expected),
        got: Some(got),
        correct: Some(got == expected),
        ..Run::default()
    })
}

/// Asks `n` times, and gives how often the file came.
fn ask(client: &Client, address: &str, n: u32) -> reqwest::Result<i64> {
    let mut right = 0;
    for _ in 0..n {
        let body = client.get(address).send()?.error_for_status()?.bytes()?;
        right += i64::from(body.len() == FILE);
    }
    Ok(right)
}

fn peer(lab: &mut Lab, variant: &Variant, index: u32, address: &str) -> Result<Option<Run>> {
    let (count, bytes) = (lab.n().to_string(), FILE.to_string());
    let arguments = ["request".to_string(), address.to_string(), count, bytes];
    python::run(lab, variant, index, &arguments)
}

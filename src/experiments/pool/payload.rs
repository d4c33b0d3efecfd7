//! What an argument costs: a number, a list, a map of as many entries.
//!
//! The task only counts what it got, so what differs is the way there: the argument is turned into
//! bytes, copied through the queue, and made of bytes again in the worker. The first and the last are
//! measured by themselves, too. And one list is too long for its pool.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::spent;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::mp::{Pool, PoolError, sys};

/// Figures: bytes of an argument; seconds a task, all in all; seconds to turn one argument into bytes,
/// and back; the greatest argument that the pool can send, and whether a longer one was refused before
/// any task ran.
pub const FIGURES: &[&str] =
    &["argument_bytes", "each_s", "to_bytes_s", "from_bytes_s", "limit_bytes", "refused"];

const WORKERS: usize = 2;
const TASKS: usize = 200;
/// Entries of a list, of a map.
const ENTRIES: i64 = 1000;
/// Bytes of the queues of the pool that is too small.
const SMALL: usize = 1024;

type Figures = Vec<(&'static str, Value)>;

// region: arguments
fn list() -> Vec<i64> {
    (0..ENTRIES).collect()
}

fn map() -> BTreeMap<String, i64> {
    let named = |at| (format!("entry {at}"), at);
    (0..ENTRIES).map(named).collect()
}
// endregion

/// What the peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    argument_bytes: u64,
    each_s: f64,
    to_bytes_s: f64,
    from_bytes_s: f64,
}

/// The experiment `payload`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        if let Some(figures) = measured(lab, variant)? {
            lab.measure(Some(&variant.name), figures)?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn measured(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    if variant.python.is_some() {
        return peer(lab, variant);
    }
    let figures = match variant.base {
        "number" => carried(7_i64, |_| 1),
        "list" => carried(list(), |list: Vec<i64>| list.len()),
        "map" => carried(map(), |map: BTreeMap<String, i64>| map.len()),
        _ => too_long(),
    };
    figures.map(Some)
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let kind = variant.base.trim_start_matches("python-").to_string();
    let arguments = ["payload".to_string(), kind, TASKS.to_string(), ENTRIES.to_string()];
    let said: Option<Peer> = python::call(lab, variant, &arguments)?;
    Ok(said.map(|said| {
        vec![
            ("argument_bytes", json!(said.argument_bytes)),
            ("each_s", json!(said.each_s)),
            ("to_bytes_s", json!(said.to_bytes_s)),
            ("from_bytes_s", json!(said.from_bytes_s)),
        ]
    }))
}

fn carried<A>(argument: A, count: fn(A) -> usize) -> Result<Figures>
where
    A: Serialize + DeserializeOwned + Clone,
{
    let pool = spent::start(WORKERS)?;
    let arguments = vec![argument.clone(); TASKS];
    pool.map(count, &arguments[..WORKERS], Some(1))?; // each has done one of this kind
    let began = sys::now_ns();
    let counts = pool.map(count, &arguments, Some(1))?;
    let each_s = seconds_each(began);
    let expected = count(argument.clone());
    if counts.iter().any(|counted| *counted != expected) {
        bail!("a worker counted something else than {expected}");
    }
    let began = sys::now_ns();
    let messages: Result<Vec<Vec<u8>>, _> = arguments.iter().map(postcard::to_stdvec).collect();
    let to_bytes_s = seconds_each(began);
    let messages = messages?;
    let began = sys::now_ns();
    let back: Result<Vec<A>, _> =
        messages.iter().map(|bytes| postcard::from_bytes(bytes)).collect();
    let from_bytes_s = seconds_each(began);
    drop(back?);
    Ok(vec![
        ("argument_bytes", json!(messages[0].len())),
        ("each_s", json!(each_s)),
        ("to_bytes_s", json!(to_bytes_s)),
        ("from_bytes_s", json!(from_bytes_s)),
    ])
}

fn seconds_each(began: u64) -> f64 {
    (sys::now_ns() - began) as f64 / 1e9 / TASKS as f64
}

/// A list is given to a pool whose queue can never hold it.
fn too_long() -> Result<Figures> {
    let pool = Pool::builder(WORKERS).capacity(SMALL).start()?;
    let answer = pool.apply(|list: Vec<i64>| list.len(), list());
    let (bytes, limit, refused) = match answer {
        Err(PoolError::TooLarge { len, limit, .. }) => (Some(len), Some(limit), true),
        Err(other) => return Err(other.into()),
        Ok(_) => (None, None, false),
    };
    Ok(vec![
        ("argument_bytes", json!(bytes)),
        ("limit_bytes", json!(limit)),
        ("refused", json!(refused)),
    ])
}

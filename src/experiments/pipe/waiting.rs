//! Waiting at both ends: a `recv` before anybody has sent, and a `send` that nobody receives.
//!
//! Both are found waiting, not timed: asleep in the same system call at two looks at /proc, with next
//! to no CPU time between. Then the other end comes, and all ends well.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::event::NoteKind;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish;
use crate::mp::proc::{self, Evidence, Stuck};
use crate::mp::{Connection, Process, RawValue, pipe, pipe_oneway};

/// Figures of `recv-first`: how `recv` answered before anybody had sent (an error, nothing, or not at
/// all: it waited), the call it was found asleep in, and whether the message came in the end.
pub const RECV_FIRST: &[&str] = &["failed", "gave_nothing", "waits", "call", "received"];

/// Figures of `unread`: how `send` answered while nobody received (an error, done, or not at all), the
/// call it was found asleep in, how long the message was, how many bytes of it and its length lay in
/// the connection then, and whether it came whole in the end.
pub const UNREAD: &[&str] =
    &["failed", "returned", "waits", "call", "message_bytes", "held_bytes", "arrived"];

/// How long somebody is looked at who does not come to rest.
const SEARCH: Duration = Duration::from_secs(10);
/// How long anything is waited for that should simply happen.
const BOUND: Duration = Duration::from_secs(10);

/// What a process says of its call, in shared memory.
const UNDER_WAY: u32 = 0;
const DONE: u32 = 1;
const NOTHING: u32 = 2;
const FAILED: u32 = 3;

/// The two ends, receiver first.
fn connection(variant: &Variant) -> Result<(Connection, Connection)> {
    let ends = if variant.base == "socketpair" { pipe() } else { pipe_oneway() };
    ends.context("the connection")
}

/// The experiment `recv-first`.
pub fn recv_first(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        let figures = receive_before_sent(lab, variant)?;
        lab.measure(Some(&variant.name), figures)?;
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn receive_before_sent(lab: &mut Lab, variant: &Variant) -> Result<Vec<(&'static str, Value)>> {
    let (conn2, conn1) = connection(variant)?;
    let state = RawValue::new(UNDER_WAY).context("shared memory")?;
    let state_of = &state;
    let mut receiver = Process::new("receiver", move || {
        state_of.set(match conn2.recv::<String>() {
            Ok(name) if name.is_empty() => NOTHING,
            Ok(_) => DONE,
            Err(_) => FAILED,
        });
    });
    receiver.start()?;
    let found = look_at(lab, variant, &receiver)?;
    let before = state.get();
    // An end that nobody reads any more is one answer to the question.
    let _ = conn1.send("Piero");
    ensure!(receiver.join_timeout(BOUND)?.is_some(), "the receiver did not end");
    Ok(vec![
        ("failed", json!(before == FAILED)),
        ("gave_nothing", json!(before == NOTHING)),
        ("waits", json!(found.is_some() && before == UNDER_WAY)),
        ("call", json!(found.as_ref().and_then(call))),
        ("received", json!(state.get() == DONE)),
    ])
}

/// The experiment `unread`.
pub fn unread(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        let figures = send_unread(lab, variant)?;
        lab.measure(Some(&variant.name), figures)?;
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn send_unread(lab: &mut Lab, variant: &Variant) -> Result<Vec<(&'static str, Value)>> {
    let (receiver, conn1) = connection(variant)?;
    let state = RawValue::new(UNDER_WAY).context("shared memory")?;
    let state_of = &state;
    let len = if variant.base == "short" { 5 } else { 1_000_000 };
    let mut sender = Process::new("sender", move || {
        // region: unread
        let message = vec![b'x'; len];
        let sent = conn1.send_bytes(&message); // nobody receives
        // endregion
        state_of.set(if sent.is_ok() { DONE } else { FAILED });
    });
    sender.start()?;
    let found = look_at(lab, variant, &sender)?;
    let (before, held) = (state.get(), receiver.waiting_bytes()?);
    let arrived = receiver.recv_bytes().is_ok_and(|message| message == vec![b'x'; len]);
    finish(&mut sender)?;
    Ok(vec![
        ("failed", json!(before == FAILED)),
        ("returned", json!(before == DONE)),
        ("waits", json!(found.is_some() && before == UNDER_WAY)),
        ("call", json!(found.as_ref().and_then(call))),
        ("message_bytes", json!(len)),
        ("held_bytes", json!(held)),
        ("arrived", json!(arrived)),
    ])
}

/// Looks at a process until it is asleep at two looks, or has ended.
fn look_at(lab: &mut Lab, variant: &Variant, process: &Process) -> Result<Option<Stuck>> {
    let pid = process.pid().unwrap_or_default();
    let found = proc::find_deadlock(&[pid], SEARCH)?.and_then(|mut stuck| stuck.pop());
    if found.as_ref().is_some_and(|stuck| stuck.by == Evidence::Wchan) {
        lab.note(Some(&variant.name), NoteKind::SyscallHidden)?;
    }
    Ok(found)
}

/// The call it sleeps in, or the kernel's function where the call may not be read.
fn call(stuck: &Stuck) -> Option<String> {
    match stuck.syscall {
        Some(call) => call.name().map(str::to_string),
        None => stuck.wchan.clone(),
    }
}

//! Full: the very byte at which a writer blocks, found by writing until it does.
//!
//! A child writes on and on while nobody reads, and says after each write how much it has written.
//! When it is found asleep in the call, that number is where the connection was full. Beside it
//! stands what the kernel itself says that it holds, and how many bytes have to be read before it
//! takes one again.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::json;

use crate::event::NoteKind;
use crate::experiments::lab::{Lab, Variant};
use crate::mp::proc::{self, Evidence, Stuck};
use crate::mp::{Connection, Process, RawValue, pipe, pipe_oneway};

/// Figures: bytes that were taken, written one by one and in a single large write; what the kernel
/// says it holds; the call in which the writer slept; bytes (written one by one) that had to be read
/// until there was room for one again.
pub const FIGURES: &[&str] =
    &["singly_bytes", "at_once_bytes", "capacity_bytes", "call", "room_after_bytes"];

/// How long it may take until the writer blocks.
const SEARCH: Duration = Duration::from_secs(20);
/// More than any of them holds by default.
const LARGE: usize = 16 << 20;

/// The experiment `full`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        let singly = filled(variant, 1)?;
        let at_once = filled(variant, LARGE)?;
        if singly.stuck.by == Evidence::Wchan {
            lab.note(Some(&variant.name), NoteKind::SyscallHidden)?;
        }
        let call = singly.stuck.syscall.and_then(|call| call.name()).map(str::to_string);
        let figures = [
            ("singly_bytes", json!(singly.written)),
            ("at_once_bytes", json!(at_once.held)),
            ("capacity_bytes", json!(singly.receiver.capacity_bytes()?)),
            ("call", json!(call.or(singly.stuck.wchan.clone()))),
            ("room_after_bytes", json!(singly.room_after()?)),
        ];
        lab.measure(Some(&variant.name), figures)?;
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

/// A connection that is full.
struct Filled {
    /// What the writer said it had written.
    written: u64,
    /// What lay in the connection.
    held: usize,
    stuck: Stuck,
    receiver: Connection,
    sender: Connection,
}

fn fill(mut sender: File, piece: usize, written: &RawValue<u64>) {
    // region: fill
    let piece = vec![b'x'; piece];
    loop {
        sender.write_all(&piece).expect("an open reader"); // blocks when full
        written.set(written.get() + piece.len() as u64);
    }
    // endregion
}

/// Lets a child write pieces of this size until it blocks, and then ends it.
fn filled(variant: &Variant, piece: usize) -> Result<Filled> {
    let ends = if variant.base == "socketpair" { pipe() } else { pipe_oneway() };
    let (receiver, sender) = ends.context("the connection")?;
    let written = RawValue::new(0_u64).context("shared memory")?;
    let (file, written_of) = (file_of(&sender)?, &written);
    let mut writer = Process::new("writer", move || fill(file, piece, written_of));
    writer.start()?;
    let pid = writer.pid().unwrap_or_default();
    let Some(stuck) = proc::find_deadlock(&[pid], SEARCH)?.and_then(|mut stuck| stuck.pop()) else {
        bail!("the writer was not found waiting within {} s", SEARCH.as_secs());
    };
    let held = receiver.waiting_bytes().context("asking how many bytes lie there")?;
    writer.kill()?;
    writer.join()?;
    Ok(Filled { written: written.get(), held, stuck, receiver, sender })
}

/// The connection's descriptor once more, to write and read what are no messages.
fn file_of(connection: &Connection) -> Result<File> {
    let fd = connection.as_fd().try_clone_to_owned().context("a second descriptor")?;
    Ok(File::from(fd))
}

impl Filled {
    /// Reads byte after byte until the kernel would take one more; how many that were.
    fn room_after(&self) -> Result<u64> {
        let mut receiver = file_of(&self.receiver)?;
        let mut count = 0;
        while !self.has_room()? {
            receiver.read_exact(&mut [0]).context("reading a byte")?;
            count += 1;
        }
        Ok(count)
    }

    fn has_room(&self) -> Result<bool> {
        let mut watched = [PollFd::new(self.sender.as_fd(), PollFlags::POLLOUT)];
        Ok(poll(&mut watched, PollTimeout::ZERO).context("asking for room")? > 0)
    }
}

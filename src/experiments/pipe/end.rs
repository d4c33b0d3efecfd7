//! The end: a reader learns that nothing more will come when every writing end is closed, in every
//! process. A forgotten one, and it waits for ever.
//!
//! The one that is nearly always forgotten is the reader's own: a forked child has a copy of
//! all that its parent had open. Which process holds which end is read from /proc.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::experiments::deadlock::{self, Known};
use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish;
use crate::mp::proc::{self, Stuck};
use crate::mp::{Connection, Exit, PipeError, Process, RawValue, pipe_oneway, process};

/// Figures: messages sent and received; whether the reader saw the end, or got another error; whether
/// it was found waiting, and in which call; how many writing ends were open then, in which process, as which descriptor of
/// it; and the name that the kernel gives to the pipe.
pub const FIGURES: &[&str] = &[
    "sent",
    "received",
    "saw_end",
    "failed",
    "waits",
    "call",
    "writing_ends",
    "holder",
    "holder_fd",
    "pipe_name",
];

/// Messages.
const MESSAGES: u32 = 3;
/// How the reader ends: after the end of the messages, or another error.
const SAW_END: i32 = 0;
const FAILED: i32 = 2;
/// How long the reader is looked at, if it neither ends nor comes to rest.
const SEARCH: Duration = Duration::from_secs(10);

/// A handle that each process may close for itself, as each has its own copy of it after the fork.
type Handle = Cell<Option<Connection>>;

/// Receives until there is an error, and gives it.
fn read_to_end(conn1: &Handle, conn2: &Connection, closes: bool, got: &RawValue<u32>) -> PipeError {
    // region: read-to-end
    if closes {
        drop(conn1.take()); // this process's copy of the writing end
    }
    loop {
        match conn2.recv::<u32>() {
            Ok(_) => got.set(got.get() + 1),
            Err(error) => return error, // Closed, at the end
        }
    }
    // endregion
}

fn send_all(conn1: &Handle) {
    let conn1 = conn1.take().expect("it is open");
    (0..MESSAGES).for_each(|number| conn1.send(&number).expect("the reader reads"));
}

/// The experiment `end`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, demonstrate)
}

fn demonstrate(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let (conn2, conn1) = pipe_oneway().context("the pipe")?;
    let conn1 = Handle::new(Some(conn1));
    let received = RawValue::new(0).context("shared memory")?;
    let closes = variant.base == "closed";
    let mut reader = Process::new("reader", || {
        let error = read_to_end(&conn1, &conn2, closes, &received);
        process::exit(if matches!(error, PipeError::Closed) { SAW_END } else { FAILED });
    });
    let mut sender = Process::new("sender", || send_all(&conn1));
    reader.start()?;
    sender.start()?;
    drop(conn1.take()); // the parent's copy
    finish(&mut sender)?;
    let pid = reader.pid().unwrap_or_default();
    let stuck = proc::find_deadlock(&[pid], SEARCH)?;
    let name = proc::fd_target(own_pid(), conn2.fileno())?;
    let holders = writing_ends(&name, &[("reader", pid), ("parent", own_pid())])?;
    let call = match &stuck {
        Some(stuck) => tell(lab, variant, stuck, &name, &holders)?,
        None => Value::Null,
    };
    let ended = ended(&mut reader)?;
    Ok(Some(vec![
        ("sent", json!(MESSAGES)),
        ("received", json!(received.get())),
        ("saw_end", json!(ended == Some(Exit::Code(SAW_END)))),
        ("failed", json!(ended == Some(Exit::Code(FAILED)))),
        ("waits", json!(stuck.is_some())),
        ("call", call),
        ("writing_ends", json!(holders.len())),
        ("holder", json!(holders.first().map(|holder| holder.process))),
        ("holder_fd", json!(holders.first().map(|holder| holder.fd))),
        ("pipe_name", json!(name)),
    ]))
}

/// How the reader came to its end; if it did not it is killed.
fn ended(reader: &mut Process) -> Result<Option<Exit>> {
    let ended = reader.join_timeout(Duration::ZERO)?;
    reader.kill()?;
    reader.join()?;
    Ok(ended)
}

fn own_pid() -> i32 {
    std::process::id().cast_signed()
}

/// A writing end of the pipe that is open in some process.
struct Holder {
    process: &'static str,
    fd: i32,
}

/// Who holds one, of the processes that could: the sender has ended.
fn writing_ends(pipe: &str, processes: &[(&'static str, i32)]) -> Result<Vec<Holder>> {
    let mut holders = Vec::new();
    for &(process, pid) in processes {
        let open = match proc::descriptors(pid) {
            Err(proc::ProcError::Gone { .. }) => continue,
            open => open?,
        };
        let writes = open.into_iter().filter(|open| open.writes && open.target == pipe);
        holders.extend(writes.map(|open| Holder { process, fd: open.fd }));
    }
    Ok(holders)
}

/// Tells who waits for whom, and gives the call.
fn tell(
    lab: &mut Lab,
    variant: &Variant,
    stuck: &[Stuck],
    pipe: &str,
    holders: &[Holder],
) -> Result<Value> {
    deadlock::tell(lab, variant, stuck, |_| Known {
        process: "reader".to_string(),
        resource: Some(pipe.to_string()),
        holder: holders.first().map(|holder| holder.process.to_string()),
        // The call's first argument is a descriptor, and no address.
        address: None,
    })?;
    let call = stuck.first().and_then(|one| match one.syscall {
        Some(call) => call.name().map(str::to_string),
        None => one.wchan.clone(),
    });
    Ok(json!(call))
}

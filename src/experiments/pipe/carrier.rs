//! Carriers: four ways for messages between two processes, behind the verbs of a connection.

use std::rc::Rc;

use anyhow::{Context, Result};

use crate::mp::{Connection, Queue, ShmPipe, pipe, pipe_oneway};

/// One process's end of a two-way line: what it receives from and what it sends to.
pub enum End {
    /// Two pipes of the kernel, one for each direction.
    Pipes { from: Connection, to: Connection },
    /// A pair of connected sockets, which Python's `Pipe()` is made of.
    Socket(Connection),
    /// Two queues in shared memory.
    Queues { from: Rc<Queue<i64>>, to: Rc<Queue<i64>> },
    /// Two pipes in shared memory.
    Rings { from: Rc<ShmPipe>, to: Rc<ShmPipe> },
}

/// Two connected ends, by the name of the variant; messages have at most `longest` bytes.
///
/// # Errors
/// When descriptors or shared memory cannot be had.
pub fn pair(variant: &str, longest: usize) -> Result<(End, End)> {
    match variant {
        "pipe" => pipes(),
        "socketpair" => sockets(),
        "queue" => queues(longest),
        "shm" => rings(),
        other => unreachable!("the registry has no variant {other}"),
    }
}

fn pipes() -> Result<(End, End)> {
    // region: pipes
    let (a_reads, b_writes) = pipe_oneway()?;
    let (b_reads, a_writes) = pipe_oneway()?;
    // endregion
    let a = End::Pipes { from: a_reads, to: a_writes };
    let b = End::Pipes { from: b_reads, to: b_writes };
    Ok((a, b))
}

fn sockets() -> Result<(End, End)> {
    // region: sockets
    let (a, b) = pipe()?;
    // endregion
    Ok((End::Socket(a), End::Socket(b)))
}

/// A queue holds as much as a pipe does by default, and four messages at least.
const ROOM: usize = 64 * 1024;

fn queues(longest: usize) -> Result<(End, End)> {
    let capacity = ROOM.max(4 * (longest + 4));
    let queue = || Queue::new(capacity).map(Rc::new).context("a queue");
    let (one, other) = (queue()?, queue()?);
    let a = End::Queues { from: Rc::clone(&one), to: Rc::clone(&other) };
    Ok((a, End::Queues { from: other, to: one }))
}

fn rings() -> Result<(End, End)> {
    let ring = || ShmPipe::new().map(Rc::new).context("a pipe in shared memory");
    let (one, other) = (ring()?, ring()?);
    let a = End::Rings { from: Rc::clone(&one), to: Rc::clone(&other) };
    Ok((a, End::Rings { from: other, to: one }))
}

impl End {
    /// Sends a number.
    pub fn send(&self, number: i64) -> Result<()> {
        match self {
            End::Pipes { to, .. } | End::Socket(to) => to.send(&number)?,
            End::Queues { to, .. } => to.put(&number)?,
            End::Rings { to, .. } => to.send(&number)?,
        }
        Ok(())
    }

    /// Waits for a number.
    pub fn recv(&self) -> Result<i64> {
        Ok(match self {
            End::Pipes { from, .. } | End::Socket(from) => from.recv()?,
            End::Queues { from, .. } => from.get()?,
            End::Rings { from, .. } => from.recv()?,
        })
    }

    /// Sends bytes as one message.
    pub fn send_bytes(&self, message: &[u8]) -> Result<()> {
        match self {
            End::Pipes { to, .. } | End::Socket(to) => to.send_bytes(message)?,
            End::Queues { to, .. } => to.put_bytes(message)?,
            End::Rings { to, .. } => to.send_bytes(message)?,
        }
        Ok(())
    }

    /// Waits for a message, in place of what `message` held.
    pub fn recv_bytes_into(&self, message: &mut Vec<u8>) -> Result<()> {
        match self {
            End::Pipes { from, .. } | End::Socket(from) => from.recv_bytes_into(message)?,
            End::Queues { from, .. } => from.get_bytes_into(message)?,
            End::Rings { from, .. } => from.recv_bytes_into(message)?,
        }
        Ok(())
    }
}

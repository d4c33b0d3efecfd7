//! A home for threads: a forked child of its own, in which they are started and joined.
//!
//! After a fork in a process that has threads, the child may do next to nothing until it calls
//! exec (fork(2)). The process of the experiment forks, so it never has a thread: each run of
//! threads happens in a child, and what it finds out comes back through shared memory.

use std::io;

use anyhow::{Context, Result};
use crossbeam::thread::{self, Scope};

use crate::experiments::crowd;
use crate::experiments::workers::finish;
use crate::mp::{Process, RawValue};

/// Runs `body` in a child that may start threads.
///
/// # Errors
/// When the child cannot be made or does not end well, and with the limits on threads where one
/// cannot be had (`ulimit -u`, `ulimit -v`, the cgroup's pids.max).
pub fn run(body: impl FnOnce() -> io::Result<()>) -> Result<()> {
    let refused = RawValue::new(0_i32).context("the threads' report in shared memory")?;
    let refusal = &refused;
    let mut home = Process::new("threads", move || {
        if let Err(error) = body() {
            refusal.set(error.raw_os_error().unwrap_or(libc::EAGAIN));
        }
    });
    home.start()?;
    finish(&mut home)?;
    match refused.get() {
        0 => Ok(()),
        libc::EAGAIN => Err(crowd::no_thread().into()),
        errno => Err(io::Error::from_raw_os_error(errno)).context("starting a thread"),
    }
}

/// Lets `start` start threads, and joins them all.
///
/// # Errors
/// Those of `start`: of a thread that cannot be had. The others are joined all the same.
///
/// # Panics
/// If a thread panicked, unless one could not be had: the others then waited in vain for it.
pub fn scoped<'env>(start: impl FnOnce(&Scope<'env>) -> io::Result<()>) -> io::Result<()> {
    let mut started = Ok(());
    let ended = thread::scope(|scope| started = start(scope));
    started?;
    ended.expect("a thread panicked, and said why");
    Ok(())
}

//! How the end of a worker becomes the end of an experiment: in order, or as a failure.

use anyhow::Result;

use super::failure::{Failure, ended_by_signal};
use crate::event::ErrorKind;
use crate::mp::{Exit, Process};

/// Joins a worker, and turns an end that was not meant into the failure it is.
pub fn finish(worker: &mut Process<'_>) -> Result<()> {
    finish_all(std::slice::from_mut(worker))
}

/// Joins workers that wait for each other. Of several bad ends it tells a signal rather
/// than a panic: whoever is killed leaves the others waiting in vain.
pub fn finish_all(workers: &mut [Process<'_>]) -> Result<()> {
    let mut failures = Vec::new();
    for worker in workers {
        failures.extend(failure(worker)?);
    }
    match failures.into_iter().min_by_key(|failure| failure.kind == ErrorKind::Panic) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

fn failure(worker: &mut Process<'_>) -> Result<Option<Failure>> {
    let exit = worker.join()?;
    let (kind, detail) = match exit {
        Exit::Code(0) => return Ok(None),
        Exit::Signal(_) => ended_by_signal(exit, ErrorKind::WorkerKilled),
        Exit::Code(_) => {
            let words = worker.panic_message().map(str::to_string);
            (ErrorKind::Panic, words.unwrap_or_else(|| exit.to_string()))
        }
    };
    Ok(Some(Failure { kind, what: worker.name().to_string(), detail }))
}

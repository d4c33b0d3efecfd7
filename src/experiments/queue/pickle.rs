//! A value that cannot be turned into bytes: who is told?
//!
//! Our `put` turns the value into bytes itself, so its error is put's error. Behind a feeder
//! thread, as in Python, `put` has returned long before, and the error has nobody to go to. The
//! value is a path that is not UTF-8, which serde refuses; in Python it is a lambda.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::mp::{Process, Queue, QueueError, RawValue};

/// Figures: whether `put` gave an error, the producer's exit code, whether the one who gets
/// still waited when its time was over and how long that was, and what was said of it elsewhere.
pub const FIGURES: &[&str] = &["put_failed", "exitcode", "getter_waits", "waited_s", "complaint"];

/// How long a get waits before it gives up.
const PATIENCE: Duration = Duration::from_millis(300);

/// What the Python peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    put_failed: bool,
    exitcode: i32,
    getter_waits: bool,
    waited_s: f64,
    complaint: String,
}

/// A path in Latin-1: fine for Linux, no text for serde.
fn unsendable() -> PathBuf {
    Path::new(OsStr::from_bytes(b"caff\xe8.txt")).to_path_buf()
}

/// Whether `put` failed.
fn in_put(queue: &Queue<PathBuf>) -> bool {
    // region: in-put
    let answer = queue.put(&unsendable());
    matches!(answer, Err(QueueError::Encode(_)))
    // endregion
}

/// The same behind a feeder thread.
fn in_feeder(queue: &Queue<PathBuf>) -> bool {
    // region: in-feeder
    let (buffer, items) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for item in items {
                let _ = queue.put(&item); // an error has nobody to go to
            }
        });
        let failed = buffer.send(unsendable()).is_err();
        drop(buffer); // the feeder ends when it has fed all
        failed
    })
    // endregion
}

/// The experiment `unsendable`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, demonstrate)
}

fn demonstrate(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    if variant.python.is_none() {
        return native(variant.base).map(Some);
    }
    let said: Option<Peer> = python::call(lab, variant, &["pickle".to_string()])?;
    Ok(said.map(|said| {
        vec![
            ("put_failed", json!(said.put_failed)),
            ("exitcode", json!(said.exitcode)),
            ("getter_waits", json!(said.getter_waits)),
            ("waited_s", json!(said.waited_s)),
            ("complaint", json!(said.complaint)),
        ]
    }))
}

fn native(way: &str) -> Result<Figures> {
    let queue: Queue<PathBuf> = Queue::new(4096).context("the queue")?;
    let failed = RawValue::new(0_u32).context("an answer in shared memory")?;
    let mut producer = Process::new("producer", || {
        let answer = if way == "in-put" { in_put(&queue) } else { in_feeder(&queue) };
        failed.set(u32::from(answer));
    });
    producer.start()?;
    let exit = producer.join()?;
    let began = Instant::now();
    let got = queue.get_timeout(PATIENCE);
    Ok(vec![
        ("put_failed", json!(failed.get() == 1)),
        ("exitcode", json!(exit.exitcode())),
        ("getter_waits", json!(matches!(got, Err(QueueError::TimedOut { .. })))),
        ("waited_s", json!(began.elapsed().as_secs_f64())),
    ])
}

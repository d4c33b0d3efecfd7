//! The `price` event: what one operation of a means costs on this machine.

use serde::{Deserialize, Serialize};

/// The `price` event, after the experiment that told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The means: `fork`, `lock`, `pipe`, …
    pub means: String,
    /// What was done once for that price.
    pub operation: Operation,
    /// The experiment that told it.
    pub experiment: String,
    /// The variant of it.
    pub variant: String,
    /// Of a Python: `python`, or `python3.9` where several ran; null for Rust.
    pub python: Option<String>,
    /// The price: a median.
    pub cost_s: f64,
    /// First quartile over the runs, where there is a time for each.
    pub q1_s: Option<f64>,
    /// Third quartile.
    pub q3_s: Option<f64>,
    /// The CPUs that the processes were pinned to; null where they were free to move.
    pub cpus: Option<Vec<usize>>,
    /// Whether Python's standard library has nothing like it, so that no price can stand beside.
    #[serde(default)]
    pub native_only: bool,
}

/// What is done once for a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A process or thread is started and joined, one of several that are there at once.
    StartJoin,
    /// A number goes to another process and comes back.
    RoundTrip,
    /// A message is handed to another thread, one of many on their way.
    ToThread,
    /// One is added to a shared number, by one process alone.
    Addition,
    /// A process asks another one that serves many, and has its answer.
    Call,
    /// A small file is asked of an HTTP server on the loopback, over a connection that is kept.
    Request,
    /// A task that does nothing is given to a worker, and its result comes back; one of many.
    Task,
}

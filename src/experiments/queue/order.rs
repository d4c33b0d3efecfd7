//! Order: results come as they were put, whoever was started first.
//!
//! Four processes, started one after the other, each made to wait until the one started after it
//! has put its first result. So the first results come in reverse, and that is certain. Each
//! carries the number of its process, and sorting by it brings back the order of start. A second
//! result of each shows what a queue does keep: the order of one producer's messages.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::experiments::demonstration;
use crate::experiments::lab::Lab;
use crate::experiments::workers::finish_all;
use crate::mp::{Gate, Process, Queue};

/// Figures: the processes in the order in which their first results came, the same after
/// sorting, and whether each process's second result came after its first.
pub const FIGURES: &[&str] = &["arrived", "restored", "each_in_order"];

/// Processes.
const COUNT: usize = 4;
/// How long anybody waits for anybody.
const BOUND: Duration = Duration::from_secs(10);

/// Who puts it, which of its results it is, and the result.
type Message = (usize, u32, i64);

/// The experiment `order`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, |_, _| {
        let mut messages = arrivals()?;
        let each_in_order = (0..COUNT).all(|who| {
            let mut of_it = messages.iter().filter(|message| message.0 == who);
            of_it.next().map(|m| m.1) == Some(1) && of_it.next().map(|m| m.1) == Some(2)
        });
        let arrived = starters(&messages);
        // region: restore
        // What came is (number of the process, …): sort by it.
        messages.sort_by_key(|message| message.0);
        // endregion
        Ok(Some(vec![
            ("arrived", json!(arrived)),
            ("restored", json!(starters(&messages))),
            ("each_in_order", json!(each_in_order)),
        ]))
    })
}

/// All messages, in the order in which they came.
fn arrivals() -> Result<Vec<Message>> {
    let queue: Queue<Message> = Queue::new(4096).context("the queue")?;
    let gates: Result<Vec<Gate>, _> = (0..COUNT).map(|_| Gate::new(2)).collect();
    let (queue_of, gates) = (&queue, gates.context("gates in shared memory")?);
    let gates_of = &gates;
    let producer = |who: usize| {
        let body = move || {
            if who + 1 < COUNT {
                gates_of[who + 1].arrive_and_wait(BOUND).expect("the one started later");
            }
            queue_of.put(&(who, 1, who as i64 + 2)).expect("nobody closes it");
            if who > 0 {
                gates_of[who].arrive_and_wait(BOUND).expect("the one started earlier");
            }
            queue_of.put(&(who, 2, who as i64 + 2)).expect("nobody closes it");
        };
        Process::new(format!("producer-{who}"), body)
    };
    let mut producers: Vec<Process> = (0..COUNT).map(producer).collect();
    for producer in &mut producers {
        producer.start()?;
    }
    let messages: Result<Vec<Message>, _> =
        (0..2 * COUNT).map(|_| queue.get_timeout(BOUND)).collect();
    finish_all(&mut producers)?;
    messages.context("getting the results")
}

/// Whose first results these are, in their order, counted from 1.
fn starters(messages: &[Message]) -> String {
    let firsts = messages.iter().filter(|message| message.1 == 1);
    let names: Vec<String> = firsts.map(|message| (message.0 + 1).to_string()).collect();
    names.join(", ")
}

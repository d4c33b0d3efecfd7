//! How a child ends, and what is left of it until somebody joins it.
//!
//! `not-joined` looks at a child that has ended in /proc, before and after the join;
//! `joined` shows that start returns at once and that join waits for the work;
//! `terminated` shows what ending a child by force is, and that join is not it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::Lab;
use crate::mp::proc::{ProcError, ProcStat};
use crate::mp::{Gate, Process, RawValue, sys};

/// Figures: states are letters of /proc/PID/stat, or `gone`; each only where it was looked at.
pub const FIGURES: &[&str] = &[
    "state_before",
    "state_ended",
    "state_later",
    "unjoined_s",
    "state_after_join",
    "alive_after_start",
    "start_s",
    "join_s",
    "work_done",
    "exitcode",
];

/// How long the parent leaves the ended child unjoined.
const UNJOINED: Duration = Duration::from_millis(200);
/// How long the child that is joined works (it sleeps).
const WORK: Duration = Duration::from_millis(100);
/// How long anybody waits for anybody.
const BOUND: Duration = Duration::from_secs(5);

/// The experiment `ending`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, |_, variant| {
        let figures = match variant.base {
            "not-joined" => not_joined(),
            "joined" => working(|_| Ok(())),
            _ => working(|child| Ok(child.terminate()?)),
        };
        figures.map(Some)
    })
}

fn not_joined() -> Result<Figures> {
    let gate = Gate::new(2).context("the gate in shared memory")?;
    let gate_of = &gate;
    let mut child = Process::new("child", move || {
        gate_of.arrive_and_wait(BOUND).expect("the parent at the gate");
    });
    child.start()?;
    let pid = child.pid().context("a child that was started")?;
    let before = state(pid)?;
    gate.arrive_and_wait(BOUND)?;
    let sentinel = child.sentinel().context("a child that was started")?;
    if !sys::wait_readable(sentinel, BOUND).context("the end of the child")? {
        bail!("the child has not ended");
    }
    let ended_at = Instant::now();
    // region: zombie
    let ended = state(pid)?; // it has ended: what is left?
    std::thread::sleep(UNJOINED);
    let later = state(pid)?; // and now?
    let exit = child.join()?;
    let after = state(pid)?; // and after the join?
    // endregion
    Ok(vec![
        ("state_before", json!(before)),
        ("state_ended", json!(ended)),
        ("state_later", json!(later)),
        ("unjoined_s", json!(ended_at.elapsed().as_secs_f64())),
        ("state_after_join", json!(after)),
        ("exitcode", json!(exit.exitcode())),
    ])
}

/// The state letter of a process, or `gone`.
fn state(pid: i32) -> Result<String> {
    match ProcStat::read(pid) {
        Ok(stat) => Ok(stat.state.to_string()),
        Err(ProcError::Gone { .. }) => Ok("gone".to_string()),
        Err(error) => Err(error.into()),
    }
}

/// A child that works for a while and then says so; `then` is done to it meanwhile.
fn working(then: impl FnOnce(&mut Process) -> Result<()>) -> Result<Figures> {
    let done = RawValue::new(0_i32).context("the result in shared memory")?;
    let done_of = &done;
    let mut child = Process::new("child", move || {
        std::thread::sleep(WORK);
        done_of.set(1);
    });
    let asked = Instant::now();
    child.start()?;
    let start_s = asked.elapsed().as_secs_f64();
    let alive = child.is_alive();
    then(&mut child)?;
    let joining = Instant::now();
    let exit = child.join_timeout(BOUND)?.context("the child has not ended")?;
    Ok(vec![
        ("start_s", json!(start_s)),
        ("alive_after_start", json!(alive)),
        ("join_s", json!(joining.elapsed().as_secs_f64())),
        ("work_done", json!(done.get() == 1)),
        ("exitcode", json!(exit.exitcode())),
    ])
}

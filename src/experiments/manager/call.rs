//! The experiment `call`: a child appends n numbers to a list of the manager, whose proxy it has.
//!
//! One number is one call: a request to the server process, and its answer. Child and server have
//! their connection before the clock runs, in Python too: there each proxy that is passed on costs
//! two more requests, over connections of their own, to count who has it. It is what the price list
//! takes of a manager.

use anyhow::{Context, Result};

use crate::event::Run;
use crate::experiments::clocks::Clocks;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::workers::finish;
use crate::experiments::{python, rounds};
use crate::mp::Process;
use crate::mp::manager::{ListProxy, Manager, ManagerError};

/// The experiment `call`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let directory = lab.scratch().context("the run's private directory")?.to_path_buf();
    let manager = Manager::new(&directory)?;
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return peer(lab, variant, index);
        }
        let run = calls(&manager, i64::from(lab.n()))?;
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    lab.summarize(&variants, &runs)
}

/// One run: `n` calls by a child.
fn calls(manager: &Manager, n: i64) -> Result<Run> {
    let list: ListProxy<i64> = manager.list()?;
    let clocks = Clocks::new(1).context("the child's clock in shared memory")?;
    let (list_of, clocks_of) = (&list, &clocks);
    let mut child = Process::new("child", move || {
        let calls = || {
            // Opens the child's own connection before the clock runs.
            list_of.len()?;
            clocks_of.time(0, || (0..n).try_for_each(|number| list_of.append(&number)))
        };
        calls().unwrap_or_else(|error: ManagerError| panic!("{error}"));
    });
    child.start()?;
    finish(&mut child)?;
    let kept = list.to_vec()?;
    list.clear()?;
    Ok(Run {
        time_s: Some(clocks.elapsed_s()),
        expected: Some((0..n).sum()),
        got: Some(kept.iter().sum()),
        correct: Some(kept.iter().copied().eq(0..n)),
        ..Run::default()
    })
}

fn peer(lab: &mut Lab, variant: &Variant, index: u32) -> Result<Option<Run>> {
    python::run(lab, variant, index, &["call".to_string(), lab.n().to_string()])
}

//! One CPU: two processes that never run at the same time, and the race all the same.
//!
//! Both are pinned to one CPU. A tight loop of some microseconds is seldom cut
//! between its read and its write; held open now and then (the CPU given up with
//! the number in hand), the window is hit every time. The race was always there.

use anyhow::Result;

use super::bank::{Bank, Way};
use crate::experiments::lab::Lab;
use crate::experiments::stage::{Stage, Window};
use crate::experiments::{race, rounds};

/// The experiment `one-cpu`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let cpu = lab.machine.usable.first().copied().unwrap_or(0);
    let on_it = |window| Stage { cpus: Some([cpu, cpu]), window };
    let tight = Bank::new(lab.iterations(), on_it(Window::Bare))?;
    let widened = Bank::new(lab.iterations(), on_it(Window::Widened))?;
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        let bank = match variant.base {
            "tight" => &tight,
            _ => &widened,
        };
        let run = race::plain(bank, Way::Unlocked, index)?;
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    lab.summarize(&variants, &runs)
}

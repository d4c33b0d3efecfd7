//! Chaos: how wide the window between reading and writing is, and how many runs go wrong.
//!
//! The race of the bank with a few updates by each, which do something else in between, so that they
//! seldom meet. One of the two is held up after each of its reads, not at all, for a microsecond, and
//! so on to a millisecond; everything else stays what it is. A test that passes has met the window
//! that the code happens to leave; the wider ones say whether the code is right.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::bank::Bank;
use crate::event::{Curve, Event};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::ledger::Chaos;
use crate::experiments::race::{self, Race};
use crate::experiments::stage::{Stage, Window};

/// How long the one is held up, and the figure that tells the share of wrong runs with it.
const WIDTHS: [(Duration, &str); 5] = [
    (Duration::ZERO, "at_none_share"),
    (Duration::from_micros(1), "at_1us_share"),
    (Duration::from_micros(10), "at_10us_share"),
    (Duration::from_micros(100), "at_100us_share"),
    (Duration::from_millis(1), "at_1ms_share"),
];

/// Figures of each variant: the share of wrong runs at each width, and how many were wrong in all.
pub const FIGURES: &[&str] =
    &["at_none_share", "at_1us_share", "at_10us_share", "at_100us_share", "at_1ms_share", "wrong"];

/// Figures of the experiment: the steps of each loop, and the runs at each width.
pub const EXPERIMENT_FIGURES: &[&str] = &["steps", "runs_each"];

/// Steps of each loop. With as many the shares rise over the whole range of widths: each read of the
/// one is as likely to be overtaken as its window is long beside the time between two writes of the
/// other, a tenth of a millisecond.
const STEPS: u32 = 10;
/// Runs at each width for each of `--runs`: a share needs more of them than a median.
const RUNS: u32 = 4;

/// The experiment `chaos`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let usual = Stage::usual(&lab.machine.usable);
    let seed = lab.params.chaos.unwrap_or(0);
    let bank = |(width, _): &(Duration, _)| {
        let chaos = Chaos::always(seed, *width);
        Bank::new(STEPS, usual.clone().with(Window::Chaos(chaos)))
    };
    let banks: Vec<Bank> = WIDTHS.iter().map(bank).collect::<Result<_>>()?;
    let runs = RUNS * lab.runs();
    lab.expect_steps(runs.into());
    // Wrong runs by variant and width.
    let mut wrong = vec![[0_u32; WIDTHS.len()]; variants.len()];
    for index in 0..runs {
        lab.settle()?;
        for (bank, width) in banks.iter().zip(0..) {
            for (variant, wrong) in variants.iter().zip(&mut wrong) {
                let run = race::plain(bank, Bank::named(variant.base), index)?;
                wrong[width] += u32::from(run.correct == Some(false));
            }
        }
        lab.step()?;
    }
    for (variant, wrong) in variants.iter().zip(wrong) {
        tell(lab, variant, wrong, runs)?;
    }
    lab.measure(None, [("steps", json!(STEPS)), ("runs_each", json!(runs))])?;
    lab.summarize(&variants, &[])
}

/// The wrong ones of `runs` at each width, as figures and as a curve.
fn tell(lab: &mut Lab, variant: &Variant, wrong: [u32; WIDTHS.len()], runs: u32) -> Result<()> {
    let shares = wrong.map(|wrong| f64::from(wrong) / f64::from(runs));
    let points: Vec<_> = WIDTHS.iter().zip(shares).collect();
    let figures = points.iter().map(|((_, figure), share)| (*figure, json!(share)));
    let all = ("wrong", json!(wrong.iter().sum::<u32>()));
    lab.measure(Some(&variant.name), figures.chain([all]))?;
    lab.emit(&Event::Curve(Curve {
        experiment: lab.experiment(),
        variant: variant.name.clone(),
        x: "window_s".to_string(),
        y: "wrong_share".to_string(),
        points: points.iter().map(|((width, _), share)| (width.as_secs_f64(), *share)).collect(),
        reference: false,
    }))
}

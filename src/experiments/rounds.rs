//! Rounds: every variant once, then every variant once more (ABAB).
//!
//! A machine grows warm, gets busy, gets quiet. Variants measured one after the
//! other in blocks would each meet another machine; interleaved, the two runs of a
//! round meet nearly the same, and their ratio says something (paired ratios, see
//! `stats`). The first round warms up and is dropped.

use anyhow::Result;

use crate::event::{Event, Run};

use super::lab::{Lab, Variant};

/// Runs `variants` in `lab.runs()` rounds, after one that is dropped; emits each
/// run and a step of progress. Where `one` gives `None`, the variant could not run
/// and takes no further part.
///
/// # Errors
/// Those of `one` and of [`Lab::emit`].
pub fn interleave(
    lab: &mut Lab,
    variants: &[Variant],
    mut one: impl FnMut(&mut Lab, &Variant, u32) -> Result<Option<Run>>,
) -> Result<Vec<Run>> {
    let mut able = Vec::new();
    for variant in variants {
        lab.settle()?;
        if one(lab, variant, 0)?.is_some() {
            able.push(variant);
        }
        lab.step()?;
    }
    let mut runs = Vec::new();
    for index in 0..lab.runs() {
        let mut left = Vec::new();
        for variant in able {
            lab.settle()?;
            if let Some(run) = one(lab, variant, index)? {
                lab.emit(&Event::Run(run.clone()))?;
                runs.push(run);
                left.push(variant);
            }
            lab.step()?;
        }
        able = left;
    }
    Ok(runs)
}

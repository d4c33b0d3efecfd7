//! A demonstration: an experiment that shows what happens, not how long it takes. Each variant is
//! shown once and tells its figures.

use anyhow::Result;
use serde_json::Value;

use super::lab::{Lab, Variant};

/// What a variant tells: names of the registry's row, each with its value.
pub type Figures = Vec<(&'static str, Value)>;

/// Shows each variant and tells its figures; where `show` gives `None`, as for a Python that could
/// not run, there are none to tell.
///
/// # Errors
/// Those of `show` and of [`Lab::emit`].
pub fn each_variant(
    lab: &mut Lab,
    mut show: impl FnMut(&mut Lab, &Variant) -> Result<Option<Figures>>,
) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        if let Some(figures) = show(lab, variant)? {
            lab.measure(Some(&variant.name), figures)?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

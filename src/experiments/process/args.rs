//! The comma in `args=(x,)`: it makes the tuple, not the parentheses.
//!
//! Rust has the same notation, and its compiler names the types. The Python peers start
//! the notebook's children with the comma and without it.

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use crate::event::{Event, Run};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;

/// Figures: of Rust, the types of `(x)` and `(x,)`; of a Python peer, how many children ran to
/// their end, the first of the others and its error, and what a number without comma does.
pub const FIGURES: &[&str] = &[
    "type_without_comma",
    "type_with_comma",
    "children",
    "ran",
    "first_failed",
    "error",
    "number_error",
];

/// The experiment `args`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    let mut runs = Vec::new();
    for variant in &variants {
        if variant.python.is_some() {
            runs.extend(peer(lab, variant)?);
        } else {
            let (without, with) = types();
            let figures =
                [("type_without_comma", json!(without)), ("type_with_comma", json!(with))];
            lab.measure(Some(&variant.name), figures)?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &runs)
}

/// What the compiler makes of the two notations.
#[allow(unused_parens, reason = "parentheses that do nothing are the point")]
fn types() -> (&'static str, &'static str) {
    let x = 7;
    // region: comma
    let without = std::any::type_name_of_val(&(x));
    let with = std::any::type_name_of_val(&(x,));
    // endregion
    (without, with)
}

/// What the peer prints beside the fields of every peer's run.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(flatten)]
    run: python::PeerRun,
    first_failed: Option<String>,
    error: Option<String>,
    number_error: Option<String>,
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Run>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let arguments = ["args".to_string(), way, lab.n().to_string()];
    let Some(said) = python::call::<Said>(lab, variant, &arguments)? else {
        return Ok(None);
    };
    let run = said.run.told(lab, variant, 0);
    lab.emit(&Event::Run(run.clone()))?;
    let figures = [
        ("children", json!(run.expected)),
        ("ran", json!(run.got)),
        ("first_failed", json!(said.first_failed)),
        ("error", json!(said.error)),
        ("number_error", json!(said.number_error)),
    ];
    lab.measure(Some(&variant.name), figures)?;
    Ok(Some(run))
}

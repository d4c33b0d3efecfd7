//! Taking turns: two threads of which only one runs at any moment, and no lock.
//!
//! That is what CPython's interpreter lock (the GIL) makes of Python's threads, so a Python that
//! has one answers the question whether turns are enough: as it is (`python-unlocked`), and with
//! the turn asked for every 10 microseconds instead of 5 milliseconds (`python-eager`), since a loop
//! may be over before its turn is. Beside it run two threads of ours that take turns, too, on one
//! CPU, and that now and then hand the turn over *between* reading and writing: where the turn may
//! change is what decides, not that there are turns.

use anyhow::Result;
use serde_json::{Value, json};

use super::counter::{Counter, Way};
use crate::event::Run;
use crate::experiments::lab::Lab;
use crate::experiments::stage::{Stage, Window};
use crate::experiments::{race, rounds};

/// Figures of the experiment: whether a Python as it is answers the question (else those do that
/// take turns on one CPU), how many runs that were and how many of them lost updates; the versions
/// of Python whose runs were all right, those that had a wrong one, and those without a GIL.
pub const EXPERIMENT_FIGURES: &[&str] =
    &["in_python", "runs", "wrong_runs", "right_versions", "wrong_versions", "without_gil"];

/// The experiment `turns`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let cpu = lab.machine.usable.first().copied().unwrap_or(0);
    let stage = Stage { cpus: Some([cpu, cpu]), window: Window::Widened };
    let on_one_cpu = Counter::new(lab.iterations(), stage);
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        if variant.python.is_some() {
            return race::peer::<Counter>(lab, variant, index);
        }
        let run = race::plain(&on_one_cpu, Way::Unlocked, index)?;
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    lab.warn_without_overlap(&variants, &runs)?;
    lab.measure(None, figures(&runs))?;
    lab.summarize(&variants, &runs)
}

fn figures(runs: &[Run]) -> Vec<(&'static str, Value)> {
    let as_it_is = |run: &&Run| run.python.is_some() && run.variant.ends_with("-unlocked");
    let in_python = runs.iter().any(|run| as_it_is(&run));
    let on_one_cpu = |run: &&Run| run.python.is_none();
    let asked: Vec<&Run> = match in_python {
        true => runs.iter().filter(as_it_is).collect(),
        false => runs.iter().filter(on_one_cpu).collect(),
    };
    let wrong = |run: &Run| run.correct == Some(false);
    let mut figures = vec![
        ("in_python", json!(in_python)),
        ("runs", json!(asked.len())),
        ("wrong_runs", json!(asked.iter().filter(|run| wrong(run)).count())),
    ];
    let with_wrong = versions(runs, wrong);
    let right = versions(runs, |_| true).into_iter().filter(|v| !with_wrong.contains(v)).collect();
    let without_gil = versions(runs, |run| run.gil == Some(false));
    for (name, versions) in
        [("right_versions", right), ("wrong_versions", with_wrong), ("without_gil", without_gil)]
    {
        // None is null: a text asks whether there are any.
        let told: Option<String> = (!versions.is_empty()).then(|| versions.join(", "));
        figures.push((name, json!(told)));
    }
    figures
}

/// The versions of Python of the runs that `wanted` chooses, each once, in their order. One without
/// a GIL is another Python than one of the same version with it.
fn versions(runs: &[Run], wanted: impl Fn(&Run) -> bool) -> Vec<String> {
    let mut versions = Vec::new();
    for run in runs.iter().filter(|run| wanted(run)) {
        let threads = if run.gil == Some(false) { "t" } else { "" };
        let version = run.python.as_ref().map(|version| format!("{version}{threads}"));
        versions.extend(version.filter(|version| !versions.contains(version)));
    }
    versions
}

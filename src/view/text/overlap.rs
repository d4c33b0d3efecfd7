//! Whether the processes of a race ran at the same time, and where: without that,
//! an outcome proves nothing.

use super::super::gathered::Gathered;
use super::super::style::{Paint, Style};
use super::super::words;
use super::blocks;
use crate::event::{Run, Summary};
use crate::stats;

/// One sentence for all variants, and one for each racy one that had runs without overlap;
/// empty where overlap was not measured.
pub(in crate::view) fn draw(
    gathered: &Gathered,
    summary: Option<&Summary>,
    style: &Style,
) -> String {
    let variants = gathered.by_variant(|run| !run.traced && run.overlap.is_some());
    let runs: Vec<&Run> = variants.iter().flat_map(|(_, runs)| runs).copied().collect();
    let Some(first) = runs.first() else {
        return String::new();
    };
    // Those who were pinned and those who were free to move are told apart.
    let (alike, others): (Vec<_>, Vec<_>) =
        variants.iter().partition(|(_, runs)| runs.iter().all(|run| run.cpus == first.cpus));
    let mut text = String::new();
    for group in [alike, others].iter().filter(|group| !group.is_empty()) {
        text.push_str(&blocks::plain(&sentence(group, style), "", style));
    }
    // Of the others it is known without a race that they are right.
    let racy =
        |name: &str| summary.is_none_or(|s| s.variants.iter().any(|v| v.variant == name && v.racy));
    for (variant, runs) in variants.iter().filter(|(variant, _)| racy(variant)) {
        let without = runs.iter().filter(|run| !overlapped(run)).count();
        if without > 0 {
            let sentence = words::without_overlap(style.lang, variant, without, runs.len());
            for line in blocks::plain(&sentence, "  ", style).lines() {
                text.push_str(&format!("{}\n", style.paint(line, Paint::Warning)));
            }
        }
    }
    text
}

/// How often the processes of these variants were in their loops at once, and where.
fn sentence(variants: &[&(&str, Vec<&Run>)], style: &Style) -> String {
    let runs: Vec<&Run> = variants.iter().flat_map(|(_, runs)| runs).copied().collect();
    let Some(first) = runs.first() else {
        return String::new();
    };
    let shares = |runs: &[&Run]| runs.iter().filter_map(|run| run.overlap).collect::<Vec<_>>();
    let medians: Vec<f64> =
        variants.iter().filter_map(|(_, runs)| stats::median(&shares(runs))).collect();
    let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
    let most = medians.iter().copied().fold(0.0, f64::max);
    let seen = runs.iter().filter(|run| overlapped(run)).count();
    words::overlap(style.lang, seen, runs.len(), first.cpus.as_deref(), least, most)
}

fn overlapped(run: &Run) -> bool {
    run.overlap.is_some_and(|share| share > 0.0)
}

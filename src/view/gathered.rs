//! What one experiment has reported so far, by variant.

use std::collections::HashMap;

use crate::event::{Curve, Line, LostUpdate, Measure, Run, Timeline, Transfer};

/// The events of one experiment that are drawn together.
#[derive(Default)]
pub(super) struct Gathered {
    pub runs: Vec<Run>,
    pub measures: Vec<Measure>,
    pub curves: Vec<Curve>,
    pub lost_updates: Vec<LostUpdate>,
    pub timelines: Vec<Timeline>,
    pub lines: Vec<Line>,
    pub transfers: Vec<Transfer>,
}

impl Gathered {
    /// The runs of each variant that pass, in the order of the variants' first run.
    /// Variants of which none passes are left out.
    pub fn by_variant(&self, passes: impl Fn(&Run) -> bool) -> Vec<(&str, Vec<&Run>)> {
        let mut variants: Vec<(&str, Vec<&Run>)> = Vec::new();
        // A file may name more variants than any experiment has.
        let mut places: HashMap<&str, usize> = HashMap::new();
        for run in self.runs.iter().filter(|run| passes(run)) {
            let place = *places.entry(&run.variant).or_insert_with(|| {
                variants.push((&run.variant, Vec::new()));
                variants.len() - 1
            });
            variants[place].1.push(run);
        }
        variants
    }
}

//! Where the processes of timed runs were pinned: a time says little without its placement.
//!
//! Of a race it is told with the overlap; here of what is no race.

use super::super::gathered::Gathered;
use super::super::style::Style;
use super::super::words;
use super::blocks;

/// A sentence for all variants, or one for each placement where they differ; empty where nobody was
/// pinned, or the runs are a race's.
pub(in crate::view) fn draw(gathered: &Gathered, style: &Style) -> String {
    let variants = gathered.by_variant(|run| run.cpus.is_some() && run.overlap.is_none());
    let mut places: Vec<(&[usize], Vec<String>)> = Vec::new();
    for (variant, runs) in &variants {
        let Some(cpus) = runs.first().and_then(|run| run.cpus.as_deref()) else {
            continue;
        };
        match places.iter_mut().find(|(place, _)| *place == cpus) {
            Some((_, names)) => names.push((*variant).to_owned()),
            None => places.push((cpus, vec![(*variant).to_owned()])),
        }
    }
    let everybody = variants.len() == gathered.by_variant(|run| !run.traced).len();
    if let [(cpus, _)] = places[..]
        && everybody
    {
        return blocks::plain(&words::pinned(style.lang, &[], cpus), "", style);
    }
    let told = places
        .iter()
        .map(|(cpus, names)| blocks::plain(&words::pinned(style.lang, names, cpus), "", style));
    told.collect()
}

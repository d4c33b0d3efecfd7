//! How Python made its processes: it has more ways than one, and they differ in price.

use super::super::gathered::Gathered;
use super::super::style::Style;
use super::super::words;
use super::blocks;

/// One line; empty where no Python ran. Of one method alone only its name, of several also whose
/// it was.
pub(in crate::view) fn draw(gathered: &Gathered, style: &Style) -> String {
    let mut methods: Vec<(&str, Vec<&str>)> = Vec::new();
    for (variant, runs) in gathered.by_variant(|run| run.start_method.is_some()) {
        for method in runs.iter().filter_map(|run| run.start_method.as_deref()) {
            match methods.iter_mut().find(|(name, _)| *name == method) {
                Some((_, variants)) if variants.contains(&variant) => {}
                Some((_, variants)) => variants.push(variant),
                None => methods.push((method, vec![variant])),
            }
        }
    }
    if methods.is_empty() {
        return String::new();
    }
    let whose = |(method, variants): &(&str, Vec<&str>)| match methods.len() {
        1 => (*method).to_owned(),
        _ => format!("{method} ({})", variants.join(", ")),
    };
    let told: Vec<String> = methods.iter().map(whose).collect();
    blocks::plain(&words::start_method(style.lang, &told.join(", ")), "", style)
}

//! Figures that are not times of runs: a row a variant, a column a figure; the other way
//! round where that is too wide.

use serde_json::Value;
use textwrap::core::display_width;

use super::super::format;
use super::super::gathered::Gathered;
use super::super::style::{Paint, Style};
use super::super::table::Grid;
use super::super::words;
use crate::event::Measure;
use crate::lesson::doc::Lang;

/// The variants' figures as the first of three that fits the width (a row a variant, a row a
/// figure, a list), and those of the experiment below. Empty without any.
pub(super) fn draw(gathered: &Gathered, style: &Style) -> String {
    let (of_variants, of_all): (Vec<&Measure>, Vec<&Measure>) = (gathered.measures.iter())
        .filter(|measure| !measure.values.is_empty())
        .partition(|measure| measure.variant.is_some());
    if of_variants.is_empty() && of_all.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    if !of_variants.is_empty() {
        let table = table(&of_variants, style.lang);
        let fits =
            |lines: &Vec<String>| lines.iter().all(|line| display_width(line) + 2 <= style.width);
        let table = [table.natural(), turned(&table).natural()].into_iter().find(fits);
        lines.extend(table.unwrap_or_else(|| list(&of_variants, style.lang)));
    }
    lines.extend(list(&of_all, style.lang));
    let heading =
        style.paint(words::measures_heading(style.lang, !gathered.runs.is_empty()), Paint::Heading);
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("{heading}\n{lines}")
}

/// A row a variant, a column a figure.
pub(in crate::view) fn table(measures: &[&Measure], lang: Lang) -> Grid {
    let mut names: Vec<&str> = Vec::new();
    for name in measures.iter().flat_map(|measure| measure.values.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let variant = words::column(lang, words::Column::Variant).to_owned();
    let of = |measure: &Measure, name: &str| {
        measure.values.get(name).map_or_else(String::new, |value| figure(name, value, lang))
    };
    let row = |measure: &&Measure| {
        let label = measure.variant.clone().unwrap_or_default();
        [label].into_iter().chain(names.iter().map(|name| of(measure, name))).collect()
    };
    Grid {
        header: [variant]
            .into_iter()
            .chain(names.iter().map(|name| words::figure_name(lang, name)))
            .collect(),
        rows: measures.iter().map(row).collect(),
        numbers: [false].into_iter().chain(names.iter().map(|_| true)).collect(),
    }
}

/// Its columns as rows.
pub(in crate::view) fn turned(table: &Grid) -> Grid {
    let lines: Vec<&Vec<String>> = [&table.header].into_iter().chain(&table.rows).collect();
    let column = |at: usize| lines.iter().map(|line| line[at].clone()).collect();
    Grid {
        header: column(0),
        rows: (1..table.header.len()).map(column).collect(),
        numbers: [false].into_iter().chain(table.rows.iter().map(|_| true)).collect(),
    }
}

/// A line a figure, under the name of its variant if it has one.
pub(in crate::view) fn list(measures: &[&Measure], lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    for measure in measures {
        let indent = if measure.variant.is_some() { "  " } else { "" };
        lines.extend(measure.variant.clone());
        let figures = measure.values.iter();
        lines.extend(figures.map(|(name, value)| {
            format!("{indent}{}: {}", words::figure_name(lang, name), figure(name, value, lang))
        }));
    }
    lines
}

fn figure(name: &str, value: &Value, lang: Lang) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(value) => words::yes_or_no(lang, *value).to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        Value::Number(number) => format::figure(name, number.as_f64().unwrap_or(f64::NAN), lang),
    }
}

//! Figures that are not times of runs: a row a variant, a column a figure.

use serde_json::Value;
use textwrap::core::display_width;

use super::super::format;
use super::super::style::{Paint, Style};
use super::super::table::Grid;
use super::super::words;
use crate::event::Measure;
use crate::lesson::doc::Lang;

/// The figures as a table, or, where that is too wide, as a list; empty without any.
pub(super) fn draw(measures: &[Measure], style: &Style) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in measures.iter().flat_map(|measure| measure.values.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return String::new();
    }
    let heading = words::measures_heading(style.lang);
    let lines = table(measures, &names, style.lang).natural();
    let fits = lines.iter().all(|line| display_width(line) + 2 <= style.width);
    let lines = if fits { lines } else { list(measures, style.lang) };
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("{}\n{lines}", style.paint(heading, Paint::Heading))
}

fn table(measures: &[Measure], names: &[&str], lang: Lang) -> Grid {
    let variant = words::column(lang, words::Column::Variant).to_owned();
    let of = |measure: &Measure, name: &str| {
        measure.values.get(name).map_or_else(String::new, |value| figure(name, value, lang))
    };
    Grid {
        header: [variant]
            .into_iter()
            .chain(names.iter().map(|name| words::figure_name(name)))
            .collect(),
        rows: measures
            .iter()
            .map(|measure| {
                let label = measure.variant.clone().unwrap_or_default();
                [label].into_iter().chain(names.iter().map(|name| of(measure, name))).collect()
            })
            .collect(),
        numbers: [false].into_iter().chain(names.iter().map(|_| true)).collect(),
    }
}

fn list(measures: &[Measure], lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    for measure in measures {
        let indent = if measure.variant.is_some() { "  " } else { "" };
        lines.extend(measure.variant.clone());
        let figures = measure.values.iter();
        lines.extend(figures.map(|(name, value)| {
            format!("{indent}{}: {}", words::figure_name(name), figure(name, value, lang))
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

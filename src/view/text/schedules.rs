//! Every schedule of a program as a histogram: counted, run, and what free runs did.

use textwrap::core::display_width;

use super::super::format::count;
use super::super::style::{Paint, Style};
use super::super::table::Grid;
use super::super::words;
use super::{blocks, columns};
use crate::event::{Schedules, Script};
use crate::lesson::doc::Lang;

/// Eighths of a column's width.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/// The most rows of one program's code; of longer ones the rest is told as dots.
const MOST_STEPS: usize = 8;

/// One row of the histogram.
pub(in crate::view) struct Row {
    pub label: String,
    pub schedules: u64,
    pub observed: u64,
    pub free: Option<u64>,
    pub paint: Paint,
}

/// The programs of the processes side by side, the histogram, and what it says.
pub(super) fn draw(told: &Schedules, style: &Style) -> String {
    let heading = words::schedules_heading(style.lang, told);
    let mut text = blocks::title(&heading, Paint::Heading, style);
    text.push_str(&programs(told, style));
    text.push('\n');
    text.push_str(&histogram(told, style));
    let legend = words::schedules_legend(style.lang, told);
    for line in textwrap::wrap(&legend, style.width - 2) {
        text.push_str(&format!("  {}\n", style.paint(&line, Paint::Faint)));
    }
    text.push('\n');
    text + &blocks::plain(&words::schedules_verdict(style.lang, told), "  ", style)
}

/// What one process does: its name, then a line a step.
pub(in crate::view) fn program(script: &Script, word: &str, lang: Lang) -> Vec<String> {
    let mut lines = vec![format!("{} {}", script.process, script.name)];
    let steps = script.steps.iter().take(MOST_STEPS);
    lines.extend(steps.map(|&step| words::step_code(lang, step, word)));
    if script.steps.len() > MOST_STEPS {
        lines.push(format!("… ({})", script.steps.len()));
    }
    lines
}

/// What each process does: a column each, or one below the other where the columns do not fit.
fn programs(told: &Schedules, style: &Style) -> String {
    let column = |script: &Script| program(script, &told.word, style.lang);
    let columns: Vec<Vec<String>> = told.scripts.iter().map(column).collect();
    columns::side_by_side(&columns, style, |_| None)
}

/// A row for each end that the program can have, and one for no end.
pub(in crate::view) fn rows(told: &Schedules, lang: Lang) -> Vec<Row> {
    let mut rows: Vec<Row> = (told.outcomes.iter())
        .map(|outcome| {
            let right = outcome.value == told.right;
            Row {
                label: format!("{}{}", if right { "✓ " } else { "" }, count(outcome.value)),
                schedules: outcome.schedules,
                observed: outcome.observed,
                free: outcome.free,
                paint: if right { Paint::Good } else { Paint::Bad },
            }
        })
        .collect();
    if told.stuck > 0 {
        rows.push(Row {
            label: words::stuck(lang).to_owned(),
            schedules: told.stuck,
            observed: told.stuck_observed,
            free: told.stuck_free,
            paint: Paint::Bad,
        });
    }
    rows
}

/// The rows as they are without bars.
pub(in crate::view) fn table(told: &Schedules, lang: Lang) -> Grid {
    let word = words::name_of_word(lang, &told.word);
    let shown = if told.free_runs > 0 { 4 } else { 3 };
    let cells = |row: &Row| {
        let numbers = [Some(row.schedules), Some(row.observed), row.free].into_iter();
        let numbers = numbers.map(|n| n.map_or(String::new(), |n| count(n as i64)));
        [row.label.clone()].into_iter().chain(numbers).take(shown).collect()
    };
    Grid {
        header: words::schedules_columns(lang, &word)[..shown].to_vec(),
        rows: rows(told, lang).iter().map(cells).collect(),
        numbers: vec![true; shown],
    }
}

fn histogram(told: &Schedules, style: &Style) -> String {
    let rows = rows(told, style.lang);
    let word = words::name_of_word(style.lang, &told.word);
    let [label, schedules, run, free] = words::schedules_columns(style.lang, &word);
    let cells = |row: &Row| {
        let numbers = [row.schedules, row.observed].map(|n| count(n as i64));
        [
            numbers[0].clone(),
            numbers[1].clone(),
            row.free.map_or(String::new(), |n| count(n as i64)),
        ]
    };
    let heads = [schedules, run, if told.free_runs > 0 { free } else { String::new() }];
    let wide = |at: usize| {
        let cell = rows.iter().map(|row| display_width(&cells(row)[at])).max().unwrap_or(0);
        cell.max(display_width(&heads[at]))
    };
    let widths = [wide(0), wide(1), wide(2)];
    let labels = rows.iter().map(|row| display_width(&row.label)).max().unwrap_or(0);
    let labels = labels.max(display_width(&label));
    let taken = 2 + labels + widths.iter().map(|width| width + 2).sum::<usize>();
    // Where no bar fits that says anything, the numbers stand alone, and closer.
    let bar = style.width.saturating_sub(taken + 2).min(40);
    let (bar, gap) = if bar < 4 { (0, " ") } else { (bar, "  ") };
    let indent = gap;
    let most = rows.iter().map(|row| row.schedules).max().unwrap_or(1).max(1);
    let right = |text: &str, width: usize| " ".repeat(width - display_width(text)) + text;
    let numbers = |cells: [String; 3]| -> String {
        let told = cells.iter().zip(widths).map(|(cell, width)| right(cell, width) + gap);
        told.collect::<String>().trim_end().to_owned()
    };
    let middle =
        |bar: String| if bar.is_empty() { gap.to_owned() } else { gap.to_owned() + &bar + gap };
    let head =
        format!("{indent}{}{}{}", right(&label, labels), middle(" ".repeat(bar)), numbers(heads));
    let mut text = style.paint(&head, Paint::Faint) + "\n";
    for row in &rows {
        let drawn = bar_of(row.schedules as f64 / most as f64, bar);
        let blanks = " ".repeat(bar - display_width(&drawn));
        let drawn = middle(if bar == 0 { drawn } else { style.paint(&drawn, row.paint) + &blanks });
        let label = right(&row.label, labels);
        text.push_str(&format!("{indent}{label}{drawn}{}\n", numbers(cells(row))));
    }
    text
}

/// A bar of a share of the width, never empty for what is there.
fn bar_of(share: f64, width: usize) -> String {
    let eighths = ((share * width as f64 * 8.0).round() as usize).max(usize::from(share > 0.0));
    if width == 0 {
        return String::new();
    }
    let mut bar = "█".repeat(eighths / 8);
    bar.extend((!eighths.is_multiple_of(8)).then(|| EIGHTHS[eighths % 8 - 1]));
    bar
}

//! Where the runs ended: one row a variant, all on one scale from the least outcome
//! to the greatest, the expected value marked.

use std::cmp::Ordering;

use textwrap::core::display_width;

use super::super::format::count;
use super::super::gathered::Gathered;
use super::super::style::{Paint, Style};
use super::super::words;
use super::blocks;
use crate::event::Run;

/// Runs of a variant from which on a histogram says more than dots.
const HISTOGRAM_FROM: usize = 30;

/// The eighths of a histogram's height.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One variant's outcomes.
struct Row<'a> {
    variant: &'a str,
    outcomes: Vec<i64>,
    expected: i64,
    right: usize,
}

/// Runs that are drawn at one place.
struct Mark {
    column: usize,
    runs: usize,
}

impl Mark {
    fn text(&self) -> Vec<char> {
        match self.runs {
            1 => vec!['•'],
            runs => runs.to_string().chars().collect(),
        }
    }

    /// Whether `next` would start within this mark, or run into its digits.
    fn touches(&self, next: &Mark) -> bool {
        let end = self.column + self.text().len();
        next.column < end || next.column == end && self.runs > 1 && next.runs > 1
    }
}

/// From values to columns.
struct Scale {
    least: i64,
    greatest: i64,
    columns: usize,
}

impl Scale {
    fn column(&self, value: i64) -> usize {
        self.place(self.offset(value))
    }

    /// The column of an outcome: never that of the expected value, unless it is that.
    fn column_beside(&self, value: i64, expected: i64) -> usize {
        let (column, right) = (self.column(value), self.column(expected));
        match value.cmp(&expected) {
            Ordering::Less if column == right => column.saturating_sub(1),
            Ordering::Greater if column == right => (column + 1).min(self.columns - 1),
            _ => column,
        }
    }

    /// How far a value lies above the least: up to 2^64, more than an i64 can say.
    fn offset(&self, value: i64) -> u128 {
        (i128::from(value) - i128::from(self.least)).max(0) as u128
    }

    fn place(&self, offset: u128) -> usize {
        let range = self.offset(self.greatest).max(1);
        (offset as f64 / range as f64 * (self.columns - 1) as f64).round() as usize
    }
}

/// The picture; empty where no run had an expected value. Traced runs are left out:
/// the ledger changes how the loops meet.
pub(super) fn draw(gathered: &Gathered, style: &Style) -> String {
    let counts = |run: &&Run| !run.traced && run.expected.is_some() && run.got.is_some();
    let mut expected = gathered.runs.iter().filter(counts).map(|run| run.expected);
    let first = expected.next().flatten();
    let common = first.filter(|_| expected.all(|value| value == first));
    under(&words::outcomes_heading(style.lang, common), gathered, style)
}

/// The same under a heading of its own.
pub(super) fn under(heading: &str, gathered: &Gathered, style: &Style) -> String {
    let rows: Vec<Row> = gathered
        .by_variant(|run| !run.traced && run.expected.is_some() && run.got.is_some())
        .into_iter()
        .filter_map(|(variant, runs)| Row::of(variant, &runs))
        .collect();
    let values = || rows.iter().flat_map(|row| row.outcomes.iter().chain([&row.expected])).copied();
    let (Some(least), Some(greatest)) = (values().min(), values().max()) else {
        return String::new();
    };
    let expected = rows.first().map(|row| row.expected);
    let common = expected.filter(|value| rows.iter().all(|row| row.expected == *value));
    let mut text = blocks::title(heading, Paint::Heading, style);
    let label = rows.iter().map(|row| display_width(row.variant)).max().unwrap_or(0);
    let columns = columns(&rows, label, style).min(if least == greatest { 3 } else { usize::MAX });
    let scale = Scale { least, greatest, columns };
    for row in &rows {
        text.push_str(&row.draw(&scale, label, style));
    }
    let marks = [common, Some(least), Some(greatest)];
    for line in axis(&scale, &marks.into_iter().flatten().collect::<Vec<_>>()) {
        text.push_str(&format!("  {}  {}\n", " ".repeat(label), style.paint(&line, Paint::Faint)));
    }
    text + &legend(&rows, style)
}

/// Columns for the line itself: what name and verdict leave.
fn columns(rows: &[Row], label: usize, style: &Style) -> usize {
    let verdict = rows.iter().map(|row| display_width(&row.verdict(style))).max().unwrap_or(0);
    style.width.saturating_sub(2 + label + 2 + 2 + verdict).max(12)
}

fn legend(rows: &[Row], style: &Style) -> String {
    let is_histogram = |row: &&Row| row.outcomes.len() >= HISTOGRAM_FROM;
    let histograms = rows.iter().filter(is_histogram).count();
    let dots = (histograms < rows.len()).then(|| words::dots_legend(style.lang));
    let bars = (histograms > 0).then(|| words::histogram_legend(style.lang));
    let lines = dots.into_iter().chain(bars);
    lines
        .flat_map(|line| textwrap::wrap(line, style.width - 2))
        .map(|line| format!("  {}\n", style.paint(&line, Paint::Faint)))
        .collect()
}

impl<'a> Row<'a> {
    fn of(variant: &'a str, runs: &[&Run]) -> Option<Row<'a>> {
        Some(Row {
            variant,
            outcomes: runs.iter().filter_map(|run| run.got).collect(),
            expected: runs.first()?.expected?,
            right: runs.iter().filter(|run| run.got == run.expected).count(),
        })
    }

    fn verdict(&self, style: &Style) -> String {
        let runs = self.outcomes.len();
        if style.width < 60 {
            return format!("{}/{runs}", self.right);
        }
        words::right_of(style.lang, self.right, runs)
    }

    fn draw(&self, scale: &Scale, label: usize, style: &Style) -> String {
        let mut cells = vec![' '; scale.columns];
        cells[scale.column(self.expected)] = '|';
        if self.outcomes.len() >= HISTOGRAM_FROM {
            self.histogram(scale, &mut cells);
        } else {
            self.dots(scale, &mut cells);
        }
        let line: String = cells.into_iter().collect();
        let paint = if self.right == self.outcomes.len() { Paint::Good } else { Paint::Bad };
        let blanks = " ".repeat(label - display_width(self.variant));
        let verdict = style.paint(&self.verdict(style), paint);
        format!("  {}{blanks}  {line}  {verdict}\n", self.variant)
    }

    /// A dot for one run, a number for several at one column. Two numbers that touch
    /// would read as one, so they become one: their sum.
    fn dots(&self, scale: &Scale, cells: &mut [char]) {
        let mut marks: Vec<Mark> = Vec::new();
        let mut columns: Vec<usize> = {
            let column = |value: &i64| scale.column_beside(*value, self.expected);
            self.outcomes.iter().map(column).collect()
        };
        columns.sort_unstable();
        for same in columns.chunk_by(|a, b| a == b) {
            let mut mark = Mark { column: same[0], runs: same.len() };
            while let Some(before) = marks.pop_if(|before| before.touches(&mark)) {
                mark = Mark { column: before.column, runs: before.runs + mark.runs };
            }
            marks.push(mark);
        }
        for mark in marks {
            let text = mark.text();
            let start = mark.column.min(cells.len().saturating_sub(text.len()));
            cells[start..].iter_mut().zip(text).for_each(|(cell, c)| *cell = c);
        }
    }

    /// Bins of as many values each, about twice the square root of the number of runs,
    /// drawn as high as their share of the fullest. They are cut by value and not by
    /// column, because columns need not hold equally many values.
    fn histogram(&self, scale: &Scale, cells: &mut [char]) {
        let values = scale.offset(scale.greatest) + 1;
        let wanted = (2.0 * (self.outcomes.len() as f64).sqrt()).ceil() as u64;
        let width = values.div_ceil(u128::from(wanted));
        let mut bins = vec![0_usize; values.div_ceil(width) as usize];
        for value in &self.outcomes {
            bins[(scale.offset(*value) / width) as usize] += 1;
        }
        let fullest = bins.iter().copied().max().unwrap_or(1);
        for (bin, runs) in bins.into_iter().enumerate().filter(|(_, runs)| *runs > 0) {
            let height = HEIGHTS[(runs * HEIGHTS.len()).div_ceil(fullest) - 1];
            let from = scale.place(bin as u128 * width);
            let to = scale.place((bin as u128 + 1) * width).clamp(from + 1, cells.len());
            cells[from..to].fill(height);
        }
    }
}

/// A line with a tick for each value, and below it the values, in as few lines as
/// keep them apart; the first value has the first choice of place.
fn axis(scale: &Scale, values: &[i64]) -> Vec<String> {
    let mut line = vec!['─'; scale.columns];
    let mut labels: Vec<Vec<char>> = Vec::new();
    let mut seen = Vec::new();
    for value in values.iter().filter(|value| {
        let is_new = !seen.contains(*value);
        seen.push(**value);
        is_new
    }) {
        let column = scale.column(*value);
        line[column] = '┴';
        let text = count(*value);
        let width = display_width(&text);
        let start = column.saturating_sub(width / 2).min(scale.columns.saturating_sub(width));
        let is_free = |row: &Vec<char>| {
            let from = start.saturating_sub(1);
            row.iter().skip(from).take(width + 2).all(|c| *c == ' ')
        };
        let row = labels.iter().position(is_free).unwrap_or_else(|| {
            labels.push(vec![' '; scale.columns.max(width)]);
            labels.len() - 1
        });
        labels[row][start..].iter_mut().zip(text.chars()).for_each(|(cell, c)| *cell = c);
    }
    let rows = std::iter::once(line).chain(labels);
    rows.map(|row| row.into_iter().collect::<String>().trim_end().to_owned()).collect()
}

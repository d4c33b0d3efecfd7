//! The price list: a row a means, the cheapest first, Rust beside Python on a logarithmic bar.

use textwrap::core::display_width;

use super::super::format::time;
use super::super::style::{Paint, Style};
use super::super::table::Grid;
use super::super::words;
use super::blocks;
use crate::event::{Operation, Price};

/// Blanks before each line.
const INDENT: usize = 2;
/// The least and the most columns a bar may have.
const BAR: std::ops::RangeInclusive<usize> = 10..=40;

/// The list, what each operation is, and where processes were pinned; empty without prices.
pub(super) fn draw(prices: &[Price], style: &Style) -> String {
    if prices.is_empty() {
        return String::new();
    }
    let list = List::of(prices);
    let mut text = blocks::title(words::prices_heading(style.lang), Paint::Heading, style);
    for line in list.fitting(style) {
        text.push_str(&format!("{:INDENT$}{line}\n", ""));
    }
    text.push_str(&blocks::plain(words::prices_legend(style.lang), "  ", style));
    text.push('\n');
    text + &remarks(&list, style)
}

/// The list without bars, how long these would be ([`List::lengths`]), and what is said below.
pub(in crate::view) fn table(
    prices: &[Price],
    style: &Style,
) -> (Grid, Vec<[Option<f64>; 2]>, String) {
    let list = List::of(prices);
    let lengths = list.rows.iter().map(|row| list.lengths(row)).collect();
    (list.grid(0, style), lengths, remarks(&list, style))
}

/// What was done for each price, what Python lacks, and on which CPUs it was.
fn remarks(list: &List, style: &Style) -> String {
    let mut text = String::new();
    for (operation, means) in list.operations() {
        let said = format!("{}: {}", means.join(", "), words::operation(style.lang, operation));
        text.push_str(&blocks::hanging(&said, "  ", "    ", style));
    }
    let lacking = list.lacking();
    if !lacking.is_empty() {
        let said = words::native_only(style.lang, &lacking);
        text.push_str(&blocks::hanging(&said, "  ", "    ", style));
    }
    for (cpus, means) in list.places() {
        let said = words::pinned(style.lang, &means, cpus);
        text.push_str(&blocks::plain(&said, "  ", style));
    }
    text
}

/// The prices of one means.
struct Row<'a> {
    means: &'a str,
    operation: Operation,
    native: Option<&'a Price>,
    /// By interpreter, in the order of [`List::pythons`].
    pythons: Vec<Option<&'a Price>>,
}

impl Row<'_> {
    /// What it is ordered by: Rust's price, else the least of Python's.
    fn cost(&self) -> f64 {
        let pythons = self.pythons.iter().flatten().map(|price| price.cost_s);
        self.native.map_or_else(|| pythons.fold(f64::INFINITY, f64::min), |price| price.cost_s)
    }
}

struct List<'a> {
    pythons: Vec<&'a str>,
    rows: Vec<Row<'a>>,
    least: f64,
    most: f64,
}

impl<'a> List<'a> {
    fn of(prices: &'a [Price]) -> Self {
        let mut pythons: Vec<&str> = prices.iter().filter_map(|p| p.python.as_deref()).collect();
        pythons.sort_unstable();
        pythons.dedup();
        let mut rows: Vec<Row> = Vec::new();
        for price in prices {
            if rows.iter().any(|row| row.means == price.means) {
                continue;
            }
            let of = |python: Option<&str>| {
                prices.iter().find(|p| p.means == price.means && p.python.as_deref() == python)
            };
            rows.push(Row {
                means: &price.means,
                operation: price.operation,
                native: of(None),
                pythons: pythons.iter().map(|python| of(Some(python))).collect(),
            });
        }
        rows.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
        let costs = || prices.iter().map(|price| price.cost_s);
        let (least, most) = (costs().fold(f64::INFINITY, f64::min), costs().fold(0.0, f64::max));
        List { pythons, rows, least, most }
    }

    /// The lines of the table, with a bar if there is room for one.
    fn fitting(&self, style: &Style) -> Vec<String> {
        let room = style.width - INDENT;
        let bare = self.grid(0, style);
        let taken = bare.natural().iter().map(|line| display_width(line)).max().unwrap_or(0);
        let left = room.saturating_sub(taken + 2);
        match left < *BAR.start() {
            true => bare.within(room),
            false => self.grid(left.min(*BAR.end()), style).natural(),
        }
    }

    fn grid(&self, bar: usize, style: &Style) -> Grid {
        let lang = style.lang;
        let pythons = self.pythons.iter().map(|python| capital(python));
        let mut header: Vec<String> = vec![words::means(lang).to_owned(), "Rust".to_owned()];
        header.extend(pythons);
        let told = |price: Option<&Price>| price.map_or("–".to_owned(), |p| time(p.cost_s, lang));
        let mut rows: Vec<Vec<String>> = (self.rows.iter())
            .map(|row| {
                let costs = [row.native].into_iter().chain(row.pythons.iter().copied());
                [row.means.to_owned()].into_iter().chain(costs.map(told)).collect()
            })
            .collect();
        let mut numbers: Vec<bool> = (0..header.len()).map(|column| column > 0).collect();
        if bar > 0 {
            header.push(words::logarithmic_bar(lang).to_owned());
            numbers.push(false);
            for (cells, row) in rows.iter_mut().zip(&self.rows) {
                cells.push(self.bar(row, bar));
            }
        }
        Grid { header, rows, numbers }
    }

    /// Rust's price and that of the first Python as parts of the longest bar, on a logarithmic scale.
    fn lengths(&self, row: &Row) -> [Option<f64>; 2] {
        let length = |price: &Price| {
            let whole = (self.most / self.least).ln();
            let share = if whole > 0.0 { (price.cost_s / self.least).ln() / whole } else { 1.0 };
            // The least price has a tenth of it: no bar at all would say nothing.
            0.1 + 0.9 * share
        };
        [row.native, row.pythons.iter().flatten().copied().next()].map(|price| price.map(length))
    }

    /// Full columns for Rust, light ones from there on to the first Python.
    fn bar(&self, row: &Row, columns: usize) -> String {
        let whole = |length: f64| ((length * columns as f64).round() as usize).clamp(1, columns);
        let [native, python] = self.lengths(row).map(|length| length.map_or(0, whole));
        "█".repeat(native) + &"░".repeat(python.saturating_sub(native))
    }

    /// The CPUs that processes were pinned to, with the means of which that holds.
    fn places(&self) -> Vec<(&[usize], Vec<String>)> {
        let mut all: Vec<(&[usize], Vec<String>)> = Vec::new();
        for row in &self.rows {
            let Some(cpus) = row.native.and_then(|price| price.cpus.as_deref()) else { continue };
            match all.iter_mut().find(|(place, _)| *place == cpus) {
                Some((_, means)) => means.push(row.means.to_owned()),
                None => all.push((cpus, vec![row.means.to_owned()])),
            }
        }
        all
    }

    /// What Python has nothing like, if there is a Python in the list.
    fn lacking(&self) -> Vec<&str> {
        let lacks = |row: &&Row| row.native.is_some_and(|price| price.native_only);
        let rows = self.rows.iter().filter(|_| !self.pythons.is_empty());
        rows.filter(lacks).map(|row| row.means).collect()
    }

    /// Each operation with the means that do it, in the order of the list.
    fn operations(&self) -> Vec<(Operation, Vec<&str>)> {
        let mut all: Vec<(Operation, Vec<&str>)> = Vec::new();
        for row in &self.rows {
            match all.iter_mut().find(|(operation, _)| *operation == row.operation) {
                Some((_, means)) => means.push(row.means),
                None => all.push((row.operation, vec![row.means])),
            }
        }
        all
    }
}

/// `Python` and `Python3.9`.
fn capital(name: &str) -> String {
    name.replacen('p', "P", 1)
}

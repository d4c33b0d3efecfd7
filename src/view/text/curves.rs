//! A plot in the terminal: one figure over another, a letter for each variant.
//!
//! An axis whose values span more than two decades is logarithmic, and says so: a straight line on two
//! such axes is a power, and slope 1 is "ten times as many take ten times as long". Measured points
//! are letters; dots between them, where there are few curves, only lead the eye. What they are held
//! against is a line of a sign of its own, and gives way to all of them.

use textwrap::core::display_width;

use super::super::format;
use super::super::style::{Paint, Style};
use super::super::table::Grid as Table;
use super::super::words;
use super::blocks;
use crate::event::Curve;
use crate::lesson::doc::Lang;

/// Rows of a plot.
const ROWS: usize = 13;
/// The most columns: points farther apart are no easier to compare.
const MOST_COLUMNS: usize = 60;
/// Greatest over least value from which on an axis is logarithmic.
const LOGARITHMIC_FROM: f64 = 100.0;
/// The most curves whose points are joined: the dots of more would hide each other.
const MOST_LED: usize = 3;
/// Where points of several variants fall together.
const SEVERAL: char = '*';
/// Between two points of a curve.
const BETWEEN: char = '·';
/// What lines of references are made of, in the order in which they come; the last for all others.
const LINES: [char; 3] = ['-', '=', '~'];

/// Curves that belong into one plot, plot after plot.
pub(in crate::view) fn plots(curves: &[Curve]) -> Vec<Vec<&Curve>> {
    let mut plots: Vec<Vec<&Curve>> = Vec::new();
    for curve in curves.iter().filter(|curve| !curve.points.is_empty()) {
        let same = |plot: &&mut Vec<&Curve>| plot[0].x == curve.x && plot[0].y == curve.y;
        match plots.iter_mut().find(same) {
            Some(plot) => plot.push(curve),
            None => plots.push(vec![curve]),
        }
    }
    plots
}

/// What one is, in a line: what is drawn over what.
pub(in crate::view) fn title(plot: &[&Curve], lang: Lang) -> String {
    let [x, y] = [&plot[0].x, &plot[0].y].map(|name| words::axis(lang, name, false));
    words::plot_heading(lang, &capital(&y), &x)
}

/// The points of one: a row for each value below, a column for each curve.
pub(in crate::view) fn numbers(plot: &[&Curve], lang: Lang) -> Table {
    let (x, y) = (&plot[0].x, &plot[0].y);
    let name = |curve: &&Curve| match curve.reference {
        true => words::reference(lang, &curve.variant),
        false => curve.variant.clone(),
    };
    let at = |curve: &Curve, value: f64| {
        let point = curve.points.iter().find(|point| point.0 == value);
        point.map_or_else(|| "–".to_owned(), |point| format::figure(y, point.1, lang))
    };
    let row = |value: &f64| {
        let cells = plot.iter().map(|curve| at(curve, *value));
        [format::figure(x, *value, lang)].into_iter().chain(cells).collect()
    };
    let points = plot.iter().flat_map(|curve| &curve.points);
    let mut measured: Vec<f64> = points.map(|point| point.0).collect();
    measured.sort_by(f64::total_cmp);
    measured.dedup();
    let header = [words::axis(lang, x, false)].into_iter().chain(plot.iter().map(name));
    Table {
        header: header.collect(),
        rows: measured.iter().map(row).collect(),
        numbers: vec![true; plot.len() + 1],
    }
}

/// A plot for each pair of axes; empty without curves.
pub(super) fn draw(curves: &[Curve], style: &Style) -> String {
    let plots: Vec<String> = plots(curves).iter().map(|plot| drawn(plot, style)).collect();
    plots.join("\n")
}

fn drawn(curves: &[&Curve], style: &Style) -> String {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let x = Axis::from_zero(points().map(|point| point.0));
    let y = Axis::over(points().map(|point| point.1));
    let [x_name, y_name] = [(&curves[0].x, &x), (&curves[0].y, &y)]
        .map(|(name, axis)| words::axis(style.lang, name, axis.logarithmic));
    let mut text = blocks::title(
        &words::plot_heading(style.lang, &capital(&y_name), &x_name),
        Paint::Heading,
        style,
    );
    let ends = vec![y.least, f64::midpoint(y.least, y.greatest), y.greatest];
    let labels = y.labels(ROWS, ends, |value| format::figure(&curves[0].y, value, style.lang));
    let margin = labels.iter().map(|(_, label)| display_width(label)).max().unwrap_or(0);
    let columns = style.width.saturating_sub(margin + 6).clamp(10, MOST_COLUMNS);
    let grid = Grid::of(curves, &x, &y, columns);
    for (row, cells) in grid.cells.iter().enumerate().rev() {
        let label = labels.iter().find(|(at, _)| *at == row).map_or("", |(_, label)| label);
        let blanks = " ".repeat(margin - display_width(label));
        let line: String = cells.iter().collect();
        let edge = if label.is_empty() { '│' } else { '┤' };
        text.push_str(&format!("  {blanks}{label} {edge}{}\n", line.trim_end()));
    }
    let mut measured: Vec<f64> = points().map(|point| point.0).collect();
    measured.sort_by(f64::total_cmp);
    measured.dedup();
    let ticks =
        x.labels(columns, measured, |value| format::figure(&curves[0].x, value, style.lang));
    text.push_str(&bottom(&ticks, margin, columns));
    text + &legend(curves, &grid, style)
}

/// From values to cells.
pub(in crate::view) struct Axis {
    pub least: f64,
    pub greatest: f64,
    pub logarithmic: bool,
    /// Whether 0 is on a logarithmic axis: it stands at the beginning, a decade below the least of
    /// the others, because it has no place there.
    pub zero: bool,
}

impl Axis {
    pub fn over(values: impl Iterator<Item = f64> + Clone) -> Axis {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let greatest = values.fold(f64::NEG_INFINITY, f64::max);
        let logarithmic = least > 0.0 && greatest > LOGARITHMIC_FROM * least;
        Axis { least, greatest, logarithmic, zero: false }
    }

    /// The same for values that were chosen, one of which may be 0, which stands for none.
    fn from_zero(values: impl Iterator<Item = f64> + Clone) -> Axis {
        let others = Axis::over(values.clone().filter(|value| *value != 0.0));
        let zero = others.logarithmic && values.clone().any(|value| value == 0.0);
        match zero {
            true => Axis { least: others.least / 10.0, zero, ..others },
            false => Axis::over(values),
        }
    }

    /// Where a value lies, from 0 to 1.
    pub fn share(&self, value: f64) -> f64 {
        let of = |value: f64| match self.logarithmic {
            true => value.max(self.least).ln(), // 0 stands where the axis begins
            false => value,
        };
        let range = of(self.greatest) - of(self.least);
        if range > 0.0 { (of(value) - of(self.least)) / range } else { 0.5 }
    }

    fn cell(&self, value: f64, cells: usize) -> usize {
        (self.share(value) * (cells - 1) as f64).round() as usize
    }

    /// Values to be named: powers of ten on a logarithmic axis, `others` on another.
    pub fn named(&self, others: Vec<f64>) -> Vec<f64> {
        if !self.logarithmic {
            return others;
        }
        let (first, last) = (self.least.log10().ceil(), self.greatest.log10().floor());
        let powers = (first as i32..=last as i32).map(|power| 10_f64.powi(power));
        let zero = self.zero.then_some(0.0);
        let powers = powers.filter(|power| !self.zero || *power > self.least);
        zero.into_iter().chain(powers).collect()
    }

    /// These values with their cells and what they are called.
    fn labels(
        &self,
        cells: usize,
        others: Vec<f64>,
        name: impl Fn(f64) -> String,
    ) -> Vec<(usize, String)> {
        let values = self.named(others).into_iter();
        values.map(|value| (self.cell(value, cells), name(value))).collect()
    }
}

/// The cells of a plot, row 0 at the bottom.
struct Grid {
    cells: Vec<Vec<char>>,
}

impl Grid {
    fn of(curves: &[&Curve], x: &Axis, y: &Axis, columns: usize) -> Grid {
        let mut grid = Grid { cells: vec![vec![' '; columns]; ROWS] };
        let place = |point: &(f64, f64)| (x.cell(point.0, columns), y.cell(point.1, ROWS));
        let mut line = |curve: &Curve, sign| {
            let places: Vec<_> = curve.points.iter().map(place).collect();
            places.windows(2).for_each(|pair| grid.lead(pair[0], pair[1], sign));
        };
        references(curves).for_each(|(curve, sign)| line(curve, sign));
        if variants(curves).count() <= MOST_LED {
            variants(curves).for_each(|(curve, _)| line(curve, BETWEEN));
        }
        for (curve, letter) in variants(curves) {
            for (column, row) in curve.points.iter().map(place) {
                let cell = &mut grid.cells[row][column];
                let free = [' ', BETWEEN, letter].contains(cell) || LINES.contains(cell);
                *cell = if free { letter } else { SEVERAL };
            }
        }
        grid
    }

    /// Signs from one cell to another, one in each column where nothing is yet.
    fn lead(&mut self, from: (usize, usize), to: (usize, usize), sign: char) {
        for column in from.0..=to.0 {
            let share = (column - from.0) as f64 / (to.0 - from.0).max(1) as f64;
            let row = from.1 as f64 + share * (to.1 as f64 - from.1 as f64);
            let cell = &mut self.cells[row.round() as usize][column];
            if *cell == ' ' {
                *cell = sign;
            }
        }
    }

    fn has(&self, mark: char) -> bool {
        self.cells.iter().flatten().any(|cell| *cell == mark)
    }
}

/// What was measured, each with its letter.
fn variants<'c>(curves: &[&'c Curve]) -> impl Iterator<Item = (&'c Curve, char)> {
    let letters = ('a'..='z').chain('A'..='Z');
    curves.iter().copied().filter(|curve| !curve.reference).zip(letters)
}

/// What that is held against, each with its sign.
fn references<'c>(curves: &[&'c Curve]) -> impl Iterator<Item = (&'c Curve, char)> {
    let signs = LINES.into_iter().chain(std::iter::repeat(LINES[LINES.len() - 1]));
    curves.iter().copied().filter(|curve| curve.reference).zip(signs)
}

/// The axis below: its names where there is room, each under its cell or ending at the last one.
fn bottom(ticks: &[(usize, String)], margin: usize, columns: usize) -> String {
    let mut rule: Vec<char> = vec!['─'; columns];
    let mut names = String::new();
    for (cell, name) in ticks {
        let width = display_width(name);
        let start = cell.saturating_sub(width / 2).min((columns + 2).saturating_sub(width));
        let taken = display_width(&names);
        if taken > 0 && start < taken + 2 {
            continue;
        }
        names.push_str(&" ".repeat(start - taken));
        names.push_str(name);
        rule[*cell] = '┴';
    }
    let blanks = " ".repeat(margin + 3);
    let rule: String = rule.into_iter().collect();
    format!("{blanks}└{rule}\n{blanks} {names}\n")
}

fn legend(curves: &[&Curve], grid: &Grid, style: &Style) -> String {
    let mut named: Vec<String> =
        variants(curves).map(|(curve, letter)| format!("{letter} {}", curve.variant)).collect();
    named.extend(
        references(curves).map(|(curve, sign)| {
            format!("{sign} {}", words::reference(style.lang, &curve.variant))
        }),
    );
    if grid.has(SEVERAL) {
        named.push(format!("{SEVERAL} {}", words::several(style.lang)));
    }
    let lines = blocks::plain(&named.join(", "), "  ", style);
    lines.lines().map(|line| style.paint(line, Paint::Faint) + "\n").collect()
}

/// With a capital at its beginning.
pub(in crate::view) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

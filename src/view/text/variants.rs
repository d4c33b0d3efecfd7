//! The variants side by side: right or wrong, time, ratio, a bar, and who won.

use textwrap::core::display_width;

use super::super::format::{factor, ratio, time};
use super::super::style::{Paint, Style};
use super::super::table::Grid;
use super::super::words::{self, Column, Verdict};
use super::blocks;
use crate::event::{Summary, VariantSummary};
use crate::lesson::doc::Lang;
use crate::stats::{ROUNDS_FOR_INTERVAL, difference_seen};

/// Blanks before each line.
const INDENT: usize = 2;
/// The least and the most columns a bar may have; below, it tells nothing, above,
/// it tells no more.
const BAR: std::ops::RangeInclusive<usize> = 10..=30;
/// Longest over shortest time from which on bars are drawn on a logarithmic scale.
const LOGARITHMIC_FROM: f64 = 100.0;
/// What is dropped, one after the other, where the width does not hold all.
const DROPPED: [Column; 4] = [Column::Iqr, Column::Bar, Column::Interval, Column::Right];

/// The table and the line below it; empty where nothing was timed.
pub(super) fn draw(summary: &Summary, style: &Style) -> String {
    let is_timed = |variant: &VariantSummary| variant.median_s.is_some();
    if !summary.variants.iter().any(is_timed) {
        return String::new();
    }
    let mut text = String::new();
    for (index, line) in fitting(summary, style).into_iter().enumerate() {
        // Two lines of header, then one a variant.
        let variant = index.checked_sub(2).and_then(|row| summary.variants.get(row));
        let is_winner = variant.is_some_and(|v| summary.winner.as_ref() == Some(&v.variant));
        let line = if is_winner { style.paint(&line, Paint::Strong) } else { line };
        text.push_str(&format!("{:INDENT$}{line}\n", ""));
    }
    for remark in remarks(summary, style.lang) {
        text.push_str(&blocks::plain(&remark, "  ", style));
    }
    text
}

/// The lines of the table with as many columns as the width holds.
fn fitting(summary: &Summary, style: &Style) -> Vec<String> {
    use Column::{Bar, Interval, Iqr, Median, Ratio, Right, Variant};
    let mut columns = match summary.variants.len() {
        // Alone, it has nothing to be compared with.
        1 => vec![Variant, Right, Median, Iqr],
        _ => vec![Variant, Right, Median, Iqr, Ratio, Interval, Bar],
    };
    let room = style.width - INDENT;
    let mut dropped = DROPPED.iter();
    loop {
        let without_bar: Vec<_> = columns.iter().copied().filter(|c| *c != Bar).collect();
        let taken = width(&grid(summary, &without_bar, 0, style.lang).natural());
        let left = room.saturating_sub(taken + 2);
        let fits = if columns.contains(&Bar) { left >= *BAR.start() } else { taken <= room };
        if fits {
            return grid(summary, &columns, left.min(*BAR.end()), style.lang).natural();
        }
        match dropped.next() {
            Some(drop) => columns.retain(|column| column != drop),
            None => return grid(summary, &columns, 0, style.lang).within(room),
        }
    }
}

fn width(lines: &[String]) -> usize {
    lines.iter().map(|line| display_width(line)).max().unwrap_or(0)
}

/// Everything but the bars.
pub(in crate::view) fn table(summary: &Summary, lang: Lang) -> Grid {
    use Column::{Interval, Iqr, Median, Ratio, Right, Variant};
    let columns = [Variant, Right, Median, Iqr, Ratio, Interval];
    // Alone, it has nothing to be compared with.
    let told = if summary.variants.len() == 1 { 4 } else { columns.len() };
    grid(summary, &columns[..told], 0, lang)
}

/// How long the bar of each variant is, from 0 to 1, and the head of their column.
pub(in crate::view) fn bars(summary: &Summary, lang: Lang) -> (String, Vec<Option<f64>>) {
    let bars = Bars::of(summary, 0);
    let head = match bars.is_logarithmic() {
        true => words::logarithmic_bar(lang),
        false => words::column(lang, Column::Bar),
    };
    let shares = summary.variants.iter().map(|v| v.median_s.map(|seconds| bars.share(seconds)));
    (head.to_owned(), shares.collect())
}

fn grid(summary: &Summary, columns: &[Column], bar: usize, lang: Lang) -> Grid {
    let bars = Bars::of(summary, bar);
    let header = |column: &Column| match column {
        Column::Bar if bars.is_logarithmic() => words::logarithmic_bar(lang),
        _ => words::column(lang, *column),
    };
    let row = |variant: &VariantSummary| {
        columns.iter().map(|column| cell(summary, variant, *column, &bars, lang)).collect()
    };
    Grid {
        header: columns.iter().map(|column| header(column).to_owned()).collect(),
        rows: summary.variants.iter().map(row).collect(),
        numbers: columns
            .iter()
            .map(|column| matches!(column, Column::Right | Column::Median | Column::Iqr))
            .collect(),
    }
}

fn cell(
    summary: &Summary,
    variant: &VariantSummary,
    column: Column,
    bars: &Bars,
    lang: Lang,
) -> String {
    let nothing = || "–".to_owned();
    match column {
        Column::Variant => variant.variant.clone(),
        Column::Right => format!("{}/{}", variant.correct_runs, variant.runs),
        Column::Median => variant.median_s.map_or_else(nothing, |s| time(s, lang)),
        // One run has no spread.
        Column::Iqr if variant.runs < 2 => nothing(),
        Column::Iqr => match (variant.q1_s, variant.q3_s) {
            (Some(q1), Some(q3)) => time(q3 - q1, lang),
            _ => nothing(),
        },
        Column::Ratio => {
            let is_baseline = variant.variant == summary.baseline;
            let mark = if spans_one(variant) && !is_baseline { " ≈" } else { "" };
            variant.ratio.map_or_else(nothing, |r| ratio(r, lang) + mark)
        }
        Column::Interval if variant.variant == summary.baseline => words::baseline(lang).to_owned(),
        Column::Interval => match (variant.ratio_low, variant.ratio_high) {
            (Some(low), Some(high)) => format!("{}–{}", factor(low, lang), factor(high, lang)),
            _ => nothing(),
        },
        Column::Bar => variant.median_s.map_or_else(String::new, |s| bars.draw(s)),
    }
}

/// Whether a variant and the baseline could not be told apart.
fn spans_one(variant: &VariantSummary) -> bool {
    match (variant.ratio_low, variant.ratio_high) {
        (Some(low), Some(high)) => !difference_seen(low, high),
        _ => false,
    }
}

/// How long a bar is for a time.
struct Bars {
    columns: usize,
    shortest: f64,
    longest: f64,
}

impl Bars {
    fn of(summary: &Summary, columns: usize) -> Bars {
        let times = || summary.variants.iter().filter_map(|v| v.median_s).filter(|s| *s > 0.0);
        Bars {
            columns,
            shortest: times().fold(f64::INFINITY, f64::min),
            longest: times().fold(0.0, f64::max),
        }
    }

    fn is_logarithmic(&self) -> bool {
        self.longest > LOGARITHMIC_FROM * self.shortest
    }

    /// Its part of the longest. On the logarithmic scale the shortest time has a tenth.
    fn share(&self, seconds: f64) -> f64 {
        if self.is_logarithmic() {
            0.1 + 0.9 * (seconds / self.shortest).ln() / (self.longest / self.shortest).ln()
        } else {
            seconds / self.longest
        }
    }

    /// In eighths of a column; what was measured at all has at least one.
    fn draw(&self, seconds: f64) -> String {
        const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let eighths = (self.share(seconds) * (self.columns * 8) as f64).round().max(1.0) as usize;
        let eighths = eighths.min(self.columns * 8);
        "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
    }
}

/// What the marks mean.
pub(in crate::view) fn marks(summary: &Summary, lang: Lang) -> Vec<String> {
    let others = || summary.variants.iter().filter(|v| v.variant != summary.baseline);
    let lacks_interval = |v: &VariantSummary| {
        v.ratio.is_some() && v.ratio_low.is_none() && (v.runs as usize) < ROUNDS_FOR_INTERVAL
    };
    let mut remarks = Vec::new();
    if others().any(spans_one) {
        remarks.push(words::no_difference_seen(lang).to_owned());
    }
    if others().any(lacks_interval) {
        remarks.push(words::no_interval(lang).to_owned());
    }
    remarks
}

/// What the marks mean, and who won.
pub(in crate::view) fn remarks(summary: &Summary, lang: Lang) -> Vec<String> {
    let mut remarks = marks(summary, lang);
    // One variant alone has nobody to win against, and races are no contest.
    if summary.variants.len() > 1 && !summary.variants.iter().all(|v| v.racy) {
        let lucky = summary.variants.iter().filter(|v| v.racy && all_right(v));
        let lucky: Vec<String> = lucky.map(|v| v.variant.clone()).collect();
        remarks.push(words::verdict(lang, verdict(summary), &lucky));
    }
    remarks
}

fn all_right(variant: &VariantSummary) -> bool {
    variant.runs > 0 && variant.correct_runs == variant.runs
}

fn verdict(summary: &Summary) -> Verdict<'_> {
    let right = summary.variants.iter().filter(|v| all_right(v) && !v.racy).count();
    match &summary.winner {
        Some(winner) if right == 1 => Verdict::OnlyRight(winner),
        Some(winner) => Verdict::Fastest(winner),
        None if right == 0 => Verdict::NoneRight,
        None => Verdict::NoLead,
    }
}

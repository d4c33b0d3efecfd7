//! Measurements in pairs, and the table that says whether a limit was met.
//!
//! Ours and theirs run in turns (ABAB), so that both of a round meet the same machine; the first
//! round warms up and is dropped. What is told is the median of the paired ratios with its 95 %
//! interval (`parlab::stats`). A limit counts as missed only when the whole interval lies beyond
//! it: a busy machine widens the interval, and then nothing was shown. The table judges, the exit
//! code does not: a slow machine is no fault of the build.

// Each bench compiles this module anew and uses its part of it.
#![allow(dead_code)]

use std::ops::RangeInclusive;

use anyhow::Result;
use comfy_table::{CellAlignment, Table, TableStyle};
use parlab::lesson::doc::Lang;
use parlab::machine;
use parlab::stats;
use parlab::view::format;

/// Seed of the bootstrap: the same measurements give the same interval.
const SEED: u64 = 1;

/// A whole bench: measures, and prints what was measured, also if an error cut it short.
///
/// Nothing is measured unless `cargo bench` started this: `cargo test --all-targets` starts benches
/// too, and then tests and compilers may run beside.
///
/// # Errors
/// That of `measure`: something could not be run. A limit that is not met is no error.
pub fn bench(title: &str, measure: impl FnOnce(&mut Report) -> Result<()>) -> Result<()> {
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let mut report = Report::default();
    let before = machine::describe();
    let outcome = measure(&mut report);
    // On a loaded machine most of a run of a millisecond is waiting for a CPU.
    if let Some(load) = before.load_1m {
        report.note(format!("usable CPUs: {}; load before: {load}", before.cpus));
    }
    report.print(title);
    outcome
}

/// Runs both in turns, `rounds` times after one round that is dropped.
///
/// # Errors
/// The first error of either.
pub fn rounds<T>(
    rounds: u32,
    mut ours: impl FnMut() -> Result<T>,
    mut theirs: impl FnMut() -> Result<T>,
) -> Result<Vec<(T, T)>> {
    ours()?;
    theirs()?;
    (0..rounds).map(|_| Ok((ours()?, theirs()?))).collect()
}

/// What was measured, row by row.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 6]>,
    notes: Vec<String>,
}

impl Report {
    /// A line under the table: on what it was measured, or what was left out and why.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Ours may take `limit` times as long as theirs. The pairs are seconds, ours first.
    pub fn at_most(&mut self, what: &str, pairs: &[(f64, f64)], limit: f64) {
        let ratio = Ratio::of(pairs);
        let met = *ratio.interval.start() <= limit;
        self.times(what, pairs, &ratio, format!("≤ ×{limit}"), met);
    }

    /// Ours must be `limit` times as fast as theirs. The pairs are seconds, ours first; the ratio
    /// told is theirs over ours.
    pub fn times_faster(&mut self, what: &str, pairs: &[(f64, f64)], limit: f64) {
        let turned: Vec<_> = pairs.iter().map(|(ours, theirs)| (*theirs, *ours)).collect();
        let ratio = Ratio::of(&turned);
        let met = *ratio.interval.end() >= limit;
        self.times(what, pairs, &ratio, format!("≥ ×{limit} faster"), met);
    }

    /// Ours may take `limit` seconds more than theirs, median against median; in brackets the
    /// quartiles of the paired differences.
    pub fn within(&mut self, what: &str, pairs: &[(f64, f64)], limit: f64) {
        let (ours, theirs) = medians(pairs);
        let differences: Vec<f64> = pairs.iter().map(|(ours, theirs)| ours - theirs).collect();
        let spread = stats::quartiles(&differences)
            .map_or_else(String::new, |q| format!(" [{}–{}]", time(q.q1), time(q.q3)));
        let more = ours - theirs;
        self.row(
            what,
            [time(ours), time(theirs), format!("{}{spread}", signed(more))],
            format!("≤ +{}", time(limit)),
            more <= limit,
        );
    }

    /// A figure of ours alone that must stay under `limit`; `show` gives both their unit.
    pub fn under(&mut self, what: &str, ours: f64, limit: f64, show: fn(f64) -> String) {
        let none = String::new;
        self.row(what, [show(ours), none(), none()], format!("< {}", show(limit)), ours < limit);
    }

    fn times(&mut self, what: &str, pairs: &[(f64, f64)], ratio: &Ratio, limit: String, met: bool) {
        let (ours, theirs) = medians(pairs);
        self.row(what, [time(ours), time(theirs), ratio.told()], limit, met);
    }

    fn row(&mut self, what: &str, [ours, theirs, compared]: [String; 3], limit: String, met: bool) {
        let verdict = if met { "met" } else { "not met" };
        self.rows.push([what.to_string(), ours, theirs, compared, limit, verdict.to_string()]);
    }

    #[allow(clippy::print_stdout, reason = "a bench is its own program: nobody's JSON is near")]
    fn print(&self, title: &str) {
        let mut table = Table::new();
        table.load_style(TableStyle::new());
        table.set_header(["what", "ours", "theirs", "compared", "limit", ""]);
        table.add_rows(&self.rows);
        for column in [1, 2] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        println!("\n{title}");
        for line in table.lines() {
            println!("{}", line.trim_end());
        }
        for note in &self.notes {
            println!("  {note}");
        }
    }
}

/// A paired ratio; without an interval of its own (too few rounds) the interval is the median.
struct Ratio {
    median: f64,
    interval: RangeInclusive<f64>,
}

impl Ratio {
    fn of(pairs: &[(f64, f64)]) -> Self {
        let ratio = stats::bootstrap_ratio(pairs, SEED);
        let median = ratio.map_or(f64::NAN, |ratio| ratio.median);
        let (low, high) = ratio.and_then(|ratio| ratio.interval).unwrap_or((median, median));
        Ratio { median, interval: low..=high }
    }

    fn told(&self) -> String {
        let [median, low, high] = [self.median, *self.interval.start(), *self.interval.end()]
            .map(|ratio| format::factor(ratio, Lang::En));
        format!("{median} [{low}–{high}]")
    }
}

fn medians(pairs: &[(f64, f64)]) -> (f64, f64) {
    let (ours, theirs): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let median = |values: &[f64]| stats::median(values).unwrap_or(f64::NAN);
    (median(&ours), median(&theirs))
}

/// Seconds, in the unit that fits.
pub fn time(seconds: f64) -> String {
    format::time(seconds, Lang::En)
}

/// Bytes, in the unit that fits.
pub fn bytes(bytes: f64) -> String {
    format::bytes(bytes, Lang::En)
}

fn signed(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "" } else { "+" };
    format!("{sign}{}", time(seconds))
}

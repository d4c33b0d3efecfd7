//! Where the runs ended: a strip for each variant, all on one scale.
//!
//! Few runs are marks: a filled circle on the lower line is right, a hollow square on the upper line
//! is wrong, and a number in either says how many runs ended at about that place. Of many runs a
//! histogram says more.

use serde::Serialize;

use super::axis::Tick;
use super::templates::share;
use crate::event::Run;
use crate::lesson::doc::Lang;
use crate::view::format::{self, count};
use crate::view::gathered::Gathered;
use crate::view::words;

/// Runs of a variant from which on a histogram says more than marks.
const HISTOGRAM_FROM: usize = 30;
/// Marks that are nearer to each other than this part of the width would cover each other on a phone.
const APART: f64 = 1.0 / 14.0;
/// What is left at both ends, so that marks there are whole.
const MARGIN: f64 = 0.03;
/// How near to an end of the axis a name would touch the one that stands there.
const NAME: f64 = 0.25;

/// The drawing, for its template.
#[derive(Serialize)]
pub(super) struct Outcomes {
    heading: String,
    rows: Vec<Row>,
    axis: Vec<Tick>,
    legend: Vec<&'static str>,
}

#[derive(Serialize)]
struct Row {
    variant: String,
    /// How many were right, in words.
    verdict: String,
    all_right: bool,
    /// The whole strip in words.
    said: String,
    expected: String,
    marks: Vec<Mark>,
    bars: Vec<Bar>,
}

/// Runs that ended at about one place.
#[derive(Serialize)]
struct Mark {
    x: String,
    right: bool,
    runs: usize,
}

#[derive(Serialize)]
struct Bar {
    x: String,
    width: String,
    height: String,
    y: String,
}

/// From values to places.
struct Scale {
    least: i64,
    greatest: i64,
}

impl Scale {
    fn place(&self, value: i64) -> f64 {
        // Differences of two i64 need not be one.
        let range = self.greatest as f64 - self.least as f64;
        if range == 0.0 {
            return 0.5;
        }
        MARGIN + (1.0 - 2.0 * MARGIN) * (value as f64 - self.least as f64) / range
    }
}

/// The drawing; none where no run had an expected value. Traced runs are left out: the ledger
/// changes how the loops meet.
pub(super) fn of(gathered: &Gathered, lang: Lang) -> Option<Outcomes> {
    let counts = |run: &Run| !run.traced && run.expected.is_some() && run.got.is_some();
    let variants = gathered.by_variant(counts);
    let runs = || variants.iter().flat_map(|(_, runs)| runs);
    let values = || runs().flat_map(|run| [run.got, run.expected]).flatten();
    let scale = Scale { least: values().min()?, greatest: values().max()? };
    let expected = runs().find_map(|run| run.expected);
    let common = expected.filter(|_| runs().all(|run| run.expected == expected));
    let many = |runs: &[&Run]| runs.len() >= HISTOGRAM_FROM;
    let dots = variants.iter().any(|(_, runs)| !many(runs)).then(|| words::marks_legend(lang));
    let bars = variants.iter().any(|(_, runs)| many(runs)).then(|| words::bars_legend(lang));
    Some(Outcomes {
        heading: words::outcomes_heading(lang, common),
        rows: variants.iter().filter_map(|(v, runs)| row(v, runs, &scale, lang)).collect(),
        axis: axis(&scale, common),
        legend: dots.into_iter().chain(bars).collect(),
    })
}

impl Outcomes {
    /// The same under a heading of its own.
    pub fn under(self, heading: String) -> Outcomes {
        Outcomes { heading, ..self }
    }
}

fn row(variant: &str, runs: &[&Run], scale: &Scale, lang: Lang) -> Option<Row> {
    let expected = runs.first()?.expected?;
    let mut ends: Vec<i64> = runs.iter().filter_map(|run| run.got).collect();
    ends.sort_unstable();
    let right = ends.iter().filter(|end| **end == expected).count();
    let verdict = words::right_of(lang, right, ends.len());
    let [least, greatest] = [0, ends.len() - 1].map(|at| count(ends[at]));
    let histogram = ends.len() >= HISTOGRAM_FROM;
    Some(Row {
        variant: variant.to_owned(),
        all_right: right == ends.len(),
        said: words::outcomes_said(lang, &verdict, [least, format::median(&ends, lang), greatest]),
        verdict,
        expected: share(scale.place(expected)),
        marks: if histogram { Vec::new() } else { marks(&ends, expected, scale) },
        bars: if histogram { bars(&ends, scale) } else { Vec::new() },
    })
}

/// Right and wrong ones lie on lines of their own, so they cannot cover each other. Of one line, those
/// that would are one mark, where they are on average.
fn marks(ends: &[i64], expected: i64, scale: &Scale) -> Vec<Mark> {
    let line = |right: bool| {
        let mut groups: Vec<(f64, usize)> = Vec::new();
        for end in ends.iter().filter(|end| (**end == expected) == right) {
            let mut group = (scale.place(*end), 1);
            while let Some(before) = groups.pop_if(|before| group.0 - before.0 < APART) {
                let runs = before.1 + group.1;
                let sum = before.0 * before.1 as f64 + group.0 * group.1 as f64;
                group = (sum / runs as f64, runs);
            }
            groups.push(group);
        }
        groups.into_iter().map(move |(place, runs)| Mark { x: share(place), right, runs })
    };
    line(true).chain(line(false)).collect()
}

/// Bins of as many values each, about twice the square root of the number of runs, drawn as high as
/// their share of the fullest.
fn bars(ends: &[i64], scale: &Scale) -> Vec<Bar> {
    let wanted = (2.0 * (ends.len() as f64).sqrt()).ceil() as usize;
    let bin = |end: &i64| {
        let place = (scale.place(*end) - MARGIN) / (1.0 - 2.0 * MARGIN);
        ((place * wanted as f64) as usize).min(wanted - 1)
    };
    let groups: Vec<&[i64]> = ends.chunk_by(|a, b| bin(a) == bin(b)).collect();
    let fullest = groups.iter().map(|group| group.len()).max().unwrap_or(1) as f64;
    let width = (1.0 - 2.0 * MARGIN) / wanted as f64;
    let bar = |group: &&[i64]| {
        let height = 0.95 * group.len() as f64 / fullest;
        Bar {
            x: share(MARGIN + bin(&group[0]) as f64 * width),
            width: share(width),
            height: share(height),
            y: share(1.0 - height),
        }
    };
    groups.iter().map(bar).collect()
}

/// The least, the greatest, and the expected value where it does not touch one of these.
fn axis(scale: &Scale, expected: Option<i64>) -> Vec<Tick> {
    let Scale { least, greatest } = *scale;
    let named = |tick: fn(f64, String) -> Tick, value| tick(scale.place(value), count(value));
    if least == greatest {
        return vec![named(Tick::between, least)];
    }
    let mut ticks = vec![named(Tick::first, least), named(Tick::last, greatest)];
    let between = |value: &i64| (NAME..1.0 - NAME).contains(&scale.place(*value));
    ticks.extend(expected.filter(between).map(|value| named(Tick::between, value)));
    ticks
}

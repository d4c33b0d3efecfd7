//! One figure over another: marks of its own shape for each variant, joined by lines, and the same
//! numbers as a table for who cannot see them or wants them exact.

use serde::Serialize;

use super::table::Table;
use super::templates::share;
use crate::event::Curve;
use crate::lesson::doc::Lang;
use crate::view::format::figure;
use crate::view::text::curves::{Axis, capital, numbers, plots};
use crate::view::words;

/// The shapes of marks, one after the other; what they are held against has lines alone.
const SHAPES: [&str; 8] = ["●", "■", "▲", "◆", "○", "□", "△", "◇"];
/// The part of the width, and of the height, that curves take.
const ACROSS: (f64, f64) = (0.16, 0.94);
const UP: (f64, f64) = (0.84, 0.06);
/// Names of values on the axis below that are nearer to each other would touch.
const APART: f64 = 0.14;

/// A plot, for its template.
#[derive(Serialize)]
pub(super) struct Plot {
    heading: String,
    said: String,
    series: Vec<Series>,
    x_names: Vec<(String, String)>,
    y_names: Vec<(String, String)>,
    numbers: &'static str,
    table: Table,
}

#[derive(Serialize)]
struct Series {
    name: String,
    /// None for what the others are held against.
    shape: Option<&'static str>,
    /// Chooses colour, or dashes.
    class: String,
    points: Vec<(String, String)>,
    lines: Vec<[String; 4]>,
}

/// A plot for each pair of axes.
pub(super) fn of(curves: &[Curve], lang: Lang) -> Vec<Plot> {
    plots(curves).iter().map(|plot| plot_of(plot, lang)).collect()
}

fn plot_of(curves: &[&Curve], lang: Lang) -> Plot {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let x = Axis::over(points().map(|point| point.0));
    let y = Axis::over(points().map(|point| point.1));
    let [x_title, y_title] = [(&curves[0].x, &x), (&curves[0].y, &y)]
        .map(|(name, axis)| words::axis(lang, name, axis.logarithmic));
    let place = |(px, py): &(f64, f64)| {
        (share(along(ACROSS, x.share(*px))), share(along(UP, y.share(*py))))
    };
    let mut measured: Vec<f64> = points().map(|point| point.0).collect();
    measured.sort_by(f64::total_cmp);
    measured.dedup();
    let middle = vec![y.least, f64::midpoint(y.least, y.greatest), y.greatest];
    let heading = words::plot_heading(lang, &capital(&y_title), &x_title);
    Plot {
        said: words::curves_said(lang, curves.len()),
        series: curves.iter().enumerate().map(|(at, c)| series(at, c, place, lang)).collect(),
        x_names: apart(&x, x.named(measured.clone()))
            .into_iter()
            .map(|value| (share(along(ACROSS, x.share(value))), figure(&curves[0].x, value, lang)))
            .collect(),
        y_names: y
            .named(middle)
            .into_iter()
            .map(|value| (share(along(UP, y.share(value))), figure(&curves[0].y, value, lang)))
            .collect(),
        numbers: words::the_numbers(lang),
        table: Table::of(&heading, numbers(curves, lang)),
        heading,
    }
}

fn along((from, to): (f64, f64), share: f64) -> f64 {
    from + share * (to - from)
}

fn series(
    at: usize,
    curve: &Curve,
    place: impl Fn(&(f64, f64)) -> (String, String),
    lang: Lang,
) -> Series {
    let points: Vec<(String, String)> = curve.points.iter().map(place).collect();
    let line = |pair: &[(String, String)]| {
        [&pair[0].0, &pair[0].1, &pair[1].0, &pair[1].1].map(String::to_owned)
    };
    Series {
        name: if curve.reference {
            words::reference(lang, &curve.variant)
        } else {
            curve.variant.clone()
        },
        shape: (!curve.reference).then(|| SHAPES[at % SHAPES.len()]),
        class: format!("{}{}", if curve.reference { "r" } else { "s" }, at % 4),
        lines: points.windows(2).map(line).collect(),
        points: if curve.reference { Vec::new() } else { points },
    }
}

/// Those of the values whose names do not touch the one before.
fn apart(axis: &Axis, values: Vec<f64>) -> Vec<f64> {
    let mut kept: Vec<f64> = Vec::new();
    for value in values {
        if kept.last().is_none_or(|last| axis.share(value) - axis.share(*last) >= APART) {
            kept.push(value);
        }
    }
    kept
}

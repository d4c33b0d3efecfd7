//! Who did what when: a lane a process. What a stretch of time was is told by its shape.

use serde::Serialize;

use super::axis::Tick;
use super::templates::share;
use crate::event::{Lane, Span, SpanKind, Timeline};
use crate::lesson::doc::Lang;
use crate::view::format::time;
use crate::view::words;

/// Lanes that are drawn: more would fill the page and say no more.
const MOST: usize = 32;
/// Stretches of one kind that follow each other this closely, as parts of the whole, are one to the
/// eye, and are drawn as one.
const FINEST: f64 = 1.0 / 400.0;
/// The least width of a stretch, as a part of the whole: what is too short to be seen still happened.
const LEAST: f64 = 1.0 / 150.0;
const KINDS: [SpanKind; 4] =
    [SpanKind::Creating, SpanKind::Running, SpanKind::Waiting, SpanKind::Reaping];

/// The drawing, for its template.
#[derive(Serialize)]
pub(super) struct Lanes {
    heading: String,
    lanes: Vec<Row>,
    /// What stands in place of the lanes that are not drawn, and before which lane.
    left_out: Option<(usize, String)>,
    axis: [Tick; 2],
    legend: Vec<(&'static str, &'static str)>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// The lane in words.
    said: String,
    spans: Vec<Stretch>,
}

#[derive(Serialize)]
struct Stretch {
    class: &'static str,
    x: String,
    width: String,
}

/// The drawing; none where nothing lasted.
pub(super) fn of(timeline: &Timeline, lang: Lang) -> Option<Lanes> {
    let spans = || timeline.lanes.iter().flat_map(|lane| &lane.spans);
    let total = spans().map(|span| span.end_s).fold(0.0, f64::max);
    if total <= 0.0 {
        return None;
    }
    let all = timeline.lanes.len();
    let left_out = all.saturating_sub(MOST);
    let head = if left_out > 0 { MOST * 2 / 3 } else { all };
    let drawn = timeline.lanes[..head].iter().chain(&timeline.lanes[head + left_out..]);
    let there = |kind: &SpanKind| spans().any(|span| span.what == *kind);
    let legend = KINDS.into_iter().filter(there);
    Some(Lanes {
        heading: words::timeline_heading(lang, &timeline.variant),
        lanes: drawn.map(|lane| row(lane, total, lang)).collect(),
        left_out: (left_out > 0).then(|| (head, words::lanes_left_out(lang, left_out))),
        axis: [Tick::first(0.0, "0".to_owned()), Tick::last(1.0, time(total, lang))],
        legend: legend.map(|kind| (class(kind), words::span_kind(lang, kind))).collect(),
    })
}

fn row(lane: &Lane, total: f64, lang: Lang) -> Row {
    let lasted = |kind: SpanKind| -> f64 {
        let spans = lane.spans.iter().filter(|span| span.what == kind);
        spans.map(|span| span.end_s - span.begin_s).sum()
    };
    let parts = KINDS.map(|kind| (kind, lasted(kind)));
    let said: Vec<String> = (parts.into_iter().filter(|(_, seconds)| *seconds > 0.0))
        .map(|(kind, seconds)| format!("{}: {}", words::span_kind(lang, kind), time(seconds, lang)))
        .collect();
    let mut spans = merged(&lane.spans, total);
    // What ran is drawn last: it may be shorter than the place that it takes.
    spans.sort_by_key(|span| span.what == SpanKind::Running);
    let pid = lane.pid.map_or(String::new(), |pid| format!(" ({pid})"));
    Row {
        name: format!("{}{pid}", lane.process),
        said: said.join(", "),
        spans: spans.iter().map(|span| stretch(span, total)).collect(),
    }
}

/// The spans, those as one that nobody could tell apart.
fn merged(spans: &[Span], total: f64) -> Vec<Span> {
    let mut drawn: Vec<Span> = Vec::new();
    for span in spans {
        let close = |last: &&mut Span| {
            let whole = span.end_s - last.begin_s;
            last.what == span.what && whole < FINEST * total
        };
        match drawn.last_mut().filter(close) {
            Some(last) => last.end_s = span.end_s,
            None => drawn.push(span.clone()),
        }
    }
    drawn
}

fn stretch(span: &Span, total: f64) -> Stretch {
    let width = ((span.end_s - span.begin_s) / total).max(LEAST);
    let x = (span.begin_s / total).min(1.0 - width);
    Stretch { class: class(span.what), x: share(x), width: share(width) }
}

fn class(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Creating => "creating",
        SpanKind::Running => "running",
        SpanKind::Waiting => "waiting",
        SpanKind::Reaping => "reaping",
    }
}

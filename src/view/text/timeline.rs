//! Who did what when: a lane a process, all on one scale of time.

use textwrap::core::display_width;

use super::super::format::time;
use super::super::style::{Paint, Style};
use super::super::words;
use super::blocks;
use crate::event::{Lane, Span, SpanKind, Timeline};

/// Lanes that are drawn: more would fill the screen and say no more.
const MOST: usize = 12;

/// The lanes; where there are too many, the first and the last ones.
pub(in crate::view) fn draw(timeline: &Timeline, style: &Style) -> String {
    let ends = timeline.lanes.iter().flat_map(|lane| &lane.spans).map(|span| span.end_s);
    let total = ends.fold(0.0, f64::max);
    if total <= 0.0 {
        return String::new();
    }
    let heading = words::timeline_heading(style.lang, &timeline.variant);
    let mut text = blocks::title(&heading, Paint::Heading, style);
    let name = timeline.lanes.iter().map(|lane| display_width(&lane.process)).max().unwrap_or(0);
    let columns = style.width.saturating_sub(2 + name + 2).max(10);
    let left_out = timeline.lanes.len().saturating_sub(MOST);
    let head = if left_out > 0 { MOST * 2 / 3 } else { timeline.lanes.len() };
    for lane in &timeline.lanes[..head] {
        text.push_str(&row(lane, name, columns, total));
    }
    if left_out > 0 {
        let gap = words::lanes_left_out(style.lang, left_out);
        text.push_str(&format!("  {}\n", style.paint(&gap, Paint::Faint)));
        for lane in &timeline.lanes[head + left_out..] {
            text.push_str(&row(lane, name, columns, total));
        }
    }
    let axis = axis(columns, &time(total, style.lang));
    text.push_str(&format!("  {}  {}\n", " ".repeat(name), style.paint(&axis, Paint::Faint)));
    let shaded = text.contains(NEXT);
    text + &legend(timeline, shaded, style)
}

fn row(lane: &Lane, name: usize, columns: usize, total: f64) -> String {
    let mut cells = vec![' '; columns];
    // What ran is painted last: it may be shorter than the cell that it shares.
    let (running, others): (Vec<&Span>, Vec<&Span>) =
        lane.spans.iter().partition(|span| span.what == SpanKind::Running);
    for span in others {
        paint(&mut cells, span, mark(span.what), total);
    }
    let mut shades = [mark(SpanKind::Running), NEXT].into_iter().cycle();
    let mut before = None;
    for span in running {
        // One that follows directly on another can be told from it only by its shade.
        if before.is_none_or(|end| begins_after(span, end, total / columns as f64)) {
            shades = [mark(SpanKind::Running), NEXT].into_iter().cycle();
        }
        before = Some(span.end_s);
        paint(&mut cells, span, shades.next().expect("they go round"), total);
    }
    let line: String = cells.into_iter().collect();
    let blanks = " ".repeat(name - display_width(&lane.process));
    format!("  {}{blanks}  {}\n", lane.process, line.trim_end())
}

/// The shade of every second of spans that follow on each other.
const NEXT: char = '▓';

/// Whether there is a gap of a cell or more between that end and the span.
fn begins_after(span: &Span, end_s: f64, cell_s: f64) -> bool {
    span.begin_s - end_s > cell_s
}

/// At least one cell: a span that is too short to be seen still happened.
fn paint(cells: &mut [char], span: &Span, mark: char, total: f64) {
    let last = cells.len() - 1;
    let at = |seconds: f64| ((seconds / total * cells.len() as f64) as usize).min(last);
    let (begin, end) = (at(span.begin_s), at(span.end_s));
    cells[begin..=end].fill(mark);
}

fn mark(what: SpanKind) -> char {
    match what {
        SpanKind::Creating => '░',
        SpanKind::Running => '█',
        SpanKind::Waiting => '·',
        SpanKind::Reaping => '▒',
    }
}

fn axis(columns: usize, total: &str) -> String {
    let width = display_width(total) + 2;
    format!("0{}{total}", " ".repeat(columns.saturating_sub(width) + 1))
}

/// The kinds of span that are drawn, each with its mark; `shaded` if two shades of one are.
fn legend(timeline: &Timeline, shaded: bool, style: &Style) -> String {
    let kinds = [SpanKind::Creating, SpanKind::Running, SpanKind::Waiting, SpanKind::Reaping];
    let drawn = |kind: &SpanKind| {
        timeline.lanes.iter().flat_map(|lane| &lane.spans).any(|span| span.what == *kind)
    };
    let named: Vec<String> = (kinds.iter().filter(|kind| drawn(kind)))
        .map(|kind| {
            let next = if shaded && *kind == SpanKind::Running {
                format!(" {NEXT}")
            } else {
                String::new()
            };
            format!("{}{next} {}", mark(*kind), words::span_kind(style.lang, *kind))
        })
        .collect();
    let lines = blocks::plain(&named.join(", "), "  ", style);
    lines.lines().map(|line| style.paint(line, Paint::Faint) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_follow_each_other_differ_in_shade_and_others_do_not() {
        let span = |begin_s, end_s| Span { what: SpanKind::Running, begin_s, end_s, cpu: None };
        let lane = |spans| Lane { process: "w".to_owned(), pid: None, spans };
        let close = lane(vec![span(0.0, 1.9), span(2.0, 3.9), span(4.0, 5.9)]);
        assert_eq!(row(&close, 1, 8, 8.0), "  w  ██▓▓██\n");
        let apart = lane(vec![span(0.0, 1.9), span(4.0, 5.9)]);
        assert_eq!(row(&apart, 1, 8, 8.0), "  w  ██  ██\n");
    }
}

//! The view of a trace viewer (Perfetto, `chrome://tracing`): who did what when, and who got what from whom.
//!
//! It is the Trace Event Format, in its form of a JSON object ("Trace Event Format", Chromium project).
//! Each timeline is a process of the viewer, under which its lanes are threads: so a variant is one group
//! that folds. All begin at 0, as their runs did: below each other on one scale, their lengths compare.
//! The number of a group is made up, and greater than any pid can be; that of a lane is its pid, where
//! it has one that no other lane of the group has.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Value, json};

use super::{View, visible, words};
use crate::event::{Event, Lane, Message, Span, SpanKind, Start, Timeline};
use crate::lesson::doc::Lang;

/// No pid of Linux is greater: PID_MAX_LIMIT of `include/linux/threads.h` on 64 bits.
const GREATEST_PID: i64 = 1 << 22;

/// The timelines of one command.
pub struct Trace {
    lang: Lang,
    start: Option<Box<Start>>,
    timelines: Vec<Timeline>,
}

/// The numbers by which a viewer knows a lane.
#[derive(Clone, Copy)]
struct Place {
    pid: i64,
    tid: i64,
}

impl Trace {
    /// Nothing yet; stretches of time are named in `lang`.
    pub fn new(lang: Lang) -> Trace {
        Trace { lang, start: None, timelines: Vec::new() }
    }

    /// Whether nothing with times came: a viewer would show an empty page.
    pub fn is_empty(&self) -> bool {
        self.timelines.iter().all(|told| told.lanes.iter().all(|lane| lane.spans.is_empty()))
    }

    /// The whole file.
    ///
    /// # Errors
    /// None that is known: numbers that JSON cannot hold were refused with their event.
    pub fn into_text(self) -> io::Result<String> {
        let mut events = Vec::new();
        let mut arrows = 0;
        for (number, timeline) in self.timelines.iter().enumerate() {
            let pid = GREATEST_PID + 1 + number as i64;
            let title = format!("{} · {}", timeline.experiment, timeline.variant);
            events.push(about_group(pid, "process_name", "name", json!(title)));
            events.push(about_group(pid, "process_sort_index", "sort_index", json!(number)));
            let places = places(pid, &timeline.lanes);
            for (at, (lane, place)) in timeline.lanes.iter().zip(&places).enumerate() {
                events.push(about(*place, "thread_name", "name", json!(lane.process)));
                events.push(about(*place, "thread_sort_index", "sort_index", json!(at)));
                events.extend(lane.spans.iter().map(|span| self.slice(span, *place)));
            }
            for message in &timeline.messages {
                arrows += 1;
                let ends = [(&message.from, message.put_s), (&message.to, message.got_s)];
                let ends = ends.map(|(name, at_s)| end(timeline, &places, name, at_s));
                events.extend(arrow(arrows, message, ends).into_iter().flatten());
            }
        }
        let about_it = self.start.as_ref().map(|start| {
            json!({
                "program": concat!("parlab ", env!("CARGO_PKG_VERSION")),
                "command": start.command,
                "lesson": start.lesson,
                "params": start.params,
                "machine": start.machine,
            })
        });
        let file = json!({
            "traceEvents": events,
            "displayTimeUnit": "ns",
            "otherData": about_it.unwrap_or_default(),
        });
        Ok(serde_json::to_string(&file)? + "\n")
    }

    /// A complete slice.
    fn slice(&self, span: &Span, Place { pid, tid }: Place) -> Value {
        let cpu = span.cpu.map_or(json!({}), |cpu| json!({"cpu": cpu}));
        let (begin, end) = (nanos(span.begin_s), nanos(span.end_s));
        json!({
            "ph": "X",
            "name": words::span_kind(self.lang, span.what),
            "cat": category(span.what),
            "pid": pid,
            "tid": tid,
            "ts": micros(begin),
            "dur": micros((end - begin).max(0)),
            "args": cpu,
        })
    }
}

/// Where each lane is told: under its own pid, or, without one, under a number beyond all pids.
fn places(pid: i64, lanes: &[Lane]) -> Vec<Place> {
    let mut taken = BTreeSet::new();
    let place = |(number, lane): (usize, &Lane)| {
        let own = lane.pid.map(i64::from).filter(|&own| taken.insert(own));
        Place { pid, tid: own.unwrap_or(2 * GREATEST_PID + number as i64) }
    };
    lanes.iter().enumerate().map(place).collect()
}

/// A fact about a process.
fn about_group(pid: i64, what: &str, field: &str, value: Value) -> Value {
    json!({"ph": "M", "name": what, "pid": pid, "args": {field: value}})
}

/// A fact about a thread.
fn about(Place { pid, tid }: Place, what: &str, field: &str, value: Value) -> Value {
    json!({"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {field: value}})
}

/// Where one end of an arrow is bound: a moment within a slice of that lane, in nanoseconds; none where
/// there is no such slice.
fn end(timeline: &Timeline, places: &[Place], name: &str, at_s: f64) -> Option<(Place, i64)> {
    let lane = timeline.lanes.iter().position(|lane| lane.process == *name)?;
    let at = nanos(at_s);
    // What comes at the end of a wait belongs to the wait. To a viewer, a slice's end is no part of it.
    let spans = timeline.lanes[lane].spans.iter();
    let mut slices = spans.map(|span| (nanos(span.begin_s), nanos(span.end_s)));
    let (_, end) = slices.find(|&(begin, end)| begin < end && (begin..=end).contains(&at))?;
    Some((places[lane], at.min(end - 1)))
}

/// An arrow from put to get, where both its ends are bound and time does not run backwards.
fn arrow(id: u32, message: &Message, ends: [Option<(Place, i64)>; 2]) -> Option<[Value; 2]> {
    let [Some((from, put)), Some((to, got))] = ends else {
        return None;
    };
    let name = format!("{} → {}", message.from, message.to);
    let end = |phase: &str, Place { pid, tid }: Place, at: i64| {
        json!({
            "ph": phase,
            "id": id,
            "name": name,
            "cat": "message",
            "pid": pid,
            "tid": tid,
            "ts": micros(at),
        })
    };
    let mut arrival = end("f", to, got);
    // Bound to the slice that it arrives in, not to the next one.
    arrival["bp"] = json!("e");
    (put <= got).then(|| [end("s", from, put), arrival])
}

/// The clock says no more than nanoseconds.
fn nanos(seconds: f64) -> i64 {
    (seconds.max(0.0) * 1e9).round() as i64
}

/// The format's unit.
fn micros(nanos: i64) -> f64 {
    nanos as f64 / 1e3
}

/// What a viewer filters by: the same in both languages.
fn category(what: SpanKind) -> &'static str {
    match what {
        SpanKind::Creating => "creating",
        SpanKind::Running => "running",
        SpanKind::Waiting => "waiting",
        SpanKind::Reaping => "reaping",
    }
}

impl View for Trace {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Start(_) | Event::Timeline(_) => match visible::event(event)? {
                Event::Start(start) => self.start = Some(start),
                Event::Timeline(timeline) => self.timelines.push(timeline),
                _ => {}
            },
            // Nothing else has a clock.
            _ => {}
        }
        Ok(())
    }
}

//! The trace: what a viewer needs, whatever the timelines are, and an arrow for each message.

use parlab::event::{Event, Lane, Message, Span, SpanKind, Timeline};
use parlab::lesson::doc::Lang;
use parlab::view::View;
use parlab::view::trace::Trace;
use proptest::prelude::*;

use crate::stream::{start, stream};
use crate::trace_format::{Counts, check};

fn trace(events: &[Event], lang: Lang) -> Trace {
    let mut trace = Trace::new(lang);
    for event in [start("compare")].iter().chain(events) {
        trace.event(event).unwrap();
    }
    trace
}

fn lane(process: &str, pid: Option<i32>, ends: &[f64]) -> Lane {
    let kinds = [SpanKind::Creating, SpanKind::Running, SpanKind::Waiting, SpanKind::Reaping];
    let span = |(at, pair): (usize, &[f64])| Span {
        what: kinds[at % 4],
        begin_s: pair[0],
        end_s: pair[1],
        cpu: (at % 2 == 0).then_some(1),
    };
    let spans = ends.windows(2).enumerate().map(span).collect();
    Lane { process: process.to_owned(), pid, spans }
}

fn told(variant: &str, lanes: Vec<Lane>, messages: Vec<Message>) -> Event {
    let (experiment, variant) = ("map".to_owned(), variant.to_owned());
    Event::Timeline(Timeline { experiment, variant, index: 0, lanes, messages })
}

fn message(from: &str, to: &str, put_s: f64, got_s: f64) -> Message {
    Message { from: from.to_owned(), to: to.to_owned(), put_s, got_s }
}

#[test]
fn variants_are_groups_and_a_message_is_an_arrow_from_the_put_to_the_wait_it_ends() {
    let lanes = || vec![lane("parent", Some(7), &[0.0, 0.5, 1.0]), lane("w", Some(8), &[0.1, 0.4])];
    let messages = vec![
        message("parent", "w", 0.0, 0.1),
        message("w", "parent", 0.4, 0.5),
        message("w", "nobody", 0.2, 0.3),
        message("w", "parent", 0.3, 0.2),
        message("w", "parent", 0.7, 0.8),
    ];
    let events = [told("map", lanes(), messages), told("map-chunk-1", lanes(), Vec::new())];
    for (lang, running) in [(Lang::En, "running"), (Lang::It, "in esecuzione")] {
        let text = trace(&events, lang).into_text().unwrap();
        let groups = ["map · map", "map · map-chunk-1"].map(str::to_owned).into();
        // Of five messages three have no place: no such lane, time backwards, put by nobody at work.
        assert_eq!(check(&text), Counts { groups, threads: 4, slices: 6, arrows: 2 });
        assert!(text.contains(running), "{text}");
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let events = file["traceEvents"].as_array().unwrap();
        let ends: Vec<_> = events.iter().filter(|e| e["ph"] == "s" || e["ph"] == "f").collect();
        let told =
            |at: usize| (ends[at]["tid"].as_i64().unwrap(), ends[at]["ts"].as_f64().unwrap());
        assert_eq!([told(0), told(1)], [(7, 0.0), (8, 100_000.0)]);
        // A slice's end is no part of it: the last nanosecond is.
        assert_eq!([told(2), told(3)], [(8, 399_999.999), (7, 499_999.999)]);
    }
}

#[test]
fn what_has_no_times_makes_an_empty_trace_and_says_so() {
    assert!(trace(&stream(), Lang::En).is_empty());
    assert!(trace(&[told("map", vec![lane("w", None, &[])], Vec::new())], Lang::En).is_empty());
    assert!(
        !trace(&[told("map", vec![lane("w", None, &[0.0, 1.0])], Vec::new())], Lang::En).is_empty()
    );
}

/// A lane of spans that follow each other, with a name and a pid that another may have.
fn lanes() -> impl Strategy<Value = Vec<Lane>> {
    let ends = proptest::collection::vec(0.0..0.01_f64, 0..6);
    let lane = ("[ab\"\\\\<\u{202e}\n]{0,3}", proptest::option::of(1..4_i32), ends).prop_map(
        |(name, pid, mut ends)| {
            ends.sort_by(f64::total_cmp);
            lane(&name, pid, &ends)
        },
    );
    proptest::collection::vec(lane, 0..5)
}

proptest! {
    #[test]
    fn whatever_the_timelines_are_a_viewer_can_show_them(
        all in proptest::collection::vec((lanes(), proptest::collection::vec((0..6_usize, 0..6_usize, 0.0..0.01_f64, 0.0..0.01_f64), 0..6)), 0..4),
    ) {
        let mut events = Vec::new();
        for (lanes, messages) in &all {
            let name = |at: &usize| lanes.get(*at).map_or("nobody", |lane| &lane.process);
            let messages = messages.iter().map(|(a, b, put, got)| message(name(a), name(b), *put, *got));
            events.push(told("v", lanes.clone(), messages.collect()));
        }
        let counts = check(&trace(&events, Lang::En).into_text().unwrap());
        prop_assert_eq!(counts.groups.len(), all.len());
        prop_assert_eq!(counts.threads, all.iter().map(|(lanes, _)| lanes.len()).sum::<usize>());
        let spans = all.iter().flat_map(|(lanes, _)| lanes).map(|lane| lane.spans.len());
        prop_assert_eq!(counts.slices, spans.sum::<usize>());
    }
}

//! What a trace must be so that a viewer shows it: the rules of the Trace Event Format, held against a
//! file. Used by the tests of the view and by those of the program.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// How much of what a trace holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Titles of its groups, in order.
    pub groups: Vec<String>,
    pub threads: usize,
    pub slices: usize,
    pub arrows: usize,
}

type Thread = (i64, i64);

/// Nanoseconds.
fn time(event: &Value, field: &str) -> i64 {
    let micros = event[field].as_f64().unwrap_or_else(|| panic!("no {field}: {event}"));
    assert!(micros.is_finite() && micros >= 0.0, "{event}");
    (micros * 1e3).round() as i64
}

fn thread(event: &Value) -> Thread {
    let number = |field: &str| event[field].as_i64().unwrap_or_else(|| panic!("{field}: {event}"));
    (number("pid"), number("tid"))
}

fn named(event: &Value) -> String {
    let name = event["args"]["name"].as_str().unwrap_or_else(|| panic!("no name: {event}"));
    name.to_owned()
}

/// Panics where the text is no trace that a viewer shows in full.
pub fn check(text: &str) -> Counts {
    let file: Value = serde_json::from_str(text).unwrap();
    assert!(["ms", "ns"].contains(&file["displayTimeUnit"].as_str().unwrap()), "{text:.200}");
    assert!(file["otherData"]["machine"]["cpus"].is_u64(), "the machine");
    let mut counts = Counts::default();
    let (mut groups, mut threads) = (BTreeSet::new(), BTreeSet::new());
    let mut slices: BTreeMap<Thread, Vec<(i64, i64)>> = BTreeMap::new();
    let mut arrows: BTreeMap<i64, [Vec<Value>; 2]> = BTreeMap::new();
    for event in file["traceEvents"].as_array().unwrap() {
        let name = event["name"].as_str().unwrap();
        match (event["ph"].as_str().unwrap(), name) {
            ("M", "process_name") => {
                let pid = event["pid"].as_i64().unwrap();
                assert!(
                    pid > 1 << 22 && groups.insert(pid),
                    "a pid that may be another's: {event}"
                );
                counts.groups.push(named(event));
            }
            ("M", "thread_name") => {
                named(event);
                assert!(threads.insert(thread(event)), "named twice: {event}");
            }
            ("M", "process_sort_index" | "thread_sort_index") => {
                assert!(event["args"]["sort_index"].is_u64(), "{event}");
            }
            ("X", _) => {
                let (begin, lasts) = (time(event, "ts"), time(event, "dur"));
                slices.entry(thread(event)).or_default().push((begin, begin + lasts));
                counts.slices += 1;
            }
            (end @ ("s" | "f"), _) => {
                assert!(end == "s" || event["bp"] == "e", "bound to the next slice: {event}");
                let ends = arrows.entry(event["id"].as_i64().unwrap()).or_default();
                ends[usize::from(end == "f")].push(event.clone());
            }
            other => panic!("{other:?}"),
        }
    }
    (counts.threads, counts.arrows) = (threads.len(), arrows.len());
    for (thread, slices) in &mut slices {
        assert!(threads.contains(thread) && groups.contains(&thread.0), "no name: {thread:?}");
        slices.sort_unstable();
        assert!(slices.windows(2).all(|two| two[0].1 <= two[1].0), "{thread:?}: {slices:?}");
    }
    for (id, ends) in &arrows {
        let [[put], [got]] = ends.each_ref().map(Vec::as_slice) else { panic!("{id}: {ends:?}") };
        assert!(time(put, "ts") <= time(got, "ts"), "{put} {got}");
        assert_eq!((&put["name"], &put["cat"]), (&got["name"], &got["cat"]));
        for end in [put, got] {
            let at = time(end, "ts");
            let holds = |&(begin, end): &(i64, i64)| begin <= at && at < end;
            assert!(slices[&thread(end)].iter().any(holds), "in no slice: {end}");
        }
    }
    counts
}

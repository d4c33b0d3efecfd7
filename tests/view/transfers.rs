//! Files that were fetched or not: a line for each, and nothing of those on their way.

use parlab::event::{Event, Transfer, TransferFault};
use parlab::lesson::doc::Lang;
use parlab::view::View;
use parlab::view::text::Options;
use unicode_width::UnicodeWidthStr;

use crate::stream::{style, text};

fn transfer(name: &str, ended: bool, fault: Option<TransferFault>) -> Event {
    Event::Transfer(Transfer {
        experiment: "files".to_owned(),
        variant: "serial".to_owned(),
        index: 0,
        name: name.to_owned(),
        done_bytes: 57_654,
        total_bytes: Some(57_654),
        rate_bytes_per_s: Some(1_572_864.0),
        ended,
        saved_as: (ended && fault.is_none()).then(|| "a.bmp".to_owned()),
        fault,
        detail: fault.map(|_| "said\u{1b}[2J".to_owned()),
    })
}

/// What is drawn of these, until an error ends the run.
fn drawn(events: &[Event], lang: Lang) -> String {
    let (mut view, out, _) = text(style(60, lang), Options::default());
    for event in events {
        view.event(event).unwrap();
    }
    let (kind, what) = (parlab::event::ErrorKind::NotFetched, Some("1/2".to_owned()));
    let error = parlab::event::Error::new(kind, what, None);
    view.event(&Event::Error(error)).unwrap();
    out.text()
}

#[test]
fn a_file_that_is_there_has_its_size_its_rate_and_its_name() {
    let english = drawn(&[transfer("http://a/b", true, None)], Lang::En);
    assert_eq!(
        english,
        "The files\n  ✓ http://a/b: 56.3 KiB, 1.5 MiB/s, kept as a.bmp\n"
            .replace("3 K", "3\u{a0}K")
            .replace("5 M", "5\u{a0}M")
    );
    let italian = drawn(&[transfer("http://a/b", true, None)], Lang::It);
    assert!(italian.contains("conservato come a.bmp") && italian.contains("1,5"), "{italian}");
}

#[test]
fn every_fault_has_words_in_both_languages_that_fit_and_hide_nothing() {
    let faults = [
        "bad_address",
        "no_such_host",
        "refused",
        "unreachable",
        "certificate",
        "status",
        "redirects",
        "scheme",
        "silence",
        "too_slow",
        "too_large",
        "cut",
        "protocol",
        "same_name",
        "exists",
        "no_space",
        "not_written",
    ];
    for fault in faults {
        let kind: TransferFault = serde_json::from_value(fault.into()).unwrap();
        let [english, italian] = [Lang::En, Lang::It]
            .map(|lang| drawn(&[transfer("http://a/b", true, Some(kind))], lang));
        assert_ne!(english, italian, "{fault}");
        for text in [english, italian] {
            assert!(text.contains("(said␛[2J)") && text.contains('✗'), "{text}");
            assert!(text.lines().all(|line| line.width() <= 60), "{text}");
        }
    }
}

#[test]
fn a_file_on_its_way_is_no_result() {
    assert_eq!(drawn(&[transfer("http://a/b", false, None)], Lang::En), "");
}

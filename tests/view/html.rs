//! The page: well-formed, complete in both languages, safe, and readable by everyone.

use std::collections::BTreeSet;

use parlab::event::{Event, Lane, Span, SpanKind, Timeline};
use parlab::lesson::doc::Lang;
use parlab::view::View;
use parlab::view::html::{Html, page};

use crate::offers::price;
use crate::room::{questions, room};
use crate::stream::{lesson, lost_update, more, run, start, stream};

/// The page of these events and of whatever else is shown, in both languages.
fn page_of(events: &[Event], show: impl Fn(&mut Html)) -> String {
    let sheets = Lang::ALL.map(|lang| {
        let mut sheet = Html::new(lang);
        for event in events {
            sheet.event(event).unwrap();
        }
        show(&mut sheet);
        sheet
    });
    page(sheets.into(), Lang::It).unwrap()
}

fn timeline() -> Event {
    let span = |what, begin_s, end_s| Span { what, begin_s, end_s, cpu: None };
    let lane = |process: &str| Lane {
        process: process.to_owned(),
        pid: Some(4711),
        spans: vec![
            span(SpanKind::Creating, 0.0, 0.001),
            span(SpanKind::Running, 0.001, 0.02),
            span(SpanKind::Waiting, 0.02, 0.03),
            span(SpanKind::Reaping, 0.03, 0.031),
        ],
    };
    Event::Timeline(Timeline {
        experiment: "bank".to_owned(),
        variant: "unlocked".to_owned(),
        index: 0,
        lanes: (0..40).map(|number| lane(&format!("w{number}"))).collect(),
        messages: Vec::new(),
    })
}

/// All that can be drawn, on pages of their own.
fn pages() -> Vec<String> {
    let nothing = |_: &mut Html| {};
    let mut timed = vec![start("compare"), timeline()];
    timed.extend(stream().into_iter().skip(1));
    let taught = page_of(&[start("lesson")], |sheet| lesson(sheet));
    let together = page_of(&[start("report")], |sheet| sheet.room(&room(), &questions()).unwrap());
    vec![page_of(&timed, nothing), page_of(&more(), nothing), taught, together]
}

/// An element as it opens: its name and its attributes.
type Tag = (String, Vec<(String, String)>);

/// The elements of a page; panics where it is not well-formed. Of HTML it knows what the templates
/// write: lower-case names, quoted attributes or bare ones, elements that are void.
fn elements(page: &str) -> Vec<Tag> {
    const VOID: [&str; 5] = ["meta", "input", "br", "hr", "!DOCTYPE"];
    let (mut open, mut found) = (Vec::new(), Vec::new());
    let mut rest = page;
    while let Some((text, tail)) = rest.split_once('<') {
        assert!(!text.contains('>') || open.last().is_some_and(|o| o == "style"), "{text:?}");
        let (inside, after) = tail.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "before {:.80}", after);
            continue;
        }
        let alone = inside.ends_with('/');
        let inside = inside.trim_end_matches('/');
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        if !alone && !VOID.contains(&name) {
            open.push(name.to_owned());
        }
        found.push((name.to_owned(), pairs(attributes)));
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    found
}

fn pairs(mut text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    while !text.trim().is_empty() {
        text = text.trim_start();
        let end = text.find([' ', '=']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let (value, rest) = match rest.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').expect("a quote ends"),
            None => ("", rest),
        };
        pairs.push((name.to_owned(), value.to_owned()));
        text = rest;
    }
    pairs
}

fn values<'e>(elements: &'e [Tag], name: &str) -> Vec<&'e str> {
    let all = elements.iter().flat_map(|(_, attributes)| attributes);
    all.filter(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn every_element_closes_and_every_id_that_is_named_is_there_once() {
    for page in pages() {
        let elements = elements(&page);
        let ids = values(&elements, "id");
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), known.len(), "an id is there twice");
        let labels =
            values(&elements, "aria-labelledby").into_iter().flat_map(str::split_whitespace);
        for id in labels.chain(values(&elements, "for")) {
            assert!(known.contains(id), "{id} leads nowhere");
        }
    }
}

#[test]
fn every_drawing_is_told_in_words_or_hidden_from_who_cannot_see_it() {
    let mut drawings = 0;
    for page in pages() {
        for (at, _) in page.match_indices("<svg") {
            let element = page[at..].split("</svg>").next().unwrap();
            let head = element.split('>').next().unwrap();
            let told = head.contains("role=\"img\"")
                && element.contains("<title id=")
                && element
                    .split("<desc id=")
                    .nth(1)
                    .is_some_and(|desc| !desc.contains("\"></desc>"));
            assert!(told || head.contains("aria-hidden=\"true\""), "{head}");
            drawings += usize::from(told);
        }
        assert!(!page.contains("<th>"), "a head of a table that says not of what");
        assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
    }
    assert!(drawings > 20, "{drawings}");
}

#[test]
fn each_language_says_everything_and_nothing_in_the_other() {
    for page in pages() {
        let sheets: Vec<&str> = page.split("<main ").skip(1).collect();
        let [english, italian] = sheets[..] else { panic!("not two languages") };
        for element in ["<svg", "<table", "<h2", "<p", "<rect", "<circle", "<tr"] {
            let count = |sheet: &str| sheet.matches(element).count();
            assert_eq!(count(english), count(italian), "{element}");
        }
        // Runs that were laid together were measured on several.
        let on_one = !english.contains("Several runs side by side");
        assert_eq!(english.contains("The machine it was measured on"), on_one);
        assert_eq!(italian.contains("La macchina usata per le misure"), on_one);
        assert!(!italian.contains("Measured on") && !english.contains("Misurato"));
    }
    let [compared, more, taught, together] = &pages()[..] else { panic!("four pages") };
    for words in [
        "Le varianti, da un file all&#x27;altro",
        "8 CPU, Python 3.13t",
        "scelta in 2, confermata in 0 file",
    ] {
        assert!(together.contains(words), "{words}");
    }
    for words in ["Dove è finita ogni esecuzione", "Chi ha fatto che cosa", "Vince atomic"] {
        assert!(compared.contains(words), "{words}");
    }
    for words in
        ["Deadlock in opposite: ciascuno aspetta", "I numeri", "più esecuzioni della variante"]
    {
        assert!(more.contains(words), "{words}");
    }
    for words in ["Hai detto:", "La previsione non si è avverata", "C&#x27;è altro da vedere"] {
        assert!(taught.contains(words), "{words}");
    }
}

#[test]
fn nothing_from_outside_becomes_markup_and_nothing_is_fetched() {
    let hostile = "<script>alert(1)</script>\"'&\u{202e}\u{1b}[31m";
    let mut events = vec![start(hostile)];
    for index in 0..3 {
        events.push(run(hostile, index, 0.001, 7));
    }
    events.push(Event::End(parlab::event::End { exit: 0, reason: None }));
    let page = page_of(&events, |sheet| {
        sheet.heading(hostile).unwrap();
        sheet
            .prose("<script>alert(2)</script> <img src=x onerror=alert(3)> [a](javascript:alert(4)) ![b](http://b/c.png)")
            .unwrap();
        sheet.question(hostile, &[hostile.to_owned()]).unwrap();
        sheet.verdict(Some(hostile), Some(true), hostile, Some(hostile)).unwrap();
    });
    let elements = elements(&page);
    let known = ["script", "img", "link", "iframe", "object", "base", "form", "image", "use"];
    for (name, attributes) in &elements {
        assert!(!known.contains(&name.as_str()), "{name}");
        for (attribute, value) in attributes {
            assert!(!attribute.starts_with("on") && attribute != "src", "{attribute}");
            assert!(attribute != "style", "an inline style: the policy would drop it");
            assert!(!value.contains("javascript:"), "{value}");
        }
    }
    assert!(!page.contains(['\u{202e}', '\u{1b}']), "a control character");
    let policy = "default-src &#x27;none&#x27;; style-src &#x27;sha256-";
    assert!(page.contains(policy), "no strict policy");
    assert!(!page.contains("url(") && !page.contains("@import"), "a style that fetches");
}

#[test]
fn a_thousand_runs_are_a_small_page() {
    let mut events = vec![start("compare")];
    for index in 0..1000 {
        for wrong in ["unlocked", "half-locked", "python-unlocked"] {
            events.push(run(wrong, index, 0.001, i64::from(index * 7919 % 4001)));
        }
        for right in ["locked", "coarse", "atomic", "local", "python-locked"] {
            events.push(run(right, index, 0.001, 100));
        }
    }
    events.extend([timeline(), lost_update(3)]);
    events.push(Event::End(parlab::event::End { exit: 0, reason: None }));
    let page = page_of(&events, |_| {});
    assert!(page.len() < 2 << 20, "{} bytes", page.len());
}

#[test]
fn a_lost_update_says_how_to_replay_it_and_who_was_held_up() {
    let page = page_of(&more(), |_| {});
    assert_eq!(page.matches("<code>parlab play lock --schedule ABAB --from 57</code>").count(), 2);
    assert_eq!(page.matches("A withdraw, B deposit").count(), 2);
    assert!(page.contains("deposit was held up") && page.contains("deposit è stato trattenuto"));
}

#[test]
fn each_variant_has_its_timeline() {
    let of = |name: &str| {
        let Event::Timeline(told) = timeline() else { unreachable!() };
        Event::Timeline(Timeline { variant: name.to_owned(), ..told })
    };
    let end = Event::End(parlab::event::End { exit: 0, reason: None });
    let events = [start("compare"), of("fork"), of("spawn"), of("fork"), end];
    let page = page_of(&events, |_| {});
    assert_eq!(page.matches("<figure class=\"timeline\">").count(), 2 * 2);
    assert_eq!(page.matches("(spawn)</figcaption>").count(), 2);
}

#[test]
fn a_price_is_a_bar_that_goes_on_to_pythons() {
    let Event::Start(mut all) = start("compare") else { unreachable!() };
    all.lesson = "all".to_owned();
    let mut events = vec![Event::Start(all)];
    events.extend([price("pipe", None, 1e-6), price("pipe", Some("python"), 1e-4)]);
    events.extend([price("queue", None, 1e-5), price("fork", Some("python"), 1e-2)]);
    events.push(Event::End(parlab::event::End { exit: 0, reason: None }));
    let page = page_of(&events, |_| {});
    // A logarithmic scale of four powers of ten, from a tenth of the width on.
    for (width, rust) in [("10.00%", true), ("32.50%", true), ("55.00%", false), ("100.00%", false)]
    {
        let class = if rust { "" } else { "class=\"beyond\" " };
        let bar = format!("<rect {class}width=\"{width}\"");
        assert_eq!(page.matches(&bar).count(), 2, "{bar}");
    }
}

/// The colours of each `:root` block of the style.
fn palettes() -> Vec<Vec<(&'static str, &'static str)>> {
    let style = include_str!("../../src/view/html/style.css");
    let blocks = style.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap());
    let colour = |line: &'static str| line.trim().strip_suffix(';')?.split_once(": #");
    blocks.map(|block| block.lines().filter_map(colour).collect()).collect()
}

/// Relative luminance (WCAG 2.2).
fn luminance(hex: &str) -> f64 {
    let part = |at| {
        let share = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_pair_of_colours_can_be_told_apart_in_light_and_in_dark() {
    assert!((contrast("ffffff", "000000") - 21.0).abs() < 1e-9);
    let palettes = palettes();
    assert_eq!(palettes.len(), 2, "light and dark");
    for palette in palettes {
        let of = |name: &str| palette.iter().find(|(known, _)| *known == name).unwrap().1;
        assert!(palette.len() >= 12, "{palette:?}");
        for (name, colour) in palette.iter().filter(|(name, _)| !name.ends_with("paper")) {
            let on: &[&str] = match *name {
                "--code-ink" => &["--code-paper"],
                // The numbers of lines stand on the paper of code.
                "--faint" => &["--paper", "--code-paper"],
                // Rules are no text: 3 is asked of them (1.4.11).
                "--rule" => &[],
                _ => &["--paper"],
            };
            for paper in on {
                let contrast = contrast(colour, of(paper));
                assert!(contrast >= 4.5, "{name} on {paper}: {contrast:.2}");
            }
        }
        assert!(contrast(of("--rule"), of("--paper")) >= 3.0);
    }
}

//! The sheet that is handed out: it gives nothing away, and reads back as what was meant.

use parlab::event::{End, Event, Line, Measure, Run, Summary};
use parlab::lesson::doc::Lang;
use parlab::view::handout::Handout;
use parlab::view::visible;
use parlab::view::{CodeBlock, View};
use proptest::prelude::*;
use pulldown_cmark::{self as md, Options, Parser, Tag, TagEnd};

use crate::stream::{lost_update, more, run, start, stream};

fn end() -> Event {
    Event::End(End { exit: 0, reason: None })
}

/// The sheet of these events.
fn sheet(events: &[Event], lang: Lang) -> String {
    let mut sheet = Handout::new(lang);
    for event in events {
        sheet.event(event).unwrap();
    }
    sheet.into_text()
}

fn parsed(text: &str) -> Vec<md::Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS).collect()
}

/// The words between each start and end of what `opens`, in order.
fn texts(text: &str, opens: fn(&Tag) -> bool, closes: TagEnd) -> Vec<String> {
    let (mut found, mut inside) = (Vec::new(), None::<String>);
    for event in parsed(text) {
        match event {
            md::Event::Start(tag) if opens(&tag) => inside = Some(String::new()),
            md::Event::End(end) if end == closes => found.extend(inside.take()),
            md::Event::Text(words) | md::Event::Code(words) => {
                if let Some(inside) = &mut inside {
                    *inside += &words;
                }
            }
            _ => {}
        }
    }
    found
}

fn cells(text: &str) -> Vec<String> {
    texts(text, |tag| matches!(tag, Tag::TableCell), TagEnd::TableCell)
}

fn code() -> CodeBlock {
    let lines = vec!["let fence = \"```\";".to_owned()];
    CodeBlock { language: "Rust", file: "src/a_b.rs".to_owned(), first_line: 7, lines }
}

fn summary_of_nothing() -> Event {
    let (experiment, baseline) = ("bank".to_owned(), "unlocked".to_owned());
    Event::Summary(Summary { experiment, baseline, variants: Vec::new(), winner: None })
}

/// A lesson with a question, a stretch that only runs, one that only talks, and a second question.
fn taught(sheet: &mut Handout) {
    sheet.event(&start("lesson")).unwrap();
    sheet.prose("# A title\n\nIt begins.").unwrap();
    sheet.code(&code()).unwrap();
    sheet.question("Where does it *end*?", &["Here".to_owned(), "`There`".to_owned()]).unwrap();
    let events = stream();
    let is_result = |event: &&Event| !matches!(event, Event::Start(_) | Event::End(_));
    for event in events.iter().filter(is_result) {
        sheet.event(event).unwrap();
    }
    sheet.verdict(Some("`There`"), Some(true), "OUTCOME", Some("REPLY")).unwrap();
    sheet.prose("EXPLAINED\n\n## Only figures\n\nINTRODUCED").unwrap();
    sheet.code(&code()).unwrap();
    sheet.event(&run("unlocked", 0, 0.1, 7)).unwrap();
    sheet.event(&events[events.len() - 2]).unwrap();
    sheet.prose("EXPLAINED\n\n## NOTHING RAN\n\nTALK").unwrap();
    let values = serde_json::json!({"rounds": 7}).as_object().unwrap().clone();
    let experiment = "bank".to_owned();
    let of_none = Measure { experiment, variant: None, values };
    sheet.event(&Event::Measure(of_none)).unwrap();
    sheet.event(&summary_of_nothing()).unwrap();
    sheet.prose("EXPLAINED\n\n## ONLY TALK\n\nTALK\n\n## Once more\n\nIt goes on.").unwrap();
    sheet.question("And now?", &["So".to_owned()]).unwrap();
    sheet.verdict(None, None, "OUTCOME", None).unwrap();
    sheet.prose("## TRY NEXT\n\nTALK").unwrap();
    sheet.why("WHY").unwrap();
    sheet.event(&end()).unwrap();
}

#[test]
fn a_lesson_keeps_questions_code_and_figures_and_gives_nothing_away() {
    for lang in Lang::ALL {
        let mut view = Handout::new(lang);
        taught(&mut view);
        let text = view.into_text();
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words:?}:\n{text}"));
        let asks = ["What happened, and why?", "Che cosa è successo, e perché?"];
        let order = [
            "# A title\n",
            "It begins.",
            "````rust\nlet fence = \"```\";\n````",
            "Where does it *end*?\n\n- [ ] Here\n- [x] `There`\n",
            "| unlocked |",
            "## Only figures\n",
            "## Once more\n\nIt goes on.",
            "And now?\n\n- [ ] So\n",
            "Linux 6.1.0",
        ];
        let places: Vec<usize> = order.into_iter().map(at).collect();
        assert!(places.is_sorted(), "{places:?}\n{text}");
        for word in [
            "EXPLAINED",
            "INTRODUCED",
            "NOTHING RAN",
            "TALK",
            "TRY NEXT",
            "OUTCOME",
            "REPLY",
            "WHY",
        ] {
            assert!(!text.contains(word), "{word} is given away:\n{text}");
        }
        for winner in ["atomic wins", "Vince atomic", "an old value", "un valore vecchio"] {
            assert!(!text.contains(winner), "{winner} is given away:\n{text}");
        }
        let own = usize::from(lang == Lang::It);
        assert_eq!(text.matches(asks[own]).count(), 3, "one for each of what has run");
        assert_eq!(text.matches(asks[1 - own]).count(), 0, "the other language");
    }
}

#[test]
fn runs_laid_together_are_told_by_kinds_of_machines_and_of_no_machine_of_the_sheet() {
    let kinds = ["machines", "macchine"];
    let measured = ["The machine it was measured on", "La macchina usata per le misure"];
    for (lang, own) in Lang::ALL.into_iter().zip([0, 1]) {
        let drawn = |command: &str| {
            let mut view = Handout::new(lang);
            view.event(&start(command)).unwrap();
            view.room(&crate::room::room(), &crate::room::questions()).unwrap();
            view.event(&end()).unwrap();
            view.into_text()
        };
        let text = drawn("report");
        let cells = cells(&text);
        // `unlocked` and `python-half-locked` were run by two kinds each.
        assert_eq!(cells.iter().filter(|cell| *cell == kinds[own]).count(), 2, "{text}");
        assert!(!text.contains("Linux 6.1.0\n") && !text.contains(measured[own]), "{text}");
        assert!(drawn("lesson").contains(measured[own]));
    }
}

#[test]
fn of_many_ends_it_says_which_is_the_median() {
    for (lang, said) in [(Lang::En, "0 to 55, median 27.5"), (Lang::It, "da 0 a 55, mediana 27,5")]
    {
        let mut events = vec![start("lesson")];
        events.extend((0..12).map(|index| run("unlocked", index, 0.1, i64::from(index) * 5)));
        events.extend([summary_of_nothing(), end()]);
        let text = sheet(&events, lang);
        assert!(cells(&text).iter().any(|cell| cell == said), "{text}");
    }
}

#[test]
fn everything_that_is_measured_is_a_table_of_as_many_cells_in_each_row() {
    for (events, tables) in [(stream(), 4), (more(), 7)] {
        for lang in Lang::ALL {
            let text = sheet(&events, lang);
            let (mut header, mut rows, mut found) = (0, 0, 0);
            for event in parsed(&text) {
                match event {
                    md::Event::Start(Tag::Table(columns)) => {
                        (header, rows, found) = (columns.len(), 0, found + 1);
                    }
                    md::Event::End(TagEnd::TableRow) => rows += 1,
                    md::Event::End(TagEnd::Table) => assert!(header > 1 && rows > 0, "{text}"),
                    _ => {}
                }
            }
            assert!(found >= tables, "{found} tables:\n{text}");
            let lines = text.lines().filter(|line| line.starts_with('|'));
            let escaped = |line: &str| line.matches('|').count() - line.matches("\\|").count();
            for pair in lines.collect::<Vec<_>>().chunk_by(|a, b| escaped(a) == escaped(b)) {
                assert!(pair.len() > 2, "a row of another length: {pair:?}");
            }
        }
    }
}

/// Text that would be markup if it could.
fn hostile() -> impl Strategy<Value = String> {
    let marks = r#"[-|*`<>&_\[\]()#+=.:~!\\/$"'ab1 \n\r\t]{0,14}"#;
    let known = ["<script>x</script>", "a|b", "1. x", "```", "&lt;", "<!-- x", "---", "    x"];
    prop_oneof![marks, proptest::sample::select(known.map(str::to_owned).to_vec()), any::<String>()]
}

/// As it is read: control characters are pictures, blanks at the ends are not there.
fn read(text: &str) -> String {
    visible::line(text).trim().to_owned()
}

fn has_markup(text: &str) -> bool {
    parsed(text).iter().any(|e| matches!(e, md::Event::Html(_) | md::Event::InlineHtml(_)))
}

proptest! {
    #[test]
    fn text_from_outside_reads_back_as_it_was(name in hostile(), printed in hostile()) {
        let Event::Run(like) = run("x", 0, 0.001, 7) else { panic!("a run") };
        let Event::LostUpdate(mut lost) = lost_update(1) else { panic!("a lost update") };
        lost.victim.clone_from(&name);
        let line = Line { experiment: "bank".to_owned(), variant: name.clone(), text: printed.clone() };
        let text = sheet(&[
            start(&name),
            Event::Run(Run { variant: name.clone(), ..like }),
            Event::LostUpdate(lost),
            Event::Line(line),
            end(),
        ], Lang::It);
        prop_assert!(!has_markup(&text), "{text}");
        let cells: Vec<String> = cells(&text).iter().map(|cell| cell.trim().to_owned()).collect();
        prop_assert_eq!(cells.len(), 6 + 3 * 6, "{}", text);
        prop_assert_eq!(&cells[3], &read(&name), "the variant: {}", text);
        prop_assert_eq!(&cells[6], &read(&name), "the victim: {}", text);
        let fences = texts(&text, |tag| matches!(tag, Tag::CodeBlock(_)), TagEnd::CodeBlock);
        prop_assert_eq!(fences.concat(), visible::line(&printed).into_owned() + "\n");
        let titles = texts(&text, |tag| matches!(tag, Tag::Heading { .. }), TagEnd::Heading(md::HeadingLevel::H1));
        prop_assert_eq!(titles[0].trim(), format!("parlab {} lock", visible::line(&name)), "{}", text);
    }

    #[test]
    fn answers_stay_a_list_to_tick_and_markup_in_them_is_text(
        question in hostile(), answers in proptest::collection::vec(hostile(), 1..4),
    ) {
        let mut view = Handout::new(Lang::En);
        view.question(&question, &answers).unwrap();
        view.verdict(Some(&answers[0]), Some(true), "", None).unwrap();
        let text = view.into_text();
        prop_assert!(!has_markup(&text), "{text}");
        let boxes = |text: &str| -> Vec<bool> {
            let events = parsed(text).into_iter();
            events.filter_map(|e| match e { md::Event::TaskListMarker(on) => Some(on), _ => None }).collect()
        };
        // A question may be a list, or a block that never ends: its own affair.
        let mut alone = Handout::new(Lang::En);
        alone.question("Which?", &answers).unwrap();
        alone.verdict(Some(&answers[0]), Some(true), "", None).unwrap();
        let boxes = boxes(&alone.into_text());
        prop_assert_eq!(boxes.len(), answers.len());
        prop_assert!(boxes[0] && boxes.iter().filter(|on| **on).count() == 1);
    }
}

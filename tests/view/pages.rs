//! Whole pages, against pages written down: at three widths, with and without colour,
//! in both languages.

use parlab::lesson::doc::Lang;
use parlab::view::html::{Html, page};
use parlab::view::style::Style;
use parlab::view::text::Options;
use parlab::view::{View, markdown};
use snapbox::{assert_data_eq, file};
use textwrap::core::display_width;

use crate::stream::{more, shown, shown_lesson, stream, style};

/// The golden files hold no-break spaces in numbers. `SNAPSHOTS=overwrite` writes them anew.
#[test]
fn a_comparison_reads_as_written_down() {
    let at = |width, lang| shown(&stream(), style(width, lang));
    assert_data_eq!(at(60, Lang::En), file!["golden/compare.60.en.txt"].raw());
    assert_data_eq!(at(80, Lang::En), file!["golden/compare.80.en.txt"].raw());
    assert_data_eq!(at(120, Lang::En), file!["golden/compare.120.en.txt"].raw());
    assert_data_eq!(at(60, Lang::It), file!["golden/compare.60.it.txt"].raw());
    assert_data_eq!(at(80, Lang::It), file!["golden/compare.80.it.txt"].raw());
    assert_data_eq!(at(120, Lang::It), file!["golden/compare.120.it.txt"].raw());
}

#[test]
fn histograms_deadlocks_and_figures_read_as_written_down() {
    let at = |width, lang| shown(&more(), style(width, lang));
    assert_data_eq!(at(60, Lang::En), file!["golden/more.60.en.txt"].raw());
    assert_data_eq!(at(80, Lang::It), file!["golden/more.80.it.txt"].raw());
}

#[test]
fn a_lesson_reads_as_written_down() {
    let prompting = Options { quiet: false, prompting: true };
    let at = |width, lang| shown_lesson(style(width, lang), prompting);
    assert_data_eq!(at(60, Lang::En), file!["golden/lesson.60.en.txt"].raw());
    assert_data_eq!(at(80, Lang::It), file!["golden/lesson.80.it.txt"].raw());
    assert_data_eq!(at(120, Lang::En), file!["golden/lesson.120.en.txt"].raw());
    // Escape characters as ␛, so that the file can be read.
    let coloured = Style { colour: true, ..style(80, Lang::En) };
    let text = shown_lesson(coloured, prompting).replace('\u{1b}', "␛");
    assert_data_eq!(text, file!["golden/lesson.80.en.colour.txt"].raw());
}

#[test]
fn a_remark_of_an_author_is_on_no_page_and_what_stands_beside_it_is() {
    let text = "Said.\n\n<!-- hidden\nhidden -->\n\n<!-- hidden --> after\n\n\
                In <!-- hidden\nhidden --> line.\n\n<div>\nmarkup\n</div>\n";
    let style = style(80, Lang::En);
    let mut sheet = Html::new(Lang::En);
    sheet.prose(text).unwrap();
    for shown in [markdown::render(text, &style), page(vec![sheet], Lang::En).unwrap()] {
        assert!(!shown.contains("\n after"), "{shown}");
        assert!(!shown.contains("hidden") && !shown.contains("--&gt;"), "{shown}");
        for told in ["Said.", "after", "In ", " line.", "markup"] {
            assert!(shown.contains(told), "{told:?} is missing\n{shown}");
        }
    }
}

#[test]
fn no_line_is_wider_than_the_width() {
    for width in [40, 60, 80, 100, 120] {
        for lang in [Lang::En, Lang::It] {
            for colour in [false, true] {
                let style = Style { colour, ..style(width, lang) };
                let results = shown(&stream(), style) + &shown(&more(), style);
                for line in (results + &shown_lesson(style, Options::default())).lines() {
                    // Code and commands stay as they are.
                    let is_command = ["parlab lesson", "parlab play"].map(|one| line.contains(one));
                    let is_code = line.contains('│') || is_command.contains(&true);
                    let columns = display_width(line);
                    assert!(is_code || columns <= width, "{columns} of {width}: {line:?}");
                }
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour_to_results() {
    for lang in [Lang::En, Lang::It] {
        for events in [stream(), more()] {
            let plain = shown(&events, style(80, lang));
            let coloured = shown(&events, Style { colour: true, ..style(80, lang) });
            assert!(!plain.contains('\u{1b}'));
            assert_ne!(plain, coloured);
            assert_eq!(stripped(&coloured), plain);
        }
        assert!(!shown_lesson(style(80, lang), Options::default()).contains('\u{1b}'));
    }
}

/// Text without the sequences that set colour.
fn stripped(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

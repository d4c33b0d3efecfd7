//! The pieces that views are made of: numbers, words, colour, width, Markdown, and
//! text from outside.

use parlab::event::{
    Doing, EndReason, Error, ErrorKind, Flaw, FlawKind, Note, NoteKind, PythonFault, What,
};
use parlab::lesson::doc::Lang;
use parlab::view::style::{ColourChoice, Style, colour_for, width_for};
use parlab::view::{format, markdown, visible, words};
use proptest::prelude::*;
use snapbox::{assert_data_eq, str};
use textwrap::core::display_width;

/// With blanks in place of no-break spaces, to be read here.
fn plain(text: String) -> String {
    text.replace(format::SPACE, " ")
}

fn style(width: usize) -> Style {
    Style { colour: false, errors_colour: false, width, lang: Lang::En, live: false }
}

#[test]
fn times_take_the_unit_that_fits() {
    let cases = [
        (0.0, "0 s", "0 s"),
        (3.1e-10, "0.31 ns", "0,31 ns"),
        (287e-9, "287 ns", "287 ns"),
        (999.6e-9, "1.0 µs", "1,0 µs"),
        (0.000_41, "410 µs", "410 µs"),
        (1.428e-3, "1.43 ms", "1,43 ms"),
        (0.05, "50 ms", "50 ms"),
        (2.1, "2.1 s", "2,1 s"),
        (61.34, "61.3 s", "61,3 s"),
        (1234.4, "1 234 s", "1 234 s"),
        (-0.002, "−2.0 ms", "−2,0 ms"),
        (f64::NAN, "? s", "? s"),
    ];
    for (seconds, en, it) in cases {
        assert_eq!(plain(format::time(seconds, Lang::En)), en);
        assert_eq!(plain(format::time(seconds, Lang::It)), it);
    }
}

#[test]
fn ratios_counts_shares_and_sizes_read_as_they_should() {
    let ratio = |r| plain(format::ratio(r, Lang::It));
    assert_eq!(
        [1.0, 1.428, 12.34, 0.0123, 1234.0].map(ratio),
        ["×1,00", "×1,43", "×12,3", "×0,0123", "×1 234"]
    );
    let count = |n| plain(format::count(n));
    assert_eq!(
        [0, 999, 5021, -2213, 12_345_678].map(count),
        ["0", "999", "5 021", "−2 213", "12 345 678"]
    );
    assert_eq!(plain(format::count(i64::MIN)), "−9 223 372 036 854 775 808");
    let percent = |p| plain(format::percent(p, Lang::En));
    assert_eq!(
        [0.0, 0.0004, 0.004, 0.93, 0.9999, 1.0].map(percent),
        ["0 %", "< 0.1 %", "0.4 %", "93 %", "99.9 %", "100 %"]
    );
    let bytes = |b| plain(format::bytes(b, Lang::En));
    assert_eq!(
        [40.0, 1023.6, 65_536.0, 1_600_000.0].map(bytes),
        ["40 B", "1.0 KiB", "64 KiB", "1.53 MiB"]
    );
}

#[test]
fn templates_get_filters_that_refuse_what_was_not_measured() {
    let mut env = minijinja::Environment::new();
    env.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    format::install(&mut env, Lang::It);
    let values = minijinja::context! { t => 0.0014, n => 20_000, none => (), text => "x" };
    let render = |template: &str| env.render_str(template, &values).map(plain);
    let all =
        "{{ t | time }} {{ 1.5 | ratio }} {{ n | count }} {{ 0.5 | percent }} {{ n | bytes }}";
    assert_eq!(render(all).unwrap(), "1,4 ms ×1,50 20 000 50 % 19,5 KiB");
    let plural =
        "{{ n | plural(one='run', many='runs') }} {{ 1 | plural(one='run', many='runs') }}";
    assert_eq!(render(plural).unwrap(), "runs run");
    for filter in ["time", "ratio", "count", "percent", "bytes"] {
        for value in ["none", "text", "true", "absent"] {
            assert!(
                render(&format!("{{{{ {value} | {filter} }}}}")).is_err(),
                "{value} | {filter}"
            );
        }
    }
    assert!(render("{{ n | plural(one='run') }}").is_err());
}

#[test]
fn colour_follows_the_option_then_the_environment_then_the_terminal() {
    use ColourChoice::{Always, Auto, Never};
    type Row = (ColourChoice, &'static [(&'static str, &'static str)], bool, bool);
    #[rustfmt::skip]
    let table: [Row; 14] = [
        (Auto,   &[],                                            true,  true),
        (Auto,   &[],                                            false, false),
        (Auto,   &[("TERM", "dumb")],                            true,  false),
        (Auto,   &[("TERM", "xterm")],                           true,  true),
        (Auto,   &[("NO_COLOR", "1")],                           true,  false),
        (Auto,   &[("NO_COLOR", "")],                            true,  true),
        (Auto,   &[("CLICOLOR_FORCE", "1")],                     false, true),
        (Auto,   &[("CLICOLOR_FORCE", "0")],                     false, false),
        (Auto,   &[("CLICOLOR_FORCE", "")],                      false, false),
        (Auto,   &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")],   false, true),
        (Auto,   &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],  true,  false),
        (Always, &[("NO_COLOR", "1")],                           false, true),
        (Never,  &[("CLICOLOR_FORCE", "1")],                     true,  false),
        (Always, &[("TERM", "dumb")],                            false, true),
    ];
    for (choice, set, terminal, expected) in table {
        let env = |name: &str| {
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(colour_for(choice, &env, terminal), expected, "{choice:?} {set:?} {terminal}");
    }
}

#[test]
fn the_width_is_that_of_the_terminal_within_bounds() {
    let widths = [Some(20), Some(40), Some(72), Some(100), Some(250), None].map(width_for);
    assert_eq!(widths, [40, 40, 72, 100, 100, 80]);
}

#[test]
fn control_characters_are_shown_and_not_obeyed() {
    assert_eq!(visible::line("perché è così"), "perché è così");
    assert_eq!(visible::line("\u{1b}[2J\r\n\t\u{7f}"), "␛[2J␍␊␉␡");
    assert_eq!(
        visible::line("a\u{9b}b\u{202e}c\u{2066}d\u{200b}"),
        "a<U+009B>b<U+202E>c<U+2066>d<U+200B>"
    );
    assert_eq!(visible::lines("a\r\n\tb\u{1b}\r"), "a\n    b␛␍");
}

#[rustfmt::skip]
const ERRORS: [ErrorKind; 38] = [
    ErrorKind::NoProc, ErrorKind::RunnerNotStarted, ErrorKind::RunnerLost,
    ErrorKind::ExperimentKilled, ErrorKind::Panic, ErrorKind::ProcessLimit,
    ErrorKind::DescriptorLimit, ErrorKind::OutOfMemory, ErrorKind::WorkerKilled,
    ErrorKind::System, ErrorKind::Output, ErrorKind::TimeLimit, ErrorKind::TooLong, ErrorKind::LessonFile,
    ErrorKind::UnknownPart, ErrorKind::UnknownVariant, ErrorKind::NothingRan, ErrorKind::Address,
    ErrorKind::Key, ErrorKind::NoServer, ErrorKind::NotFetched, ErrorKind::NoLoopback,
    ErrorKind::Target, ErrorKind::AddressList, ErrorKind::UnusedOption, ErrorKind::Scratch,
    ErrorKind::TooManySchedules, ErrorKind::Differs, ErrorKind::AlreadyThere, ErrorKind::NotWritten,
    ErrorKind::FileExists, ErrorKind::Recording, ErrorKind::NoTimes,
    ErrorKind::RecordUnreadable, ErrorKind::RecordNewer, ErrorKind::RecordNotKept,
    ErrorKind::RecordNoPlace, ErrorKind::RecordNotForgotten,
];
#[rustfmt::skip]
const NOTES: [NoteKind; 6] = [
    NoteKind::OneCpuWidened, NoteKind::OneCpuParted, NoteKind::NoOverlap, NoteKind::SyscallHidden,
    NoteKind::SmallTerminal, NoteKind::OneLanguage,
];
#[rustfmt::skip]
const FAULTS: [PythonFault; 7] = [
    PythonFault::NotFound, PythonFault::NotStarted, PythonFault::NotPython,
    PythonFault::Failed, PythonFault::Hung, PythonFault::WrongVersion, PythonFault::NoScratch,
];
#[rustfmt::skip]
const REASONS: [EndReason; 4] = [
    EndReason::Failed, EndReason::TimeLimit, EndReason::Interrupted, EndReason::Terminated,
];
#[rustfmt::skip]
const FLAWS: [FlawKind; 14] = [
    FlawKind::Empty, FlawKind::NotText, FlawKind::NotJson, FlawKind::NotEvent, FlawKind::NoStart,
    FlawKind::SecondStart, FlawKind::OlderSchema, FlawKind::NewerSchema, FlawKind::AfterEnd,
    FlawKind::CutShort, FlawKind::NotFinished, FlawKind::Twice, FlawKind::Room, FlawKind::More,
];
#[rustfmt::skip]
const DOINGS: [What; 7] = [
    What::Started, What::Forked, What::Ended, What::Terminating, What::Killing, What::Reaped,
    What::Cleaned,
];

/// The words for every kind, in one language.
fn all_words(lang: Lang) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for kind in ERRORS {
        let failure = words::failure(lang, &Error::new(kind, None, None));
        all.extend([failure.happened, failure.next.to_owned()]);
    }
    let note = |kind| Note { experiment: "bank".to_owned(), variant: None, kind };
    all.extend(NOTES.map(|kind| words::note(lang, &note(kind))));
    all.extend(FAULTS.map(|kind| words::python_fault(lang, kind).to_owned()));
    all.extend(REASONS.map(|kind| words::end_reason(lang, kind).to_owned()));
    let flaw = |kind| words::flaw(lang, &Flaw { line: 1, kind, detail: String::new() });
    all.extend(FLAWS.map(flaw));
    let doing = |what| Doing { time_s: 1.0, what, pid: None, exitcode: None };
    all.extend(DOINGS.map(|what| words::doing(lang, &doing(what))));
    all
}

#[test]
fn every_kind_has_words_of_its_own_in_both_languages() {
    let mut both = all_words(Lang::En);
    both.extend(all_words(Lang::It));
    assert!(both.iter().all(|words| words.len() > 10));
    both.sort();
    for pair in both.windows(2) {
        assert_ne!(pair[0], pair[1], "two kinds or two languages have the same words");
    }
}

#[test]
fn a_failure_says_what_was_tried_what_happened_and_what_next() {
    let error = Error::new(
        ErrorKind::RunnerNotStarted,
        Some("/proc/self/exe".to_owned()),
        Some("Permission denied (os error 13)".to_owned()),
    );
    let failure = words::failure(Lang::En, &error);
    assert_data_eq!(
        failure.happened,
        str![
            "cannot start the runner, the process that watches over experiments (/proc/self/exe: Permission denied (os error 13))."
        ]
    );
    assert!(failure.next.contains("may be executed"));
}

#[test]
fn so_many_that_cannot_all_be_started_are_told_with_how_many_and_the_limit() {
    let told = |lang, kind, started, limit: &str| {
        let error = Error::new(kind, None, Some(limit.to_owned()));
        words::failure(lang, &Error { wanted: Some(1000), started, ..error }).happened
    };
    let both = |kind, started, limit: &str| {
        let [en, it] = [Lang::En, Lang::It].map(|lang| told(lang, kind, started, limit));
        format!("{en}\n{it}").replace(format::SPACE, " ")
    };
    assert_data_eq!(
        both(ErrorKind::ProcessLimit, Some(17), "ulimit -u 20"),
        str![[r#"
17 of 1 000 could be started: the system refused more, by one of its limits (ulimit -u 20).
17 su 1 000 sono partiti: il sistema ne ha rifiutati altri, per uno dei suoi limiti (ulimit -u 20).
"#]]
    );
    assert_data_eq!(
        both(ErrorKind::DescriptorLimit, None, "ulimit -n 64"),
        str![[r#"
1 000 cannot be started at once: each takes a descriptor, and so many cannot be open (ulimit -n 64).
1 000 insieme non ci stanno: ciascuno occupa un descrittore, e non se ne possono aprire così tanti (ulimit -n 64).
"#]]
    );
}

#[test]
fn markdown_keeps_its_structure_and_its_marks() {
    let text = "Some *soft* and **hard** text with `code a b`, [a link](http://x.y) and\nmore.\n\n\
                - one\n  1. nested\n- two\n\n> quoted\n\n    let x = 1;\n\n# Title\n";
    assert_data_eq!(
        markdown::render(text, &style(40)),
        str![[r#"
Some soft and hard text with `code a b`,
a link (http://x.y) and more.

• one
  1. nested
• two

│ quoted

    let x = 1;

Title
═════

"#]]
    );
    assert_eq!(markdown::render("", &style(40)), "");
}

#[test]
fn markdown_counts_wide_and_accented_letters_by_their_columns() {
    let text = "però 漢字漢字漢字漢字 è così perché può, così è perché 漢字漢字漢字";
    for line in markdown::render(text, &style(40)).lines() {
        assert!(display_width(line) <= 40, "{line}");
    }
    let unbreakable = "x".repeat(60);
    assert_eq!(markdown::render(&unbreakable, &style(40)), unbreakable + "\n");
}

#[test]
fn a_markdown_table_wraps_its_cells() {
    let table = "| a | n |\n|---|--:|\n| a cell that is far too long for the line | 12 |\n";
    assert_data_eq!(
        markdown::render(table, &style(30)),
        str![[r#"
a                        n
──────────────────────────
a cell that is far too  12
long for the line

"#]]
    );
}

proptest! {
    #[test]
    fn markdown_never_panics_and_never_lets_a_control_character_through(text in any::<String>()) {
        let shown = markdown::render(&text, &style(40));
        prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'));
    }

    #[test]
    fn words_of_markdown_survive_wrapping(words in prop::collection::vec("[a-zàèéìòù]{1,12}", 1..60)) {
        let shown = markdown::render(&words.join(" "), &style(40));
        prop_assert!(shown.lines().all(|line| display_width(line) <= 40));
        let back: Vec<&str> = shown.split_whitespace().collect();
        prop_assert_eq!(back, words);
    }
}

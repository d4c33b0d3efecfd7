//! The source line of a fault and the caret under it.

use super::*;

fn pointer(line: &str, column: usize) -> (String, String) {
    let mut at = line.char_indices().map(|(at, _)| at).nth(column - 1).unwrap_or(line.len());
    at += "first\n".len();
    let fault = Fault::new("x.md", &format!("first\n{line}\nlast\n"), at, FaultKind::Toml, "");
    assert_eq!((fault.line, fault.column, fault.source_line.as_str()), (2, column, line));
    fault.pointer()
}

#[test]
fn the_caret_counts_columns_as_displayed() {
    let plain = |line: &str, caret: &str| (line.to_owned(), caret.to_owned());
    assert_eq!(pointer("perché {{ x }}", 11), plain("perché {{ x }}", "          ^"));
    // The accent as a mark of its own: one character more, no column more.
    assert_eq!(pointer("perche\u{301} {{ x }}", 12), plain("perche\u{301} {{ x }}", "          ^"));
    assert_eq!(pointer("表は {{ x }}", 7), plain("表は {{ x }}", "        ^"));
    assert_eq!(pointer("a\tb {{ x }}", 8), plain("a   b {{ x }}", "         ^"));
    assert_eq!(pointer("表\tx", 3), plain("表  x", "    ^"));
    assert_eq!(pointer("abc", 4), plain("abc", "   ^"));
}

#[test]
fn a_caret_at_an_accent_stands_under_its_letter() {
    assert_eq!(pointer("e\u{301}x", 2).1, "^");
}

#[test]
fn nothing_in_the_line_controls_the_terminal() {
    let (line, caret) = pointer("\u{1b}[31mred\u{7}\u{9b}2J\u{202e}x", 13);
    assert_eq!(line, "␛[31mred␇\\u{9b}2J\\u{202e}x");
    assert_eq!(
        caret,
        format!(
            "{}^",
            " ".repeat(
                "␛[31mred␇".chars().count() + "\\u{9b}2J\\u{202e}".len() - "\\u{202e}".len()
            )
        )
    );
    assert!(!line.chars().any(char::is_control));
}

#[test]
fn places_outside_the_file_are_brought_into_it() {
    let fault = |source, at| {
        let fault = Fault::new("x", source, at, FaultKind::Toml, "");
        (fault.line, fault.column)
    };
    assert_eq!(fault("", 7), (1, 1));
    assert_eq!(fault("ab\r\ncd\r\n", 3), (1, 3));
    assert_eq!(fault("ab\r\ncd\r\n", 99), (2, 3));
    assert_eq!(fault("è\n", 1), (1, 1));
}

#[test]
fn a_fault_displays_its_place_and_kind() {
    let fault = Fault::new("it.md", "a\nb", 2, FaultKind::UnknownBelief, "too-fast");
    assert_eq!(fault.to_string(), "it.md:2:1: unknown belief: too-fast");
    assert_eq!(serde_json::to_value(&fault).unwrap()["kind"], "unknown_belief");
}

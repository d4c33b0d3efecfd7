//! Any text parses or has faults, and never panics.

use super::*;

/// A lesson with one stretch cut out, and something else in its place.
fn mutated() -> impl Strategy<Value = String> {
    let pieces = vec![
        "```",
        "~~~",
        "```parlab run a\n",
        "{{",
        "{%",
        "}}",
        "\"",
        "[",
        "\n",
        "è\u{301}",
        "\u{feff}",
        "\0",
        "'''",
        "",
    ];
    (0..EN.len(), 0..200_usize, proptest::sample::select(pieces), any::<String>(), any::<bool>())
        .prop_map(|(start, length, piece, noise, noisy)| {
            let end = (start + length).min(EN.len());
            let middle = if noisy { noise.as_str() } else { piece };
            format!("{}{middle}{}", &EN[..start], &EN[end..])
        })
}

/// Faults lie in the file, and what parses is rendered or refused.
fn survives(source: &str) {
    match doc::parse("x.md", source) {
        Ok(lesson) => {
            for template in lesson.blocks.iter().flat_map(|block| block.kind.templates()) {
                if let Err(fault) = renderer().render(&lesson, template, &measured()) {
                    lies_within(&fault, source);
                }
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            faults.iter().for_each(|fault| lies_within(fault, source));
        }
    }
}

fn lies_within(fault: &Fault, source: &str) {
    let line = source.split('\n').nth(fault.line - 1).expect("the line is in the file");
    let line = line.strip_suffix('\r').unwrap_or(line);
    assert_eq!(fault.source_line, line);
    assert!((1..=line.chars().count() + 1).contains(&fault.column), "{fault}");
    let (shown, caret) = fault.pointer();
    assert!(!shown.chars().any(char::is_control) && caret.ends_with('^'));
}

proptest! {
    #[test]
    fn any_text_parses_or_has_faults(source in any::<String>()) {
        survives(&source);
    }

    #[test]
    fn so_does_a_lesson_with_a_stretch_replaced(source in mutated()) {
        survives(&source);
    }

    #[test]
    fn so_does_a_soup_of_marks(source in "[`~#{}%\\[\\]=\"' \na-cè]{0,60}") {
        survives(&source);
        survives(&format!("# T\n```parlab run a\n{source}\n```\n{source}"));
    }
}

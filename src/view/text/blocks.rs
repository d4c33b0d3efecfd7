//! The blocks of a lesson that have a fixed shape: headings, code, questions,
//! verdicts, the list of parts, a fault.

use std::borrow::Cow;

use textwrap::WordSplitter::NoHyphenation;
use textwrap::core::display_width;

use super::super::style::{Paint, Style};
use super::super::{CodeBlock, LessonRow, Part, markdown, visible, words};
use crate::event::{Flaw, Line};
use crate::lesson::fault::Fault;

/// Plain text, wrapped, every line after an indent.
pub(super) fn plain(text: &str, indent: &str, style: &Style) -> String {
    hanging(text, indent, indent, style)
}

/// Plain text, wrapped, with `first` before the first line and `rest` before the others.
pub(super) fn hanging(text: &str, first: &str, rest: &str, style: &Style) -> String {
    let options = textwrap::Options::new(style.width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(NoHyphenation);
    textwrap::fill(text, options) + "\n"
}

/// The line above a drawing.
pub(super) fn title(text: &str, paint: Paint, style: &Style) -> String {
    plain(text, "", style).lines().map(|line| style.paint(line, paint) + "\n").collect()
}

/// A heading with a rule below it.
pub(super) fn heading(text: &str, style: &Style) -> String {
    let lines = plain(text, "", style);
    let rule = "═".repeat(lines.lines().map(display_width).max().unwrap_or(0));
    format!("{}{}\n", title(text, Paint::Heading, style), style.paint(&rule, Paint::Faint))
}

/// Code with the numbers that its lines have in their file.
pub(super) fn code(code: &CodeBlock, style: &Style) -> String {
    let title = words::code_heading(style.lang, code.language, &visible::line(&code.file));
    let last = (code.first_line + code.lines.len().saturating_sub(1)).to_string();
    let mut text = style.paint(&title, Paint::Faint) + "\n\n";
    for (offset, line) in code.lines.iter().enumerate() {
        let number = format!("{:>width$} │", code.first_line + offset, width = last.len() + 2);
        let line = style.paint(&visible::lines(line), Paint::Code);
        text.push_str(format!("{} {line}", style.paint(&number, Paint::Faint)).trim_end());
        text.push('\n');
    }
    text
}

/// What stands before a line that a process printed.
const PRINTED: &str = "  │ ";

/// What the processes of a demonstration printed, as it came.
pub(super) fn printed(lines: &[Line], style: &Style) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = style.paint(words::printed_heading(style.lang), Paint::Heading) + "\n";
    for line in lines {
        let shown = cut(&line.text, style.width - display_width(PRINTED));
        text.push_str(format!("{PRINTED}{shown}").trim_end());
        text.push('\n');
    }
    text
}

/// A text from outside that will be wrapped: words that are longer than any line are cut.
pub(super) fn cut_words(text: &str, style: &Style) -> String {
    let words: Vec<_> = text.split(' ').map(|word| cut(word, style.width - 2)).collect();
    words.join(" ")
}

/// As much of a line as fits; it is output, not prose, so it is not wrapped.
pub(super) fn cut(line: &str, columns: usize) -> Cow<'_, str> {
    if display_width(line) <= columns {
        return Cow::Borrowed(line);
    }
    let mut shown = String::new();
    for c in line.chars() {
        shown.push(c);
        if display_width(&shown) >= columns {
            shown.pop(); // room for the mark
            break;
        }
    }
    Cow::Owned(shown + "…")
}

/// A question and its numbered answers.
pub(super) fn question(markdown: &str, answers: &[String], style: &Style) -> String {
    let mut text = markdown::render(markdown, style) + "\n";
    for (index, answer) in answers.iter().enumerate() {
        let number = format!("  {}  ", index + 1);
        let rest = " ".repeat(display_width(&number));
        text.push_str(&markdown::render_hanging(answer, style, &number, &rest));
    }
    text
}

/// What was said beside what happened.
pub(super) fn verdict(
    said: Option<&str>,
    right: Option<bool>,
    outcome: &str,
    style: &Style,
) -> String {
    let hanging = |label: &str, markdown: &str| {
        let label = style.paint(label, Paint::Strong);
        markdown::render_hanging(markdown, style, &format!("{label} "), "    ")
    };
    let mut text = String::new();
    if let Some(said) = said {
        text.push_str(&hanging(words::you_said(style.lang), said));
    }
    text.push_str(&hanging(words::what_happened(style.lang), outcome));
    if let Some(right) = right {
        let paint = if right { Paint::Good } else { Paint::Bad };
        text.push_str(&style.paint(words::judged(style.lang, right), paint));
        text.push('\n');
    }
    text
}

/// The parts, and the command that runs one.
pub(super) fn parts(lesson: &str, parts: &[Part], style: &Style) -> String {
    let mut text = style.paint(words::parts_heading(style.lang), Paint::Heading) + "\n";
    text.push_str(&rows_of_parts(parts, style));
    let first = parts.first().map_or("all", |part| &part.name);
    text.push_str(&format!("\n{}\n", words::parts_command(style.lang)));
    for part in [first, "all"] {
        let command = format!("parlab lesson {lesson} --part {}", visible::line(part));
        text.push_str(&format!("    {}\n", style.paint(&command, Paint::Code)));
    }
    text
}

/// A fault, with the line it is in and a caret below the place.
pub(super) fn fault(fault: &Fault, style: &Style) -> String {
    let label = style.paint_error(words::fault_heading(style.lang), Paint::Bad);
    let place = format!("{}:{}:{}", visible::line(&fault.file), fault.line, fault.column);
    let place = style.paint_error(&place, Paint::Strong);
    let mut message = words::lesson_fault(style.lang, fault.kind).to_string();
    if !fault.detail.is_empty() {
        message = format!("{message}: {}", visible::lines(&fault.detail).trim_end());
    }
    let (source, caret) = fault.pointer();
    if source.trim().is_empty() {
        return format!("{place}: {label}: {message}\n");
    }
    let caret = style.paint_error(&caret, Paint::Bad);
    format!("{place}: {label}: {message}\n    {source}\n    {caret}\n")
}

/// What is wrong with a file that keeps a run, and in which line.
pub(super) fn flaw(file: &str, flaw: &Flaw, style: &Style) -> String {
    let place = format!("{}:{}", visible::line(file), flaw.line);
    let place = style.paint_error(&place, Paint::Strong);
    let label = style.paint_error(words::fault_heading(style.lang), Paint::Bad);
    let message = visible::line(&words::flaw(style.lang, flaw)).into_owned();
    format!("{place}: {label}: {message}\n")
}

/// The lessons that there are, with their parts.
pub(super) fn lessons(rows: &[LessonRow], style: &Style) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let label = format!("{}  ", style.paint(&row.lesson, Paint::Heading));
        text.push_str(&markdown::render_hanging(&row.title, style, &label, "  "));
        text.push_str(&rows_of_parts(&row.parts, style));
    }
    text
}

fn rows_of_parts(parts: &[Part], style: &Style) -> String {
    let widest = parts.iter().map(|part| display_width(&part.name)).max().unwrap_or(0);
    let rest = " ".repeat(widest + 4);
    let mut text = String::new();
    for part in parts {
        let name = visible::line(&part.name);
        let blanks = " ".repeat(widest.saturating_sub(display_width(&name)) + 2);
        let label = format!("  {}{blanks}", style.paint(&name, Paint::Strong));
        text.push_str(&markdown::render_hanging(&part.about, style, &label, &rest));
    }
    text
}

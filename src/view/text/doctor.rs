//! What a machine offers, label by label, and what each lesson will not show on it.

use textwrap::core::display_width;

use super::super::style::{Paint, Style};
use super::super::words;
use super::blocks;
use crate::event::{Found, Lack, Machine, Readiness};

/// A line narrower than this has its label on a line of its own.
const LABELS_FROM: usize = 60;

/// What was found out about the machine, beside what was known from the start.
pub(super) fn found(machine: Option<&Machine>, found: &Found, style: &Style) -> String {
    let rows = words::found(style.lang, machine, found);
    let widest = rows.iter().map(|(label, _)| display_width(label)).max().unwrap_or(0) + 2;
    let mut text = blocks::title(words::found_heading(style.lang), Paint::Heading, style);
    for (label, said) in &rows {
        if style.width < LABELS_FROM {
            text.push_str(&format!("  {label}\n{}", blocks::plain(said, "    ", style)));
            continue;
        }
        let label = format!("  {label}{}", " ".repeat(widest - display_width(label)));
        let rest = " ".repeat(display_width(&label));
        text.push_str(&blocks::hanging(said, &label, &rest, style));
    }
    text
}

/// What the lessons will show, and what they lack for more.
pub(super) fn readiness(lessons: &[Readiness], style: &Style) -> String {
    let heading = words::readiness_heading(style.lang);
    let mut text = blocks::title(heading, Paint::Heading, style);
    let names = lessons.iter().map(|lesson| display_width(&lesson.lesson));
    let widest = names.max().unwrap_or(0) + 2;
    for lesson in lessons {
        let name = &lesson.lesson;
        let label = format!("  {name}{}", " ".repeat(widest - display_width(name)));
        let said = words::readiness(style.lang, lesson);
        let rest = " ".repeat(widest + 4);
        let paint = match (lesson.runs, lesson.lacks.is_empty()) {
            (true, true) => Paint::Good,
            (true, false) => Paint::Warning,
            (false, _) => Paint::Bad,
        };
        // Coloured after it is wrapped: colour would count as width.
        let told = blocks::hanging(&said, &label, &rest, style);
        let (mark, painted) =
            (&said[..'✓'.len_utf8()], style.paint(&said[..'✓'.len_utf8()], paint));
        text.push_str(&told.replacen(mark, &painted, 1));
    }
    text
}

/// What lacks, each thing once, with what would help; empty if nothing does.
pub(super) fn lacks(lessons: &[Readiness], style: &Style) -> String {
    let mut each: Vec<&Lack> = Vec::new();
    for lack in lessons.iter().flat_map(|lesson| &lesson.lacks) {
        match each.iter_mut().find(|known| known.need == lack.need) {
            Some(known) if known.wanted < lack.wanted => *known = lack,
            Some(_) => {}
            None => each.push(lack),
        }
    }
    if each.is_empty() {
        return String::new();
    }
    let heading = blocks::title(words::lacks_heading(style.lang), Paint::Heading, style);
    let told =
        |lack: &&Lack| blocks::hanging(&words::lack(style.lang, lack), "  • ", "    ", style);
    heading + &each.iter().map(told).collect::<String>()
}

//! Writing Markdown that reads back as what was meant: text from outside with its marks escaped, tables,
//! fences longer than what they hold, room to write in (CommonMark 0.31, tables as in GFM 0.29).

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::view::markdown::without_remarks;
use crate::view::table::Grid;
use crate::view::visible;

/// Text as it is, whatever characters it has, where something stands before it in its line: nothing in
/// it is a mark.
fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if "\\`*_[]<>&|~$".contains(c) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// The same at the beginning of a line, where it begins no block either.
pub(super) fn plain(text: &str) -> String {
    let safe = inline(text);
    if safe.starts_with(['#', '+', '-', '=', ':']) {
        return format!("\\{safe}");
    }
    // A number with a point or a parenthesis would be the first item of a list.
    let digits = safe.bytes().take_while(u8::is_ascii_digit).count();
    match safe[digits..].starts_with(['.', ')']) {
        true if digits > 0 => format!("{}\\{}", &safe[..digits], &safe[digits..]),
        _ => safe,
    }
}

/// A paragraph of plain text that stands out.
pub(super) fn strong(text: &str) -> String {
    format!("**{}**\n\n", inline(text.trim()))
}

/// A heading of this level; `markdown` is one line of Markdown.
pub(super) fn heading(level: usize, markdown: &str) -> String {
    format!("{} {}\n\n", "#".repeat(level), markdown.trim())
}

/// A table with a title above it; without rows, nothing.
pub(super) fn table(title: &str, grid: &Grid) -> String {
    if grid.rows.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let row = |cells: &[String]| line(cells.iter().map(|cell| inline(cell)).collect());
    let rule = |column| if grid.numbers.get(column) == Some(&true) { "--:" } else { "---" };
    let rules = (0..grid.header.len()).map(|column| rule(column).to_owned()).collect();
    let rows: String = grid.rows.iter().map(|cells| row(cells)).collect();
    format!("{}{}{}{rows}\n", strong(title), row(&grid.header), line(rules))
}

/// Lines as they are, in a fence that none of them closes.
pub(super) fn fenced(language: &str, lines: &str) -> String {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}\n\n", lines.trim_end_matches('\n'))
}

/// A list of plain lines.
pub(super) fn list(lines: &[String]) -> String {
    let items: String = lines.iter().map(|line| format!("- {}\n", plain(line))).collect();
    if items.is_empty() { items } else { items + "\n" }
}

/// So many lines to write on: rules that are far enough from each other for a hand.
pub(super) fn room(lines: usize) -> String {
    "&nbsp;\n\n________________\n\n".repeat(lines)
}

/// A lesson's own Markdown, in which markup of HTML is shown as it stands, as in every view, and an
/// author's remark is not.
pub(super) fn own(markdown: &str) -> String {
    let markdown = visible::lines(markdown);
    let mut safe = String::new();
    let mut from = 0;
    let events = Parser::new_ext(&markdown, Options::ENABLE_TABLES).into_offset_iter();
    for (event, range) in events {
        // A block comes whole, then line by line.
        if matches!(event, Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_))
            && range.start >= from
        {
            safe += &markdown[from..range.start];
            safe += &shown(&markdown[range.clone()]);
            from = range.end;
        }
    }
    safe + &markdown[from..]
}

/// Markup as text.
fn shown(html: &str) -> String {
    let html = without_remarks(html);
    let lines: Vec<String> = html.split('\n').map(|line| plain(line.trim_start())).collect();
    lines.join("\n")
}

/// A lesson's own Markdown of one line.
pub(super) fn own_line(markdown: &str) -> String {
    own(&markdown.split_whitespace().collect::<Vec<_>>().join(" ")).replace('\n', " ")
}

/// Markdown cut before each heading that stands in no list and no quotation.
pub(super) fn sections(markdown: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut depth = 0;
    for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) if depth == 0 && range.start > 0 => {
                cuts.push(range.start);
            }
            Event::Start(Tag::List(_) | Tag::BlockQuote(_)) => depth += 1,
            Event::End(TagEnd::List(_) | TagEnd::BlockQuote(_)) => depth -= 1,
            _ => {}
        }
    }
    cuts.push(markdown.len());
    cuts.windows(2).map(|pair| &markdown[pair[0]..pair[1]]).collect()
}

/// The heading that a section begins with, its level, and what stands below it.
pub(super) fn headed(section: &str) -> Option<(usize, &str, &str)> {
    let mut events = Parser::new_ext(section, Options::ENABLE_TABLES).into_offset_iter();
    let (first, range) = events.next()?;
    let Event::Start(Tag::Heading { level, .. }) = first else {
        return None;
    };
    let (mut from, mut to) = (range.end, range.start);
    let is_inside = |(event, _): &(Event, _)| !matches!(event, Event::End(TagEnd::Heading(_)));
    for (_, inside) in events.take_while(is_inside) {
        (from, to) = (from.min(inside.start), to.max(inside.end));
    }
    let words = if from < to { &section[from..to] } else { "" };
    Some((level as usize, words, &section[range.end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_lesson_is_text_and_a_remark_is_not_there() {
        let told =
            own("A <b>word</b>.\n\n<script>\nalert(1)\n</script>\n\n<!-- mine\nalone -->\n\nEnd");
        assert_eq!(
            told,
            "A \\<b\\>word\\</b\\>.\n\n\\<script\\>\nalert(1)\n\\</script\\>\n\n\n\nEnd"
        );
    }

    #[test]
    fn sections_are_cut_at_headings_of_the_page_alone() {
        let text = "# The `lock` *now*\n\nSome.\n\n> ## quoted\n\n## Next\nMore.\n";
        let cut = sections(text);
        assert_eq!(cut.len(), 2);
        assert_eq!(headed(cut[0]), Some((1, "The `lock` *now*", "\nSome.\n\n> ## quoted\n\n")));
        assert_eq!(headed(cut[1]), Some((2, "Next", "More.\n")));
        assert_eq!(headed("Some.\n"), None);
    }
}

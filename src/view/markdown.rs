//! Markdown as text for a terminal: wrapped, with its structure kept by indents,
//! bullets and underlines, and with colour only where the style has it.
//!
//! No line is wider than the style's width, except a word that cannot be broken and
//! lines of code. Without colour, emphasis and code keep their `*` and backticks,
//! so that nothing is lost.

use pulldown_cmark::{Alignment, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};
use textwrap::WordSplitter::NoHyphenation;
use textwrap::core::display_width;

use super::style::{Paint, Style};
use super::table::Grid;
use super::visible;

/// The text of `markdown`, each line with its newline; empty for empty Markdown.
pub fn render(markdown: &str, style: &Style) -> String {
    render_hanging(markdown, style, "", "")
}

/// As [`render`], with `first` before the first line and `rest` before all others;
/// both count towards the width.
pub fn render_hanging(markdown: &str, style: &Style, first: &str, rest: &str) -> String {
    let mut page = Page::new(style, first, rest);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        page.event(event);
    }
    page.end_inline();
    page.out
}

/// HTML in a text without an author's remarks, which are not for the reader; any other markup is just
/// text here. One that does not end goes on to the end.
pub(super) fn without_remarks(html: &str) -> String {
    let (mut told, mut rest) = (String::new(), html);
    while let Some((before, remark)) = rest.split_once("<!--") {
        told += before;
        rest = remark.split_once("-->").map_or("", |(_, after)| after);
    }
    told + rest
}

/// What stands before the lines of a container: a bullet before the first one.
struct Frame {
    first: String,
    rest: String,
    begun: bool,
}

/// A list that is open.
struct List {
    /// Whether an item has begun.
    begun: bool,
    /// Number of the next item; `None` for bullets.
    number: Option<u64>,
    /// Whether blank lines stand between its items: it has paragraphs in them.
    loose: bool,
}

struct Page<'a> {
    style: &'a Style,
    out: String,
    /// The block of HTML in progress.
    html: String,
    /// The paragraph in progress, painted, not wrapped yet.
    inline: String,
    paints: Vec<Paint>,
    frames: Vec<Frame>,
    lists: Vec<List>,
    /// Where links lead that are open.
    links: Vec<String>,
    code: Option<String>,
    /// Rows of an open table, the header first.
    rows: Vec<Vec<String>>,
    alignments: Vec<Alignment>,
    /// Whether a blank line is due before the next block.
    gap: bool,
}

impl<'a> Page<'a> {
    fn new(style: &'a Style, first: &str, rest: &str) -> Page<'a> {
        let outermost = Frame { first: first.to_owned(), rest: rest.to_owned(), begun: false };
        Page {
            style,
            out: String::new(),
            html: String::new(),
            inline: String::new(),
            paints: Vec::new(),
            frames: vec![outermost],
            lists: Vec::new(),
            links: Vec::new(),
            code: None,
            rows: Vec::new(),
            alignments: Vec::new(),
            gap: false,
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.words(&visible::line(&text)),
            },
            Event::Code(code) => {
                let code = visible::line(&code).into_owned();
                self.mark(Paint::Code, "`");
                self.words(&code);
                self.unmark("`");
            }
            Event::SoftBreak => self.inline.push(' '),
            Event::HardBreak => self.inline.push('\n'),
            Event::Rule => self.line(&"─".repeat(self.room())),
            // A block comes line by line.
            Event::Html(html) => self.html.push_str(&html),
            Event::InlineHtml(html) => self.markup(&html),
            // Only with extensions that are not asked for.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.words(&visible::line(&text));
            }
            Event::TaskListMarker(done) => self.words(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Paragraph => {
                if let Some(list) = self.lists.last_mut() {
                    list.loose = true;
                }
            }
            Tag::Heading { .. } => self.paints.push(Paint::Heading),
            Tag::BlockQuote(_) => self.open("│ ".to_owned(), "│ ".to_owned()),
            Tag::CodeBlock(_) => {
                self.end_inline();
                self.code = Some(String::new());
            }
            Tag::List(number) => {
                self.end_inline();
                self.lists.push(List { begun: false, number, loose: false });
            }
            Tag::Item => self.item(),
            Tag::Table(alignments) => self.alignments = alignments,
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            Tag::Emphasis => self.mark(Paint::Emphasis, ""),
            Tag::Strong => self.mark(Paint::Strong, ""),
            Tag::Link { link_type, dest_url, .. } => self.links.push(match link_type {
                LinkType::Autolink | LinkType::Email => String::new(),
                _ => visible::line(&dest_url).into_owned(),
            }),
            Tag::Image { dest_url, .. } => self.links.push(visible::line(&dest_url).into_owned()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::HtmlBlock => {
                let html = std::mem::take(&mut self.html);
                self.markup(&html);
                self.end_inline();
                self.gap = true;
            }
            TagEnd::Paragraph => {
                self.end_inline();
                self.gap = true;
            }
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::BlockQuote(_) => {
                self.end_inline();
                self.frames.pop();
                self.gap = true;
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap = true;
            }
            TagEnd::Item => {
                self.end_inline();
                self.frames.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                self.rows.last_mut().unwrap_or(&mut Vec::new()).push(cell);
            }
            TagEnd::Table => self.table(),
            TagEnd::Emphasis => self.unmark(""),
            TagEnd::Strong => self.unmark(""),
            TagEnd::Link | TagEnd::Image => {
                if let Some(url) = self.links.pop().filter(|url| !url.is_empty()) {
                    self.words(&format!(" ({url})"));
                }
            }
            _ => {}
        }
    }

    /// Markup as text, its lines as they stand.
    fn markup(&mut self, html: &str) {
        for (at, line) in without_remarks(html).trim().lines().enumerate() {
            if at > 0 {
                self.inline.push('\n');
            }
            self.words(&visible::line(line));
        }
    }

    fn item(&mut self) {
        let Some(list) = self.lists.last_mut() else {
            return;
        };
        let bullet = match &mut list.number {
            Some(number) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            None => "• ".to_owned(),
        };
        self.gap &= list.loose || !list.begun;
        list.begun = true;
        let rest = " ".repeat(display_width(&bullet));
        self.open(bullet, rest);
    }

    fn open(&mut self, first: String, rest: String) {
        self.end_inline();
        self.frames.push(Frame { first, rest, begun: false });
    }

    /// Emphasis begins. Without colour it has no look: it carries no information, and
    /// stars in a text are noise to who does not write Markdown.
    /// Code keeps its `mark`: what is to be typed must be told from the text.
    fn mark(&mut self, paint: Paint, mark: &str) {
        if self.painted() {
            self.paints.push(paint);
        } else {
            self.inline.push_str(mark);
        }
    }

    fn unmark(&mut self, mark: &str) {
        if self.painted() {
            self.paints.pop();
        } else {
            self.inline.push_str(mark);
        }
    }

    /// Cells stay plain: colour would count as their width.
    fn painted(&self) -> bool {
        self.style.colour && self.rows.is_empty()
    }

    /// Words are painted one by one, so that no look crosses the end of a line.
    fn words(&mut self, text: &str) {
        for (index, word) in text.split(' ').enumerate() {
            if index > 0 {
                self.inline.push(' ');
            }
            let painted = |word: String, paint: &Paint| self.style.paint(&word, *paint);
            self.inline.push_str(&self.paints.iter().fold(word.to_owned(), painted));
        }
    }

    /// Wraps what was gathered and writes it.
    fn end_inline(&mut self) {
        let text = std::mem::take(&mut self.inline);
        if text.trim().is_empty() {
            return;
        }
        let (first, rest) = self.begin_block();
        let options = textwrap::Options::new(self.style.width)
            .initial_indent(&first)
            .subsequent_indent(&rest)
            .break_words(false)
            .word_splitter(NoHyphenation);
        for line in textwrap::wrap(text.trim_end(), options) {
            self.push_line(&line);
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let width = self.inline.split('\n').map(display_width).max().unwrap_or(0);
        self.end_inline();
        self.paints.pop();
        let rule = match level {
            HeadingLevel::H1 => "═",
            HeadingLevel::H2 => "─",
            _ => "",
        };
        if !rule.is_empty() {
            let rule = rule.repeat(width.min(self.room()));
            self.line(&self.style.paint(&rule, Paint::Faint));
        }
        self.gap = true;
    }

    fn code_block(&mut self) {
        let code = visible::lines(&self.code.take().unwrap_or_default());
        for line in code.trim_end_matches('\n').split('\n') {
            self.line(&format!("    {}", self.style.paint(line, Paint::Code)));
            self.gap = false;
        }
        self.gap = true;
    }

    fn table(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return;
        }
        let header = rows.remove(0);
        let numbers = self.alignments.iter().map(|&a| a == Alignment::Right).collect();
        for line in (Grid { header, rows, numbers }).within(self.room()) {
            self.line(&line);
        }
        self.gap = true;
    }

    /// One line as it is, after a blank one where it is due.
    fn line(&mut self, text: &str) {
        let (first, _) = self.begin_block();
        self.push_line(&format!("{first}{text}"));
    }

    /// Columns left within the containers that are open.
    fn room(&self) -> usize {
        let taken: usize = self.frames.iter().map(|frame| display_width(&frame.rest)).sum();
        self.style.width.saturating_sub(taken)
    }

    /// The indents of the next line and of those after it.
    fn begin_block(&mut self) -> (String, String) {
        if std::mem::take(&mut self.gap) {
            let begun = self.frames.iter().take_while(|frame| frame.begun);
            let blank: String = begun.map(|frame| frame.rest.as_str()).collect();
            self.push_line(&blank);
        }
        let mut first = String::new();
        let mut rest = String::new();
        for frame in &mut self.frames {
            first.push_str(if frame.begun { &frame.rest } else { &frame.first });
            rest.push_str(&frame.rest);
            frame.begun = true;
        }
        (first, rest)
    }

    fn push_line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }
}

//! Markdown as HTML: the structure becomes elements, everything else is text and is escaped.
//!
//! A lesson may be anybody's: markup in it is shown as it stands, and a link leads nowhere but to
//! the web or to a place for mail.

use pulldown_cmark::{Alignment, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::view::markdown::without_remarks;
use crate::view::visible;

/// Blocks of Markdown.
pub(super) fn render(markdown: &str) -> String {
    let mut writer = Writer::default();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        writer.event(event);
    }
    writer.out
}

/// Markdown of one paragraph, without an element around it.
pub(super) fn line(markdown: &str) -> String {
    let text = render(markdown);
    let inner = text.trim().strip_prefix("<p>").and_then(|text| text.strip_suffix("</p>"));
    inner.filter(|inner| !inner.contains("<p>")).map_or(text.clone(), str::to_owned)
}

/// The first heading of level 1, as plain text.
pub(super) fn title(markdown: &str) -> Option<String> {
    let mut events = Parser::new(markdown).skip_while(|event| {
        !matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }))
    });
    events.next()?;
    let inside = events.take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let words = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.to_string()),
        _ => None,
    });
    Some(visible::line(&words.collect::<String>()).into_owned())
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The block of HTML in progress.
    html: String,
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
    /// Where the name of the table stands, once its head is known.
    name_at: usize,
    heads: Vec<String>,
    in_code: bool,
}

impl Writer {
    fn event(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_code => self.text(&visible::lines(&text)),
            Event::Text(text) => self.text(&visible::line(&text)),
            Event::Code(code) => self.code(&visible::line(&code)),
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out += "<br>",
            Event::Rule => self.out += "<hr>\n",
            // A block comes line by line.
            Event::Html(html) => self.html += &html,
            Event::InlineHtml(html) => self.markup(&html),
            // Only with extensions that are not asked for.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&visible::line(&text));
            }
            Event::TaskListMarker(done) => self.out += if done { "[x] " } else { "[ ] " },
        }
    }

    fn text(&mut self, text: &str) {
        self.head(text);
        self.out += &escaped(text);
    }

    /// Markup as text.
    fn markup(&mut self, html: &str) {
        self.text(&visible::lines(without_remarks(html).trim()));
    }

    fn code(&mut self, code: &str) {
        self.head(code);
        let words: Vec<String> = code.split(' ').map(word_of_code).collect();
        self.out += &format!("<code>{}</code>", words.join(" "));
    }

    /// Keeps what stands in the head of a table.
    fn head(&mut self, text: &str) {
        if let Some(head) = self.heads.last_mut().filter(|_| self.in_head) {
            *head += text;
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Paragraph => self.out += "<p>",
            Tag::Heading { level, .. } => self.out += &format!("<{level}>"),
            Tag::BlockQuote(_) => self.out += "<blockquote>",
            Tag::CodeBlock(_) => {
                self.in_code = true;
                self.out += "<pre tabindex=\"0\"><code>";
            }
            Tag::List(Some(first)) => self.out += &format!("<ol start=\"{first}\">"),
            Tag::List(None) => self.out += "<ul>",
            Tag::Item => self.out += "<li>",
            Tag::Emphasis => self.out += "<em>",
            Tag::Strong => self.out += "<strong>",
            Tag::Link { dest_url, .. } => match leads_to_the_web(&dest_url) {
                true => {
                    self.out += &format!("<a href=\"{}\" rel=\"noreferrer\">", escaped(&dest_url))
                }
                false => self.out += "<a>",
            },
            // Nothing is loaded: its words stand for it.
            Tag::Image { .. } => self.out += "<em>",
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.out += "<div class=\"wide\" tabindex=\"0\"><table";
                (self.name_at, self.heads) = (self.out.len(), Vec::new());
                self.out.push('>');
            }
            Tag::TableHead => {
                (self.in_head, self.column) = (true, 0);
                self.out += "<thead><tr>";
            }
            Tag::TableRow => {
                self.column = 0;
                self.out += "<tr>";
            }
            Tag::TableCell => self.cell(),
            _ => {}
        }
    }

    fn cell(&mut self) {
        if self.in_head {
            self.heads.push(String::new());
        }
        let is_number = self.alignments.get(self.column) == Some(&Alignment::Right);
        let class = if is_number { " class=\"number\"" } else { "" };
        self.out += &match self.in_head {
            true => format!("<th scope=\"col\"{class}>"),
            false => format!("<td{class}>"),
        };
        self.column += 1;
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.out += "</p>\n",
            TagEnd::HtmlBlock => {
                let html = std::mem::take(&mut self.html);
                self.markup(&html);
            }
            TagEnd::Heading(level) => self.out += &format!("</{level}>\n"),
            TagEnd::BlockQuote(_) => self.out += "</blockquote>\n",
            TagEnd::CodeBlock => {
                self.in_code = false;
                self.out += "</code></pre>\n";
            }
            TagEnd::List(true) => self.out += "</ol>\n",
            TagEnd::List(false) => self.out += "</ul>\n",
            TagEnd::Item => self.out += "</li>\n",
            TagEnd::Emphasis | TagEnd::Image => self.out += "</em>",
            TagEnd::Strong => self.out += "</strong>",
            TagEnd::Link => self.out += "</a>",
            TagEnd::Table => self.out += "</tbody></table></div>\n",
            TagEnd::TableHead => {
                self.in_head = false;
                // Without a caption, a table goes by the names of its columns.
                let name = format!(" aria-label=\"{}\"", escaped(&self.heads.join(", ")));
                self.out.insert_str(self.name_at, &name);
                self.out += "</tr></thead><tbody>\n";
            }
            TagEnd::TableRow => self.out += "</tr>\n",
            TagEnd::TableCell => self.out += if self.in_head { "</th>" } else { "</td>" },
            _ => {}
        }
    }
}

/// One with a hyphen is kept whole: a browser would part `--` from `runs`.
fn word_of_code(word: &str) -> String {
    match word.contains('-') {
        true => format!("<span class=\"whole\">{}</span>", escaped(word)),
        false => escaped(word),
    }
}

/// Whether an address is one that a page may send its reader to.
fn leads_to_the_web(address: &str) -> bool {
    let schemes = ["https://", "http://", "mailto:"];
    schemes.iter().any(|scheme| address.to_ascii_lowercase().starts_with(scheme))
}

/// Text as it stands between elements or in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            _ => safe.push(c),
        }
    }
    safe
}

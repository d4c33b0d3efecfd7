//! The view of a browser: a lesson and its results as one page that needs nothing else.
//!
//! It shows what the text view shows, in the same order, from the same words; each kind of drawing is
//! a file of its own that turns events into numbers, and a template that turns these into elements.
//! A page holds a view for each language, of which its reader sees one. It has no script, and its
//! Content-Security-Policy lets nothing be loaded and nothing run.

mod axis;
mod curves;
mod lost_update;
mod outcomes;
mod page;
mod prose;
mod results;
mod room;
mod table;
mod templates;
mod timeline;

use std::collections::BTreeSet;
use std::io;

use minijinja::{Value, context};

pub use self::page::page;
use self::table::Table;
use self::templates::{Templates, value};
use super::gathered::Gathered;
use super::style::Style;
use super::text::prices;
use super::{CodeBlock, Part, Question, Redrawn, View, visible, words};
use crate::event::{Event, Machine, Price, Room, Start};
use crate::lesson::doc::Lang;

/// One language of a page.
pub struct Html {
    lang: Lang,
    templates: Templates,
    /// What was shown so far, as HTML.
    body: String,
    /// Drawings so far, so that each has an id of its own.
    drawings: usize,
    title: Option<String>,
    start: Option<Box<Start>>,
    gathered: Gathered,
    prices: Vec<Price>,
    /// Of several experiments that found the same, what was said already.
    said: BTreeSet<String>,
    /// Whether a text is missing in which figures would be told.
    alone: bool,
}

impl Html {
    /// Nothing yet.
    pub fn new(lang: Lang) -> Html {
        Html {
            lang,
            templates: Templates::new(),
            body: String::new(),
            drawings: 0,
            title: None,
            start: None,
            gathered: Gathered::default(),
            prices: Vec::new(),
            said: BTreeSet::new(),
            alone: false,
        }
    }

    /// What is no lesson has no heading of its own.
    fn begin(&mut self, start: Box<Start>) -> io::Result<()> {
        if start.command != "lesson" {
            let title = match start.command.as_str() {
                "report" => words::room_title(self.lang).to_owned(),
                command => format!("parlab {command} {}", start.subject()),
            };
            self.draw("title", context! { title => title.as_str() })?;
            self.title = Some(title);
        }
        self.start = Some(start);
        Ok(())
    }

    /// Adds what a template makes of these values.
    fn draw(&mut self, template: &str, values: Value) -> io::Result<()> {
        self.drawings += 1;
        let id = format!("{}-{}", self.lang.code(), self.drawings);
        let context = context! { id => id, lang => self.lang.code(), d => values };
        self.body += &self.templates.fill(template, context)?;
        Ok(())
    }

    fn table(&mut self, table: Table) -> io::Result<()> {
        self.draw("table", value(&table))
    }

    /// Lines that are plain text, each a paragraph.
    fn lines(&mut self, class: &str, lines: &str) -> io::Result<()> {
        let lines: Vec<&str> = lines.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        match lines.is_empty() {
            true => Ok(()),
            false => self.draw("lines", context! { class => class, lines => value(&lines) }),
        }
    }

    /// Whether a remark has to be made: the experiments of a price list would repeat each other.
    fn is_news(&mut self, remark: &str) -> bool {
        !self.is_pricing() || self.said.insert(remark.to_owned())
    }

    /// What a reader should know, in words of ours, which may hold code.
    fn note(&mut self, markdown: &str) -> io::Result<()> {
        if self.is_news(markdown) {
            self.draw("note", context! { note => prose::line(markdown) })?;
        }
        Ok(())
    }

    /// How the text view would have it, were its lines as long as can be.
    fn unwrapped(&self) -> Style {
        Style { colour: false, errors_colour: false, width: 1 << 20, lang: self.lang, live: false }
    }

    fn command(&self) -> &str {
        self.start.as_ref().map_or("", |start| &start.command)
    }

    /// Whether the command lists prices: then that is all there is of results.
    fn is_pricing(&self) -> bool {
        self.command() == "compare" && self.start.as_ref().is_some_and(|s| s.lesson == "all")
    }

    /// The machine of the run, once it is known; runs laid together have several.
    fn machine(&self) -> Option<&Machine> {
        let start = self.start.as_ref().filter(|start| start.command != "report");
        start.map(|start| &start.machine)
    }

    /// The prices, if there are any.
    fn price_list(&mut self) -> io::Result<()> {
        let told = std::mem::take(&mut self.prices);
        if told.is_empty() {
            return Ok(());
        }
        let (grid, lengths, remarks) = prices::table(&told, &self.unwrapped());
        let rust: Vec<_> = lengths.iter().map(|[rust, _]| *rust).collect();
        // An empty bar that ends within a full one would show as its edge.
        let beyond =
            |[rust, python]: &[Option<f64>; 2]| python.filter(|python| Some(*python) > *rust);
        let python: Vec<_> = lengths.iter().map(beyond).collect();
        let table = Table::of(words::prices_heading(self.lang), grid);
        let table = table.with_bars(words::logarithmic_bar(self.lang), &rust);
        self.table(table.going_on_to(&python))?;
        self.lines("faint", words::price_bars_legend(self.lang))?;
        self.lines("", &remarks)
    }
}

impl View for Html {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match visible::event(event)? {
            Event::Start(start) => self.begin(start)?,
            Event::Run(run) => self.gathered.runs.push(run),
            Event::Measure(measure) => self.gathered.measures.push(measure),
            Event::Curve(curve) => self.gathered.curves.push(curve),
            Event::LostUpdate(lost) => self.gathered.lost_updates.push(lost),
            Event::Timeline(timeline) => self.gathered.timelines.push(timeline),
            Event::Line(line) => self.gathered.lines.push(line),
            Event::Transfer(transfer) if transfer.ended => self.gathered.transfers.push(transfer),
            Event::Schedules(told) => self.schedules(&told)?,
            Event::Deadlock(deadlock) => self.deadlock(&deadlock)?,
            Event::Python(python) => self.python(&python)?,
            Event::Note(note) => self.note(&words::note(self.lang, &note))?,
            Event::Price(price) => self.prices.push(price),
            Event::Room(room) => self.section(&room, &[])?,
            Event::Summary(summary) => self.results(Some(&summary))?,
            Event::End(_) => {
                self.results(None)?;
                self.price_list()?;
            }
            // What only moves, what its command tells elsewhere, and what leaves no page behind.
            Event::Transfer(_)
            | Event::Progress(_)
            | Event::Position(_)
            | Event::Machine(_)
            | Event::Readiness(_)
            | Event::Answer(_)
            | Event::Doing(_)
            | Event::Error(_) => {}
        }
        Ok(())
    }

    fn redrawn(&mut self, from: &Redrawn) -> io::Result<()> {
        self.alone = from.alone;
        if !from.alone {
            return Ok(());
        }
        if let (None, Some(start)) = (&self.title, &self.start) {
            let title = format!("parlab {} {}", start.command, start.subject());
            self.draw("title", context! { title => title.as_str() })?;
            self.title = Some(title);
        }
        let said = words::redrawn(self.lang, from);
        self.lines("note", &visible::line(&said))
    }

    fn room(&mut self, room: &Room, questions: &[Question]) -> io::Result<()> {
        match visible::event(&Event::Room(Box::new(room.clone())))? {
            Event::Room(room) => self.section(&room, questions),
            _ => Ok(()),
        }
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        self.draw("heading", context! { heading => visible::line(text) })
    }

    fn prose(&mut self, markdown: &str) -> io::Result<()> {
        if self.title.is_none() {
            self.title = prose::title(markdown);
        }
        let text = prose::render(markdown);
        self.body += &format!("<div class=\"prose\">{text}</div>\n");
        Ok(())
    }

    fn code(&mut self, code: &CodeBlock) -> io::Result<()> {
        let title = words::code_heading(self.lang, code.language, &visible::line(&code.file));
        let numbered = code.lines.iter().zip(code.first_line..);
        let lines: Vec<_> = numbered.map(|(line, at)| (at, visible::lines(line))).collect();
        self.draw("code", context! { title => title, lines => value(&lines) })
    }

    fn question(&mut self, markdown: &str, answers: &[String]) -> io::Result<()> {
        let answers: Vec<String> = answers.iter().map(|answer| prose::line(answer)).collect();
        let question = prose::render(markdown);
        self.draw("question", context! { question => question, answers => answers })
    }

    fn verdict(
        &mut self,
        said: Option<&str>,
        right: Option<bool>,
        outcome: &str,
        why: Option<&str>,
    ) -> io::Result<()> {
        let judged = right.map(|right| words::judged(self.lang, right));
        self.draw(
            "verdict",
            context! {
                you_said => words::you_said(self.lang),
                said => said.map(prose::line),
                what_happened => words::what_happened(self.lang),
                outcome => prose::line(outcome),
                right => right,
                judged => judged,
                why => why.map(prose::render),
            },
        )
    }

    fn why(&mut self, markdown: &str) -> io::Result<()> {
        self.prose(markdown)
    }

    fn parts(&mut self, lesson: &str, parts: &[Part]) -> io::Result<()> {
        let lesson = visible::line(lesson);
        let command = |part: &str| format!("parlab lesson {lesson} --part {}", visible::line(part));
        let rows: Vec<_> =
            parts.iter().map(|p| (command(&p.name), prose::line(&p.about))).collect();
        let heading = words::parts_heading(self.lang);
        self.draw("parts", context! { heading => heading, parts => rows })
    }
}

//! The view of a sheet of paper: the questions of a lesson, what was measured, and room for answers.
//!
//! It is handed out before anything is explained, so it must not give the answer away. The rule: what a
//! lesson says between a heading and the first run below it introduces a question; what it says after a
//! run explains, up to the next heading. So prose is kept only where a question follows before
//! anything has run, and what stands under a heading with neither question nor run is left out. Figures
//! are kept, sentences about them are not. It is Markdown, in one language.

mod figures;
mod paper;
mod room;

use std::collections::BTreeSet;
use std::io;

use super::gathered::Gathered;
use super::style::Style;
use super::text::{prices, pythons};
use super::{CodeBlock, Question, Redrawn, View, visible, words};
use crate::event::{Event, Price, Room, Start};
use crate::lesson::doc::Lang;

/// Lines to write a reason on, and an answer.
const REASON: usize = 1;
const ANSWER: usize = 4;

/// What is told under one heading, as far as it has come.
#[derive(Default)]
struct Section {
    /// What waits to be kept until a question is asked or something runs.
    waiting: Vec<Waiting>,
    /// Whether a question was asked here.
    asked: bool,
    /// Whether something has run here: what the lesson says from now on explains.
    ran: bool,
    /// Whether there are figures to which nobody was asked to say anything yet.
    unanswered: bool,
}

enum Waiting {
    Heading(String),
    Prose(String),
    Code(String),
}

/// A question that stands on the sheet, each answer at its place.
struct Asked {
    answers: Vec<String>,
    /// Where the box of each answer stands in the body.
    boxes: Vec<usize>,
}

/// One sheet.
pub struct Handout {
    lang: Lang,
    title: Option<String>,
    start: Option<Box<Start>>,
    body: String,
    section: Section,
    asked: Vec<Asked>,
    gathered: Gathered,
    prices: Vec<Price>,
    /// Of several experiments that found the same, what was said already.
    said: BTreeSet<String>,
    /// Whether a text is missing in which experiments would be named and figures told.
    alone: bool,
}

impl Handout {
    /// Nothing yet.
    pub fn new(lang: Lang) -> Handout {
        Handout {
            lang,
            title: None,
            start: None,
            body: String::new(),
            section: Section::default(),
            asked: Vec::new(),
            gathered: Gathered::default(),
            prices: Vec::new(),
            said: BTreeSet::new(),
            alone: false,
        }
    }

    /// The whole sheet.
    pub fn into_text(self) -> String {
        let command = |start: &Start| match start.command.as_str() {
            "report" => words::room_title(self.lang).to_owned(),
            command => format!("parlab {command} {}", start.subject()),
        };
        let start = self.start.as_deref();
        let title = self.title.or(start.map(|start| paper::plain(&command(start))));
        let mut text = paper::heading(1, &title.unwrap_or("parlab".to_owned()));
        text += &format!("{}\n\n{}", words::name_and_date(self.lang), self.body);
        // What was put together from several machines was measured on none but theirs.
        if let Some(start) = start.filter(|start| start.command != "report") {
            let machine = words::machine(self.lang, &start.machine);
            text += &paper::strong(words::machine_heading(self.lang));
            text += &paper::plain(&machine);
        }
        text.trim_end().to_owned() + "\n"
    }

    fn command(&self) -> &str {
        self.start.as_ref().map_or("", |start| &start.command)
    }

    /// Whether the command lists prices: then that is all there is of results.
    fn is_pricing(&self) -> bool {
        self.command() == "compare" && self.start.as_ref().is_some_and(|s| s.lesson == "all")
    }

    /// How the text view would have it, were its lines as long as can be.
    fn unwrapped(&self) -> Style {
        Style { colour: false, errors_colour: false, width: 1 << 20, lang: self.lang, live: false }
    }

    /// What was told under the last heading is all; something else begins.
    fn next_section(&mut self) {
        self.ask_why();
        self.section = Section::default();
    }

    /// Room for what happened, where there are figures that nobody was asked about.
    fn ask_why(&mut self) {
        if std::mem::take(&mut self.section.unanswered) {
            self.body += &paper::strong(words::what_happened_and_why(self.lang));
            self.body += &paper::room(ANSWER);
        }
    }

    /// Something that the lesson says: it waits for what it introduces.
    fn wait(&mut self, what: Waiting) {
        if !self.section.ran {
            self.section.waiting.push(what);
        }
    }

    /// What waited is kept, prose only if it introduces a question.
    fn introduce(&mut self) {
        for waiting in std::mem::take(&mut self.section.waiting) {
            match waiting {
                Waiting::Heading(text) | Waiting::Code(text) => self.body += &text,
                Waiting::Prose(text) if self.section.asked => self.body += &text,
                Waiting::Prose(_) => {}
            }
        }
    }

    /// Adds figures.
    fn figures(&mut self, text: &str) {
        if !text.is_empty() {
            self.introduce();
            self.section.ran = true;
            self.section.unanswered = true;
            self.body += text;
        }
    }

    /// A line beside the results: the experiments of a price list would repeat each other.
    fn remark(&mut self, line: &str) {
        if !self.is_pricing() || self.said.insert(line.to_owned()) {
            self.introduce();
            self.body += &figures::lines(line);
        }
    }

    /// The prices, if there are any.
    fn price_list(&mut self) {
        let told = std::mem::take(&mut self.prices);
        if !told.is_empty() {
            let (grid, _, remarks) = prices::table(&told, &self.unwrapped());
            self.figures(&paper::table(words::prices_heading(self.lang), &grid));
            self.figures(&figures::lines(&remarks));
        }
    }

    /// Ticks what was said, in the last question that has it among its answers.
    fn tick(&mut self, said: &str) {
        let place = |asked: &Asked| {
            let at = asked.answers.iter().position(|answer| answer == said)?;
            asked.boxes.get(at).copied()
        };
        if let Some(at) = self.asked.iter().rev().find_map(place) {
            self.body.replace_range(at..at + 1, "x");
        }
    }
}

impl View for Handout {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match visible::event(event)? {
            Event::Start(start) => self.start = Some(start),
            Event::Run(run) => self.gathered.runs.push(run),
            Event::Measure(measure) => self.gathered.measures.push(measure),
            Event::Curve(curve) => self.gathered.curves.push(curve),
            Event::LostUpdate(lost) => self.gathered.lost_updates.push(lost),
            Event::Timeline(timeline) => self.gathered.timelines.push(timeline),
            Event::Line(line) => self.gathered.lines.push(line),
            Event::Transfer(transfer) if transfer.ended => self.gathered.transfers.push(transfer),
            Event::Schedules(told) => self.figures(&figures::schedules(&told, self.lang)),
            Event::Deadlock(deadlock) => self.figures(&figures::deadlock(&deadlock, self.lang)),
            Event::Python(python) => self.remark(&pythons::one(&python, &self.unwrapped())),
            Event::Note(note) => self.remark(&words::note(self.lang, &note)),
            Event::Price(price) => self.prices.push(price),
            Event::Room(room) => self.section(&room, &[]),
            Event::Summary(summary) => self.results(Some(&summary)),
            Event::End(_) => {
                self.results(None);
                self.price_list();
                self.next_section();
            }
            // What only moves, what its command tells elsewhere, and what leaves no sheet behind.
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
        Ok(())
    }

    fn room(&mut self, room: &Room, questions: &[Question]) -> io::Result<()> {
        if let Event::Room(room) = visible::event(&Event::Room(Box::new(room.clone())))? {
            self.section(&room, questions);
        }
        Ok(())
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        self.next_section();
        let text = paper::plain(&visible::line(text));
        self.wait(Waiting::Heading(paper::heading(2, &text)));
        Ok(())
    }

    fn prose(&mut self, markdown: &str) -> io::Result<()> {
        for section in paper::sections(&paper::own(markdown)) {
            let body = match paper::headed(section) {
                Some((1, words, body)) if self.title.is_none() && self.body.is_empty() => {
                    self.title = Some(words.to_owned());
                    body
                }
                Some((level, words, body)) => {
                    self.next_section();
                    self.wait(Waiting::Heading(paper::heading(level.max(2), words)));
                    body
                }
                None => section,
            };
            if !body.trim().is_empty() {
                self.wait(Waiting::Prose(format!("{}\n\n", body.trim())));
            }
        }
        Ok(())
    }

    fn code(&mut self, code: &CodeBlock) -> io::Result<()> {
        let title = words::code_heading(self.lang, code.language, &visible::line(&code.file));
        let lines: Vec<String> = code.lines.iter().map(|line| visible::lines(line)).collect();
        let language = code.language.to_lowercase();
        let fenced = paper::fenced(&language, &lines.join("\n"));
        self.wait(Waiting::Code(format!("{}\n\n{fenced}", paper::plain(&title))));
        Ok(())
    }

    fn question(&mut self, markdown: &str, answers: &[String]) -> io::Result<()> {
        self.ask_why();
        self.section.asked = true;
        self.section.ran = false;
        self.introduce();
        let number = self.asked.len() + 1;
        self.body += &paper::heading(3, &words::question(self.lang, number));
        self.body += &format!("{}\n\n", paper::own(markdown).trim());
        let mut boxes = Vec::new();
        for answer in answers {
            self.body += "- [";
            boxes.push(self.body.len());
            self.body += &format!(" ] {}\n", paper::own_line(answer));
        }
        self.body += &format!("\n{}\n\n{}", words::why_so(self.lang), paper::room(REASON));
        self.asked.push(Asked { answers: answers.to_vec(), boxes });
        Ok(())
    }

    fn verdict(
        &mut self,
        said: Option<&str>,
        _right: Option<bool>,
        _outcome: &str,
        _why: Option<&str>,
    ) -> io::Result<()> {
        if let Some(said) = said {
            self.tick(said);
        }
        // What decides it may have left no figure.
        self.section.ran = true;
        self.section.unanswered = true;
        self.ask_why();
        Ok(())
    }
}

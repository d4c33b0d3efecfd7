//! The view of a terminal, a file or a pager: a lesson's text, and results.
//!
//! What an experiment reports is gathered and drawn when its summary comes, so that
//! all variants stand side by side on one scale. What cannot wait (a note, a
//! deadlock, an error) is shown at once. Each kind of drawing is a file of its own
//! and a pure function from events to lines.

mod blocks;
mod columns;
mod course;
pub(super) mod curves;
pub(super) mod deadlock;
pub(super) mod delays;
mod doctor;
mod game;
pub(super) mod lanes;
pub(super) mod measures;
mod outcomes;
pub(super) mod overlap;
pub(super) mod placement;
pub(super) mod prices;
pub(super) mod pythons;
mod results;
mod room;
pub(super) mod schedules;
pub(super) mod starts;
pub(super) mod timeline;
pub(super) mod transfers;
pub(super) mod variants;
mod writing;
mod written;

use std::collections::BTreeSet;
use std::io::{self, Write};

use indicatif::ProgressBar;

use self::transfers::Bars;
use super::gathered::Gathered;
use super::style::{Paint, Style};
use super::{
    CodeBlock, CourseRow, Forgetting, LessonRow, Level, Part, Question, Redrawn, View, markdown,
    visible, words,
};
use crate::event::{Error, Event, Flaw, Machine, Price, Python, Readiness, Room, Standing};
use crate::lesson::fault::Fault;

/// What the text view shows besides results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Results only: no prose, no code.
    pub quiet: bool,
    /// Whether a student can answer: questions end with a prompt.
    pub prompting: bool,
}

/// The text view.
pub struct Text {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    style: Style,
    options: Options,
    /// Whether the command compares: then results have titles of their own.
    comparing: bool,
    /// What the running experiment has reported.
    gathered: Gathered,
    /// Drawn on stderr, until something else is written.
    bar: Option<ProgressBar>,
    /// Of files on their way, drawn on stderr, until something else is written.
    bars: Option<Bars>,
    /// Whether anything stands on `out`, so that a blank line parts what comes next.
    begun: bool,
    /// Whether what stands on `out` ends with Pythons, which make one list.
    listing: bool,
    /// The machine, of a command that looks at it.
    machine: Option<Machine>,
    /// Pythons that did not say which they are: a version manager may have many.
    silent: Vec<Python>,
    /// What the lessons will show, told together at the end.
    readiness: Vec<Readiness>,
    /// Whether the command lists prices: then that is all there is of results.
    pricing: bool,
    /// The prices, listed at the end.
    prices: Vec<Price>,
    /// Of several experiments that found the same, what was said already.
    said: BTreeSet<String>,
    failed: bool,
    /// Whether the cursor stands behind a prompt, which whatever comes unasked must leave.
    prompted: bool,
}

impl Text {
    /// Results and lessons go to `out`; errors and the runner's doings to `err`.
    /// Progress is drawn on stderr itself, and only where the style is live.
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>, style: Style, options: Options) -> Text {
        Text {
            out,
            err,
            style,
            options,
            comparing: false,
            gathered: Gathered::default(),
            bar: None,
            bars: None,
            begun: false,
            listing: false,
            machine: None,
            silent: Vec::new(),
            readiness: Vec::new(),
            pricing: false,
            prices: Vec::new(),
            said: BTreeSet::new(),
            failed: false,
            prompted: false,
        }
    }

    /// Whether a remark has to be made: the experiments of a price list would repeat each other.
    fn is_news(&mut self, remark: &str) -> bool {
        !self.pricing || self.said.insert(remark.to_owned())
    }

    /// One section of several runs laid together.
    fn section(&mut self, told: &Room, questions: &[Question]) -> io::Result<()> {
        let style = self.style;
        room::draw(told, questions, &style).iter().try_for_each(|block| self.block(block))
    }

    /// One more Python; several make one list.
    fn python(&mut self, line: &str) -> io::Result<()> {
        if line.is_empty() || !self.is_news(line) {
            return Ok(());
        }
        match self.listing {
            true => self.more(line)?,
            false => self.block(line)?,
        }
        self.listing = true;
        Ok(())
    }

    fn failure(&mut self, error: &Error, paint: Paint) -> io::Result<()> {
        let failure = words::failure(self.style.lang, error);
        let label = self.style.paint_error("parlab:", paint);
        let next = blocks::plain(failure.next, "        ", &self.style);
        let happened = blocks::plain(&failure.happened, "        ", &self.style);
        self.aside(&format!("{label} {}{next}", happened.trim_start()))
    }
}

impl View for Text {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let style = self.style;
        match visible::event(event)? {
            Event::Start(start) => {
                self.pricing = start.command == "compare" && start.lesson == "all";
                self.comparing = start.command == "compare" && !self.pricing;
                self.machine = (start.command == "doctor").then(|| start.machine.clone());
                if !["lesson", "report"].contains(&start.command.as_str()) && !self.options.quiet {
                    let machine = words::machine(style.lang, &start.machine);
                    self.block(&blocks::plain(&machine, "", &style))?;
                }
            }
            Event::Progress(progress) => self.progress(&progress),
            Event::Run(run) => self.gathered.runs.push(run),
            Event::Timeline(timeline) => self.gathered.timelines.push(timeline),
            Event::Line(line) => self.gathered.lines.push(line),
            Event::Transfer(transfer) => self.transfer(transfer),
            Event::Measure(measure) => self.gathered.measures.push(measure),
            Event::Curve(curve) => self.gathered.curves.push(curve),
            Event::LostUpdate(lost) => self.gathered.lost_updates.push(lost),
            Event::Schedules(told) => self.block(&schedules::draw(&told, &style))?,
            Event::Position(position) => self.block(&game::draw(&position, &style))?,
            Event::Deadlock(deadlock) => self.block(&deadlock::draw(&deadlock, &style))?,
            Event::Python(python) if self.machine.is_some() && pythons::is_silent(&python) => {
                self.silent.push(python);
            }
            Event::Python(python) => self.python(&pythons::one(&python, &style))?,
            Event::Machine(found) => {
                let machine = self.machine.as_ref();
                self.block(&doctor::found(machine, &found, &style))?;
            }
            Event::Price(price) => self.prices.push(price),
            Event::Readiness(readiness) => self.readiness.push(readiness),
            Event::Note(note) => {
                let words = words::note(style.lang, &note);
                if self.is_news(&words) {
                    self.block(&blocks::plain(&words, "  ", &style))?;
                }
            }
            Event::Summary(summary) => self.results(Some(&summary))?,
            Event::Room(room) => self.section(&room, &[])?,
            Event::Answer(_) => {}
            Event::Doing(doing) => {
                self.aside(&(words::doing(style.lang, &doing) + "\n"))?;
            }
            Event::Error(error) => {
                self.results(None)?;
                self.failed = true;
                self.failure(&error, Paint::Bad)?;
            }
            Event::End(end) => self.end(&end)?,
        }
        Ok(())
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        self.block(&blocks::heading(&visible::line(text), &self.style))
    }

    fn prose(&mut self, markdown: &str) -> io::Result<()> {
        if self.options.quiet {
            return Ok(());
        }
        self.block(&markdown::render(markdown, &self.style))
    }

    fn code(&mut self, code: &CodeBlock) -> io::Result<()> {
        if self.options.quiet {
            return Ok(());
        }
        self.block(&blocks::code(code, &self.style))
    }

    fn question(&mut self, markdown: &str, answers: &[String]) -> io::Result<()> {
        if self.options.quiet && !self.options.prompting {
            return Ok(());
        }
        let mut text = blocks::question(markdown, answers, &self.style);
        if self.options.prompting {
            text = text + "\n" + &words::prompt(self.style.lang, answers.len());
        }
        self.block(&text)?;
        self.prompted = self.options.prompting;
        Ok(())
    }

    fn ask_again(&mut self, answers: usize) -> io::Result<()> {
        self.out.write_all(words::ask_again(self.style.lang, answers).as_bytes())?;
        self.out.flush()
    }

    fn verdict(
        &mut self,
        said: Option<&str>,
        right: Option<bool>,
        outcome: &str,
        why: Option<&str>,
    ) -> io::Result<()> {
        if self.options.quiet && !self.options.prompting {
            return Ok(());
        }
        self.block(&blocks::verdict(said, right, outcome, &self.style))?;
        self.prose(why.unwrap_or_default())
    }

    fn why(&mut self, markdown: &str) -> io::Result<()> {
        self.prose(markdown)
    }

    fn parts(&mut self, lesson: &str, parts: &[Part]) -> io::Result<()> {
        if self.options.quiet || parts.is_empty() {
            return Ok(());
        }
        self.block(&blocks::parts(&visible::line(lesson), parts, &self.style))
    }

    fn level(&mut self, level: &Level) -> io::Result<()> {
        self.block(&game::level(level, &self.style))
    }

    fn turn(&mut self, standing: Standing, last: bool) -> io::Result<()> {
        if !self.options.prompting {
            return Ok(());
        }
        self.more(&words::turn(self.style.lang, standing, last))?;
        self.prompted = true;
        Ok(())
    }

    fn lessons(&mut self, rows: &[LessonRow]) -> io::Result<()> {
        self.block(&blocks::lessons(rows, &self.style))
    }

    fn hello(&mut self, rows: &[LessonRow]) -> io::Result<()> {
        self.block(&markdown::render(words::hello(self.style.lang), &self.style))?;
        self.lessons(rows)
    }

    fn course(&mut self, rows: &[CourseRow], next: Option<usize>) -> io::Result<()> {
        self.block(&course::overview(rows, &self.style))?;
        if self.options.prompting {
            self.block(&course::choices(rows, next, &self.style))?;
            self.prompted = true;
        }
        Ok(())
    }

    fn course_again(&mut self, lessons: usize, of: Option<&CourseRow>) -> io::Result<()> {
        self.more(&course::again(lessons, of, &self.style))
    }

    fn forgetting(&mut self, what: &Forgetting) -> io::Result<()> {
        self.block(&course::forgetting(what, &self.style))?;
        self.prompted = matches!(what, Forgetting::Asking(_));
        Ok(())
    }

    fn unkept(&mut self, why: &Error) -> io::Result<()> {
        self.failure(why, Paint::Warning)
    }

    fn prompt_left(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.prompted) {
            true => self.more("\n"),
            false => Ok(()),
        }
    }

    fn checked(&mut self, texts: usize, faults: usize) -> io::Result<()> {
        let line = words::checked(self.style.lang, texts, faults);
        self.block(&blocks::plain(&line, "", &self.style))
    }

    fn begun(&mut self, folder: &str, files: &[String]) -> io::Result<()> {
        self.block(&written::begun(folder, files, &self.style))
    }

    fn manual(&mut self, folder: &str, files: &[String]) -> io::Result<()> {
        self.block(&written::manual(folder, files, &self.style))
    }

    fn kept(&mut self, file: &str) -> io::Result<()> {
        if self.options.quiet {
            return Ok(());
        }
        let line = words::kept(self.style.lang, &visible::line(file));
        self.block(&blocks::plain(&line, "", &self.style))
    }

    fn script(&mut self, text: &str) -> io::Result<()> {
        self.more(text)
    }

    fn redrawn(&mut self, from: &Redrawn) -> io::Result<()> {
        // Figures have no text to be told in.
        self.comparing |= from.alone;
        if self.options.quiet {
            return Ok(());
        }
        let said = words::redrawn(self.style.lang, from);
        self.block(&blocks::plain(&visible::line(&said), "", &self.style))
    }

    fn room(&mut self, room: &Room, questions: &[Question]) -> io::Result<()> {
        match visible::event(&Event::Room(Box::new(room.clone())))? {
            Event::Room(room) => self.section(&room, questions),
            _ => Ok(()),
        }
    }

    fn flaw(&mut self, file: &str, flaw: &Flaw) -> io::Result<()> {
        let text = blocks::flaw(file, flaw, &self.style);
        self.aside(&text)
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        let text = blocks::fault(fault, &self.style);
        self.aside(&text)
    }

    fn refused(&mut self, error: &Error) -> io::Result<()> {
        // What is wrong was just told; what is left is what to do.
        self.failed = true;
        let next = words::failure(self.style.lang, error).next;
        self.aside(&blocks::plain(next, "        ", &self.style))
    }
}

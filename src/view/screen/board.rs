//! A game as a full screen: from a position to a frame, and nothing else.
//!
//! From top to bottom: the task, the processes side by side with what they share in the middle,
//! each one's own variable below, what there is to say, and what can be typed. Where there are
//! few rows, the code and the task give way first.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::{Color, Modifier, Style as Looks};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use textwrap::core::display_width;

use super::super::position::{self, Column, HERE};
use super::super::style::{Paint, Style};
use super::super::{Level, markdown, visible, words};
use crate::event::{Position, Standing};

/// Rows that are needed at least.
const LEAST_ROWS: u16 = 12;
/// Columns that each process needs at least.
const LEAST_COLUMNS: u16 = 20;
/// Columns between two processes for what they share; there where there is room for them.
const MIDDLE: u16 = 20;
/// Rows of code that are shown before anything else gets room.
const LEAST_CODE: u16 = 3;

/// What is on the screen.
#[derive(Debug, Clone, Copy)]
pub struct Board<'a> {
    /// The level; none in a free game.
    pub level: Option<&'a Level>,
    /// Where the game stands.
    pub position: &'a Position,
    /// Whether no other level follows.
    pub last: bool,
    /// How it looks; its width is not asked for.
    pub style: &'a Style,
}

/// Whether a screen of that size can show so many processes.
pub fn fits(columns: u16, rows: u16, processes: usize) -> bool {
    let wanted = LEAST_COLUMNS.saturating_mul(u16::try_from(processes.max(2)).unwrap_or(u16::MAX));
    columns >= wanted && rows >= LEAST_ROWS
}

/// The texts of a frame, wrapped to its width, before it is known how many rows each gets.
struct Texts {
    task: Vec<String>,
    shared: Vec<String>,
    remarks: Vec<String>,
    keys: Vec<String>,
}

/// How many rows each part gets.
struct Rows {
    task: u16,
    code: u16,
    remarks: u16,
    /// Between the parts.
    gap: u16,
}

impl Board<'_> {
    /// Draws it.
    pub fn draw(&self, frame: &mut Frame) {
        let area = frame.area();
        let position = self.position;
        if !fits(area.width, area.height, position.actors.len()) {
            let line = words::small(self.style.lang);
            return frame.render_widget(Paragraph::new(line), area);
        }
        let texts = self.texts(usize::from(area.width));
        let all = position::columns(position, self.style.lang, usize::MAX);
        let longest = all.iter().map(|column| column.code.len()).max().unwrap_or(0) as u16;
        let owns = all.iter().any(|column| column.own.is_some());
        let in_middle = all.len() == 2 && area.width >= 2 * 25 + MIDDLE;
        // The heading, the titles, the own variables, what each can do, and what is shared.
        let fixed = 3 + u16::from(owns) + u16::from(!in_middle);
        let rows = rows(area.height, fixed, longest, &texts);
        let columns = position::columns(position, self.style.lang, rows.code.into());

        let mut pen = Pen { frame, style: self.style, area, row: area.y };
        pen.line(&self.heading(usize::from(area.width)), Paint::Heading, Alignment::Left);
        pen.lines(&texts.task, rows.task, Paint::Strong);
        pen.row += rows.gap;
        let places = places(area, columns.len(), in_middle);
        pen.cells(&columns, &places, title, Paint::Strong);
        if in_middle {
            pen.middle(&places, &texts.shared, rows.code);
        }
        pen.code(&columns, &places, rows.code);
        if !in_middle {
            pen.line(&texts.shared.join(" · "), Paint::Strong, Alignment::Center);
        }
        if owns {
            let own = |column: &Column, _| column.own.clone().unwrap_or_default();
            pen.cells(&columns, &places, own, Paint::Code);
        }
        pen.cells(&columns, &places, |column, _| column.ability.to_owned(), Paint::Faint);
        let bottom = area.bottom() - texts.keys.len() as u16;
        pen.row = (pen.row + rows.gap).min(bottom - rows.remarks);
        pen.lines(&texts.remarks, rows.remarks, self.paint());
        pen.row = bottom;
        pen.lines(&texts.keys, u16::MAX, Paint::Faint);
    }

    fn heading(&self, width: usize) -> String {
        let lang = self.style.lang;
        let steps = words::steps(lang, &self.position.schedule, self.position.most);
        let Some(level) = self.level else {
            return steps;
        };
        let name = visible::line(&level.name);
        let level = words::level_heading(lang, &name, level.number, level.of);
        let whole = format!("{level} · {steps}");
        if display_width(&whole) <= width { whole } else { steps }
    }

    fn texts(&self, width: usize) -> Texts {
        let lang = self.style.lang;
        let plain = Style { colour: false, width, ..*self.style };
        let task = self.level.map_or(String::new(), |level| markdown::render(&level.text, &plain));
        let wrapped = |text: &str| -> Vec<String> {
            textwrap::wrap(text, width).into_iter().map(String::from).collect()
        };
        let position = self.position;
        let remarks = position::remarks(position, lang).into_iter();
        let remarks = remarks.chain(position::waits(position, lang));
        Texts {
            task: task.trim().lines().map(str::to_owned).collect(),
            shared: position::shared(position, lang),
            remarks: remarks.flat_map(|remark| wrapped(&remark)).collect(),
            keys: wrapped(words::keys(lang, position.standing, self.last)),
        }
    }

    fn paint(&self) -> Paint {
        match self.position.standing {
            Standing::Won => Paint::Good,
            Standing::Open => Paint::Warning,
            _ if self.position.goal.is_none() => Paint::Strong,
            Standing::Late | Standing::Ended | Standing::Stuck => Paint::Bad,
        }
    }
}

/// Shares out the rows: a little code first, then what there is to say, the task, all the code.
fn rows(height: u16, fixed: u16, longest: u16, texts: &Texts) -> Rows {
    let mut left = height.saturating_sub(fixed + texts.keys.len() as u16);
    let mut take = |wanted: u16| {
        let got = wanted.min(left);
        left -= got;
        got
    };
    let least = take(longest.min(LEAST_CODE));
    let remarks = take(texts.remarks.len() as u16);
    let task = take(texts.task.len() as u16);
    let code = least + take(longest - least);
    Rows { task, code, remarks, gap: u16::from(left >= 4) }
}

/// Where each process stands: the same width for each, and in the middle what is shared.
fn places(area: Rect, processes: usize, in_middle: bool) -> Vec<Rect> {
    let middle = if in_middle { MIDDLE } else { 0 };
    let width = (area.width - middle) / processes as u16;
    let place = |number: usize| {
        let number = number as u16;
        Rect { x: area.x + number * (width + middle), width, ..area }
    };
    (0..processes).map(place).collect()
}

/// The letter, the name and the pid, as far as they fit.
fn title(column: &Column, width: usize) -> String {
    let whole = format!("{} ({})", column.title, column.pid);
    match display_width(&whole) < width {
        true => whole,
        false => format!("{} ({})", column.title.split(' ').next().unwrap_or("?"), column.pid),
    }
}

/// Writes rows of a frame, from the top down.
struct Pen<'f, 'b> {
    frame: &'f mut Frame<'b>,
    style: &'f Style,
    area: Rect,
    row: u16,
}

impl Pen<'_, '_> {
    fn put(&mut self, text: &str, place: Rect, paint: Paint, alignment: Alignment) {
        if place.y >= self.area.bottom() {
            return;
        }
        let text = cut(text, usize::from(place.width));
        let line = Line::styled(text, looks(paint, self.style.colour)).alignment(alignment);
        self.frame.render_widget(line, Rect { height: 1, ..place });
    }

    fn line(&mut self, text: &str, paint: Paint, alignment: Alignment) {
        self.put(text, Rect { y: self.row, ..self.area }, paint, alignment);
        self.row += 1;
    }

    fn lines(&mut self, lines: &[String], rows: u16, paint: Paint) {
        for line in lines.iter().take(rows.into()) {
            self.line(line, paint, Alignment::Left);
        }
    }

    /// One row, with a text for each process.
    fn cells(
        &mut self,
        columns: &[Column],
        places: &[Rect],
        text: impl Fn(&Column, usize) -> String,
        paint: Paint,
    ) {
        for (column, place) in columns.iter().zip(places) {
            let text = text(column, usize::from(place.width));
            let width = place.width - 1;
            self.put(&text, Rect { y: self.row, width, ..*place }, paint, Alignment::Left);
        }
        self.row += 1;
    }

    /// Code begins with a mark or with blanks, so it may go up to the next process's.
    fn code(&mut self, columns: &[Column], places: &[Rect], rows: u16) {
        for (column, place) in columns.iter().zip(places) {
            for (row, code) in (self.row..).zip(&column.code) {
                let paint = if code.starts_with(HERE) { Paint::Warning } else { Paint::Code };
                let place = Rect { y: row, ..*place };
                self.put(code, place, paint, Alignment::Left);
            }
        }
        self.row += rows;
    }

    /// What is shared, between the first process and the second, beside the middle of the code.
    fn middle(&mut self, places: &[Rect], shared: &[String], rows: u16) {
        let above = rows.saturating_sub(shared.len() as u16) / 2;
        for (row, text) in (self.row + above..).zip(shared) {
            let place = Rect { x: places[0].right(), y: row, width: MIDDLE, ..self.area };
            self.put(text, place, Paint::Strong, Alignment::Center);
        }
    }
}

/// As much of a text as fits.
fn cut(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    for letter in text.chars() {
        if display_width(&cut) + display_width(letter.encode_utf8(&mut [0; 4])) >= width {
            break;
        }
        cut.push(letter);
    }
    cut + "…"
}

/// The colours of the text view.
fn looks(paint: Paint, colour: bool) -> Looks {
    let looks = Looks::new();
    match paint {
        _ if !colour => looks,
        Paint::Heading => looks.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        Paint::Strong => looks.add_modifier(Modifier::BOLD),
        Paint::Emphasis => looks.add_modifier(Modifier::ITALIC),
        Paint::Code => looks.fg(Color::Cyan),
        Paint::Faint => looks.add_modifier(Modifier::DIM),
        Paint::Good => looks.fg(Color::Green),
        Paint::Bad => looks.fg(Color::Red).add_modifier(Modifier::BOLD),
        Paint::Warning => looks.fg(Color::Yellow),
    }
}

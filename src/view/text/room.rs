//! Several runs from several machines, for a terminal: section by section.

use super::super::room::{self, Question};
use super::super::style::{Paint, Style};
use super::super::table::Grid;
use super::super::{markdown, words};
use super::{blocks, outcomes};
use crate::event::{Prediction, Room, Together};

/// The blocks of a section, to be parted by blank lines.
pub(super) fn draw(room: &Room, questions: &[Question], style: &Style) -> Vec<String> {
    let lang = style.lang;
    let mut heading = blocks::title(&words::room_heading(lang, room), Paint::Heading, style);
    for origin in room::origins(room, lang) {
        heading += &blocks::hanging(&origin, "  ", "    ", style);
    }
    let mut all = vec![heading];
    for together in &room.experiments {
        all.extend(experiment(together, style));
    }
    for program in &room.programs {
        let heading = words::explored_heading(lang, program);
        all.push(table(&heading, &room::ends(program, lang), style));
    }
    if !room.prices.is_empty() {
        let grid = room::prices(&room.prices, lang);
        all.push(table(words::dearer_heading(lang), &grid, style));
    }
    if !room.predictions.is_empty() {
        all.push(blocks::title(words::predictions_heading(lang), Paint::Heading, style));
    }
    for told in &room.predictions {
        let question = questions.iter().find(|question| question.ask == told.ask);
        all.push(prediction(told, question, style));
    }
    if all.len() == 1 {
        all.push(blocks::plain(words::room_empty(lang), "  ", style));
    }
    all
}

/// Where its runs ended, and how its variants compare.
fn experiment(together: &Together, style: &Style) -> Vec<String> {
    let lang = style.lang;
    let heading = words::together_heading(lang, together);
    let mut all = vec![blocks::title(&heading, Paint::Heading, style)];
    for picture in room::pictures(together, lang) {
        all.push(outcomes::under(&picture.heading, &picture.gathered, style));
    }
    let legend = words::room_ratios(lang, &together.baseline);
    let table = table(words::room_variants(lang), &room::table(together, lang), style);
    all.push(table + &blocks::plain(&legend, "  ", style));
    all
}

fn table(heading: &str, grid: &Grid, style: &Style) -> String {
    let mut text = blocks::title(heading, Paint::Heading, style);
    for line in grid.within(style.width - 2) {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// A question, and below each of its answers what the room made of it.
fn prediction(told: &Prediction, question: Option<&Question>, style: &Style) -> String {
    let lang = style.lang;
    let mut text = match question {
        Some(question) => markdown::render(&question.text, style),
        None => blocks::plain(&told.ask, "", style),
    };
    for (at, (answer, said)) in room::answers(told, question, lang).iter().enumerate() {
        let label = format!("  {}. ", at + 1);
        text += &markdown::render_hanging(answer, style, &label, "     ");
        text += &blocks::plain(said, "     ", style);
    }
    if told.unsaid > 0 {
        text += &blocks::plain(&words::unsaid(lang, told.unsaid, told.files), "  ", style);
    }
    text
}

//! Several runs from several machines, for a browser: section by section.

use std::io;

use minijinja::context;

use super::table::Table;
use super::templates::value;
use super::{Html, outcomes, prose};
use crate::event::{Prediction, Room, Together};
use crate::view::room::{self, Question};
use crate::view::words;

impl Html {
    /// Adds a section.
    pub(super) fn section(&mut self, room: &Room, questions: &[Question]) -> io::Result<()> {
        let lang = self.lang;
        self.draw("heading", context! { heading => words::room_heading(lang, room) })?;
        self.lines("", &room::origins(room, lang).join("\n"))?;
        for together in &room.experiments {
            self.experiment(together)?;
        }
        for program in &room.programs {
            let heading = words::explored_heading(lang, program);
            self.table(Table::of(&heading, room::ends(program, lang)))?;
        }
        if !room.prices.is_empty() {
            let grid = room::prices(&room.prices, lang);
            self.table(Table::of(words::dearer_heading(lang), grid))?;
        }
        if !room.predictions.is_empty() {
            self.draw("heading", context! { heading => words::predictions_heading(lang) })?;
        }
        for told in &room.predictions {
            let question = questions.iter().find(|question| question.ask == told.ask);
            self.prediction(told, question)?;
        }
        let all = room.experiments.len() + room.programs.len() + room.prices.len();
        match all + room.predictions.len() {
            0 => self.lines("note", words::room_empty(lang)),
            _ => Ok(()),
        }
    }

    /// Where its runs ended, and how its variants compare.
    fn experiment(&mut self, together: &Together) -> io::Result<()> {
        let lang = self.lang;
        self.draw("heading", context! { heading => words::together_heading(lang, together) })?;
        for picture in room::pictures(together, lang) {
            if let Some(drawing) = outcomes::of(&picture.gathered, lang) {
                self.draw("outcomes", value(&drawing.under(picture.heading)))?;
            }
        }
        self.table(Table::of(words::room_variants(lang), room::table(together, lang)))?;
        self.lines("faint", &words::room_ratios(lang, &together.baseline))
    }

    /// A question, and below each of its answers what the room made of it.
    fn prediction(&mut self, told: &Prediction, question: Option<&Question>) -> io::Result<()> {
        let text = question.map_or_else(|| format!("`{}`", told.ask), |q| q.text.clone());
        let answers = room::answers(told, question, self.lang);
        let answers: Vec<(String, String)> =
            answers.iter().map(|(answer, said)| (prose::line(answer), said.clone())).collect();
        let unsaid = words::unsaid(self.lang, told.unsaid, told.files);
        let unsaid = (told.unsaid > 0).then_some(unsaid);
        let question = prose::render(&text);
        self.draw(
            "prediction",
            context! { question => question, answers => answers, unsaid => unsaid },
        )
    }
}

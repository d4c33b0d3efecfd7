//! Several runs from several machines, on paper: section by section.

use super::{Handout, Waiting, figures, paper};
use crate::event::{Prediction, Room, Together};
use crate::lesson::doc::Lang;
use crate::view::room::{self, Question};
use crate::view::words;

impl Handout {
    /// Adds a section.
    pub(super) fn section(&mut self, room: &Room, questions: &[Question]) {
        let lang = self.lang;
        self.next_section();
        let heading = paper::plain(&words::room_heading(lang, room));
        self.wait(Waiting::Heading(paper::heading(2, &heading)));
        let mut text = paper::list(&room::origins(room, lang));
        text += &room.experiments.iter().map(|one| experiment(one, lang)).collect::<String>();
        for program in &room.programs {
            let heading = words::explored_heading(lang, program);
            text += &paper::table(&heading, &room::ends(program, lang));
        }
        text += &paper::table(words::dearer_heading(lang), &room::prices(&room.prices, lang));
        if !room.predictions.is_empty() {
            text += &paper::heading(3, words::predictions_heading(lang));
        }
        for told in &room.predictions {
            let question = questions.iter().find(|question| question.ask == told.ask);
            text += &prediction(told, question, lang);
        }
        self.figures(&text);
    }
}

/// Where its runs ended, and how its variants compare.
fn experiment(together: &Together, lang: Lang) -> String {
    let heading = paper::plain(&words::together_heading(lang, together));
    let pictures = room::pictures(together, lang);
    let ends =
        pictures.iter().map(|one| figures::ended(&one.heading, one.rows, &one.gathered, lang));
    let table = paper::table(words::room_variants(lang), &room::table(together, lang));
    let legend = figures::lines(&words::room_ratios(lang, &together.baseline));
    paper::heading(3, &heading) + &ends.collect::<String>() + &table + &legend
}

/// A question, and behind each of its answers what the room made of it.
fn prediction(told: &Prediction, question: Option<&Question>, lang: Lang) -> String {
    let text = question.map_or_else(|| paper::plain(&told.ask), |q| paper::own(&q.text));
    let answers = room::answers(told, question, lang).into_iter().map(|(answer, said)| {
        format!("- {} **{}**\n", paper::own_line(&answer), paper::plain(&said))
    });
    let unsaid = match told.unsaid {
        0 => String::new(),
        unsaid => figures::lines(&words::unsaid(lang, unsaid, told.files)),
    };
    format!("{}\n\n{}\n{unsaid}", text.trim(), answers.collect::<String>())
}

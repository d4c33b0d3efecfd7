//! The words of a sheet that is handed out: what it asks for, and where to write it.

use crate::lesson::doc::Lang;

/// Whose sheet it is (a line of Markdown).
pub fn name_and_date(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Name: ______________________ Date: ____________",
        Lang::It => "Nome: ______________________ Data: ____________",
    }
}

/// Above a question.
pub fn question(lang: Lang, number: usize) -> String {
    match lang {
        Lang::En => format!("Question {number}"),
        Lang::It => format!("Domanda {number}"),
    }
}

/// Below the answers to choose from.
pub fn why_so(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Why do you think so?",
        Lang::It => "Perché pensi che sia così?",
    }
}

/// Below the figures.
pub fn what_happened_and_why(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "What happened, and why?",
        Lang::It => "Che cosa è successo, e perché?",
    }
}

/// The column of where runs ended.
pub fn ended_at(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "ended at",
        Lang::It => "risultati",
    }
}

/// Above the programs of several processes, a column each.
pub fn steps_of_each(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The steps of each process",
        Lang::It => "I passi di ogni processo",
    }
}

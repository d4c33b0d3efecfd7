//! The words of a sheet that is handed out: what it asks for, and where to write it.

use crate::lesson::doc::Lang;

/// Whose sheet it is (a line of Markdown).
pub fn name_and_date(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Name: ______________________ Class: ________ Date: ____________",
        Lang::It => "Nome e cognome: ______________________ Classe: ________ Data: ____________",
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

/// Above the figures that are of no variant.
pub fn as_a_whole(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The experiment as a whole",
        Lang::It => "L'esperimento nel suo insieme",
    }
}

/// The column of where runs ended.
pub fn ended_at(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "ended at",
        Lang::It => "risultati",
    }
}

/// Where runs ended, if there are too many places to list each.
pub fn ended_between(lang: Lang, ends: [String; 3]) -> String {
    let [least, median, greatest] = ends;
    match lang {
        Lang::En => format!("{least} to {greatest}, median {median}"),
        Lang::It => format!("da {least} a {greatest}, mediana {median}"),
    }
}

/// Above the programs of several processes, a column each.
pub fn steps_of_each(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The steps of each process",
        Lang::It => "I passi di ogni processo",
    }
}

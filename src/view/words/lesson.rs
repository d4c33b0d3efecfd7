//! What stands around a lesson's own text: code, questions, predictions, parts.

use crate::lesson::doc::Lang;

/// Above the code that will run.
pub fn code_heading(lang: Lang, language: &str, file: &str) -> String {
    match lang {
        Lang::En => format!("{language}, from {file}"),
        Lang::It => format!("{language}, da {file}"),
    }
}

/// The prompt after a question with so many answers.
pub fn prompt(lang: Lang, answers: usize) -> String {
    match lang {
        Lang::En => format!("Your prediction (1–{answers}, Enter skips): "),
        Lang::It => format!("La tua previsione (1–{answers}, Invio per saltare): "),
    }
}

/// The prompt after a line that named no answer.
pub fn ask_again(lang: Lang, answers: usize) -> String {
    match lang {
        Lang::En => format!("A number, 1–{answers}, or Enter to skip: "),
        Lang::It => format!("Un numero, 1–{answers}, o Invio per saltare: "),
    }
}

/// Before what the student said.
pub fn you_said(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "You said:",
        Lang::It => "Hai detto:",
    }
}

/// Before what happened.
pub fn what_happened(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "What happened:",
        Lang::It => "Che cosa è successo:",
    }
}

/// Whether a prediction held.
pub fn judged(lang: Lang, right: bool) -> &'static str {
    match (lang, right) {
        (Lang::En, true) => "✓ It held.",
        (Lang::En, false) => "✗ It did not hold.",
        (Lang::It, true) => "✓ La previsione si è avverata.",
        (Lang::It, false) => "✗ La previsione non si è avverata.",
    }
}

/// Above the list of parts.
pub fn parts_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "There is more to see",
        Lang::It => "C'è altro da vedere",
    }
}

/// How a part is run; what follows is a command to copy.
pub fn parts_command(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "One of them, or all:",
        Lang::It => "Una di queste parti, o tutte:",
    }
}

/// `parlab` alone, off a terminal: how to start (Markdown).
pub fn hello(lang: Lang) -> &'static str {
    match lang {
        Lang::En => {
            "**parlab** shows what processes do when they share: you predict, real processes run, \
             and what happened is explained. A lesson takes about three minutes.\n\n\
             - `parlab` alone on a terminal opens the course: the lessons in their order\n\
             - `parlab lesson lock` starts a lesson (`--lang it` in Italian)\n\
             - `parlab compare lock` is its measurement alone\n\
             - `parlab --help` tells everything that can be typed"
        }
        Lang::It => {
            "**parlab** mostra che cosa fanno i processi quando condividono qualcosa: tu fai una \
             previsione, processi veri vengono eseguiti, e poi si spiega che cosa è successo. Una \
             lezione dura circa tre minuti.\n\n\
             - `parlab` da solo, in un terminale, apre il corso: le lezioni nel loro ordine\n\
             - `parlab lesson lock` avvia una lezione (`--lang en` in inglese)\n\
             - `parlab compare lock` ne esegue soltanto le misure\n\
             - `parlab --help` elenca comandi e opzioni"
        }
    }
}

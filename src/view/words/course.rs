//! The words of the course: how far one is, how to go on, and what is forgotten.

use crate::lesson::doc::Lang;

/// Above the lessons: how many are done, and how many questions were predicted right.
pub fn course_heading(lang: Lang, done: usize, of: usize, right: usize, asked: usize) -> String {
    let (lessons, predictions) = match lang {
        Lang::En => (
            format!("The course: {done} of {of} lessons done"),
            format!(", {right} of {asked} predictions right"),
        ),
        Lang::It => (
            format!("Il corso: lezioni fatte {done} su {of}"),
            format!(", previsioni giuste {right} su {asked}"),
        ),
    };
    if asked == 0 { lessons } else { lessons + &predictions }
}

/// What a lesson is, for who begins; `lessons` is how many there are.
pub fn course_begins(lang: Lang, lessons: usize) -> String {
    match lang {
        Lang::En => format!(
            "{lessons} lessons of about three minutes each: you predict, real processes run, and \
             what happened is explained."
        ),
        Lang::It => format!(
            "{lessons} lezioni di circa tre minuti l'una: tu fai una previsione, vengono eseguiti \
             processi veri, e poi si spiega che cosa è successo."
        ),
    }
}

/// Above the columns of predictions that were right and of parts that were done.
pub fn course_columns(lang: Lang) -> [&'static str; 2] {
    match lang {
        Lang::En => ["right", "parts"],
        Lang::It => ["giuste", "parti"],
    }
}

/// So many of so many, in a column.
pub fn some_of(lang: Lang, some: usize, of: usize) -> String {
    match lang {
        Lang::En => format!("{some} of {of}"),
        Lang::It => format!("{some} su {of}"),
    }
}

/// What the marks before the lessons mean.
pub fn course_legend(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "✓ done   … begun   · new   → where you were",
        Lang::It => "✓ fatta   … iniziata   · nuova   → dove eri",
    }
}

/// Which lesson comes next (Markdown), if it was not begun before.
pub fn course_next(lang: Lang, number: usize, lesson: &str) -> String {
    match lang {
        Lang::En => format!("**Enter** starts lesson {number}, {lesson}."),
        Lang::It => format!("**Invio** avvia la lezione {number}, {lesson}."),
    }
}

/// Which lesson comes next (Markdown), if it was begun and left.
pub fn course_resumes(lang: Lang, number: usize, lesson: &str) -> String {
    match lang {
        Lang::En => format!(
            "**Enter** goes on with lesson {number}, {lesson}: from its beginning, as its \
             experiments have to run again."
        ),
        Lang::It => format!(
            "**Invio** riprende la lezione {number}, {lesson}: dall'inizio, perché gli esperimenti \
             vanno rieseguiti."
        ),
    }
}

/// What can be typed besides (Markdown).
pub fn course_choices(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "A number starts that lesson, **q** ends.",
        Lang::It => "Un numero avvia quella lezione, **q** chiude il corso.",
    }
}

/// How a part of a lesson is started, or all of it (Markdown). What is typed stays on one line.
pub fn course_parts(lang: Lang, number: usize, part: &str) -> String {
    match lang {
        Lang::En => format!(
            "Type `{number}\u{a0}{part}` for a part of lesson {number}, `{number}\u{a0}all` for all \
             of it."
        ),
        Lang::It => format!(
            "Scrivi `{number}\u{a0}{part}` per una parte della lezione {number}, `{number}\u{a0}all` \
             per farla tutta."
        ),
    }
}

/// That every lesson is done, and what there is besides (Markdown).
pub fn course_done(lang: Lang, lessons: usize) -> String {
    match lang {
        Lang::En => format!(
            "All {lessons} lessons are done. Well done! There is more:\n\n\
             - the parts of each lesson, as below\n\
             - `parlab compare all`: what each means costs on this machine\n\
             - `parlab play lock`: be the scheduler yourself\n\n"
        ),
        Lang::It => format!(
            "Hai completato tutte e {lessons} le lezioni. Complimenti! C'è altro:\n\n\
             - le parti di ogni lezione, come qui sotto\n\
             - `parlab compare all`: quanto costa ogni mezzo su questa macchina\n\
             - `parlab play lock`: lo scheduler sei tu\n\n"
        ),
    }
}

/// The prompt of a course with so many lessons, of which not all are done if there is a next one.
pub fn course_prompt(lang: Lang, lessons: usize, is_next: bool) -> String {
    match (lang, is_next) {
        (Lang::En, true) => format!("Enter, 1–{lessons}, or q: "),
        (Lang::It, true) => format!("Invio, 1–{lessons}, o q: "),
        (Lang::En, false) => format!("1–{lessons}, Enter or q to end: "),
        (Lang::It, false) => format!("1–{lessons}, Invio o q per finire: "),
    }
}

/// The prompt after a line that named no lesson.
pub fn course_again(lang: Lang, lessons: usize) -> String {
    match lang {
        Lang::En => format!("A lesson by its number, 1–{lessons}, or q to end: "),
        Lang::It => format!("Il numero di una lezione, 1–{lessons}, o q per finire: "),
    }
}

/// What a lesson has, after a line that named a part that it does not have.
pub fn course_has(lang: Lang, number: usize, parts: &str) -> String {
    match lang {
        Lang::En => format!("The parts of lesson {number} are {parts}; all is everything."),
        Lang::It => format!("Le parti della lezione {number} sono {parts}; all vuol dire tutte."),
    }
}

/// Asks whether the course may be forgotten; `lessons` is of how many it tells, where it can be read.
pub fn forget_question(lang: Lang, file: &str, lessons: Option<usize>) -> String {
    match (lang, lessons) {
        (Lang::En, Some(1)) => format!("Forget what you did in 1 lesson ({file})?"),
        (Lang::En, Some(n)) => format!("Forget what you did in {n} lessons ({file})?"),
        (Lang::En, None) => format!("Remove {file}, which cannot be read?"),
        (Lang::It, Some(1)) => format!("Dimenticare ciò che hai fatto in 1 lezione ({file})?"),
        (Lang::It, Some(n)) => format!("Dimenticare ciò che hai fatto in {n} lezioni ({file})?"),
        (Lang::It, None) => format!("Eliminare {file}, che non si può leggere?"),
    }
}

/// The prompt of that question.
pub fn forget_prompt(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "y for yes, Enter for no: ",
        Lang::It => "s per sì, Invio per no: ",
    }
}

/// That nothing was forgotten, because the student would not.
pub fn left_alone(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Nothing was forgotten.",
        Lang::It => "Non è stato dimenticato nulla.",
    }
}

/// That there is nothing to forget.
pub fn nothing_kept(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "There is nothing to forget: nothing of the course is kept.",
        Lang::It => "Non c'è nulla da dimenticare: del corso non è salvato nulla.",
    }
}

/// That the course is forgotten.
pub fn forgotten(lang: Lang, file: &str, lessons: Option<usize>) -> String {
    match (lang, lessons) {
        (Lang::En, Some(1)) => format!("Forgotten: what you did in 1 lesson. {file} is gone."),
        (Lang::En, Some(n)) => format!("Forgotten: what you did in {n} lessons. {file} is gone."),
        (Lang::En, None) => format!("{file} is gone."),
        (Lang::It, Some(1)) => {
            format!("Dimenticato ciò che hai fatto in 1 lezione: {file} non c'è più.")
        }
        (Lang::It, Some(n)) => {
            format!("Dimenticato ciò che hai fatto in {n} lezioni: {file} non c'è più.")
        }
        (Lang::It, None) => format!("{file} non c'è più."),
    }
}

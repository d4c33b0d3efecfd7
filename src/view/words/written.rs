//! The words of `new`, `man` and `--export`: what was written, and how to go on.

use crate::lesson::doc::Lang;

/// Above the files of a lesson that was begun.
pub fn begun_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "A lesson to start from:",
        Lang::It => "Una lezione da cui partire:",
    }
}

/// What stands in them, and that commands follow.
pub fn begun_next(lang: Lang) -> &'static str {
    match lang {
        Lang::En => {
            "It runs as it is. Comments in it say what each block does: change it, look for \
             faults, run it."
        }
        Lang::It => {
            "Funziona già così. I suoi commenti dicono che cosa fa ogni blocco: modificala, \
             cerca gli errori, eseguila."
        }
    }
}

/// How many man pages were written, and that the command to read one follows.
pub fn manual_written(lang: Lang, folder: &str, pages: usize) -> String {
    match lang {
        Lang::En => format!("Man pages written to {folder}: {pages}. To read the first:"),
        Lang::It => {
            format!("Pagine di manuale scritte in {folder}: {pages}. Per leggere la prima:")
        }
    }
}

/// Where what was shown is kept.
pub fn kept(lang: Lang, file: &str) -> String {
    match lang {
        Lang::En => format!("Kept in {file}"),
        Lang::It => format!("Salvato in {file}"),
    }
}

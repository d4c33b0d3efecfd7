//! The words of a page that a terminal has no need of: switches, and drawings told in words.

use crate::lesson::doc::Lang;

/// What a language calls itself.
pub fn language(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "English",
        Lang::It => "Italiano",
    }
}

/// The switch that makes everything larger.
pub fn larger(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "for a projector",
        Lang::It => "per un proiettore",
    }
}

/// Above what the machine is.
pub fn machine_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The machine it was measured on",
        Lang::It => "La macchina usata per le misure",
    }
}

/// Above the table of variants.
pub fn variants_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The variants side by side",
        Lang::It => "Le varianti a confronto",
    }
}

/// The column of how many updates were lost.
pub fn lost(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "lost",
        Lang::It => "persi",
    }
}

/// Where the runs of a variant ended, in a sentence; `verdict` says how many were right.
pub fn outcomes_said(lang: Lang, verdict: &str, ends: [String; 3]) -> String {
    let [least, median, greatest] = ends;
    match lang {
        Lang::En => {
            format!("{verdict}; ended between {least} and {greatest}, the median at {median}")
        }
        Lang::It => {
            format!("{verdict}; finite tra {least} e {greatest}, la mediana a {median}")
        }
    }
}

/// What the marks of single runs mean.
pub fn marks_legend(lang: Lang) -> &'static str {
    match lang {
        Lang::En => {
            "● below: right, □ above: wrong; a number is so many runs at about that place; ┆ the \
             expected value"
        }
        Lang::It => {
            "● in basso: giusta, □ in alto: sbagliata; un numero: altrettante esecuzioni quasi \
             nello stesso punto; ┆ il valore atteso"
        }
    }
}

/// What the bars of a histogram mean.
pub fn bars_legend(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "▇ the taller, the more runs of that variant ended there; ┆ the expected value",
        Lang::It => {
            "▇ colonna più alta: più esecuzioni della variante finite lì; ┆ il valore atteso"
        }
    }
}

/// Above the bars of a histogram of schedules.
pub fn schedules_bars(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "how many",
        Lang::It => "quanti",
    }
}

/// What the bars of the price list are.
pub fn price_bars_legend(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "█ Rust, ▭ from there on to Python where it takes longer; medians",
        Lang::It => "█ Rust, ▭ da lì fino a Python dove ci mette di più; mediane",
    }
}

/// What a plot is, for who does not see it.
pub fn curves_said(lang: Lang, curves: usize) -> String {
    match (lang, curves) {
        (Lang::En, 1) => "A plot with one curve; its numbers are in the table below.".to_owned(),
        (Lang::En, n) => format!("A plot with {n} curves; their numbers are in the table below."),
        (Lang::It, 1) => {
            "Un grafico con una curva; i suoi numeri sono nella tabella qui sotto.".to_owned()
        }
        (Lang::It, n) => {
            format!("Un grafico con {n} curve; i loro numeri sono nella tabella qui sotto.")
        }
    }
}

/// What opens the table of a plot.
pub fn the_numbers(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The numbers",
        Lang::It => "I numeri",
    }
}

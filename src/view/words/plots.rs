//! The words around plots: what their axes show, and what their marks mean.

use super::figure_name;
use crate::lesson::doc::Lang;

/// What an axis of a plot shows, by the name of the figure, and whether its scale is logarithmic.
pub fn axis(lang: Lang, name: &str, logarithmic: bool) -> String {
    let what = figure_name(lang, name);
    match (lang, logarithmic) {
        (_, false) => what,
        (Lang::En, true) => format!("{what} (log scale)"),
        (Lang::It, true) => format!("{what} (scala log.)"),
    }
}

/// Above a plot.
pub fn plot_heading(lang: Lang, y: &str, x: &str) -> String {
    match lang {
        Lang::En => format!("{y}, by {x}"),
        Lang::It => format!("{y} per {x}"),
    }
}

/// What a line stands for that measured points are held against, by its name.
pub fn reference(lang: Lang, name: &str) -> String {
    match (lang, name) {
        (Lang::En, "ideal") => "the ideal".to_owned(),
        (Lang::It, "ideal") => "l'ideale".to_owned(),
        (Lang::En, "ceiling") => "the machine's ceiling".to_owned(),
        (Lang::It, "ceiling") => "il limite della macchina".to_owned(),
        _ => name.to_owned(),
    }
}

/// What the mark means that stands for several variants at one place.
pub fn several(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "several",
        Lang::It => "più d'una",
    }
}

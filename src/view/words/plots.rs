//! The words around plots: what their axes show, and what their marks mean.

use crate::lesson::doc::Lang;

/// What an axis of a plot shows, by the name of the figure, and whether its scale is logarithmic.
pub fn axis(lang: Lang, name: &str, logarithmic: bool) -> String {
    let what = match (lang, name) {
        (Lang::En, "n") => "how many".to_owned(),
        (Lang::It, "n") => "quantità".to_owned(),
        (Lang::En, "time_s") => "time".to_owned(),
        (Lang::It, "time_s") => "tempo".to_owned(),
        (Lang::It, "workers") => "worker".to_owned(),
        (_, "speedup") => "speed-up".to_owned(),
        (Lang::En, "window_s") => "time between reading and writing".to_owned(),
        (Lang::It, "window_s") => "tempo tra lettura e scrittura".to_owned(),
        (Lang::En, "wrong_share") => "wrong runs".to_owned(),
        (Lang::It, "wrong_share") => "esecuzioni sbagliate".to_owned(),
        _ => figure_name(name),
    };
    match (lang, logarithmic) {
        (_, false) => what,
        (Lang::En, true) => format!("{what} (log scale)"),
        (Lang::It, true) => format!("{what} (scala log.)"),
    }
}

/// The name of a figure without its unit, which stands at the figure itself.
pub fn figure_name(name: &str) -> String {
    let bare = ["_ns", "_s", "_bytes", "_share"].iter().find_map(|unit| name.strip_suffix(unit));
    bare.unwrap_or(name).replace('_', " ")
}

/// Above a plot.
pub fn plot_heading(lang: Lang, y: &str, x: &str) -> String {
    match lang {
        Lang::En => format!("{y}, by {x}"),
        Lang::It => format!("{y} per {x}"),
    }
}

/// What the mark means that stands for several variants at one place.
pub fn several(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "several",
        Lang::It => "più d'una",
    }
}

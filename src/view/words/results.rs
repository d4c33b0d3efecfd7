//! The words around figures: titles, columns, legends, and the sentence below a table.

use super::super::format::{SPACE, count, percent};
use crate::event::SpanKind;
use crate::lesson::doc::Lang;

/// How often something ran.
pub fn runs(lang: Lang, number: usize) -> String {
    let word = match (lang, number) {
        (Lang::En, 1) => "run",
        (Lang::En, _) => "runs",
        (Lang::It, 1) => "esecuzione",
        (Lang::It, _) => "esecuzioni",
    };
    format!("{}{SPACE}{word}", count(number as i64))
}

/// Above the dots; the expected value where all variants have the same.
pub fn outcomes_heading(lang: Lang, expected: Option<i64>) -> String {
    match (lang, expected) {
        (Lang::En, Some(value)) => format!("Where each run ended (expected: {})", count(value)),
        (Lang::En, None) => "Where each run ended".to_owned(),
        (Lang::It, Some(value)) => {
            format!("Dove è finita ogni esecuzione (atteso: {})", count(value))
        }
        (Lang::It, None) => "Dove è finita ogni esecuzione".to_owned(),
    }
}

/// How many runs were right.
pub fn right_of(lang: Lang, right: usize, runs: usize) -> String {
    match lang {
        Lang::En => format!("right {right} of {runs}"),
        Lang::It => format!("giuste {right} su {runs}"),
    }
}

/// What dots and numbers on the line mean.
pub fn dots_legend(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "• one run, 2 two runs at about the same place, | the expected value",
        Lang::It => "• un'esecuzione, 2 due quasi nello stesso punto, | il valore atteso",
    }
}

/// What the bars of a histogram mean.
pub fn histogram_legend(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The taller, the more runs of that variant ended there; | the expected value",
        Lang::It => "Colonna più alta: più esecuzioni della variante finite lì; | il valore atteso",
    }
}

/// That the processes of these runs ran at once, as a sentence; the shares are the
/// least and the greatest median overlap of a variant.
pub fn overlap(
    lang: Lang,
    seen: usize,
    all: usize,
    cpus: Option<&[usize]>,
    least: f64,
    most: f64,
) -> String {
    let share = match (percent(least, lang), percent(most, lang)) {
        (least, most) if least == most => least,
        (least, most) => match lang {
            Lang::En => format!("{least} to {most}"),
            Lang::It => format!("da {least} a {most}"),
        },
    };
    let placement = placement(lang, cpus);
    match lang {
        Lang::En => format!(
            "Both were in their loops at once in {seen} of {} ({placement}, median overlap {share}).",
            runs(lang, all)
        ),
        Lang::It => format!(
            "Entrambi erano nel proprio ciclo nello stesso momento in {} su {all} ({placement}, \
             sovrapposizione mediana {share}).",
            runs(lang, seen)
        ),
    }
}

/// That some runs of a variant, or all, had no overlap.
pub fn without_overlap(lang: Lang, variant: &str, without: usize, all: usize) -> String {
    match (lang, without) {
        (Lang::En, 1) => format!(
            "{variant}: in 1/{all} runs they were not, and that run proves nothing about a race."
        ),
        (Lang::En, _) => format!(
            "{variant}: in {without}/{all} runs they were not, and those runs prove nothing about a \
             race."
        ),
        (Lang::It, 1) => format!(
            "{variant}: non così in 1 esecuzione su {all}, che dunque non prova nulla su una corsa \
             critica."
        ),
        (Lang::It, _) => format!(
            "{variant}: non così in {without} esecuzioni su {all}, che dunque non provano nulla su \
             una corsa critica."
        ),
    }
}

/// That a process was held up between its reads and its writes.
pub fn delayed(lang: Lang, process: &str) -> String {
    match lang {
        Lang::En => format!(
            "Chaos: {process} was held up between reading and writing, briefly often and long \
             seldom. There are no times: they would tell the delays. Python is left out: parlab \
             cannot hold its loops up."
        ),
        Lang::It => format!(
            "Caos: {process} è stato trattenuto tra lettura e scrittura, spesso per poco e di rado \
             a lungo. Niente tempi: direbbero solo quanto è durata l'attesa. E niente Python: nei \
             suoi cicli parlab non può trattenere nessuno."
        ),
    }
}

/// On which CPUs the processes ran.
pub fn placement(lang: Lang, cpus: Option<&[usize]>) -> String {
    let Some(cpus) = cpus else {
        return match lang {
            Lang::En => "on no fixed CPU".to_owned(),
            Lang::It => "su nessuna CPU fissa".to_owned(),
        };
    };
    let mut numbers: Vec<String> = cpus.iter().map(usize::to_string).collect();
    numbers.dedup();
    let different = numbers.len();
    let numbers = enumeration(lang, &numbers);
    match (lang, different) {
        (Lang::En, 1) => format!("on CPU {numbers}"),
        (Lang::En, _) => format!("on CPUs {numbers}"),
        (Lang::It, 1) => format!("sulla CPU {numbers}"),
        (Lang::It, _) => format!("sulle CPU {numbers}"),
    }
}

/// Where the processes of runs were pinned; `variants` are named where not all were there.
pub fn pinned(lang: Lang, variants: &[String], cpus: &[usize]) -> String {
    let placement = placement(lang, Some(cpus));
    match (lang, variants) {
        (Lang::En, []) => format!("In every run the processes were pinned {placement}."),
        (Lang::It, []) => format!("In ogni esecuzione i processi erano vincolati {placement}."),
        (Lang::En, some) => {
            format!("{}: the processes were pinned {placement}.", enumeration(lang, some))
        }
        (Lang::It, some) => {
            format!("{}: i processi erano vincolati {placement}.", enumeration(lang, some))
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn enumeration(lang: Lang, items: &[String]) -> String {
    let and = match lang {
        Lang::En => "and",
        Lang::It => "e",
    };
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

/// The columns of the table of variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Its name.
    Variant,
    /// Runs that were right, of all.
    Right,
    /// Median time.
    Median,
    /// Interquartile range of the times.
    Iqr,
    /// Ratio to the baseline.
    Ratio,
    /// The 95 % interval of that ratio.
    Interval,
    /// A bar as long as the median time.
    Bar,
}

/// The header of a column.
pub fn column(lang: Lang, column: Column) -> &'static str {
    match (lang, column) {
        (Lang::En, Column::Variant) => "variant",
        (Lang::It, Column::Variant) => "variante",
        (Lang::En, Column::Right) => "right",
        (Lang::It, Column::Right) => "giuste",
        (Lang::En, Column::Median) => "median",
        (Lang::It, Column::Median) => "mediana",
        (Lang::En | Lang::It, Column::Iqr) => "IQR",
        (Lang::En, Column::Ratio) => "ratio",
        (Lang::It, Column::Ratio) => "rapporto",
        (Lang::En, Column::Interval) => "95 % range",
        (Lang::It, Column::Interval) => "IC 95 %",
        (Lang::En, Column::Bar) => "median time",
        (Lang::It, Column::Bar) => "tempo mediano",
    }
}

/// The header of the bars where they are drawn on a logarithmic scale.
pub fn logarithmic_bar(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "log scale",
        Lang::It => "scala log.",
    }
}

/// In place of an interval, at the variant that the ratios compare with.
pub fn baseline(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "baseline",
        Lang::It => "riferimento",
    }
}

/// What `≈` after a ratio means.
pub fn no_difference_seen(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "≈ no difference seen: the interval of the ratio holds 1",
        Lang::It => "≈ nessuna differenza osservabile: l'intervallo del rapporto contiene 1",
    }
}

/// Why ratios have no interval.
pub fn no_interval(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Fewer than 5 runs: no interval, and no lead can be told from chance.",
        Lang::It => {
            "Meno di 5 esecuzioni: niente intervallo, e un vantaggio non si distingue dal caso."
        }
    }
}

/// Who won a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// The only variant that was right in every run.
    OnlyRight(&'a str),
    /// The fastest of those that were right in every run.
    Fastest(&'a str),
    /// Several were right, and no lead is seen.
    NoLead,
    /// None was right in every run.
    NoneRight,
}

/// The line below the table. `lucky` are variants that were right in every run although
/// nothing makes them right.
pub fn verdict(lang: Lang, verdict: Verdict, lucky: &[String]) -> String {
    let sentence = who_won(lang, verdict);
    if lucky.is_empty() {
        return sentence;
    }
    let (sentence, names) = (sentence.trim_end_matches('.'), enumeration(lang, lucky));
    match lang {
        Lang::En => format!("{sentence}, luck apart: {names} may go wrong at any time."),
        Lang::It if lucky.len() == 1 => {
            format!("{sentence}, fortuna a parte: {names} può sbagliare in qualunque momento.")
        }
        Lang::It => {
            format!("{sentence}, fortuna a parte: {names} possono sbagliare in qualunque momento.")
        }
    }
}

fn who_won(lang: Lang, verdict: Verdict) -> String {
    match (lang, verdict) {
        (Lang::En, Verdict::OnlyRight(name)) => {
            format!("{name} wins: no other was right in every run.")
        }
        (Lang::It, Verdict::OnlyRight(name)) => {
            format!("Vince {name}: nessun'altra variante è stata giusta in ogni esecuzione.")
        }
        (Lang::En, Verdict::Fastest(name)) => {
            format!("{name} wins: the fastest of those that were right in every run.")
        }
        (Lang::It, Verdict::Fastest(name)) => {
            format!("Vince {name}: la più veloce tra le varianti giuste in ogni esecuzione.")
        }
        (Lang::En, Verdict::NoLead) => {
            "Nobody wins: among those that were right in every run no lead is seen.".to_owned()
        }
        (Lang::It, Verdict::NoLead) => {
            "Non vince nessuna: tra le varianti giuste in ogni esecuzione non si vede un vantaggio."
                .to_owned()
        }
        (Lang::En, Verdict::NoneRight) => "Nobody wins: none was right in every run.".to_owned(),
        (Lang::It, Verdict::NoneRight) => {
            "Non vince nessuna: nessuna è stata giusta in ogni esecuzione.".to_owned()
        }
    }
}

/// Yes or no.
pub fn yes_or_no(lang: Lang, value: bool) -> &'static str {
    match (lang, value) {
        (Lang::En, true) => "yes",
        (Lang::En, false) => "no",
        (Lang::It, true) => "sì",
        (Lang::It, false) => "no",
    }
}

/// Above figures that are not times of runs; whether they stand beside some.
pub fn measures_heading(lang: Lang, besides_runs: bool) -> &'static str {
    match (lang, besides_runs) {
        (Lang::En, true) => "Measured besides",
        (Lang::En, false) => "Measured",
        (Lang::It, true) => "Altre misure",
        (Lang::It, false) => "Misure",
    }
}

/// Above a timeline.
pub fn timeline_heading(lang: Lang, variant: &str) -> String {
    match lang {
        Lang::En => format!("Who did what when ({variant})"),
        Lang::It => format!("Chi ha fatto che cosa, e quando ({variant})"),
    }
}

/// In place of the lanes that are not drawn.
pub fn lanes_left_out(lang: Lang, lanes: usize) -> String {
    match lang {
        Lang::En => format!("⋮ and {lanes} more"),
        Lang::It => format!("⋮ e altri {lanes}"),
    }
}

/// What a process does in a span of a timeline.
pub fn span_kind(lang: Lang, kind: SpanKind) -> &'static str {
    match (lang, kind) {
        (Lang::En, SpanKind::Creating) => "being made",
        (Lang::It, SpanKind::Creating) => "in creazione",
        (Lang::En, SpanKind::Running) => "running",
        (Lang::It, SpanKind::Running) => "in esecuzione",
        (Lang::En, SpanKind::Waiting) => "waiting",
        (Lang::It, SpanKind::Waiting) => "in attesa",
        (Lang::En, SpanKind::Reaping) => "ended, not waited for yet",
        (Lang::It, SpanKind::Reaping) => "terminato, non ancora atteso",
    }
}

/// Above what processes printed.
pub fn printed_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "What they printed, as it came",
        Lang::It => "Che cosa hanno stampato, così come è arrivato",
    }
}

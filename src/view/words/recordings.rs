//! The words of runs that were kept: what is drawn from a file, and what is wrong with one.

use crate::event::{Flaw, FlawKind, SCHEMA};
use crate::lesson::doc::Lang;
use crate::view::Redrawn;

/// That nothing runs, where it did, and what is missing.
pub fn redrawn(lang: Lang, from: &Redrawn) -> String {
    let Redrawn { file, machine, alone } = from;
    let mut drawn = match lang {
        Lang::En => format!("Drawn from {file}: nothing runs now."),
        Lang::It => format!("Ricavato da {file}: ora non viene eseguito nulla."),
    };
    if let Some(machine) = machine {
        drawn += match lang {
            Lang::En => " The machine it was measured on: ",
            Lang::It => " La macchina usata per le misure: ",
        };
        drawn += &format!("{}.", super::machine(lang, machine));
    }
    match (lang, alone) {
        (_, false) => drawn,
        (Lang::En, true) => format!(
            "{drawn} The text around it is not among this parlab's lessons, or no longer fits: \
             these are the results alone."
        ),
        (Lang::It, true) => format!(
            "{drawn} Il testo che li accompagnava non è tra le lezioni di questo parlab, o non \
             corrisponde più: questi sono i soli risultati."
        ),
    }
}

/// What is wrong with a file, and what would be right.
pub fn flaw(lang: Lang, flaw: &Flaw) -> String {
    let said = match lang {
        Lang::En => flaw_en(flaw.kind),
        Lang::It => flaw_it(flaw.kind),
    };
    match (flaw.kind, flaw.detail.as_str()) {
        (FlawKind::OlderSchema | FlawKind::NewerSchema, schema) => {
            format!("{said} (schema {schema} ≠ {SCHEMA})")
        }
        (_, "") => said.to_owned(),
        (_, detail) => format!("{said}: {detail}"),
    }
}

fn flaw_en(kind: FlawKind) -> &'static str {
    match kind {
        FlawKind::Empty => "the file is empty; a kept run has a line for each event",
        FlawKind::NotText => "the line is not UTF-8 text",
        FlawKind::NotJson => "the line is not JSON",
        FlawKind::NotEvent => "the line is JSON, but no event of parlab's",
        FlawKind::NoStart => "a `start` has to come first",
        FlawKind::SecondStart => "a second `start`: one file keeps one run",
        FlawKind::OlderSchema => {
            "it is of an older parlab, whose events mean something else; draw it with that one"
        }
        FlawKind::NewerSchema => {
            "it is of a newer parlab, whose events mean something else; draw it with that one"
        }
        FlawKind::AfterEnd => "nothing may follow the `end`: one file keeps one run",
        FlawKind::CutShort => "the file was cut short: an `end` is missing here",
        FlawKind::NotFinished => "the run was not done to its end",
        FlawKind::Twice => "the same run as in another file, which would count twice",
        FlawKind::Room => "a report of several runs already; give the files that it was made from",
        FlawKind::More => "further faults that are not listed",
    }
}

fn flaw_it(kind: FlawKind) -> &'static str {
    match kind {
        FlawKind::Empty => "il file è vuoto; un'esecuzione salvata ha una riga per ogni evento",
        FlawKind::NotText => "la riga non è testo in UTF-8",
        FlawKind::NotJson => "la riga non è JSON",
        FlawKind::NotEvent => "la riga è JSON, ma non un evento di parlab",
        FlawKind::NoStart => "prima deve venire uno `start`",
        FlawKind::SecondStart => "un secondo `start`: un file contiene una sola esecuzione",
        FlawKind::OlderSchema => {
            "viene da un parlab più vecchio, i cui eventi hanno un altro significato; aprilo con \
             quello"
        }
        FlawKind::NewerSchema => {
            "viene da un parlab più recente, i cui eventi hanno un altro significato; aprilo con \
             quello"
        }
        FlawKind::AfterEnd => {
            "dopo l'`end` non può esserci nulla: un file contiene una sola esecuzione"
        }
        FlawKind::CutShort => "il file è troncato: qui manca un `end`",
        FlawKind::NotFinished => "l'esecuzione non è arrivata alla fine",
        FlawKind::Twice => "è la stessa esecuzione di un altro file, e conterebbe due volte",
        FlawKind::Room => {
            "è già un resoconto di più esecuzioni; indica i file da cui è stato ricavato"
        }
        FlawKind::More => "altri errori non elencati",
    }
}

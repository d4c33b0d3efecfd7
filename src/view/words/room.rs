//! The words of several runs beside each other.

use serde_json::{Map, Value};

use super::super::format::count;
use crate::event::{Alike, Explored, Group, Room, Together};
use crate::lesson::doc::Lang;

/// Above everything.
pub fn room_title(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Several runs side by side",
        Lang::It => "Più esecuzioni a confronto",
    }
}

/// Above the files of one command and lesson.
pub fn room_heading(lang: Lang, room: &Room) -> String {
    let subject = room.program.as_ref().unwrap_or(&room.lesson);
    format!("parlab {} {subject}: {}", room.command, files(lang, room.files))
}

fn files(lang: Lang, number: u32) -> String {
    match (lang, number) {
        (Lang::En, 1) => "1 file".to_owned(),
        (Lang::En, n) => format!("{n} files"),
        (Lang::It, n) => format!("{n} file"),
    }
}

fn cpus(lang: Lang, number: usize) -> String {
    match (lang, number) {
        (Lang::En, 1) => "1 CPU".to_owned(),
        (Lang::En, n) => format!("{n} CPUs"),
        (Lang::It, n) => format!("{n} CPU"),
    }
}

/// Machines that look alike, and how many files are from them.
pub fn alike(lang: Lang, alike: &Alike) -> String {
    let Alike { arch, kernel, .. } = alike;
    let (files, cpus) = (files(lang, alike.files), cpus(lang, alike.cpus));
    match lang {
        Lang::En => format!("{files} with {cpus} usable, {arch}, Linux {kernel}"),
        Lang::It => format!("{files} con {cpus} utilizzabili, {arch}, Linux {kernel}"),
    }
}

/// The options that were not the same in all files.
pub fn differing(lang: Lang, options: &Map<String, Value>) -> String {
    let none = match lang {
        Lang::En => "not set",
        Lang::It => "non impostata",
    };
    let bare = |value: &Value| match value {
        Value::Null => none.to_owned(),
        other => other.to_string().replace('"', ""),
    };
    let values = |values: &Value| {
        let all: Vec<String> = values.as_array().into_iter().flatten().map(bare).collect();
        all.join(" | ")
    };
    let told: Vec<String> =
        options.iter().map(|(name, all)| format!("{name} {}", values(all))).collect();
    match lang {
        Lang::En => format!("Not the same in all files: {}", told.join("; ")),
        Lang::It => format!("Non uguali in tutti i file: {}", told.join("; ")),
    }
}

/// Above one experiment: what it compares, and which time it is if a file does so again.
pub fn together_heading(lang: Lang, together: &Together) -> String {
    let Together { experiment, compared, turn, .. } = together;
    let compared = compared.join(", ");
    match (lang, turn) {
        (_, 1) => format!("{experiment}: {compared}"),
        (Lang::En, turn) => format!("{experiment}, time {turn}: {compared}"),
        (Lang::It, turn) => format!("{experiment}, {turn}ª volta: {compared}"),
    }
}

/// Who ran a variant.
pub fn group(lang: Lang, group: &Group) -> String {
    let cpus = cpus(lang, group.cpus);
    match &group.python {
        Some(python) => format!("{cpus}, Python {python}"),
        None => cpus,
    }
}

/// Above where all runs of the room ended.
pub fn room_outcomes(lang: Lang, expected: i64) -> String {
    let expected = count(expected);
    match lang {
        Lang::En => format!("Where each run of all files ended (expected: {expected})"),
        Lang::It => format!("Dove è finita ogni esecuzione, su tutti i file (atteso: {expected})"),
    }
}

/// Above where the runs of one variant ended, by kind of machine: usable CPUs, version of Python.
pub fn group_outcomes(lang: Lang, variant: &str, expected: i64) -> String {
    let expected = count(expected);
    match lang {
        Lang::En => format!("{variant}, by kind of machine (expected: {expected})"),
        Lang::It => format!("{variant}, per tipo di macchina (atteso: {expected})"),
    }
}

/// The column of kinds of machines.
pub fn kinds_column(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "machines",
        Lang::It => "macchine",
    }
}

/// Above the table of variants.
pub fn room_variants(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The variants, from file to file",
        Lang::It => "Le varianti, da un file all'altro",
    }
}

/// The columns of that table.
pub fn room_columns(lang: Lang) -> [&'static str; 5] {
    match lang {
        Lang::En => ["variant", "files", "right", "ratio", "from–to"],
        Lang::It => ["variante", "file", "giuste", "rapporto", "da–a"],
    }
}

/// What the ratios of that table are.
pub fn room_ratios(lang: Lang, baseline: &str) -> String {
    match lang {
        Lang::En => format!(
            "The ratio is to {baseline} on the same machine: median over the files, least and \
             greatest. Times themselves are not mixed: machines have none in common."
        ),
        Lang::It => format!(
            "Il rapporto è con {baseline} sulla stessa macchina: mediana sui file, minimo e \
             massimo. I tempi non vengono mescolati: le macchine non ne hanno in comune."
        ),
    }
}

/// Above the ends of a program that was explored.
pub fn explored_heading(lang: Lang, program: &Explored) -> String {
    let Explored { experiment, variant, ops, processes, .. } = program;
    let number = |n: u64| count(i64::try_from(n).unwrap_or(i64::MAX));
    let (total, ran) = (number(program.total), number(program.ran));
    let files = files(lang, program.files);
    match lang {
        Lang::En => format!(
            "{experiment} · {variant}: schedules of {processes} processes, {ops} each: {total} \
             counted, {ran} run in {files}"
        ),
        Lang::It => format!(
            "{experiment} · {variant}: ordini di {processes} processi, {ops} a testa: {total} \
             contati, {ran} eseguiti in {files}"
        ),
    }
}

/// The column of how many files saw it.
pub fn files_column(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "seen in files",
        Lang::It => "visto in file",
    }
}

/// Above what Python costs beside Rust.
pub fn dearer_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "How many times as much an operation costs in Python, machine by machine",
        Lang::It => "Quante volte di più costa un'operazione in Python, macchina per macchina",
    }
}

/// The columns of that table.
pub fn dearer_columns(lang: Lang) -> [&'static str; 4] {
    match lang {
        Lang::En => ["means", "Pythons", "median", "from–to"],
        Lang::It => ["mezzo", "Python", "mediana", "da–a"],
    }
}

/// Above the questions.
pub fn predictions_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "What the room predicted",
        Lang::It => "Che cosa ha previsto l'aula",
    }
}

/// In how many files an answer was given, and in how many it held.
pub fn said_and_held(lang: Lang, said: u32, held: u32, files: u32) -> String {
    match lang {
        Lang::En => format!("said in {said}, held in {held} of {files} files"),
        Lang::It => format!("scelta in {said}, confermata in {held} file su {files}"),
    }
}

/// In how many none was given.
pub fn unsaid(lang: Lang, unsaid: u32, files: u32) -> String {
    match lang {
        Lang::En => format!("No answer in {unsaid} of {files} files."),
        Lang::It => format!("Nessuna risposta in {unsaid} file su {files}."),
    }
}

/// There is nothing to be laid together.
pub fn room_empty(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Nothing in these files can be laid together; draw each by itself.",
        Lang::It => "In questi file non c'è nulla da affiancare; aprili uno per uno.",
    }
}

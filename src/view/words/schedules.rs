//! The words around schedules: what was counted, what was run, and the steps as code.

use super::super::format::{SPACE, count, percent, time};
use super::game::{letter, name_of_lock};
use crate::event::{Act, Schedules};
use crate::lesson::doc::Lang;

/// A number of schedules.
fn schedules(lang: Lang, number: u64) -> String {
    let word = match (lang, number) {
        (Lang::En, 1) => "schedule",
        (Lang::En, _) => "schedules",
        (Lang::It, 1) => "ordine",
        (Lang::It, _) => "ordini",
    };
    format!("{}{SPACE}{word}", count(number as i64))
}

/// Above the histogram: how many schedules there are, and how many of them were run.
pub fn schedules_heading(lang: Lang, told: &Schedules) -> String {
    let all = schedules(lang, told.total);
    let ran = count(told.ran as i64);
    let what = match (lang, told.ran == told.total) {
        (Lang::En, true) => format!("{all}, all truly run"),
        (Lang::En, false) => format!("{all}, counted; {ran} of them, drawn at random, truly run"),
        (Lang::It, true) => format!("{all} di esecuzione, tutti eseguiti davvero"),
        (Lang::It, false) => {
            format!("{all} di esecuzione, contati; {ran} estratti a caso, eseguiti davvero")
        }
    };
    format!("{} · {}: {what}", told.experiment, told.variant)
}

/// The columns of the histogram: the end, the schedules counted, those run, the free runs.
pub fn schedules_columns(lang: Lang, word: &str) -> [String; 4] {
    let columns = match lang {
        Lang::En => [word, "schedules", "run", "free"],
        Lang::It => [word, "ordini", "eseguiti", "liberi"],
    };
    columns.map(str::to_owned)
}

/// What the shared number of a program is.
pub fn name_of_word(lang: Lang, word: &str) -> String {
    let italian = match word {
        "balance" => "saldo",
        "transfers" => "bonifici",
        "received" => "ricevuti",
        "total" => "totale",
        other => other,
    };
    match lang {
        Lang::En => word.to_owned(),
        Lang::It => italian.to_owned(),
    }
}

/// In place of a number: nobody can go on.
pub fn stuck(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "stuck",
        Lang::It => "bloccati",
    }
}

/// What the columns and the mark mean.
pub fn schedules_legend(lang: Lang, told: &Schedules) -> String {
    let free = told.free_runs;
    match (lang, free) {
        (Lang::En, 0) => "✓ the right result".to_owned(),
        (Lang::En, 1) => {
            "✓ the right result; free: one run without gates on this machine".to_owned()
        }
        (Lang::En, _) => format!(
            "✓ the right result; free: {free} runs without gates on this machine, where schedules \
             are not equally likely"
        ),
        (Lang::It, 0) => "✓ il risultato giusto".to_owned(),
        (Lang::It, 1) => {
            "✓ il risultato giusto; liberi: un'esecuzione senza cancelli su questa macchina"
                .to_owned()
        }
        (Lang::It, _) => format!(
            "✓ il risultato giusto; liberi: {free} esecuzioni senza cancelli su questa macchina, \
             dove gli ordini non sono ugualmente probabili"
        ),
    }
}

/// Below the histogram: how many schedules are right, how many get stuck, and how long the
/// processes took for a step on average.
pub fn schedules_verdict(lang: Lang, told: &Schedules) -> String {
    let share = |part: u64| percent(part as f64 / told.total.max(1) as f64, lang);
    let [correct, stuck, total] = [told.correct, told.stuck, told.total].map(|n| count(n as i64));
    let mut text = match (lang, told.correct) {
        (Lang::En, all) if all == told.total => format!("Every schedule ends right ({total})."),
        (Lang::En, 0) => format!("None of the schedules ends right ({total})."),
        (Lang::En, some) => {
            let end = if some == 1 { "ends" } else { "end" };
            format!("{correct} of {total} schedules {end} right ({}).", share(some))
        }
        (Lang::It, all) if all == told.total => {
            format!("Ogni ordine dà il risultato giusto ({total}).")
        }
        (Lang::It, 0) => format!("Nessun ordine dà il risultato giusto ({total})."),
        (Lang::It, 1) => format!("Dà il risultato giusto 1 ordine su {total} ({}).", share(1)),
        (Lang::It, some) => {
            format!("Danno il risultato giusto {correct} ordini su {total} ({}).", share(some))
        }
    };
    if told.stuck > 0 {
        let one = told.stuck == 1;
        let shortest = told.shortest_stuck.as_deref().unwrap_or_default();
        text += &match lang {
            Lang::En => format!(
                " {stuck} {} stuck ({}): nobody can go on; the shortest is {shortest}.",
                if one { "gets" } else { "get" },
                share(told.stuck)
            ),
            Lang::It => format!(
                " {stuck} si {} ({}): nessuno può proseguire; il più breve è {shortest}.",
                if one { "blocca" } else { "bloccano" },
                share(told.stuck)
            ),
        };
    }
    let step = time(told.time_s / told.steps.max(1) as f64, lang);
    text + &match lang {
        Lang::En => format!(" The processes took {step} a step, handing over included."),
        Lang::It => {
            format!(" I processi hanno impiegato {step} per passo, passaggio del turno compreso.")
        }
    }
}

/// A step as a line of code, the same in both languages but for the names of the shared number and
/// of the process's own variable.
pub fn step_code(lang: Lang, step: Act, word: &str) -> String {
    let word = name_of_word(lang, word);
    let mine = match lang {
        Lang::En => "mine",
        Lang::It => "mio",
    };
    match step {
        Act::Load => format!("{mine} = {word}"),
        Act::Store(0) => format!("{word} = {mine}"),
        Act::Store(change) if change < 0 => format!("{word} = {mine} - {}", change.unsigned_abs()),
        Act::Store(change) => format!("{word} = {mine} + {change}"),
        Act::Acquire(lock) => format!("{}.acquire()", name_of_lock(lock)),
        Act::Release(lock) => format!("{}.release()", name_of_lock(lock)),
        Act::Put => "queue.put(1)".to_owned(),
        Act::Get => format!("{word} += queue.get()"),
        Act::Join(process) => format!("{}.join()", letter(process)),
        Act::Send => "pipe.send(1)".to_owned(),
        Act::Receive => format!("{word} += pipe.recv()"),
        Act::CloseWriter => "pipe.close()".to_owned(),
        Act::ReceiveEnd => "pipe.recv() → EOFError".to_owned(),
    }
}

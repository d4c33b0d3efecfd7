//! The words around lost updates: how many and whose, one of them step by step, how to replay it.

use super::super::format::count;
use crate::event::Op;
use crate::lesson::doc::Lang;

/// Above the losses; `updates` is how many each run made.
pub fn losses_heading(lang: Lang, traced: usize, updates: Option<u64>) -> String {
    let of = match (lang, updates) {
        (_, None) => String::new(),
        (Lang::En, Some(all)) => format!(" of {}", count(all as i64)),
        (Lang::It, Some(all)) => format!(" su {}", count(all as i64)),
    };
    match (lang, traced) {
        (Lang::En, 1) => format!("Updates lost{of} (in one traced run)"),
        (Lang::En, n) => format!("Updates lost{of} (median of {n} traced runs)"),
        (Lang::It, 1) => format!("Aggiornamenti persi{of} (in un'esecuzione tracciata)"),
        (Lang::It, n) => format!("Aggiornamenti persi{of} (mediana di {n} esecuzioni tracciate)"),
    }
}

/// The losses of one variant; `lost` holds a `name count` text for each process.
pub fn losses(lang: Lang, lost: &[String]) -> String {
    match (lang, lost) {
        (Lang::En, []) => "none".to_owned(),
        (Lang::It, []) => "nessuno".to_owned(),
        (Lang::En | Lang::It, lost) => lost.join(", "),
    }
}

/// Above the two lanes.
pub fn lost_update_heading(lang: Lang, variant: &str) -> String {
    match lang {
        Lang::En => format!("One lost update, as it happened ({variant})"),
        Lang::It => format!("Un aggiornamento perso, così come è avvenuto ({variant})"),
    }
}

/// Above the column of the shared word.
pub fn shared_word(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "shared",
        Lang::It => "condiviso",
    }
}

/// What a process does in a step.
pub fn step(lang: Lang, op: Op, value: i64) -> String {
    let verb = match (lang, op) {
        (Lang::En, Op::Load) => "reads",
        (Lang::En, Op::Store) => "writes",
        (Lang::It, Op::Load) => "legge",
        (Lang::It, Op::Store) => "scrive",
    };
    format!("{verb} {}", count(value))
}

/// In the lane of the victim, where steps are left out.
pub fn steps_left_out(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "⋮ goes on",
        Lang::It => "⋮ continua",
    }
}

/// What the lanes show, in a sentence.
pub fn lost_update_sentence(lang: Lang, victim: &str, overwriter: &str, lost: u32) -> String {
    let number = count(lost.into());
    match (lang, lost) {
        (Lang::En, 1) => format!(
            "{overwriter} wrote what it had worked out from an old value: one update of {victim} \
             is gone."
        ),
        (Lang::En, _) => format!(
            "{overwriter} wrote what it had worked out from an old value: {number} updates of \
             {victim} are gone at one stroke."
        ),
        (Lang::It, 1) => format!(
            "{overwriter} ha scritto ciò che aveva calcolato da un valore vecchio: un \
             aggiornamento di {victim} è andato perso."
        ),
        (Lang::It, _) => format!(
            "{overwriter} ha scritto ciò che aveva calcolato da un valore vecchio: {number} \
             aggiornamenti di {victim} sono andati persi in un colpo solo."
        ),
    }
}

/// Before the command that goes through a lost update step by step: the `update`-th of the victim,
/// one of `lost`; `letters` says whose steps the letters of the schedule are.
pub fn replay(
    lang: Lang,
    update: u32,
    victim: &str,
    overwriter: &str,
    lost: u32,
    letters: &str,
) -> String {
    let number = count(update.into());
    match (lang, lost) {
        (Lang::En, 1) => format!(
            "Update {number} of {victim} was overwritten by {overwriter}. To go through it step by \
             step ({letters}):"
        ),
        (Lang::En, _) => format!(
            "One of them: update {number} of {victim} was overwritten by {overwriter}. To go \
             through it step by step ({letters}):"
        ),
        (Lang::It, 1) => format!(
            "L'aggiornamento {number} di {victim} è stato sovrascritto da {overwriter}. Per \
             ripercorrerlo passo per passo ({letters}):"
        ),
        (Lang::It, _) => format!(
            "Uno di questi: l'aggiornamento {number} di {victim} è stato sovrascritto da \
             {overwriter}. Per ripercorrerlo passo per passo ({letters}):"
        ),
    }
}

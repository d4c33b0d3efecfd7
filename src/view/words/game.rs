//! The words of a game: where it stands, what cannot be done and why, what can be typed.

use super::failures::Failure;
use crate::event::{Block, Error, Hint, Refusal, Refused, Standing};
use crate::lesson::doc::Lang;

/// Letters of a schedule that a message quotes.
const QUOTED: usize = 40;

/// The letter of the process of that number; a file may number more than there are letters.
pub(super) fn letter(process: usize) -> char {
    let letter = u8::try_from(process).ok().and_then(|number| b'A'.checked_add(number));
    letter.filter(u8::is_ascii_uppercase).map_or('?', char::from)
}

/// The lock of that number, from 0.
pub(super) fn name_of_lock(number: usize) -> String {
    format!("lock{}", number.saturating_add(1))
}

/// Above a level.
pub fn level_heading(lang: Lang, name: &str, number: usize, of: usize) -> String {
    match lang {
        Lang::En => format!("Level {number} of {of}: {name}"),
        Lang::It => format!("Livello {number} di {of}: {name}"),
    }
}

/// The steps that were taken.
pub fn steps(lang: Lang, schedule: &str, most: Option<u32>) -> String {
    let taken = schedule.chars().count();
    let steps = match lang {
        Lang::En => "steps",
        Lang::It => "passi",
    };
    let most = match (lang, most) {
        (_, None) => String::new(),
        (Lang::En, Some(most)) => format!(" of at most {most}"),
        (Lang::It, Some(most)) => format!(" su {most} al massimo"),
    };
    match schedule {
        "" => format!("{steps}: 0{most}"),
        schedule => format!("{steps}: {schedule} ({taken}{most})"),
    }
}

/// A process's own variable.
pub fn own(lang: Lang, own: Option<i64>) -> String {
    let own = own.map_or("–".to_owned(), |own| own.to_string());
    match lang {
        Lang::En => format!("mine: {own}"),
        Lang::It => format!("mio: {own}"),
    }
}

/// Who has a lock.
pub fn lock(lang: Lang, number: usize, holder: Option<usize>) -> String {
    let free = match lang {
        Lang::En => "free",
        Lang::It => "libero",
    };
    let holder = holder.map_or(free.to_owned(), |holder| letter(holder).to_string());
    format!("{}: {holder}", name_of_lock(number))
}

/// What is on its way.
pub fn messages(lang: Lang, number: u32) -> String {
    match lang {
        Lang::En => format!("messages: {number}"),
        Lang::It => format!("messaggi: {number}"),
    }
}

/// Why a process cannot take its next step, as the end of a sentence.
fn blocked(lang: Lang, block: Block) -> String {
    match (lang, block) {
        (Lang::En, Block::Lock { lock, holder }) => {
            format!("{} is held by {}", name_of_lock(lock), letter(holder))
        }
        (Lang::It, Block::Lock { lock, holder }) => {
            format!("{} è in mano a {}", name_of_lock(lock), letter(holder))
        }
        (Lang::En, Block::Full) => "the queue is full".to_owned(),
        (Lang::It, Block::Full) => "la coda è piena".to_owned(),
        (Lang::En, Block::Empty) => "no message has come".to_owned(),
        (Lang::It, Block::Empty) => "non è arrivato nessun messaggio".to_owned(),
        (Lang::En, Block::Runs(other)) => format!("{} has not ended", letter(other)),
        (Lang::It, Block::Runs(other)) => format!("{} non è terminato", letter(other)),
        (Lang::En, Block::Open(other)) => {
            format!("{} has the write end of the pipe open", letter(other))
        }
        (Lang::It, Block::Open(other)) => {
            format!("{} ha ancora aperta l'estremità di scrittura della pipe", letter(other))
        }
    }
}

/// That a process waits, and for what.
pub fn cannot_go_on(lang: Lang, process: &str, block: Block) -> String {
    let why = blocked(lang, block);
    match lang {
        Lang::En => format!("{process} waits: {why}."),
        Lang::It => format!("{process} aspetta: {why}."),
    }
}

/// What a process can do, in one word.
pub fn ability(lang: Lang, finished: bool, blocked: bool) -> &'static str {
    match (lang, finished, blocked) {
        (Lang::En, true, _) => "has ended",
        (Lang::En, _, true) => "waits",
        (Lang::En, _, false) => "can go on",
        (Lang::It, true, _) => "terminato",
        (Lang::It, _, true) => "aspetta",
        (Lang::It, _, false) => "può proseguire",
    }
}

/// What the moment is, where there is something to say.
pub fn standing(lang: Lang, standing: Standing, free: bool) -> Option<&'static str> {
    let text = match (lang, standing, free) {
        (_, Standing::Open, _) => return None,
        (Lang::En, Standing::Won, _) => "✓ Goal reached.",
        (Lang::It, Standing::Won, _) => "✓ Obiettivo raggiunto.",
        (Lang::En, Standing::Late, _) => "✗ That is the goal, but in too many steps: go back (u).",
        (Lang::It, Standing::Late, _) => "✗ È l'obiettivo, ma in troppi passi: torna indietro (u).",
        (Lang::En, Standing::Ended, true) => "All have ended.",
        (Lang::It, Standing::Ended, true) => "Tutti sono terminati.",
        (Lang::En, Standing::Ended, false) => {
            "✗ All have ended, and that is not the goal: go back (u)."
        }
        (Lang::It, Standing::Ended, false) => {
            "✗ Tutti sono terminati e l'obiettivo non è raggiunto: torna indietro (u)."
        }
        (Lang::En, Standing::Stuck, true) => "Nobody can go on: all that are left wait for ever.",
        (Lang::It, Standing::Stuck, true) => {
            "Nessuno può proseguire: chi resta aspetterà per sempre."
        }
        (Lang::En, Standing::Stuck, false) => {
            "✗ Nobody can go on, and that is not the goal: go back (u)."
        }
        (Lang::It, Standing::Stuck, false) => {
            "✗ Nessuno può proseguire e l'obiettivo non è raggiunto: torna indietro (u)."
        }
    };
    Some(text)
}

/// Why an order is not carried out, as the end of a sentence.
fn refusal(lang: Lang, why: Refusal) -> String {
    match (lang, why) {
        (Lang::En, Refusal::Unknown) => "no process has this letter".to_owned(),
        (Lang::It, Refusal::Unknown) => "nessun processo ha questa lettera".to_owned(),
        (Lang::En, Refusal::Finished) => "it has taken its last step".to_owned(),
        (Lang::It, Refusal::Finished) => "ha già fatto il suo ultimo passo".to_owned(),
        (_, Refusal::Blocked(block)) => blocked(lang, block),
        (Lang::En, Refusal::Start) => "this is the beginning".to_owned(),
        (Lang::It, Refusal::Start) => "è l'inizio".to_owned(),
    }
}

/// That an order was not carried out.
pub fn refused(lang: Lang, refused: &Refused) -> String {
    let (order, why) = (&refused.order, refusal(lang, refused.why));
    match (lang, refused.why) {
        (Lang::En, Refusal::Start) => format!("No step back: {why}."),
        (Lang::It, Refusal::Start) => format!("Non si può tornare indietro: {why}."),
        (Lang::En, Refusal::Unknown) => format!("No step taken: {why}."),
        (Lang::It, Refusal::Unknown) => format!("Nessun passo: {why}."),
        (Lang::En, _) => format!("{order} cannot take a step: {why}."),
        (Lang::It, _) => format!("{order} non può fare un passo: {why}."),
    }
}

/// A hint.
pub fn hint(lang: Lang, hint: &Hint) -> String {
    match (lang, hint) {
        (Lang::En, Hint::Step(process)) => format!("Hint: {process}."),
        (Lang::It, Hint::Step(process)) => format!("Suggerimento: {process}."),
        (Lang::En, Hint::Back) => "Hint: from here the goal cannot be reached; go back (u).".into(),
        (Lang::It, Hint::Back) => {
            "Suggerimento: da qui l'obiettivo non si raggiunge più; torna indietro (u).".into()
        }
        (Lang::En, Hint::None) => "No hint: there is no goal to reach.".into(),
        (Lang::It, Hint::None) => {
            "Nessun suggerimento: non c'è un obiettivo da raggiungere.".into()
        }
    }
}

/// What can be typed at this moment.
pub fn keys(lang: Lang, standing: Standing, last: bool) -> &'static str {
    match (lang, standing, last) {
        (Lang::En, Standing::Won, false) => "Enter: next level   u: back   q: end",
        (Lang::It, Standing::Won, false) => "Invio: livello successivo   u: indietro   q: fine",
        (Lang::En, Standing::Won, true) => "Enter or q: end   u: back",
        (Lang::It, Standing::Won, true) => "Invio o q: fine   u: indietro",
        (Lang::En, ..) => "a letter: its step   u: back   ?: hint   q: end",
        (Lang::It, ..) => "una lettera: il suo passo   u: indietro   ?: suggerimento   q: fine",
    }
}

/// In place of a game: the window has become too small.
pub fn small(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "window too small; enlarge it, or q",
        Lang::It => "finestra troppo piccola; allargala, o q",
    }
}

/// The prompt of line mode.
pub fn turn(lang: Lang, standing: Standing, last: bool) -> String {
    format!("{} > ", keys(lang, standing, last))
}

/// A schedule that is refused before anything runs, at one of its steps.
pub(super) fn misstep(lang: Lang, error: &Error, refused: &Refused, step: u64) -> Failure {
    let schedule = quoted(error.what.as_deref().unwrap_or_default());
    let (order, why) = (&refused.order, refusal(lang, refused.why));
    let happened = match lang {
        Lang::En => format!("step {step} of {schedule}, {order}, cannot be taken: {why}."),
        Lang::It => format!("il passo {step} di {schedule}, {order}, non si può fare: {why}."),
    };
    Failure { happened, next: next(lang, refused.why) }
}

fn quoted(schedule: &str) -> String {
    let mut quoted: String = schedule.chars().take(QUOTED).collect();
    if quoted.len() < schedule.len() {
        quoted.push('…');
    }
    format!("`{quoted}`")
}

fn next(lang: Lang, why: Refusal) -> &'static str {
    match (lang, why) {
        (Lang::En, Refusal::Finished) => {
            "Leave the step out, or let each process do more (`--ops`). Nothing was started."
        }
        (Lang::It, Refusal::Finished) => {
            "Togli il passo, oppure fa' fare di più a ogni processo (`--ops`). Non è stato avviato \
             nulla."
        }
        (Lang::En, Refusal::Blocked(_)) => {
            "Let another process take a step first. Nothing was started."
        }
        (Lang::It, Refusal::Blocked(_)) => {
            "Fa' fare prima un passo a un altro processo. Non è stato avviato nulla."
        }
        (Lang::En, Refusal::Unknown | Refusal::Start) => {
            "A schedule is a letter for each step, A for the first process, as in `--schedule \
             ABBA`. Nothing was started."
        }
        (Lang::It, Refusal::Unknown | Refusal::Start) => {
            "Un ordine è una lettera per ogni passo, A per il primo processo, come in `--schedule \
             ABBA`. Non è stato avviato nulla."
        }
    }
}

//! A position of a game in pieces: what a page and a full screen both draw.

use super::words;
use crate::event::{Act, Actor, Position};
use crate::lesson::doc::Lang;

/// At a process's next step.
pub(super) const HERE: &str = "→ ";
/// At its other steps.
const ELSEWHERE: &str = "  ";
/// In place of steps that do not fit.
const MORE: &str = "  ⋮";

/// One process.
pub(super) struct Column {
    /// Its letter and its name.
    pub title: String,
    /// Its pid.
    pub pid: String,
    /// Its steps as code, a mark before the next one.
    pub code: Vec<String>,
    /// Its own variable, where the program uses it.
    pub own: Option<String>,
    /// What it can do.
    pub ability: &'static str,
}

/// The processes, with at most `rows` lines of code each, around the next step.
pub(super) fn columns(position: &Position, lang: Lang, rows: usize) -> Vec<Column> {
    let column = |actor: &Actor| {
        let finished = actor.at >= actor.script.steps.len();
        Column {
            title: format!("{} {}", actor.script.process, actor.script.name),
            pid: format!("pid {}", actor.pid),
            code: code(actor, &position.word, lang, rows),
            own: actor.script.steps.contains(&Act::Load).then(|| words::own(lang, actor.own)),
            ability: words::ability(lang, finished, actor.blocked.is_some()),
        }
    };
    position.actors.iter().map(column).collect()
}

fn code(actor: &Actor, word: &str, lang: Lang, rows: usize) -> Vec<String> {
    let steps = &actor.script.steps;
    let first = actor.at.saturating_sub(rows / 2).min(steps.len().saturating_sub(rows));
    let last = (first + rows).min(steps.len());
    let line = |number: usize| {
        let hidden = number == first && first > 0 || number + 1 == last && last < steps.len();
        match (number == actor.at, hidden) {
            (false, true) => MORE.to_owned(),
            (here, _) => {
                let mark = if here { HERE } else { ELSEWHERE };
                format!("{mark}{}", words::step_code(lang, steps[number], word))
            }
        }
    };
    (first..last).map(line).collect()
}

/// What all share: the word, the locks, what is on its way.
pub(super) fn shared(position: &Position, lang: Lang) -> Vec<String> {
    let word = words::name_of_word(lang, &position.word);
    let mut told = vec![format!("{word}: {}", position.value)];
    let locks = position.locks.iter().enumerate();
    told.extend(locks.map(|(number, holder)| words::lock(lang, number, *holder)));
    told.extend(position.messages.map(|number| words::messages(lang, number)));
    told
}

/// Who waits for what.
pub(super) fn waits(position: &Position, lang: Lang) -> Vec<String> {
    let waits =
        |actor: &Actor| Some(words::cannot_go_on(lang, &actor.script.process, actor.blocked?));
    position.actors.iter().filter_map(waits).collect()
}

/// What there is to say of the moment: an order that was refused, a hint, whether it is the goal.
pub(super) fn remarks(position: &Position, lang: Lang) -> Vec<String> {
    let refused = position.refused.as_ref().map(|refused| words::refused(lang, refused));
    let hint = position.hint.as_ref().map(|hint| words::hint(lang, hint));
    let standing = words::standing(lang, position.standing, position.goal.is_none());
    refused.into_iter().chain(hint).chain(standing.map(str::to_owned)).collect()
}

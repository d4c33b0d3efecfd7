//! One lost update step by step: a column for each process, the shared number between.

use serde::Serialize;

use crate::event::{LostUpdate, Op};
use crate::lesson::doc::Lang;
use crate::view::text::lanes::{arrow, is_after_gap, replay};
use crate::view::words;

/// The table, for its template.
#[derive(Serialize)]
pub(super) struct Lost {
    heading: String,
    victim: String,
    overwriter: String,
    shared: &'static str,
    steps: Vec<Row>,
    sentence: String,
    /// What to type to go through it step by step, after a sentence that says so.
    replay: Option<(String, String)>,
}

#[derive(Serialize)]
struct Row {
    /// What the victim does, then what the overwriter does: one of them is nothing.
    victim: String,
    overwriter: String,
    /// The number, with arrows to who reads it or from who writes it.
    word: String,
    store: bool,
}

/// The table of one lost update.
pub(super) fn of(lost: &LostUpdate, lang: Lang) -> Lost {
    let mut steps = Vec::new();
    for (at, step) in lost.steps.iter().enumerate() {
        let of_victim = step.process == lost.victim;
        if is_after_gap(&lost.steps[..at], step) {
            steps.push(row(
                words::steps_left_out(lang).to_owned(),
                "⋮".to_owned(),
                of_victim,
                false,
            ));
        }
        let said = words::step(lang, step.op, step.value);
        steps.push(row(said, arrow(step, of_victim), of_victim, step.op == Op::Store));
    }
    Lost {
        heading: words::lost_update_heading(lang, &lost.variant),
        victim: lost.victim.clone(),
        overwriter: lost.overwriter.clone(),
        shared: words::shared_word(lang),
        steps,
        sentence: words::lost_update_sentence(lang, &lost.victim, &lost.overwriter, lost.lost),
        replay: replay(lost, lang),
    }
}

fn row(said: String, word: String, of_victim: bool, store: bool) -> Row {
    let (victim, overwriter) =
        if of_victim { (said, String::new()) } else { (String::new(), said) };
    Row { victim, overwriter, word, store }
}

//! `parlab compare`: the measurement alone, and one sentence that says who won and why.

use super::page::shown;
use super::session::{Ran, Session, Stop};
use super::{Chosen, source};
use crate::event::{Error, ErrorKind, Params};
use crate::experiments::{Experiment, Lesson};
use crate::lesson::values::Values;

/// Runs every experiment of the lesson that is meant for comparing.
///
/// # Errors
/// Whatever stops it.
pub fn compare(session: &mut Session, lesson: &'static Lesson, typed: &Params) -> Result<(), Stop> {
    let doc = source::read(session, &Chosen::Named(lesson))?;
    let params = shown(typed, Some(lesson));
    session.start("compare", lesson.name, &params)?;
    let mut values = Values::new(&session.machine);
    // Variants are asked for by name, and not every experiment of a lesson need have one of them.
    let asked_for = |experiment: &&Experiment| {
        let has = |name: &String| experiment.variants.contains(&name.as_str());
        typed.only.as_ref().is_none_or(|only| only.iter().any(has))
    };
    for experiment in lesson.experiments.iter().filter(|e| e.compared).filter(asked_for) {
        let ran = session.experiment(experiment.name, experiment, params.clone(), &mut values)?;
        if ran == Ran::Nothing {
            session.view.error(&Error {
                kind: ErrorKind::NothingRan,
                what: Some(experiment.name.to_string()),
                detail: typed.only.as_ref().map(|only| only.join(", ")),
            })?;
            return Err(Stop::Failed);
        }
        if let Some(why) = doc.why(experiment.name) {
            match session.renderer.render(&doc, &why.text, &values) {
                Ok(text) => session.view.why(&text)?,
                Err(fault) => {
                    // The text came with the program: it is no wrong use.
                    source::faulty(session, &[fault]);
                    return Err(Stop::Failed);
                }
            }
        }
    }
    Ok(())
}

//! `parlab compare`: the measurement alone, and one sentence that says who won and why.

use super::page::shown;
use super::session::{Session, Stop};
use super::{Chosen, source};
use crate::event::Params;
use crate::experiments::Lesson;
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
    for experiment in lesson.experiments.iter().filter(|e| e.compared) {
        session.experiment(experiment.name, experiment, params.clone(), &mut values)?;
        if let Some(why) = doc.why(experiment.name) {
            match session.renderer.render(&doc, &why.text, &values) {
                Ok(text) => session.view.why(&text)?,
                Err(fault) => return Err(source::faulty(session, &[fault])),
            }
        }
    }
    Ok(())
}

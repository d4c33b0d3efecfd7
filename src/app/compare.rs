//! `parlab compare`: the measurement alone, and one sentence that says who won and why.

use super::page::{known_variants, shown};
use super::reader;
use super::session::{Ran, Session, Stop};
use super::{Chosen, source};
use crate::event::{Error, ErrorKind, Params};
use crate::experiments::{Experiment, Lesson, Opt};
use crate::lesson::values::Values;

/// Runs every experiment of the lesson that is meant for comparing, and those that typed options
/// bring along; with `sweep` the one that raises the work in each item.
///
/// # Errors
/// Whatever stops it.
pub fn compare(
    session: &mut Session,
    lesson: &'static Lesson,
    sweep: bool,
    typed: &Params,
) -> Result<(), Stop> {
    let docs = source::read_for_all(session, &Chosen::Named(lesson))?;
    let mut params = shown(typed, Some(lesson));
    if sweep {
        Opt::Work.clear(&mut params);
        Opt::Wait.clear(&mut params);
    }
    session.start("compare", lesson.name, &params)?;
    known_variants(session, lesson.compared(sweep), typed)?;
    let all: Vec<_> = lesson.compared(sweep).chain(lesson.brought(typed)).collect();
    session.has_times(&all)?;
    for experiment in lesson.compared(sweep) {
        session.fits(experiment, &params)?;
    }
    let mut values = Values::new(&session.machine);
    // Variants are asked for by name, and not every experiment of a lesson need have one of them.
    let asked_for = |experiment: &&Experiment| {
        let has = |name: &String| experiment.variants.contains(&name.as_str());
        typed.only.as_ref().is_none_or(|only| only.iter().any(has))
    };
    let brought = lesson.brought(typed);
    for experiment in lesson.compared(sweep).chain(brought).filter(asked_for) {
        let ran = session.experiment(experiment.name, experiment, params.clone(), &mut values)?;
        if ran == Ran::Nothing {
            session.view.error(&Error::new(
                ErrorKind::NothingRan,
                Some(experiment.name.to_string()),
                typed.only.as_ref().map(|only| only.join(", ")),
            ))?;
            return Err(Stop::Failed);
        }
        let told = reader::to_each(session, &docs, |reader, doc| {
            let Some(why) = doc.why(experiment.name) else { return Ok(()) };
            let text = reader.fill(doc, &why.text, &values)?;
            Ok(reader.view.why(&text)?)
        });
        match told {
            // The text came with the program: it is no wrong use.
            Err(Stop::Usage) => return Err(Stop::Failed),
            other => other?,
        }
    }
    Ok(())
}

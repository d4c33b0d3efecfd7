//! `parlab doctor`: what this machine offers, and what of each lesson it will and will not show.

use super::session::{Session, Stop};
use crate::event::{Event, Params};
use crate::experiments::{LESSONS, SURVEY, needs, options};

/// Surveys the machine and judges every lesson by its needs.
///
/// # Errors
/// [`Stop::Faults`] if a lesson cannot run, [`Stop::Failed`] if no experiment can, and whatever
/// else stops it.
pub fn doctor(session: &mut Session, typed: &Params) -> Result<(), Stop> {
    let every_python = Params { python: Some(vec!["all".to_string()]), ..Params::default() };
    let params = options::merge(typed, &options::merge(&every_python, &options::everywhere()));
    session.start("doctor", "all", &params)?;
    let (mut found, mut pythons) = (None, 0);
    let surveyed = session.run(&SURVEY, params, &mut |event| match event {
        Event::Machine(of_it) => found = Some(of_it.clone()),
        Event::Python(python) if python.fault.is_none() => pythons += 1,
        _ => {}
    });
    // What cannot be run at all has been told; what it means for the lessons has not.
    if !matches!(surveyed, Ok(()) | Err(Stop::Failed)) {
        return surveyed;
    }
    let mut all_run = true;
    for lesson in LESSONS {
        let readiness = needs::readiness(lesson, &session.machine, found.as_ref(), pythons);
        all_run &= readiness.runs;
        session.view.event(&Event::Readiness(readiness))?;
    }
    surveyed?;
    if all_run { Ok(()) } else { Err(Stop::Faults) }
}

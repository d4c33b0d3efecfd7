//! `parlab explore`: every schedule of a small program, run on real processes.

use super::session::{Session, Stop};
use crate::event::{Event, Params};
use crate::experiments::explore::{self, Size};
use crate::experiments::{self, Subject, options};

/// Explores one variant of the program.
///
/// # Errors
/// [`Stop::Usage`] if it has more schedules than can be counted, and whatever else stops it.
pub fn explore(
    session: &mut Session,
    subject: &'static Subject,
    variant: &'static str,
    typed: &Params,
) -> Result<(), Stop> {
    let defaults = options::merge(&subject.defaults, &options::everywhere());
    let only = Some(vec![variant.to_string()]);
    let params = Params { only, ..options::merge(typed, &defaults) };
    let (lesson, _) = experiments::subject(subject.name).expect("it is of the registry");
    session.start_program("explore", lesson.name, Some(subject.name), &params)?;
    let size = Size::of(&params);
    if let Err(error) = explore::countable(&(subject.program)(variant, &size), size.ops as u32) {
        session.view.event(&Event::Error(experiments::told(&error.into())))?;
        return Err(Stop::Usage);
    }
    let experiment = lesson.experiment(subject.experiment).expect("it is of its lesson");
    session.has_times(&[experiment])?;
    session.run(experiment, params, &mut |_| {})
}

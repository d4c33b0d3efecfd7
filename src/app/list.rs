//! `parlab list`, and `parlab` alone off a terminal.

use super::session::{Session, Stop};
use super::source;
use crate::experiments::{Experiment, LESSONS};
use crate::lesson::doc;
use crate::view::{ExperimentRow, LessonRow, Part};

/// The lessons with their experiments and parts.
///
/// # Errors
/// Whatever stops it.
pub fn list(session: &mut Session) -> Result<(), Stop> {
    let rows = rows(session)?;
    Ok(session.view.lessons(&rows)?)
}

/// How to start.
///
/// # Errors
/// Whatever stops it.
pub fn hello(session: &mut Session) -> Result<(), Stop> {
    let rows = rows(session)?;
    Ok(session.view.hello(&rows)?)
}

fn rows(session: &mut Session) -> Result<Vec<LessonRow>, Stop> {
    let mut rows = Vec::new();
    for lesson in LESSONS {
        let (file, text) = source::text(lesson, session.settings.lang);
        let doc = match doc::parse(&file, text) {
            Ok(doc) => doc,
            Err(faults) => return Err(source::faulty(session, &faults)),
        };
        rows.push(LessonRow {
            lesson: lesson.name.to_string(),
            title: doc.title.clone(),
            parts: doc.parts().map(Part::from).collect(),
            variants: lesson.compared_variants().iter().map(|v| v.to_string()).collect(),
            experiments: lesson.experiments.iter().map(row).collect(),
        });
    }
    Ok(rows)
}

fn row(experiment: &'static Experiment) -> ExperimentRow {
    ExperimentRow {
        experiment: experiment.name,
        variants: experiment.variants,
        figures: experiment.figures,
        experiment_figures: experiment.experiment_figures,
    }
}

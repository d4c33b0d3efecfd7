//! `parlab` alone on a terminal, and `parlab course`: the lessons in their order, what was done of
//! each, and the next one by a single key.

use super::keeper;
use super::page::{self, ALL, CORE};
use super::record::{Record, Taught};
use super::session::{Session, Stop};
use super::source;
use super::terminal::read_line;
use super::{Chosen, list};
use crate::event::Params;
use crate::experiments::{LESSONS, Lesson};
use crate::lesson::doc;
use crate::view::{CourseAnswer, CourseRow, Forgetting, Stage};

/// `parlab` alone: the course where somebody sits, and how to start where nobody does.
///
/// # Errors
/// Whatever stops it.
pub fn alone(session: &mut Session) -> Result<(), Stop> {
    match session.prompting {
        true => course(session),
        false => list::hello(session),
    }
}

/// The course: at a terminal lesson after lesson, elsewhere what was done, once.
///
/// # Errors
/// Whatever stops it; off a terminal [`Stop::Failed`] if what was done cannot be read.
pub fn course(session: &mut Session) -> Result<(), Stop> {
    if !session.prompting {
        return overview(session);
    }
    keeper::tell_no_place(session)?;
    while session.prompting {
        let (record, read) = session.keeper.record();
        keeper::tell(session, read)?;
        let rows = rows(session, &record)?;
        let next = next(&rows);
        session.view.course(&rows, next)?;
        let Some((lesson, parts)) = chosen(session, &rows, next)? else { break };
        let taught = page::page(session, &Chosen::Named(lesson), &parts, &Params::default());
        // Whatever else ended it early has been told, and the other lessons are still there.
        if let Err(stop @ (Stop::Asked(_) | Stop::Output(_))) = taught {
            return Err(stop);
        }
    }
    Ok(())
}

/// `parlab course --forget`.
///
/// # Errors
/// [`Stop::Failed`] if the file cannot be removed, and whatever else stops it.
pub fn forget(session: &mut Session) -> Result<(), Stop> {
    let Some(kept) = session.keeper.kept() else {
        return Ok(session.view.forgetting(&Forgetting::Nothing)?);
    };
    if session.prompting {
        session.view.forgetting(&Forgetting::Asking(kept.clone()))?;
        let line = answer(session)?.unwrap_or_default();
        // Yes, or sì; whatever else is typed, nothing is lost.
        if !["y", "yes", "s", "si", "sì"].contains(&line.trim().to_lowercase().as_str()) {
            return Ok(session.view.forgetting(&Forgetting::LeftAlone)?);
        }
    }
    if let Err(error) = session.keeper.forget() {
        session.view.error(&error)?;
        return Err(Stop::Failed);
    }
    Ok(session.view.forgetting(&Forgetting::Forgotten(kept))?)
}

fn overview(session: &mut Session) -> Result<(), Stop> {
    let (record, read) = session.keeper.record();
    if let Err(error) = read {
        session.view.error(&error)?;
        return Err(Stop::Failed);
    }
    let rows = rows(session, &record)?;
    Ok(session.view.course(&rows, next(&rows))?)
}

/// The lessons, with what the record says of them.
fn rows(session: &mut Session, record: &Record) -> Result<Vec<CourseRow>, Stop> {
    let mut rows = Vec::new();
    for (at, lesson) in LESSONS.iter().enumerate() {
        let (file, text) = source::text(lesson, session.settings.lang);
        let doc = doc::parse(&file, text).map_err(|faults| source::faulty(session, &faults))?;
        let parts: Vec<String> = doc.parts().map(|part| part.name.value.clone()).collect();
        let taught = record.lessons.get(lesson.name).cloned().unwrap_or_default();
        let answers = answers(&taught);
        rows.push(CourseRow {
            number: at + 1,
            lesson: lesson.name.to_string(),
            title: doc.title,
            stage: taught.core,
            here: record.at.as_deref() == Some(lesson.name),
            right: answers.iter().filter(|answer| answer.right == Some(true)).count(),
            asked: answers.iter().filter(|answer| is_counted(answer)).count(),
            parts_done: parts.iter().filter(|name| taught.parts.contains(*name)).cloned().collect(),
            parts,
            answers,
            changed_s: record.lessons.get(lesson.name).map(|taught| taught.changed_s),
        });
    }
    Ok(rows)
}

fn answers(taught: &Taught) -> Vec<CourseAnswer> {
    let answer = |(ask, prediction): (&String, &super::record::Prediction)| CourseAnswer {
        ask: ask.clone(),
        said: prediction.said.clone(),
        right: prediction.right,
    };
    taught.answers.iter().map(answer).collect()
}

/// A prediction that could not be judged was neither right nor wrong; one that was not made could
/// have been.
fn is_counted(answer: &CourseAnswer) -> bool {
    answer.said.is_none() || answer.right.is_some()
}

/// The lesson to go on with, by its place: the first that is not done, from where the student was
/// and round to the beginning; none if all are done.
fn next(rows: &[CourseRow]) -> Option<usize> {
    let here = rows.iter().position(|row| row.here).unwrap_or(0);
    (here..rows.len()).chain(0..here).find(|&at| rows[at].stage != Stage::Done)
}

/// What the student chooses: a lesson with the parts that were named, or (none) to leave.
fn chosen(
    session: &mut Session,
    rows: &[CourseRow],
    next: Option<usize>,
) -> Result<Option<(&'static Lesson, Vec<String>)>, Stop> {
    loop {
        let Some(line) = answer(session)? else { return Ok(None) };
        let parted = |c: char| c.is_whitespace() || c == ',';
        let mut words = line.split(parted).filter(|word| !word.is_empty());
        let of = match words.next() {
            None => return Ok(next.map(|at| (LESSONS[at], Vec::new()))),
            Some("q" | "Q") => return Ok(None),
            Some(word) => rows.iter().position(|row| is_called(row, word)),
        };
        let parts: Vec<String> = words.map(str::to_string).collect();
        match of {
            Some(at) if parts.iter().all(|part| has_part(&rows[at], part)) => {
                return Ok(Some((LESSONS[at], parts)));
            }
            of => session.view.course_again(rows.len(), of.map(|at| &rows[at]))?,
        }
    }
}

fn is_called(row: &CourseRow, word: &str) -> bool {
    word == row.lesson || word.parse() == Ok(row.number)
}

fn has_part(row: &CourseRow, part: &str) -> bool {
    [ALL, CORE].contains(&part) || row.parts.iter().any(|known| known == part)
}

/// A line that was typed. Where none comes any more, or a signal does, the prompt is left.
fn answer(session: &mut Session) -> Result<Option<String>, Stop> {
    let line = read_line(&session.signals);
    if !matches!(line, Ok(Some(_))) {
        session.view.prompt_left()?;
    }
    line
}

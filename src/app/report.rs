//! `parlab report`: a page or a text again, from the file that keeps its run; of several files, what
//! they have in common.

use std::path::PathBuf;
use std::rc::Rc;

use super::recordings::{self, Kept};
use super::replay::Replay;
use super::session::{Session, Stop};
use super::{Chosen, compare, page, room};
use crate::event::{Event, Recording, Start};
use crate::experiments::{self, Experiment, Lesson};

/// What the command is called in the stream of a room.
pub const COMMAND: &str = "report";

/// Draws one run as its own command drew it, and several beside each other.
///
/// # Errors
/// Whatever stops it; nothing is drawn if any file has a flaw.
pub fn report(session: &mut Session, files: &[PathBuf]) -> Result<(), Stop> {
    session.try_target()?;
    let mut kept = recordings::read(session, files)?;
    match kept.pop_if(|_| files.len() == 1) {
        Some(one) => again(session, one),
        None => room::draw(session, &kept),
    }
}

/// The command that was recorded, with its file in the place of the runner. Where the text of its
/// lesson is not to be had, or no longer fits, the results alone.
fn again(session: &mut Session, Kept { file, recording }: Kept) -> Result<(), Stop> {
    session.has_times(&ran(&recording))?;
    let lines: Vec<&str> = recording.lines().collect();
    session.view.recorded(&lines)?;
    if let Some(export) = &mut session.export {
        export.recorded(&lines)?;
    }
    let recording = Rc::new(recording);
    let told = Told::of(&recording);
    if let Some(told) = &told {
        let replay = Replay::new(&file, &recording, false);
        if session.rehearse(&replay, |session| told.tell(session, &recording.start)) {
            session.replay = Some(replay);
            return told.tell(session, &recording.start);
        }
    }
    let lacks_text = told.is_some() || recording.start.command == "lesson";
    session.replay = Some(Replay::new(&file, &recording, lacks_text));
    session.tell_again()
}

/// The experiments that a recording tells of, as far as they are known here.
fn ran(recording: &Recording) -> Vec<&'static Experiment> {
    let told = recording.events().filter_map(|event| match event {
        Event::Summary(summary) => experiments::experiment(&summary.experiment),
        _ => None,
    });
    told.map(|(_, experiment)| experiment).collect()
}

/// A command whose results stand in a text.
enum Told {
    Lesson(&'static Lesson),
    Compare { lesson: &'static Lesson, sweep: bool },
}

impl Told {
    /// None where there is no text, or no such lesson.
    fn of(recording: &Recording) -> Option<Told> {
        let lesson = experiments::lesson(&recording.start.lesson)?;
        let ran = |name: &str| {
            let mut events = recording.events();
            events.any(|event| matches!(event, Event::Summary(told) if told.experiment == name))
        };
        match recording.start.command.as_str() {
            "lesson" => Some(Told::Lesson(lesson)),
            "compare" => Some(Told::Compare { lesson, sweep: lesson.sweep.is_some_and(ran) }),
            _ => None,
        }
    }

    fn tell(&self, session: &mut Session, start: &Start) -> Result<(), Stop> {
        match self {
            Told::Lesson(lesson) => {
                let parts = start.params.parts.clone().unwrap_or_default();
                page::page(session, &Chosen::Named(lesson), &parts, &start.params)
            }
            Told::Compare { lesson, sweep } => {
                compare::compare(session, lesson, *sweep, &start.params)
            }
        }
    }
}

//! A run that was kept, in the place of a new one: commands ask for their next experiment as ever,
//! and are told what the file says of it. Nothing runs.

use std::io;
use std::rc::Rc;

use super::export::Export;
use super::room;
use super::session::{Session, Stop};
use crate::event::{Event, Recording};
use crate::experiments::Experiment;
use crate::view::{Redrawn, View};

/// A recording that is being told.
#[derive(Clone)]
pub struct Replay {
    file: String,
    recording: Rc<Recording>,
    /// How many of its events were passed.
    at: usize,
    /// Whether the text that stood around it is not to be had.
    alone: bool,
}

impl Replay {
    /// A recording from its beginning; `alone` if there is no text of its lesson that fits it.
    pub fn new(file: &str, recording: &Rc<Recording>, alone: bool) -> Replay {
        Replay { file: file.to_string(), recording: Rc::clone(recording), at: 0, alone }
    }

    /// The events up to the next summary, without those that the command tells itself.
    fn experiment(&mut self) -> Vec<Event> {
        let rest = self.recording.events().skip(self.at);
        let mut of_it = Vec::new();
        for event in rest {
            self.at += 1;
            if is_told_again(event) && !matches!(event, Event::Answer(_)) {
                of_it.push(event.clone());
            }
            if matches!(event, Event::Summary(_)) {
                break;
            }
        }
        of_it
    }

    /// Whether no experiment is left that was not told.
    fn is_told(&self) -> bool {
        !self.recording.events().skip(self.at).any(|event| matches!(event, Event::Summary(_)))
    }
}

/// A bar that moves and a runner at work have nothing to show of what is long over; how it began and
/// ended is the session's to tell.
fn is_told_again(event: &Event) -> bool {
    match event {
        Event::Start(_) | Event::End(_) | Event::Progress(_) | Event::Doing(_) => false,
        Event::Transfer(transfer) => transfer.ended,
        _ => true,
    }
}

/// Nobody: who reads a rehearsal.
struct Nobody;

impl View for Nobody {
    fn event(&mut self, _event: &Event) -> io::Result<()> {
        Ok(())
    }
}

impl Session {
    /// Begins as the recording began, on its machine.
    pub(super) fn start_again(&mut self) -> Result<(), Stop> {
        let Some(replay) = self.replay.clone() else { return Ok(()) };
        let start = replay.recording.start.clone();
        self.machine = start.machine.clone();
        // Of other commands the start is drawn, with the machine.
        let machine = (start.command == "lesson").then(|| start.machine.clone());
        self.tell(&Event::Start(Box::new(start)))?;
        let Replay { file, alone, .. } = replay;
        let redrawn = Redrawn { file, machine, alone };
        let mut readers = self.readers().into_iter();
        Ok(readers.try_for_each(|reader| reader.view.redrawn(&redrawn))?)
    }

    /// Tells the next experiment of the recording, which has to be this one.
    pub(super) fn run_again(
        &mut self,
        experiment: &Experiment,
        heard: &mut dyn FnMut(&Event),
    ) -> Result<(), Stop> {
        let events = self.replay.as_mut().map(Replay::experiment).unwrap_or_default();
        match events.last() {
            Some(Event::Summary(summary)) if summary.experiment == experiment.name => {}
            _ => return Err(Stop::Failed),
        }
        for event in events {
            heard(&event);
            self.tell(&event)?;
        }
        Ok(())
    }

    /// Tells all of the recording as it happened, without any text.
    pub(super) fn tell_again(&mut self) -> Result<(), Stop> {
        let Some(replay) = self.replay.clone() else { return Ok(()) };
        self.started = true;
        self.start_again()?;
        for event in replay.recording.events().filter(|event| is_told_again(event)) {
            match event {
                Event::Room(told) => room::tell(self, told)?,
                _ => self.tell(event)?,
            }
        }
        Ok(())
    }

    /// The belief that was chosen when the recording was made, if one was.
    pub(super) fn said_before(&self, ask: &str) -> Option<String> {
        let mut events = self.replay.as_ref()?.recording.events();
        events.find_map(|event| match event {
            Event::Answer(answer) if answer.ask == ask => answer.said.clone(),
            _ => None,
        })
    }

    /// Whether work could be done with this recording to its end, and would tell all of it. Nobody
    /// reads it, and all is as before.
    pub(super) fn rehearse(
        &mut self,
        replay: &Replay,
        work: impl FnOnce(&mut Session) -> Result<(), Stop>,
    ) -> bool {
        let lang = self.settings.lang;
        let unread = self.settings.export.clone().map(|target| Export::new(target, lang));
        let view = std::mem::replace(&mut self.view, Box::new(Nobody));
        let export = std::mem::replace(&mut self.export, unread);
        self.replay = Some(replay.clone());
        let done = work(self);
        let told = self.replay.take().is_some_and(|replay| replay.is_told());
        self.view = view;
        self.export = export;
        done.is_ok() && told
    }
}

//! `parlab play`: the student is the scheduler, level after level.
//!
//! Here is decided what is played and where it is drawn. The game itself is an experiment, in its
//! own process; between it and what is typed sits the [`Player`].

use std::os::fd::{AsFd, BorrowedFd};

use super::Chosen;
use super::input::Input;
use super::levels;
use super::player::Player;
use super::session::{self, Session, Stop};
use super::source;
use crate::event::{Event, Game, Machine, Note, NoteKind, Params};
use crate::experiments::{Lesson, PLAY, play};
use crate::lesson::{block, doc::Doc};
use crate::runner::{self, Request, Resizes, Signals};
use crate::view::screen::{self, Screen};
use crate::view::{Level, View};

/// What was typed for `play`.
pub struct Asked {
    /// The lesson whose levels are played.
    pub lesson: &'static Lesson,
    /// One of its levels; without, all of them in turn.
    pub level: Option<String>,
    /// The steps to begin with.
    pub schedule: Option<String>,
    /// The number at the start, in a free game.
    pub from: Option<i32>,
    /// The size of a free game, and the time limit.
    pub params: Params,
}

/// One game: a level, or a free one.
struct Round {
    level: Option<Level>,
    params: Params,
}

/// Plays.
///
/// # Errors
/// [`Stop::Usage`] if the schedule cannot be followed, and whatever else stops it.
pub fn play(session: &mut Session, asked: &Asked) -> Result<(), Stop> {
    let doc = source::read(session, &Chosen::Named(asked.lesson))?;
    let interactive = session.prompting;
    let mut rounds = rounds(&doc, asked);
    if asked.schedule.is_some() && !interactive {
        rounds.truncate(1);
    }
    session.start("play", asked.lesson.name, &rounds[0].params)?;
    if let Some(schedule) = &asked.schedule {
        let program = play::program(&rounds[0].params).expect("levels were checked");
        if let Err(error) = play::follow(&program, schedule, !interactive) {
            session.view.error(&error)?;
            return Err(Stop::Usage);
        }
    }
    let reads = interactive || asked.schedule.is_none();
    let mut input = Input::new(asked.schedule.as_deref().unwrap_or_default(), reads);
    let taken = interactive && asked.schedule.is_none() && can_be_taken(session, &rounds)?;
    let place = Place {
        signals: &session.signals,
        output: session.stdout.as_fd(),
        machine: &session.machine,
        verbose: session.settings.verbose,
        resizes: taken.then(Resizes::take).transpose()?,
    };
    if !taken {
        return place.play(session.view.as_mut(), &mut input, rounds);
    }
    let mut screen = Screen::open(session::style(&session.settings))?;
    let played = place.play(&mut screen, &mut input, rounds);
    for event in screen.close() {
        session.view.event(&event)?;
    }
    played
}

/// Whether the terminal can be taken over; if it is only too small for that, it is told.
fn can_be_taken(session: &mut Session, rounds: &[Round]) -> Result<bool, Stop> {
    if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
        return Ok(false);
    }
    let programs = rounds.iter().filter_map(|round| play::program(&round.params));
    let most = programs.map(|program| program.processes()).max().unwrap_or(0);
    let fits = screen::fits(most);
    if !fits {
        let kind = NoteKind::SmallTerminal;
        let experiment = PLAY.name.to_string();
        session.view.event(&Event::Note(Note { experiment, variant: None, kind }))?;
    }
    Ok(fits)
}

/// The games to play: the level that was asked for, or a free game if its size or its start was,
/// or all levels.
fn rounds(doc: &Doc, asked: &Asked) -> Vec<Round> {
    let of = doc.levels().count();
    let round = |(index, level): (usize, &block::Level)| Round {
        level: Some(Level {
            name: level.name.value.clone(),
            number: index + 1,
            of,
            text: level.text.clone(),
        }),
        params: levels::params(level),
    };
    let mut rounds: Vec<Round> = doc.levels().enumerate().map(round).collect();
    if let Some(wanted) = &asked.level {
        rounds.retain(|round| round.level.as_ref().is_some_and(|level| level.name == *wanted));
    } else if asked.from.is_some() || asked.params.ops.is_some() {
        rounds.truncate(1);
        rounds[0].level = None;
        let params = &mut rounds[0].params;
        params.ops = asked.params.ops.or(params.ops);
        let game = params.game.take().expect("every level is a game");
        let Game { program, variant, .. } = game;
        let from = asked.from;
        params.game = Some(Game { program, variant, from, ..Game::default() });
    }
    for round in &mut rounds {
        round.params.seconds_limit = asked.params.seconds_limit;
    }
    if let (Some(first), Some(schedule)) = (rounds.first_mut(), &asked.schedule) {
        let game = first.params.game.as_mut().expect("every level is a game");
        game.schedule = Some(schedule.clone());
    }
    rounds
}

/// Where games are played, whoever draws them.
struct Place<'a> {
    signals: &'a Signals,
    output: BorrowedFd<'a>,
    machine: &'a Machine,
    verbose: bool,
    /// Tells of another size of the screen, where the whole screen is used: there keys come one by
    /// one, too.
    resizes: Option<Resizes>,
}

impl Place<'_> {
    /// Plays the games in turn, until no other is wanted.
    fn play(&self, view: &mut dyn View, input: &mut Input, rounds: Vec<Round>) -> Result<(), Stop> {
        let last = rounds.len() - 1;
        for (number, round) in rounds.into_iter().enumerate() {
            let request = Request {
                experiment: PLAY.name.to_string(),
                params: round.params,
                machine: self.machine.clone(),
                verbose: self.verbose,
            };
            if let Some(level) = &round.level {
                view.level(level)?;
            }
            let mut player = Player::new(view, input, self.resizes.as_ref(), number == last);
            let ending = runner::run(&request, self.signals, self.output, &mut player)?;
            let goes_on = player.goes_on();
            Stop::unless_done(ending)?;
            if !goes_on {
                break;
            }
        }
        Ok(())
    }
}

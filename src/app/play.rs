//! `parlab play`: the student is the scheduler, level after level.
//!
//! The game itself is an experiment, in its own process; here its positions are handed to a view,
//! and what is typed becomes its orders, one at a time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{Signal, raise};

use super::Chosen;
use super::input::{Input, Typed};
use super::levels;
use super::session::{self, Session, Stop};
use super::source;
use crate::event::{Event, Game, Machine, Note, NoteKind, Params, Standing};
use crate::experiments::{DRAWN, Lesson, PLAY, play};
use crate::lesson::doc::Doc;
use crate::runner::{self, Front, Request, Resizes, Signals};
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

/// What the key sends where the terminal makes no signal of it.
const CTRL_C: u8 = 3;
/// What the key sends where the terminal makes no end of input of it.
const CTRL_D: u8 = 4;

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
    let round = |(index, level): (usize, &crate::lesson::block::Level)| Round {
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
            let mut player = Player {
                view,
                input,
                resizes: self.resizes.as_ref(),
                last: number == last,
                standing: None,
                asked: false,
                next: false,
            };
            let ending = runner::run(&request, self.signals, self.output, &mut player)?;
            let next = player.next;
            Stop::unless_done(ending)?;
            if !next {
                break;
            }
        }
        Ok(())
    }
}

/// Who sits between the game and what is typed.
struct Player<'a> {
    view: &'a mut dyn View,
    input: &'a mut Input,
    resizes: Option<&'a Resizes>,
    /// Whether no other level follows.
    last: bool,
    /// What the position is that waits for an order; none while an order is carried out.
    standing: Option<Standing>,
    /// Whether the view was told that it waits.
    asked: bool,
    /// Whether the next level is wanted.
    next: bool,
}

impl Player<'_> {
    /// The order that a byte stands for; none if it stands for none.
    fn meaning(&mut self, byte: u8, standing: Standing) -> Option<u8> {
        match byte {
            b'\n' | b'\r' if standing == Standing::Won => {
                self.next = true;
                Some(play::END)
            }
            // Where keys come one by one, the terminal makes neither a signal nor an end of them.
            CTRL_C if self.resizes.is_some() => {
                // Blocked, so it comes the way that every signal comes.
                let _ = raise(Signal::SIGINT);
                None
            }
            b'Q' | CTRL_D => Some(play::END),
            b'U' => Some(play::BACK),
            byte if byte.is_ascii_whitespace() => None,
            // Of a character that is no letter of a process one byte is enough.
            0x80..=0xbf => None,
            byte if byte.is_ascii_lowercase() && !b"uq".contains(&byte) => {
                Some(byte.to_ascii_uppercase())
            }
            byte if byte.is_ascii_graphic() && byte != DRAWN => Some(byte),
            _ => Some(play::NOTHING),
        }
    }
}

impl Front for Player<'_> {
    fn event(&mut self, event: Event) -> io::Result<()> {
        self.view.event(&event)?;
        if let Event::Position(position) = &event {
            self.standing = Some(position.standing);
            self.asked = false;
        }
        Ok(())
    }

    fn watched(&self) -> Vec<BorrowedFd<'_>> {
        let keys = self.standing.and_then(|_| self.input.watched());
        keys.into_iter().chain(self.resizes.map(AsFd::as_fd)).collect()
    }

    fn order(&mut self) -> io::Result<Option<u8>> {
        if self.resizes.is_some_and(Resizes::came) {
            self.view.resized()?;
        }
        let Some(standing) = self.standing else {
            return Ok(None);
        };
        let order = loop {
            match self.input.next() {
                Some(Typed::End) => break play::END,
                Some(Typed::Byte(byte)) => {
                    if let Some(order) = self.meaning(byte, standing) {
                        break order;
                    }
                    self.asked = false;
                }
                None => {
                    if !std::mem::replace(&mut self.asked, true) {
                        self.view.turn(standing, self.last)?;
                    }
                    return Ok(None);
                }
            }
        };
        self.standing = None;
        Ok(Some(order))
    }
}

//! Plays a program: its processes stand each before its next step, and orders from the front say
//! who takes it.
//!
//! The front gives one order and waits for the position that answers it. What can be told without
//! a process (whether a schedule can be followed, the shortest way to a goal) is asked of the
//! model, here too, so that the front can refuse a schedule before anything is started.

use std::ops::RangeInclusive;

use anyhow::{Context, Result};

use super::Experiment;
use super::explore::{Size, failure, scripts};
use super::lab::Lab;
use super::survey::of_no_lesson;
use crate::event::{
    self, Actor, Error, ErrorKind, Event, Goal, Hint, Params, Position, Refusal, Refused, Standing,
};
use crate::schedule::{self, Game, Program, State, Step};

/// The row of the experiment, which belongs to no lesson.
pub static PLAY: Experiment = of_no_lesson("play", run);

/// The order to take the last step back. Others are [`HINT`], [`END`] and letters of processes.
pub const BACK: u8 = b'u';
/// The order to say which step is the best.
pub const HINT: u8 = b'?';
/// The order to end the game.
pub const END: u8 = b'q';
/// In place of what was typed and is no order.
pub const NOTHING: u8 = b'!';
/// Numbers that a game may start from.
pub const FROM: RangeInclusive<i32> = -100_000_000..=100_000_000;

/// The program that the parameters ask for; none if they name no game, or one that does not exist.
pub fn program(params: &Params) -> Option<Program> {
    let game = params.game.as_ref()?;
    let (_, subject) = super::subject(&game.program)?;
    let (_, experiment) = super::experiment(subject.experiment)?;
    let known = experiment.variants.contains(&game.variant.as_str());
    let size = Size { start: game.from, ..Size::of(params) };
    known.then(|| (subject.program)(&game.variant, &size))
}

/// The shortest schedule that reaches the goal from the beginning, the first by the alphabet;
/// none if there is none of `most` steps or fewer. Empty if the beginning is the goal.
pub fn solution(program: &Program, goal: Goal, most: Option<u32>) -> Option<String> {
    let way = schedule::shortest(program, &State::start(program), goal)?;
    within(way.len(), most).then(|| schedule::letters(&way))
}

/// Follows a schedule in the model. With `whole` it must go on until nobody can.
///
/// # Errors
/// [`ErrorKind::BadSchedule`] at the first step that cannot be taken, or
/// [`ErrorKind::ShortSchedule`].
pub fn follow(program: &Program, schedule: &str, whole: bool) -> Result<(), Box<Error>> {
    let what = Some(schedule.to_string()).filter(|schedule| !schedule.is_empty());
    let mut state = State::start(program);
    for (number, letter) in (1..).zip(schedule.chars()) {
        match step(program, &state, letter) {
            Ok(process) => state = state.after(program, process),
            Err(why) => {
                let refused = Some(Refused { order: letter.to_string(), why });
                let error = Error::new(ErrorKind::BadSchedule, what, None);
                return Err(Box::new(Error { step: Some(number), refused, ..error }));
            }
        }
    }
    let left = state.offered(program).map(|process| schedule::letters(&[process]));
    let left: Vec<String> = left.collect();
    if whole && !left.is_empty() {
        return Err(Box::new(Error::new(ErrorKind::ShortSchedule, what, Some(left.join(", ")))));
    }
    Ok(())
}

/// The process of a letter, if it can take its next step at this moment.
fn step(program: &Program, state: &State, letter: char) -> Result<usize, Refusal> {
    let parsed = schedule::parse(program, letter.encode_utf8(&mut [0; 4]));
    let process = *parsed.map_err(|_| Refusal::Unknown)?.first().ok_or(Refusal::Unknown)?;
    if state.next(program, process).is_none() {
        return Err(Refusal::Finished);
    }
    state.block(program, process).map_or(Ok(process), |block| Err(Refusal::Blocked(block)))
}

fn within(steps: usize, most: Option<u32>) -> bool {
    most.is_none_or(|most| steps <= most as usize)
}

fn run(lab: &mut Lab) -> Result<()> {
    let asked = lab.params.game.clone().context("no game was asked for")?;
    let program = program(&lab.params).context("the registry has no such program")?;
    let game = Game::new(&program).map_err(failure)?;
    let mut table = Table { experiment: lab.experiment(), asked, program: &program, game };
    lab.emit(&table.position(None, None))?;
    while let Some(order) = lab.order()? {
        if order == END {
            break;
        }
        let (refused, hint) = match order {
            HINT => (None, Some(table.hint())),
            order => (table.obey(order)?, None),
        };
        lab.emit(&table.position(refused, hint))?;
    }
    Ok(())
}

/// A game, and what it is to come to.
struct Table<'a> {
    experiment: String,
    asked: event::Game,
    program: &'a Program,
    game: Game<'a>,
}

impl Table<'_> {
    /// Carries out an order; gives it back, with the reason, if that cannot be done.
    fn obey(&mut self, order: u8) -> Result<Option<Refused>> {
        let why = match order {
            BACK => (!self.game.back().map_err(failure)?).then_some(Refusal::Start),
            letter => match step(self.program, self.game.state(), letter.into()) {
                Err(why) => Some(why),
                Ok(process) => self.step(process)?,
            },
        };
        Ok(why.map(|why| Refused { order: char::from(order).to_string(), why }))
    }

    fn step(&mut self, process: usize) -> Result<Option<Refusal>> {
        match self.game.step(process) {
            Ok(()) => Ok(None),
            Err(schedule::Refused::Finished) => Ok(Some(Refusal::Finished)),
            Err(schedule::Refused::Blocked(block)) => Ok(Some(Refusal::Blocked(block))),
            Err(schedule::Refused::Failed(error)) => Err(failure(error)),
        }
    }

    /// The first step of the shortest way to the goal, if it is short enough.
    fn hint(&self) -> Hint {
        let Some(goal) = self.asked.goal else {
            return Hint::None;
        };
        let way = schedule::shortest(self.program, self.game.state(), goal);
        let taken = self.game.schedule().len();
        match way {
            Some(way) if within(taken + way.len(), self.asked.most) => {
                way.first().map_or(Hint::None, |&process| Hint::Step(schedule::letters(&[process])))
            }
            _ => Hint::Back,
        }
    }

    fn standing(&self) -> Standing {
        let (program, state) = (self.program, self.game.state());
        let met = self.asked.goal.is_some_and(|goal| goal.met(program, state));
        match met {
            true if within(state.taken(), self.asked.most) => Standing::Won,
            true => Standing::Late,
            false if state.finished(program) => Standing::Ended,
            false if state.stuck(program) => Standing::Stuck,
            false => Standing::Open,
        }
    }

    fn position(&self, refused: Option<Refused>, hint: Option<Hint>) -> Event {
        let (program, state) = (self.program, self.game.state());
        let (_, subject) = super::subject(&self.asked.program).expect("the program is of it");
        let actors = scripts(program).into_iter().zip(self.game.actors());
        let locks = state.holder.iter().enumerate();
        let locks = locks.filter(|(lock, _)| program.has(|step| step == Step::Acquire(*lock)));
        let carries = program.has(|step| matches!(step, Step::Put | Step::Send));
        Event::Position(Box::new(Position {
            experiment: self.experiment.clone(),
            level: self.asked.level.clone(),
            goal: self.asked.goal,
            most: self.asked.most,
            schedule: schedule::letters(self.game.schedule()),
            word: subject.word.to_string(),
            value: self.game.word().into(),
            locks: locks.map(|(_, holder)| holder.map(usize::from)).collect(),
            messages: carries.then_some(state.waiting.into()),
            actors: actors
                .map(|(script, actor)| Actor {
                    script,
                    pid: actor.pid,
                    at: actor.at,
                    own: actor.own.map(i64::from),
                    blocked: actor.block,
                })
                .collect(),
            standing: self.standing(),
            refused,
            hint,
        }))
    }
}

//! One schedule that grows step by step: what `play` shows and replay runs.
//!
//! The game holds the model beside the processes, and after each step asks every process what it
//! sees; where the two differ, that is an error. A step back cannot be taken by a process that
//! has gone on: it is taken by new processes, which run the schedule up to there.

use super::program::{Program, Step};
use super::search::letters;
use super::state::{Block, State};
use super::steppers::{Order, ScheduleError, Steppers, Task};

/// A schedule under way.
pub struct Game<'a> {
    program: &'a Program,
    schedule: Vec<usize>,
    state: State,
    steppers: Steppers<'a>,
}

/// One process of a game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Its pid.
    pub pid: i32,
    /// How many steps it has taken.
    pub at: usize,
    /// Its next step; `None` at the end.
    pub next: Option<Step>,
    /// Its own variable.
    pub own: Option<i32>,
    /// What keeps it from its next step.
    pub block: Option<Block>,
}

/// Why a step was not taken.
#[derive(Debug)]
pub enum Refused {
    /// The process has taken its last step.
    Finished,
    /// It cannot go on now.
    Blocked(Block),
    /// It went wrong.
    Failed(ScheduleError),
}

impl From<ScheduleError> for Refused {
    fn from(error: ScheduleError) -> Self {
        Refused::Failed(error)
    }
}

impl<'a> Game<'a> {
    /// Forks the processes, which wait before their first steps.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub fn new(program: &'a Program) -> Result<Self, ScheduleError> {
        Game::after(program, &[])
    }

    /// New processes, which have run so much of a schedule.
    fn after(program: &'a Program, schedule: &[usize]) -> Result<Self, ScheduleError> {
        let steppers = Steppers::start(program)?;
        let state = State::start(program);
        let mut game = Game { program, schedule: Vec::new(), state, steppers };
        game.compare()?;
        for &process in schedule {
            game.advance(process)?;
        }
        Ok(game)
    }

    /// Has a process take its next step.
    ///
    /// # Errors
    /// [`Refused`]; nothing has changed then, but for a failure.
    pub fn step(&mut self, process: usize) -> Result<(), Refused> {
        if self.state.next(self.program, process).is_none() {
            return Err(Refused::Finished);
        }
        if let Some(block) = self.state.block(self.program, process) {
            return Err(Refused::Blocked(block));
        }
        Ok(self.advance(process)?)
    }

    /// Takes the last step back; false at the beginning.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub fn back(&mut self) -> Result<bool, ScheduleError> {
        if self.schedule.is_empty() {
            return Ok(false);
        }
        let before = self.schedule[..self.schedule.len() - 1].to_vec();
        *self = Game::after(self.program, &before)?;
        Ok(true)
    }

    /// Looks whether all processes are still there.
    ///
    /// # Errors
    /// [`ScheduleError::Died`].
    pub fn look(&mut self) -> Result<(), ScheduleError> {
        self.steppers.look_for_deaths()
    }

    /// The moment that was reached.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Who took the steps that led there.
    pub fn schedule(&self) -> &[usize] {
        &self.schedule
    }

    /// The word, as it stands in shared memory.
    pub fn word(&self) -> i32 {
        self.steppers.word()
    }

    /// The processes.
    pub fn actors(&self) -> Vec<Actor> {
        let pids = self.steppers.pids();
        let actor = |(process, pid): (usize, i32)| Actor {
            pid,
            at: self.state.at[process].into(),
            next: self.state.next(self.program, process),
            own: self.steppers.reported(process).0,
            block: self.state.block(self.program, process),
        };
        pids.into_iter().enumerate().map(actor).collect()
    }

    fn advance(&mut self, process: usize) -> Result<(), ScheduleError> {
        let taken = self.steppers.run(&[
            Order::of(process, Task::Step),
            // While it is there: one that ends with this step cannot be asked later.
            Order::of(process, Task::Report),
        ])?;
        self.schedule.push(process);
        self.state = self.state.after(self.program, process);
        if taken.0 == 0 {
            return Err(self.differs("a step that can be taken", "one that could not"));
        }
        self.compare()
    }

    /// Asks every process what it sees, and holds it against the model.
    fn compare(&mut self) -> Result<(), ScheduleError> {
        let processes = 0..self.program.processes();
        let left = processes.filter(|&process| self.state.next(self.program, process).is_some());
        let left: Vec<usize> = left.collect();
        let orders: Vec<Order> = left.iter().map(|&p| Order::of(p, Task::Report)).collect();
        self.steppers.run(&orders)?;
        for process in left {
            let (own, ready) = self.steppers.reported(process);
            let offered = self.state.offers(self.program, process);
            if (own, ready) != (self.state.own[process], offered) {
                let counted = format!("{:?}, ready: {offered}", self.state.own[process]);
                return Err(self.differs(&counted, &format!("{own:?}, ready: {ready}")));
            }
        }
        match self.word() == self.state.word {
            true => Ok(()),
            false => {
                let counted = self.state.word.to_string();
                Err(self.differs(&counted, &self.word().to_string()))
            }
        }
    }

    fn differs(&self, counted: &str, ran: &str) -> ScheduleError {
        ScheduleError::Differs {
            schedule: letters(&self.schedule),
            counted: counted.to_string(),
            ran: ran.to_string(),
        }
    }
}

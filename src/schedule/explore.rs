//! All schedules of a program, or a fair sample of them, truly run.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::count::{Census, Completions};
use super::program::Program;
use super::search::{Schedules, draw, letters};
use super::state::State;
use super::steppers::{Order, ScheduleError, Steppers, TAPE, Task};

/// What running schedules showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explored {
    /// Whether every schedule was run; a sample otherwise.
    pub all: bool,
    /// Schedules that were run.
    pub ran: u64,
    /// The word at the end, and how many of those that were run ended so.
    pub outcomes: BTreeMap<i32, u64>,
    /// How many of them came to where nobody can go on.
    pub stuck: u64,
    /// The pids of the processes that ran first.
    pub pids: Vec<i32>,
    /// Steps that were taken in all of them.
    pub steps: u64,
    /// How long the processes took for them, with handing over, finding that they are stuck and
    /// going back to the start; to fork them is not counted.
    pub time: Duration,
}

/// Runs every schedule of `program`, or, if `census` counts more than `most`, as many drawn by
/// `seed`, each schedule as likely as any other. `done` hears from time to time how many were run.
///
/// Memory does not grow with the number of schedules: they are made, run and forgotten, a tape at
/// a time.
///
/// # Errors
/// [`ScheduleError`]; if a schedule ends otherwise than the model says, or all of them together
/// otherwise than they were counted, [`ScheduleError::Differs`].
pub fn explore(
    program: &Program,
    census: &Census,
    most: u64,
    seed: u64,
    done: &mut dyn FnMut(u64),
) -> Result<Explored, ScheduleError> {
    let all = census.total <= u128::from(most);
    let mut explored = Explored {
        all,
        ran: 0,
        outcomes: BTreeMap::new(),
        stuck: 0,
        pids: Vec::new(),
        steps: 0,
        time: Duration::ZERO,
    };
    let mut source = Source::new(program, all, most, seed);
    if program.rewinds() {
        let mut steppers = Steppers::start(program)?;
        explored.pids = steppers.pids();
        while let Some(batch) = source.batch(program, TAPE) {
            explored.run(program, &mut steppers, &batch)?;
            done(explored.ran);
        }
        steppers.look_for_deaths()?;
    } else {
        while let Some(batch) = source.batch(program, 0) {
            let mut steppers = Steppers::start(program)?;
            if explored.ran == 0 {
                explored.pids = steppers.pids();
            }
            explored.run(program, &mut steppers, &batch)?;
            done(explored.ran);
        }
    }
    if all {
        explored.agrees(census)?;
    }
    Ok(explored)
}

/// Where the schedules come from.
enum Source<'a> {
    Every(Schedules<'a>),
    Drawn { left: u64, completions: Completions, rng: fastrand::Rng },
}

impl<'a> Source<'a> {
    fn new(program: &'a Program, all: bool, most: u64, seed: u64) -> Self {
        match all {
            true => Source::Every(Schedules::of(program)),
            false => Source::Drawn {
                left: most,
                completions: Completions::default(),
                rng: fastrand::Rng::with_seed(seed),
            },
        }
    }

    fn next(&mut self, program: &Program) -> Option<(Vec<usize>, State)> {
        match self {
            Source::Every(schedules) => {
                schedules.advance().map(|(steps, end)| (steps.to_vec(), end.clone()))
            }
            Source::Drawn { left, completions, rng } => {
                *left = left.checked_sub(1)?;
                Some(draw(program, completions, rng))
            }
        }
    }

    /// As many schedules as fit into so many orders, at least one; `None` when none is left.
    fn batch(&mut self, program: &Program, orders: usize) -> Option<Batch> {
        let mut batch = Batch::default();
        // A schedule that ends stuck has each process wait once and rewind once, too.
        let longest = program.steps() + 2 * program.processes();
        while batch.ends.is_empty() || batch.orders.len() + longest <= orders {
            let Some((schedule, end)) = self.next(program) else { break };
            batch.add(program, schedule, end);
        }
        (!batch.ends.is_empty()).then_some(batch)
    }
}

/// Schedules that are run on one tape.
#[derive(Default)]
struct Batch {
    orders: Vec<Order>,
    /// Each schedule, the moment at which it ends, and where its orders end.
    ends: Vec<(Vec<usize>, State, usize)>,
}

impl Batch {
    fn add(&mut self, program: &Program, schedule: Vec<usize>, end: State) {
        let from = self.orders.len();
        self.orders.extend(schedule.iter().map(|&process| Order::of(process, Task::Step)));
        if let [first, ..] = &mut self.orders[from..] {
            first.first = true;
        }
        if let [.., last] = &mut self.orders[from..] {
            last.last = true;
        }
        let processes = 0..program.processes();
        if !end.finished(program) {
            // Stuck, says the model: then each process that is left must find it so.
            let waiting = processes.clone().filter(|&p| end.next(program, p).is_some());
            self.orders.extend(waiting.map(|process| Order::of(process, Task::Wait)));
        }
        if program.rewinds() {
            self.orders.extend(processes.map(|process| Order::of(process, Task::Rewind)));
        }
        self.ends.push((schedule, end, self.orders.len()));
    }
}

impl Explored {
    fn run(
        &mut self,
        program: &Program,
        steppers: &mut Steppers,
        batch: &Batch,
    ) -> Result<(), ScheduleError> {
        let began = Instant::now();
        let (carried_out, words) = steppers.run(&batch.orders)?;
        self.time += began.elapsed();
        for (number, (schedule, end, orders_end)) in batch.ends.iter().enumerate() {
            let stuck = !end.finished(program);
            let counted = told(end.word, stuck);
            let ran = match words.get(number) {
                Some(&word) if carried_out >= *orders_end => (word, stuck),
                Some(&word) => (word, false),
                None => return Err(differs(schedule, counted, "a step that could not be taken")),
            };
            if ran != (end.word, stuck) {
                return Err(differs(schedule, counted, &told(ran.0, ran.1)));
            }
            self.note(schedule.len(), end.word, stuck);
        }
        Ok(())
    }

    fn note(&mut self, steps: usize, word: i32, stuck: bool) {
        self.ran += 1;
        self.steps += steps as u64;
        match stuck {
            true => self.stuck += 1,
            false => *self.outcomes.entry(word).or_default() += 1,
        }
    }

    fn agrees(&self, census: &Census) -> Result<(), ScheduleError> {
        let ran: BTreeMap<i32, u128> =
            self.outcomes.iter().map(|(&word, &times)| (word, u128::from(times))).collect();
        match ran == census.outcomes && u128::from(self.stuck) == census.stuck {
            true => Ok(()),
            false => Err(ScheduleError::Differs {
                schedule: "*".to_string(),
                counted: format!("{:?}, {} stuck", census.outcomes, census.stuck),
                ran: format!("{ran:?}, {} stuck", self.stuck),
            }),
        }
    }
}

fn told(word: i32, stuck: bool) -> String {
    if stuck { "nobody can go on".to_string() } else { word.to_string() }
}

fn differs(schedule: &[usize], counted: String, ran: &str) -> ScheduleError {
    ScheduleError::Differs { schedule: letters(schedule), counted, ran: ran.to_string() }
}

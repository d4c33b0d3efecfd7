//! Ways through the model: every schedule in turn, one drawn fairly, the shortest to a goal.

use std::collections::{HashSet, VecDeque};

use super::count::Completions;
use super::program::Program;
use super::state::State;

/// Every schedule of a program, once each, in the order of the alphabet. It holds one schedule
/// at a time.
#[derive(Debug)]
pub struct Schedules<'a> {
    program: &'a Program,
    /// The moments of the schedule given last, and who led from each to the next.
    moments: Vec<State>,
    steps: Vec<usize>,
    done: bool,
}

impl<'a> Schedules<'a> {
    /// Before the first schedule.
    pub fn of(program: &'a Program) -> Self {
        let moments = vec![State::start(program)];
        Schedules { program, moments, steps: Vec::new(), done: false }
    }

    /// The next schedule, with the moment at which it ends.
    pub fn advance(&mut self) -> Option<(&[usize], &State)> {
        if self.done {
            return None;
        }
        if !self.steps.is_empty() && !self.turn() {
            self.done = true;
            return None;
        }
        while let Some(process) = self.first(|_| true) {
            self.go(process);
        }
        // A program without any step has one schedule, the empty one.
        self.done = self.steps.is_empty();
        Some((&self.steps, self.here()))
    }

    fn here(&self) -> &State {
        self.moments.last().expect("the start is never taken back")
    }

    fn first(&self, wanted: impl Fn(usize) -> bool) -> Option<usize> {
        self.here().offered(self.program).find(|&process| wanted(process))
    }

    fn go(&mut self, process: usize) {
        let next = self.here().after(self.program, process);
        self.steps.push(process);
        self.moments.push(next);
    }

    /// Takes back as many steps as have no later alternative, and takes the next one that has.
    fn turn(&mut self) -> bool {
        while let Some(last) = self.steps.pop() {
            self.moments.pop();
            if let Some(process) = self.first(|process| process > last) {
                self.go(process);
                return true;
            }
        }
        false
    }
}

/// One schedule, each as likely as any other, and the moment at which it ends.
///
/// At each moment a process goes on with the share of the schedules that begin with its step:
/// a coin for each step would favour those in which one process is done early.
pub fn draw(
    program: &Program,
    completions: &mut Completions,
    rng: &mut fastrand::Rng,
) -> (Vec<usize>, State) {
    let (mut steps, mut state) = (Vec::new(), State::start(program));
    loop {
        let offered: Vec<usize> = state.offered(program).collect();
        let Some((&last, others)) = offered.split_last() else {
            return (steps, state);
        };
        let mut ways = |state: &State| completions.of(program, state).expect("they were counted");
        let mut left = rng.u128(..ways(&state));
        let mut chosen = last;
        for &process in others {
            let ways = ways(&state.after(program, process));
            if left < ways {
                chosen = process;
                break;
            }
            left -= ways;
        }
        state = state.after(program, chosen);
        steps.push(chosen);
    }
}

/// A moment that somebody wants to bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// All processes have ended, and the word is this.
    Ends(i32),
    /// Nobody can go on, and not all have ended.
    Stuck,
}

impl Goal {
    /// Whether that moment is it.
    pub fn met(self, program: &Program, state: &State) -> bool {
        match self {
            Goal::Ends(word) => state.finished(program) && state.word == word,
            Goal::Stuck => state.stuck(program),
        }
    }
}

/// The shortest way from a moment to a goal, the first by the alphabet where there are several;
/// `None` if no way leads there.
pub fn shortest(program: &Program, from: &State, goal: Goal) -> Option<Vec<usize>> {
    let mut seen = HashSet::from([from.clone()]);
    let mut to_look_at = VecDeque::from([(from.clone(), Vec::new())]);
    while let Some((state, way)) = to_look_at.pop_front() {
        if goal.met(program, &state) {
            return Some(way);
        }
        for process in state.offered(program) {
            let next = state.after(program, process);
            if seen.insert(next.clone()) {
                let mut way = way.clone();
                way.push(process);
                to_look_at.push_back((next, way));
            }
        }
    }
    None
}

/// A schedule as it is written: a letter for each step, A for the first process.
pub fn letters(schedule: &[usize]) -> String {
    schedule.iter().map(|&process| letter(process)).collect()
}

/// The letter of a process.
pub fn letter(process: usize) -> char {
    char::from(b'A' + u8::try_from(process).expect("few processes"))
}

/// Reads letters, large or small; the error is the first that is no process's, and its place.
///
/// # Errors
/// The letter and its index in characters.
pub fn parse(program: &Program, text: &str) -> Result<Vec<usize>, (char, usize)> {
    let process = |(at, found): (usize, char)| {
        let number = (0..program.processes()).find(|&n| letter(n) == found.to_ascii_uppercase());
        number.ok_or((found, at))
    };
    text.chars().enumerate().map(process).collect()
}

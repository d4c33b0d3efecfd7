//! How many schedules there are, and where they end: counted exactly, none of them run.
//!
//! Dynamic programming over the model: schedules that have led to the same moment are counted
//! together, layer by layer, a layer for each step taken. For two processes of 20 steps that is
//! some ten thousand moments instead of 137 846 528 820 schedules.

use std::collections::{BTreeMap, HashMap};

use super::program::{MOST_PROCESSES, Program};
use super::state::State;

/// All schedules of a program, by how they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// All of them.
    pub total: u128,
    /// The word at the end, and the number of schedules that end so.
    pub outcomes: BTreeMap<i32, u128>,
    /// Those that come to a moment where nobody can go on.
    pub stuck: u128,
}

/// Counts; `None` if there are more than a `u128` can count.
pub fn census(program: &Program) -> Option<Census> {
    let mut census = Census { total: 0, outcomes: BTreeMap::new(), stuck: 0 };
    let mut layer = HashMap::from([(State::start(program), 1_u128)]);
    while !layer.is_empty() {
        let mut next: HashMap<State, u128> = HashMap::with_capacity(2 * layer.len());
        for (state, ways) in layer {
            let mut moved = false;
            for process in state.offered(program) {
                moved = true;
                let count = next.entry(state.after(program, process)).or_default();
                *count = count.checked_add(ways)?;
            }
            if !moved {
                census.total = census.total.checked_add(ways)?;
                match state.finished(program) {
                    true => *census.outcomes.entry(state.word).or_default() += ways,
                    false => census.stuck += ways,
                }
            }
        }
        layer = next;
    }
    Some(census)
}

/// From each moment, the number of schedules that go on from there: what a fair draw needs.
///
/// Kept by the places of the processes alone. A program has no branches, so who has taken how
/// many steps says who holds which lock and what is in the queue, and with that which steps can
/// be taken; the numbers in the word and in the variables do not matter for how many ways there are.
#[derive(Debug, Default)]
pub struct Completions(HashMap<[u8; MOST_PROCESSES], u128>);

impl Completions {
    /// The number of schedules that go on from `state`; 1 at an end, `None` if there are more than
    /// a `u128` can count.
    pub fn of(&mut self, program: &Program, state: &State) -> Option<u128> {
        if let Some(&known) = self.0.get(&state.at) {
            return Some(known);
        }
        let mut sum = 0_u128;
        for process in state.offered(program) {
            sum = sum.checked_add(self.of(program, &state.after(program, process))?)?;
        }
        let ways = sum.max(1);
        self.0.insert(state.at, ways);
        Some(ways)
    }
}

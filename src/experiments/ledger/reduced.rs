//! A loss reduced to one operation of each: a schedule that loses the same update in four steps.
//!
//! The steps of a caught loss already stand in an order that explains all that both read
//! ([`Lost::steps`]). Of these the first load and the first store of each are kept. What is left
//! out, later stores of a stretch and the load by which the victim found out, changes nothing of
//! how the first of its updates was lost.

use super::Lost;
use crate::event::{Op, Step};
use crate::schedule;

impl Lost {
    /// The schedule, a letter for each step, and the value from which it starts: what both had
    /// read. `writers` are the names of the books' writers, who are called A, B… in that order.
    ///
    /// `None` where the steps are no such loss: one of the two has no load or no store, they
    /// loaded different values, or the overwriter's store is not the last.
    pub fn reduced(&self, writers: &[&str]) -> Option<(String, i64)> {
        let mut kept: Vec<&Step> = Vec::new();
        for step in &self.steps {
            if !kept.iter().any(|one| one.process == step.process && one.op == step.op) {
                kept.push(step);
            }
        }
        let [first, second, _, _] = kept[..] else { return None };
        let number = |step: &&Step| writers.iter().position(|name| *name == step.process);
        let schedule: Vec<usize> = kept.iter().map(number).collect::<Option<_>>()?;
        let [one, other] = [self.victim, self.overwriter];
        let both_load_then_both_store = kept.iter().map(|step| step.op).collect::<Vec<_>>()
            == [Op::Load, Op::Load, Op::Store, Op::Store];
        let is_the_loss = both_load_then_both_store
            && first.value == second.value
            && (schedule[..2] == [one, other] || schedule[..2] == [other, one])
            && schedule[2..] == [one, other];
        is_the_loss.then(|| (schedule::letters(&schedule), first.value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::experiments::ledger::by_hand::{AMOUNTS, Hand, NAMES, play, schedules};
    use crate::schedule::{Program, Script, State};

    /// One operation of each writer, from this value.
    fn program(from: i64) -> Program {
        let script = |i: usize| {
            Script::new(NAMES[i], vec![schedule::Step::Load, schedule::Step::Store(AMOUNTS[i])])
        };
        let start = i32::try_from(from).unwrap();
        Program { scripts: vec![script(0), script(1)], start, right: start, room: 0 }
    }

    /// A loss with the steps of one that was caught, as far as they are wanted.
    fn lost(wanted: impl Fn(usize, &Step) -> bool) -> Lost {
        let hand = Hand::new();
        let (made, _) = play(&hand, &[0, 1, 0, 1, 0, 0]);
        let mut lost = hand.books(made).lost_update().unwrap();
        let mut at = 0..;
        lost.steps.retain(|step| wanted(at.next().unwrap(), step));
        lost
    }

    #[test]
    fn a_loss_of_one_update_keeps_its_order() {
        assert_eq!(lost(|_, _| true).reduced(&NAMES), Some(("ABAB".to_string(), 100)));
        let hand = Hand::new();
        let (made, _) = play(&hand, &[1, 0, 1, 0, 1, 1]);
        let other_way_round = hand.books(made).lost_update().unwrap();
        assert_eq!(other_way_round.reduced(&NAMES), Some(("BABA".to_string(), 100)));
    }

    #[test]
    fn steps_that_are_no_such_loss_are_not_reduced() {
        for left_out in 0..4 {
            assert_eq!(lost(|at, _| at != left_out).reduced(&NAMES), None, "without {left_out}");
        }
        assert_eq!(lost(|_, _| true).reduced(&["deposit", "somebody"]), None);
        // A process that overtook itself has overwritten nobody.
        let mut own = lost(|_, _| true);
        own.overwriter = own.victim;
        assert_eq!(own.reduced(&NAMES), None);
        let mut other_value = lost(|_, _| true);
        other_value.steps[1].value += 1;
        assert_eq!(other_value.reduced(&NAMES), None);
        let mut other_order = lost(|_, _| true);
        other_order.steps.swap(2, 3);
        assert_eq!(other_order.reduced(&NAMES), None);
    }

    proptest! {
        #[test]
        fn a_reduced_schedule_loses_the_victim_s_update_and_no_other(schedule in schedules()) {
            let hand = Hand::new();
            let (made, _) = play(&hand, &schedule);
            if let Some(loss) = hand.books(made).lost_update() {
                let (letters, from) = loss.reduced(&NAMES).unwrap();
                prop_assert_eq!(from, loss.steps[0].value);
                let program = program(from);
                let steps = schedule::parse(&program, &letters).unwrap();
                let mut state = State::start(&program);
                for step in steps {
                    prop_assert!(state.offers(&program, step));
                    state = state.after(&program, step);
                }
                prop_assert!(state.finished(&program));
                // Only what the overwriter added has come to the start.
                prop_assert_eq!(state.word, program.start + AMOUNTS[loss.overwriter]);
            }
        }
    }
}

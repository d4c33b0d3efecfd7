//! The audit: who survived, who was lost, and one loss step by step.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use thiserror::Error;

use super::{Word, Write};
use crate::event::{Op, Step};

/// One writer, for the audit.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// Its name in the lesson.
    pub name: &'a str,
    /// What each of its writes changes the balance by.
    pub amount: i32,
    /// How many writes it made.
    pub made: u32,
    /// What it noted.
    pub page: &'a [AtomicU32],
}

impl Writer<'_> {
    /// What this writer had read before its write `number` (from 1).
    fn read_before(&self, number: u32) -> Write {
        Write(self.page[number as usize - 1].load(Relaxed))
    }
}

/// The whole ledger, after all writers have ended.
#[derive(Debug)]
pub struct Books<'a> {
    /// The balance before the first write.
    pub start: i32,
    /// What the shared word held in the end.
    pub end: Word,
    /// The writers; writer number `i + 1` is the `i`-th.
    pub writers: Vec<Writer<'a>>,
}

/// The ledger contradicts itself: a fault of parlab's, never the race's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the ledger does not add up: the surviving updates give {computed}, the word holds {found}"
)]
pub struct DoesNotAddUp {
    /// Start plus the surviving changes.
    pub computed: i64,
    /// What the word holds.
    pub found: i32,
}

/// Updates that were lost, with the steps that prove it: two writers read the same
/// write, each went on from it without seeing the other, and one of them (the
/// victim) found the other's work in the place of its own at its next load, or, if it
/// made none any more, the word holds the other's work in the end.
///
/// The steps stand in an order that explains every load of both: all that the
/// victim stored, then all that the overwriter stored. (The loads of a stretch may
/// have been answered from the processor's own store buffer; no other order of the
/// stores leads to what the victim found.)
#[derive(Debug, Clone, PartialEq)]
pub struct Lost {
    /// Index of the writer whose updates were lost.
    pub victim: usize,
    /// Index of the writer who overwrote them.
    pub overwriter: usize,
    /// How many updates of the victim were lost.
    pub lost: u32,
    /// The steps: of a longer stretch of stores, the first and the last.
    pub steps: Vec<Step>,
}

/// A loss as numbers of writes: the victim's `first..=last`, the overwriter's
/// `by..=until`, both from `base`.
#[derive(Debug, Clone, Copy)]
struct Loss {
    victim: usize,
    first: u32,
    last: u32,
    overwriter: usize,
    by: u32,
    until: u32,
    base: Write,
}

impl Loss {
    /// One store of each.
    const SHORTEST: u32 = 2;

    fn length(&self) -> u32 {
        (self.last - self.first + 1) + (self.until - self.by + 1)
    }
}

impl Books<'_> {
    /// How many updates of each writer survived.
    ///
    /// # Errors
    /// When start and surviving changes do not give the final balance exactly, or
    /// the walk does not reach the start.
    pub fn audit(&self) -> Result<Vec<u64>, DoesNotAddUp> {
        let mut survived = vec![0_u64; self.writers.len()];
        let most: u64 = self.writers.iter().map(|w| u64::from(w.made)).sum();
        let mut at = self.end.write();
        let mut steps = 0;
        while at != Write::START && steps <= most {
            let writer = usize::from(at.writer()) - 1;
            survived[writer] += 1;
            steps += 1;
            at = self.writers[writer].read_before(at.number());
        }
        let changes: i64 = (self.writers.iter().zip(&survived))
            .map(|(w, &n)| i64::from(w.amount) * n as i64)
            .sum();
        let computed = i64::from(self.start) + changes;
        let found = self.end.balance();
        if at == Write::START && computed == i64::from(found) {
            Ok(survived)
        } else {
            Err(DoesNotAddUp { computed, found })
        }
    }

    /// One loss with its proof, the shortest that there is; none if the ledger holds
    /// none of this shape (see [`Lost`]).
    pub fn lost_update(&self) -> Option<Lost> {
        let mut best: Option<Loss> = None;
        for victim in 0..self.writers.len() {
            for last in 1..=self.writers[victim].made {
                let Some(loss) = self.loss_after(victim, last) else { continue };
                if best.is_none_or(|best| loss.length() < best.length()) {
                    best = Some(loss);
                }
                if loss.length() == Loss::SHORTEST {
                    return best.map(|loss| self.tell(loss));
                }
            }
        }
        best.map(|loss| self.tell(loss))
    }

    /// Whether `victim`, after its write `last`, found a write whose maker had not seen
    /// that one, although both had started from the same.
    fn loss_after(&self, victim: usize, last: u32) -> Option<Loss> {
        let writer = &self.writers[victim];
        let found = match last < writer.made {
            true => writer.read_before(last + 1),
            false => self.end.write(),
        };
        if found == Write::START || usize::from(found.writer()) == victim + 1 {
            return None;
        }
        let overwriter = usize::from(found.writer()) - 1;
        let (by, base) = self.stretch(overwriter, found.number(), None);
        let (first, read) = self.stretch(victim, last, Some(base));
        (read == base).then_some(Loss {
            victim,
            first,
            last,
            overwriter,
            by,
            until: found.number(),
            base,
        })
    }

    /// Back from a write to the first of an unbroken stretch of its writer's own, and
    /// what was read before that one; no further than a read of `until`.
    fn stretch(&self, writer: usize, last: u32, until: Option<Write>) -> (u32, Write) {
        let mut first = last;
        loop {
            let read = self.writers[writer].read_before(first);
            if Some(read) == until || first == 1 || read != Write::of(writer, first - 1) {
                return (first, read);
            }
            first -= 1;
        }
    }

    /// The steps of a loss, with the values that the walk back to the start gives.
    fn tell(&self, loss: Loss) -> Lost {
        let (victim, overwriter) = (&self.writers[loss.victim], &self.writers[loss.overwriter]);
        let seen = self.value_of(loss.base);
        let step = |who: &Writer, op, value, write: Write| Step {
            process: who.name.to_string(),
            op,
            value,
            write: write.pair(),
        };
        let mut steps = vec![
            step(victim, Op::Load, seen, loss.base),
            step(overwriter, Op::Load, seen, loss.base),
        ];
        let mut stores = |who: &Writer, index: usize, first: u32, last: u32| {
            let after = |number| seen + i64::from(who.amount) * i64::from(number - first + 1);
            for number in [first, last].into_iter().take(1 + usize::from(first < last)) {
                steps.push(step(who, Op::Store, after(number), Write::of(index, number)));
            }
            after(last)
        };
        stores(victim, loss.victim, loss.first, loss.last);
        let left = stores(overwriter, loss.overwriter, loss.by, loss.until);
        if loss.last < victim.made {
            steps.push(step(victim, Op::Load, left, Write::of(loss.overwriter, loss.until)));
        }
        Lost {
            victim: loss.victim,
            overwriter: loss.overwriter,
            lost: loss.last - loss.first + 1,
            steps,
        }
    }

    /// The balance that a write left, from the chain of reads behind it.
    fn value_of(&self, write: Write) -> i64 {
        let mut value = i64::from(self.start);
        let mut at = write;
        while at != Write::START {
            let writer = &self.writers[usize::from(at.writer()) - 1];
            value += i64::from(writer.amount);
            at = writer.read_before(at.number());
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::experiments::ledger::Account;
    use crate::experiments::ledger::by_hand::{AMOUNTS, Hand, play, schedules};

    #[test]
    fn one_after_the_other_loses_nothing() {
        let hand = Hand::new();
        let (made, _) = play(&hand, &[0, 0, 1, 1, 0, 0, 1, 1]);
        let books = hand.books(made);
        assert_eq!(books.audit(), Ok(vec![2, 2]));
        assert_eq!(books.lost_update(), None);
    }

    #[test]
    fn a_write_over_an_unseen_one_is_told_step_by_step() {
        let hand = Hand::new();
        // Both load 100; the first stores 99, the second 101; the first goes on from 101.
        let (made, _) = play(&hand, &[0, 1, 0, 1, 0, 0]);
        let books = hand.books(made);
        assert_eq!(books.audit(), Ok(vec![1, 1]));
        let lost = books.lost_update().unwrap();
        assert_eq!((lost.victim, lost.overwriter, lost.lost), (0, 1, 1));
        let told: Vec<_> =
            lost.steps.iter().map(|s| (s.process.as_str(), s.op, s.value, s.write)).collect();
        let expected = [
            ("withdraw", Op::Load, 100, (0, 0)),
            ("deposit", Op::Load, 100, (0, 0)),
            ("withdraw", Op::Store, 99, (1, 1)),
            ("deposit", Op::Store, 101, (2, 1)),
            ("withdraw", Op::Load, 101, (2, 1)),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_loss_at_the_very_end_is_seen_in_the_final_word() {
        let hand = Hand::new();
        let (made, _) = play(&hand, &[1, 0, 0, 0, 0, 1]);
        let books = hand.books(made);
        assert_eq!(books.audit(), Ok(vec![0, 1]));
        let lost = books.lost_update().unwrap();
        assert_eq!((lost.victim, lost.lost), (0, 2));
        assert_eq!(lost.steps.last().unwrap().value, 101);
    }

    #[test]
    fn an_indivisible_addition_is_never_lost() {
        let hand = Hand::new();
        let mut writers = hand.writers();
        for who in [0, 1, 1, 0, 1] {
            writers[who].add(AMOUNTS[who]);
        }
        assert_eq!(hand.books([2, 3]).audit(), Ok(vec![2, 3]));
        assert_eq!(Word::from_bits(hand.word.load(Relaxed)).balance(), 101);
    }

    #[test]
    fn a_ledger_that_was_tampered_with_does_not_add_up() {
        let hand = Hand::new();
        let (made, _) = play(&hand, &[0, 0, 1, 1]);
        hand.pages[1][0].store(0, Relaxed);
        let found = hand.books(made).audit();
        assert_eq!(found, Err(DoesNotAddUp { computed: 101, found: 100 }));
    }

    proptest! {
        #[test]
        fn every_interleaving_adds_up(schedule in schedules()) {
            let hand = Hand::new();
            let (made, plain) = play(&hand, &schedule);
            let books = hand.books(made);
            prop_assert_eq!(books.end.balance(), plain);
            let survived = books.audit().unwrap();
            prop_assert!(survived[0] <= u64::from(made[0]) && survived[1] <= u64::from(made[1]));
            let sum = 100 - survived[0] as i32 + survived[1] as i32;
            prop_assert_eq!(sum, plain);
        }

        #[test]
        fn what_is_told_as_lost_did_not_survive(schedule in schedules()) {
            let hand = Hand::new();
            let (made, _) = play(&hand, &schedule);
            let books = hand.books(made);
            let survived = books.audit().unwrap();
            match books.lost_update() {
                None => {}
                Some(loss) => {
                    let lost = u64::from(made[loss.victim]) - survived[loss.victim];
                    prop_assert!(u64::from(loss.lost) <= lost);
                    let (loads, stores): (Vec<_>, Vec<_>) =
                        loss.steps.iter().partition(|step| step.op == Op::Load);
                    prop_assert_eq!(loads[0].write, loads[1].write);
                    prop_assert!(stores.len() >= 2);
                }
            }
        }
    }
}

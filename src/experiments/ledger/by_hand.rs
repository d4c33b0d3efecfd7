//! For tests: two writers whose loads and stores are made by hand, in any order.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use proptest::prelude::*;

use super::{Account, Books, Page, Traced, Word, Writer};
use crate::mp::SharedSlice;

pub const NAMES: [&str; 2] = ["withdraw", "deposit"];
pub const AMOUNTS: [i32; 2] = [-1, 1];

/// One word and two writers, each of whose loads and stores are made by hand.
pub struct Hand {
    pub word: AtomicU64,
    pub pages: [Page; 2],
}

impl Hand {
    pub fn new() -> Self {
        let word = AtomicU64::new(Word::start(100).bits());
        Hand { word, pages: [0, 1].map(|_| SharedSlice::zeroed(64).unwrap()) }
    }

    pub fn writers(&self) -> [Traced<'_>; 2] {
        [0, 1].map(|i| Traced::new(&self.word, &self.pages[i], i as u8 + 1))
    }

    pub fn books(&self, made: [u32; 2]) -> Books<'_> {
        let writer = |i: usize| Writer {
            name: NAMES[i],
            amount: AMOUNTS[i],
            made: made[i],
            page: &self.pages[i],
        };
        let end = Word::from_bits(self.word.load(Relaxed));
        Books { start: 100, end, writers: vec![writer(0), writer(1)] }
    }
}

/// Plays a schedule: each letter is the next step (load, then store) of a writer.
/// Gives the books and the balance that a plain replay ends with.
pub fn play(hand: &Hand, schedule: &[usize]) -> ([u32; 2], i32) {
    let mut writers = hand.writers();
    let (mut held, mut made) = ([None; 2], [0_u32; 2]);
    let (mut copies, mut plain) = ([0; 2], 100);
    for &who in schedule {
        match held[who].take() {
            None => {
                held[who] = Some(writers[who].load());
                copies[who] = plain;
            }
            Some(balance) => {
                writers[who].store(balance + AMOUNTS[who]);
                plain = copies[who] + AMOUNTS[who];
                made[who] += 1;
            }
        }
    }
    (made, plain)
}

/// Whole steps only: a load without its store has changed nothing.
pub fn schedules() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..2_usize, 0..60)
}

//! The ledger: which updates of a shared number survived, which were lost, and how.
//!
//! The shared word packs `balance: i32 | writer: 8 bits | number: 24 bits`, so
//! every load names the very write that it read. Each writer notes, for each of
//! its own writes, which write it had read before ([`Traced`]). That is enough:
//!
//! - The last write is in the word. It was made from what its writer had read, that
//!   from what *its* writer had read, and so on back to the start. The writes on
//!   this walk are the ones that survived; all others were lost ([`Books::audit`]).
//! - The walk is its own proof: the start plus the surviving changes must give the
//!   final balance exactly. If it does not, the ledger is wrong and says so.
//! - All loads and stores of one atomic word agree on one order of its writes
//!   (coherence, C++20 [intro.races]), even with Relaxed. Where a writer finds, right
//!   after its own write, the work of another who had started from the *same* write
//!   as itself, its updates were overwritten unseen ([`Books::lost_update`]).
//!
//! Keeping it costs a store a step and changes the timing of the race, so timed
//! runs use [`Plain`] and the code of the loops is generic over [`Account`].

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use thiserror::Error;

use crate::event::{Op, Step};
use crate::mp::{RawValue, SharedSlice, sys};

/// What the loops of a race work on: a shared number, read and written in separate steps.
pub trait Account {
    /// Reads the balance.
    fn load(&mut self) -> i32;
    /// Writes the balance.
    fn store(&mut self, balance: i32);
    /// Adds in one indivisible step.
    fn add(&mut self, amount: i32);
}

/// The shared number as it is: Relaxed loads and stores, so that the race is a
/// race between updates and never undefined behaviour.
#[derive(Debug)]
pub struct Plain<'a>(pub &'a RawValue<i32>);

impl Account for Plain<'_> {
    #[inline(always)]
    fn load(&mut self) -> i32 {
        self.0.get()
    }
    #[inline(always)]
    fn store(&mut self, balance: i32) {
        self.0.set(balance);
    }
    #[inline(always)]
    fn add(&mut self, amount: i32) {
        self.0.fetch_add(amount);
    }
}

/// An account whose every `every`-th load is followed by giving up the CPU: the
/// window between reading and writing, wide enough to be hit on one CPU too.
#[derive(Debug)]
pub struct Widened<A> {
    account: A,
    loads: u32,
    every: u32,
}

impl<A: Account> Widened<A> {
    /// Widens `account` at each `every`-th load (at least 1).
    pub fn new(account: A, every: u32) -> Self {
        Widened { account, loads: 0, every: every.max(1) }
    }
}

impl<A: Account> Account for Widened<A> {
    fn load(&mut self) -> i32 {
        let balance = self.account.load();
        self.loads += 1;
        if self.loads.is_multiple_of(self.every) {
            sys::yield_now();
        }
        balance
    }
    fn store(&mut self, balance: i32) {
        self.account.store(balance);
    }
    fn add(&mut self, amount: i32) {
        self.account.add(amount);
    }
}

/// The name of one write: who made it, and the how-manieth of theirs it is (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Write(u32);

impl Write {
    /// The state before the first write: writer 0, number 0.
    pub const START: Write = Write(0);
    /// The greatest number a write can have, and so the longest loop that can be traced.
    pub const MOST: u32 = (1 << 24) - 1;

    fn new(writer: u8, number: u32) -> Self {
        debug_assert!(number <= Self::MOST);
        Write(u32::from(writer) << 24 | number)
    }
    /// Write `number` of the writer at `index` of [`Books::writers`].
    fn of(index: usize, number: u32) -> Self {
        Write::new(index as u8 + 1, number)
    }
    /// Who: 0 is the start, writers count from 1.
    pub fn writer(self) -> u8 {
        (self.0 >> 24) as u8
    }
    /// Which of theirs, from 1.
    pub fn number(self) -> u32 {
        self.0 & Self::MOST
    }
    fn pair(self) -> (u8, u32) {
        (self.writer(), self.number())
    }
}

/// The shared word: a balance and the write that put it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word(u64);

impl Word {
    /// The word before the first write.
    pub fn start(balance: i32) -> Self {
        Word::new(balance, Write::START)
    }
    fn new(balance: i32, write: Write) -> Self {
        Word(u64::from(balance as u32) << 32 | u64::from(write.0))
    }
    /// From the bits in shared memory.
    pub fn from_bits(bits: u64) -> Self {
        Word(bits)
    }
    /// The bits for shared memory.
    pub fn bits(self) -> u64 {
        self.0
    }
    /// The balance.
    pub fn balance(self) -> i32 {
        (self.0 >> 32) as u32 as i32
    }
    fn write(self) -> Write {
        Write(self.0 as u32)
    }
}

/// One writer's page of the ledger: entry `k` is what was read before write `k + 1`.
///
/// One entry more than there are writes: a loop that ends with a load may note it.
pub type Page = SharedSlice<AtomicU32>;

/// An account that keeps the ledger.
#[derive(Debug)]
pub struct Traced<'a> {
    word: &'a AtomicU64,
    page: &'a [AtomicU32],
    writer: u8,
    made: u32,
}

impl<'a> Traced<'a> {
    /// The account of writer number `writer` (from 1), noting on `page`.
    pub fn new(word: &'a AtomicU64, page: &'a [AtomicU32], writer: u8) -> Self {
        Traced { word, page, writer, made: 0 }
    }

    fn note(&self, read: Word) {
        self.page[self.made as usize].store(read.write().0, Relaxed);
    }
}

impl Account for Traced<'_> {
    #[inline]
    fn load(&mut self) -> i32 {
        let read = Word(self.word.load(Relaxed));
        self.note(read);
        read.balance()
    }
    #[inline]
    fn store(&mut self, balance: i32) {
        self.made += 1;
        let write = Write::new(self.writer, self.made);
        self.word.store(Word::new(balance, write).0, Relaxed);
    }
    #[inline]
    fn add(&mut self, amount: i32) {
        let write = Write::new(self.writer, self.made + 1);
        let mut seen = self.word.load(Relaxed);
        loop {
            let balance = Word(seen).balance().wrapping_add(amount);
            let next = Word::new(balance, write).0;
            match self.word.compare_exchange_weak(seen, next, Relaxed, Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
        self.note(Word(seen));
        self.made += 1;
    }
}

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

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

use crate::mp::{RawValue, SharedSlice, sys};

mod audit;
#[cfg(test)]
mod by_hand;
mod chaos;
mod reduced;

pub use audit::{Books, DoesNotAddUp, Lost, Writer};
pub use chaos::Chaos;

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

/// An account that now and then gives up the CPU after a load: the window between
/// reading and writing, wide enough to be hit on one CPU too.
#[derive(Debug)]
pub struct Widened<A> {
    account: A,
    loads: u32,
    next: u32,
}

impl<A: Account> Widened<A> {
    /// Widens `account` at every thousandth load or so. The distance varies from 1 to
    /// 1 999, so that two loops do not take turns in lockstep; it is no matter of chance.
    pub fn new(account: A) -> Self {
        Widened { account, loads: 0, next: 1_000 }
    }

    fn after(loads: u32) -> u32 {
        // Multiplicative hashing (Knuth, TAOCP 3, section 6.4) by the golden ratio.
        loads.wrapping_add(1 + (loads.wrapping_mul(2_654_435_769) >> 16) % 1_999)
    }
}

impl<A: Account> Account for Widened<A> {
    fn load(&mut self) -> i32 {
        let balance = self.account.load();
        self.loads += 1;
        if self.loads == self.next {
            self.next = Self::after(self.loads);
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
    ///
    /// Touches the page, so that no page fault falls into the race: make it in the
    /// process that writes, since fork does not copy the tables of shared pages.
    pub fn new(word: &'a AtomicU64, page: &'a Page, writer: u8) -> Self {
        page.touch();
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

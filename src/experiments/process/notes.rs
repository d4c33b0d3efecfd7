//! What each of many children notes of its life, and what follows from it: costs, order, places.
//!
//! The parent notes when it asks for a child and when it has joined it, the child when
//! its first and its last line run and on which CPU. The monotonic clock is one clock
//! for the whole machine, so the readings of all processes can be compared.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};

use crate::event::{Lane, Span, SpanKind};
use crate::mp::{MapError, SharedSlice, sys};
use crate::stats;

/// What a child notes itself: the clock and the CPU at its first line and at its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The clock at its first line.
    pub first_ns: u64,
    /// The clock at its last line.
    pub last_ns: u64,
    /// The CPU at the first line and at the last.
    pub cpus: [Option<usize>; 2],
}

impl Life {
    /// Lives, in the calling process or thread: all that a child of this lesson does.
    pub fn lived() -> Self {
        let first_ns = sys::now_ns();
        let cpus = [sys::current_cpu(), sys::current_cpu()];
        Life { first_ns, last_ns: sys::now_ns(), cpus }
    }
}

/// One child as parent and child noted it. Nanoseconds of one clock.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Child {
    /// Before the call that makes it.
    pub asked_ns: u64,
    /// What it noted itself; none if it never came so far.
    #[serde(flatten)]
    pub life: Option<Life>,
    /// Before the call that joins it.
    pub joining_ns: u64,
    /// After that call.
    pub joined_ns: u64,
    /// Its pid; none for a thread.
    pub pid: Option<i32>,
}

/// The notes of all children of a run, in memory that they share.
#[derive(Debug)]
pub struct Notes {
    words: SharedSlice<AtomicU64>,
}

/// Words of a child: asked, first, last, CPU at first and last (plus 1), joining, joined.
const WORDS: usize = 7;

impl Notes {
    /// An empty page for each of `children`.
    ///
    /// # Errors
    /// When memory cannot be had.
    pub fn new(children: usize) -> Result<Self, MapError> {
        let words = SharedSlice::zeroed(WORDS.saturating_mul(children))?;
        words.touch();
        Ok(Notes { words })
    }

    fn set(&self, child: usize, word: usize, value: u64) {
        self.words[WORDS * child + word].store(value, Relaxed);
    }

    /// The parent is about to ask for this child.
    pub fn asked(&self, child: usize) {
        self.set(child, 0, sys::now_ns());
    }

    /// What this child lived.
    pub fn lived(&self, child: usize, life: Life) {
        self.set(child, 1, life.first_ns);
        self.set(child, 2, life.last_ns);
        for (word, cpu) in [3, 4].into_iter().zip(life.cpus) {
            self.set(child, word, cpu.map_or(0, |cpu| cpu as u64 + 1));
        }
    }

    /// The parent is about to join this child.
    pub fn joining(&self, child: usize) {
        self.set(child, 5, sys::now_ns());
    }

    /// The parent has joined it.
    pub fn joined(&self, child: usize) {
        self.set(child, 6, sys::now_ns());
    }

    /// The children, in the order of their start; `pids` where they have some.
    pub fn children(&self, pids: &[i32]) -> Vec<Child> {
        let pages = self.words.chunks(WORDS).enumerate();
        pages
            .map(|(number, page)| {
                let word = |at: usize| page[at].load(Relaxed);
                let cpu = |at: usize| (word(at) as usize).checked_sub(1);
                let life = Life { first_ns: word(1), last_ns: word(2), cpus: [cpu(3), cpu(4)] };
                Child {
                    asked_ns: word(0),
                    life: (life.last_ns > 0).then_some(life),
                    joining_ns: word(5),
                    joined_ns: word(6),
                    pid: pids.get(number).copied(),
                }
            })
            .collect()
    }
}

/// How many children reported.
pub fn reported(children: &[Child]) -> usize {
    children.iter().filter(|child| child.life.is_some()).count()
}

/// From the first start to the last join, in seconds.
pub fn elapsed_s(children: &[Child]) -> f64 {
    let first = children.iter().map(|child| child.asked_ns).min().unwrap_or(0);
    let last = children.iter().map(|child| child.joined_ns).max().unwrap_or(0);
    last.saturating_sub(first) as f64 / 1e9
}

/// What the runs of one variant showed.
#[derive(Debug, Default)]
pub struct Observed {
    create_ns: Vec<f64>,
    life_ns: Vec<f64>,
    reap_ns: Vec<f64>,
    /// Pairs of children of a run, one of which was started before the other.
    pub pairs: u64,
    /// Those whose first lines ran in the other order.
    pub swapped_first: u64,
    /// Those whose last lines did.
    pub swapped_end: u64,
    cpus: BTreeSet<usize>,
    /// Children that were on another CPU at their last line than at their first.
    pub moved: u64,
}

impl Observed {
    /// Adds the children of a run, in the order of their start.
    pub fn add(&mut self, children: &[Child]) {
        let lives: Vec<(&Child, Life)> =
            children.iter().filter_map(|child| Some((child, child.life?))).collect();
        for (child, life) in &lives {
            self.create_ns.push(life.first_ns.saturating_sub(child.asked_ns) as f64);
            self.life_ns.push(life.last_ns.saturating_sub(life.first_ns) as f64);
            // Of the join, what came after the child's end: before that it waited.
            let begun = child.joining_ns.max(life.last_ns);
            self.reap_ns.push(child.joined_ns.saturating_sub(begun) as f64);
            self.cpus.extend(life.cpus.iter().flatten());
            self.moved += u64::from(life.cpus[0] != life.cpus[1]);
        }
        let count = lives.len() as u64;
        self.pairs += count * count.saturating_sub(1) / 2;
        self.swapped_first += swapped(lives.iter().map(|(_, life)| life.first_ns));
        self.swapped_end += swapped(lives.iter().map(|(_, life)| life.last_ns));
    }

    /// Median per child from the call that makes it to its first line.
    pub fn create_ns(&self) -> Option<f64> {
        stats::median(&self.create_ns)
    }

    /// Median per child from its first line to its last.
    pub fn life_ns(&self) -> Option<f64> {
        stats::median(&self.life_ns)
    }

    /// Median per child from its last line, or the call that joins it if that came later, to
    /// that call's return.
    pub fn reap_ns(&self) -> Option<f64> {
        stats::median(&self.reap_ns)
    }

    /// The CPUs on which any child was seen.
    pub fn cpus(&self) -> usize {
        self.cpus.len()
    }
}

/// Pairs that stand in another order than they would if sorted: inversions.
fn swapped(times: impl Iterator<Item = u64>) -> u64 {
    let mut before: Vec<u64> = Vec::new();
    let mut pairs = 0;
    for time in times {
        let place = before.partition_point(|&earlier| earlier <= time);
        pairs += (before.len() - place) as u64;
        before.insert(place, time);
    }
    pairs
}

/// A lane for each child that reported: made, running, ended and not yet joined.
pub fn lanes(children: &[Child]) -> Vec<Lane> {
    let start = children.iter().map(|child| child.asked_ns).min().unwrap_or(0);
    let seconds = |clock: u64| clock.saturating_sub(start) as f64 / 1e9;
    let lane = |(number, child): (usize, &Child)| {
        let life = child.life?;
        let span = |what, begin, end, cpu| Span {
            what,
            begin_s: seconds(begin),
            end_s: seconds(end),
            cpu,
        };
        let spans = vec![
            span(SpanKind::Creating, child.asked_ns, life.first_ns, None),
            span(SpanKind::Running, life.first_ns, life.last_ns, life.cpus[0]),
            span(SpanKind::Reaping, life.last_ns, child.joined_ns, None),
        ];
        Some(Lane { process: number.to_string(), pid: child.pid, spans })
    };
    children.iter().enumerate().filter_map(lane).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_another_order_are_counted() {
        let of = |times: &[u64]| swapped(times.iter().copied());
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[1, 2, 3]), 0);
        assert_eq!(of(&[1, 3, 2]), 1);
        assert_eq!(of(&[4, 3, 2, 1]), 6);
        assert_eq!(of(&[2, 2, 1]), 2);
    }
}

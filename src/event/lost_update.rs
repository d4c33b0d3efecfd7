//! A lost update: who lost it to whom, in which steps, and how to see it again.

use serde::{Deserialize, Serialize};

/// The `lost_update` event. The order of the steps is proven by what each process
/// read before and after (see `experiments::ledger`), not by a clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LostUpdate {
    /// The experiment.
    pub experiment: String,
    /// The variant.
    pub variant: String,
    /// The traced run it was caught in.
    pub index: u32,
    /// The process whose updates were lost.
    pub victim: String,
    /// The process that overwrote them.
    pub overwriter: String,
    /// How many updates of the victim this one store undid.
    pub lost: u32,
    /// The steps; where more than one update was lost, the middle ones are left out.
    pub steps: Vec<Step>,
    /// The same loss for whoever wants to go through it step by step; absent where the race has
    /// no program of single steps, or the steps cannot be reduced to one operation of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
}

/// A caught loss as a schedule of a program that has one operation of each process, a load and a
/// store: the first that the victim lost, and the first of those that overwrote it. Where a lock
/// was taken on one side only, the program leaves it out: it kept nobody from anything.
///
/// `parlab play PROGRAM --schedule SCHEDULE --from FROM` goes through it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// The program, as `explore` calls it; in its first variant.
    pub program: String,
    /// Whose steps the letters A, B… are.
    pub processes: Vec<String>,
    /// A letter for each step.
    pub schedule: String,
    /// The shared word at the start: what both had read.
    pub from: i64,
}

/// One load or store of a shared word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Who made it.
    pub process: String,
    /// Load or store.
    pub op: Op,
    /// The value read or written.
    pub value: i64,
    /// The write that was seen or made: `[writer, number]`, writer 0 is the start.
    pub write: (u8, u32),
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Reads the shared word.
    Load,
    /// Writes it.
    Store,
}

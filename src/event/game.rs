//! A game in which somebody decides who takes the next step: what is asked of it, and the
//! `position` event.

use serde::{Deserialize, Serialize};

use super::Script;

/// What is played: a program of few steps and what it is to come to. How often its processes
/// repeat, and how many they are, are parameters of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Game {
    /// The program, as `parlab explore` names it.
    pub program: String,
    /// How it is written.
    pub variant: String,
    /// The number at the start; absent: the program's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i32>,
    /// The level's name; absent where the game is a free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// What it is to come to; absent where the game is a free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// In how many steps at most; absent: in any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// The steps that were asked for when it began: a letter for each, A for the first process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
}

/// A moment that somebody wants to bring about. In JSON: `{"ends":99}`, `"stuck"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// All processes have ended, and the word is this.
    Ends(i32),
    /// Nobody can go on, and not all have ended.
    Stuck,
}

/// The `position` event: one at the start of a game, and one for each order since.
///
/// Numbers and pids are those of the real processes, read after the step. Who goes back has new
/// processes, which have run the schedule up to there: their pids are others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The experiment.
    pub experiment: String,
    /// The level's name; null in a free game.
    pub level: Option<String>,
    /// What is to be reached; null in a free game.
    pub goal: Option<Goal>,
    /// In how many steps at most; null: in any number.
    pub most: Option<u32>,
    /// The steps until now: a letter for each, A for the first process.
    pub schedule: String,
    /// What the shared number is.
    pub word: String,
    /// The shared number.
    pub value: i64,
    /// For each lock that the program uses, the number of the process that has it; null: nobody.
    pub locks: Vec<Option<usize>>,
    /// Messages in the queue or in the pipe; null where the program has neither.
    pub messages: Option<u32>,
    /// The processes, A first.
    pub actors: Vec<Actor>,
    /// What the moment is.
    pub standing: Standing,
    /// The order that was not carried out, and why; null if the last one was.
    pub refused: Option<Refused>,
    /// What was asked for with `?`; null if it was not.
    pub hint: Option<Hint>,
}

/// One process of a game.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Actor {
    /// What it does.
    #[serde(flatten)]
    pub script: Script,
    /// Its pid.
    pub pid: i32,
    /// How many steps it has taken; with all of them it has finished.
    pub at: usize,
    /// Its own variable; null while it holds nothing that is still to be used.
    pub own: Option<i64>,
    /// What keeps it from its next step; null if nothing does, or if there is none.
    pub blocked: Option<Block>,
}

/// Why a process cannot take its next step. Locks and processes go by their numbers, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A process has the lock. It may be the waiting one itself.
    Lock {
        /// The lock.
        lock: usize,
        /// Who has it.
        holder: usize,
    },
    /// The queue is full.
    Full,
    /// The queue or the pipe is empty.
    Empty,
    /// That process has not ended.
    Runs(usize),
    /// That process has the write end of the pipe open.
    Open(usize),
}

/// What a moment of a game is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Somebody can go on.
    Open,
    /// The goal.
    Won,
    /// It would be the goal, but took more steps than it may.
    Late,
    /// All have ended, and that is not the goal.
    Ended,
    /// Nobody can go on, not all have ended, and that is not the goal.
    Stuck,
}

/// An order that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The order: a letter, or what was typed for one.
    pub order: String,
    /// Why not.
    pub why: Refusal,
}

/// Why an order is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No process has this letter, and it is no other order.
    Unknown,
    /// The process has taken its last step.
    Finished,
    /// The process cannot go on now.
    Blocked(Block),
    /// No step was taken that could be taken back.
    Start,
}

/// What to do next. In JSON: `{"step":"A"}`, `"back"`, `"none"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// This process's step begins the shortest way to the goal.
    Step(String),
    /// No way leads from here to the goal: take steps back.
    Back,
    /// There is no goal, or it is reached.
    None,
}

//! Every schedule of a small program, on real processes.
//!
//! A simulator steps and is exact; real processes race and are real. Here the same program is
//! both: forked processes do its steps on a real word, real locks, a real queue, each asleep
//! at a gate until the turn is its own, and somebody else decides who goes next. So an outcome that
//! a race shows once in a million runs is shown at will, and that no other exists is shown by
//! running all of them.
//!
//! ```text
//! program    what each process does, step by step
//! state      the same as a pure model: which steps can be taken, and what they do
//! count      from the model: how many schedules there are and where they end, exactly
//! search     from the model: all schedules in turn, one at random, the shortest way to a goal
//! stage      the real things: the word, the locks, the queue, and one process's hands on them
//! steppers   the real processes behind their gates, and the tape they follow
//! explore    all schedules, or a sample, truly run; what was counted and what was seen agree
//! game       one schedule that grows step by step: play, undo, replay
//! free       the same program without gates: what this machine does by itself
//! ```
//!
//! The model and the machine check each other: a step that the model offers and reality refuses,
//! or the other way round, or an outcome that differs, is an error ([`ScheduleError::Differs`])
//! and never smoothed over.

mod count;
mod explore;
mod free;
mod game;
mod program;
mod search;
mod stage;
mod state;
mod steppers;

pub use count::{Census, Completions, census};
pub use explore::{Explored, explore};
pub use free::{Free, free_runs};
pub use game::{Actor, Game, Refused};
pub use program::{MOST_PROCESSES, Program, Script, Step};
pub use search::{Goal, Schedules, draw, letter, letters, parse, shortest};
pub use state::{Block, State};
pub use steppers::ScheduleError;

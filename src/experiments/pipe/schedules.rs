//! The end of a pipe as a program of single steps, whose every schedule can be run.

use anyhow::Result;

use crate::event::Params;
use crate::experiments::explore::{self, Size, Subject};
use crate::experiments::lab::Lab;
use crate::experiments::{NO_PARAMS, Opt};
use crate::schedule::{Program, Script, Step};

/// One process sends and closes; the other reads to the end, and may have forgotten that it has
/// the write end open itself.
pub static FORGOTTEN_END: Subject = Subject {
    name: "pipe",
    about: "One process reads to the end of a pipe, whose write end it has forgotten to close",
    experiment: "pipe-schedules",
    races: "end",
    word: "received",
    options: &[Opt::Ops, Opt::Most, Opt::FreeRuns],
    defaults: Params { ops: Some(1), most: Some(1_000), free_runs: Some(50), ..NO_PARAMS },
    any_processes: None,
    program: forgotten_end,
};

/// The experiment `pipe-schedules`.
pub fn run(lab: &mut Lab) -> Result<()> {
    explore::run(lab, &FORGOTTEN_END)
}

fn forgotten_end(variant: &str, size: &Size) -> Program {
    let messages = size.ops;
    let sender = [&vec![Step::Send; messages][..], &[Step::CloseWriter]].concat();
    let closing: &[Step] = if variant == "closed" { &[Step::CloseWriter] } else { &[] };
    let reader = [closing, &vec![Step::Receive; messages], &[Step::ReceiveEnd]].concat();
    let script = |name, steps| Script { writes: true, ..Script::new(name, steps) };
    Program {
        scripts: vec![script("sender", sender), script("reader", reader)],
        start: 0,
        right: messages as i32,
        room: 0,
    }
}

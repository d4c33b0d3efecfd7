//! Joining before getting as a program of single steps, whose every schedule can be run.

use anyhow::Result;

use crate::event::Params;
use crate::experiments::explore::{self, Size, Subject};
use crate::experiments::lab::Lab;
use crate::experiments::{NO_PARAMS, Opt};
use crate::schedule::{Program, Script, Step};

/// Two children put, and the parent joins each before it gets what that one put. The queue has
/// room for what one of them puts: whether it works depends on who comes first.
pub static JOIN_FIRST: Subject = Subject {
    name: "queue",
    about: "Two children put, and their parent joins each before it gets",
    experiment: "queue-schedules",
    races: "join-first",
    word: "received",
    options: &[Opt::Ops, Opt::Most, Opt::FreeRuns],
    defaults: Params { ops: Some(1), most: Some(1_000), free_runs: Some(50), ..NO_PARAMS },
    any_processes: None,
    program: join_first,
};

/// The experiment `queue-schedules`.
pub fn run(lab: &mut Lab) -> Result<()> {
    explore::run(lab, &JOIN_FIRST)
}

fn join_first(variant: &str, size: &Size) -> Program {
    let items = size.ops;
    let child = || Script::new("child", vec![Step::Put; items]);
    let joins = [Step::Join(0), Step::Join(1)];
    let gets = vec![Step::Get; items];
    let parent = match variant {
        "get-first" => [&gets[..], &gets, &joins].concat(),
        _ => [&joins[..1], &gets, &joins[1..], &gets].concat(),
    };
    Program {
        scripts: vec![child(), child(), Script::new("parent", parent)],
        start: 0,
        right: 2 * items as i32,
        room: items,
    }
}

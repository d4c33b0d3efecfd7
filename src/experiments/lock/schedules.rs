//! The bank and the two locks as programs of single steps, whose every schedule can be run.

use anyhow::Result;

use crate::event::Params;
use crate::experiments::explore::{self, Size, Subject};
use crate::experiments::lab::Lab;
use crate::experiments::{NO_PARAMS, Opt};
use crate::schedule::{Program, Script, Step};

/// Withdrawals and deposits of 1 from one balance, or additions of 1 by up to three processes.
pub static BANK: Subject = Subject {
    name: "lock",
    about: "Withdrawals and deposits of 1 from one balance, without a lock",
    experiment: "schedules",
    races: "bank",
    word: "balance",
    options: &[Opt::Ops, Opt::Processes, Opt::Most, Opt::FreeRuns],
    defaults: Params {
        ops: Some(2),
        processes: Some(2),
        most: Some(20_000),
        free_runs: Some(200),
        ..NO_PARAMS
    },
    any_processes: Some("add"),
    program: bank,
};

/// Two transfers, each under both locks.
pub static TWO_LOCKS: Subject = Subject {
    name: "two-locks",
    about: "Two transfers that take the same two locks, each in its own order",
    experiment: "two-locks-schedules",
    races: "two-locks",
    word: "transfers",
    options: &[Opt::Ops, Opt::Most, Opt::FreeRuns],
    defaults: Params { ops: Some(1), most: Some(20_000), free_runs: Some(200), ..NO_PARAMS },
    any_processes: None,
    program: two_locks,
};

/// The experiment `schedules`.
pub fn of_bank(lab: &mut Lab) -> Result<()> {
    explore::run(lab, &BANK)
}

/// The experiment `two-locks-schedules`.
pub fn of_two_locks(lab: &mut Lab) -> Result<()> {
    explore::run(lab, &TWO_LOCKS)
}

/// An update of the shared word as `+=` does it, under the lock or not.
fn update(amount: i32, locked: bool) -> Vec<Step> {
    let update = [Step::Load, Step::Store(amount)];
    match locked {
        true => [&[Step::Acquire(0)], &update[..], &[Step::Release(0)]].concat(),
        false => update.to_vec(),
    }
}

fn bank(variant: &str, size: &Size) -> Program {
    if variant == "add" {
        let adder = || Script::new("add", update(1, false).repeat(size.ops));
        let scripts: Vec<Script> = (0..size.processes).map(|_| adder()).collect();
        let start = size.start.unwrap_or(0);
        return Program {
            right: start + (size.processes * size.ops) as i32,
            scripts,
            start,
            room: 0,
        };
    }
    let locked = match variant {
        "locked" => [true, true],
        "half-locked" => [true, false],
        _ => [false, false],
    };
    let script = |name, amount, locked| Script::new(name, update(amount, locked).repeat(size.ops));
    let start = size.start.unwrap_or(100);
    Program {
        scripts: vec![script("withdraw", -1, locked[0]), script("deposit", 1, locked[1])],
        start,
        right: start,
        room: 0,
    }
}

fn two_locks(variant: &str, size: &Size) -> Program {
    let transfer = |first: usize| {
        let second = 1 - first;
        let steps = [
            Step::Acquire(first),
            Step::Acquire(second),
            Step::Load,
            Step::Store(1),
            Step::Release(second),
            Step::Release(first),
        ];
        steps.repeat(size.ops)
    };
    let other_first = if variant == "same-order" { 0 } else { 1 };
    let start = size.start.unwrap_or(0);
    Program {
        scripts: vec![
            Script::new("a-to-b", transfer(0)),
            Script::new("b-to-a", transfer(other_first)),
        ],
        start,
        right: start + 2 * size.ops as i32,
        room: 0,
    }
}

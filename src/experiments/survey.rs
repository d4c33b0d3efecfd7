//! The survey: what this machine offers, read, tried and measured. `doctor` tells it.
//!
//! What is tried comes first: where not even as many processes can be had as there are CPUs,
//! nothing is measured that needs them, and what can be read is told all the same.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::Result;

use super::ceiling::Ceiling;
use super::lab::Lab;
use super::{Experiment, LESSONS, needs, python, wake};
use crate::event::{Event, Found, Tried};
use crate::machine::{self, clock, limits};
use crate::mp::{Process, proc};

/// The row of the experiment, which belongs to no lesson.
pub static SURVEY: Experiment = of_no_lesson("survey", run);

/// The row of the experiment that measures the parallel ceiling alone.
pub static CEILING: Experiment = of_no_lesson("ceiling", ceiling_alone);

/// Rounds by which the ceiling is measured: enough to show a spread, in half a second or so.
const ROUNDS: u32 = 15;
/// The longest that a process of the crowd lives, should nobody end it.
const LIFE: Duration = Duration::from_secs(10);
/// The longest that a connection to ourselves is waited for.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

/// A row without variants and figures.
pub(super) const fn of_no_lesson(
    name: &'static str,
    run: fn(&mut Lab) -> Result<()>,
) -> Experiment {
    Experiment {
        name,
        compared: false,
        variants: &[],
        racy: &[],
        figures: &[],
        experiment_figures: &[],
        run,
    }
}

fn run(lab: &mut Lab) -> Result<()> {
    lab.expect_steps(u64::from(ROUNDS) + 3);
    let usable = lab.machine.usable.clone();
    // What is measured below needs as many as there are CPUs.
    let measuring = usable.len().max(2) as u64;
    let tried = tried(lab, needs::most_processes(LESSONS).max(measuring));
    lab.step()?;
    let mut found = Found { experiment: lab.experiment(), ..Found::default() };
    if tried.processes >= measuring {
        lab.settle()?;
        found.wake = Some(wake::measure(&usable)?);
        lab.step()?;
        found.ceiling = Some(ceiling(lab)?);
    }
    lab.settle()?;
    found.clock = Some(clock::measure());
    found.place = Some(machine::place());
    found.tried = Some(tried);
    lab.emit(&Event::Machine(found))?;
    lab.step()?;
    let asked = lab.params.python.clone().unwrap_or_else(|| vec!["all".to_string()]);
    for report in python::find(&asked).1 {
        lab.emit(&Event::Python(report))?;
    }
    Ok(())
}

fn ceiling_alone(lab: &mut Lab) -> Result<()> {
    lab.expect_steps(u64::from(ROUNDS));
    let ceiling = Some(ceiling(lab)?);
    lab.emit(&Event::Machine(Found { experiment: lab.experiment(), ceiling, ..Found::default() }))
}

fn ceiling(lab: &mut Lab) -> Result<crate::event::Ceiling> {
    let mut ceiling = Ceiling::of(lab.machine.usable.len());
    for _ in 0..ROUNDS {
        lab.settle()?;
        ceiling.measure()?;
        lab.step()?;
    }
    Ok(ceiling.told().expect("it was measured"))
}

fn tried(lab: &mut Lab, processes_wanted: u64) -> Tried {
    let (processes, proc_syscall) = crowd(processes_wanted);
    let most = limits::descriptors().map(|limit| limit.most);
    Tried {
        processes_wanted,
        processes,
        descriptors: most.map(|most| most.saturating_sub(limits::open_descriptors())),
        proc_syscall,
        loopback: connects_to_itself(),
        temporary: lab.scratch().is_ok(),
    }
}

/// How many of so many sleeping children can be had at once, and whether it may be read in which
/// system call the first of them sits.
fn crowd(wanted: u64) -> (u64, bool) {
    let mut children: Vec<Process> = Vec::new();
    let mut readable = false;
    for number in 0..wanted {
        let mut child = Process::new(number.to_string(), || std::thread::sleep(LIFE));
        if child.start().is_err() {
            break;
        }
        // Looked at at once: the crowd may use up the descriptors that it takes to look.
        if number == 0 {
            readable = child.pid().is_some_and(|pid| proc::syscall(pid).is_ok());
        }
        children.push(child);
    }
    let started = children.len() as u64;
    // All are killed before the first is waited for: they end together.
    for child in &children {
        let _ = child.kill();
    }
    for child in &mut children {
        let _ = child.join_timeout(LIFE);
    }
    (started, readable)
}

fn connects_to_itself() -> bool {
    let there_and_back = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let _stream = TcpStream::connect_timeout(&address, CONNECTED_WITHIN)?;
        listener.accept()
    };
    there_and_back().is_ok()
}

//! A deadlock that was found, told: who waits for what that another holds, or for another to act.

use anyhow::Result;

use super::lab::{Lab, Variant};
use crate::event::{Deadlock, Event, Evidence, NoteKind, Wait};
use crate::mp::proc::{self, Stuck};

/// What a lesson knows of a process that is stuck, and /proc does not.
#[derive(Debug, Default)]
pub struct Known {
    /// Its name in the lesson.
    pub process: String,
    /// What it waits for; nothing where it waits for somebody to act.
    pub resource: Option<String>,
    /// Who holds that, or who would have to act.
    pub holder: Option<String>,
    /// The address that it waits on, if its call's first argument is one.
    pub address: Option<u64>,
}

/// Sends the event, and a note where the evidence is the weaker one.
///
/// # Errors
/// As [`Lab::emit`].
pub fn tell(
    lab: &mut Lab,
    variant: &Variant,
    stuck: &[Stuck],
    known: impl Fn(&Stuck) -> Known,
) -> Result<()> {
    let waits = stuck.iter().map(|one| {
        let Known { process, resource, holder, address } = known(one);
        Wait {
            process,
            pid: one.pid,
            state: one.state.to_string(),
            call: match one.syscall {
                Some(call) => call.name().map(str::to_string),
                None => one.wchan.clone(),
            },
            resource,
            holder,
            address: address.map(|at| format!("{at:#x}")),
        }
    });
    let evidence = match stuck.iter().all(|one| one.by == proc::Evidence::Syscall) {
        true => Evidence::Syscall,
        false => Evidence::Wchan,
    };
    let deadlock = Deadlock {
        experiment: lab.experiment(),
        variant: variant.name.clone(),
        evidence,
        waits: waits.collect(),
    };
    lab.emit(&Event::Deadlock(deadlock))?;
    match evidence {
        Evidence::Syscall => Ok(()),
        Evidence::Wchan => lab.note(Some(&variant.name), NoteKind::SyscallHidden),
    }
}

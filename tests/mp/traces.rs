//! What a run could leave behind, counted before and after: processes, descriptors, names in
//! /dev/shm.

use std::collections::BTreeSet;
use std::time::Duration;

use parlab::mp::proc;
use parlab::mp::supervise::{has_children, reap_any};

use crate::staging::becomes_true;

/// Killed processes are gone in an instant; on a machine under load that may take longer.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Traces {
    descriptors: BTreeSet<String>,
    segments: BTreeSet<String>,
}

impl Traces {
    pub fn now() -> Self {
        Self { descriptors: names("/proc/self/fd"), segments: names("/dev/shm") }
    }
}

fn names(directory: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// Reaps the orphans of a case, which were killed with it. An error if one lives on.
pub fn reap_strays() -> Result<(), String> {
    let all_gone = becomes_true(PATIENCE, || {
        while reap_any().is_some() {}
        !has_children()
    });
    if all_gone { Ok(()) } else { Err(format!("left processes {:?}", children())) }
}

fn children() -> Vec<i32> {
    proc::children(std::process::id().cast_signed())
}

/// Says what is there now and was not before; `None`: nothing.
pub fn left_since(before: &Traces) -> Option<String> {
    if has_children() {
        return Some(format!("processes {:?}", children()));
    }
    let descriptors = Traces::now().descriptors;
    if descriptors.len() != before.descriptors.len() {
        return Some(format!("descriptors {:?} became {descriptors:?}", before.descriptors));
    }
    // Other programs use /dev/shm too. Theirs come and go, or carry the pid of a live process.
    let mut left = BTreeSet::new();
    becomes_true(PATIENCE, || {
        left = &Traces::now().segments - &before.segments;
        left.retain(|name| !belongs_to_the_living(name));
        left.is_empty()
    });
    (!left.is_empty()).then(|| format!("{left:?} in /dev/shm"))
}

fn belongs_to_the_living(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .any(|pid| proc::ProcStat::read(pid).is_ok())
}

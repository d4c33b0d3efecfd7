//! What a lesson needs of a machine, said in its row of the registry, and whether it is there.
//!
//! A row names each need once, with the parts that have it; what a need means, how it is judged and
//! what lacking it costs is the same for all lessons, and stands here. Every lesson needs that an
//! experiment can be run at all: no row says so.

use crate::event::{Found, Lack, Machine, NeedKind, Readiness};

use super::Lesson;

/// Something that a lesson needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// So many CPUs that this process may use; with fewer it runs, and shows less.
    Cpus(u64),
    /// A Python for the peers, and a temporary directory to write them to; without, it runs, and
    /// shows less.
    Python,
    /// So many processes at once; with fewer what needs them cannot run.
    Processes(u64),
    /// So many descriptors in one process; with fewer what needs them cannot run.
    Descriptors(u64),
    /// So many bytes in /dev/shm, which may be written; without, what needs them cannot run.
    SharedMemory(u64),
    /// `/proc/PID/syscall` may be read; where not, it runs, and shows less.
    ProcSyscall,
    /// Connections over 127.0.0.1; without, what needs them cannot run.
    Loopback,
    /// A temporary directory that may be written; without, it runs, and shows less.
    Temporary,
    /// The same, where what needs it cannot run without.
    Directory,
}

/// A lesson's needs: each with the parts that have it, [`CORE`], [`WHOLE`] or names of parts.
pub type Needs = &'static [(Need, &'static [&'static str])];

/// What comes before a lesson's first part.
pub const CORE: &[&str] = &["core"];
/// The whole lesson.
pub const WHOLE: &[&str] = &[];

/// What the lesson will not show on this machine. `found` is what the survey found, and none if it
/// could not be run; `pythons` how many interpreters can be used.
pub fn readiness(
    lesson: &Lesson,
    machine: &Machine,
    found: Option<&Found>,
    pythons: usize,
) -> Readiness {
    let lacks: Vec<Lack> = match found {
        None => vec![Lack {
            need: NeedKind::Experiments,
            wanted: None,
            has: None,
            vital: true,
            parts: Vec::new(),
        }],
        Some(found) => (lesson.needs.iter())
            .filter_map(|(need, parts)| need.lack(machine, found, pythons, parts))
            .collect(),
    };
    Readiness { lesson: lesson.name.to_string(), runs: core_runs(&lacks), lacks }
}

/// Whether a lesson's core can run in spite of what it lacks.
fn core_runs(lacks: &[Lack]) -> bool {
    let hits_core = |lack: &Lack| lack.parts.is_empty() || lack.parts.iter().any(|p| p == CORE[0]);
    !lacks.iter().any(|lack| lack.vital && hits_core(lack))
}

/// The most processes at once that a lesson of `lessons` needs.
pub fn most_processes(lessons: &[&Lesson]) -> u64 {
    let needs = lessons.iter().flat_map(|lesson| lesson.needs);
    let processes = needs.filter_map(|(need, _)| match need {
        Need::Processes(count) => Some(*count),
        _ => None,
    });
    processes.max().unwrap_or(0)
}

/// What there is of something: so much, as much as one could ask for, or none.
struct Supply(Option<u64>, bool);

impl Need {
    /// The lack of it, if it lacks.
    fn lack(
        self,
        machine: &Machine,
        found: &Found,
        pythons: usize,
        parts: &[&str],
    ) -> Option<Lack> {
        let need = match self {
            Need::Python if pythons > 0 => Need::Temporary,
            other => other,
        };
        let Supply(has, enough) = need.supply(machine, found, pythons);
        (!enough).then(|| Lack {
            need: need.kind(),
            wanted: need.wanted(),
            has,
            vital: need.is_vital(),
            parts: parts.iter().map(ToString::to_string).collect(),
        })
    }

    fn supply(self, machine: &Machine, found: &Found, pythons: usize) -> Supply {
        let tried = found.tried.as_ref();
        let counted = |has: Option<u64>, wanted: u64| Supply(has, has.is_none_or(|h| h >= wanted));
        let plain = |works: Option<bool>| Supply(None, works.unwrap_or(true));
        match self {
            Need::Cpus(wanted) => counted(Some(machine.usable.len() as u64), wanted),
            Need::Python => Supply(None, pythons > 0),
            Need::Processes(wanted) => counted(tried.map(|t| t.processes), wanted),
            Need::Descriptors(wanted) => counted(tried.and_then(|t| t.descriptors), wanted),
            Need::SharedMemory(wanted) => {
                let memory = found.place.as_ref().and_then(|place| place.shared_memory);
                let has = memory.filter(|m| m.writable).map_or(0, |m| m.free_bytes);
                counted(Some(has), wanted)
            }
            Need::ProcSyscall => plain(tried.map(|t| t.proc_syscall)),
            Need::Loopback => plain(tried.map(|t| t.loopback)),
            Need::Temporary | Need::Directory => plain(tried.map(|t| t.temporary)),
        }
    }

    fn kind(self) -> NeedKind {
        match self {
            Need::Cpus(_) => NeedKind::Cpus,
            Need::Python => NeedKind::Python,
            Need::Processes(_) => NeedKind::Processes,
            Need::Descriptors(_) => NeedKind::Descriptors,
            Need::SharedMemory(_) => NeedKind::SharedMemory,
            Need::ProcSyscall => NeedKind::ProcSyscall,
            Need::Loopback => NeedKind::Loopback,
            Need::Temporary => NeedKind::Temporary,
            Need::Directory => NeedKind::Directory,
        }
    }

    fn wanted(self) -> Option<u64> {
        match self {
            Need::Cpus(wanted)
            | Need::Processes(wanted)
            | Need::Descriptors(wanted)
            | Need::SharedMemory(wanted) => Some(wanted),
            Need::Python
            | Need::ProcSyscall
            | Need::Loopback
            | Need::Temporary
            | Need::Directory => None,
        }
    }

    /// Whether what has this need cannot run without.
    fn is_vital(self) -> bool {
        match self {
            Need::Cpus(_) | Need::Python | Need::ProcSyscall | Need::Temporary => false,
            Need::Processes(_)
            | Need::Descriptors(_)
            | Need::SharedMemory(_)
            | Need::Loopback
            | Need::Directory => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Place, SharedMemory, Tried};
    use crate::machine;

    /// A machine that has everything, or nothing of it.
    fn found(all: bool) -> Found {
        let number = if all { 1_000 } else { 3 };
        Found {
            place: Some(Place {
                container: None,
                wsl: None,
                memory_bytes: None,
                shared_memory: Some(SharedMemory {
                    size_bytes: 1_000,
                    free_bytes: 1_000,
                    writable: all,
                }),
                limits: Vec::new(),
            }),
            tried: Some(Tried {
                processes_wanted: 1_000,
                processes: number,
                descriptors: Some(number),
                proc_syscall: all,
                loopback: all,
                temporary: all,
            }),
            ..Found::default()
        }
    }

    fn lack(need: Need, all: bool, cpus: usize, pythons: usize, parts: &[&str]) -> Option<Lack> {
        let machine = Machine { usable: (0..cpus).collect(), ..machine::describe() };
        need.lack(&machine, &found(all), pythons, parts)
    }

    #[test]
    fn what_lacks_is_told_with_how_much_of_it_there_is() {
        let cases = [
            (Need::Cpus(2), NeedKind::Cpus, Some(2), Some(1), false),
            (Need::Python, NeedKind::Python, None, None, false),
            (Need::Processes(40), NeedKind::Processes, Some(40), Some(3), true),
            (Need::Descriptors(40), NeedKind::Descriptors, Some(40), Some(3), true),
            (Need::SharedMemory(40), NeedKind::SharedMemory, Some(40), Some(0), true),
            (Need::ProcSyscall, NeedKind::ProcSyscall, None, None, false),
            (Need::Loopback, NeedKind::Loopback, None, None, true),
            (Need::Temporary, NeedKind::Temporary, None, None, false),
        ];
        for (asked, need, wanted, has, vital) in cases {
            let told = lack(asked, false, 1, 0, &["gil"]).unwrap();
            let parts = vec!["gil".to_string()];
            assert_eq!(told, Lack { need, wanted, has, vital, parts });
            assert_eq!(lack(asked, true, 2, 1, &["gil"]), None, "{asked:?}");
        }
    }

    #[test]
    fn a_python_without_a_place_for_its_peer_lacks_the_place() {
        let told = lack(Need::Python, false, 2, 1, CORE).unwrap();
        assert_eq!(told.need, NeedKind::Temporary);
    }

    #[test]
    fn a_lesson_runs_unless_its_core_lacks_what_is_vital() {
        let of = |need, parts| vec![lack(need, false, 1, 0, parts).unwrap()];
        assert!(!core_runs(&of(Need::Loopback, WHOLE)));
        assert!(!core_runs(&of(Need::Loopback, &["named", "core"])));
        assert!(core_runs(&of(Need::Loopback, &["named"])));
        assert!(core_runs(&of(Need::Cpus(2), WHOLE)));
        assert!(core_runs(&[]));
    }
}

//! How many processes and descriptors this process may have: what a crowd of children runs into.
//!
//! Nobody can say beforehand how many more processes there can be, as others come and go. But
//! more than a limit there can never be, so what exceeds one can be refused before anything runs.

use std::fs;
use std::path::Path;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::unistd::Uid;

use super::least_granted;

/// A limit: its name as the shell or the kernel's documentation has it, and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// `ulimit -u`, `pids.max`, `kernel.pid_max` and so on.
    pub name: &'static str,
    /// The most that there may be.
    pub most: u64,
}

/// The limits on processes and threads that there are at once, the tightest first.
///
/// The user's own (setrlimit(2), `RLIMIT_NPROC`; root is exempt), the cgroup's (pids.rst of the
/// kernel's documentation), the kernel's (proc(5), `pid_max` and `threads-max`). One that cannot
/// be read is left out.
pub fn processes() -> Vec<Limit> {
    let own = (!Uid::current().is_root()).then(|| soft(Resource::RLIMIT_NPROC)).flatten();
    let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = least_granted(Path::new("/sys/fs/cgroup"), &membership, "pids", [pids_max; 2]);
    let limits = [
        ("ulimit -u", own),
        ("pids.max", group.map(|most| most as u64)),
        ("kernel.pid_max", number(Path::new("/proc/sys/kernel/pid_max"))),
        ("kernel.threads-max", number(Path::new("/proc/sys/kernel/threads-max"))),
    ];
    let known = limits.into_iter().filter_map(|(name, most)| Some(Limit { name, most: most? }));
    let mut known: Vec<Limit> = known.collect();
    known.sort_by_key(|limit| limit.most);
    known
}

/// The limits that a thread may meet: those on processes, and those on what its stack takes, the
/// process's memory in KiB (setrlimit(2), `RLIMIT_AS`) and its mappings. To whoever asks for a
/// thread they are all one refusal (pthread_create(3), `EAGAIN`).
pub fn threads() -> Vec<Limit> {
    memory_map().into_iter().chain(processes()).chain(mappings()).collect()
}

/// The limit on what a process may have mapped, in KiB as the shell tells it (setrlimit(2),
/// `RLIMIT_AS`).
pub fn memory_map() -> Option<Limit> {
    Some(Limit { name: "ulimit -v", most: soft(Resource::RLIMIT_AS)? / 1024 })
}

/// Bytes of memory that the cgroup grants, the least over it and its ancestors; `None` if none
/// limits it (cgroup-v2.rst, `memory.max`; memory.rst of version 1, `memory.limit_in_bytes`).
pub fn memory_bytes() -> Option<u64> {
    let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    granted_memory(Path::new("/sys/fs/cgroup"), &membership)
}

fn granted_memory(root: &Path, membership: &str) -> Option<u64> {
    // Version 1 has no word for "no limit": the greatest number of whole pages stands there.
    const NO_LIMIT: f64 = (1_u64 << 62) as f64;
    let v2 = |group: &Path| number(&group.join("memory.max")).map(|most| most as f64);
    let v1 = |group: &Path| number(&group.join("memory.limit_in_bytes")).map(|most| most as f64);
    let least = least_granted(root, membership, "memory", [v2, v1]);
    least.filter(|&most| most < NO_LIMIT).map(|most| most as u64)
}

/// The limit on descriptors that this process may have open (setrlimit(2), `RLIMIT_NOFILE`).
pub fn descriptors() -> Option<Limit> {
    Some(Limit { name: "ulimit -n", most: soft(Resource::RLIMIT_NOFILE)? })
}

/// How many descriptors this process has open.
pub fn open_descriptors() -> u64 {
    // One of them reads the list.
    fs::read_dir("/proc/self/fd").map_or(0, |list| list.count().saturating_sub(1) as u64)
}

/// The limit on pieces of memory that a process may have mapped (proc(5), `max_map_count`).
pub fn mappings() -> Option<Limit> {
    let most = number(Path::new("/proc/sys/vm/max_map_count"))?;
    Some(Limit { name: "vm.max_map_count", most })
}

fn soft(resource: Resource) -> Option<u64> {
    let (soft, _) = getrlimit(resource).ok()?;
    (soft != RLIM_INFINITY).then_some(soft)
}

fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// Both versions of cgroups have the file; `max`, which does not parse, is no limit.
fn pids_max(group: &Path) -> Option<f64> {
    number(&group.join("pids.max")).map(|most| most as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tests::fixture;

    #[test]
    fn the_cgroup_s_limit_is_the_least_on_the_way() {
        let root = tempfile::tempdir().unwrap();
        for (group, text) in [("pids/a", "200\n"), ("pids/a/b", "max\n"), ("c", "70\n")] {
            fs::create_dir_all(root.path().join(group)).unwrap();
            fs::write(root.path().join(group).join("pids.max"), text).unwrap();
        }
        let least = |membership| least_granted(root.path(), membership, "pids", [pids_max; 2]);
        assert_eq!(least("8:pids:/a/b\n4:memory:/\n"), Some(200.0));
        assert_eq!(least("0::/c/d\n"), Some(70.0));
        assert_eq!(least("4:memory:/a\n"), None);
    }

    #[test]
    fn memory_is_the_least_of_both_versions_and_no_limit_is_none() {
        let root = fixture(&[
            ("a/memory.max", "1048576\n"),
            ("a/b/memory.max", "max\n"),
            ("memory/box/memory.limit_in_bytes", "4096\n"),
            ("memory/free/memory.limit_in_bytes", "9223372036854771712\n"),
        ]);
        let granted = |membership| granted_memory(root.path(), membership);
        assert_eq!(granted("0::/a/b\n"), Some(1_048_576));
        assert_eq!(granted("4:memory:/box\n"), Some(4096));
        assert_eq!(granted("4:memory:/free\n"), None);
        assert_eq!(granted("0::/c\n"), None);
    }

    #[test]
    fn the_tightest_limit_comes_first() {
        let limits = processes();
        assert!(limits.is_sorted_by_key(|limit| limit.most), "{limits:?}");
        assert!(limits.iter().any(|limit| limit.name == "kernel.pid_max"), "{limits:?}");
    }
}

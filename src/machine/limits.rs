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
    let memory =
        soft(Resource::RLIMIT_AS).map(|most| Limit { name: "ulimit -v", most: most / 1024 });
    memory.into_iter().chain(processes()).chain(mappings()).collect()
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
    fn the_tightest_limit_comes_first() {
        let limits = processes();
        assert!(limits.is_sorted_by_key(|limit| limit.most), "{limits:?}");
        assert!(limits.iter().any(|limit| limit.name == "kernel.pid_max"), "{limits:?}");
    }
}

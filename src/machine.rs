//! What this machine is: the CPUs that this process may use, how busy they are, and what is around.
//!
//! The number of CPUs that counts for an experiment is not the machine's: the
//! affinity mask (sched_setaffinity(2), `taskset`, cpusets of a container) says
//! which may be used, the quota of a cgroup how much of them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::event::{Limit, Machine, Place};
use crate::mp::sys;

pub mod clock;
pub mod limits;
mod shared_memory;
mod surroundings;

/// Describes this machine, as this process may use it.
///
/// What cannot be read is left out: a machine without /proc or cgroups is told as
/// what is known of it, and who needs more says so.
pub fn describe() -> Machine {
    let usable = sys::affinity().unwrap_or_else(|_| vec![0]);
    let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let quota_cpus = quota(Path::new("/sys/fs/cgroup"), &membership);
    let granted = quota_cpus.map_or(usize::MAX, |q| q.ceil().max(1.0) as usize);
    Machine {
        cpus: usable.len().min(granted),
        usable,
        logical_cpus: logical_cpus(),
        quota_cpus,
        load_1m: load(),
        arch: std::env::consts::ARCH.to_string(),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .map_or_else(|_| "unknown".to_string(), |text| text.trim().to_string()),
    }
}

/// Describes what is around this process: what can be read, without trying anything.
pub fn place() -> Place {
    let root = Path::new("/");
    let known = limits::processes().into_iter().chain(limits::descriptors());
    let known = known.chain(limits::memory_map()).chain(limits::mappings());
    Place {
        container: surroundings::container(root),
        wsl: surroundings::wsl(root),
        memory_bytes: limits::memory_bytes(),
        shared_memory: shared_memory::at(Path::new("/dev/shm")),
        limits: known.map(|l| Limit { name: l.name.to_string(), most: l.most }).collect(),
    }
}

/// Python's `os.cpu_count()`: the CPUs that are online.
fn logical_cpus() -> usize {
    let online = nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN);
    online.ok().flatten().and_then(|n| usize::try_from(n).ok()).unwrap_or(1)
}

fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// CPUs' worth of time that the cgroup below `root` grants, the least over it and
/// its ancestors; `None` if none limits it. `membership` is /proc/self/cgroup.
///
/// Version 2 has `cpu.max`, version 1 `cpu.cfs_quota_us` and `cpu.cfs_period_us`. See
/// cgroup-v2.rst and sched-bwc.rst of the kernel's documentation.
fn quota(root: &Path, membership: &str) -> Option<f64> {
    least_granted(root, membership, "cpu", [quota_v2, quota_v1])
}

/// The least that a controller grants a process, over its cgroup and the ancestors of that.
///
/// Both layouts are read, each with a function of its own: version 2 (one line `0::/path`)
/// and version 1 (a line `4:cpu,cpuacct:/path`, below the mount of that controller).
fn least_granted(
    root: &Path,
    membership: &str,
    controller: &str,
    [v2, v1]: [fn(&Path) -> Option<f64>; 2],
) -> Option<f64> {
    let mut least: Option<f64> = None;
    for line in membership.lines() {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next(), fields.next(), fields.next());
        let (Some(controllers), Some(path)) = (controllers, path) else {
            continue;
        };
        let found = match controllers {
            "" => least_on_the_way(root, path, v2),
            list if list.split(',').any(|name| name == controller) => {
                let mount = [list, controller].map(|name| root.join(name));
                let mount = mount.into_iter().find(|m| m.is_dir())?;
                least_on_the_way(&mount, path, v1)
            }
            _ => None,
        };
        least = match (least, found) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    least
}

fn least_on_the_way(mount: &Path, path: &str, read: fn(&Path) -> Option<f64>) -> Option<f64> {
    let mut at: PathBuf = mount.join(path.trim_start_matches('/'));
    let mut least: Option<f64> = None;
    loop {
        if let Some(here) = read(&at) {
            least = Some(least.map_or(here, |l| l.min(here)));
        }
        if at == mount || !at.pop() {
            return least;
        }
    }
}

fn quota_v2(group: &Path) -> Option<f64> {
    let text = fs::read_to_string(group.join("cpu.max")).ok()?;
    let (quota, period) = text.trim().split_once(' ')?;
    cpus(quota.parse().ok()?, period.parse().ok()?)
}

fn quota_v1(group: &Path) -> Option<f64> {
    let number = |name: &str| -> Option<f64> {
        fs::read_to_string(group.join(name)).ok()?.trim().parse().ok()
    };
    cpus(number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?)
}

/// A quota of −1 (version 1) or `max` (version 2, which does not parse) is no limit.
fn cpus(quota: f64, period: f64) -> Option<f64> {
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file system of these files.
    pub fn fixture(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn version_2_takes_the_least_of_the_group_and_its_ancestors() {
        let root = fixture(&[("a/cpu.max", "150000 100000\n"), ("a/b/cpu.max", "max 100000\n")]);
        assert_eq!(quota(root.path(), "0::/a/b\n"), Some(1.5));
        assert_eq!(quota(root.path(), "0::/c\n"), None);
    }

    #[test]
    fn version_1_reads_below_the_mount_of_the_cpu_controller() {
        let root = fixture(&[
            ("cpu,cpuacct/box/cpu.cfs_quota_us", "50000\n"),
            ("cpu,cpuacct/box/cpu.cfs_period_us", "100000\n"),
        ]);
        let membership = "4:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/\n";
        assert_eq!(quota(root.path(), membership), Some(0.5));
    }

    #[test]
    fn no_limit_is_no_quota() {
        let root =
            fixture(&[("cpu/cpu.cfs_quota_us", "-1\n"), ("cpu/cpu.cfs_period_us", "100000\n")]);
        assert_eq!(quota(root.path(), "1:cpu:/\n"), None);
        assert_eq!(quota(root.path(), ""), None);
        assert_eq!(quota(root.path(), "garbage\n::\n"), None);
    }

    #[test]
    fn this_machine_has_a_cpu() {
        let machine = describe();
        assert!(machine.cpus >= 1 && machine.cpus <= machine.usable.len());
        assert!(machine.usable.len() <= machine.logical_cpus.max(machine.usable.len()));
    }
}

//! Where this process runs: in a container, under WSL, or neither.
//!
//! Nobody has to say so, and there is no call that tells; there are signs. They are those that
//! systemd-detect-virt looks for (systemd, src/basic/virt.c, `detect_container`), and the names in
//! the path of the cgroup, which an older container without a cgroup namespace shows.

use std::fs;
use std::path::Path;

/// The container that the file system below `root` belongs to, by the name of its manager;
/// `unknown` for one that does not say; `None` without any sign of one.
pub fn container(root: &Path) -> Option<String> {
    let said = ["run/host/container-manager", "run/systemd/container"];
    let said = said.iter().find_map(|file| fs::read_to_string(root.join(file)).ok());
    if let Some(name) = said.map(|text| text.trim().to_string()) {
        return Some(if name.is_empty() { "unknown".to_string() } else { name });
    }
    let marks = [("run/.containerenv", "podman"), (".dockerenv", "docker")];
    if let Some((_, name)) = marks.iter().find(|(file, _)| root.join(file).exists()) {
        return Some(name.to_string());
    }
    if root.join("proc/vz").exists() && !root.join("proc/bc").exists() {
        return Some("openvz".to_string());
    }
    first_process_says(root).or_else(|| cgroup_says(root))
}

/// The variable `container` in the environment of process 1, which managers set there
/// (systemd's Container Interface); readable for that process's user alone.
fn first_process_says(root: &Path) -> Option<String> {
    let environment = fs::read(root.join("proc/1/environ")).ok()?;
    let mut variables = environment.split(|&byte| byte == 0);
    let value = variables.find_map(|variable| variable.strip_prefix(b"container="))?;
    let name = String::from_utf8_lossy(value).trim().to_string();
    Some(if name.is_empty() { "unknown".to_string() } else { name })
}

fn cgroup_says(root: &Path) -> Option<String> {
    const SIGNS: [(&str, &str); 5] = [
        ("kubepods", "kubernetes"),
        ("libpod", "podman"),
        ("docker", "docker"),
        ("lxc", "lxc"),
        ("machine.slice/machine-", "systemd-nspawn"),
    ];
    let membership = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let sign = SIGNS.iter().find(|(sign, _)| membership.contains(sign))?;
    Some(sign.1.to_string())
}

/// The version of the Windows Subsystem for Linux that the file system below `root` runs under, by
/// the kernel's release: `4.4.0-19041-Microsoft` is 1, `5.15.90.1-microsoft-standard-WSL2` is 2.
pub fn wsl(root: &Path) -> Option<u8> {
    let release = fs::read_to_string(root.join("proc/sys/kernel/osrelease")).ok()?;
    match release {
        of_2 if of_2.contains("WSL2") || of_2.contains("microsoft-standard") => Some(2),
        of_1 if of_1.contains("Microsoft") || of_1.contains("WSL") => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tests::fixture;

    #[test]
    fn each_sign_of_a_container_is_seen() {
        let cases: [(&str, &str, Option<&str>); 9] = [
            (".dockerenv", "", Some("docker")),
            ("run/.containerenv", "engine=\"podman\"\n", Some("podman")),
            ("run/systemd/container", "systemd-nspawn\n", Some("systemd-nspawn")),
            ("run/host/container-manager", "flatpak\n", Some("flatpak")),
            ("proc/1/environ", "PATH=/bin\0container=lxc\0", Some("lxc")),
            ("proc/1/environ", "PATH=/bin\0mycontainer=lxc\0", None),
            ("proc/self/cgroup", "4:pids:/kubepods/burstable/pod1/2\n", Some("kubernetes")),
            ("proc/self/cgroup", "0::/system.slice/docker-1a2b.scope\n", Some("docker")),
            ("proc/self/cgroup", "0::/user.slice\n", None),
        ];
        for (path, text, expected) in cases {
            let root = fixture(&[(path, text)]);
            assert_eq!(container(root.path()).as_deref(), expected, "{path}: {text}");
        }
    }

    #[test]
    fn a_container_that_does_not_give_its_name_is_one_all_the_same() {
        let root = fixture(&[("run/systemd/container", "\n"), (".dockerenv", "")]);
        assert_eq!(container(root.path()).as_deref(), Some("unknown"));
    }

    #[test]
    fn the_kernel_s_release_tells_of_wsl() {
        let cases = [
            ("4.4.0-19041-Microsoft\n", Some(1)),
            ("5.15.90.1-microsoft-standard-WSL2\n", Some(2)),
            ("4.19.128-microsoft-standard\n", Some(2)),
            ("6.1.0-18-amd64\n", None),
        ];
        for (release, expected) in cases {
            let root = fixture(&[("proc/sys/kernel/osrelease", release)]);
            assert_eq!(wsl(root.path()), expected, "{release}");
        }
    }
}

//! What the kernel tells of another process in /proc/PID (proc(5)): its state, its CPU time, the
//! system call it sits in. All of it may be old when it is read, and the process may be gone: that is
//! an answer here ([`ProcError::Gone`]) and no surprise.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::sys;

mod deadlock;
mod descriptors;
pub use deadlock::{Evidence, Stuck, find_deadlock};
pub use descriptors::{Descriptor, descriptors};

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ProcError {
    /// There is no such process (any more).
    #[error("process {pid} is gone")]
    Gone {
        /// Its pid.
        pid: i32,
    },
    /// This process may not look at that one (`EPERM`, `EACCES`): another user's, a container's
    /// seccomp, or /proc/sys/kernel/yama/ptrace_scope.
    #[error(
        "/proc/{pid}/{file} may not be read by this process: look as the same user or as root, or \
         where ptrace is allowed"
    )]
    Denied {
        /// The pid that was asked about.
        pid: i32,
        /// The file below /proc/PID.
        file: String,
    },
    /// Any other answer, a form that is not known included.
    #[error("cannot read /proc/{pid}/{file}: {source}")]
    Unreadable {
        /// The pid that was asked about.
        pid: i32,
        /// The file below /proc/PID.
        file: String,
        /// What the kernel answered.
        source: io::Error,
    },
}

impl ProcError {
    fn new(pid: i32, file: &str, source: io::Error) -> Self {
        match source.raw_os_error() {
            // ESRCH: it went away between open and read.
            Some(libc::ENOENT | libc::ESRCH) => Self::Gone { pid },
            Some(libc::EPERM | libc::EACCES) => Self::Denied { pid, file: file.to_owned() },
            _ => Self::Unreadable { pid, file: file.to_owned(), source },
        }
    }

    fn malformed(pid: i32, file: &str) -> Self {
        let source = io::Error::new(io::ErrorKind::InvalidData, "its form is not the known one");
        Self::Unreadable { pid, file: file.to_owned(), source }
    }
}

fn path(pid: i32, file: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{file}"))
}

fn read(pid: i32, file: &str) -> Result<String, ProcError> {
    let bytes = std::fs::read(path(pid, file)).map_err(|e| ProcError::new(pid, file, e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A part of /proc/PID/stat (proc_pid_stat(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcStat {
    /// `R` running or ready, `S` asleep, `D` asleep and not to be woken by signals, `T` stopped,
    /// `Z` zombie: ended and not yet reaped.
    pub state: char,
    /// Its parent's pid.
    pub ppid: i32,
    /// Its process group.
    pub pgrp: i32,
    /// CPU time of all its threads, own code and kernel, in whole clock ticks (of 10 ms, mostly).
    pub cpu_time: Duration,
    /// How many threads it has.
    pub num_threads: u32,
    /// When it started, in clock ticks since boot: with the pid, a name that no other process gets.
    pub start_ticks: u64,
    /// The CPU on which it ran last.
    pub cpu: usize,
}

impl ProcStat {
    /// Reads it.
    ///
    /// # Errors
    /// [`ProcError`]. Anybody may read this file, so `Denied` is not to be expected.
    pub fn read(pid: i32) -> Result<Self, ProcError> {
        let text = read(pid, "stat")?;
        Self::parse(&text).ok_or_else(|| ProcError::malformed(pid, "stat"))
    }

    fn parse(text: &str) -> Option<Self> {
        // The name, in parentheses, may hold blanks and parentheses; the last one closes it. Then
        // the fields are counted from 3.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).copied();
        let number = |n: usize| field(n)?.parse::<u64>().ok();
        Some(Self {
            state: field(3)?.chars().next()?,
            ppid: field(4)?.parse().ok()?,
            pgrp: field(5)?.parse().ok()?,
            cpu_time: ticks(number(14)? + number(15)?),
            num_threads: number(20)?.try_into().ok()?,
            start_ticks: number(22)?,
            cpu: number(39)?.try_into().ok()?,
        })
    }
}

fn ticks(count: u64) -> Duration {
    Duration::from_secs(count) / sys::ticks_per_second()
}

/// The CPU time a process has used: to the nanosecond for the threads it has now, from
/// /proc/PID/task/TID/schedstat; in whole ticks where the kernel counts no finer.
///
/// # Errors
/// [`ProcError`].
pub fn cpu_time(pid: i32) -> Result<Duration, ProcError> {
    let coarse = ProcStat::read(pid)?.cpu_time;
    let nanoseconds: u64 = numbered(&path(pid, "task"))
        .filter_map(|tid| read(pid, &format!("task/{tid}/schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    Ok(if nanoseconds > 0 { Duration::from_nanos(nanoseconds) } else { coarse })
}

/// The entries of a directory that are numbers. Empty if it cannot be read.
fn numbered(directory: &std::path::Path) -> impl Iterator<Item = i32> {
    std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The system call in which a process sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyscallNow {
    /// Its number on this processor.
    pub nr: i64,
    /// Its six arguments, used or not.
    pub args: [u64; 6],
}

impl SyscallNow {
    /// Its name, for those that a stuck process is likely to sit in.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        syscall_name(self.nr)
    }
}

/// The system call in which the first thread of `pid` sits now; `None` if it runs, or sits outside
/// of one. From /proc/PID/syscall.
///
/// # Errors
/// [`ProcError::Denied`] where ptrace of that process is not allowed, and the other kinds.
pub fn syscall(pid: i32) -> Result<Option<SyscallNow>, ProcError> {
    let text = read(pid, "syscall")?;
    let mut words = text.split_whitespace();
    let nr = match words.next() {
        Some("running" | "-1") => return Ok(None),
        Some(word) => word.parse().ok(),
        None => None,
    };
    let mut args = [0; 6];
    for arg in &mut args {
        let hex = words.next().and_then(|word| word.strip_prefix("0x"));
        let value = hex.and_then(|hex| u64::from_str_radix(hex, 16).ok());
        *arg = value.ok_or_else(|| ProcError::malformed(pid, "syscall"))?;
    }
    nr.map(|nr| Some(SyscallNow { nr, args })).ok_or_else(|| ProcError::malformed(pid, "syscall"))
}

/// The name of a system call, by its number on this processor, for those that a process of ours may
/// sit in.
#[must_use]
pub fn syscall_name(nr: i64) -> Option<&'static str> {
    Some(match nr {
        libc::SYS_futex => "futex",
        libc::SYS_read => "read",
        libc::SYS_readv => "readv",
        libc::SYS_write => "write",
        libc::SYS_writev => "writev",
        libc::SYS_sendto => "sendto",
        libc::SYS_sendmsg => "sendmsg",
        libc::SYS_recvfrom => "recvfrom",
        libc::SYS_recvmsg => "recvmsg",
        libc::SYS_accept => "accept",
        libc::SYS_accept4 => "accept4",
        libc::SYS_connect => "connect",
        libc::SYS_ppoll => "ppoll",
        libc::SYS_pselect6 => "pselect6",
        libc::SYS_epoll_pwait => "epoll_pwait",
        libc::SYS_wait4 => "wait4",
        libc::SYS_waitid => "waitid",
        libc::SYS_nanosleep => "nanosleep",
        libc::SYS_clock_nanosleep => "clock_nanosleep",
        libc::SYS_flock => "flock",
        libc::SYS_rt_sigtimedwait => "rt_sigtimedwait",
        libc::SYS_rt_sigsuspend => "rt_sigsuspend",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll => "poll",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_select => "select",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait => "epoll_wait",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_pause => "pause",
        _ => return None,
    })
}

/// The kernel function in which a process sleeps, such as `futex_wait_queue` or `pipe_read`; `None`
/// if it runs, or the kernel does not say.
///
/// # Errors
/// [`ProcError`].
pub fn wchan(pid: i32) -> Result<Option<String>, ProcError> {
    let name = read(pid, "wchan")?;
    let name = name.trim();
    Ok((!name.is_empty() && name != "0").then(|| name.to_owned()))
}

/// The children of a process, zombies included, ascending.
#[must_use]
pub fn children(pid: i32) -> Vec<i32> {
    children_in(&parents(), pid)
}

/// The children of a process, their children, and so on: each after its parent.
#[must_use]
pub fn descendants(pid: i32) -> Vec<i32> {
    let parents = parents();
    let mut found = children_in(&parents, pid);
    let mut looked_at = 0;
    while let Some(&next) = found.get(looked_at) {
        found.extend(children_in(&parents, next));
        looked_at += 1;
    }
    found
}

/// (pid, parent's pid) of every process there is. /proc/PID/task/TID/children would be quicker, but
/// not every kernel has it.
fn parents() -> Vec<(i32, i32)> {
    let mut parents: Vec<_> = numbered("/proc".as_ref())
        .filter_map(|pid| Some((pid, ProcStat::read(pid).ok()?.ppid)))
        .collect();
    parents.sort_unstable();
    parents
}

fn children_in(parents: &[(i32, i32)], pid: i32) -> Vec<i32> {
    parents.iter().filter(|&&(_, parent)| parent == pid).map(|&(child, _)| child).collect()
}

/// What a descriptor of a process stands for, as the kernel names it: a path, or `pipe:[INODE]`,
/// `socket:[INODE]`; the same inode in two processes is the same pipe.
///
/// # Errors
/// [`ProcError`]; [`ProcError::Gone`] also if the process has no such descriptor.
pub fn fd_target(pid: i32, fd: i32) -> Result<String, ProcError> {
    let file = format!("fd/{fd}");
    let target = std::fs::read_link(path(pid, &file)).map_err(|e| ProcError::new(pid, &file, e))?;
    Ok(target.to_string_lossy().into_owned())
}

/// The memory a process has written or shares without a file, in bytes, each page divided by the
/// number of processes that share it (the proportional set size, from smaps_rollup).
///
/// Pages of files are left out: those of a program belong to all who run it at that moment, so one
/// who ends elsewhere would change what is measured here.
///
/// # Errors
/// [`ProcError`].
pub fn pss_bytes(pid: i32) -> Result<u64, ProcError> {
    const FILE: &str = "smaps_rollup";
    let text = read(pid, FILE)?;
    let kib = |name| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix("kB"));
        let value = value.and_then(|value| value.trim().parse::<u64>().ok());
        value.ok_or_else(|| ProcError::malformed(pid, FILE))
    };
    Ok((kib("Pss_Anon:")? + kib("Pss_Shmem:")?) * 1024)
}

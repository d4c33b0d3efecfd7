//! Why a `Process` could not do what was asked, and what to do about it.

use std::io;

use crate::mp::sys::MapError;

/// Why a [`Process`](super::Process) could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Another process than the creator called `start`, `join` or the like. A forked child has a
    /// copy of the `Process`, but the process it stands for is not a child of *that* process.
    #[error(
        "process `{name}` belongs to process {creator}, which made it, and this is process {here}: \
         only its creator may {verb} it; pass a message to the creator instead"
    )]
    NotCreator {
        /// The process's name.
        name: String,
        /// What was tried.
        verb: &'static str,
        /// Pid of the process that made it.
        creator: i32,
        /// Pid of the process that called.
        here: i32,
    },
    /// `start` a second time.
    #[error("process `{name}` was started before, and a process starts once: make a new one")]
    AlreadyStarted {
        /// The process's name.
        name: String,
    },
    /// `join`, `terminate` or the like before `start`.
    #[error("process `{name}` was never started: start it before you {verb} it")]
    NotStarted {
        /// The process's name.
        name: String,
        /// What was tried.
        verb: &'static str,
    },
    /// Pinned to a CPU that its creator may not use.
    #[error("process `{name}` cannot be pinned to CPU {cpu}: this process may use {allowed:?}")]
    CpuNotAllowed {
        /// The process's name.
        name: String,
        /// The CPU asked for.
        cpu: usize,
        /// The CPUs that its creator may use.
        allowed: Vec<usize>,
    },
    /// The limit on processes is reached (`EAGAIN` from fork).
    #[error(
        "cannot start process `{name}`: the limit on processes is reached (ulimit -u, or pids.max \
         of the container); end some, start fewer at once, or raise the limit"
    )]
    TooManyProcesses {
        /// The process's name.
        name: String,
    },
    /// The limit on open descriptors is reached (`EMFILE`, `ENFILE` from pidfd_open). The child
    /// that was already forked has been killed and reaped.
    #[error(
        "cannot start process `{name}`: each needs a descriptor, and the limit on open ones is \
         reached (ulimit -n); join some, start fewer at once, or raise the limit"
    )]
    TooManyDescriptors {
        /// The process's name.
        name: String,
    },
    /// The kernel or the container has no pidfd_open. The child that was already forked has been
    /// killed and reaped.
    #[error(
        "cannot start process `{name}`: its end cannot be watched here (pidfd_open: {source}); use \
         Linux 5.3 or later, or a container whose seccomp profile allows it"
    )]
    NoPidfd {
        /// The process's name.
        name: String,
        /// What the kernel answered.
        source: io::Error,
    },
    /// No memory for the page that takes the text of a panic.
    #[error("cannot start process `{name}`: {source}")]
    Memory {
        /// The process's name.
        name: String,
        /// What the kernel answered.
        source: MapError,
    },
    /// The arguments of a spawned function could not be turned into bytes.
    #[error("cannot turn the arguments of `{function}` for process `{name}` into bytes: {source}")]
    Arguments {
        /// The process's name.
        name: String,
        /// The function's name.
        function: String,
        /// What the encoder found.
        source: postcard::Error,
    },
    /// Somebody else reaped the child (`ECHILD` from wait4), so how it ended is not known here.
    #[error(
        "process `{name}` (pid {pid}) was reaped by other code of this process: how it ended is \
         not known here; reap with Process::join or with reap_any, not with both"
    )]
    ReapedElsewhere {
        /// The process's name.
        name: String,
        /// Its pid.
        pid: i32,
    },
    /// Any other answer of the operating system.
    #[error("cannot {verb} process `{name}`: {source}")]
    Os {
        /// The process's name.
        name: String,
        /// What was tried.
        verb: &'static str,
        /// What the kernel answered.
        source: io::Error,
    },
}

impl ProcessError {
    pub(super) fn of_fork(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.raw_os_error() {
            Some(libc::EAGAIN) => Self::TooManyProcesses { name },
            _ => Self::os(&name, "start", source),
        }
    }

    pub(super) fn of_pidfd(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => Self::TooManyDescriptors { name },
            Some(libc::ENOSYS | libc::EPERM) => Self::NoPidfd { name, source },
            _ => Self::os(&name, "start", source),
        }
    }

    pub(super) fn of_memory_file(name: &str, source: io::Error) -> Self {
        match source.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => Self::TooManyDescriptors { name: name.to_owned() },
            _ => Self::os(name, "start", source),
        }
    }

    pub(super) fn of_wait(name: &str, pid: i32, verb: &'static str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.raw_os_error() {
            Some(libc::ECHILD) => Self::ReapedElsewhere { name, pid },
            _ => Self::os(&name, verb, source),
        }
    }

    pub(super) fn os(name: &str, verb: &'static str, source: io::Error) -> Self {
        let name = name.to_owned();
        Self::Os { name, verb, source }
    }
}

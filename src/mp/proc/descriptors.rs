//! The open descriptors of a process: what each stands for, and what it is good for.

use super::{ProcError, ProcStat, fd_target, numbered, path, read};

/// An open descriptor of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number in that process.
    pub fd: i32,
    /// What it stands for, as in [`fd_target`].
    pub target: String,
    /// Whether it can be read from.
    pub reads: bool,
    /// Whether it can be written to.
    pub writes: bool,
}

/// The open descriptors of a process, ascending, from /proc/PID/fd and fdinfo (proc(5)). One that is
/// closed while it is looked at is left out; a process that has ended and waits to be reaped has none.
///
/// So it is found who keeps a pipe open: the end of file comes only when no process has a descriptor
/// for it any more that [writes](Descriptor::writes).
///
/// # Errors
/// [`ProcError`]; `Denied` for another user's process.
pub fn descriptors(pid: i32) -> Result<Vec<Descriptor>, ProcError> {
    match look(pid) {
        // Of a zombie, which has no memory to ask whose it is, the kernel lets nobody but root look.
        Err(ProcError::Denied { .. }) if ProcStat::read(pid)?.state == 'Z' => Ok(Vec::new()),
        found => found,
    }
}

fn look(pid: i32) -> Result<Vec<Descriptor>, ProcError> {
    let directory = path(pid, "fd");
    std::fs::read_dir(&directory).map_err(|error| ProcError::new(pid, "fd", error))?;
    let mut numbers: Vec<i32> = numbered(&directory).collect();
    numbers.sort_unstable();
    let mut found = Vec::with_capacity(numbers.len());
    for fd in numbers {
        match descriptor(pid, fd) {
            Ok(descriptor) => found.push(descriptor),
            Err(ProcError::Gone { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn descriptor(pid: i32, fd: i32) -> Result<Descriptor, ProcError> {
    let target = fd_target(pid, fd)?;
    let file = format!("fdinfo/{fd}");
    let flags = flags(&read(pid, &file)?).ok_or_else(|| ProcError::malformed(pid, &file))?;
    let mode = flags & libc::O_ACCMODE;
    Ok(Descriptor { fd, target, reads: mode != libc::O_WRONLY, writes: mode != libc::O_RDONLY })
}

/// The flags it was opened with, as open(2) takes them.
fn flags(fdinfo: &str) -> Option<i32> {
    let octal = fdinfo.lines().find_map(|line| line.strip_prefix("flags:"))?;
    i32::from_str_radix(octal.trim(), 8).ok()
}

#[cfg(test)]
mod tests {
    use super::flags;

    #[test]
    fn flags_are_octal() {
        assert_eq!(flags("pos:\t0\nflags:\t02000001\nmnt_id:\t15\n"), Some(0o2_000_001));
        assert_eq!(flags("pos:\t0\n"), None);
    }
}

//! What a process needs that looks after other people's children: to inherit the orphans among
//! them, to reap whoever ends, to signal a whole group, and to make them die with their parent.

use std::io;
use std::time::Duration;

use super::process::Exit;
use super::{proc, sys};

/// Makes this process the new parent of every descendant whose own parent ends (prctl(2),
/// `PR_SET_CHILD_SUBREAPER`): strays come here, where [`reap_any`] finds them, and not to init. Not
/// inherited by fork, kept over exec.
///
/// # Errors
/// None is known on Linux 3.4 and later.
pub fn become_subreaper() -> io::Result<()> {
    Ok(nix::sys::prctl::set_child_subreaper(true)?)
}

/// Asks to be sent `signal` when the *thread* that forked this process ends (prctl(2),
/// `PR_SET_PDEATHSIG`), and then looks whether `expected_parent` is still the parent: one that ended
/// before the call sends nothing. `false`: it has ended, and the caller should end too.
///
/// Not inherited by fork, kept over exec (not into a set-user-ID program).
///
/// # Errors
/// `EINVAL` if there is no such signal.
pub fn set_death_signal(signal: i32, expected_parent: i32) -> io::Result<bool> {
    sys::prctl_death_signal(signal)?;
    Ok(nix::unistd::getppid().as_raw() == expected_parent)
}

/// Makes this process the leader of a new process group, with its own pid as the group's number
/// (setpgid(2)), so that it and its children can be signalled together by [`kill_group`].
///
/// # Errors
/// `EPERM` if it leads a session.
pub fn new_process_group() -> io::Result<()> {
    let this = nix::unistd::Pid::from_raw(0);
    Ok(nix::unistd::setpgid(this, this)?)
}

/// Sends `signal` to every process of the group. `false`: the group has no process (any more).
///
/// # Errors
/// `InvalidInput` for a group below 2, which kill(2) would take for "my own group", "everybody" or
/// init's; `EINVAL` for no such signal; `EPERM` if none of them may be signalled.
pub fn kill_group(group: i32, signal: i32) -> io::Result<bool> {
    if group < 2 {
        let text = format!("{group} is not the number of a process group that may be signalled");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    match sys::kill_group(group, signal) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
        answer => answer.map(|()| true),
    }
}

/// Reaps one child that has ended, whichever it is, adopted ones included, without waiting: its pid
/// and how it ended. `None`: none has ended, or there is none; [`has_children`] tells the two apart.
///
/// Not for a process that also joins its children by [`Process`](super::Process): that one would
/// find its child reaped.
#[must_use]
pub fn reap_any() -> Option<(i32, Exit)> {
    let reaped = sys::wait4(-1, libc::WNOHANG).ok().flatten()?;
    Some((reaped.pid, Exit::from_status(reaped.status)))
}

/// Whether this process has any child that was not reaped, running or ended.
#[must_use]
pub fn has_children() -> bool {
    sys::has_children()
}

/// Kills and reaps the children of this process until there is none but `spared`, or
/// `bound` is over. Each that is reaped is told to `on_reaped`.
///
/// What a killed child leaves behind comes here in turn, if this process is a
/// subreaper. `spared` are children that somebody else started: a process may get
/// some with its own start (`sleep 9 & exec us`).
pub fn kill_children(spared: &[i32], bound: Duration, mut on_reaped: impl FnMut(i32, Exit)) {
    let this = std::process::id() as i32;
    let deadline = sys::Deadline::after(bound);
    loop {
        let children: Vec<i32> =
            proc::children(this).into_iter().filter(|pid| !spared.contains(pid)).collect();
        if children.is_empty() || deadline.is_over() {
            return;
        }
        for &pid in &children {
            // A pid that is our child's cannot have become another's: it is not reaped yet.
            let _ = sys::kill(pid, libc::SIGKILL);
        }
        for &pid in &children {
            if let Ok(Some(reaped)) = sys::wait4(pid, libc::WNOHANG) {
                on_reaped(pid, Exit::from_status(reaped.status));
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

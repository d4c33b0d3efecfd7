//! The deadlock finder: it looks twice, instead of waiting long enough.

use std::time::Duration;

use super::{ProcError, ProcStat, SyscallNow, cpu_time, syscall, wchan};
use crate::mp::sys::Deadline;

/// How far two looks are apart. Longer than any sleep between two looks of a bounded wait.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// CPU time below which a process did nothing between two looks but wake, look and sleep again.
const IDLE: Duration = Duration::from_millis(1);

/// A process that waits, in a deadlock, for something that none of the others will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// Its pid.
    pub pid: i32,
    /// The call it sits in. For a [`Lock`](crate::mp::Lock) that is a futex call whose first
    /// argument is the lock's [`address`](crate::mp::Lock::address).
    pub syscall: Option<SyscallNow>,
    /// The kernel function it sleeps in.
    pub wchan: Option<String>,
    /// Its state, as in [`ProcStat::state`].
    pub state: char,
    /// What the finding rests on.
    pub by: Evidence,
}

/// What [`find_deadlock`] could look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The same call on the same address, at both looks.
    Syscall,
    /// /proc/PID/syscall may not be read here, so only: asleep in the same kernel function at both
    /// looks. Weaker: a process that gets messages and takes them quickly can look so too.
    Wchan,
}

/// Looks whether the processes `pids` wait for one another: every one that has not ended is in the
/// same system call on the same address (or descriptor) at two looks 100 ms apart, with under 1 ms
/// of CPU time between. Bounded waits wake now and then, so a pair of looks may miss a deadlock: it
/// looks again until `bound` is over, and at least once.
///
/// `pids` must be all who could end the wait of one of them, the caller left out: whoever is not
/// named is taken to do nothing. A process that has ended does nothing, so it is left out; one that
/// sleeps for a set time will go on by itself, so nobody is stuck while one does.
///
/// `None`: no deadlock was seen, or all have ended.
///
/// # Errors
/// Of [`ProcError`] all but `Gone`, and not `Denied` for /proc/PID/syscall.
pub fn find_deadlock(pids: &[i32], bound: Duration) -> Result<Option<Vec<Stuck>>, ProcError> {
    let deadline = Deadline::after(bound);
    let mut before = look_at_all(pids)?;
    loop {
        std::thread::sleep(BETWEEN_LOOKS);
        let now = look_at_all(pids)?;
        let stuck = !now.is_empty()
            && before.len() == now.len()
            && before.iter().zip(&now).all(|(before, now)| now.is_stuck_since(before));
        if stuck {
            return Ok(Some(now.into_iter().map(|look| look.seen).collect()));
        }
        if deadline.is_over() || now.is_empty() {
            return Ok(None);
        }
        before = now;
    }
}

struct Look {
    seen: Stuck,
    cpu_time: Duration,
}

/// One look at each process that has not ended.
fn look_at_all(pids: &[i32]) -> Result<Vec<Look>, ProcError> {
    let mut looks = Vec::with_capacity(pids.len());
    for &pid in pids {
        match look_at(pid) {
            Ok(look) if matches!(look.seen.state, 'Z' | 'X') => {}
            Ok(look) => looks.push(look),
            Err(ProcError::Gone { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(looks)
}

fn look_at(pid: i32) -> Result<Look, ProcError> {
    let (syscall, by) = match syscall(pid) {
        Ok(syscall) => (syscall, Evidence::Syscall),
        Err(ProcError::Denied { .. }) => (None, Evidence::Wchan),
        Err(error) => return Err(error),
    };
    let wchan = wchan(pid).ok().flatten();
    let cpu_time = cpu_time(pid)?;
    let state = ProcStat::read(pid)?.state;
    Ok(Look { seen: Stuck { pid, syscall, wchan, state, by }, cpu_time })
}

impl Look {
    fn is_stuck_since(&self, before: &Self) -> bool {
        self.seen.pid == before.seen.pid
            && self.cpu_time.saturating_sub(before.cpu_time) < IDLE
            && match self.seen.by {
                Evidence::Syscall => self.same_call(before),
                Evidence::Wchan => self.same_wchan(before),
            }
    }

    fn same_call(&self, before: &Self) -> bool {
        let (Some(now), Some(before)) = (self.seen.syscall, before.seen.syscall) else {
            return false;
        };
        let sleeps = matches!(now.nr, libc::SYS_nanosleep | libc::SYS_clock_nanosleep);
        !sleeps && (now.nr, now.args[0]) == (before.nr, before.args[0])
    }

    fn same_wchan(&self, before: &Self) -> bool {
        let asleep = matches!((self.seen.state, before.seen.state), ('S', 'S'));
        let waits = |name: &String| !name.contains("nanosleep");
        asleep
            && self.seen.wchan == before.seen.wchan
            && self.seen.wchan.as_ref().is_some_and(waits)
    }
}

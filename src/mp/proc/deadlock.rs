//! The deadlock finder: it looks twice, instead of waiting long enough.

use std::time::Duration;

use super::{ProcError, ProcStat, SyscallNow, cpu_time, syscall, wchan};
use crate::mp::sys::Deadline;

/// How far two looks are apart. Longer than any sleep between two looks of a bounded wait.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Looks for a moment when all sleep, and the pause between two of them: no divisor of
/// the length of a bounded wait.
const TRIES: u32 = 8;
const BETWEEN_TRIES: Duration = Duration::from_millis(3);

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
/// The processes have one thread each: the kernel tells of the first only.
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
    let mut before = look_at_all_asleep(pids)?;
    loop {
        std::thread::sleep(BETWEEN_LOOKS);
        let now = look_at_all_asleep(pids)?;
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

/// A look at a moment when all sleep, if one comes soon.
///
/// Bounded waits end and begin again, and the kernel likes to end sleeps together: a
/// look after a sleep of our own would find somebody awake again and again.
fn look_at_all_asleep(pids: &[i32]) -> Result<Vec<Look>, ProcError> {
    let mut looks = look_at_all(pids)?;
    for _ in 0..TRIES {
        if looks.iter().all(Look::is_asleep) {
            break;
        }
        std::thread::sleep(BETWEEN_TRIES);
        looks = look_at_all(pids)?;
    }
    Ok(looks)
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
        // Not for us, or not on this kernel; whether the process is gone, its stat will tell.
        Err(ProcError::Denied { .. } | ProcError::Gone { .. }) => (None, Evidence::Wchan),
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
            && self.is_asleep()
            && before.is_asleep()
            && self.cpu_time.saturating_sub(before.cpu_time) < IDLE
            && match self.seen.by {
                Evidence::Syscall => self.same_call(before),
                Evidence::Wchan => self.same_wchan(before),
            }
    }

    /// Not in the middle of one of the short wakes of a bounded wait.
    fn is_asleep(&self) -> bool {
        matches!(self.seen.state, 'S' | 'D')
    }

    fn same_call(&self, before: &Self) -> bool {
        let (Some(now), Some(before)) = (self.seen.syscall, before.seen.syscall) else {
            return false;
        };
        let sleeps = matches!(now.nr, libc::SYS_nanosleep | libc::SYS_clock_nanosleep);
        !sleeps && (now.nr, now.args[0]) == (before.nr, before.args[0])
    }

    fn same_wchan(&self, before: &Self) -> bool {
        let waits = |name: &String| !name.contains("nanosleep");
        self.seen.wchan == before.seen.wchan && self.seen.wchan.as_ref().is_some_and(waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(wchan: Option<&str>, state: char, cpu_time: Duration) -> Look {
        let (wchan, by) = (wchan.map(str::to_owned), Evidence::Wchan);
        Look { seen: Stuck { pid: 1, syscall: None, wchan, state, by }, cpu_time }
    }

    fn is_stuck(before: &Look, now: &Look) -> bool {
        now.is_stuck_since(before)
    }

    #[test]
    fn asleep_in_the_same_function_is_stuck() {
        let waits = look(Some("futex_wait_queue"), 'S', Duration::ZERO);
        assert!(is_stuck(&waits, &look(Some("futex_wait_queue"), 'S', Duration::from_micros(90))));
    }

    #[test]
    fn progress_of_any_kind_is_not_stuck() {
        let waits = look(Some("futex_wait_queue"), 'S', Duration::ZERO);
        assert!(!is_stuck(&waits, &look(Some("pipe_read"), 'S', Duration::ZERO)));
        assert!(!is_stuck(&waits, &look(Some("futex_wait_queue"), 'R', Duration::ZERO)));
        assert!(!is_stuck(&waits, &look(Some("futex_wait_queue"), 'S', IDLE)));
    }

    #[test]
    fn sleeping_for_a_time_and_sleeping_unseen_are_not_stuck() {
        for wchan in [Some("hrtimer_nanosleep"), None] {
            let sleeps = look(wchan, 'S', Duration::ZERO);
            assert!(!is_stuck(&sleeps, &look(wchan, 'S', Duration::ZERO)));
        }
    }
}

//! Descriptors: which of them a forked child keeps, what can be read from them, and when.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use super::{Deadline, interrupted, timespec};

/// Closes every descriptor of this process but stdin, stdout, stderr and `kept`
/// (close_range(2), Linux 5.9; on an older kernel they stay open).
///
/// For a forked child that will never use what it inherited: as long as it holds its
/// copies, nobody at the other ends sees an end of file or a broken pipe. Whatever
/// owns one of the closed descriptors in this process must not be used or dropped
/// any more; a child that leaves by `_exit` drops nothing of its parent's.
pub fn close_all_but(kept: &[BorrowedFd<'_>]) {
    let mut kept: Vec<u32> = kept.iter().map(|fd| fd.as_raw_fd() as u32).collect();
    kept.sort_unstable();
    let mut first = 3;
    for fd in kept {
        close_range(first, fd.saturating_sub(1));
        first = first.max(fd + 1);
    }
    close_range(first, u32::MAX);
}

fn close_range(first: u32, last: u32) {
    if first > last {
        return;
    }
    // SAFETY: no pointers. The caller has promised that nobody in this process uses the
    // descriptors of this range again, so no owner is deceived; another process's
    // copies stay open.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
}

/// Reads what is there, at least a byte and at most as many as fit into `buffer`, and returns how
/// many that were: 0 at the end of file (read(2)). So many bytes of `buffer`, from its first one on,
/// are then set, and the others as they were.
pub(in crate::mp) fn read(fd: BorrowedFd<'_>, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most `len` bytes to a buffer that is as long.
    let got = unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(got).map_err(|_| io::Error::last_os_error())
}

/// How many bytes lie there to be read at this moment (ioctl(2), `FIONREAD`).
pub(in crate::mp) fn readable_bytes(fd: BorrowedFd<'_>) -> io::Result<usize> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, and the pointer is to an int of ours.
    match unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut bytes) } {
        0 => Ok(bytes as usize),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Waits until `fd` is readable or at its end, at most for `bound`. False: the time was over, and
/// never early.
pub fn wait_readable(fd: BorrowedFd<'_>, bound: Duration) -> io::Result<bool> {
    poll(&mut [readable(fd)], bound)
}

/// As [`wait_readable`], for one of `fds` or more; gives the places of those that are ready in the
/// list, and none if the time was over.
pub(in crate::mp) fn wait_readable_of(
    fds: &[BorrowedFd<'_>],
    bound: Duration,
) -> io::Result<Vec<usize>> {
    let mut polls: Vec<libc::pollfd> = fds.iter().copied().map(readable).collect();
    poll(&mut polls, bound)?;
    let ready = polls.iter().enumerate().filter(|(_, poll)| poll.revents != 0);
    Ok(ready.map(|(at, _)| at).collect())
}

fn readable(fd: BorrowedFd<'_>) -> libc::pollfd {
    libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

/// Waits until something happens to one of them: false if the time was over before. A signal in
/// between starts the wait again for what is left of it (ppoll(2)).
fn poll(polls: &mut [libc::pollfd], bound: Duration) -> io::Result<bool> {
    let deadline = Deadline::after(bound);
    loop {
        let time = timespec(deadline.left());
        let (first, count) = (polls.as_mut_ptr(), polls.len() as libc::nfds_t);
        // SAFETY: so many pollfds of ours, a timespec of ours, and no signal mask.
        match unsafe { libc::ppoll(first, count, &raw const time, std::ptr::null()) } {
            0 if deadline.is_over() => return Ok(false),
            0 => {}
            -1 if interrupted() => {}
            -1 => return Err(io::Error::last_os_error()),
            _ => return Ok(true),
        }
    }
}

//! Which descriptors a forked child keeps.

use std::os::fd::{AsRawFd, BorrowedFd};

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

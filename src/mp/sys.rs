//! The system calls under the primitives, each behind a function that says what it promises.
//! Most of the folder's `unsafe` lives here; callers get safe functions where that is honest.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal};
use nix::unistd::Pid;

mod descriptors;
mod memory;
pub use descriptors::{close_all_but, wait_readable};
pub(super) use descriptors::{read, readable_bytes, wait_readable_of};
pub use memory::MapError;
pub(super) use memory::Mapping;

/// The longest that any process of ours sleeps before it looks again, whatever it waits for.
///
/// A process that is killed after it changed a word and before it woke the sleepers loses the wake,
/// and a sleeper that is killed just after it was woken takes the wake along; this bound turns a
/// wait that would never end into a late one.
pub const LONGEST_SLEEP: Duration = Duration::from_millis(50);

// ---------------------------------------------------------------------------------------- time

/// Nanoseconds on `CLOCK_MONOTONIC`: the same clock in every process of this machine, never set
/// back, so times taken in different processes can be compared.
#[must_use]
pub fn now_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of ours; CLOCK_MONOTONIC exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    (now.tv_sec as u64) * 1_000_000_000 + now.tv_nsec as u64
}

/// How many clock ticks, the unit of some numbers in /proc, make a second; 100 nearly everywhere.
pub(super) fn ticks_per_second() -> u32 {
    // SAFETY: no pointers.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u32::try_from(ticks).unwrap_or(100).max(1)
}

/// A moment on the clock of [`now_ns`] until which somebody is ready to wait.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(u64);

impl Deadline {
    /// The moment `bound` from now. A bound too long for the clock (584 years) never comes.
    #[must_use]
    pub fn after(bound: Duration) -> Self {
        let bound = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Self(now_ns().saturating_add(bound))
    }

    /// As [`after`](Self::after), in nanoseconds.
    pub(super) fn after_ns(bound: u64) -> Self {
        Self(now_ns().saturating_add(bound))
    }

    /// A moment that never comes.
    #[must_use]
    pub const fn never() -> Self {
        Self(u64::MAX)
    }

    /// Whether the moment has come.
    #[must_use]
    pub fn is_over(self) -> bool {
        now_ns() >= self.0
    }

    /// How long it is to that moment; zero when it has come.
    #[must_use]
    pub fn left(self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(now_ns()))
    }

    /// The absolute time at which one sleep towards this deadline ends: the deadline itself, or
    /// [`LONGEST_SLEEP`] from now if that is sooner.
    pub(super) fn next_look(self) -> libc::timespec {
        let soon = now_ns().saturating_add(LONGEST_SLEEP.as_nanos() as u64);
        timespec(Duration::from_nanos(self.0.min(soon)))
    }
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(time.subsec_nanos()),
    }
}

// --------------------------------------------------------------------------------------- futex

/// Sleeps while `word` is `expected`, until somebody calls [`futex_wake`] on it or `bound` is over
/// (futex(2), `FUTEX_WAIT`, not private: the word may lie in memory shared between processes).
/// Returns false if the time was over. True promises nothing: the caller looks at the word again.
pub fn futex_wait(word: &AtomicU32, expected: u32, bound: Duration) -> bool {
    let bound = timespec(bound);
    // SAFETY: the word is valid for as long as it is borrowed, and the kernel only reads it.
    let code = unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, &raw const bound)
    };
    code == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ETIMEDOUT)
}

/// Wakes at most `count` of those who sleep in [`futex_wait`] on `word`, in any process, and
/// returns how many that were.
pub fn futex_wake(word: &AtomicU32, count: u32) -> u32 {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    // SAFETY: FUTEX_WAKE uses the address as a name and touches no memory.
    let woken = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, count) };
    u32::try_from(woken).unwrap_or(0)
}

// ----------------------------------------------------------------------------------- processes

/// What wait4(2) tells of a child that ended.
#[derive(Debug)]
pub(super) struct Reaped {
    pub(super) pid: i32,
    pub(super) status: i32,
    pub(super) usage: libc::rusage,
}

/// The pid of the calling process.
pub(super) fn pid() -> i32 {
    // SAFETY: getpid has no conditions and always succeeds.
    unsafe { libc::getpid() }
}

/// The thread ID of the calling thread; that of a process's first thread is the pid.
pub(super) fn tid() -> i32 {
    // SAFETY: gettid has no conditions and always succeeds.
    unsafe { libc::gettid() }
}

/// fork(2), through glibc, which readies its allocator and its list of robust mutexes for the
/// child. Returns 0 in the child, the child's pid in the parent.
///
/// # Safety
/// If this process has other threads, the child may do nothing but async-signal-safe things until
/// it ends or executes another program: another thread may have held any lock at that moment, that
/// of the allocator included (fork(2); POSIX, fork).
#[expect(clippy::disallowed_methods, reason = "this is the fork under mp::Process")]
pub(super) unsafe fn fork() -> io::Result<i32> {
    // SAFETY: the caller has promised what fork asks.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(pid),
    }
}

/// Ends this process at once: no destructor, no exit handler, no flush (_exit(2)).
pub(super) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit has no conditions.
    unsafe { libc::_exit(code) }
}

/// Reaps a child: its status and its resource usage in one call (wait4(2)). `None` with `WNOHANG`
/// in `flags` when it has not ended. A signal in between is not an error.
pub(super) fn wait4(pid: i32, flags: i32) -> io::Result<Option<Reaped>> {
    loop {
        let mut status = 0;
        // SAFETY: rusage is plain numbers, for which all zero is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to variables of ours.
        match unsafe { libc::wait4(pid, &raw mut status, flags, &raw mut usage) } {
            0 => return Ok(None),
            -1 if interrupted() => {}
            -1 => return Err(io::Error::last_os_error()),
            pid => return Ok(Some(Reaped { pid, status, usage })),
        }
    }
}

/// Kills a child of ours and reaps it.
pub(super) fn kill_and_reap(pid: i32) {
    // SAFETY: no pointers. Until it is reaped the pid means this child and no other process.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    let _ = wait4(pid, 0);
}

fn interrupted() -> bool {
    io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
}

/// A descriptor that names a process for good, whatever becomes of its pid, and that is readable
/// once the process has ended (pidfd_open(2), Linux 5.3). Closed on exec.
pub fn pidfd_open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: no pointers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Sends `signal` to the process that `pidfd` names, and to no other (pidfd_send_signal(2)).
pub(super) fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null siginfo is allowed: the kernel then fills in what kill(2) would.
    let code = unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, no_info, 0)
    };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sends `signal` to a process (kill(2)); `pid` is above 1.
pub(super) fn kill(pid: i32, signal: i32) -> io::Result<()> {
    debug_assert!(pid > 1, "0 and -1 would be many, 1 is init");
    // SAFETY: no pointers.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sends `signal` to a process group (kill(2) with a negative pid); `group` is above 1.
pub(super) fn kill_group(group: i32, signal: i32) -> io::Result<()> {
    debug_assert!(group > 1, "-1 would be every process there is");
    // SAFETY: no pointers.
    match unsafe { libc::kill(-group, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sends `signal` to one thread of a process (tgkill(2)). A signal whose action is to end ends the
/// whole process all the same, with every thread of it: only a handler runs in the one thread.
///
/// # Errors
/// `ESRCH` if the process has no such thread, `EINVAL` if there is no such signal.
pub fn signal_thread(pid: i32, thread: i32, signal: i32) -> io::Result<()> {
    // SAFETY: no pointers. Numbers that mean nothing are an error.
    match unsafe { libc::syscall(libc::SYS_tgkill, pid, thread, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The kernel's number of this thread (gettid(2)): the one that /proc/PID/task names it by.
#[must_use]
pub fn thread_id() -> i32 {
    nix::unistd::gettid().as_raw()
}

/// Asks the kernel to send this process `signal` when the thread that forked it ends
/// (prctl(2), `PR_SET_PDEATHSIG`). Kept over exec, not inherited by fork.
pub(super) fn prctl_death_signal(signal: i32) -> io::Result<()> {
    // SAFETY: no pointers.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether any child is left, ended or not. It reaps none (waitid(2), `WNOWAIT`).
pub(super) fn has_children() -> bool {
    // SAFETY: siginfo is plain data, for which all zero is a value.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the pointer is to a variable of ours.
    unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, flags) == 0 }
}

// --------------------------------------------------------------------------------- descriptors

/// A file that lies in memory and has no name in any directory (memfd_create(2)). *Not* closed on
/// exec: it is made to be handed to a program.
pub(super) fn memory_file(name: &CStr) -> io::Result<OwnedFd> {
    Ok(nix::sys::memfd::memfd_create(name, nix::sys::memfd::MFdFlags::empty())?)
}

/// Whether this number is an open file of [`memory_file`]: one without a name, of some length.
pub(super) fn is_memory_file(fd: RawFd) -> bool {
    let named = std::fs::read_link(format!("/proc/self/fd/{fd}"));
    named.is_ok_and(|name| name.as_os_str().as_encoded_bytes().starts_with(b"/memfd:"))
}

/// Closes every descriptor from `first` on (close_range(2), Linux 5.9; before that, those that
/// /proc names).
///
/// # Safety
/// Nothing in this process owns one of them or will use one.
pub(super) unsafe fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: no pointers, and the caller has promised that nobody misses them.
    if unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } == 0 {
        return Ok(());
    }
    let names: Vec<_> = std::fs::read_dir("/proc/self/fd")?.collect::<Result<_, _>>()?;
    for fd in names.iter().filter_map(|name| name.file_name().to_str()?.parse::<RawFd>().ok()) {
        if fd >= first {
            // SAFETY: as above. One is that of the directory itself, closed since: an error.
            unsafe { libc::close(fd) };
        }
    }
    Ok(())
}

/// Fills `bytes` with random ones that nobody can guess (getrandom(2)). At boot it waits until the
/// kernel has gathered enough.
pub fn random(bytes: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        let rest = &mut bytes[filled..];
        // SAFETY: the pointer and the length are those of a slice of ours.
        match unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) } {
            -1 if interrupted() => {}
            -1 => return Err(io::Error::last_os_error()),
            more => filled += more as usize,
        }
    }
    Ok(())
}

// ------------------------------------------------------------------------------------- signals

/// Holds back every signal that can be held back, and returns the mask that was in force.
pub(super) fn block_signals() -> SigSet {
    SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).expect("a valid mask can always be set")
}

/// Puts a mask from [`block_signals`] back.
pub(super) fn restore_signals(mask: SigSet) {
    mask.thread_set_mask().expect("a valid mask can always be set");
}

/// Gives a forked child signals of its own: INT, TERM and CHLD do what they do by default, PIPE is
/// ignored (writing to a pipe that nobody reads is then an error one can handle, as in Python and
/// in Rust programs), and nothing is held back any more.
///
/// Called with all signals blocked, so that none ever runs a handler of the parent's in the child.
pub(super) fn child_signals() {
    let ours = [
        (Signal::SIGINT, SigHandler::SigDfl),
        (Signal::SIGTERM, SigHandler::SigDfl),
        (Signal::SIGCHLD, SigHandler::SigDfl),
        (Signal::SIGPIPE, SigHandler::SigIgn),
    ];
    for (signal, handler) in ours {
        // SAFETY: the default and the ignoring disposition run no code of ours.
        unsafe { nix::sys::signal::signal(signal, handler) }
            .expect("the disposition of these signals can always be set");
    }
    restore_signals(SigSet::empty());
}

// ---------------------------------------------------------------------------------------- CPUs

/// The CPUs on which this thread may run, ascending (sched_getaffinity(2)): what `taskset` and the
/// container's cpuset leave of the machine.
pub fn affinity() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(Pid::from_raw(0))?;
    Ok((0..CpuSet::count()).filter(|&cpu| set.is_set(cpu).unwrap_or(false)).collect())
}

/// Lets this thread, and the children it forks from now on, run on `cpus` only
/// (sched_setaffinity(2)).
///
/// # Errors
/// `EINVAL` if none of them is there or allowed, or one is 1024 or higher.
pub fn set_affinity(cpus: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for &cpu in cpus {
        set.set(cpu)?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// The CPU on which this thread runs at this moment; another one may be true by the time you look.
#[must_use]
pub fn current_cpu() -> Option<usize> {
    nix::sched::sched_getcpu().ok()
}

/// Tells the processor that this is a loop that waits for another one (`pause`, `isb`).
#[inline]
pub fn spin_loop() {
    std::hint::spin_loop();
}

/// Lets another runnable process have this CPU now, if there is one (sched_yield(2)).
pub fn yield_now() {
    // SAFETY: no pointers; on Linux it always succeeds.
    unsafe { libc::sched_yield() };
}

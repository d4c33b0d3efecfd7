//! The primitives of Python's `multiprocessing`, in its nouns and verbs, on the bare operating
//! system. Nothing here prints, and nothing here knows of lessons.
//!
//! ```text
//! process    Process: fork or spawn, join, exit code, the text of a panic
//! supervise  what a runner needs: to adopt, to reap, to signal a group
//! pipe       Pipe() and Pipe(False): two Connections with send, recv and poll; wait for many
//! shm_pipe   ShmPipe: a pipe in shared memory, which the kernel has no part in
//! lock       Lock (robust: survives a killed owner), SemaphoreLock (Python's), PlainLock (the price)
//! barrier    Barrier (Python's) and Gate (a start line that spins, for races)
//! turnstile  Turnstile: one waits, and goes through once for each opening
//! shm        Value, Array, SharedMemory (by name), and typed memory that forked children share
//! queue      Queue: messages through shared memory, whole whoever is killed
//! manager    Manager: a server process that owns list, dict, Namespace, Value, Queue, Lock; proxies
//! pool       Pool: workers for many tasks, none of which is lost without a word
//! proc       what the kernel tells of another process in /proc, and the deadlock finder
//! sys        the system calls under all of these
//! ```
//!
//! Two rules hold in the whole folder. **No wait is unbounded**: a process killed between changing
//! a word and waking the one who waits for it loses that wake, so every sleep ends after at most
//! [`sys::LONGEST_SLEEP`] and looks again. **Races are shown with atomics**: shared memory is
//! changed by relaxed atomic loads and stores only, so a lost update is a wrong number and never
//! undefined behaviour.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "parlab runs on Linux only: its experiments rest on fork, futex, robust mutexes, pidfd and \
     /proc. On Windows use WSL2; elsewhere a Linux container or virtual machine"
);
#[cfg(all(target_os = "linux", not(target_env = "gnu")))]
compile_error!(
    "parlab needs glibc 2.30 or later (pthread_mutex_clocklock bounds every wait for a lock): \
     build for a *-linux-gnu target"
);
#[cfg(all(target_os = "linux", not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!(
    "parlab is made for x86-64 and arm64: it reads glibc's mutex and the kernel's system call \
     numbers as they are laid out there"
);

pub mod barrier;
pub mod lock;
pub mod manager;
pub mod pipe;
pub mod pool;
pub mod proc;
pub mod process;
pub mod queue;
pub mod shm;
pub mod shm_pipe;
pub mod supervise;
pub mod sys;
pub mod turnstile;

pub use barrier::{Barrier, BarrierError, Gate, GateError};
pub use lock::{Lock, LockError, LockGuard, Orphan, PlainLock, SemaphoreLock};
pub use manager::{Manager, ManagerError};
pub use pipe::{Connection, PipeError, pipe, pipe_oneway};
pub use pool::{Pool, PoolError, TaskError};
pub use process::{Exit, Process, ProcessError, Usage};
pub use queue::{Queue, QueueError};
pub use shm::{
    Array, Numbers, RawArray, RawValue, Scalar, SegmentError, Shared, SharedMemory, SharedSafe,
    SharedSlice, Value,
};
pub use shm_pipe::ShmPipe;
pub use sys::MapError;
pub use turnstile::Turnstile;

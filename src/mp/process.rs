//! `Process`: a child with a name, as Python's `multiprocessing.Process` under the start methods
//! `fork` and `spawn`. Start it, join it, ask how it ended.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use super::supervise::set_death_signal;
use super::sys;

mod child;
mod ending;
mod error;
pub mod spawn;

use child::PanicText;
pub(super) use child::words as panic_words;
pub use ending::{Exit, Usage};
pub use error::ProcessError;

/// A child process that runs a closure.
///
/// **Python**: `Process(target=f, args=(x,))`, then `start()`, `join()`, `exitcode`, `terminate()`,
/// `kill()`. Under `fork`, the child begins as a copy of the whole address space, so `f` sees every
/// variable as it was, at the same address, and what it changes nobody else sees.
///
/// **Here**: the same, with a closure for target and args. It need be neither `Send` nor `'static`:
/// the child has its own copy of all it borrows. The child's exit code is 0 when the closure
/// returns, 1 when it panics (Python's for an uncaught exception), and N after
/// [`exit(N)`](exit) (Python's `sys.exit(N)`).
///
/// What differs, and why:
/// - `start` gives the closure away: what it owns is dropped in the parent, so a
///   [`Connection`](super::Connection) moved into it is then open in the child alone.
/// - A child dies with the process that made it (`PR_SET_PDEATHSIG`; to be exact, with the thread
///   that started it), and dropping a `Process` that runs kills and reaps it. Python leaves a child running and joins it in an exit handler: after
///   an error in the parent that is a program which never ends, or a stray.
/// - A child never flushes what the parent had buffered, and nothing that it buffered itself: it
///   leaves by `_exit`. Write whole lines, or flush in the child after flushing in the parent.
///   (Python flushes both streams before the fork.)
/// - A panic in the child prints nothing. The parent reads it from [`panic_message`](Self::panic_message).
/// - `start` and `join` refuse any process but the creator, as Python's do.
///
/// The creating process should have one thread: in a forked child of a process with threads even
/// allocation may hang (fork(2)).
///
/// ```standalone_crate
/// use parlab::mp::{Exit, Process};
///
/// let mut child = Process::new("seven", || parlab::mp::process::exit(7));
/// child.start()?;
/// assert_eq!(child.join()?, Exit::Code(7));
/// # Ok::<(), parlab::mp::ProcessError>(())
/// ```
pub struct Process<'a> {
    name: String,
    creator: i32,
    cpu: Option<usize>,
    body: Option<Body<'a>>,
    child: Option<Child>,
}

/// What a child is to run, which also says how it is started.
enum Body<'a> {
    Forked(Box<dyn FnOnce() + 'a>),
    Spawned(spawn::Call),
}

/// The parent's side of a child that was started.
struct Child {
    pid: i32,
    sentinel: std::os::fd::OwnedFd,
    panic: PanicText,
    ended: Option<Ended>,
}

struct Ended {
    exit: Exit,
    usage: Usage,
    panic_message: Option<String>,
}

impl<'a> Process<'a> {
    /// Prepares a process that will be forked; nothing runs before [`start`](Self::start). The name
    /// is for messages.
    pub fn new(name: impl Into<String>, body: impl FnOnce() + 'a) -> Self {
        Self::of(name.into(), Body::Forked(Box::new(body)))
    }

    fn of(name: String, body: Body<'a>) -> Self {
        Self { name, creator: sys::pid(), cpu: None, body: Some(body), child: None }
    }

    /// The name it was made with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lets the child run on this CPU only, from before the closure begins. Not in Python.
    ///
    /// # Errors
    /// [`ProcessError::CpuNotAllowed`] if the calling process may not use that CPU;
    /// [`ProcessError::AlreadyStarted`] after `start`. Should the CPU be taken away between this
    /// call and the child's, the child ends as by a panic that says so.
    pub fn pin(&mut self, cpu: usize) -> Result<(), ProcessError> {
        self.require_unstarted()?;
        let allowed = sys::affinity().map_err(|e| ProcessError::os(&self.name, "pin", e))?;
        if !allowed.contains(&cpu) {
            return Err(ProcessError::CpuNotAllowed { name: self.name.clone(), cpu, allowed });
        }
        self.cpu = Some(cpu);
        Ok(())
    }

    /// Forks the child, which runs the closure. After an error nothing runs, and a later `start`
    /// may be tried.
    ///
    /// # Errors
    /// [`NotCreator`](ProcessError::NotCreator), [`AlreadyStarted`](ProcessError::AlreadyStarted),
    /// [`TooManyProcesses`](ProcessError::TooManyProcesses),
    /// [`TooManyDescriptors`](ProcessError::TooManyDescriptors),
    /// [`NoPidfd`](ProcessError::NoPidfd), [`Memory`](ProcessError::Memory), or
    /// [`Os`](ProcessError::Os).
    pub fn start(&mut self) -> Result<(), ProcessError> {
        self.require_creator("start")?;
        self.require_unstarted()?;
        let (pid, panic) = match &self.body {
            Some(Body::Spawned(call)) => call.start(&self.name, self.creator, self.cpu)?,
            _ => self.fork()?,
        };
        let sentinel = sys::pidfd_open(pid).map_err(|error| {
            sys::kill_and_reap(pid);
            ProcessError::of_pidfd(&self.name, error)
        })?;
        self.child = Some(Child { pid, sentinel, panic, ended: None });
        self.body = None;
        Ok(())
    }

    fn fork(&mut self) -> Result<(i32, PanicText), ProcessError> {
        let panic = PanicText::new()
            .map_err(|source| ProcessError::Memory { name: self.name.clone(), source })?;
        // A signal to the group that arrives during the fork waits until the child is ready to
        // take it as its own, instead of running the parent's handler there.
        let mask = sys::block_signals();
        // SAFETY: the child runs the closure and ends: it never returns from `child::run`. That
        // the creator should have one thread is asked for in the documentation of the type.
        let forked = unsafe { sys::fork() };
        if let Ok(0) = forked {
            let Some(Body::Forked(body)) = self.body.take() else {
                unreachable!("a process that is forked, and was not yet, has its closure")
            };
            child::run(body, panic, self.creator, self.cpu);
        }
        sys::restore_signals(mask);
        let pid = forked.map_err(|error| ProcessError::of_fork(&self.name, error))?;
        Ok((pid, panic))
    }

    /// The child's pid; `None` before `start`. Once the child is joined the number may come to
    /// mean another process.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.child.as_ref().map(|child| child.pid)
    }

    /// Whether it was started and has not ended. Any process that holds a copy may ask. Python's
    /// also reaps a child that has ended; this one only looks.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.child.as_ref().is_some_and(|child| {
            child.ended.is_none()
                && !sys::wait_readable(child.sentinel.as_fd(), Duration::ZERO).unwrap_or(true)
        })
    }

    /// A descriptor that becomes readable when the child ends (a pidfd), to wait for several at
    /// once; `None` before `start`. Python's `sentinel`.
    #[must_use]
    pub fn sentinel(&self) -> Option<BorrowedFd<'_>> {
        self.child.as_ref().map(|child| child.sentinel.as_fd())
    }

    /// Waits until the child has ended, reaps it, and tells how it ended; again and again if asked.
    ///
    /// # Errors
    /// [`NotCreator`](ProcessError::NotCreator), [`NotStarted`](ProcessError::NotStarted),
    /// [`ReapedElsewhere`](ProcessError::ReapedElsewhere), or [`Os`](ProcessError::Os).
    pub fn join(&mut self) -> Result<Exit, ProcessError> {
        let exit = self.reap("join", 0)?;
        Ok(exit.expect("wait4 without WNOHANG returns when the child has ended"))
    }

    /// As [`join`](Self::join), but waits no longer than `bound`, and no shorter: `None` when the
    /// child still runs then. Python's `join(timeout)`, which tells it by `exitcode` being None.
    ///
    /// # Errors
    /// As for [`join`](Self::join).
    pub fn join_timeout(&mut self, bound: Duration) -> Result<Option<Exit>, ProcessError> {
        self.require_creator("join")?;
        let child = self.started("join")?;
        if child.ended.is_none() {
            sys::wait_readable(child.sentinel.as_fd(), bound)
                .map_err(|e| ProcessError::os(&self.name, "join", e))?;
        }
        self.reap("join", libc::WNOHANG)
    }

    /// Python's `exitcode`: the exit code, minus the signal, or `None` while the child has not
    /// ended or was never started. Reaps a child that has ended, if the creator asks.
    pub fn exitcode(&mut self) -> Option<i32> {
        self.reap("join", libc::WNOHANG).ok().flatten().map(Exit::exitcode)
    }

    /// Asks the child to end: SIGTERM. No error if it has ended already.
    ///
    /// # Errors
    /// [`NotCreator`](ProcessError::NotCreator), [`NotStarted`](ProcessError::NotStarted), or
    /// [`Os`](ProcessError::Os).
    pub fn terminate(&self) -> Result<(), ProcessError> {
        self.signal("terminate", libc::SIGTERM)
    }

    /// Ends the child at once: SIGKILL, which cannot be handled. No error if it has ended already.
    ///
    /// # Errors
    /// As for [`terminate`](Self::terminate).
    pub fn kill(&self) -> Result<(), ProcessError> {
        self.signal("kill", libc::SIGKILL)
    }

    /// What the child used; `None` before it was joined. Not in Python.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.ended().map(|ended| ended.usage)
    }

    /// Text and place (`file:line:column`) of the panic that ended the child; `None` before it was
    /// joined, and if it did not panic. Python prints the traceback on stderr instead.
    #[must_use]
    pub fn panic_message(&self) -> Option<&str> {
        self.ended()?.panic_message.as_deref()
    }

    fn ended(&self) -> Option<&Ended> {
        self.child.as_ref()?.ended.as_ref()
    }

    fn started(&self, verb: &'static str) -> Result<&Child, ProcessError> {
        let not_started = || ProcessError::NotStarted { name: self.name.clone(), verb };
        self.child.as_ref().ok_or_else(not_started)
    }

    fn require_creator(&self, verb: &'static str) -> Result<(), ProcessError> {
        let (creator, here) = (self.creator, sys::pid());
        if creator == here {
            return Ok(());
        }
        Err(ProcessError::NotCreator { name: self.name.clone(), verb, creator, here })
    }

    fn require_unstarted(&self) -> Result<(), ProcessError> {
        let already = || ProcessError::AlreadyStarted { name: self.name.clone() };
        if self.child.is_none() { Ok(()) } else { Err(already()) }
    }

    /// Reaps the child once, and remembers how it ended.
    fn reap(&mut self, verb: &'static str, flags: i32) -> Result<Option<Exit>, ProcessError> {
        self.require_creator(verb)?;
        let child = self.started(verb)?;
        if let Some(ended) = &child.ended {
            return Ok(Some(ended.exit));
        }
        let reaped = sys::wait4(child.pid, flags)
            .map_err(|error| ProcessError::of_wait(&self.name, child.pid, verb, error))?;
        let (Some(reaped), Some(child)) = (reaped, &mut self.child) else {
            return Ok(None);
        };
        let exit = Exit::from_status(reaped.status);
        child.ended = Some(Ended {
            exit,
            usage: Usage::from_rusage(&reaped.usage),
            // A child that ended well was not ended by a panic, though it may have caught one; and
            // the first look at the page costs a page fault, a tenth of a fork.
            panic_message: if exit.success() { None } else { child.panic.read() },
        });
        Ok(Some(exit))
    }

    fn signal(&self, verb: &'static str, signal: i32) -> Result<(), ProcessError> {
        self.require_creator(verb)?;
        let child = self.started(verb)?;
        match sys::pidfd_send_signal(child.sentinel.as_fd(), signal) {
            // It has ended and was reaped: there is nobody left to tell.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            answer => answer.map_err(|error| ProcessError::os(&self.name, verb, error)),
        }
    }
}

impl Process<'static> {
    /// Prepares a process that will be *spawned*: this program, started anew, runs the function of
    /// that name with these arguments. Python's `get_context("spawn").Process(target=f, args=…)`.
    ///
    /// **Python** starts a fresh interpreter, which imports the main module under another name and
    /// then unpickles the function's name and its arguments from a pipe
    /// (Lib/multiprocessing/popen_spawn_posix.py, spawn.py). Nothing that the parent did at run time
    /// is there: hence `if __name__ == "__main__"`, without which the import would start the next
    /// child. Only the descriptors that are passed on are inherited. It is slower than `fork`, safe
    /// in a program with threads, and the default on macOS and Windows.
    ///
    /// **Here** `/proc/self/exe` is started by posix_spawn with a hidden first word, by which
    /// [`spawn::main`] at the top of `main` knows that it is a child: the "import of the main
    /// module" is the start of the program up to that call, and the same guard. The arguments go
    /// through serde and postcard, in a file in memory; the function is looked up by name in a
    /// table. Everything else (join, kill, exit code, the text of a panic) is as for a forked child,
    /// but for the end: the child ends as a program does, and flushes what it printed.
    ///
    /// # Errors
    /// [`ProcessError::Arguments`] if the arguments cannot be serialised. A name that the program
    /// does not know is found in the child: exit code 1, with a text that says so.
    pub fn spawned(
        name: impl Into<String>,
        function: &str,
        arguments: &impl Serialize,
    ) -> Result<Self, ProcessError> {
        let name = name.into();
        match spawn::Call::new(function, arguments) {
            Ok(call) => Ok(Self::of(name, Body::Spawned(call))),
            Err(source) => {
                Err(ProcessError::Arguments { name, function: function.to_owned(), source })
            }
        }
    }
}

impl Drop for Process<'_> {
    /// Kills and reaps a child that was started and never joined. Does nothing in a process that is
    /// not the creator: the child is not its own.
    fn drop(&mut self) {
        // `kill` refuses any process but the creator.
        if let Some(Child { pid, ended: None, .. }) = self.child
            && self.kill().is_ok()
        {
            let _ = sys::wait4(pid, 0);
        }
    }
}

impl std::fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process")
            .field("name", &self.name)
            .field("pid", &self.pid())
            .field("exit", &self.ended().map(|ended| ended.exit))
            .finish_non_exhaustive()
    }
}

/// Ends the calling child at once with this code (its lowest 8 bits): Python's `sys.exit` in a
/// child. No destructor runs and nothing is flushed, neither the parent's buffers nor the child's.
///
/// It may be called in any process, but in one that was not forked it leaves out all that a normal
/// end does.
pub fn exit(code: i32) -> ! {
    sys::exit_now(code)
}

/// Makes the program that `command` starts die with the process that calls this: it is sent
/// `signal` when the calling thread ends, however it ends (SIGKILL for a peer; SIGTERM for a program
/// that handles it and cleans up). The program stays in the caller's process group.
///
/// If the caller has died in between, the new process ends at once with 1 and execs nothing; so it
/// does if it is not the caller of this function that spawns. The setting survives exec, unless the program is set-user-ID or has capabilities
/// (prctl(2), `PR_SET_PDEATHSIG`). Children of the program do not inherit it.
pub fn die_with_parent(command: &mut Command, signal: i32) {
    let parent = sys::pid();
    let before_exec = move || match set_death_signal(signal, parent)? {
        true => Ok(()),
        // Nobody is left to be told: an error would be printed by the standard library.
        false => sys::exit_now(1),
    };
    // SAFETY: the closure makes three system calls at most and allocates nothing (an `io::Error` of
    // an errno is a number), which is what may be done between fork and exec.
    unsafe { command.pre_exec(before_exec) };
}

//! The runner: what stands between the front, which draws, and the experiment.
//!
//! Three processes, each with one task. The *front* is the command that was typed;
//! it never forks, but starts the *runner*: the same program again with the hidden
//! subcommand [`SUBCOMMAND`]. The runner supervises ([`supervise`]): it has
//! no thread and no terminal, forks the *experiment*, relays its events, and sees
//! to it that on any end nothing is left. This file is the front's side.
//!
//! They talk over one socket, which is the runner's stdout: the request goes down
//! as one JSON line, then one byte for each event that is drawn, and orders if the experiment
//! takes any; events come up as JSON lines. When the front is gone, however it went, the socket tells.

mod leftovers;
mod signals;
mod supervisor;

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::{Deserialize, Serialize};

use crate::event::{Error, ErrorKind, Event, Machine, Params};
use crate::experiments::DRAWN;
use crate::mp::{proc, process, supervise as family, sys};

pub use signals::{Asked, Resizes, Signals};
pub use supervisor::supervise;

/// The hidden subcommand that makes a process the runner.
pub const SUBCOMMAND: &str = "__runner";

/// How long the runner may take to clean up before the front does it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the front asks the runner for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// Name of the experiment.
    pub experiment: String,
    /// Its parameters, all that are in force.
    pub params: Params,
    /// The machine, as the front described it.
    pub machine: Machine,
    /// Whether the runner tells what it does.
    pub verbose: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The experiment is done.
    Done,
    /// It could not be done; an `error` event said why.
    Failed,
    /// `--seconds-limit` ended it; an `error` event said so.
    TimeLimit,
    /// A signal to the front ended it.
    Asked(Asked),
}

/// Exit codes of the runner, read by the front alone.
mod code {
    pub const DONE: u8 = 0;
    pub const FAILED: u8 = 1;
    pub const TIME_LIMIT: u8 = 124;
    /// The runner itself could not do its work: the front has to say so.
    pub const LOST: u8 = 3;
}

/// Who hears what an experiment has to say, and may have orders for it. A closure only hears.
pub trait Front {
    /// Something happened.
    ///
    /// # Errors
    /// When it cannot be shown; that ends the run.
    fn event(&mut self, event: Event) -> io::Result<()>;

    /// What to look at, besides events, until the next order is there.
    fn watched(&self) -> Vec<BorrowedFd<'_>> {
        Vec::new()
    }

    /// The next order, if one is there now: any byte but [`DRAWN`]. Whoever gives orders waits
    /// for the event that answers each, so that none is lost in a full pipe.
    ///
    /// # Errors
    /// As [`Front::event`].
    fn order(&mut self) -> io::Result<Option<u8>> {
        Ok(None)
    }
}

impl<F: FnMut(Event) -> io::Result<()>> Front for F {
    fn event(&mut self, event: Event) -> io::Result<()> {
        self(event)
    }
}

/// Runs one experiment; `front` hears each event, and its orders reach the experiment.
///
/// `output` is what the reader sees, watched for its closing, so that `| head` ends
/// a long run at once.
///
/// # Errors
/// Only what `front` returns, and [`io::ErrorKind::BrokenPipe`] when `output` is
/// closed: then the run was ended. Everything else is an `error` event and an [`Ending`].
pub fn run(
    request: &Request,
    signals: &Signals,
    output: BorrowedFd<'_>,
    front: &mut dyn Front,
) -> io::Result<Ending> {
    // What was here before is not ours to end (`sleep 9 & exec parlab …`).
    let strangers = proc::children(std::process::id() as i32);
    let (mut child, mut socket) = match start(request) {
        Ok(started) => started,
        Err(error) => {
            front.event(Event::Error(not_started(&error)))?;
            return Ok(Ending::Failed);
        }
    };
    let runner = child.id();
    let heard = listen(&mut socket, signals, output, front);
    drop(socket);
    let status = wait(&mut child);
    // What a runner that was killed could not do: strays came here, its names stand.
    family::kill_children(&strangers, PATIENCE, |_, _| {});
    leftovers::remove(runner);
    if let Some(directory) = &request.params.to {
        leftovers::remove_unfinished(Path::new(directory), runner);
    }
    match heard? {
        Some(asked) => Ok(Ending::Asked(asked)),
        None => ending(status, front),
    }
}

fn start(request: &Request) -> io::Result<(Child, UnixStream)> {
    family::become_subreaper()?;
    let (mut ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new("/proc/self/exe");
    command.arg0("parlab").arg(SUBCOMMAND);
    command.stdin(Stdio::null()).stdout(OwnedFd::from(theirs));
    // A group of its own: what a terminal or a shell does to the front's (HUP, QUIT,
    // `kill -9 %1`) leaves the runner alive to clean up.
    command.process_group(0);
    process::die_with_parent(&mut command, libc::SIGTERM);
    let child = command.spawn()?;
    drop(command); // and with it the runner's end of the socket
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    // A runner that is gone already tells more by how it ended.
    let _ = ours.write_all(&line);
    Ok((child, ours))
}

fn not_started(error: &io::Error) -> Error {
    let kind = match error.raw_os_error() {
        Some(libc::ENOENT) => ErrorKind::NoProc,
        Some(libc::EAGAIN) => ErrorKind::ProcessLimit,
        Some(libc::EMFILE | libc::ENFILE) => ErrorKind::DescriptorLimit,
        Some(libc::ENOMEM) => ErrorKind::OutOfMemory,
        _ => ErrorKind::RunnerNotStarted,
    };
    Error::new(kind, Some("/proc/self/exe".to_string()), Some(error.to_string()))
}

/// Hands on events until the runner closes the socket, or a signal comes.
fn listen(
    socket: &mut UnixStream,
    signals: &Signals,
    output: BorrowedFd<'_>,
    front: &mut dyn Front,
) -> io::Result<Option<Asked>> {
    let mut lines = Lines::default();
    loop {
        let mut fds = vec![
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(output, PollFlags::empty()),
        ];
        fds.extend(front.watched().into_iter().map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let gone = PollFlags::POLLERR | PollFlags::POLLHUP;
        let closed = fds[2].revents().is_some_and(|r| r.intersects(gone));
        let readable = fds[0].any().unwrap_or(false);
        if let Some(asked) = signals.asked() {
            return Ok(Some(asked));
        }
        if closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if readable && !lines.fill(socket)? {
            return Ok(None);
        }
        while let Some(line) = lines.next() {
            // A shape that this front does not know is of no use to its views.
            let event = serde_json::from_slice(&line).ok();
            // The experiment waits for its own events to be drawn, not for the runner's.
            let of_runner = matches!(event, Some(Event::Doing(_)));
            if let Some(event) = event {
                front.event(event)?;
            }
            if !of_runner {
                let _ = socket.write(&[DRAWN]);
            }
        }
        if let Some(order) = front.order()? {
            let _ = socket.write(&[order]);
        }
    }
}

/// Whole lines out of a stream that comes in pieces.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    /// Reads once; false at the end of the stream.
    fn fill(&mut self, from: &mut impl Read) -> io::Result<bool> {
        let mut buffer = [0_u8; 16 * 1024];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    self.0.extend_from_slice(&buffer[..n]);
                    return Ok(true);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return Ok(false),
                Err(e) => return Err(e),
            }
        }
    }

    /// The next whole line, its end included.
    fn next(&mut self) -> Option<Vec<u8>> {
        let end = self.0.iter().position(|&byte| byte == b'\n')?;
        Some(self.0.drain(..=end).collect())
    }
}

/// Waits for the runner, and kills it if it takes too long.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    if let Ok(pidfd) = sys::pidfd_open(child.id() as i32) {
        let ended = sys::wait_readable(pidfd.as_fd(), PATIENCE);
        if !matches!(ended, Ok(true)) {
            let _ = child.kill();
        }
    }
    child.wait().ok()
}

fn ending(status: Option<ExitStatus>, front: &mut dyn Front) -> io::Result<Ending> {
    let code = status.and_then(|s| s.code()).and_then(|code| u8::try_from(code).ok());
    match code {
        Some(code::DONE) => Ok(Ending::Done),
        Some(code::FAILED) => Ok(Ending::Failed),
        Some(code::TIME_LIMIT) => Ok(Ending::TimeLimit),
        _ => {
            let detail = status.map(|status| status.to_string());
            let what = Some(SUBCOMMAND.to_string());
            front.event(Event::Error(Error::new(ErrorKind::RunnerLost, what, detail)))?;
            Ok(Ending::Failed)
        }
    }
}

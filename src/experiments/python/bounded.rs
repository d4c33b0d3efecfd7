//! One process run to its end, or to its time limit, with what it printed.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::mp::{process, supervise, sys};

/// The most that is kept of what it prints; it is drained, not stored, beyond.
const MOST_OUTPUT: usize = 1 << 20;

/// Characters of a line that are told.
const MOST_TOLD: usize = 200;

/// What a process printed before it ended.
pub struct Said {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed, the first mebibyte of it.
    pub stdout: String,
    /// The same of stderr.
    pub stderr: String,
}

impl Said {
    /// The line on stderr that says what went wrong, or how it ended. A traceback says it last, and
    /// so does a syntax error; all others say it first and go on with hints.
    pub fn complaint(&self) -> String {
        let mut lines = self.stderr.lines().filter(|line| !line.trim().is_empty());
        let says_it_last =
            |line: &str| line.starts_with("Traceback (") || line.starts_with("  File ");
        let line = match lines.clone().any(says_it_last) {
            true => lines.next_back(),
            false => lines.next(),
        };
        line.map_or_else(|| self.status.to_string(), beginning)
    }
}

/// As much of a line as a reader needs to know it again.
pub fn beginning(line: &str) -> String {
    match line.char_indices().nth(MOST_TOLD) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_string(),
    }
}

/// Runs a command to its end; `None` if it had to be killed at the bound.
///
/// Its end is told by its pidfd, not by end of file: a child of its own that
/// outlives it would hold the pipes open. It leads a process group, which is killed
/// with it: such a child would also take its CPU from the next run, which is timed.
///
/// # Errors
/// When it cannot be started.
pub fn run(mut command: Command, bound: Duration) -> io::Result<Option<Said>> {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0);
    process::die_with_parent(&mut command, libc::SIGKILL);
    let mut child = command.spawn()?;
    let heard = listen(&mut child, bound);
    if !matches!(heard, Ok(Some(_))) {
        let _ = child.kill();
    }
    // Not reaped yet, it keeps the group's number from becoming another's.
    let _ = supervise::kill_group(child.id().cast_signed(), libc::SIGKILL);
    let status = child.wait()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(heard?.map(|(out, err)| Said { status, stdout: text(out), stderr: text(err) }))
}

/// Reads both outputs until the child ends; `None` at the bound.
fn listen(child: &mut Child, bound: Duration) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let deadline = Instant::now() + bound;
    let ended = sys::pidfd_open(child.id() as i32)?;
    let mut out = child.stdout.take().expect("piped");
    let mut err = child.stderr.take().expect("piped");
    set_nonblocking(&out)?;
    set_nonblocking(&err)?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out_open, mut err_open) = (true, true);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let mut fds = vec![PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
        if out_open {
            fds.push(PollFd::new(out.as_fd(), PollFlags::POLLIN));
        }
        if err_open {
            fds.push(PollFd::new(err.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
        let over = fds[0].any().unwrap_or(false);
        out_open = out_open && drain(&mut out, &mut stdout)?;
        err_open = err_open && drain(&mut err, &mut stderr)?;
        if over {
            return Ok(Some((stdout, stderr)));
        }
    }
}

/// Takes what is there now, a megabyte at most, so that one who prints without end
/// does not keep us from the clock; false at end of file.
fn drain(from: &mut impl Read, into: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0_u8; 16 * 1024];
    for _ in 0..64 {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(n) => {
                let room = MOST_OUTPUT.saturating_sub(into.len());
                into.extend_from_slice(&buffer[..n.min(room)]);
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(true)
}

fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

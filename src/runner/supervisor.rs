//! The runner's side: fork the experiment, relay what it says, leave nothing behind.
//!
//! One loop polls everything that can happen: the experiment ends (its pidfd), it
//! says something (the event pipe), the front says "drawn", gives an order or is gone (the socket),
//! TERM, the time limit. Nothing in it blocks, so none of these waits for another.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{dup2_stdout, pipe2};

use super::{Asked, Lines, Request, Signals, code, leftovers};
use crate::event::{Doing, Error, ErrorKind, Event, What};
use crate::experiments::{self, Channel, Lab, ended_by_signal};
use crate::mp::{Exit, Process, process, supervise as family, sys};

/// Between TERM and KILL.
const GRACE: Duration = Duration::from_millis(200);
/// How long killed processes may take to be reaped.
const REAPING: Duration = Duration::from_secs(2);

/// The life of the runner. Gives its exit code.
pub fn supervise() -> u8 {
    // No panic text on the student's terminal: the front tells of a runner that ends badly.
    std::panic::set_hook(Box::new(|_| {}));
    match Runner::begin() {
        Ok(mut runner) => runner.work(),
        Err(_) => code::LOST,
    }
}

struct Runner {
    front: UnixStream,
    signals: Signals,
    request: Request,
    began: Instant,
    /// Bytes of whole lines that the front has not taken yet.
    outgoing: Vec<u8>,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Ended,
    FrontGone,
    Terminated,
    TimeLimit,
}

/// The runner's ends of the pipes to the experiment.
struct Pipes {
    events: File,
    answers: File,
}

impl Runner {
    /// Takes the socket away from stdout, so that nobody below can write to it, and reads the request.
    fn begin() -> Result<Self> {
        let signals = Signals::take().context("signals")?;
        family::become_subreaper()?;
        let front = UnixStream::from(io::stdout().as_fd().try_clone_to_owned()?);
        dup2_stdout(File::options().write(true).open("/dev/null")?)?;
        let mut line = String::new();
        BufReader::new(&front).read_line(&mut line)?;
        let request = serde_json::from_str(&line).context("the request")?;
        front.set_nonblocking(true)?;
        let began = Instant::now();
        Ok(Runner { front, signals, request, began, outgoing: Vec::new() })
    }

    fn work(&mut self) -> u8 {
        leftovers::sweep();
        self.doing(What::Started, Some(std::process::id() as i32), None);
        let ended = self.run_experiment();
        let code = match ended {
            Ok(code) => code,
            Err(error) => {
                self.say(&Event::Error(experiments::told(&error)));
                code::FAILED
            }
        };
        leftovers::remove(std::process::id());
        if let Some(directory) = &self.request.params.to {
            leftovers::remove_unfinished(Path::new(directory), std::process::id());
        }
        self.doing(What::Cleaned, None, None);
        self.flush_all();
        code
    }

    fn run_experiment(&mut self) -> Result<u8> {
        let (channel, mut pipes) = pipes().context("pipes to the experiment")?;
        let name = self.request.experiment.clone();
        let (params, machine) = (self.request.params.clone(), self.request.machine.clone());
        let runner = std::process::id();
        let mut experiment = Process::new("experiment", move || {
            // The runner's ends of all pipes came along: were they open here, nobody
            // would notice that the other side is gone.
            sys::close_all_but(&[channel.events.as_fd(), channel.answers.as_fd()]);
            let _ = family::new_process_group();
            let (peer, row) = experiments::runnable(&name).expect("the front knows the registry");
            let lab = Lab::new(peer, row, params, machine, channel, runner);
            conduct(lab, row.run);
        });
        experiment.start()?;
        let pid = experiment.pid().expect("started");
        self.doing(What::Forked, Some(pid), None);
        let why = self.relay(&experiment, &mut pipes);
        let exit = self.end(&mut experiment, pid, matches!(why, Ok(Why::Ended)));
        self.verdict(why?, exit?, experiment.panic_message())
    }

    /// Relays until there is a reason to stop.
    fn relay(&mut self, experiment: &Process<'_>, pipes: &mut Pipes) -> Result<Why> {
        let limit = self.request.params.seconds_limit.map(Duration::from_secs_f64);
        let deadline = limit.map(|limit| self.began + limit);
        let mut lines = Lines::default();
        loop {
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Why::TimeLimit);
            }
            let ready = self.wait(experiment, pipes, left)?;
            // INT is the front's to understand; TERM is for the runner, whoever sent it.
            if self.signals.asked() == Some(Asked::Terminate) {
                return Ok(Why::Terminated);
            }
            if ready.front && !self.pass_answers(pipes) {
                return Ok(Why::FrontGone);
            }
            if ready.events && lines.fill_ready(&mut pipes.events)? {
                while let Some(line) = lines.next() {
                    self.outgoing.extend(line);
                }
            }
            self.flush();
            if ready.ended {
                while lines.fill_ready(&mut pipes.events)? {}
                while let Some(line) = lines.next() {
                    self.outgoing.extend(line);
                }
                return Ok(Why::Ended);
            }
        }
    }

    fn wait(
        &self,
        experiment: &Process<'_>,
        pipes: &Pipes,
        left: Option<Duration>,
    ) -> Result<Ready> {
        let sentinel = experiment.sentinel().context("the experiment's pidfd")?;
        let mut wanted = PollFlags::POLLIN;
        // Back pressure: what the front does not take is not read from the experiment either.
        let listening = match self.outgoing.is_empty() {
            true => PollFlags::POLLIN,
            false => {
                wanted |= PollFlags::POLLOUT;
                PollFlags::empty()
            }
        };
        let mut fds = [
            PollFd::new(sentinel, PollFlags::POLLIN),
            PollFd::new(self.front.as_fd(), wanted),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(pipes.events.as_fd(), listening),
        ];
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error).context("waiting for the experiment"),
        }
        let incoming = PollFlags::POLLIN | PollFlags::POLLHUP | PollFlags::POLLERR;
        let has = |fd: &PollFd| fd.revents().is_some_and(|r| r.intersects(incoming));
        Ok(Ready {
            ended: has(&fds[0]),
            front: has(&fds[1]),
            events: has(&fds[3]) && self.outgoing.is_empty(),
        })
    }

    /// Hands the front's "drawn" and its orders on to the experiment; false if the front is gone.
    fn pass_answers(&mut self, pipes: &mut Pipes) -> bool {
        let mut bytes = [0_u8; 256];
        match self.front.read(&mut bytes) {
            Ok(0) => false,
            Ok(n) => {
                // A full pipe: the experiment has not looked for so long that it will not miss these;
                // who gives orders waits for the answer to each.
                let _ = pipes.answers.write(&bytes[..n]);
                true
            }
            Err(e) => matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        }
    }

    /// Ends what is left of the experiment and waits for it: TERM to its group, KILL
    /// after the grace, then whatever strays have come here.
    fn end(&mut self, experiment: &mut Process<'_>, pid: i32, ended: bool) -> Result<Option<Exit>> {
        if !ended {
            self.doing(What::Terminating, Some(pid), None);
            // Its leader may not have come to make the group yet: signal it by itself, too.
            let _ = experiment.terminate();
            let _ = family::kill_group(pid, libc::SIGTERM);
            let sentinel = experiment.sentinel().context("the experiment's pidfd")?;
            if !sys::wait_readable(sentinel, GRACE)? {
                self.doing(What::Killing, Some(pid), None);
            }
        }
        // Before it is reaped: its pid names its group, and could name another's after.
        let _ = experiment.kill();
        let _ = family::kill_group(pid, libc::SIGKILL);
        let exit = experiment.join_timeout(REAPING);
        self.doing(
            What::Ended,
            Some(pid),
            exit.as_ref().ok().copied().flatten().map(Exit::exitcode),
        );
        family::kill_children(&[], REAPING, |pid, exit| {
            self.doing(What::Reaped, Some(pid), Some(exit.exitcode()));
        });
        Ok(exit?)
    }

    fn verdict(&mut self, why: Why, exit: Option<Exit>, panic: Option<&str>) -> Result<u8> {
        let name = || Some(self.request.experiment.clone());
        let error = |kind, detail| Event::Error(Error::new(kind, name(), detail));
        let (code, event) = match (why, exit) {
            (Why::FrontGone, _) => (code::FAILED, None),
            (Why::Terminated, _) => {
                (code::FAILED, Some(error(ErrorKind::RunnerLost, Some("SIGTERM".to_string()))))
            }
            (Why::TimeLimit, _) => {
                let limit = self.request.params.seconds_limit.map(|limit| format!("{limit} s"));
                (code::TIME_LIMIT, Some(error(ErrorKind::TimeLimit, limit)))
            }
            (Why::Ended, Some(Exit::Code(0))) => (code::DONE, None),
            (Why::Ended, Some(Exit::Code(_))) => {
                let told = panic.map(|text| error(ErrorKind::Panic, Some(text.to_string())));
                (code::FAILED, told)
            }
            (Why::Ended, None) => (code::FAILED, Some(error(ErrorKind::ExperimentKilled, None))),
            (Why::Ended, Some(exit)) => {
                let (kind, how) = ended_by_signal(exit, ErrorKind::ExperimentKilled);
                (code::FAILED, Some(error(kind, Some(how))))
            }
        };
        if let Some(event) = event {
            self.say(&event);
        }
        Ok(code)
    }

    fn doing(&mut self, what: What, pid: Option<i32>, exitcode: Option<i32>) {
        if self.request.verbose {
            let time_s = self.began.elapsed().as_secs_f64();
            self.say(&Event::Doing(Doing { time_s, what, pid, exitcode }));
        }
    }

    fn say(&mut self, event: &Event) {
        if let Ok(line) = serde_json::to_vec(event) {
            self.outgoing.extend(line);
            self.outgoing.push(b'\n');
        }
    }

    /// Gives the front what it takes without waiting.
    fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            match self.front.write(&self.outgoing) {
                Ok(n) => drop(self.outgoing.drain(..n)),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// Gives the front the rest. A slow front is waited for, however long its reader
    /// takes; one that is gone is not, and TERM ends the waiting.
    fn flush_all(&mut self) {
        loop {
            self.flush();
            if self.outgoing.is_empty() || self.signals.asked() == Some(Asked::Terminate) {
                return;
            }
            let mut fds = [
                PollFd::new(self.front.as_fd(), PollFlags::POLLOUT),
                PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            ];
            let gone = PollFlags::POLLHUP | PollFlags::POLLERR;
            let waited = poll(&mut fds, PollTimeout::NONE);
            let failed = waited.is_err_and(|errno| errno != Errno::EINTR);
            if failed || fds[0].revents().is_some_and(|r| r.intersects(gone)) {
                return;
            }
        }
    }
}

/// What is ready.
struct Ready {
    ended: bool,
    front: bool,
    events: bool,
}

impl Lines {
    /// Reads what is there now; false if nothing is.
    fn fill_ready(&mut self, from: &mut File) -> io::Result<bool> {
        match self.fill(from) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
            answer => answer,
        }
    }
}

/// The experiment's whole life, in its own process.
fn conduct(mut lab: Lab, run: fn(&mut Lab) -> Result<()>) {
    if let Err(error) = run(&mut lab) {
        // If nobody listens any more, nobody needs to hear this either.
        let _ = lab.emit(&Event::Error(experiments::told(&error)));
        drop(lab);
        process::exit(1);
    }
}

fn pipes() -> Result<(Channel, Pipes)> {
    let (events, events_in) = pipe2(OFlag::O_CLOEXEC)?;
    let (answers, answers_in) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    let flags = OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    nix::fcntl::fcntl(&events, nix::fcntl::FcntlArg::F_SETFL(flags))?;
    let channel = Channel::new(events_in.into(), answers.into());
    Ok((channel, Pipes { events: events.into(), answers: answers_in.into() }))
}

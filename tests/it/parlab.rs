//! The builder of every test: set up, run, judge.
//!
//! ```text
//! Parlab::new().args(["list"]).run().stdout_has("lock");
//! ```
//! What a test does not judge is judged all the same when the [`Done`] is dropped: the
//! exit code has to be 0, stderr empty, stdout looked at. After every run there must be
//! no process of it, nothing in its TMPDIR and none of its names in /dev/shm.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigHandler, Signal};

use crate::done::Done;
use crate::family::{self, Family, eventually};
use crate::room::{Room, names_in};

/// No run of a test lasts so long, unless it hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// A run to be.
pub struct Parlab {
    room: Rc<Room>,
    program: PathBuf,
    under: Vec<OsString>,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    stdin: Stdio,
    stdout: Option<Stdio>,
    leaves_names: bool,
    in_session: bool,
}

impl Parlab {
    /// A run in a room of its own, with nothing on its PATH.
    pub fn new() -> Parlab {
        Parlab::in_room(&Rc::new(Room::new()))
    }

    /// A run in a room that others use, too.
    pub fn in_room(room: &Rc<Room>) -> Parlab {
        let path = |name: &str| room.path(name).into_os_string();
        let env = [
            ("PATH", path("bin")),
            ("HOME", path("home")),
            ("TMPDIR", path("tmp")),
            ("PARLAB_TEST", room.mark.clone().into()),
        ];
        Parlab {
            room: Rc::clone(room),
            program: env!("CARGO_BIN_EXE_parlab").into(),
            under: Vec::new(),
            args: Vec::new(),
            env: env.map(|(name, value)| (name.into(), value)).into(),
            stdin: Stdio::null(),
            stdout: None,
            leaves_names: false,
            in_session: false,
        }
    }

    /// `compare lock --json` without Python.
    pub fn compare<const N: usize>(args: [&str; N]) -> Parlab {
        Parlab::new().args(["compare", "lock", "--json", "--no-python"]).args(args)
    }

    /// A run with a race that lasts far longer than any test.
    pub fn long() -> Parlab {
        Parlab::compare(["--only", "unlocked", "--iterations", "16777215", "--runs", "10000"])
    }

    /// `lesson ./x.md --json` without Python, on a text with these run blocks (TOML bodies).
    pub fn lesson<S: AsRef<str>>(runs: impl AsRef<[S]>) -> Parlab {
        Parlab::text(runs).args(["--no-python"])
    }

    /// The same with this Python.
    pub fn lesson_in<S: AsRef<str>>(python: &Path, runs: impl AsRef<[S]>) -> Parlab {
        Parlab::text(runs).args(["--python"]).args([python])
    }

    fn text<S: AsRef<str>>(runs: impl AsRef<[S]>) -> Parlab {
        let room = Rc::new(Room::new());
        room.file("x.md", lesson_text(runs.as_ref()));
        Parlab::in_room(&room).args(["lesson", "./x.md", "--json"])
    }

    /// More arguments.
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, args: I) -> Parlab {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Parlab {
        self.env.insert(name.into(), value.as_ref().to_owned());
        self
    }

    /// Takes a variable away.
    pub fn without_env(mut self, name: &str) -> Parlab {
        self.env.remove(OsStr::new(name));
        self
    }

    /// What it reads; usually /dev/null.
    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Parlab {
        self.stdin = stdin.into();
        self
    }

    /// Where it prints; usually a file, whose text is judged.
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Parlab {
        self.stdout = Some(stdout.into());
        self
    }

    /// A shell script as the `python3` of the PATH, used by default as Python is.
    pub fn python(mut self, script: &str) -> Parlab {
        self.room.program("python3", script);
        self.args.retain(|arg| arg != "--no-python");
        self
    }

    /// Runs it by another program, found by its absolute path: `/usr/bin/taskset -c 0`.
    pub fn under<S: Into<OsString>, const N: usize>(mut self, command: [S; N]) -> Parlab {
        self.under.extend(command.map(S::into));
        self
    }

    /// Runs it in a shell that has done something to itself: `ulimit -n 9`.
    pub fn after(self, shell: &str) -> Parlab {
        self.under(["/bin/sh", "-c", &format!("{shell}; exec \"$0\" \"$@\"")])
    }

    /// Runs a copy of the program, where every user may read it.
    pub fn copied(mut self) -> Parlab {
        let copy = self.room.path("bin").join("parlab-copy");
        // By another process: what this one has open for writing, a program that another test
        // starts just then inherits for a moment, and nobody can execute it (ETXTBSY, execve(2)).
        let cp = Command::new("/bin/cp").arg(&self.program).arg(&copy).status();
        assert!(cp.unwrap().success(), "no copy of {:?}", self.program);
        self.room.open_to_all();
        self.program = copy;
        self
    }

    /// It may leave files and names: nobody of it was alive to remove them.
    pub fn may_leave_names(mut self) -> Parlab {
        self.leaves_names = true;
        self
    }

    /// Starts it in a session of its own, with what it reads from as its terminal.
    pub fn in_session(mut self) -> Parlab {
        self.in_session = true;
        self
    }

    /// Starts it, in a process group of its own.
    pub fn start(self) -> Running {
        let words: Vec<OsString> =
            self.under.into_iter().chain([self.program.into()]).chain(self.args).collect();
        let [out, err] = self.room.outlets();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(&self.env).stdin(self.stdin);
        command.stdout(self.stdout.unwrap_or_else(|| File::create(&out).unwrap().into()));
        command.stderr(File::create(&err).unwrap());
        command.current_dir(self.room.path("work"));
        if !self.in_session {
            command.process_group(0);
        }
        // A shell that runs the tests in the background has them ignore Ctrl-C, nohup(1) has them
        // ignore the terminal's end, and what is ignored is inherited: here it must mean something.
        let in_session = self.in_session;
        let hearing = move || {
            if in_session {
                nix::unistd::setsid()?;
                // SAFETY: no pointers.
                nix::errno::Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
            }
            for heard in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
                // SAFETY: the default action is no code of ours.
                unsafe { nix::sys::signal::signal(heard, SigHandler::SigDfl)? };
            }
            Ok(())
        };
        // SAFETY: between fork and exec it makes a few system calls and allocates nothing.
        unsafe { command.pre_exec(hearing) };
        let child = command.spawn().unwrap_or_else(|e| panic!("{words:?} did not start: {e}"));
        drop(command);
        Running {
            child,
            room: self.room,
            outlets: [out, err],
            leaves_names: self.leaves_names,
            ended: false,
            pids: BTreeSet::new(),
        }
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Done {
        self.start().wait()
    }
}

/// A folder with texts to check: those that are compiled in take longer, all together.
pub const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/lessons/example");

/// A lesson text with these run blocks, named `r0`, `r1` and so on.
pub fn lesson_text<S: AsRef<str>>(runs: &[S]) -> String {
    let blocks = runs.iter().map(S::as_ref).enumerate();
    let blocks = blocks.map(|(i, body)| format!("```parlab run r{i}\n{body}\n```\n\n"));
    format!("# A lesson\n\n{}", blocks.collect::<String>())
}

/// A run that goes on.
pub struct Running {
    child: Child,
    room: Rc<Room>,
    outlets: [PathBuf; 2],
    leaves_names: bool,
    ended: bool,
    /// Every process of it that was seen: whose names in /dev/shm are its own.
    pids: BTreeSet<i32>,
}

impl Running {
    /// The process that was started.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Its processes, as soon as a race is on.
    #[track_caller]
    pub fn family(&mut self) -> Family {
        let family = eventually("a race", || Family::below(self.pid()));
        self.pids.extend([family.front, family.runner, family.experiment]);
        family
    }

    /// Waits until there is something in its TMPDIR that somebody will have to remove.
    #[track_caller]
    pub fn named_something(&self) {
        eventually("a private directory", || (!self.room.left_in_tmp().is_empty()).then_some(()));
    }

    /// Ctrl-C: INT to the whole foreground group.
    pub fn interrupt(&self) {
        family::signal(-self.pid(), Signal::SIGINT);
    }

    /// Waits until it ends, and until nothing of it is left.
    #[track_caller]
    pub fn wait(mut self) -> Done {
        let status = self.status();
        self.ended = true;
        let printed = [0, 1].map(|i| read(&self.outlets[i]));
        let done = Done::new(status, printed, Location::caller());
        self.nothing_left(&done);
        done
    }

    #[track_caller]
    fn status(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LIMIT;
        let mut pause = Duration::from_micros(200);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            self.pids.extend(family::children(self.pid()));
            if Instant::now() > deadline {
                let living: Vec<_> =
                    family::marked(&self.room.mark).into_iter().map(family::described).collect();
                let [stdout, stderr] = [0, 1].map(|i| read(&self.outlets[i]));
                panic!("it did not end: {living:#?}\nstdout: {stdout}\nstderr: {stderr}");
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    /// No process that carries the mark, nothing in TMPDIR, no name of its in /dev/shm.
    #[track_caller]
    fn nothing_left(&self, done: &Done) {
        let mut left = Vec::new();
        let deadline = Instant::now() + family::BOUND;
        loop {
            left.clear();
            left.extend(family::marked(&self.room.mark).into_iter().map(family::described));
            if !self.leaves_names {
                left.extend(self.room.left_in_tmp());
                left.extend(self.left_in_shared_memory());
            }
            if left.is_empty() {
                return;
            }
            if Instant::now() > deadline {
                panic!("it left {left:#?}\n{done}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn left_in_shared_memory(&self) -> impl Iterator<Item = String> {
        let own = |name: &String| {
            let pid = name.strip_prefix("parlab-").and_then(|rest| rest.split('-').next());
            pid.and_then(|pid| pid.parse().ok()).is_some_and(|pid| self.pids.contains(&pid))
        };
        names_in(Path::new("/dev/shm")).into_iter().filter(own)
    }
}

impl Drop for Running {
    /// A test that failed takes the whole family with it.
    fn drop(&mut self) {
        if !self.ended {
            for pid in family::marked(&self.room.mark) {
                family::signal(pid, Signal::SIGKILL);
            }
            let _ = self.child.wait();
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

/// A pipe: the end to read from, and the end for [`Parlab::stdout`].
pub fn pipe() -> (OwnedFd, OwnedFd) {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap()
}

//! Somebody sits at a terminal: questions are asked there and nowhere else.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::rc::Rc;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{Termios, tcgetattr};
use parlab::event::Event;

use crate::family::{ended, eventually};
use crate::json::ASKING;
use crate::parlab::{Parlab, Running};
use crate::room::Room;

/// The end of a pseudoterminal where a human being would sit.
pub struct Terminal {
    keys: File,
    /// The other end, kept open so that what is set on it can be looked at afterwards.
    line: File,
    /// What was printed and not looked for yet.
    pub screen: String,
}

impl Terminal {
    pub fn new() -> Terminal {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let keys = posix_openpt(flags).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let line = File::options().read(true).write(true).open(ptsname_r(&keys).unwrap()).unwrap();
        let keys = File::from(std::os::fd::OwnedFd::from(keys));
        Terminal { keys, line, screen: String::new() }
    }

    pub fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
    }

    /// Takes what was printed until now.
    pub fn look(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = self.keys.read(&mut buffer) {
            self.screen.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    }

    /// Waits for words on the screen, and forgets what stands before them.
    #[track_caller]
    pub fn shows(&mut self, words: &str) {
        eventually(words, || {
            self.look();
            let at = self.screen.find(words)?;
            self.screen.drain(..at + words.len());
            Some(())
        });
    }

    /// Waits until the program is gone, looking all the while: a full screen blocks it.
    pub fn gone(&mut self, run: &Running) {
        eventually("the end", || {
            self.look();
            ended(run.pid()).then_some(())
        });
    }

    /// A size, in columns and rows. Whoever has it as the terminal of its session hears of it.
    pub fn resize(&self, columns: u16, rows: u16) {
        let size = nix::pty::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the descriptor is open, and the size lives until the call is over.
        let done = unsafe { libc::ioctl(self.line.as_raw_fd(), libc::TIOCSWINSZ, &size) };
        assert_eq!(done, 0);
    }

    /// The end that a program gets as its stdin or stdout.
    pub fn end(&self) -> File {
        self.line.try_clone().unwrap()
    }

    pub fn settings(&self) -> Termios {
        tcgetattr(&self.line).unwrap()
    }
}

/// The lesson with a question, at a terminal.
fn sits_down<const N: usize>(args: [&str; N]) -> (Terminal, Running) {
    let room = Rc::new(Room::new());
    room.file("x.md", ASKING);
    let terminal = Terminal::new();
    let [stdin, stdout] = [0, 1].map(|_| terminal.line.try_clone().unwrap());
    let run = Parlab::in_room(&room).args(["lesson", "./x.md", "--no-python"]).args(args);
    (terminal, run.stdin(stdin).stdout(stdout).start())
}

#[test]
fn an_answer_is_taken_and_judged() {
    for (key, reply) in [("1\n", "So it did"), ("2\n", "It did not")] {
        let (mut terminal, run) = sits_down([]);
        terminal.shows("Elsewhere");
        terminal.types(key);
        terminal.shows(reply);
        terminal.gone(&run);
        run.wait().any_stdout();
    }
}

#[test]
fn what_is_no_answer_is_asked_again_and_an_empty_line_skips() {
    let (mut terminal, run) = sits_down([]);
    terminal.shows("Elsewhere");
    terminal.types("7\n");
    terminal.shows("7");
    terminal.types("one\n");
    terminal.shows("one");
    terminal.types("\n");
    terminal.shows("It ended");
    terminal.gone(&run);
    run.wait().any_stdout();
}

#[test]
fn the_end_of_input_skips_every_question() {
    let (mut terminal, run) = sits_down([]);
    terminal.shows("Elsewhere");
    terminal.types("\u{4}"); // Ctrl-D
    terminal.shows("It ended");
    terminal.gone(&run);
    run.wait().any_stdout();
}

#[test]
fn ctrl_c_at_a_question_ends_it_and_leaves_the_terminal_as_it_was() {
    let (mut terminal, run) = sits_down([]);
    let before = terminal.settings();
    terminal.shows("Elsewhere");
    run.interrupt();
    terminal.gone(&run);
    assert_eq!(terminal.settings(), before);
    run.wait().any_stdout().any_stderr().code(130);
}

#[test]
fn nothing_is_asked_with_yes_or_json() {
    for option in ["--yes", "--json"] {
        let (mut terminal, run) = sits_down([option]);
        terminal.gone(&run);
        if option == "--json" {
            let events = terminal.screen.lines().map(serde_json::from_str::<Event>);
            assert!(events.clone().count() > 3, "{}", terminal.screen);
            assert!(events.flatten().any(|e| matches!(e, Event::Answer(a) if a.said.is_none())));
        }
        run.wait().any_stdout();
    }
}

#[test]
fn nothing_is_asked_where_only_one_end_is_a_terminal() {
    let room = Rc::new(Room::new());
    room.file("x.md", ASKING);
    let terminal = Terminal::new();
    let lesson = || Parlab::in_room(&room).args(["lesson", "./x.md", "--no-python"]);
    lesson().stdin(terminal.line.try_clone().unwrap()).run().stdout_has("It ended");
}

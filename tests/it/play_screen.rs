//! A game that takes the terminal over: what is seen, what keys do, and that the terminal is whole
//! again however it ends.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, Termios};

use crate::family::{Family, children, ended, eventually, signal};
use crate::grid::Grid;
use crate::parlab::{Parlab, Running};
use crate::terminal::Terminal;

/// Somebody at a terminal, playing.
struct Seat {
    terminal: Terminal,
    before: Termios,
    grid: Grid,
    run: Running,
}

impl Seat {
    /// Plays on a terminal of this size.
    fn take<const N: usize>(args: [&str; N], (columns, rows): (u16, u16)) -> Seat {
        let terminal = Terminal::new();
        terminal.resize(columns, rows);
        let before = terminal.settings();
        let run = Parlab::new().args(["play"]).args(args).env("TERM", "xterm-256color");
        let run = run.stdin(terminal.end()).stdout(terminal.end()).in_session().start();
        Seat { terminal, before, grid: Grid::new(columns.into(), rows.into()), run }
    }

    fn look(&mut self) -> String {
        self.terminal.look();
        self.grid.take(&mut self.terminal.screen);
        self.grid.text()
    }

    /// Waits until the screen shows all of these.
    #[track_caller]
    fn sees<const N: usize>(&mut self, words: [&str; N]) {
        let mut seen = String::new();
        let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually("the screen", || {
                seen = self.look();
                words.iter().all(|word| seen.contains(word)).then_some(())
            });
        }));
        assert!(shown.is_ok(), "no {words:?} on the screen:\n{seen}");
    }

    fn types(&mut self, keys: &str) {
        self.terminal.types(keys);
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        self.look();
        self.grid = Grid::new(columns.into(), rows.into());
        self.grid.taken = true;
        self.terminal.resize(columns, rows);
    }

    /// Waits for the end; the terminal must be as it was.
    #[track_caller]
    fn ends(mut self, code: i32) -> String {
        let pid = self.run.pid();
        eventually("the end", || {
            self.look();
            ended(pid).then_some(())
        });
        self.look();
        assert!(!self.grid.taken && !self.grid.hidden, "the screen was not given back");
        assert_eq!(self.terminal.settings(), self.before);
        self.run.wait().any_stdout().any_stderr().code(code);
        self.grid.usual
    }
}

#[test]
fn a_level_is_played_step_by_step_back_and_to_the_next() {
    let mut seat = Seat::take(["lock"], (80, 24));
    seat.sees(["Level 1 of", "end at", "→ mine = balance", "balance: 100", "steps: 0", "q: end"]);
    let flags = seat.terminal.settings().local_flags;
    assert!(!flags.intersects(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG));
    seat.types("a");
    seat.sees(["steps: A (1", "→ balance = mine - 1", "mine: 100"]);
    seat.types("u");
    seat.sees(["steps: 0", "mine: –"]);
    seat.types("abb?");
    seat.sees(["steps: ABB (3", "balance: 101", "has ended", "Hint: A."]);
    seat.types("x");
    seat.sees(["no process has this letter"]);
    // An arrow, a function key, Delete and Escape mean nothing, and what comes behind them is heard.
    seat.types("\u{1b}[A\u{1b}OP\u{1b}[3~\u{1b}A");
    seat.sees(["ABBA (4", "balance: 99", "✓ Goal reached.", "Enter: next level"]);
    seat.types("\r");
    seat.sees(["Level 2 of", "steps: 0"]);
    seat.types("q");
    assert!(seat.ends(0).contains("steps: 0"));
}

#[test]
fn three_processes_and_what_they_wait_for_are_shown_in_italian() {
    let mut seat = Seat::take(["queue", "--lang", "it"], (80, 24));
    seat.sees([
        "Livello 1 di 3",
        "A child (pid",
        "C parent (pid",
        "→ A.join()",
        "C aspetta: A non",
    ]);
    seat.types("b");
    seat.sees(["✓ Obiettivo raggiunto.", "la coda è piena", "messaggi: 1"]);
    seat.types("q");
    seat.ends(0);
}

#[test]
fn another_size_draws_it_anew() {
    let mut seat = Seat::take(["lock"], (80, 24));
    seat.sees(["Level 1 of"]);
    seat.types("a");
    seat.sees(["steps: A (1"]);
    for (columns, rows) in [(40, 12), (60, 20), (100, 30)] {
        seat.resize(columns, rows);
        seat.sees(["steps: A (1", "→ balance = mine - 1", "mine: 100", "balance: 100"]);
    }
    seat.resize(20, 5);
    seat.sees(["window too small"]);
    seat.resize(80, 24);
    seat.sees(["Level 1 of"]);
    seat.types("q");
    seat.ends(0);
}

#[test]
fn ctrl_c_term_and_the_end_of_input_give_the_terminal_back() {
    let mut seat = Seat::take(["lock"], (80, 24));
    seat.sees(["steps: 0"]);
    seat.types("\u{3}");
    seat.ends(130);
    let mut seat = Seat::take(["lock"], (80, 24));
    seat.sees(["steps: 0"]);
    signal(seat.run.pid(), Signal::SIGTERM);
    seat.ends(143);
    let mut seat = Seat::take(["lock"], (80, 24));
    seat.sees(["steps: 0"]);
    seat.types("\u{4}");
    seat.ends(0);
}

#[test]
fn ctrl_c_and_term_at_any_moment_give_the_terminal_back() {
    for round in 0..10 {
        let mut seat = Seat::take(["lock"], (80, 24));
        seat.sees(["steps: 0"]);
        seat.types(&"abuu?ab"[..fastrand::usize(0..7)]);
        std::thread::sleep(std::time::Duration::from_micros(fastrand::u64(0..5_000)));
        match round % 2 {
            0 => seat.types("\u{3}"),
            _ => drop(signal(seat.run.pid(), Signal::SIGTERM)),
        }
        seat.ends(if round % 2 == 0 { 130 } else { 143 });
    }
}

#[test]
fn whoever_else_is_killed_the_terminal_is_given_back_and_it_is_told() {
    for victim in ["runner", "experiment", "player"] {
        let mut seat = Seat::take(["lock"], (80, 24));
        seat.sees(["steps: 0"]);
        let family = eventually("its processes", || Family::below(seat.run.pid()));
        let pid = match victim {
            "runner" => family.runner,
            "experiment" => family.experiment,
            _ => children(family.experiment)[0],
        };
        signal(pid, Signal::SIGKILL);
        seat.types("a");
        seat.ends(1);
    }
}

#[test]
fn kill_9_of_the_front_leaves_no_process() {
    let mut seat = Seat::take(["lock"], (80, 24));
    seat.sees(["steps: 0"]);
    signal(seat.run.pid(), Signal::SIGKILL);
    seat.run.wait().any_stdout().signal(Signal::SIGKILL);
}

#[test]
fn a_small_or_dumb_terminal_gets_lines() {
    let mut small = Seat::take(["lock"], (20, 5));
    small.terminal.shows("too small");
    small.terminal.shows("q: end > ");
    small.types("ab\n");
    small.terminal.shows("steps: AB (2");
    small.types("q\n");
    assert!(!small.ends(0).contains("\u{1b}[?1049h"));

    let terminal = Terminal::new();
    terminal.resize(80, 24);
    let run = Parlab::new().args(["play", "lock"]).env("TERM", "dumb");
    let run = run.stdin(terminal.end()).stdout(terminal.end()).in_session().start();
    let mut seat = Seat { before: terminal.settings(), terminal, grid: Grid::new(80, 24), run };
    seat.terminal.shows("q: end > ");
    seat.types("abba\n");
    seat.terminal.shows("✓ Goal reached.");
    seat.terminal.shows("Level 2 of");
    seat.types("q\n");
    seat.ends(0);
}

#[test]
fn a_schedule_goes_on_by_hand_at_a_terminal() {
    let mut seat = Seat::take(["lock", "--schedule", "ABB", "--from", "57"], (80, 24));
    seat.terminal.shows("steps: ABB (3)");
    seat.terminal.shows("q: end > ");
    seat.types("u\n");
    seat.terminal.shows("steps: AB (2)");
    seat.types("aq\n");
    seat.terminal.shows("balance: 56");
    seat.ends(0);
}

/// Set where the test below runs the other one.
const PANICS: &str = "PARLAB_TEST_PANICS";

/// The other half of the test below: a program that panics with the screen taken over.
#[test]
#[ignore = "run by another test, at a terminal"]
fn panics_with_the_screen_taken_over() {
    use parlab::lesson::doc::Lang;
    use parlab::view::{screen::Screen, style::Style};
    if std::env::var_os(PANICS).is_none() {
        return;
    }
    let style =
        Style { colour: false, errors_colour: false, width: 80, lang: Lang::En, live: false };
    let _screen = Screen::open(style).unwrap();
    panic!("on purpose");
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let mut terminal = Terminal::new();
    terminal.resize(80, 24);
    let before = terminal.settings();
    let name = "play_screen::panics_with_the_screen_taken_over";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture"]).process_group(0);
    command.env(PANICS, "1");
    command.stdin(terminal.end()).stdout(terminal.end()).stderr(terminal.end());
    let mut child = command.spawn().unwrap();
    terminal.shows("\u{1b}[?1049h");
    terminal.shows("\u{1b}[?1049l");
    terminal.shows("on purpose");
    eventually("the end", || {
        terminal.look();
        child.try_wait().unwrap()
    });
    assert_eq!(terminal.settings(), before);
}

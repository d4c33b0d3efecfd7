//! The whole screen of a terminal for a game, and the terminal as it was when the game is over.
//!
//! However it ends, the terminal gets its settings and its old screen back: when the screen is
//! dropped, which a signal leads to as well, and before the text of a panic is printed. Only
//! `kill -9` of the front cannot be helped.

pub mod board;

use std::io::{self, Stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};

use self::board::Board;
use super::style::Style;
use super::visible;
use super::{Level, View};
use crate::event::{Event, Position, Standing};

/// Whether the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The screen, taken over.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    style: Style,
    level: Option<Level>,
    position: Option<Position>,
    last: bool,
    /// What has to be told when the old screen is back.
    held: Vec<Event>,
}

/// Whether the terminal is large enough for so many processes.
pub fn fits(processes: usize) -> bool {
    terminal::size().is_ok_and(|(columns, rows)| board::fits(columns, rows, processes))
}

impl Screen {
    /// Takes the terminal over: keys come one by one and are not echoed, Ctrl-C as a key too.
    ///
    /// # Errors
    /// When the terminal cannot be set or written to; it is as before then.
    pub fn open(style: Style) -> io::Result<Self> {
        before_a_panic_is_told();
        TAKEN.store(true, SeqCst);
        let taken = || {
            enable_raw_mode()?;
            // Not ratatui's own `clear`: it asks the terminal where the cursor is, and would take
            // what is typed for the answer.
            execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All))?;
            let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
            terminal.hide_cursor()?;
            Ok(terminal)
        };
        match taken() {
            Ok(terminal) => {
                let (level, position) = (None, None);
                Ok(Screen { terminal, style, level, position, last: false, held: Vec::new() })
            }
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Gives the terminal back; then tells what else there was to say, the last position first.
    pub fn close(mut self) -> Vec<Event> {
        let last = self.position.take().map(|position| Event::Position(Box::new(position)));
        last.into_iter().chain(std::mem::take(&mut self.held)).collect()
    }

    fn draw(&mut self) -> io::Result<()> {
        let Some(position) = &self.position else {
            return Ok(());
        };
        let board =
            Board { level: self.level.as_ref(), position, last: self.last, style: &self.style };
        self.terminal.draw(|frame| board.draw(frame))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

impl View for Screen {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match visible::event(event)? {
            Event::Position(position) => {
                self.position = Some(*position);
                self.draw()
            }
            other => {
                self.held.push(other);
                Ok(())
            }
        }
    }

    fn level(&mut self, level: &Level) -> io::Result<()> {
        self.level = Some(level.clone());
        Ok(())
    }

    fn turn(&mut self, _standing: Standing, last: bool) -> io::Result<()> {
        self.last = last;
        self.draw()
    }

    fn resized(&mut self) -> io::Result<()> {
        self.terminal.autoresize()?;
        self.draw()
    }
}

/// The terminal as it was, once. That it cannot be written to any more is no news then.
fn give_back() {
    if TAKEN.swap(false, SeqCst) {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// A panic's text would be lost with the screen that it is printed on.
fn before_a_panic_is_told() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            give_back();
            tell(about);
        }));
    });
}

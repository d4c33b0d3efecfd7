//! What each command does. A command is a short story over the other parts of the
//! house: read a lesson, run its experiments, hand everything to the view.

mod check;
mod compare;
mod course;
mod doctor;
mod explore;
mod export;
mod files;
mod input;
mod keeper;
pub mod levels;
mod list;
mod new;
mod page;
mod play;
mod player;
mod price_list;
mod reader;
pub mod record;
mod recordings;
mod rehearsal;
mod replay;
mod report;
mod room;
mod session;
mod source;
mod terminal;

use std::path::PathBuf;

use crate::event::Params;
use crate::experiments::{Lesson, Subject};
use crate::lesson::doc::Lang;
use crate::runner;
use crate::view::style::ColourChoice;

pub use export::{Format, Target};
pub use page::{ALL as ALL_PARTS, CORE};
pub use play::Asked;
pub use session::Settings;

/// The hidden first word that makes this process the runner.
pub const RUNNER: &str = runner::SUBCOMMAND;

/// What was typed, understood.
pub enum Command {
    /// No subcommand: the course, or off a terminal how to start.
    Alone(Settings),
    /// `course`.
    Course {
        /// Whether to forget what was done.
        forget: bool,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `lesson`.
    Lesson {
        /// Which.
        lesson: Chosen,
        /// The parts to show besides the core, or instead of it.
        parts: Vec<String>,
        /// Options of experiments, as far as they were typed.
        params: Params,
        /// Options of everything.
        settings: Settings,
    },
    /// `compare`.
    Compare {
        /// Which.
        lesson: &'static Lesson,
        /// Whether to raise the work in each item instead: only of a lesson that can.
        sweep: bool,
        /// As for `lesson`.
        params: Params,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `compare all`: the price list.
    PriceList {
        /// As for `lesson`.
        params: Params,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `explore`.
    Explore {
        /// Which program.
        subject: &'static Subject,
        /// Which way to write it.
        variant: &'static str,
        /// As for `lesson`.
        params: Params,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `play`.
    Play {
        /// What, and how to begin.
        asked: Asked,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `report`.
    Report {
        /// The files that keep runs.
        files: Vec<PathBuf>,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `list`.
    List(Settings),
    /// `check`.
    Check {
        /// Files and folders; empty means the lessons that are compiled in.
        paths: Vec<PathBuf>,
        /// Whether a command line in a lesson text would be understood; the error says why not.
        understood: fn(&[String]) -> Result<(), String>,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `new`.
    New {
        /// The folder to make.
        folder: PathBuf,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `completions`.
    Completions {
        /// The script to print.
        script: String,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `man`.
    Man {
        /// Where the pages go.
        folder: PathBuf,
        /// The name of each page's file, and its text.
        pages: Vec<(String, String)>,
        /// As for `lesson`.
        settings: Settings,
    },
    /// `doctor`.
    Doctor {
        /// Which Pythons to look for, and the time limit.
        params: Params,
        /// As for `lesson`.
        settings: Settings,
    },
    /// The hidden subcommand that makes this process the runner.
    Supervise,
}

/// A lesson, by name or by path.
pub enum Chosen {
    /// One of the registry.
    Named(&'static Lesson),
    /// A teacher's own.
    Path(PathBuf),
}

/// Which code a lesson shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Code {
    /// The Rust that runs.
    Rust,
    /// The Python that says the same.
    Python,
    /// Both.
    #[default]
    Both,
    /// None.
    None,
}

impl Code {
    /// Whether the Rust code is shown.
    pub fn rust(self) -> bool {
        matches!(self, Code::Rust | Code::Both)
    }

    /// Whether the Python code is shown.
    pub fn python(self) -> bool {
        matches!(self, Code::Python | Code::Both)
    }
}

/// Does what was typed; gives the exit code.
pub fn run(command: Command) -> u8 {
    match command {
        Command::Supervise => runner::supervise(),
        Command::Alone(settings) => session::conduct(settings, course::alone),
        Command::Course { forget: false, settings } => session::conduct(settings, course::course),
        Command::Course { forget: true, settings } => session::conduct(settings, course::forget),
        Command::List(settings) => session::conduct(settings, list::list),
        Command::Doctor { params, settings } => {
            session::conduct(settings, |session| doctor::doctor(session, &params))
        }
        Command::Check { paths, understood, settings } => {
            session::conduct(settings, |session| check::check(session, &paths, understood))
        }
        Command::New { folder, settings } => {
            session::conduct(settings, |session| new::new(session, &folder))
        }
        Command::Completions { script, settings } => {
            session::conduct(settings, |session| Ok(session.view.script(&script)?))
        }
        Command::Man { folder, pages, settings } => {
            session::conduct(settings, |session| new::manual(session, &folder, &pages))
        }
        Command::Compare { lesson, sweep, params, settings } => {
            session::conduct(settings, |session| compare::compare(session, lesson, sweep, &params))
        }
        Command::PriceList { params, settings } => {
            session::conduct(settings, |session| price_list::price_list(session, &params))
        }
        Command::Explore { subject, variant, params, settings } => {
            session::conduct(settings, |session| {
                explore::explore(session, subject, variant, &params)
            })
        }
        Command::Report { files, settings } => {
            session::conduct(settings, |session| report::report(session, &files))
        }
        Command::Play { asked, settings } => {
            session::conduct(settings, |session| play::play(session, &asked))
        }
        Command::Lesson { lesson, parts, params, settings } => {
            session::conduct(settings, |session| page::page(session, &lesson, &parts, &params))
        }
    }
}

/// The language that the environment asks for: LC_ALL over LC_MESSAGES over LANG, English if none
/// of them is Italian.
pub fn language(env: &dyn Fn(&str) -> Option<String>) -> Lang {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| env(name).filter(|value| !value.is_empty()))
        .and_then(|value| Lang::from_code(value.get(..2)?))
        .unwrap_or(Lang::En)
}

/// How colour is chosen, for the command line.
pub type Colour = ColourChoice;

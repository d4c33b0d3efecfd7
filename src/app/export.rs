//! `--export FILE`: what a command shows, kept in a file once it is done, as its events, as
//! a page, as a sheet of paper or as a trace.
//!
//! Everything is kept in memory until the end, so that a run is never disturbed by a disk and one
//! that fails leaves nothing. Whether the file can be written is tried before anything runs.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::files;
use super::reader::Reader;
use super::session::{Session, Stop};
use crate::event::{End, Error, ErrorKind, Event};
use crate::experiments::{Experiment, LESSONS};
use crate::lesson::doc::Lang;
use crate::lesson::template::Renderer;
use crate::view::handout::Handout;
use crate::view::html::{self, Html};
use crate::view::json::Json;
use crate::view::trace::Trace;
use crate::view::{View, format};

/// What `--export` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file.
    pub file: PathBuf,
    /// What it will hold.
    pub format: Format,
    /// Whether it may be there already.
    pub force: bool,
}

/// What an exported file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The lines of `--json`.
    Json,
    /// A page for a browser.
    Html,
    /// A sheet to be handed out.
    Markdown,
    /// Its timelines, for a viewer of traces.
    Trace,
}

impl Format {
    /// The format that a file's name asks for by its ending; none if it has another one.
    pub fn of(file: &Path) -> Option<Format> {
        let name = file.file_name()?;
        // What ends in a slash is a folder, whatever its name. A name need not be text.
        if !file.as_os_str().as_bytes().ends_with(name.as_bytes()) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        if name.as_bytes().ends_with(b".trace.json") {
            return Some(Format::Trace);
        }
        match Path::new(&name).extension()?.as_bytes() {
            b"json" => Some(Format::Json),
            b"html" => Some(Format::Html),
            b"md" => Some(Format::Markdown),
            _ => None,
        }
    }
}

/// What was shown so far.
pub struct Export {
    target: Target,
    lang: Lang,
    kept: Kept,
}

enum Kept {
    Events(Json<Vec<u8>>),
    /// The same page in each language.
    Page(Vec<Sheet<Html>>),
    /// A sheet in the language of the session.
    Handout(Box<Sheet<Handout>>),
    Trace(Trace),
}

/// A view, with what fills the texts of its language.
struct Sheet<V> {
    lang: Lang,
    renderer: Renderer,
    view: V,
}

impl<V: View> Sheet<V> {
    fn new(lang: Lang, view: V) -> Sheet<V> {
        Sheet { lang, renderer: Renderer::new(|env| format::install(env, lang)), view }
    }

    fn reader(&mut self) -> Reader<'_> {
        Reader { lang: self.lang, renderer: &self.renderer, view: &mut self.view }
    }
}

impl Export {
    /// Nothing yet; `lang` is the language in which a page will open.
    pub fn new(target: Target, lang: Lang) -> Export {
        let page = |lang| Sheet::new(lang, Html::new(lang));
        let kept = match target.format {
            Format::Json => Kept::Events(Json::new(Vec::new())),
            Format::Html => Kept::Page(Lang::ALL.map(page).into()),
            Format::Markdown => Kept::Handout(Box::new(Sheet::new(lang, Handout::new(lang)))),
            Format::Trace => Kept::Trace(Trace::new(lang)),
        };
        Export { target, lang, kept }
    }

    /// Tries whether the file can be written, and leaves no trace of it.
    ///
    /// # Errors
    /// [`ErrorKind::FileExists`] if it is there and may not be replaced, [`ErrorKind::Output`] if
    /// it cannot be written.
    pub fn try_target(&self) -> Result<(), Box<Error>> {
        let target = &self.target;
        match fs::symlink_metadata(&target.file) {
            Ok(about) if about.is_dir() => {
                Err(target.unwritable(&io::Error::from(io::ErrorKind::IsADirectory)))
            }
            Ok(_) if !target.force => Err(target.taken()),
            // A name that is too long, say: the file beside has another one.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(target.unwritable(&error)),
            _ => target.beside(b"").map(drop).map_err(|error| target.unwritable(&error)),
        }
    }

    /// Refuses what would leave nothing to keep: a trace of experiments that tell no times.
    ///
    /// # Errors
    /// [`ErrorKind::NoTimes`].
    pub fn try_times(&self, experiments: &[&Experiment]) -> Result<(), Box<Error>> {
        let timed: Vec<&str> =
            LESSONS.iter().flat_map(|lesson| lesson.timelines).copied().collect();
        match self.kept {
            Kept::Trace(_) if !experiments.iter().any(|it| timed.contains(&it.name)) => {
                Err(self.no_times())
            }
            _ => Ok(()),
        }
    }

    /// That nothing tells times, and which lessons do.
    fn no_times(&self) -> Box<Error> {
        let file = self.target.file.display().to_string();
        let lessons = LESSONS.iter().filter(|lesson| !lesson.timelines.is_empty());
        let lessons: Vec<&str> = lessons.map(|lesson| lesson.name).collect();
        Box::new(Error::new(ErrorKind::NoTimes, Some(file), Some(lessons.join(", "))))
    }

    /// Those who read a page or a sheet along, each in their language.
    pub fn readers(&mut self) -> Vec<Reader<'_>> {
        match &mut self.kept {
            Kept::Events(_) | Kept::Trace(_) => Vec::new(),
            Kept::Page(sheets) => sheets.iter_mut().map(Sheet::reader).collect(),
            Kept::Handout(sheet) => vec![sheet.reader()],
        }
    }

    /// Keeps to one language: the lesson has no text in another.
    pub fn only(&mut self, lang: Lang) {
        if let Kept::Page(sheets) = &mut self.kept {
            sheets.retain(|sheet| sheet.lang == lang);
        }
    }

    /// Keeps the lines of a recording as they stand, where lines are kept.
    ///
    /// # Errors
    /// Never: memory can be written to.
    pub fn recorded(&mut self, lines: &[&str]) -> io::Result<()> {
        match &mut self.kept {
            Kept::Events(json) => json.recorded(lines),
            Kept::Page(_) | Kept::Handout(_) | Kept::Trace(_) => Ok(()),
        }
    }

    /// Keeps an event where events are kept: who reads a page is told of it with its texts.
    ///
    /// # Errors
    /// As [`Export::event`].
    pub fn line(&mut self, event: &Event) -> io::Result<()> {
        match &mut self.kept {
            Kept::Events(json) => json.event(event),
            Kept::Page(_) | Kept::Handout(_) | Kept::Trace(_) => Ok(()),
        }
    }

    /// Keeps what happened.
    ///
    /// # Errors
    /// An event that JSON cannot hold.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        match &mut self.kept {
            Kept::Events(json) => json.event(event),
            Kept::Page(sheets) => sheets.iter_mut().try_for_each(|sheet| sheet.view.event(event)),
            Kept::Handout(sheet) => sheet.view.event(event),
            Kept::Trace(trace) => trace.event(event),
        }
    }

    /// Writes the file, as a whole or not at all, and gives its name.
    ///
    /// # Errors
    /// As [`Export::try_target`]: the disk may be full by now, or the file have come meanwhile.
    /// [`ErrorKind::NoTimes`] if it is to be a trace and nothing had a time.
    pub fn write(self) -> Result<String, Box<Error>> {
        if let Kept::Trace(trace) = &self.kept
            && trace.is_empty()
        {
            return Err(self.no_times());
        }
        let Export { target, lang, kept } = self;
        let text = match kept {
            Kept::Events(json) => Ok(json.into_inner()),
            Kept::Page(sheets) => {
                let sheets = sheets.into_iter().map(|sheet| sheet.view).collect();
                html::page(sheets, lang).map(String::into_bytes)
            }
            Kept::Handout(sheet) => Ok(sheet.view.into_text().into_bytes()),
            Kept::Trace(trace) => trace.into_text().map(String::into_bytes),
        };
        match text.and_then(|text| target.write(&text)) {
            Ok(()) => Ok(target.file.display().to_string()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(target.taken()),
            Err(error) => Err(target.unwritable(&error)),
        }
    }
}

impl Target {
    fn write(&self, text: &[u8]) -> io::Result<()> {
        let beside = self.beside(text)?;
        match self.force {
            true => beside.persist(&self.file)?,
            false => beside.persist_noclobber(&self.file)?,
        };
        Ok(())
    }

    /// A file with this text in the same directory, which a rename can put in place.
    fn beside(&self, text: &[u8]) -> io::Result<NamedTempFile> {
        let directory = self.file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        // What the system says of a directory that is not there, it says in its own words.
        fs::metadata(directory)?;
        files::unnamed(directory, text)
    }

    /// The file is there, and nobody said that it may be replaced.
    fn taken(&self) -> Box<Error> {
        let file = self.file.display().to_string();
        Box::new(Error::new(ErrorKind::FileExists, Some(file), None))
    }

    fn unwritable(&self, error: &io::Error) -> Box<Error> {
        let file = self.file.display().to_string();
        Box::new(Error::new(ErrorKind::Output, Some(file), Some(error.to_string())))
    }
}

impl Session {
    /// Tries whether there is a place for what is to be kept, before anything is read for it.
    ///
    /// # Errors
    /// As [`Session::start`].
    pub fn try_target(&mut self) -> Result<(), Stop> {
        let tried = self.export.as_ref().map_or(Ok(()), Export::try_target);
        tried.map_err(|error| self.not_kept(&error))
    }

    /// Tells that there is no place for what is to be kept.
    pub(super) fn not_kept(&mut self, error: &Error) -> Stop {
        let stop = match error.kind {
            ErrorKind::FileExists | ErrorKind::NoTimes => Stop::Usage,
            _ => Stop::Failed,
        };
        self.view.error(error).map_or_else(Stop::Output, |()| stop)
    }

    /// Writes the file of `--export` and gives its name: only what was done to its end is kept.
    pub(super) fn keep(&mut self) -> Result<Option<String>, Stop> {
        let Some(mut export) = self.export.take() else {
            return Ok(None);
        };
        export.event(&Event::End(End { exit: 0, reason: None }))?;
        export.write().map(Some).map_err(|error| self.not_kept(&error))
    }
}

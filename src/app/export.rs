//! `--export FILE`: what a command shows, kept in a file once it is done, as its events or as a page.
//!
//! Everything is kept in memory until the end, so that a run is never disturbed by a disk and one
//! that fails leaves nothing. Whether the file can be written is tried before anything runs.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::reader::Reader;
use crate::event::{Error, ErrorKind, Event};
use crate::lesson::doc::Lang;
use crate::lesson::template::Renderer;
use crate::view::html::{self, Html};
use crate::view::json::Json;
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
}

impl Format {
    /// The format that a file's name asks for by its ending; none if it has another one.
    pub fn of(file: &Path) -> Option<Format> {
        let ending = file.extension()?.to_str()?;
        match ending.to_ascii_lowercase().as_str() {
            "json" => Some(Format::Json),
            "html" => Some(Format::Html),
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
    Page(Vec<Sheet>),
}

struct Sheet {
    lang: Lang,
    renderer: Renderer,
    view: Html,
}

impl Export {
    /// Nothing yet; `lang` is the language in which a page will open.
    pub fn new(target: Target, lang: Lang) -> Export {
        let sheet = |lang| {
            let renderer = Renderer::new(|env| format::install(env, lang));
            Sheet { lang, renderer, view: Html::new(lang) }
        };
        let kept = match target.format {
            Format::Json => Kept::Events(Json::new(Vec::new())),
            Format::Html => Kept::Page(Lang::ALL.map(sheet).into()),
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
            _ => target.beside().map(drop).map_err(|error| target.unwritable(&error)),
        }
    }

    /// Those who read a page along, each in their language.
    pub fn readers(&mut self) -> impl Iterator<Item = Reader<'_>> {
        let sheets = match &mut self.kept {
            Kept::Events(_) => &mut [],
            Kept::Page(sheets) => sheets.as_mut_slice(),
        };
        sheets.iter_mut().map(|Sheet { lang, renderer, view }| Reader {
            lang: *lang,
            renderer,
            view,
        })
    }

    /// Keeps to one language: the lesson has no text in another.
    pub fn only(&mut self, lang: Lang) {
        if let Kept::Page(sheets) = &mut self.kept {
            sheets.retain(|sheet| sheet.lang == lang);
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
        }
    }

    /// Writes the file, as a whole or not at all, and gives its name.
    ///
    /// # Errors
    /// As [`Export::try_target`]: the disk may be full by now, or the file have come meanwhile.
    pub fn write(self) -> Result<String, Box<Error>> {
        let Export { target, lang, kept } = self;
        let text = match kept {
            Kept::Events(json) => Ok(json.into_inner()),
            Kept::Page(sheets) => {
                let sheets = sheets.into_iter().map(|sheet| sheet.view).collect();
                html::page(sheets, lang).map(String::into_bytes)
            }
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
        let mut beside = self.beside()?;
        beside.write_all(text)?;
        match self.force {
            true => beside.persist(&self.file)?,
            false => beside.persist_noclobber(&self.file)?,
        };
        Ok(())
    }

    /// A file with a name of its own in the same directory, which a rename can put in place.
    fn beside(&self) -> io::Result<tempfile::NamedTempFile> {
        let directory = self.file.parent().filter(|parent| !parent.as_os_str().is_empty());
        // Readable by whom the umask lets, as any file that a shell would have made.
        tempfile::Builder::new()
            .prefix(".parlab-")
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(directory.unwrap_or(Path::new(".")))
    }

    /// The file is there, and nobody said that it may be replaced.
    fn taken(&self) -> Box<Error> {
        let file = self.file.display().to_string();
        Box::new(Error::new(ErrorKind::FileExists, Some(file), None))
    }

    fn unwritable(&self, error: &io::Error) -> Box<Error> {
        let file = self.file.display().to_string();
        // The file beside has a name that nobody gave.
        let said = error.raw_os_error().map(io::Error::from_raw_os_error);
        let said = said.map_or_else(|| error.to_string(), |said| said.to_string());
        Box::new(Error::new(ErrorKind::Output, Some(file), Some(said)))
    }
}

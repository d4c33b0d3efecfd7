//! Where the text of a lesson comes from: compiled in, or a teacher's file or folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Chosen;
use super::check;
use super::reader::Reader;
use super::session::{Session, Stop};
use crate::event::{Error, ErrorKind, Event, Note, NoteKind};
use crate::experiments::{self, Lesson};
use crate::lesson::doc::{self, Doc, Lang};
use crate::lesson::fault::Fault;
use crate::lesson::region::{self, Region, RegionError};

/// No lesson is longer: what is, was given by mistake.
const MOST_BYTES: u64 = 1 << 20;

/// The text of a lesson that is compiled in, by the name that faults are told with.
pub fn text(lesson: &'static Lesson, lang: Lang) -> (String, &'static str) {
    let text = match lang {
        Lang::En => lesson.texts.en,
        Lang::It => lesson.texts.it,
    };
    (format!("lessons/{}/{}.md", lesson.name, lang.code()), text)
}

/// Reads the lesson that was chosen, in the session's language.
///
/// # Errors
/// [`Stop::Usage`] when it cannot be read or is faulty; the view has been told.
pub fn read(session: &mut Session, chosen: &Chosen) -> Result<Doc, Stop> {
    let (file, text) = match chosen {
        Chosen::Named(lesson) => {
            let (file, text) = text(lesson, session.settings.lang);
            (file, text.to_string())
        }
        Chosen::Path(path) => match load(path, session.settings.lang) {
            Ok((file, text)) => (file.display().to_string(), text),
            Err(error) => return Err(unreadable(session, path, &error)),
        },
    };
    match doc::parse(&file, &text) {
        Ok(doc) => Ok(doc),
        Err(faults) => Err(faulty(session, &faults)),
    }
}

/// Reads the lesson that was chosen for everyone who reads along, in the order of
/// [`Session::readers`]. A teacher's own needs to have one language only, and then all keep to it.
///
/// # Errors
/// As [`read`].
pub fn read_for_all(session: &mut Session, chosen: &Chosen) -> Result<Vec<Doc>, Stop> {
    let own = read(session, chosen)?;
    let lang = session.settings.lang;
    if session.readers().iter().all(|reader| reader.lang == lang) {
        return Ok(vec![own; session.readers().len()]);
    }
    let other = match chosen {
        Chosen::Named(lesson) => {
            let (file, text) = text(lesson, lang.other());
            Some(doc::parse(&file, text).map_err(|faults| faulty(session, &faults))?)
        }
        Chosen::Path(path) => translated(session, path, &own)?,
    };
    let doc = |reader: &Reader| match &other {
        Some(other) if reader.lang != lang => other.clone(),
        _ => own.clone(),
    };
    Ok(session.readers().iter().map(doc).collect())
}

/// A teacher's text in the other language, if it says the same; if not, a page keeps to one
/// language, which is told where there is such a text.
fn translated(session: &mut Session, path: &Path, own: &Doc) -> Result<Option<Doc>, Stop> {
    let lang = session.settings.lang;
    let both = Lang::ALL.iter().all(|lang| path.join(format!("{lang}.md")).exists());
    let other = both.then(|| load(path, lang.other()).ok()).flatten();
    let other = other.and_then(|(file, text)| doc::parse(&file.display().to_string(), &text).ok());
    let other = other.filter(|other| check::translates(other, own));
    if other.is_none() {
        session.keep_to_one_language();
    }
    if both && other.is_none() {
        let (experiment, variant) = (String::new(), None);
        session.tell(&Event::Note(Note { experiment, variant, kind: NoteKind::OneLanguage }))?;
    }
    Ok(other)
}

/// A file's text, or that of a folder's file in the language (in the other, if it has only that).
///
/// # Errors
/// Those of reading, and [`io::ErrorKind::InvalidData`] for what is not text.
pub fn load(path: &Path, lang: Lang) -> io::Result<(PathBuf, String)> {
    let file = if path.is_dir() { in_folder(path, lang)? } else { path.to_path_buf() };
    let about = fs::metadata(&file)?;
    // A FIFO nobody writes to would wait for ever, /dev/zero would never end.
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    if about.len() > MOST_BYTES {
        return Err(not_text(&format!("it is longer than {MOST_BYTES} bytes")));
    }
    let bytes = fs::read(&file)?;
    match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Err(not_text("it holds bytes of value 0")),
        Ok(text) => Ok((file, text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].iter().filter(|&&b| b == b'\n').count() + 1;
            Err(not_text(&format!("line {line} is not UTF-8")))
        }
    }
}

fn in_folder(folder: &Path, lang: Lang) -> io::Result<PathBuf> {
    [lang, lang.other()]
        .into_iter()
        .map(|lang| folder.join(format!("{}.md", lang.code())))
        .find(|file| file.exists())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it holds neither en.md nor it.md"))
}

fn not_text(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Tells that a lesson cannot be read.
pub fn unreadable(session: &mut Session, path: &Path, error: &io::Error) -> Stop {
    let told = session.view.error(&Error::new(
        ErrorKind::LessonFile,
        Some(path.display().to_string()),
        Some(error.to_string()),
    ));
    told.map_or_else(Stop::Output, |()| Stop::Usage)
}

/// Shows the faults of a lesson that therefore cannot be taught.
pub fn faulty(session: &mut Session, faults: &[Fault]) -> Stop {
    let shown = faults.iter().try_for_each(|fault| session.view.fault(fault));
    let error =
        Error::new(ErrorKind::LessonFile, faults.first().map(|fault| fault.file.clone()), None);
    match shown.and_then(|()| session.view.refused(&error)) {
        Ok(()) => Stop::Usage,
        Err(error) => Stop::Output(error),
    }
}

/// The lesson of the registry whose experiments a text runs first: its sources are
/// the first to be searched for code.
pub fn home(doc: &Doc) -> Option<&'static Lesson> {
    doc.runs().find_map(|run| experiments::experiment(&run.experiment)).map(|(lesson, _)| lesson)
}

/// A region of Rust code: the file it stands in, and its lines.
///
/// # Errors
/// When no source of the registry has it, or it is not fit to be shown.
pub fn rust(home: Option<&'static Lesson>, name: &str) -> Result<(String, Region), RegionError> {
    let sources = (home.into_iter().chain(experiments::LESSONS.iter().copied()))
        .flat_map(|lesson| lesson.sources);
    let mut missing = None;
    for (file, source) in sources {
        match region::cut(source, name) {
            Ok(region) => return Ok((format!("src/experiments/{file}"), region)),
            Err(unknown @ RegionError::Unknown { .. }) => _ = missing.get_or_insert(unknown),
            Err(fault) => return Err(fault),
        }
    }
    Err(missing.expect("the registry has sources"))
}

/// A region of a lesson's Python peer.
///
/// # Errors
/// As [`rust`].
pub fn python(home: Option<&'static Lesson>, name: &str) -> Result<(String, Region), RegionError> {
    let lesson = home.unwrap_or(experiments::LESSONS[0]);
    let region = region::cut(lesson.texts.peer, name)?;
    Ok((format!("lessons/{}/peer.py", lesson.name), region))
}

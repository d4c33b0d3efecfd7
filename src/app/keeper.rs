//! Where the record of the course is kept between two runs, and how it gets there whole.
//!
//! The file is `$XDG_STATE_HOME/parlab/course.json`, or `$HOME/.local/state/parlab/course.json`
//! (XDG Base Directory Specification 0.8: a path that is not absolute does not count). Its next
//! version is written beside it, as `course.json.new`, and renamed. Whoever writes that one has it
//! locked, so that two terminals never write at once: each reads what the other wrote, and changes
//! one lesson in it. A lock goes with its owner, and so a writer that was killed is in nobody's way.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind::NotFound, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

use super::record::{Change, Record, Unread};
use super::session::{Session, Stop};
use crate::event::{Error, ErrorKind};
use crate::view::Kept;

/// No record is longer: nine lessons with all their questions make a few kilobytes.
const MOST_BYTES: u64 = 1 << 20;
/// How long another writer is waited for, who needs a millisecond unless it was stopped.
const PATIENCE: Duration = Duration::from_secs(1);

/// Keeps what a student does.
#[derive(Debug)]
pub struct Keeper {
    /// Where; nowhere if the environment names no place.
    file: Option<PathBuf>,
    /// What is not in the file yet.
    pending: Vec<Change>,
    /// Whether the student knows that something is not kept.
    told: bool,
}

impl Keeper {
    /// The keeper of the place that the environment names.
    pub fn of(env: &dyn Fn(&str) -> Option<OsString>) -> Keeper {
        let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = absolute("XDG_STATE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
        let file = state.map(|state| state.join("parlab/course.json"));
        Keeper { file, pending: Vec::new(), told: false }
    }

    /// All that was done: what the file says, and what could not be written to it.
    ///
    /// # Errors
    /// Why the file cannot be read; then there is only the latter.
    pub fn record(&self) -> (Record, Result<(), Box<Error>>) {
        let loaded = self.file.as_deref().map_or_else(|| Ok(Record::default()), load);
        let (mut record, read) = match loaded {
            Ok(record) => (record, Ok(())),
            Err(error) => (Record::default(), Err(error)),
        };
        self.pending.iter().for_each(|change| record.take(change));
        (record, read)
    }

    /// Keeps a change, and those before it that could not be kept.
    fn take(&mut self, change: Change) -> Result<(), Box<Error>> {
        self.pending.push(change);
        let Some(file) = &self.file else {
            return Err(Box::new(Error::new(ErrorKind::RecordNoPlace, None, None)));
        };
        let next = Next::lock(file).map_err(|error| not_kept(file, &error))?;
        next.write(file, &self.pending)?;
        self.pending.clear();
        Ok(())
    }

    /// What would be forgotten; none if there is nothing.
    pub fn kept(&self) -> Option<Kept> {
        let file = self.file.as_deref()?;
        let nothing = fs::symlink_metadata(file).is_err_and(|error| error.kind() == NotFound);
        let lessons = load(file).ok().map(|record| record.lessons.len());
        (!nothing).then(|| Kept { file: file.display().to_string(), lessons })
    }

    /// Removes the file, whatever it holds, and its directory if nothing else is in it.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn forget(&mut self) -> Result<(), Box<Error>> {
        self.pending.clear();
        let Some(file) = &self.file else { return Ok(()) };
        // What is broken may not let itself be locked, or the disk be full: it can go all the same.
        let _next = Next::lock(file);
        let removed = match fs::symlink_metadata(file) {
            Ok(about) if about.is_dir() => fs::remove_dir(file),
            Ok(_) => fs::remove_file(file),
            Err(error) => Err(error),
        };
        let _ = fs::remove_file(next_to(file));
        if let Some(folder) = file.parent() {
            // Who keeps something else there keeps the directory.
            let _ = fs::remove_dir(folder);
        }
        match removed {
            Err(error) if error.kind() != NotFound => {
                Err(failed(ErrorKind::RecordNotForgotten, file, error.to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// Keeps what a student did; that it cannot be kept is told once, and stops nothing.
///
/// # Errors
/// When output cannot be written.
pub fn keep(session: &mut Session, change: Change) -> Result<(), Stop> {
    let kept = session.keeper.take(change);
    tell(session, kept)
}

/// Tells that something is not kept, unless it was told already.
///
/// # Errors
/// When output cannot be written.
pub fn tell(session: &mut Session, kept: Result<(), Box<Error>>) -> Result<(), Stop> {
    match kept {
        Err(error) if !session.keeper.told => {
            session.keeper.told = true;
            Ok(session.view.unkept(&error)?)
        }
        _ => Ok(()),
    }
}

/// Tells before anything is done that there is no place to keep it.
///
/// # Errors
/// When output cannot be written.
pub fn tell_no_place(session: &mut Session) -> Result<(), Stop> {
    match session.keeper.file {
        Some(_) => Ok(()),
        None => tell(session, Err(Box::new(Error::new(ErrorKind::RecordNoPlace, None, None)))),
    }
}

/// Reads the file; one that is not there is an empty record.
fn load(file: &Path) -> Result<Record, Box<Error>> {
    let unreadable = |said| failed(ErrorKind::RecordUnreadable, file, said);
    let text = match read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == NotFound => return Ok(Record::default()),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    Record::read(&text).map_err(|unread| match unread {
        Unread::Garbled(said) => unreadable(said),
        Unread::Newer(version) => {
            failed(ErrorKind::RecordNewer, file, format!("version {version}"))
        }
    })
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    // A FIFO would be waited for.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut text = Vec::new();
    File::open(file)?.take(MOST_BYTES + 1).read_to_end(&mut text)?;
    match text.len() as u64 > MOST_BYTES {
        true => Err(io::Error::other(format!("it is longer than {MOST_BYTES} bytes"))),
        false => Ok(text),
    }
}

/// The file's next version, locked.
struct Next {
    path: PathBuf,
    file: Flock<File>,
}

impl Next {
    /// Locks it, in a directory that is made if it is not there.
    fn lock(file: &Path) -> io::Result<Next> {
        let path = next_to(file);
        let folder = file.parent().expect("the file is in a directory of parlab's own");
        let deadline = Instant::now() + PATIENCE;
        loop {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            let mut options = OpenOptions::new();
            // Neither a FIFO is waited for, nor something made where a link leads.
            let flags = OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
            options.write(true).create(true).mode(0o600).custom_flags(flags.bits());
            let opened = options.open(&path).map(|file| {
                Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| errno)
            });
            match opened {
                // Renamed or removed before it was locked, it is the next version no longer.
                Ok(Ok(file)) if is_at(&file, &path) => return Ok(Next { path, file }),
                Ok(Ok(_) | Err(Errno::EAGAIN)) => {}
                Ok(Err(errno)) => return Err(errno.into()),
                // Somebody has forgotten the course, and the directory with it.
                Err(error) if error.kind() == NotFound => {}
                Err(error) => return Err(error),
            }
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Changes what the file says now; what cannot be read is left as it is.
    fn write(self, file: &Path, changes: &[Change]) -> Result<(), Box<Error>> {
        let changed = load(file).and_then(|mut record| {
            changes.iter().for_each(|change| record.take(change));
            self.put(file, &record.to_text()).map_err(|error| not_kept(file, &error))
        });
        if changed.is_err() {
            // Nothing half-written stays; should this fail, too, the next writer begins anew.
            let _ = fs::remove_file(&self.path);
        }
        changed
    }

    fn put(&self, file: &Path, text: &str) -> io::Result<()> {
        let mut next: &File = &self.file;
        // A writer that was killed may have left something in it.
        next.set_len(0)?;
        next.write_all(text.as_bytes())?;
        next.sync_data()?;
        fs::rename(&self.path, file)
    }
}

/// Whether this open file is the one that has this name now.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |about: fs::Metadata| (about.dev(), about.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(named)) => identity(open) == identity(named),
        _ => false,
    }
}

fn next_to(file: &Path) -> PathBuf {
    file.with_extension("json.new")
}

fn not_kept(file: &Path, error: &io::Error) -> Box<Error> {
    failed(ErrorKind::RecordNotKept, file, error.to_string())
}

fn failed(kind: ErrorKind, file: &Path, said: String) -> Box<Error> {
    Box::new(Error::new(kind, Some(file.display().to_string()), Some(said)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::record::Step;

    /// In memory where there is such a place: without a disk to wait for, writers meet more often.
    fn home() -> tempfile::TempDir {
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
    }

    fn keeper(home: &Path) -> Keeper {
        Keeper::of(&|name| (name == "HOME").then(|| home.into()))
    }

    #[test]
    fn writers_at_once_lose_nothing_of_each_other() {
        const LESSONS: [&str; 6] = ["process", "queue", "pool", "shm", "manager", "pipe"];
        const PARTS: usize = 120;
        let home = home();
        let writes = |lesson: &'static str| {
            let mut keeper = keeper(home.path());
            for part in 0..PARTS {
                let step = Step::Ended(Some(format!("part-{part}")));
                // On a busy machine others may be before it all the while; then it waits for the next.
                let _ = keeper.take(Change { lesson, step });
            }
            let again = || Change { lesson, step: Step::Begun(None) };
            assert!((0..60).any(|_| keeper.take(again()).is_ok()));
        };
        std::thread::scope(|scope| {
            for lesson in LESSONS {
                scope.spawn(move || writes(lesson));
            }
        });
        let (record, read) = keeper(home.path()).record();
        assert!(read.is_ok());
        assert!(LESSONS.iter().all(|lesson| record.lessons[*lesson].parts.len() == PARTS));
    }

    #[test]
    fn what_could_not_be_kept_is_kept_as_soon_as_it_can() {
        let home = home();
        let began = || Change { lesson: "lock", step: Step::Begun(None) };
        let mut first = keeper(home.path());
        std::fs::create_dir_all(first.file.as_ref().unwrap()).unwrap();
        assert!(first.take(began()).is_err());
        assert_eq!(first.record().0.at.as_deref(), Some("lock"));
        std::fs::remove_dir(first.file.as_ref().unwrap()).unwrap();
        let part = Step::Ended(Some("price".to_string()));
        first.take(Change { lesson: "lock", step: part }).unwrap();
        let (record, read) = keeper(home.path()).record();
        assert!(read.is_ok() && record.at.as_deref() == Some("lock"));
    }
}

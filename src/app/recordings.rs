//! Files that keep runs: read all of them, and tell all that is wrong with any.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::session::{Session, Stop};
use crate::event::{Error, ErrorKind, Flaw, FlawKind, Recording};

/// What is longer is not read: in memory, and on a page, it would be many times as long. Streams of
/// lessons have some tens of thousands of bytes; this is room for some ninety thousand runs.
const MOST_BYTES: u64 = 16 << 20;

/// A run that was kept.
pub struct Kept {
    /// The file, as its name was given.
    pub file: String,
    /// What it holds.
    pub recording: Recording,
}

/// Reads all of them.
///
/// # Errors
/// [`Stop::Usage`] if one cannot be drawn from; the view has been told of every one, and why.
pub fn read(session: &mut Session, files: &[PathBuf]) -> Result<Vec<Kept>, Stop> {
    let mut kept: Vec<Kept> = Vec::new();
    let mut faulty = None;
    for path in files {
        let file = path.display().to_string();
        let flaws = match load(path).map(|bytes| Recording::read(&bytes)) {
            Ok(Ok(recording)) => match flaw_among(&kept, &recording, files.len()) {
                None => {
                    kept.push(Kept { file, recording });
                    continue;
                }
                Some(flaw) => vec![flaw],
            },
            Ok(Err(flaws)) => flaws,
            Err(error) => {
                let error = Error::new(ErrorKind::Recording, Some(file), Some(error.to_string()));
                session.view.error(&error)?;
                faulty.get_or_insert(None);
                continue;
            }
        };
        flaws.iter().try_for_each(|flaw| session.view.flaw(&file, flaw))?;
        faulty = Some(Some(file));
    }
    match faulty {
        None => Ok(kept),
        // What cannot be read at all has been told as the failure that it is.
        Some(None) => Err(Stop::Usage),
        Some(Some(file)) => {
            session.view.refused(&Error::new(ErrorKind::Recording, Some(file), None))?;
            Err(Stop::Usage)
        }
    }
}

/// What is wrong with a stream only beside the others: counted twice, a student would weigh double.
fn flaw_among(kept: &[Kept], recording: &Recording, files: usize) -> Option<Flaw> {
    let flaw = |kind, detail| Flaw { line: 1, kind, detail };
    let same = kept.iter().find(|other| other.recording == *recording);
    let twice = same.map(|other| flaw(FlawKind::Twice, other.file.clone()));
    let is_room = files > 1 && recording.start.command == super::report::COMMAND;
    twice.or_else(|| is_room.then(|| flaw(FlawKind::Room, String::new())))
}

/// The bytes of a file that is one, and not too long.
fn load(path: &Path) -> io::Result<Vec<u8>> {
    let refused = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    // A FIFO nobody writes to would wait for ever, /dev/zero would never end.
    if !fs::metadata(path)?.is_file() {
        return refused("it is not a file".to_string());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MOST_BYTES {
        true => refused(format!("it is longer than {MOST_BYTES} bytes")),
        false => Ok(bytes),
    }
}

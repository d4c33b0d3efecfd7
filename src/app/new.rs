//! `parlab new` and `parlab man`: what parlab writes for others to go on with.

use std::path::{Path, PathBuf};

use super::files;
use super::session::{Session, Stop};
use crate::event::{Error, ErrorKind};

/// The lesson that a new one begins as: small, and with every kind of block in it.
const EXAMPLE: [(&str, &str); 2] = [
    ("en.md", include_str!("../../lessons/example/en.md")),
    ("it.md", include_str!("../../lessons/example/it.md")),
];

/// Makes a folder with a lesson to start from.
///
/// # Errors
/// [`Stop::Usage`] if something of that name is there already, [`Stop::Failed`] if it cannot be
/// written, and whatever else stops it.
pub fn new(session: &mut Session, folder: &Path) -> Result<(), Stop> {
    // A link that leads nowhere is something, too.
    if folder.symlink_metadata().is_ok() {
        session.view.error(&failed(ErrorKind::AlreadyThere, folder, None))?;
        return Err(Stop::Usage);
    }
    let paths = written(session, folder, &EXAMPLE)?;
    Ok(session.view.begun(&folder.display().to_string(), &paths)?)
}

/// Writes man pages, each in place of an older one of its name.
///
/// # Errors
/// As [`new`], but for pages that are there already.
pub fn manual(
    session: &mut Session,
    folder: &Path,
    pages: &[(String, String)],
) -> Result<(), Stop> {
    let texts: Vec<(&str, &str)> =
        pages.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let paths = written(session, folder, &texts)?;
    Ok(session.view.manual(&folder.display().to_string(), &paths)?)
}

fn written(
    session: &mut Session,
    folder: &Path,
    texts: &[(&str, &str)],
) -> Result<Vec<String>, Stop> {
    let shown = |path: PathBuf| path.display().to_string();
    match files::write(folder, texts) {
        Ok(paths) => Ok(paths.into_iter().map(shown).collect()),
        Err(error) => {
            let error = failed(ErrorKind::NotWritten, folder, Some(error.to_string()));
            session.view.error(&error)?;
            Err(Stop::Failed)
        }
    }
}

fn failed(kind: ErrorKind, folder: &Path, detail: Option<String>) -> Error {
    Error::new(kind, Some(folder.display().to_string()), detail)
}

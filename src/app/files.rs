//! A few small texts into one folder: all of them whole, or none.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes texts by their names into a folder, which is made if it is not there; a file of that name
/// is replaced. Gives the paths.
///
/// # Errors
/// What the system says about the folder or a file of it. Then no text stands there half written,
/// and a folder that was made is gone again; folders above it stay.
pub fn write(folder: &Path, texts: &[(&str, &str)]) -> io::Result<Vec<PathBuf>> {
    let is_new = !folder.is_dir();
    fs::create_dir_all(folder)?;
    let written = write_into(folder, texts);
    if written.is_err() && is_new {
        // What failed is the writing; it is told, whatever comes of this.
        let _ = fs::remove_dir_all(folder);
    }
    written
}

fn write_into(folder: &Path, texts: &[(&str, &str)]) -> io::Result<Vec<PathBuf>> {
    let whole: io::Result<Vec<NamedTempFile>> =
        texts.iter().map(|(_, text)| unnamed(folder, text)).collect();
    let named = whole?.into_iter().zip(texts).map(|(file, (name, _))| {
        let path = folder.join(name);
        file.persist(&path).map(|_| path).map_err(|error| error.error)
    });
    named.collect()
}

/// A file with this text that has no name of its own yet, and is gone unless it gets one.
fn unnamed(folder: &Path, text: &str) -> io::Result<NamedTempFile> {
    // As any file that a program makes: what the umask leaves of it.
    let readable = Permissions::from_mode(0o666);
    let file = tempfile::Builder::new().permissions(readable).tempfile_in(folder);
    // The error would tell the name that nobody is to know.
    let mut file = file.map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

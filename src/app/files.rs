//! Texts into a folder, each of them whole or not at all.

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
        texts.iter().map(|(_, text)| unnamed(folder, text.as_bytes())).collect();
    let named = whole?.into_iter().zip(texts).map(|(file, (name, _))| {
        let path = folder.join(name);
        file.persist(&path).map(|_| path).map_err(|error| error.error)
    });
    named.collect()
}

/// A file with this text that has no name of its own yet, and is gone unless it gets one.
///
/// # Errors
/// What the system says, without the name that the file has meanwhile.
pub fn unnamed(folder: &Path, text: &[u8]) -> io::Result<NamedTempFile> {
    // As any file that a program makes: what the umask leaves of it.
    let readable = Permissions::from_mode(0o666);
    let mut builder = tempfile::Builder::new();
    let file = builder.prefix(".parlab-").permissions(readable).tempfile_in(folder);
    let mut file = file.map_err(|error| io::Error::from(error.kind()))?;
    // Through the temporary file itself, an error would tell its name.
    file.as_file_mut().write_all(text)?;
    Ok(file)
}

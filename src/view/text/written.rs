//! What `new` and `man` have written, and the commands to go on with.

use super::blocks;
use crate::view::style::{Paint, Style};
use crate::view::{visible, words};

/// The files of a lesson that was begun.
pub(super) fn begun(folder: &str, files: &[String], style: &Style) -> String {
    let mut text = blocks::plain(words::begun_heading(style.lang), "", style);
    for file in files {
        text.push_str(&format!("    {}\n", visible::line(file)));
    }
    text.push('\n');
    text.push_str(&blocks::plain(words::begun_next(style.lang), "", style));
    let folder = as_typed(folder);
    text + &command(&format!("parlab check {folder}"), style)
        + &command(&format!("parlab lesson {folder}"), style)
}

/// Man pages; the first is that of parlab itself.
pub(super) fn manual(folder: &str, files: &[String], style: &Style) -> String {
    let line = words::manual_written(style.lang, &visible::line(folder), files.len());
    let text = blocks::plain(&line, "", style);
    let first = files.first().map(|file| format!("man -l {}", as_typed(file)));
    text + &first.map(|typed| command(&typed, style)).unwrap_or_default()
}

/// A command to copy.
fn command(typed: &str, style: &Style) -> String {
    format!("    {}\n", style.paint(typed, Paint::Code))
}

/// A path as a shell takes it, and as parlab knows it for one: with a `/` in it.
fn as_typed(path: &str) -> String {
    let path = visible::line(path);
    let path = if path.contains('/') { path.to_string() } else { format!("./{path}") };
    let plain = |c: char| c.is_alphanumeric() || "/._-+,@%:=".contains(c);
    match path.chars().all(plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

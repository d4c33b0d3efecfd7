//! Pythons, a line each: which it is, or why it is not used.

use super::super::style::Style;
use super::super::words;
use super::blocks;
use crate::event::{Python, PythonFault};

/// One of them.
pub(in crate::view) fn one(python: &Python, style: &Style) -> String {
    let lang = style.lang;
    let line = match python.fault {
        None => words::python(lang, python),
        Some(fault) => {
            let words = match is_silent(python) {
                true => words::python_silent(lang),
                false => words::python_fault(lang, fault),
            };
            let path = python.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
            let said = python.detail.as_deref();
            let detail = said.map(|said| format!(": {}", blocks::cut_words(said, style)));
            format!("{path}{words}{}", detail.unwrap_or_default())
        }
    };
    blocks::hanging(&line, "", "  ", style)
}

/// Whether it ended with an error when it was asked which Python it is.
pub(super) fn is_silent(python: &Python) -> bool {
    python.fault == Some(PythonFault::Failed) && python.version.is_none()
}

/// Those that did, of which a version manager may have many: one as usual, of many only the paths.
pub(super) fn silent(pythons: &[Python], style: &Style) -> String {
    if let [alone] = pythons {
        return one(alone, style);
    }
    let paths: Vec<&str> = pythons.iter().filter_map(|python| python.path.as_deref()).collect();
    match paths.is_empty() {
        true => String::new(),
        false => {
            let line = words::pythons_silent(style.lang, &paths.join(", "));
            blocks::hanging(&line, "", "  ", style)
        }
    }
}

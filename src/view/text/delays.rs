//! Whether somebody was held up between reading and writing: such runs have no time.

use super::super::gathered::Gathered;
use super::super::style::Style;
use super::super::words;
use super::blocks;

/// One sentence with the process that was; empty where nobody was.
pub(in crate::view) fn draw(gathered: &Gathered, style: &Style) -> String {
    let delayed = gathered.runs.iter().find_map(|run| run.delayed.as_deref());
    delayed.map_or_else(String::new, |process| {
        blocks::plain(&words::delayed(style.lang, process), "", style)
    })
}

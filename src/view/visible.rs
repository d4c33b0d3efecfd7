//! Text from outside, with its control characters made visible.
//!
//! A file name, a line of a Python program or a lesson of somebody else may hold
//! an escape sequence that moves the cursor, or a bidirectional override that
//! shows text in another order than it has. Neither reaches the terminal from here.

use std::borrow::Cow;
use std::io;

use serde_json::Value;

use crate::event::Event;

/// Columns of a tab in a text of several lines.
const TAB: &str = "    ";

/// Text for one line: every control character, newline and tab among them, becomes
/// a picture of itself (ESC is `␛`) or its number (`<U+202E>`).
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push(&mut shown, c));
    Cow::Owned(shown)
}

/// Text of several lines: newlines stay (`\r\n` counts as one), tabs become four
/// blanks, everything else is as in [`line()`].
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\t', TAB);
    let shown: Vec<_> = text.split('\n').map(line).collect();
    shown.join("\n")
}

/// An event in which every text is as from [`line()`]: one place for all, so that no
/// drawing can forget it. Kinds and field names are plain letters and stay.
///
/// # Errors
/// An event with a required number that JSON cannot hold (infinite, not a number).
pub fn event(event: &Event) -> io::Result<Event> {
    Ok(serde_json::from_value(shown(serde_json::to_value(event)?))?)
}

fn shown(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(line(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (line(&name).into_owned(), shown(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Control characters of C0, DEL and C1, the separators that break lines, and what
/// changes the direction of the text or hides in it.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn push(shown: &mut String, c: char) {
    match c {
        '\0'..='\x1f' => shown.extend(char::from_u32(0x2400 + c as u32)),
        '\x7f' => shown.push('␡'),
        _ if hidden(c) => shown.push_str(&format!("<U+{:04X}>", c as u32)),
        _ => shown.push(c),
    }
}

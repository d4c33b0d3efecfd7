//! Who waits for whom: each process with its call, then the circle they form.

use textwrap::core::display_width;

use super::super::style::{Paint, Style};
use super::super::words;
use super::blocks;
use crate::event::{Deadlock, Wait};

/// The deadlock as a list and, where it is known for whom each waits, as a circle.
pub(super) fn draw(deadlock: &Deadlock, style: &Style) -> String {
    let heading = words::deadlock_heading(style.lang, deadlock);
    let mut text = blocks::title(&heading, Paint::Bad, style);
    for wait in &deadlock.waits {
        text.push_str(&blocks::plain(&words::waits(style.lang, wait), "  ", style));
    }
    if let Some(circle) = circle(&deadlock.waits) {
        text.push('\n');
        text.push_str(&draw_circle(&circle, style));
    }
    let evidence = words::evidence(style.lang, deadlock);
    text.push('\n');
    text + &blocks::plain(evidence, "  ", style)
}

/// The waits in the order in which each holder waits in turn, back to the first.
pub(in crate::view) fn circle(waits: &[Wait]) -> Option<Vec<&Wait>> {
    let first = waits.first()?;
    let mut circle = vec![first];
    loop {
        let holder = circle.last()?.holder.as_deref()?;
        if holder == first.process {
            return Some(circle);
        }
        let next = waits.iter().find(|wait| wait.process == holder)?;
        if circle.len() > waits.len() {
            // It turns in a circle that the first process is not part of.
            return None;
        }
        circle.push(next);
    }
}

/// `left ──B──► `, to whoever has B.
pub(in crate::view) fn arrow(wait: &Wait) -> String {
    let resource = wait.resource.as_deref().unwrap_or("");
    format!("{} ──{resource}──► ", wait.process)
}

/// `left ──B──► right ──A──► left`, on one line where it fits, else a line a process.
fn draw_circle(circle: &[&Wait], style: &Style) -> String {
    let arrows = circle.iter().map(|wait| arrow(wait));
    let first = circle.first().map_or("", |wait| &wait.process);
    let line = format!("  {}{first}", arrows.clone().collect::<String>());
    if display_width(&line) <= style.width {
        return line + "\n";
    }
    let lines: String = arrows.map(|arrow| format!("  {}\n", arrow.trim_end())).collect();
    format!("{lines}  {first}\n")
}

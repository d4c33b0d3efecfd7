//! Files that are fetched: a bar for each while it comes, a line for each when it is there or not.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use textwrap::core::display_width;

use super::super::format::bytes;
use super::super::style::{Paint, Style};
use super::super::words;
use super::blocks;
use crate::event::Transfer;
use crate::lesson::doc::Lang;

/// Bars that are drawn at once, besides that of the total: more would scroll.
const MOST: usize = 8;
/// Columns of a name beside its bar.
const NAME: usize = 24;

/// The bars of files on their way. They are drawn when an event comes, and not in between: no
/// ticker runs beside what is measured.
pub(super) struct Bars {
    all: MultiProgress,
    files: BTreeMap<u32, ProgressBar>,
    total: ProgressBar,
    /// Bytes that have come, and that were announced, by file.
    known: BTreeMap<u32, (u64, u64)>,
}

impl Bars {
    /// No file yet.
    pub fn new() -> Bars {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = all.add(bar());
        Bars { all, files: BTreeMap::new(), total, known: BTreeMap::new() }
    }

    /// Draws how far one file is, and all together.
    pub fn show(&mut self, transfer: &Transfer, style: &Style) {
        let (done, announced) = (transfer.done_bytes, transfer.total_bytes.unwrap_or(0));
        self.known.insert(transfer.index, (done, announced));
        if !self.files.contains_key(&transfer.index) {
            self.make_room();
            let bar = self.all.insert_before(&self.total, bar());
            bar.set_prefix(name(&transfer.name));
            self.files.insert(transfer.index, bar);
        }
        let rate = transfer.rate_bytes_per_s;
        draw_at(&self.files[&transfer.index], done, announced, rate, style.lang);
        let sum = |of: fn(&(u64, u64)) -> u64| self.known.values().map(of).sum();
        self.total.set_prefix(name(words::total(style.lang)));
        draw_at(&self.total, sum(|known| known.0), sum(|known| known.1), None, style.lang);
    }

    /// Takes away the bar of a file that is there, or else of the first one.
    fn make_room(&mut self) {
        if self.files.len() < MOST {
            return;
        }
        let complete = |file: &&u32| self.known.get(file).is_some_and(|known| known.0 == known.1);
        let gone = self.files.keys().find(complete).or(self.files.keys().next()).copied();
        if let Some(bar) = gone.and_then(|file| self.files.remove(&file)) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    /// Takes all bars away.
    pub fn clear(self) {
        for bar in self.files.values().chain([&self.total]) {
            bar.finish_and_clear();
        }
        let _ = self.all.clear();
    }
}

fn bar() -> ProgressBar {
    // The template is a constant and correct; a plain bar would do as well.
    let looks = ProgressStyle::with_template("{prefix} {bar:16} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(looks)
}

/// One drawing for all that has changed.
fn draw_at(bar: &ProgressBar, done: u64, announced: u64, rate: Option<f64>, lang: Lang) {
    let rate = rate.map(|rate| format!(", {}/s", bytes(rate, lang))).unwrap_or_default();
    bar.set_message(format!("{}{rate}", bytes(done as f64, lang)));
    bar.update(|state| {
        state.set_len(announced.max(done).max(1));
        state.set_pos(done);
    });
}

/// The end of a name, in columns of their own: addresses differ in their ends.
fn name(text: &str) -> String {
    let mut name: String = text.to_string();
    if display_width(&name) > NAME {
        let mut chars = name.chars();
        while display_width(chars.as_str()) > NAME - 1 {
            chars.next();
        }
        name = format!("…{}", chars.as_str());
    }
    let blanks = " ".repeat(NAME.saturating_sub(display_width(&name)));
    format!("{name}{blanks}")
}

/// One of them, in a line.
pub(in crate::view) fn ended(transfer: &Transfer, lang: Lang) -> String {
    format!("{}: {}", transfer.name, words::ending(lang, transfer))
}

/// The files that have ended, a line each; empty without any.
pub(super) fn draw(transfers: &[Transfer], style: &Style) -> String {
    if transfers.is_empty() {
        return String::new();
    }
    let mut text = blocks::title(words::files_heading(style.lang), Paint::Heading, style);
    for transfer in transfers {
        let (mark, paint) = match transfer.fault {
            None => ("✓", Paint::Good),
            Some(_) => ("✗", Paint::Bad),
        };
        let line = ended(transfer, style.lang);
        let lines = blocks::hanging(&line, &format!("  {mark} "), "    ", style);
        text.push_str(&lines.replacen(mark, &style.paint(mark, paint), 1));
    }
    text
}

//! Cuts a lesson file at its fenced `parlab` blocks.
//!
//! Fences are those of CommonMark 0.31 (section 4.5) at the top level of the
//! file: three or more backticks or tildes after at most three blanks, closed by
//! at least as many of the same. A fence whose info string does not begin with
//! `parlab` is part of the text, with all that is in it.

use std::ops::Range;

use super::fault::{FaultKind, Faults};

/// A lesson file in pieces.
#[derive(Debug, Default)]
pub(super) struct Cut<'s> {
    /// Texts and blocks in the order of the file; never two texts in a row.
    pub(super) pieces: Vec<Piece<'s>>,
    /// The first heading of level 1.
    pub(super) title: Option<&'s str>,
}

/// A stretch of the file. Places are byte offsets in it.
#[derive(Debug)]
pub(super) enum Piece<'s> {
    Text { at: usize, source: &'s str },
    Block { at: usize, info: &'s str, info_at: usize, body: &'s str, body_at: usize },
}

/// The opening line of a fence.
#[derive(Debug, Clone, Copy)]
struct Fence<'s> {
    mark: char,
    length: usize,
    info: &'s str,
}

impl<'s> Fence<'s> {
    /// Reads a line that may open a fence.
    fn open(line: &'s str) -> Option<Self> {
        let line = unindented(line)?;
        let mark = line.chars().next().filter(|mark| "`~".contains(*mark))?;
        let info = line.trim_start_matches(mark);
        let length = line.len() - info.len();
        // A backtick in the info string makes it a code span: ```like this```.
        (length >= 3 && !(mark == '`' && info.contains('`'))).then(|| Fence {
            mark,
            length,
            info: info.trim(),
        })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        unindented(line).is_some_and(|line| {
            let rest = line.trim_start_matches(self.mark);
            line.len() - rest.len() >= self.length && rest.trim().is_empty()
        })
    }

    fn is_ours(&self) -> bool {
        self.info.split_whitespace().next() == Some("parlab")
    }
}

/// The line without its first blanks; none where there are four: that is code.
fn unindented(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(' ');
    (line.len() - rest.len() <= 3).then_some(rest)
}

/// Cuts the file; fences that nothing closes are faults.
pub(super) fn cut<'s>(source: &'s str, faults: &mut Faults) -> Cut<'s> {
    let mut cut = Cut::default();
    // A byte order mark is no part of the first line.
    let mut text_at = source.len() - source.trim_start_matches('\u{feff}').len();
    let mut open: Option<(Fence, usize)> = None;
    let mut body_at = 0;
    let mut at = text_at;
    for line in source[text_at..].split_inclusive('\n') {
        let next = at + line.len();
        match open {
            Some((fence, opened_at)) if fence.is_closed_by(line) => {
                if fence.is_ours() {
                    cut.text(source, text_at, opened_at);
                    cut.block(source, fence, opened_at, body_at..at);
                    text_at = next;
                }
                open = None;
            }
            Some((fence, opened_at)) => {
                // Nobody nests fences of one length: the one outside was forgotten open.
                let inner = Fence::open(line).filter(|inner| {
                    inner.is_ours() && inner.mark == fence.mark && inner.length >= fence.length
                });
                if let Some(inner) = inner {
                    faults.add(opened_at, FaultKind::UnclosedBlock, fence.info);
                    open = Some((inner, at));
                    body_at = next;
                }
            }
            None => {
                open = Fence::open(line).map(|fence| (fence, at));
                body_at = next;
                if open.is_none() && cut.title.is_none() {
                    cut.title = heading(line);
                }
            }
        }
        at = next;
    }
    if let Some((fence, opened_at)) = open {
        faults.add(opened_at, FaultKind::UnclosedBlock, fence.info);
    }
    cut.text(source, text_at, source.len());
    cut
}

/// The text of a heading of level 1, if the line is one.
fn heading(line: &str) -> Option<&str> {
    let text = unindented(line)?.strip_prefix('#')?;
    let text = text.strip_prefix([' ', '\t'])?.trim();
    let open = text.trim_end_matches('#');
    let text = if open.is_empty() || open.ends_with([' ', '\t']) { open.trim_end() } else { text };
    (!text.is_empty()).then_some(text)
}

impl<'s> Cut<'s> {
    fn text(&mut self, source: &'s str, at: usize, end: usize) {
        let text = &source[at..end];
        if !text.trim().is_empty() {
            self.pieces.push(Piece::Text { at, source: text });
        }
    }

    fn block(&mut self, source: &'s str, fence: Fence<'s>, at: usize, body: Range<usize>) {
        // The info string is a slice of the opening line, so it stands where it is found first.
        let info_at = at + source[at..].find(fence.info).unwrap_or(0);
        let body_at = body.start;
        self.pieces.push(Piece::Block {
            at,
            info: fence.info,
            info_at,
            body: &source[body],
            body_at,
        });
    }
}

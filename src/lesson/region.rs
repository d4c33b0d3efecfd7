//! Cuts the code that is shown out of the source that runs.
//!
//! A region stands between `// region: NAME` and `// endregion` (Python: `#`),
//! each on a line of its own. Regions do not nest.

use super::fault::FaultKind;

/// The most lines that a region may have: more does not fit beside its explanation.
pub const MOST_LINES: usize = 12;

/// Lines of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The number of the first one in its file, from 1.
    pub first_line: usize,
    /// The lines, without the indentation that they have in common.
    pub lines: Vec<String>,
}

/// Why a region cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// No line begins it.
    #[error("no line `region: {name}`; the source has {}", listed(.known))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// No line ends it, or another region begins before.
    #[error("region `{name}`, begun in line {line}, is not closed by a line `endregion`")]
    Unclosed {
        /// The region.
        name: String,
        /// The line that begins it, from 1.
        line: usize,
    },
    /// Nothing stands in it.
    #[error("region `{name}`, begun in line {line}, is empty")]
    Empty {
        /// The region.
        name: String,
        /// The line that begins it, from 1.
        line: usize,
    },
    /// It is longer than [`MOST_LINES`].
    #[error("region `{name}` has {lines} lines; show at most {MOST_LINES}")]
    TooLong {
        /// The region.
        name: String,
        /// Its length in lines.
        lines: usize,
    },
}

impl From<&RegionError> for FaultKind {
    fn from(error: &RegionError) -> Self {
        match error {
            RegionError::Unknown { .. } => FaultKind::UnknownRegion,
            RegionError::Unclosed { .. } | RegionError::Empty { .. } => FaultKind::BadRegion,
            RegionError::TooLong { .. } => FaultKind::LongRegion,
        }
    }
}

/// A line that marks a region.
enum Mark<'s> {
    Begin(&'s str),
    End,
}

fn mark(line: &str) -> Option<Mark<'_>> {
    let line = line.trim();
    let comment = line.strip_prefix("//").or(line.strip_prefix('#'))?.trim_start();
    if comment == "endregion" {
        return Some(Mark::End);
    }
    comment.strip_prefix("region:").map(|name| Mark::Begin(name.trim()))
}

/// Cuts the region `name` out of a source file.
///
/// # Errors
/// [`RegionError`] where there is none, where it is not closed, empty or too long.
pub fn cut(source: &str, name: &str) -> Result<Region, RegionError> {
    let begins = |line: &str| matches!(mark(line), Some(Mark::Begin(begun)) if begun == name);
    let Some(begin) = source.lines().position(begins) else {
        return Err(RegionError::Unknown { name: name.to_owned(), known: names(source) });
    };
    let body: Vec<&str> =
        source.lines().skip(begin + 1).take_while(|line| mark(line).is_none()).collect();
    let end = source.lines().nth(begin + 1 + body.len()).and_then(mark);
    let (name, line) = (name.to_owned(), begin + 1);
    if !matches!(end, Some(Mark::End)) {
        return Err(RegionError::Unclosed { name, line });
    }
    if body.iter().all(|line| line.trim().is_empty()) {
        return Err(RegionError::Empty { name, line });
    }
    if body.len() > MOST_LINES {
        return Err(RegionError::TooLong { name, lines: body.len() });
    }
    Ok(Region { first_line: line + 1, lines: dedented(&body) })
}

/// The names of all regions, in order.
fn names(source: &str) -> Vec<String> {
    let begun = source.lines().filter_map(|line| match mark(line) {
        Some(Mark::Begin(name)) => Some(name.to_owned()),
        _ => None,
    });
    begun.collect()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The lines without the blanks that all of them begin with; lines of blanks alone become empty.
fn dedented(lines: &[&str]) -> Vec<String> {
    let indentation = |line: &&&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = lines.iter().filter(|line| !line.trim().is_empty());
    let common = common.map(|line| indentation(&line)).min().unwrap_or(0);
    lines.iter().map(|line| line.trim_end().get(common..).unwrap_or_default().to_owned()).collect()
}

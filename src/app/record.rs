//! What a student did in the course: the document that is kept, and the steps that change it.
//!
//! # Format
//! One JSON object, in the file that `keeper` names: a [`Record`], field by
//! field as below. A reader that finds another `version` leaves the file alone.
//! ```json
//! {"version":1,"at":"lock","lessons":{"lock":{"core":"done","parts":["price"],
//!  "answers":{"where":{"said":"wanders","right":true}},"changed_s":1764345000}}}
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::event::Answer;
use crate::view::Stage;

/// The number in the document; it grows when a field changes its meaning, or comes anew.
pub const VERSION: u64 = 1;

/// The whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`VERSION`].
    pub version: u64,
    /// The lesson of which something was begun last; null before the first.
    pub at: Option<String>,
    /// By a lesson's name, what was done of it. A name that no lesson has any more stays.
    pub lessons: BTreeMap<String, Taught>,
}

/// What was done of one lesson.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taught {
    /// `new`, `begun`, or `done`: shown to its last block. Once done it stays so.
    pub core: Stage,
    /// The parts that were shown to their last block.
    pub parts: BTreeSet<String>,
    /// By a question's name, the prediction made last.
    pub answers: BTreeMap<String, Prediction>,
    /// When anything of this changed last: seconds since 1970-01-01 UTC, by the system's clock,
    /// which may have been wrong.
    pub changed_s: u64,
}

/// A prediction, judged as the lesson judged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// The belief that was chosen; null if the question was skipped.
    pub said: Option<String>,
    /// Whether it held; null if it was skipped, or if what decides it was not measured.
    pub right: Option<bool>,
}

/// Something that a student did.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// In which lesson.
    pub lesson: &'static str,
    /// What.
    pub step: Step,
}

/// What a student can do in a lesson.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The core (none) or a part began.
    Begun(Option<String>),
    /// A prediction was judged.
    Answered(Answer),
    /// The core or a part came to its end.
    Ended(Option<String>),
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It is no record; in the parser's words.
    Garbled(String),
    /// It is one of this later version.
    Newer(u64),
}

impl Default for Record {
    fn default() -> Self {
        Record { version: VERSION, at: None, lessons: BTreeMap::new() }
    }
}

impl Record {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is none, or one of a later version.
    pub fn read(text: &[u8]) -> Result<Record, Unread> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let garbled = |error: serde_json::Error| Unread::Garbled(error.to_string());
        let Versioned { version } = serde_json::from_slice(text).map_err(garbled)?;
        match version {
            VERSION => serde_json::from_slice(text).map_err(garbled),
            version if version > VERSION => Err(Unread::Newer(version)),
            version => Err(Unread::Garbled(format!("version {version}"))),
        }
    }

    /// The document as it is kept: one line.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("its keys are strings") + "\n"
    }

    /// Takes up what was done.
    pub fn take(&mut self, change: &Change) {
        let taught = self.lessons.entry(change.lesson.to_string()).or_default();
        taught.changed_s = now_s();
        match &change.step {
            Step::Begun(part) => {
                if part.is_none() && taught.core == Stage::New {
                    taught.core = Stage::Begun;
                }
                self.at = Some(change.lesson.to_string());
            }
            Step::Answered(answer) => taught.answered(answer),
            Step::Ended(None) => taught.core = Stage::Done,
            Step::Ended(Some(part)) => _ = taught.parts.insert(part.clone()),
        }
    }
}

impl Taught {
    /// A prediction takes the place of an earlier one; a question that is skipped the second time
    /// leaves what was said the first time.
    fn answered(&mut self, answer: &Answer) {
        let Answer { ask, said, right, .. } = answer;
        if said.is_some() || !self.answers.contains_key(ask) {
            self.answers.insert(ask.clone(), Prediction { said: said.clone(), right: *right });
        }
    }
}

fn now_s() -> u64 {
    // A clock that stands before 1970 is wrong in any case.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

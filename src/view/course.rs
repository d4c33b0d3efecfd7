//! The course as plain data: a row for each lesson, and what is forgotten of it.

use serde::{Deserialize, Serialize};

/// How far a student is with the core of a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It was never begun.
    #[default]
    New,
    /// It was begun, and left before its end.
    Begun,
    /// It was shown to its end, once at least.
    Done,
}

/// A lesson in the course. Its fields are those of `parlab course --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CourseRow {
    /// Its place in the course, from 1.
    pub number: usize,
    /// Its name.
    pub lesson: String,
    /// Its title in the language asked for.
    pub title: String,
    /// How far the student is with its core.
    pub stage: Stage,
    /// Whether it is the one of which something was begun last.
    pub here: bool,
    /// Of the questions in `asked`, those that were predicted right.
    pub right: usize,
    /// The questions that were asked, those of parts among them, but for predictions that could
    /// not be judged.
    pub asked: usize,
    /// The names of its parts.
    pub parts: Vec<String>,
    /// Those that were shown to their end.
    pub parts_done: Vec<String>,
    /// The predictions, the latest for each question.
    pub answers: Vec<CourseAnswer>,
    /// When any of this changed: seconds since 1970-01-01 UTC, by the system's clock; null for what
    /// was never begun.
    pub changed_s: Option<u64>,
}

/// A prediction that was made in the course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CourseAnswer {
    /// The question's name in the lesson.
    pub ask: String,
    /// The belief that was chosen; null if the question was skipped.
    pub said: Option<String>,
    /// Whether it held; null if it was skipped, or could not be judged.
    pub right: Option<bool>,
}

/// What is kept of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The file.
    pub file: String,
    /// Of how many lessons it tells; null if it cannot be read.
    pub lessons: Option<usize>,
}

/// Where `parlab course --forget` stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forgetting {
    /// There is nothing to forget.
    Nothing,
    /// The student is asked whether to forget this; a line is read next.
    Asking(Kept),
    /// The student would not.
    LeftAlone,
    /// It is gone.
    Forgotten(Kept),
}

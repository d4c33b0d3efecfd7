//! Lessons: Markdown and templates, as typed blocks.

pub mod doc;

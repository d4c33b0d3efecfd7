//! Lesson texts: Markdown and template to typed blocks, faults with their place,
//! pages filled with what was measured, predictions judged.
//!
//! It reads from top to bottom: [`fence`] cuts a file at its `parlab` blocks,
//! [`block`] reads each block's TOML, [`doc`] puts them together and [`rules`]
//! holds them against each other. Then a run is made elsewhere; [`values`] folds
//! its events into what templates see, [`template`] fills the texts and
//! [`predict`] judges what was said. [`region`] cuts the code that is shown, and
//! [`translation`] compares the two languages. Whatever is wrong is a
//! [`fault::Fault`], at its line and column.
//!
//! Strings in, values out: nothing here reads a file, prints or runs anything.

pub mod block;
pub mod doc;
pub mod fault;
mod fence;
pub mod predict;
pub mod region;
mod rules;
pub mod template;
pub mod translation;
pub mod values;

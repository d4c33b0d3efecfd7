//! Lesson texts: Markdown and template to typed blocks, faults with their place,
//! pages filled with what was measured, predictions judged.
//!
//! A file becomes a [`doc::Doc`] in four steps, each a file: `fence` cuts it at its
//! `parlab` blocks, `body` reads each block's TOML into a type of [`block`], `rules`
//! holds the blocks against each other, [`doc`] puts the steps together. When a run
//! has been made elsewhere, [`values`] folds its events into what templates see
//! (through a `scope`, which tells what was not measured from what does not exist),
//! [`template`] fills the texts and [`predict`] judges what was said. [`region`] cuts
//! the code that is shown; [`translation`] compares the two languages. Whatever is
//! wrong is a [`fault::Fault`], at its line and column.
//!
//! Strings in, values out: nothing here reads a file, prints or runs anything.

pub mod block;
mod body;
pub mod doc;
pub mod fault;
mod fence;
pub mod predict;
pub mod region;
mod rules;
mod scope;
pub mod template;
pub mod translation;
pub mod values;

//! The house of parlab.
#![allow(missing_docs)]

pub mod event;
pub mod lesson;

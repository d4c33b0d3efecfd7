//! The house of parlab.
#![allow(missing_docs)]

pub mod app;
pub mod cli;
pub mod event;
pub mod experiments;
pub mod lesson;
pub mod machine;
pub mod mp;
pub mod runner;
pub mod stats;
pub mod view;

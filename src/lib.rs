//! The house of parlab, for who comes in for the first time.
//!
//! parlab teaches what processes do when they share: a student predicts, real
//! processes run, and what happened is explained. Three ideas hold it together. A
//! **lesson** is text with experiments in it. An **experiment** pushes events. A
//! **view** decides what they look like. None of the three knows the inside of the
//! others.
//!
//! ```text
//!  lessons/lock/en.md ─► lesson ─► app: one loop over a lesson's blocks ─► view: text | json | html
//!                                    │ ▲
//!                         run a block │ │ events, one JSON line each
//!                                    ▼ │
//!                                  runner (supervises) ─► experiment process ─► experiments/lock ─► mp
//! ```
//!
//! The rooms, from the door inwards:
//!
//! - [`cli`]: all that can be typed, built from the registry of experiments.
//! - [`app`]: what each command does.
//! - [`lesson`]: lesson files: blocks, templates, faults, predictions.
//! - [`view`]: what events and lessons look like, in two languages.
//! - [`runner`]: the process that supervises an experiment and leaves nothing behind.
//! - [`experiments`]: the registry, and what each lesson runs.
//! - [`schedule`]: real processes behind gates, one step at a time: every order they can have.
//! - [`mp`]: Python's `multiprocessing` on the bare operating system: processes,
//!   locks, pipes, shared memory. All `unsafe` is here.
//! - [`machine`]: what the machine offers.
//! - [`event`]: what an experiment has to say: the JSON contract.
//! - [`stats`]: medians, intervals, who won.
//!
//! Who may use whom is held by a test (`tests/it/architecture.rs`). A good way in is
//! to follow `parlab lesson lock` from [`cli`] to `experiments/lock/bank.rs`.

#![deny(missing_docs)]

pub mod app;
pub mod cli;
pub mod event;
pub mod experiments;
pub mod lesson;
pub mod machine;
pub mod mp;
pub mod runner;
pub mod schedule;
pub mod stats;
pub mod view;

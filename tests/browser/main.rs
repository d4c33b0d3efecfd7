//! An exported page as its reader has it: opened from the disk in a real browser, in each language,
//! light and dark, on a phone, on paper, by keyboard, by a screen reader.
//!
//! `PARLAB_SCREENSHOTS=FOLDER cargo test --test browser` keeps pictures, to be looked at.

mod browser;
mod hands;
mod pages;
mod sight;
mod silence;
mod tab;

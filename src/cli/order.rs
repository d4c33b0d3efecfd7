//! The order of words: a lesson's name may stand behind options, where clap would not look for it.

use std::ffi::OsString;

use clap::{Arg, value_parser};

use super::arguments::{argument, everywhere, only, part, python, seconds_limit, seed};
use super::play::{from, level, schedule};
use super::{FILE, export};
use crate::experiments;

/// Puts the lesson right after the word `lesson`, `compare`, `explore` or `play`, where clap looks
/// for it before the lesson's own options; before a path, the hidden subcommand that takes it.
///
/// The lesson is the first word after that which is neither an option nor an option's
/// value; it is a path if it looks like one.
pub(super) fn with_lesson_first(mut typed: Vec<OsString>) -> Vec<OsString> {
    let mut words = positional(&typed).into_iter();
    let (Some(command), Some(lesson)) = (words.next(), words.next()) else {
        return typed;
    };
    if ["lesson", "compare", "explore", "play"].iter().any(|takes| typed[command] == *takes) {
        let word = typed.remove(lesson);
        let text = word.to_string_lossy();
        let is_path = text.contains('/') || text.ends_with(".md");
        let marked = is_path && typed[command] == "lesson";
        typed.insert(command + 1, word);
        if marked {
            typed.insert(command + 1, FILE.into());
        }
    }
    typed
}

/// The places of the words that are neither options nor values of options.
fn positional(typed: &[OsString]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut index = 1;
    while index < typed.len() {
        let word = typed[index].to_string_lossy();
        match word.strip_prefix('-') {
            Some("-") => break,
            Some(_) if !word.contains('=') && takes_value(&word) => index += 1,
            Some(_) => {}
            None => places.push(index),
        }
        index += 1;
    }
    places
}

/// Whether an option is followed by a value of its own.
fn takes_value(option: &str) -> bool {
    let Some(name) = option.strip_prefix("--") else {
        return false;
    };
    let mut all: Vec<Arg> = everywhere();
    all.extend(experiments::options::ALL.map(|opt| argument(opt, None)));
    all.extend([only(value_parser!(String)), part(value_parser!(String))]);
    all.extend([python(), seed(), seconds_limit()]);
    all.extend([level(Vec::new()), schedule(), from()]);
    all.extend(export::arguments());
    let named = |arg: &Arg| arg.get_long() == Some(name);
    all.iter().any(|arg| named(arg) && arg.get_action().takes_values())
}

//! `--export FILE` and `--force`: what can be typed to keep what is shown.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches};

use crate::app::{Format, Target};

/// The two options, for each command that shows what can be kept.
pub(super) fn arguments() -> [Arg; 2] {
    let file = Arg::new("export")
        .long("export")
        .value_name("FILE")
        .value_parser(PathBufValueParser::new().try_map(known))
        .help("Keep it in a file as well: FILE.html is a page, FILE.md a handout, FILE.json its events, FILE.trace.json a trace for Perfetto");
    let force = Arg::new("force")
        .long("force")
        .action(ArgAction::SetTrue)
        .requires("export")
        .help("Replace the file of --export if it is there already");
    [file, force]
}

/// A file whose ending says what it is to hold.
fn known(file: PathBuf) -> Result<PathBuf, &'static str> {
    match Format::of(&file) {
        Some(_) => Ok(file),
        None => {
            Err("its ending says nothing; give one that ends in .html, .md, .json or .trace.json")
        }
    }
}

/// What was typed, of whichever command.
pub(super) fn target(matches: &ArgMatches) -> Option<Target> {
    let (_, command) = matches.subcommand()?;
    let options = command.subcommand().map_or(command, |(_, options)| options);
    let file = options.try_get_one::<PathBuf>("export").ok().flatten()?.clone();
    let format = Format::of(&file)?;
    let force = options.try_get_one("force").ok().flatten() == Some(&true);
    Some(Target { file, format, force })
}

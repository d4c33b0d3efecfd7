//! All that can be typed, built from the registry of experiments.
//!
//! A lesson's subcommand shows only the options that its row says it uses, with the
//! names and ranges of `experiments::options`. A lesson given by its path is told
//! apart before clap sees it: the subcommand that it becomes is hidden, so that a
//! mistyped name still gets clap's suggestion.

mod arguments;
mod commands;
mod examples;
mod export;
mod order;
mod play;
mod shell;
mod values;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{ArgMatches, Command as Clap};

use crate::app::{self, Chosen, Code, Colour, Command, Settings};
use crate::event::Params;
use crate::experiments;
use crate::lesson::doc::Lang;

use self::commands::{file_command, shown, variants};
use self::order::with_lesson_first;

/// The hidden subcommand that a lesson's path becomes.
const FILE: &str = "__file";
/// What is compared when it is everything.
const ALL: &str = "all";

/// Understands what was typed.
///
/// # Errors
/// Help, version and wrong usage, as clap tells them: print it, exit with its code.
pub fn parse(typed: Vec<OsString>) -> Result<Command, Box<clap::Error>> {
    if typed.get(1).is_some_and(|word| word == app::RUNNER) {
        return Ok(Command::Supervise);
    }
    let matches = clap().try_get_matches_from(with_lesson_first(typed))?;
    Ok(command(&matches))
}

/// Whether a command line in a lesson text would be understood; the error says why not.
fn understood(words: &[String]) -> Result<(), String> {
    let typed = words.iter().map(OsString::from).collect();
    match clap().try_get_matches_from(with_lesson_first(typed)) {
        Ok(_) => Ok(()),
        Err(error) if error.exit_code() == 0 => Ok(()),
        Err(error) => Err(error.to_string().lines().next().unwrap_or_default().to_string()),
    }
}

/// What is understood: all that is shown, and a lesson by its path.
fn clap() -> Clap {
    shown().mut_subcommand("lesson", |lesson| lesson.subcommand(file_command()))
}

fn command(matches: &ArgMatches) -> Command {
    let settings = settings(matches);
    match matches.subcommand() {
        Some(("lesson", matches)) => lesson(matches, settings),
        Some(("compare", lesson)) => {
            let (name, options) = lesson.subcommand().expect("required");
            if name == ALL {
                return Command::PriceList { params: params(options), settings };
            }
            let lesson = experiments::lesson(name).expect("from the registry");
            let sweep = lesson.sweep.is_some() && options.get_flag("sweep");
            Command::Compare { lesson, sweep, params: params(options), settings }
        }
        Some(("explore", program)) => {
            let (name, options) = program.subcommand().expect("required");
            let (_, subject) = experiments::subject(name).expect("from the registry");
            let (usual, others) = variants(subject).split_first().expect("at least one");
            let variant = others.iter().find(|way| options.get_flag(way)).unwrap_or(usual);
            Command::Explore { subject, variant, params: params(options), settings }
        }
        Some(("play", lesson)) => {
            let (name, options) = lesson.subcommand().expect("required");
            let lesson = experiments::lesson(name).expect("from the registry");
            let asked = play::asked(lesson, options);
            Command::Play { asked, settings }
        }
        Some(("report", options)) => {
            let files = options.get_many("file").unwrap_or_default().cloned().collect();
            // Whoever could be asked was asked when it ran.
            Command::Report { files, settings: Settings { yes: true, ..settings } }
        }
        Some(("list", _)) => Command::List(settings),
        Some(("doctor", options)) => Command::Doctor { params: params(options), settings },
        Some(("check", options)) => {
            let paths = options.get_many("path").unwrap_or_default().cloned().collect();
            Command::Check { paths, understood, settings }
        }
        Some(("new", options)) => {
            let folder = options.get_one::<PathBuf>("path").expect("required").clone();
            Command::New { folder, settings }
        }
        Some(("completions", options)) => {
            let shell = options.get_one::<String>("shell").expect("required");
            Command::Completions { script: shell::completions(shown(), shell), settings }
        }
        Some(("man", options)) => {
            let folder = options.get_one::<PathBuf>("dir").expect("required").clone();
            Command::Man { folder, pages: shell::manual(shown()), settings }
        }
        Some(("course", options)) => {
            Command::Course { forget: options.get_flag("forget"), settings }
        }
        _ => Command::Alone(settings),
    }
}

/// A lesson, by its name or by its path.
fn lesson(matches: &ArgMatches, settings: Settings) -> Command {
    let (name, options) = matches.subcommand().expect("required");
    let lesson = match name {
        FILE => Chosen::Path(options.get_one::<PathBuf>("file").expect("required").clone()),
        name => Chosen::Named(experiments::lesson(name).expect("from the registry")),
    };
    let settings = match &lesson {
        Chosen::Path(path) => in_language_of(path, settings),
        Chosen::Named(_) => settings,
    };
    let parts = strings(options, "part").unwrap_or_default();
    Command::Lesson { lesson, parts, params: params(options), settings }
}

/// A file that ends in `.it.md` is Italian, whatever `--lang` says.
fn in_language_of(path: &std::path::Path, settings: Settings) -> Settings {
    let lang = path.to_str().and_then(Lang::of_file).unwrap_or(settings.lang);
    Settings { lang, ..settings }
}

fn settings(matches: &ArgMatches) -> Settings {
    let env = |name: &str| std::env::var(name).ok();
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    Settings {
        lang: text("lang").and_then(Lang::from_code).unwrap_or_else(|| app::language(&env)),
        colour: match text("color") {
            Some("always") => Colour::Always,
            Some("never") => Colour::Never,
            _ => Colour::Auto,
        },
        code: match text("code") {
            Some("rust") => Code::Rust,
            Some("python") => Code::Python,
            Some("none") => Code::None,
            _ => Code::Both,
        },
        json: matches.get_flag("json"),
        yes: matches.get_flag("yes") || !std::io::stdin().is_terminal(),
        quiet: matches.get_flag("quiet"),
        verbose: matches.get_flag("verbose"),
        export: export::target(matches),
    }
}

fn params(matches: &ArgMatches) -> Params {
    let mut params = Params::default();
    for opt in experiments::options::ALL {
        if let Ok(Some(&value)) = matches.try_get_one::<u64>(opt.name()) {
            opt.set(&mut params, value);
        } else if let Some(texts) = strings(matches, opt.name()) {
            opt.set_texts(&mut params, texts);
        }
    }
    params.only = strings(matches, "only");
    params.python = match matches.try_get_one("no-python").ok().flatten() == Some(&true) {
        true => Some(vec!["none".to_string()]),
        false => strings(matches, "python"),
    };
    params.seed = matches.try_get_one::<u64>("seed").ok().flatten().copied();
    params.seconds_limit = matches.try_get_one::<f64>("seconds-limit").ok().flatten().copied();
    params
}

fn strings(matches: &ArgMatches, name: &str) -> Option<Vec<String>> {
    let values = matches.try_get_many::<String>(name).ok().flatten()?;
    Some(values.cloned().collect())
}

//! The options that commands share: those of experiments, with the names and ranges of
//! `experiments::options`, and those that every command has.

use clap::builder::{NonEmptyStringValueParser, ValueParser};
use clap::{Arg, ArgAction, ValueHint, value_parser};

use super::values::{duration, seconds, typed, whole_number};
use crate::experiments::Opt;
use crate::experiments::options::Unit;

pub(super) fn argument(opt: Opt, default: Option<u64>) -> Arg {
    let (least, most) = opt.range();
    let arg = Arg::new(opt.name()).long(opt.name()).allow_hyphen_values(true);
    match opt.unit() {
        Unit::Count => {
            let default = default.map_or(String::new(), |n| format!("; usually {n}"));
            arg.value_name("N")
                .value_parser(move |text: &str| whole_number(text, least, most))
                .help(format!("{} (from {least} to {most}{default})", opt.help()))
        }
        Unit::Seed => arg
            .value_name("SEED")
            .value_parser(move |text: &str| whole_number(text, least, most))
            .help(format!("{} (from {least} to {most})", opt.help())),
        Unit::Duration => {
            let default = default.map_or(String::new(), |us| format!("; usually {}", typed(us)));
            arg.value_name("T")
                .value_parser(move |text: &str| duration(text, least, most))
                .help(format!("{}: 500us, 2ms, 0.5s (to {}{default})", opt.help(), typed(most)))
        }
        Unit::Text => {
            let arg = arg.help(opt.help());
            let text = NonEmptyStringValueParser::new();
            match opt {
                Opt::Listen => arg
                    .value_name("ADDRESS:PORT")
                    .value_parser(address)
                    .conflicts_with(Opt::Connect.name()),
                Opt::Connect => arg.value_name("HOST:PORT").value_parser(address),
                Opt::Url => arg.value_name("ADDRESS").value_parser(text).action(ArgAction::Append),
                Opt::To => arg.value_name("DIR").value_parser(text).value_hint(ValueHint::DirPath),
                _ => arg.value_name("FILE").value_parser(text).value_hint(ValueHint::FilePath),
            }
        }
    }
}

/// A host and a port, as far as can be told without asking for the host.
fn address(text: &str) -> Result<String, String> {
    let parts = text.rsplit_once(':');
    let fits = parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    match fits {
        true => Ok(text.to_string()),
        false => Err("not an address; give one as 127.0.0.1:5000, its port from 0 to 65535".into()),
    }
}

pub(super) fn only(parser: ValueParser) -> Arg {
    Arg::new("only")
        .long("only")
        .value_name("VARIANT,…")
        .value_delimiter(',')
        .action(ArgAction::Append)
        .value_parser(parser)
        .help("Run these variants alone")
}

pub(super) fn part(parser: ValueParser) -> Arg {
    Arg::new("part")
        .long("part")
        .value_name("NAME,…")
        .value_delimiter(',')
        .action(ArgAction::Append)
        .value_parser(parser)
        .help("Show these parts instead of the core; `all` is the core and every part")
}

/// The levels of computing are the sweep's own, and judged against what computing can win at
/// most; a Python that was asked for would not run.
pub(super) fn sweep() -> Arg {
    Arg::new("sweep")
        .long("sweep")
        .action(ArgAction::SetTrue)
        .conflicts_with_all([Opt::Work.name(), Opt::Wait.name(), "python"])
        .help("Raise the computing in each item instead, until sharing it out pays")
}

pub(super) fn python() -> Arg {
    Arg::new("python")
        .long("python")
        .value_name("auto|none|all|PATH")
        .action(ArgAction::Append)
        .value_parser(value_parser!(String))
        .help("Python interpreters for the peers; may be repeated; usually the first python3")
}

pub(super) fn no_python() -> Arg {
    Arg::new("no-python")
        .hide_short_help(true)
        .long("no-python")
        .action(ArgAction::SetTrue)
        .conflicts_with("python")
        .help("The same as --python none")
}

pub(super) fn seed() -> Arg {
    Arg::new("seed")
        .hide_short_help(true)
        .long("seed")
        .value_name("N")
        .allow_hyphen_values(true)
        .value_parser(|text: &str| whole_number(text, 0, u64::MAX))
        .help(format!("Seed of the statistics' resampling, never of a race (0 to {})", u64::MAX))
}

pub(super) fn seconds_limit() -> Arg {
    Arg::new("seconds-limit")
        .hide_short_help(true)
        .long("seconds-limit")
        .value_name("SECONDS")
        .allow_hyphen_values(true)
        .value_parser(seconds)
        .help("The most that one experiment may last (from 0.1 to 86400; usually 60)")
}

/// The options that every command has.
pub(super) fn everywhere() -> Vec<Arg> {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).global(true).help(help)
    };
    let choice = |name: &'static str| Arg::new(name).long(name).global(true);
    let all = vec![
        choice("lang")
            .value_name("LANG")
            .value_parser(["en", "it"])
            .help("Language of lessons and results; usually that of LC_ALL, LC_MESSAGES or LANG"),
        choice("color")
            .value_name("WHEN")
            .value_parser(["auto", "always", "never"])
            .help("Colour; `auto` asks the terminal, NO_COLOR and CLICOLOR_FORCE"),
        choice("code")
            .value_name("WHICH")
            .value_parser(["rust", "python", "both", "none"])
            .help("The code that lessons show; usually both"),
        flag("json", "Print events, one JSON object a line, and ask nothing"),
        flag("yes", "Ask nothing: run straight through").short('y'),
        flag("quiet", "Results only: no text, no code").short('q'),
        flag("verbose", "Tell on stderr what the runner does").short('v'),
    ];
    // `-h` is short: what is seldom typed is told by `--help`.
    let seldom = ["color", "code", "quiet", "verbose"];
    let told = all.into_iter().map(|arg| {
        let hidden = seldom.iter().any(|name| arg.get_id() == name);
        arg.help_heading("Options of every command").hide_short_help(hidden)
    });
    told.collect()
}

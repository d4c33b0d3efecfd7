//! All that can be typed, built from the registry of experiments.
//!
//! A lesson's subcommand shows only the options that its row says it uses, with the
//! names and ranges of `experiments::options`. A lesson given by its path is told
//! apart before clap sees it: the subcommand that it becomes is hidden, so that a
//! mistyped name still gets clap's suggestion.

mod export;
mod order;
mod play;
mod values;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command as Clap, value_parser};

use crate::app::{self, Chosen, Code, Colour, Command, Settings};
use crate::event::Params;
use crate::experiments::options::Unit;
use crate::experiments::{self, LESSONS, Lesson, Opt, Subject};
use crate::lesson::doc::{self, Lang};

use self::order::with_lesson_first;
use self::values::{duration, seconds, typed, whole_number};

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

fn clap() -> Clap {
    Clap::new("parlab")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Live lessons on processes, locks and races: predict, run, understand")
        .after_help(
            "Start with `parlab lesson lock`; `parlab doctor` says what this machine will show.\n\
             Lessons speak English and Italian (--lang it).\n\
             The options of a lesson: `parlab lesson lock --help`.",
        )
        .infer_subcommands(false)
        .max_term_width(100)
        .args(everywhere())
        .subcommand(lesson_command())
        .subcommand(compare_command())
        .subcommand(explore_command())
        .subcommand(play::command())
        .subcommand(Clap::new("list").about("The lessons, their experiments and their parts"))
        .subcommand(doctor_command())
        .subcommand(
            Clap::new("check").about("Looks for faults in lesson texts").arg(
                Arg::new("path")
                    .value_name("PATH")
                    .num_args(0..)
                    .value_parser(value_parser!(PathBuf))
                    .help("Lesson files or folders; without any, the lessons that parlab brings"),
            ),
        )
}

fn lesson_command() -> Clap {
    let mut command = Clap::new("lesson")
        .about("A lesson: question, code, prediction, live run, explanation")
        .override_usage("parlab lesson [OPTIONS] <LESSON | FILE.md | FOLDER> [OPTIONS]")
        .after_help(
            "A lesson of your own goes by its path: parlab lesson ./mine.md\n\
             (a path has a `/` in it, or ends in `.md`)\n\
             The options of a lesson: parlab lesson lock --help",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("LESSON")
        .subcommand_help_heading("Lessons");
    for lesson in LESSONS {
        let mut parts: Vec<&'static str> = vec![app::ALL_PARTS, app::CORE];
        parts.extend(doc::part_names(lesson.texts.en));
        command = command.subcommand(
            Clap::new(lesson.name)
                .about(title(lesson))
                .args(options(lesson, |_| true))
                .args(export::arguments())
                .arg(part(PossibleValuesParser::new(parts).into())),
        );
    }
    let path = Arg::new("file").required(true).value_parser(value_parser!(PathBuf));
    let file = Clap::new(FILE)
        .hide(true)
        .arg(path)
        .override_usage("parlab lesson <FILE.md | FOLDER> [OPTIONS]")
        .args(experiments::options::ALL.map(|opt| argument(opt, None)))
        .args([only(value_parser!(String)), python(), no_python(), seed(), seconds_limit()])
        .args(export::arguments())
        .arg(part(value_parser!(String)));
    command.subcommand(file)
}

fn compare_command() -> Clap {
    let mut command = Clap::new("compare")
        .about("The measurement alone: variants side by side, who won and why")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("LESSON | all")
        .subcommand_help_heading("Lessons");
    let prices = Clap::new(ALL)
        .about("The price list of this machine: what one operation of each means costs")
        .args([argument(Opt::Runs, Some(5)), python(), no_python(), seed(), seconds_limit()])
        .args(export::arguments());
    command = command.subcommand(prices);
    for lesson in LESSONS {
        let sweep = lesson.sweep.map(|_| sweep());
        let args = options(lesson, Opt::is_compared).into_iter().chain(sweep);
        let args = args.chain(export::arguments());
        command = command.subcommand(Clap::new(lesson.name).about(title(lesson)).args(args));
    }
    command
}

fn explore_command() -> Clap {
    let mut command = Clap::new("explore")
        .about("Every schedule of a small program, run on real processes")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("PROGRAM")
        .subcommand_help_heading("Programs");
    for subject in LESSONS.iter().flat_map(|lesson| lesson.programs) {
        let (lesson, _) = experiments::subject(subject.name).expect("from the registry");
        let options = subject.options.iter();
        let mut args: Vec<Arg> =
            options.map(|opt| argument(*opt, opt.get(&subject.defaults))).collect();
        args.extend(ways(variants(subject)));
        args.extend([seed(), seconds_limit()]);
        args.extend(export::arguments());
        command = command.subcommand(Clap::new(subject.name).about(title(lesson)).args(args));
    }
    command
}

/// The ways to write a program; the first is the usual one.
fn variants(subject: &Subject) -> &'static [&'static str] {
    let (_, experiment) = experiments::experiment(subject.experiment).expect("from the registry");
    experiment.variants
}

/// A flag for each way to write a program but the usual one.
fn ways(variants: &'static [&'static str]) -> impl Iterator<Item = Arg> {
    let (usual, others) = variants.split_first().expect("a program is written in some way");
    others.iter().map(move |way| {
        let rest = others.iter().filter(move |other| *other != way);
        Arg::new(*way)
            .long(*way)
            .action(ArgAction::SetTrue)
            .conflicts_with_all(rest)
            .help(format!("The program as `{way}` instead of `{usual}`"))
    })
}

fn doctor_command() -> Clap {
    let pythons = python().help("Python interpreters to look for; usually all on the PATH");
    Clap::new("doctor")
        .about("What this machine offers, and what of each lesson it will show")
        .args([pythons, no_python(), seconds_limit()])
}

/// A lesson's title, in English as all of clap's texts are.
fn title(lesson: &Lesson) -> &'static str {
    let heading = lesson.texts.en.lines().find_map(|line| line.strip_prefix("# "));
    heading.unwrap_or(lesson.name)
}

/// The options of a lesson's experiments, as far as they are wanted.
fn options(lesson: &'static Lesson, wanted: fn(Opt) -> bool) -> Vec<Arg> {
    let used = lesson.options.iter().copied().filter(|&opt| wanted(opt));
    let mut args: Vec<Arg> = used.map(|opt| argument(opt, opt.get(&lesson.defaults))).collect();
    args.push(only(PossibleValuesParser::new(lesson.compared_variants()).into()));
    args.extend([python(), no_python(), seed(), seconds_limit()]);
    args
}

fn argument(opt: Opt, default: Option<u64>) -> Arg {
    let (least, most) = opt.range();
    let arg = Arg::new(opt.name()).long(opt.name()).allow_hyphen_values(true);
    match opt.unit() {
        Unit::Count => {
            let default = default.map_or(String::new(), |n| format!("; usually {n}"));
            arg.value_name("N")
                .value_parser(move |text: &str| whole_number(text, least, most))
                .help(format!("{} (from {least} to {most}{default})", opt.help()))
        }
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
                Opt::To => arg.value_name("DIR").value_parser(text),
                _ => arg.value_name("FILE").value_parser(text),
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

fn only(parser: ValueParser) -> Arg {
    Arg::new("only")
        .long("only")
        .value_name("VARIANT,…")
        .value_delimiter(',')
        .action(ArgAction::Append)
        .value_parser(parser)
        .help("Run these variants alone")
}

fn part(parser: ValueParser) -> Arg {
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
fn sweep() -> Arg {
    Arg::new("sweep")
        .long("sweep")
        .action(ArgAction::SetTrue)
        .conflicts_with_all([Opt::Work.name(), Opt::Wait.name(), "python"])
        .help("Raise the computing in each item instead, until sharing it out pays")
}

fn python() -> Arg {
    Arg::new("python")
        .long("python")
        .value_name("auto|none|all|PATH")
        .action(ArgAction::Append)
        .value_parser(value_parser!(String))
        .help("Python interpreters for the peers; may be repeated; usually the first python3")
}

fn no_python() -> Arg {
    Arg::new("no-python")
        .long("no-python")
        .action(ArgAction::SetTrue)
        .conflicts_with("python")
        .help("The same as --python none")
}

fn seed() -> Arg {
    Arg::new("seed")
        .long("seed")
        .value_name("N")
        .allow_hyphen_values(true)
        .value_parser(|text: &str| whole_number(text, 0, u64::MAX))
        .help(format!("Seed of the statistics' resampling, never of a race (0 to {})", u64::MAX))
}

fn seconds_limit() -> Arg {
    Arg::new("seconds-limit")
        .long("seconds-limit")
        .value_name("SECONDS")
        .allow_hyphen_values(true)
        .value_parser(seconds)
        .help("The most that one experiment may last (from 0.1 to 86400; usually 60)")
}

/// The options that every command has.
fn everywhere() -> Vec<Arg> {
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
    all.into_iter().map(|arg| arg.help_heading("Options of every command")).collect()
}

fn command(matches: &ArgMatches) -> Command {
    let settings = settings(matches);
    match matches.subcommand() {
        Some(("lesson", lesson)) => {
            let (name, options) = lesson.subcommand().expect("required");
            let chosen = match name {
                FILE => Chosen::Path(options.get_one::<PathBuf>("file").expect("required").clone()),
                name => Chosen::Named(experiments::lesson(name).expect("from the registry")),
            };
            let settings = match &chosen {
                Chosen::Path(path) => in_language_of(path, settings),
                Chosen::Named(_) => settings,
            };
            let (parts, params) = (strings(options, "part").unwrap_or_default(), params(options));
            Command::Lesson { lesson: chosen, parts, params, settings }
        }
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
        Some(("list", _)) => Command::List(settings),
        Some(("doctor", options)) => Command::Doctor { params: params(options), settings },
        Some(("check", options)) => {
            let paths = options.get_many("path").unwrap_or_default().cloned().collect();
            Command::Check { paths, understood, settings }
        }
        _ => Command::Hello(settings),
    }
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

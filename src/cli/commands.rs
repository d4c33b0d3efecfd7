//! The commands, each with its options, its help and its examples.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command as Clap, ValueHint, value_parser};

use super::arguments::{
    argument, everywhere, no_python, only, part, python, seconds_limit, seed, sweep,
};
use super::{ALL, FILE, examples, export, play, shell};
use crate::app;
use crate::experiments::{self, LESSONS, Lesson, Opt, Subject};
use crate::lesson::doc;

/// All that can be typed, as help, completions and man pages show it.
pub(super) fn shown() -> Clap {
    let tree = Clap::new("parlab")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Live lessons on processes, locks and races: predict, run, understand")
        .long_about(
            "Live lessons on processes, locks and races: predict, run, understand.\n\n\
             Alone on a terminal, parlab opens the course. Lessons speak English and Italian \
             (--lang it). The options of a lesson: parlab lesson lock --help",
        )
        .infer_subcommands(false)
        .max_term_width(100)
        .args(everywhere())
        .subcommands([course_command(), lesson_command()])
        .subcommand(compare_command())
        .subcommand(explore_command())
        .subcommand(play::command())
        .subcommand(report_command())
        .subcommand(list_command())
        .subcommand(doctor_command())
        .subcommands([check_command(), new_command()])
        .subcommands([completions_command(), man_command()]);
    examples::with_these(
        tree,
        &[
            ("parlab course", "the lessons in their order, from where you were"),
            ("parlab lesson lock", "one of them"),
            ("parlab doctor", "what this machine will show"),
            ("parlab list", "the lessons and their parts"),
            ("parlab compare all --lang it", "what each means costs here, in Italian"),
        ],
    )
}

fn course_command() -> Clap {
    let forget = Arg::new("forget")
        .long("forget")
        .action(ArgAction::SetTrue)
        .help("Forget what was done: remove the file; on a terminal it asks before");
    let command = Clap::new("course")
        .about("The lessons in their order: what you did, predicted right, and what comes next")
        .long_about(
            "The lessons in their order: what you did, predicted right, and what comes next.\n\n\
             On a terminal Enter goes on, a number starts that lesson, q ends; elsewhere what you \
             did is printed. It is kept in $XDG_STATE_HOME/parlab/course.json (usually \
             ~/.local/state/parlab/course.json) whenever a lesson asks you questions.",
        )
        .arg(forget);
    examples::with_these(
        command,
        &[
            ("parlab course", "goes on where you were; so does parlab alone"),
            ("parlab course --lang it", "in Italian"),
            ("parlab course --json", "what you did, for a program"),
            ("parlab course --forget", "begins anew"),
        ],
    )
}

fn lesson_command() -> Clap {
    let mut command = Clap::new("lesson")
        .about("A lesson: question, code, prediction, live run, explanation")
        .long_about(
            "A lesson: question, code, prediction, live run, explanation.\n\n\
             A lesson of your own goes by its path, which has a `/` in it or ends in `.md`. \
             The options of a lesson: parlab lesson lock --help",
        )
        .override_usage("parlab lesson [OPTIONS] <LESSON | FILE.md | FOLDER> [OPTIONS]")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("LESSON")
        .subcommand_help_heading("Lessons");
    for lesson in LESSONS {
        let mut parts: Vec<&'static str> = vec![app::ALL_PARTS, app::CORE];
        parts.extend(doc::part_names(lesson.texts.en));
        let of_it = Clap::new(lesson.name)
            .about(title(lesson))
            .args(options(lesson, |_| true))
            .args(export::arguments())
            .arg(part(PossibleValuesParser::new(parts).into()));
        command = command.subcommand(examples::of_lesson(of_it, lesson));
    }
    examples::with_these(
        command,
        &[
            ("parlab lesson lock", "one of the lessons"),
            ("parlab lesson lock --part all --yes", "all of it, without questions"),
            ("parlab lesson ./mine.md", "a lesson of your own"),
            ("parlab lesson ./my-lesson --lang it", "a folder, its Italian text"),
        ],
    )
}

/// What a lesson's path becomes.
pub(super) fn file_command() -> Clap {
    let path = Arg::new("file").required(true).value_parser(value_parser!(PathBuf));
    Clap::new(FILE)
        .hide(true)
        .arg(path)
        .override_usage("parlab lesson <FILE.md | FOLDER> [OPTIONS]")
        .args(experiments::options::ALL.map(|opt| argument(opt, None)))
        .args([only(value_parser!(String)), python(), no_python(), seed(), seconds_limit()])
        .args(export::arguments())
        .arg(part(value_parser!(String)))
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
    command = command.subcommand(examples::with_these(
        prices,
        &[
            ("parlab compare all", "the whole list"),
            ("parlab compare all --no-python", "Rust alone"),
            ("parlab compare all --json", "the prices, for a program"),
        ],
    ));
    for lesson in LESSONS {
        let sweep = lesson.sweep.map(|_| sweep());
        let args = options(lesson, Opt::is_compared).into_iter().chain(sweep);
        let args = args.chain(export::arguments());
        let of_it = Clap::new(lesson.name).about(title(lesson)).args(args);
        command = command.subcommand(examples::of_comparison(of_it, lesson));
    }
    examples::with_these(
        command,
        &[
            ("parlab compare lock", "who wins, and why"),
            ("parlab compare lock --only locked,coarse", "two variants"),
            ("parlab compare all", "the price list of this machine"),
        ],
    )
}

fn explore_command() -> Clap {
    let mut command = Clap::new("explore")
        .about("Every schedule of a small program, run on real processes")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("PROGRAM")
        .subcommand_help_heading("Programs");
    for subject in LESSONS.iter().flat_map(|lesson| lesson.programs) {
        let option = |&opt: &Opt| {
            let arg = argument(opt, opt.get(&subject.defaults));
            // Where another way to write the program fixes it, it is refused and not ignored.
            let only_for = subject.any_processes.filter(|_| opt == Opt::Processes);
            arg.requires_all(only_for)
        };
        let mut args: Vec<Arg> = subject.options.iter().map(option).collect();
        args.extend(ways(variants(subject)));
        let drawn = format!("Seed of the schedules that are drawn (0 to {}; usually 1)", u64::MAX);
        args.extend([seed().help(drawn), seconds_limit()]);
        args.extend(export::arguments());
        let of_it = Clap::new(subject.name).about(subject.about).args(args);
        command = command.subcommand(examples::of_program(of_it, subject, variants(subject)));
    }
    examples::with_these(
        command,
        &[
            ("parlab explore lock --ops 2", "all 70 orders of four updates"),
            ("parlab explore lock --locked", "the same program with its lock"),
            ("parlab explore two-locks", "which orders get stuck"),
        ],
    )
}

/// The ways to write a program; the first is the usual one.
pub(super) fn variants(subject: &Subject) -> &'static [&'static str] {
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

fn report_command() -> Clap {
    let files = Arg::new("file")
        .value_name("FILE.json")
        .required(true)
        .num_args(1..)
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath)
        .help("What --export FILE.json kept, or --json printed; several are laid together");
    let command = Clap::new("report")
        .about("Draws a run again from the file that keeps it, or a room of runs side by side")
        .arg(files)
        .args(export::arguments());
    examples::with_these(
        command,
        &[
            ("parlab report anna.json", "a run again, as text"),
            ("parlab report anna.json --lang it --export anna.html", "as a page"),
            ("parlab report anna.json ugo.json --export class.html", "side by side"),
        ],
    )
}

fn list_command() -> Clap {
    let command = Clap::new("list").about("The lessons, their experiments and their parts");
    let lines = [("parlab list", "one after the other"), ("parlab list --json", "for a program")];
    examples::with_these(command, &lines)
}

fn doctor_command() -> Clap {
    let pythons = python().help("Python interpreters to look for; usually all on the PATH");
    let command = Clap::new("doctor")
        .about("What this machine offers, and what of each lesson it will show")
        .args([pythons, no_python(), seconds_limit()]);
    examples::with_these(
        command,
        &[
            ("parlab doctor", "before a class"),
            ("parlab doctor --no-python --json", "for a program"),
        ],
    )
}

fn check_command() -> Clap {
    let paths = Arg::new("path")
        .value_name("PATH")
        .num_args(0..)
        .value_parser(value_parser!(PathBuf))
        .help("Lesson files or folders; without any, the lessons that parlab brings");
    let command = Clap::new("check").about("Looks for faults in lesson texts").arg(paths);
    examples::with_these(
        command,
        &[
            ("parlab check ./my-lesson", "all faults of a folder's texts"),
            ("parlab check mine.md --lang it", "of a file, told in Italian"),
            ("parlab check --json", "the lessons that parlab brings"),
        ],
    )
}

fn new_command() -> Clap {
    let command = Clap::new("new")
        .about("Starts a lesson of your own: a folder with a text in each language")
        .arg(folder("path", "PATH", "The folder to make; it must not be there yet"));
    examples::with_these(
        command,
        &[
            ("parlab new my-lesson", "writes my-lesson/en.md and it.md"),
            ("parlab check ./my-lesson", "what is wrong with it, after each change"),
            ("parlab lesson ./my-lesson", "runs it"),
        ],
    )
}

fn completions_command() -> Clap {
    let shell = Arg::new("shell")
        .value_name("SHELL")
        .required(true)
        .value_parser(shell::SHELLS)
        .help("The shell that is to know what can be typed");
    let command = Clap::new("completions")
        .about("Prints a script that completes commands, lessons, variants and parts")
        .arg(shell);
    examples::with_these(
        command,
        &[
            ("parlab completions bash > parlab.bash", "then: source parlab.bash"),
            ("parlab completions zsh > _parlab", "in a folder of $fpath"),
            ("parlab completions fish > parlab.fish", "in ~/.config/fish/completions"),
        ],
    )
}

fn man_command() -> Clap {
    let command = Clap::new("man")
        .about("Writes man pages: one for each command, and for each lesson's")
        .arg(folder("dir", "DIR", "Where they go; made if it is not there, older pages replaced"));
    examples::with_these(
        command,
        &[("parlab man pages", "then: man -l pages/parlab-lesson-lock.1")],
    )
}

fn folder(id: &'static str, name: &'static str, help: &'static str) -> Arg {
    Arg::new(id)
        .value_name(name)
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::DirPath)
        .help(help)
}

/// A lesson's title, in English as all of clap's texts are.
pub(super) fn title(lesson: &Lesson) -> &'static str {
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

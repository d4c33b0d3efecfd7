//! What can be typed for `play`: a lesson with levels, one of them, a schedule.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command as Clap, value_parser};

use super::arguments::{argument, seconds_limit};
use super::commands::title;
use super::values::number;
use super::{examples, params};
use crate::app::Asked;
use crate::experiments::play::FROM;
use crate::experiments::{LESSONS, Lesson, Opt};
use crate::lesson::doc;

/// The subcommand, with one of its own for each lesson that has levels.
pub(super) fn command() -> Clap {
    let mut command = Clap::new("play")
        .about("Be the scheduler: decide which process takes the next step")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("LESSON")
        .subcommand_help_heading("Lessons with levels");
    for lesson in LESSONS {
        let levels: Vec<&'static str> = doc::level_names(lesson.texts.en).collect();
        if levels.is_empty() {
            continue;
        }
        let of_it = Clap::new(lesson.name)
            .about(title(lesson))
            .args([level(levels.clone()), schedule(), from()])
            .args([argument(Opt::Ops, Some(1)), no_limit()]);
        command = command.subcommand(examples::of_game(of_it, lesson, &levels));
    }
    examples::with_these(
        command,
        &[
            ("parlab play lock", "A and B step, u goes back, ? hints, q ends"),
            ("parlab play lock --schedule AABB", "these steps, told line by line"),
            ("parlab play lock --schedule ABBA --from 57", "without a goal"),
            ("echo ABBA | parlab play lock", "letters from a script"),
        ],
    )
}

pub(super) fn level(names: Vec<&'static str>) -> Arg {
    Arg::new("level")
        .long("level")
        .value_name("NAME")
        .conflicts_with_all(["from", Opt::Ops.name()])
        .value_parser(PossibleValuesParser::new(names))
        .help("This level alone; usually all in turn")
}

pub(super) fn schedule() -> Arg {
    Arg::new("schedule")
        .long("schedule")
        .value_name("LETTERS")
        .value_parser(value_parser!(String))
        .help("Take these steps, a letter for each, A for the first process; line by line")
}

pub(super) fn from() -> Arg {
    let (least, most) = (*FROM.start(), *FROM.end());
    Arg::new("from")
        .long("from")
        .value_name("N")
        .allow_hyphen_values(true)
        .value_parser(move |text: &str| number(text, least, most))
        .help(format!("The number at the start, in a game without a goal (from {least} to {most})"))
}

/// Who plays may think as long as they like.
fn no_limit() -> Arg {
    seconds_limit().help("The most that one game may last (from 0.1 to 86400; usually no limit)")
}

/// What was typed.
pub(super) fn asked(lesson: &'static Lesson, options: &ArgMatches) -> Asked {
    Asked {
        lesson,
        level: options.get_one::<String>("level").cloned(),
        schedule: options.get_one::<String>("schedule").cloned(),
        from: options.get_one::<i32>("from").copied(),
        params: params(options),
    }
}

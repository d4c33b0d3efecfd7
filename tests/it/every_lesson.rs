//! What every lesson must do, held over the registry: a new one is tested by its row alone.

use std::collections::BTreeSet;

use parlab::experiments::{Experiment, LESSONS, Lesson, Opt};
use parlab::view::words;

use crate::parlab::Parlab;

/// The questions of some lessons, in their order, each with the answer that holds on every machine;
/// there is none where chance or the machine decides. Of other lessons only the number of answers
/// is held.
const QUESTIONS: [(&str, &str); 5] = [
    ("queue", "share busy grain killed=confirmed who=nobody stuck=sometimes"),
    ("shm", "sum=unchanged equal=width growth copies=one-for-all crash=stays"),
    ("manager", "copy=copy shared=same-list port silent=dropped killed=told"),
    ("pipe", "early=waits nobody=waits byte forgotten=for-ever share size luck=none"),
    ("download", "four disk=four sixteen cut=nothing"),
];

/// A belief that foretells the same outcome as another answer, for another reason.
const TWIN: &str = "value-locks";

/// Questions about the reader's Python, to which without one no answer is known.
const OF_PYTHON: [(&str, &str); 2] = [("pool", "killed"), ("pool", "order")];

/// Values of the options that a lesson has, so small that a run of it is short.
fn short(lesson: &Lesson) -> Vec<(Opt, u64)> {
    let value = |option: Opt| match option {
        Opt::Runs => Some(1),
        Opt::N | Opt::Iterations => {
            let usual = option.get(&lesson.defaults)?;
            Some((usual / 100).max(10).min(usual))
        }
        _ => None,
    };
    lesson.options.iter().filter_map(|&option| Some((option, value(option)?))).collect()
}

/// The names of a lesson's questions, in their order.
fn asked(lesson: &Lesson) -> Vec<&'static str> {
    lesson.texts.en.lines().filter_map(|line| line.strip_prefix("```parlab ask ")).collect()
}

#[test]
fn a_run_of_the_whole_lesson_ends_well_in_both_languages() {
    for lesson in LESSONS {
        let options = short(lesson).into_iter();
        let options: Vec<String> =
            options.flat_map(|(opt, n)| [format!("--{}", opt.name()), n.to_string()]).collect();
        for lang in ["en", "it"] {
            let args = ["lesson", lesson.name, "--part", "all", "--no-python", "--lang", lang];
            Parlab::new().args(args).args(&options).run().any_stdout().code(0);
        }
    }
}

#[test]
fn of_the_answers_to_each_question_exactly_one_holds() {
    for lesson in LESSONS {
        let args = ["lesson", lesson.name, "--part", "all", "--json", "--no-python"];
        let done = Parlab::new().args(args).args(["--runs", "2"]).run();
        let answers = done.answers();
        let asks: Vec<&str> = answers.iter().map(|answer| answer.ask.as_str()).collect();
        assert_eq!(asks, asked(lesson), "{done}");
        for answer in &answers {
            let known = usize::from(!OF_PYTHON.contains(&(lesson.name, &answer.ask)));
            let held = answer.held.iter().filter(|belief| *belief != TWIN).count();
            assert_eq!(held, known, "{}: {answer:?}\n{done}", lesson.name);
        }
        if let Some((_, known)) = QUESTIONS.iter().find(|(name, _)| *name == lesson.name) {
            let told = known.split(' ').zip(&answers).map(|(known, answer)| match known {
                known if known.contains('=') => format!("{}={}", answer.ask, answer.held[0]),
                _ => answer.ask.clone(),
            });
            assert_eq!(told.collect::<Vec<_>>().join(" "), *known, "{done}");
            assert_eq!(known.split(' ').count(), answers.len(), "{done}");
        }
        done.ends(0, None);
    }
}

#[test]
fn every_figure_of_the_registry_has_words_in_both_languages() {
    let named = |row: &'static Experiment| row.figures.iter().chain(row.experiment_figures);
    let all = LESSONS.iter().flat_map(|lesson| lesson.experiments).flat_map(named);
    let without: BTreeSet<_> = all.filter(|name| words::figure_words(name).is_none()).collect();
    assert!(without.is_empty(), "no row in src/view/words/figures.rs: {without:?}");
}

#[test]
fn every_experiment_tells_figures_of_its_row_and_no_others() {
    for lesson in LESSONS {
        let options: String =
            short(lesson).iter().map(|(option, n)| format!("{} = {n}\n", option.field())).collect();
        // Nothing waits or computes for longer than it takes to see that it does.
        let pace = [Opt::Work, Opt::Wait].into_iter().filter(|opt| lesson.options.contains(opt));
        let pace: String = pace.map(|option| format!("{} = 0.001\n", option.field())).collect();
        let run = |name| format!("experiment = \"{name}\"\n{options}{pace}");
        let runs: Vec<String> = lesson.experiments.iter().map(|one| run(one.name)).collect();
        let done = Parlab::lesson(&runs).run();
        let mut told = BTreeSet::new();
        for measure in done.figures() {
            let row = lesson.experiment(&measure.experiment).unwrap();
            let known =
                if measure.variant.is_some() { row.figures } else { row.experiment_figures };
            for name in measure.values.keys() {
                assert!(known.contains(&name.as_str()), "{name} of {measure:?}");
            }
            told.insert(row.name);
        }
        for row in lesson.experiments.iter().filter(|row| !row.figures.is_empty()) {
            let native = row.variants.iter().any(|variant| !variant.starts_with("python-"));
            // It takes another terminal to have something to tell.
            let tells = native && row.name != "terminals";
            assert!(!tells || told.contains(row.name), "{} tells nothing\n{done}", row.name);
        }
    }
}

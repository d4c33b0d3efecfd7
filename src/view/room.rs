//! Several runs from several machines, in pieces: what a page and a terminal both draw.

use super::format::{count, factor, ratio};
use super::gathered::Gathered;
use super::table::Grid;
use super::words::{self, Column};
use crate::event::{Dearer, Explored, Group, Prediction, Room, Run, Together, Variants};
use crate::lesson::doc::Lang;
use crate::stats;

/// A question of a lesson, in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its name in the lesson file.
    pub ask: String,
    /// The question (Markdown).
    pub text: String,
    /// Its answers: the belief that each stands for, and what it says (one line of Markdown).
    pub answers: Vec<(String, String)>,
}

/// Where runs ended, a row for each variant or for each that ran it.
pub(super) struct Picture {
    /// Above it.
    pub heading: String,
    /// What its rows are: variants, or kinds of machines.
    pub rows: &'static str,
    /// The rows, as runs of variants.
    pub gathered: Gathered,
}

/// What the files are from, a line each.
pub(super) fn origins(room: &Room, lang: Lang) -> Vec<String> {
    let machines = room.machines.iter().map(|alike| words::alike(lang, alike));
    let differing = (!room.differing.is_empty()).then(|| words::differing(lang, &room.differing));
    machines.chain(differing).collect()
}

/// All that an experiment's runs ended with: of the whole room, and by who ran each variant.
pub(super) fn pictures(together: &Together, lang: Lang) -> Vec<Picture> {
    let expected = |groups: &[Group]| {
        let mut all: Vec<i64> =
            groups.iter().flat_map(|g| &g.ends).map(|ends| ends.expected).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let every: Vec<Group> = together.variants.iter().flat_map(|v| v.groups.clone()).collect();
    let mut pictures = Vec::new();
    for value in expected(&every) {
        let runs = together.variants.iter().flat_map(|of| {
            of.groups.iter().flat_map(|group| runs(group, value, &of.variant)).collect::<Vec<_>>()
        });
        let gathered = Gathered { runs: runs.collect(), ..Gathered::default() };
        let rows = words::column(lang, Column::Variant);
        pictures.push(Picture { heading: words::room_outcomes(lang, value), rows, gathered });
    }
    for of in together.variants.iter().filter(|of| of.groups.len() > 1) {
        for value in expected(&of.groups) {
            let label = |group: &Group| words::group(lang, group);
            let runs = of.groups.iter().flat_map(|group| runs(group, value, &label(group)));
            let gathered = Gathered { runs: runs.collect(), ..Gathered::default() };
            let heading = words::group_outcomes(lang, &of.variant, value);
            pictures.push(Picture { heading, rows: words::kinds_column(lang), gathered });
        }
    }
    pictures
}

fn runs(group: &Group, expected: i64, name: &str) -> Vec<Run> {
    let ends = group.ends.iter().filter(|ends| ends.expected == expected);
    let run = |got: &i64| Run {
        variant: name.to_owned(),
        expected: Some(expected),
        got: Some(*got),
        correct: Some(*got == expected),
        ..Run::default()
    };
    ends.flat_map(|ends| ends.got.iter().map(run)).collect()
}

/// How many were right, and how the files' own ratios lie: a row a variant, and below it a row for
/// each that ran it, where there are several.
pub(super) fn table(together: &Together, lang: Lang) -> Grid {
    let row = |name: String, of: &Variants, groups: &[Group]| {
        let sum = |of: fn(&Group) -> u32| groups.iter().map(|g| u64::from(of(g))).sum::<u64>();
        let ratios: Vec<f64> = groups.iter().flat_map(|group| group.ratios.clone()).collect();
        let [median, spread] = match of.variant == together.baseline {
            true => ["–", words::baseline(lang)].map(str::to_owned),
            false => spread(&ratios, lang),
        };
        let right = format!("{}/{}", sum(|g| g.correct_runs), sum(|g| g.runs));
        vec![name, sum(|g| g.files).to_string(), right, median, spread]
    };
    let rows = together.variants.iter().flat_map(|of| {
        let each = of.groups.iter().filter(|_| of.groups.len() > 1);
        let each = each.map(|group| {
            row(format!("· {}", words::group(lang, group)), of, std::slice::from_ref(group))
        });
        [row(of.variant.clone(), of, &of.groups)].into_iter().chain(each).collect::<Vec<_>>()
    });
    Grid {
        header: words::room_columns(lang).map(str::to_owned).into(),
        rows: rows.collect(),
        numbers: vec![false, true, true, true, false],
    }
}

/// The median, and the least and the greatest.
fn spread(ratios: &[f64], lang: Lang) -> [String; 2] {
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = ratios.iter().copied().fold(0.0, f64::max);
    match stats::median(ratios) {
        Some(median) => {
            let ends = format!("{}–{}", factor(least, lang), factor(greatest, lang));
            [ratio(median, lang), if ratios.len() > 1 { ends } else { "–".to_owned() }]
        }
        None => ["–", "–"].map(str::to_owned),
    }
}

/// The ends of a program that was explored, counted and seen.
pub(super) fn ends(program: &Explored, lang: Lang) -> Grid {
    let number = |n: u64| count(i64::try_from(n).unwrap_or(i64::MAX));
    let rows = program.outcomes.iter().map(|reached| {
        let mark = if reached.value == Some(program.right) { "✓ " } else { "" };
        let value = reached.value.map_or(words::stuck(lang).to_owned(), count);
        let counts = [reached.schedules, reached.observed, reached.free].map(number);
        let files = format!("{}/{}", reached.files, program.files);
        [format!("{mark}{value}")].into_iter().chain(counts).chain([files]).collect()
    });
    let word = words::name_of_word(lang, &program.word);
    let columns = words::schedules_columns(lang, &word).into_iter();
    Grid {
        header: columns.chain([words::files_column(lang).to_owned()]).collect(),
        rows: rows.collect(),
        numbers: vec![true; 5],
    }
}

/// What Python costs beside Rust, from machine to machine.
pub(super) fn prices(all: &[Dearer], lang: Lang) -> Grid {
    let row = |dearer: &Dearer| {
        let [median, spread] = spread(&dearer.ratios, lang);
        vec![dearer.means.clone(), dearer.ratios.len().to_string(), median, spread]
    };
    Grid {
        header: words::dearer_columns(lang).map(str::to_owned).into(),
        rows: all.iter().map(row).collect(),
        numbers: vec![false, true, true, false],
    }
}

/// The answers to a question: what each says (Markdown), and what the room made of it. Beliefs that
/// the text does not have stand by their names.
pub(super) fn answers(
    told: &Prediction,
    question: Option<&Question>,
    lang: Lang,
) -> Vec<(String, String)> {
    let of = |belief: &str| told.answers.iter().find(|answer| answer.belief == belief);
    let known: Vec<(String, String)> = question.map(|q| q.answers.clone()).unwrap_or_default();
    let others = told
        .answers
        .iter()
        .filter(|answer| !known.iter().any(|(belief, _)| *belief == answer.belief));
    let others = others.map(|answer| (answer.belief.clone(), format!("`{}`", answer.belief)));
    let all = known.iter().cloned().chain(others);
    all.map(|(belief, text)| {
        let (said, held) = of(&belief).map_or((0, 0), |answer| (answer.said, answer.held));
        (text, words::said_and_held(lang, said, held, told.files))
    })
    .collect()
}

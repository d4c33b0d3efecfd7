//! What one experiment reported, as tables: the figures, and no sentence that says what they mean.

use super::{Handout, paper};
use crate::event::{Deadlock, LostUpdate, Measure, Run, Schedules, Summary, Transfer};
use crate::lesson::doc::Lang;
use crate::view::format::{self, count};
use crate::view::gathered::Gathered;
use crate::view::style::Style;
use crate::view::table::Grid;
use crate::view::text::{
    curves, delays, lanes, measures, overlap, placement, schedules as programs, starts, timeline,
    transfers, variants,
};
use crate::view::words::{self, Column};

/// Columns of a drawing on a sheet: what fits between its margins.
const WIDTH: usize = 72;
/// Ends of runs that are told one by one; of more, the least, the median and the greatest.
const MOST_ENDS: usize = 10;

impl Handout {
    /// Writes what was gathered since the last summary.
    pub(super) fn results(&mut self, summary: Option<&Summary>) {
        let gathered = std::mem::take(&mut self.gathered);
        if self.is_pricing() {
            return;
        }
        let comparing = self.command() == "compare" || self.alone;
        if let Some(summary) = summary.filter(|_| comparing) {
            self.next_section();
            let most = summary.variants.iter().map(|v| v.runs).max().unwrap_or(0);
            let heading = words::experiment_heading(self.lang, &summary.experiment, most);
            self.wait(super::Waiting::Heading(paper::heading(2, &paper::plain(&heading))));
        }
        let style = self.unwrapped();
        let told = [
            outcomes(&gathered, self.lang),
            lines(&overlap::draw(&gathered, summary, &style)),
            lines(&delays::draw(&gathered, &style)),
            lines(&placement::draw(&gathered, &style)),
            lines(&starts::draw(&gathered, &style)),
            losses(&gathered, self.lang),
            processes(&gathered, self.lang),
            plots(&gathered, self.lang),
            measured(&gathered, self.lang),
            summary.map_or(String::new(), |summary| side_by_side(summary, self.lang)),
        ];
        let told = told.concat();
        // Figures of no variant are there for the lesson's text, which tells what they are about; without
        // it, they say something only below a question, or beside variants.
        if comparing || self.section.asked || !told.is_empty() {
            self.figures(&(told + &of_experiment(&gathered, self.lang)));
        }
    }
}

/// Lines of plain text, each a paragraph.
pub(super) fn lines(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("{}\n\n", paper::plain(line))).collect()
}

/// Where the runs of each variant ended.
fn outcomes(gathered: &Gathered, lang: Lang) -> String {
    let variants = gathered.by_variant(has_end);
    let runs = || variants.iter().flat_map(|(_, runs)| runs);
    let expected = runs().find_map(|run| run.expected);
    let common = expected.filter(|_| runs().all(|run| run.expected == expected));
    let rows = words::column(lang, Column::Variant);
    ended(&words::outcomes_heading(lang, common), rows, gathered, lang)
}

fn has_end(run: &Run) -> bool {
    !run.traced && run.expected.is_some() && run.got.is_some()
}

/// Where runs ended, under this heading; `rows` says what its rows are.
pub(super) fn ended(heading: &str, rows: &str, gathered: &Gathered, lang: Lang) -> String {
    let row = |(variant, runs): &(&str, Vec<&Run>)| {
        let right = runs.iter().filter(|run| run.got == run.expected).count();
        vec![(*variant).to_owned(), format!("{right}/{}", runs.len()), ends(runs, lang)]
    };
    let grid = Grid {
        header: vec![
            rows.to_owned(),
            words::column(lang, Column::Right).to_owned(),
            words::ended_at(lang).to_owned(),
        ],
        rows: gathered.by_variant(has_end).iter().map(row).collect(),
        numbers: vec![false, true, false],
    };
    paper::table(heading, &grid)
}

/// The different ends in order, each with how many runs had it where these are several.
fn ends(runs: &[&Run], lang: Lang) -> String {
    let mut ends: Vec<i64> = runs.iter().filter_map(|run| run.got).collect();
    ends.sort_unstable();
    let groups: Vec<&[i64]> = ends.chunk_by(|a, b| a == b).collect();
    if groups.len() > MOST_ENDS {
        let [least, greatest] = [0, ends.len() - 1].map(|at| count(ends[at]));
        return words::ended_between(lang, [least, format::median(&ends, lang), greatest]);
    }
    let said = |group: &&[i64]| match group.len() {
        1 => count(group[0]),
        runs => format!("{} (×{runs})", count(group[0])),
    };
    groups.iter().map(said).collect::<Vec<_>>().join("; ")
}

/// How many updates were lost, and one of them step by step.
fn losses(gathered: &Gathered, lang: Lang) -> String {
    let lost = lanes::lost(gathered, lang).map_or(String::new(), |(heading, variants)| {
        let header = [words::column(lang, Column::Variant), words::lost(lang)];
        let grid = Grid {
            header: header.map(str::to_owned).into(),
            rows: variants.into_iter().map(Vec::from).collect(),
            numbers: vec![false, false],
        };
        paper::table(&heading, &grid)
    });
    lost + &gathered.lost_updates.first().map_or(String::new(), |lost| lost_update(lost, lang))
}

/// A column for each process, the shared number between.
fn lost_update(lost: &LostUpdate, lang: Lang) -> String {
    let row = |of_victim: bool, said: String, word: String| match of_victim {
        true => vec![said, word, String::new()],
        false => vec![String::new(), word, said],
    };
    let mut rows = Vec::new();
    for (at, step) in lost.steps.iter().enumerate() {
        let of_victim = step.process == lost.victim;
        if lanes::is_after_gap(&lost.steps[..at], step) {
            rows.push(row(of_victim, words::steps_left_out(lang).to_owned(), "⋮".to_owned()));
        }
        rows.push(row(
            of_victim,
            words::step(lang, step.op, step.value),
            lanes::arrow(step, of_victim),
        ));
    }
    let header = [&lost.victim, words::shared_word(lang), &lost.overwriter];
    let grid =
        Grid { header: header.map(str::to_owned).into(), rows, numbers: vec![false, false, false] };
    paper::table(&words::lost_update_heading(lang, &lost.variant), &grid)
}

/// What processes printed, fetched and did when.
fn processes(gathered: &Gathered, lang: Lang) -> String {
    let mut text = String::new();
    if !gathered.lines.is_empty() {
        let lines: Vec<&str> = gathered.lines.iter().map(|line| line.text.as_str()).collect();
        text += &paper::strong(words::printed_heading(lang));
        text += &paper::fenced("text", &lines.join("\n"));
    }
    if !gathered.transfers.is_empty() {
        let line = |transfer: &Transfer| transfers::ended(transfer, lang);
        let lines: Vec<String> = gathered.transfers.iter().map(line).collect();
        text += &paper::strong(words::files_heading(lang));
        text += &paper::list(&lines);
    }
    let style = Style { colour: false, errors_colour: false, width: WIDTH, lang, live: false };
    let drawing = gathered.timelines.first().map(|told| timeline::draw(told, &style));
    match drawing.filter(|drawing| !drawing.is_empty()) {
        Some(drawing) => text + &paper::fenced("text", &drawing),
        None => text,
    }
}

/// A table of the points of each plot.
fn plots(gathered: &Gathered, lang: Lang) -> String {
    let plots = curves::plots(&gathered.curves);
    let table =
        |plot: &Vec<&_>| paper::table(&curves::title(plot, lang), &curves::numbers(plot, lang));
    plots.iter().map(table).collect()
}

/// Figures of variants that are not times of runs: a column a variant if that is the narrower way.
fn measured(gathered: &Gathered, lang: Lang) -> String {
    let measures = gathered.measures.iter();
    let of_variants: Vec<&Measure> =
        measures.filter(|told| !told.values.is_empty() && told.variant.is_some()).collect();
    if of_variants.is_empty() {
        return String::new();
    }
    let heading = words::measures_heading(lang, !gathered.runs.is_empty());
    let table = measures::table(&of_variants, lang);
    let wide = table.header.len() > table.rows.len() + 1;
    paper::table(heading, &if wide { measures::turned(&table) } else { table })
}

/// Figures of the experiment as a whole.
fn of_experiment(gathered: &Gathered, lang: Lang) -> String {
    let of_all: Vec<&Measure> =
        gathered.measures.iter().filter(|measure| measure.variant.is_none()).collect();
    match measures::list(&of_all, lang) {
        told if told.is_empty() => String::new(),
        told => paper::strong(words::as_a_whole(lang)) + &paper::list(&told),
    }
}

/// The variants side by side; who won is for the reader to say.
fn side_by_side(summary: &Summary, lang: Lang) -> String {
    if summary.variants.iter().all(|variant| variant.median_s.is_none()) {
        return String::new();
    }
    let table = paper::table(words::variants_heading(lang), &variants::table(summary, lang));
    table + &lines(&variants::marks(summary, lang).join("\n"))
}

/// Every schedule of a program: its steps, and where its schedules end.
pub(super) fn schedules(told: &Schedules, lang: Lang) -> String {
    let columns: Vec<Vec<String>> =
        (told.scripts.iter()).map(|script| programs::program(script, &told.word, lang)).collect();
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let line = |at: usize| {
        columns.iter().map(|column| column.get(at).cloned().unwrap_or_default()).collect()
    };
    let steps = Grid {
        header: line(0),
        rows: (1..longest).map(line).collect(),
        numbers: vec![false; columns.len()],
    };
    let heading = words::schedules_heading(lang, told);
    let steps = paper::table(words::steps_of_each(lang), &steps);
    let ends = paper::table(&heading, &programs::table(told, lang));
    steps + &ends + &lines(&words::schedules_legend(lang, told))
}

/// Who waits for whom.
pub(super) fn deadlock(told: &Deadlock, lang: Lang) -> String {
    let waits: Vec<String> = told.waits.iter().map(|wait| words::waits(lang, wait)).collect();
    paper::strong(&words::deadlock_heading(lang, told)) + &paper::list(&waits)
}

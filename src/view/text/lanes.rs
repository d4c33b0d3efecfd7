//! Lost updates: how many and whose, and one of them step by step in two lanes,
//! with the shared word between.

use std::collections::BTreeSet;

use textwrap::core::display_width;

use super::super::format::count;
use super::super::gathered::Gathered;
use super::super::style::{Paint, Style};
use super::super::words;
use super::blocks;
use crate::event::{LostUpdate, Op, Replay, Run, Step};
use crate::lesson::doc::Lang;
use crate::stats;

/// Columns of an arrow between a lane and the shared word: fewer where it is narrow.
const ARROW: std::ops::RangeInclusive<usize> = 2..=6;

/// What updates were lost: a heading, and for each variant that was traced, how many and whose;
/// none where none was.
pub(in crate::view) fn lost(gathered: &Gathered, lang: Lang) -> Option<(String, Vec<[String; 2]>)> {
    let variants = gathered.by_variant(|run| run.traced && run.lost.is_some());
    let most = variants.iter().map(|(_, runs)| runs.len()).max()?;
    let updates = variants.iter().flat_map(|(_, runs)| runs).find_map(|run| run.updates);
    let said = |(variant, runs): &(&str, Vec<&Run>)| {
        [(*variant).to_owned(), words::losses(lang, &lost_by_process(runs))]
    };
    Some((words::losses_heading(lang, most, updates), variants.iter().map(said).collect()))
}

/// The losses of each variant that was traced; empty where none was.
pub(super) fn losses(gathered: &Gathered, style: &Style) -> String {
    let Some((heading, variants)) = lost(gathered, style.lang) else {
        return String::new();
    };
    let widest = variants.iter().map(|[name, _]| display_width(name)).max().unwrap_or(0);
    let mut text = blocks::title(&heading, Paint::Heading, style);
    for [variant, sentence] in &variants {
        let blanks = " ".repeat(widest - display_width(variant));
        let label = format!("  {variant}{blanks}  ");
        text.push_str(&blocks::hanging(sentence, &label, &" ".repeat(widest + 4), style));
    }
    text
}

/// `withdraw 5 021` for each process that lost any, as medians over the runs.
fn lost_by_process(runs: &[&Run]) -> Vec<String> {
    let lost = || runs.iter().filter_map(|run| run.lost.as_ref());
    let processes: BTreeSet<&String> = lost().flat_map(|lost| lost.keys()).collect();
    let median = |process: &String| {
        let of_each: Vec<f64> =
            lost().map(|l| l.get(process).copied().unwrap_or(0) as f64).collect();
        stats::median(&of_each).unwrap_or(0.0).round() as i64
    };
    if lost().flat_map(|lost| lost.values()).all(|number| *number == 0) {
        return Vec::new();
    }
    processes.into_iter().map(|process| format!("{process} {}", count(median(process)))).collect()
}

/// One lost update: the victim's lane at the left, the overwriter's at the right.
pub(super) fn draw(lost: &LostUpdate, style: &Style) -> String {
    let heading = words::lost_update_heading(style.lang, &lost.variant);
    let mut text = blocks::title(&heading, Paint::Heading, style);
    let lanes = Lanes::of(lost, style);
    text.push_str(&lanes.row(
        &lost.victim,
        "",
        words::shared_word(style.lang),
        "",
        &lost.overwriter,
    ));
    for (index, step) in lost.steps.iter().enumerate() {
        if is_after_gap(&lost.steps[..index], step) {
            text.push_str(&lanes.step_left_out(step.process == lost.victim, style));
        }
        text.push_str(&lanes.step(step, step.process == lost.victim, style));
    }
    let sentence =
        words::lost_update_sentence(style.lang, &lost.victim, &lost.overwriter, lost.lost);
    text.push_str(&blocks::plain(&sentence, "  ", style));
    if let Some((sentence, command)) = replay(lost, style.lang) {
        let command = style.paint(&command, Paint::Code);
        text.push_str(&format!("{}    {command}\n", blocks::plain(&sentence, "  ", style)));
    }
    text
}

/// The number of the first update that was lost, among the victim's own.
fn first_lost(lost: &LostUpdate) -> Option<u32> {
    let is_it = |step: &&Step| step.process == lost.victim && step.op == Op::Store;
    lost.steps.iter().find(is_it).map(|step| step.write.1)
}

/// What can be gone through step by step, and the command that does, to be typed.
pub(in crate::view) fn replay(lost: &LostUpdate, lang: Lang) -> Option<(String, String)> {
    let Replay { program, processes, schedule, from } = lost.replay.as_ref()?;
    let (victim, overwriter) = (&lost.victim, &lost.overwriter);
    let whose: Vec<String> =
        ('A'..).zip(processes).map(|(letter, name)| format!("{letter} {name}")).collect();
    let (update, letters) = (first_lost(lost)?, whose.join(", "));
    let sentence = words::replay(lang, update, victim, overwriter, lost.lost, &letters);
    Some((sentence, format!("parlab play {program} --schedule {schedule} --from {from}")))
}

/// Whether steps of the same process were left out before this one: it made or saw a
/// write of its own whose predecessor is not shown.
pub(in crate::view) fn is_after_gap(before: &[Step], step: &Step) -> bool {
    let (writer, number) = step.write;
    let own = |s: &&Step| s.process == step.process && s.op == Op::Store;
    let Some(last) = before.iter().rev().find(own) else {
        return false;
    };
    let next = match step.op {
        Op::Load => number,
        Op::Store => number.saturating_sub(1),
    };
    last.write.0 == writer && next > last.write.1
}

/// The widths of the columns.
struct Lanes {
    lane: usize,
    arrow: usize,
    word: usize,
}

impl Lanes {
    fn of(lost: &LostUpdate, style: &Style) -> Lanes {
        let said = lost.steps.iter().map(|step| words::step(style.lang, step.op, step.value));
        let names = [lost.victim.clone(), lost.overwriter.clone()];
        let lane = said.chain(names).map(|text| display_width(&text)).max().unwrap_or(0);
        let values = lost.steps.iter().map(|step| display_width(&count(step.value)));
        let shared = display_width(words::shared_word(style.lang));
        let word = values.chain([shared]).max().unwrap_or(0);
        // Two blanks at the left, and one between each two of the five columns.
        let left = style.width.saturating_sub(2 + 2 * lane + word + 4);
        let arrow = (left / 2).clamp(*ARROW.start(), *ARROW.end());
        Lanes { lane, arrow, word }
    }

    /// Left lane, arrow, shared word, arrow, right lane.
    fn row(&self, left: &str, to: &str, word: &str, from: &str, right: &str) -> String {
        let blanks =
            |text: &str, width: usize| " ".repeat(width.saturating_sub(display_width(text)));
        let before = blanks(word, self.word).len() / 2;
        let middle = format!("{}{word}", " ".repeat(before));
        let line = format!(
            "  {left}{} {to}{} {middle}{} {from}{} {right}",
            blanks(left, self.lane),
            blanks(to, self.arrow),
            blanks(&middle, self.word),
            blanks(from, self.arrow),
        );
        format!("{}\n", line.trim_end())
    }

    fn step(&self, step: &Step, at_left: bool, style: &Style) -> String {
        let said = words::step(style.lang, step.op, step.value);
        let word = count(step.value);
        let towards_left = at_left == (step.op == Op::Load);
        let shaft = "─".repeat(self.arrow - 1);
        let arrow = if towards_left { format!("◄{shaft}") } else { format!("{shaft}►") };
        let row = if at_left {
            self.row(&said, &arrow, &word, "", "")
        } else {
            self.row("", "", &word, &arrow, &said)
        };
        match step.op {
            Op::Load => row,
            Op::Store => format!("{}\n", style.paint(row.trim_end(), Paint::Strong)),
        }
    }

    fn step_left_out(&self, at_left: bool, style: &Style) -> String {
        let said = words::steps_left_out(style.lang);
        let row = if at_left {
            self.row(said, "", "⋮", "", "")
        } else {
            self.row("", "", "⋮", "", said)
        };
        format!("{}\n", style.paint(row.trim_end(), Paint::Faint))
    }
}

/// The number in one cell, for a table: a load leads from it to the process, a store the other way.
pub(in crate::view) fn arrow(step: &Step, of_victim: bool) -> String {
    let value = count(step.value);
    match (of_victim, step.op) {
        (true, Op::Load) => format!("← {value}"),
        (true, Op::Store) => format!("→ {value}"),
        (false, Op::Load) => format!("{value} →"),
        (false, Op::Store) => format!("{value} ←"),
    }
}

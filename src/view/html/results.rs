//! What one experiment reported, drawn when its summary comes: the order of all drawings, and those
//! that need no numbers of their own.

use std::collections::BTreeSet;
use std::io;

use minijinja::context;

use super::table::Table;
use super::templates::value;
use super::{Html, curves, lost_update, outcomes, timeline};
use crate::event::{Deadlock, Measure, Python, Schedules, Summary, Transfer, VariantSummary};
use crate::view::gathered::Gathered;
use crate::view::style::Paint;
use crate::view::table::Grid;
use crate::view::text::{
    deadlock, delays, lanes, measures, overlap, placement, pythons, schedules, starts, transfers,
    variants,
};
use crate::view::words;

impl Html {
    /// Draws what was gathered since the last summary.
    pub(super) fn results(&mut self, summary: Option<&Summary>) -> io::Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        if self.is_pricing() {
            return Ok(());
        }
        let comparing = self.command() == "compare" || self.alone;
        if let Some(summary) = summary.filter(|_| comparing) {
            let most = summary.variants.iter().map(|v| v.runs).max().unwrap_or(0);
            let heading = words::experiment_heading(self.lang, &summary.experiment, most);
            self.draw("heading", context! { heading => heading })?;
        }
        if let Some(drawing) = outcomes::of(&gathered, self.lang) {
            self.draw("outcomes", value(&drawing))?;
        }
        self.circumstances(&gathered, summary)?;
        self.losses(&gathered)?;
        self.processes(&gathered)?;
        for drawing in curves::of(&gathered.curves, self.lang) {
            self.draw("curves", value(&drawing))?;
        }
        // A lesson tells its figures in its own words.
        if comparing {
            self.figures(&gathered)?;
        }
        summary.map_or(Ok(()), |summary| self.variants(summary))
    }

    /// Without what a result proves little: who ran at once, who was held up, where, and how Python
    /// made processes.
    fn circumstances(&mut self, gathered: &Gathered, summary: Option<&Summary>) -> io::Result<()> {
        let style = self.unwrapped();
        self.lines("", &overlap::draw(gathered, summary, &style))?;
        self.lines("", &delays::draw(gathered, &style))?;
        self.lines("", &placement::draw(gathered, &style))?;
        self.lines("", &starts::draw(gathered, &style))
    }

    /// How many updates were lost, and one of them step by step.
    fn losses(&mut self, gathered: &Gathered) -> io::Result<()> {
        if let Some((heading, variants)) = lanes::lost(gathered, self.lang) {
            let header = [words::column(self.lang, words::Column::Variant), words::lost(self.lang)];
            self.table(Table::of(
                &heading,
                Grid {
                    header: header.map(str::to_owned).into(),
                    rows: variants.into_iter().map(Vec::from).collect(),
                    numbers: vec![false, false],
                },
            ))?;
        }
        match gathered.lost_updates.first() {
            Some(lost) => self.draw("lost_update", value(&lost_update::of(lost, self.lang))),
            None => Ok(()),
        }
    }

    /// What processes printed, fetched and did when.
    fn processes(&mut self, gathered: &Gathered) -> io::Result<()> {
        if !gathered.lines.is_empty() {
            let heading = words::printed_heading(self.lang);
            let lines: Vec<&str> = gathered.lines.iter().map(|line| line.text.as_str()).collect();
            self.draw("printed", context! { heading => heading, lines => value(&lines) })?;
        }
        self.files(gathered)?;
        // Of a variant that told several, the first: they would look alike.
        let mut drawn = BTreeSet::new();
        let mut told = gathered.timelines.iter().filter(|told| drawn.insert(&told.variant));
        told.try_for_each(|told| match timeline::of(told, self.lang) {
            Some(drawing) => self.draw("timeline", value(&drawing)),
            None => Ok(()),
        })
    }

    /// The files that were fetched, and those that were not.
    fn files(&mut self, gathered: &Gathered) -> io::Result<()> {
        if gathered.transfers.is_empty() {
            return Ok(());
        }
        let line = |transfer: &Transfer| {
            let mark = if transfer.fault.is_none() { "✓" } else { "✗" };
            format!("{mark} {}", transfers::ended(transfer, self.lang))
        };
        let lines: Vec<String> = gathered.transfers.iter().map(line).collect();
        let heading = words::files_heading(self.lang);
        self.draw("printed", context! { heading => heading, lines => value(&lines) })
    }

    /// Figures that are not times of runs.
    fn figures(&mut self, gathered: &Gathered) -> io::Result<()> {
        let (of_variants, of_all): (Vec<&Measure>, Vec<&Measure>) = (gathered.measures.iter())
            .filter(|measure| !measure.values.is_empty())
            .partition(|measure| measure.variant.is_some());
        if !of_variants.is_empty() {
            let heading = words::measures_heading(self.lang, !gathered.runs.is_empty());
            self.table(Table::of(heading, measures::table(&of_variants, self.lang)))?;
        }
        self.lines("", &measures::list(&of_all, self.lang).join("\n"))
    }

    /// The variants side by side, and who won.
    fn variants(&mut self, summary: &Summary) -> io::Result<()> {
        if summary.variants.iter().all(|variant| variant.median_s.is_none()) {
            return Ok(());
        }
        let is_winner = |v: &VariantSummary| Some(&v.variant) == summary.winner.as_ref();
        let (head, lengths) = variants::bars(summary, self.lang);
        let table =
            Table::of(words::variants_heading(self.lang), variants::table(summary, self.lang));
        let table = table.with_bars(&head, &lengths);
        self.table(table.stressed(summary.variants.iter().position(is_winner)))?;
        self.lines("", &variants::remarks(summary, self.lang).join("\n"))
    }

    /// Every schedule of a program as a histogram.
    pub(super) fn schedules(&mut self, told: &Schedules) -> io::Result<()> {
        let lang = self.lang;
        let programs: Vec<_> = (told.scripts.iter())
            .map(|script| schedules::program(script, &told.word, lang))
            .collect();
        self.draw("programs", context! { programs => programs })?;
        let rows = schedules::rows(told, lang);
        let most = rows.iter().map(|row| row.schedules).max().unwrap_or(1).max(1) as f64;
        let lengths: Vec<_> = rows.iter().map(|row| Some(row.schedules as f64 / most)).collect();
        let table = Table::of(&words::schedules_heading(lang, told), schedules::table(told, lang));
        let table = table.with_bars(words::schedules_bars(lang), &lengths);
        self.table(table.judged(rows.iter().map(|row| row.paint == Paint::Good)))?;
        self.lines("faint", &words::schedules_legend(lang, told))?;
        self.lines("", &words::schedules_verdict(lang, told))
    }

    /// Who waits for whom.
    pub(super) fn deadlock(&mut self, told: &Deadlock) -> io::Result<()> {
        let waits: Vec<String> = told.waits.iter().map(|w| words::waits(self.lang, w)).collect();
        let circle = deadlock::circle(&told.waits).map(|circle| {
            let arrows: String = circle.iter().map(|wait| deadlock::arrow(wait)).collect();
            arrows + circle.first().map_or("", |wait| &wait.process)
        });
        self.draw(
            "deadlock",
            context! {
                heading => words::deadlock_heading(self.lang, told),
                waits => waits,
                circle => circle,
                evidence => words::evidence(self.lang, told),
            },
        )
    }

    /// Which Python ran beside, or why none did.
    pub(super) fn python(&mut self, python: &Python) -> io::Result<()> {
        let line = pythons::one(python, &self.unwrapped());
        if self.is_news(&line) {
            self.lines("python", &line)?;
        }
        Ok(())
    }
}

//! What one experiment reported, drawn when its summary comes, and what waits for the end: the order of
//! all drawings.

use std::io;

use super::{
    Text, blocks, curves, delays, doctor, lanes, measures, outcomes, overlap, placement, prices,
    pythons, starts, timeline, transfers, variants,
};
use crate::event::{End, EndReason, Summary};
use crate::view::style::Paint;
use crate::view::words;

impl Text {
    /// Draws what one experiment reported.
    pub(super) fn results(&mut self, summary: Option<&Summary>) -> io::Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        if self.pricing {
            return Ok(());
        }
        let style = self.style;
        if let Some(summary) = summary.filter(|_| self.comparing) {
            let most = summary.variants.iter().map(|v| v.runs).max().unwrap_or(0);
            let title = words::experiment_heading(style.lang, &summary.experiment, most);
            self.block(&blocks::title(&title, Paint::Heading, &style))?;
        }
        self.block(&outcomes::draw(&gathered, &style))?;
        self.block(&overlap::draw(&gathered, summary, &style))?;
        self.block(&delays::draw(&gathered, &style))?;
        self.block(&placement::draw(&gathered, &style))?;
        self.block(&starts::draw(&gathered, &style))?;
        self.block(&lanes::losses(&gathered, &style))?;
        if let Some(lost) = gathered.lost_updates.first() {
            self.block(&lanes::draw(lost, &style))?;
        }
        self.block(&blocks::printed(&gathered.lines, &style))?;
        self.block(&transfers::draw(&gathered.transfers, &style))?;
        if let Some(timeline) = gathered.timelines.first() {
            self.block(&timeline::draw(timeline, &style))?;
        }
        self.block(&curves::draw(&gathered.curves, &style))?;
        // A lesson tells its figures in its own words.
        if self.comparing {
            self.block(&measures::draw(&gathered, &style))?;
        }
        match summary {
            Some(summary) => self.block(&variants::draw(summary, &style)),
            None => Ok(()),
        }
    }

    /// What is told together when all is done, and why it ended early if it did.
    pub(super) fn end(&mut self, end: &End) -> io::Result<()> {
        self.results(None)?;
        let prices = std::mem::take(&mut self.prices);
        self.block(&prices::draw(&prices, &self.style))?;
        let silent = pythons::silent(&std::mem::take(&mut self.silent), &self.style);
        self.python(&silent)?;
        let lessons = std::mem::take(&mut self.readiness);
        if !lessons.is_empty() {
            self.block(&doctor::readiness(&lessons, &self.style))?;
            self.block(&doctor::lacks(&lessons, &self.style))?;
        }
        match end.reason {
            // The error before it has told the whole story.
            None => Ok(()),
            Some(EndReason::Failed) if self.failed => Ok(()),
            Some(reason) => {
                let reason = words::end_reason(self.style.lang, reason);
                let label = self.style.paint_error("parlab:", Paint::Warning);
                let reason = blocks::plain(reason, "        ", &self.style);
                self.aside(&format!("{label} {}", reason.trim_start()))
            }
        }
    }
}

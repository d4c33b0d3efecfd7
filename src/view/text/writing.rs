//! What stands on the terminal: blocks parted by blank lines, and progress that goes when something
//! is written.

use std::io;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Text;
use super::transfers::Bars;
use crate::event::{Progress, Transfer};

impl Text {
    /// Writes a block, after a blank line if it is not the first.
    pub(super) fn block(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.clear_progress();
        self.prompted = false;
        self.listing = false;
        if std::mem::replace(&mut self.begun, true) {
            self.out.write_all(b"\n")?;
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Writes more of the same block.
    pub(super) fn more(&mut self, text: &str) -> io::Result<()> {
        self.clear_progress();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Writes to stderr, after what stands on stdout.
    pub(super) fn aside(&mut self, text: &str) -> io::Result<()> {
        self.clear_progress();
        self.out.flush()?;
        if std::mem::take(&mut self.prompted) {
            self.err.write_all(b"\n")?;
        }
        self.err.write_all(text.as_bytes())?;
        self.err.flush()
    }

    pub(super) fn clear_progress(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.clear_bars();
    }

    pub(super) fn clear_bars(&mut self) {
        if let Some(bars) = self.bars.take() {
            bars.clear();
        }
    }

    /// Draws how far the experiment is: now, and not again before the next event.
    pub(super) fn progress(&mut self, progress: &Progress) {
        if !self.style.live {
            return;
        }
        self.clear_bars();
        let bar = self.bar.get_or_insert_with(|| {
            // The template is a constant and correct; a plain bar would do as well.
            let looks = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(Some(progress.total), ProgressDrawTarget::stderr())
                .with_style(looks)
                .with_message(progress.experiment.clone())
        });
        bar.update(|state| {
            state.set_len(progress.total);
            state.set_pos(progress.done);
        });
    }

    /// Draws how far a file is; one that has ended is kept for the results.
    pub(super) fn transfer(&mut self, transfer: Transfer) {
        if transfer.ended {
            self.gathered.transfers.push(transfer);
        } else if self.style.live {
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
            self.bars.get_or_insert_with(Bars::new).show(&transfer, &self.style);
        }
    }
}

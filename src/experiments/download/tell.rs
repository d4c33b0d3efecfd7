//! What the experiments of this lesson tell of their transfers: how far they are, how they ended,
//! and who fetched which when.

use anyhow::Result;

use super::board::{Board, Progress};
use super::crew::{Fetched, Outcome};
use super::transfer::Job;
use crate::event::{Event, Lane, Span, SpanKind, Timeline, Transfer};
use crate::experiments::lab::{Lab, Variant};

/// Tells how far transfers are while they run.
pub struct Live {
    variant: Variant,
    on: bool,
    /// How far each file was when it was told last.
    told: Vec<Option<Progress>>,
}

impl Live {
    /// One that tells of `variant` if it is `on`: whoever draws takes time from what is measured.
    pub fn new(variant: &Variant, on: bool) -> Live {
        Live { variant: variant.clone(), on, told: Vec::new() }
    }

    /// Tells of every file that has moved since the last look.
    ///
    /// # Errors
    /// When events cannot be sent.
    pub fn look(&mut self, lab: &mut Lab, jobs: &[Job], board: &Board) -> Result<()> {
        self.told.resize(jobs.len(), None);
        for (file, job) in jobs.iter().enumerate().filter(|_| self.on) {
            let now = board.progress(file);
            let moved = now.asked_ns > 0 && self.told[file].is_none_or(|before| before != now);
            if moved {
                self.told[file] = Some(now);
                let transfer = transfer(lab, &self.variant, (file, job), &now);
                lab.emit(&Event::Transfer(transfer))?;
            }
        }
        Ok(())
    }
}

fn transfer(
    lab: &Lab,
    variant: &Variant,
    (file, job): (usize, &Job),
    progress: &Progress,
) -> Transfer {
    let until = if progress.ended_ns > 0 { progress.ended_ns } else { crate::mp::sys::now_ns() };
    let lasted = until.saturating_sub(progress.answered_ns) as f64 / 1e9;
    let comes = progress.answered_ns > 0 && progress.bytes > 0 && lasted > 0.0;
    Transfer {
        experiment: lab.experiment(),
        variant: variant.name.clone(),
        index: file as u32,
        name: job.label.clone(),
        done_bytes: progress.bytes,
        total_bytes: progress.announced,
        rate_bytes_per_s: comes.then(|| progress.bytes as f64 / lasted),
        ended: false,
        saved_as: None,
        fault: None,
        detail: None,
    }
}

/// Tells how every file ended that was asked for, and gives how many are not there; `kept` says
/// whether those that came are kept.
///
/// # Errors
/// When events cannot be sent.
pub fn endings(
    lab: &mut Lab,
    variant: &Variant,
    jobs: &[Job],
    fetched: &Fetched,
    kept: bool,
) -> Result<usize> {
    let mut missing = 0;
    for file in 0..jobs.len() {
        if let Some(transfer) = ending(lab, variant, jobs, file, fetched) {
            missing += usize::from(transfer.fault.is_some());
            let saved_as = transfer.saved_as.filter(|_| kept);
            lab.emit(&Event::Transfer(Transfer { saved_as, ..transfer }))?;
        }
    }
    Ok(missing)
}

/// How one file ended; none if nobody asked for it.
pub fn ending(
    lab: &Lab,
    variant: &Variant,
    jobs: &[Job],
    file: usize,
    fetched: &Fetched,
) -> Option<Transfer> {
    let outcome = fetched.outcomes[file].as_ref()?;
    let way = transfer(lab, variant, (file, &jobs[file]), &fetched.progress[file]);
    Some(ended(way, outcome))
}

fn ended(way: Transfer, outcome: &Outcome) -> Transfer {
    let way = Transfer { ended: true, ..way };
    match outcome {
        Ok(saved) => Transfer { saved_as: Some(saved.name.clone()), ..way },
        Err(fault) => Transfer { fault: Some(fault.kind), detail: fault.detail.clone(), ..way },
    }
}

/// Tells who fetched which file when, in one run of a variant.
///
/// # Errors
/// When events cannot be sent.
pub fn timeline(lab: &mut Lab, variant: &Variant, fetched: &Fetched, index: u32) -> Result<()> {
    let (experiment, variant) = (lab.experiment(), variant.name.clone());
    let lanes = lanes(fetched);
    let messages = Vec::new();
    lab.emit(&Event::Timeline(Timeline { experiment, variant, index, lanes, messages }))
}

/// A lane for each worker: waiting for an answer, then receiving it.
fn lanes(fetched: &Fetched) -> Vec<Lane> {
    let seconds = |at: u64| at.saturating_sub(fetched.began_ns) as f64 / 1e9;
    let mut lanes: Vec<Lane> = Vec::new();
    let mut files: Vec<&Progress> = fetched.progress.iter().filter(|p| p.asked_ns > 0).collect();
    files.sort_by_key(|progress| progress.asked_ns);
    for progress in files {
        let worker = progress.worker;
        while lanes.len() <= worker {
            let process = format!("thread-{}", lanes.len() + 1);
            lanes.push(Lane { process, pid: None, spans: Vec::new() });
        }
        // Without an answer it waited to its end.
        let answered =
            if progress.answered_ns > 0 { progress.answered_ns } else { progress.ended_ns };
        let span = |what, begin, end| Span {
            what,
            begin_s: seconds(begin),
            end_s: seconds(end),
            cpu: None,
        };
        lanes[worker].spans.extend([
            span(SpanKind::Waiting, progress.asked_ns, answered),
            span(SpanKind::Running, answered, progress.ended_ns),
        ]);
    }
    lanes
}

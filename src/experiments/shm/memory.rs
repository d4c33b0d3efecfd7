//! How much memory the same numbers take for five processes: inherited, written to, or shared.
//!
//! A page that several processes have present is counted in the resident size of each, so sums of
//! resident sizes count it several times. The proportional set size (PSS, proc_pid_smaps(5)) divides
//! each page by the number of processes that share it: its sum over all of them is the memory that is
//! there. What the processes take without any numbers is measured the same way, and subtracted.

use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish_all;
use crate::mp::{Barrier, Process, RawArray, proc};

/// Figures: how many processes there are, the size of the numbers, what they add to the memory of all
/// processes together, and how many times their size that is.
pub const FIGURES: &[&str] = &["processes", "data_bytes", "added_bytes", "times"];

/// How many numbers: 8 MiB of them.
const NUMBERS: usize = 1 << 20;
/// Children beside the parent.
const CHILDREN: usize = 4;
/// How long anybody waits for the others.
const BOUND: Duration = Duration::from_secs(20);

/// The experiment `footprint`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    lab.expect_steps(variants.len() as u64);
    for variant in &variants {
        if variant.python.is_some() {
            peer(lab, variant)?;
            lab.step()?;
            continue;
        }
        let (without, with) = (footprint(variant.base, 0)?, footprint(variant.base, NUMBERS)?);
        if let (Some(without), Some(with)) = (without, with) {
            let data = (NUMBERS * size_of::<f64>()) as u64;
            tell(lab, variant, data, with.saturating_sub(without))?;
        }
        lab.step()?;
    }
    lab.summarize(&variants, &[])
}

fn tell(lab: &mut Lab, variant: &Variant, data: u64, added: u64) -> Result<()> {
    let figures = [
        ("processes", json!(CHILDREN + 1)),
        ("data_bytes", json!(data)),
        ("added_bytes", json!(added)),
        ("times", json!(added as f64 / data as f64)),
    ];
    lab.measure(Some(&variant.name), figures)
}

/// What the Python peer says: the size of its numbers in the parent alone, and what they add to the
/// memory of all.
#[derive(Debug, Deserialize)]
struct Peer {
    data_bytes: u64,
    added_bytes: u64,
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<()> {
    let way = variant.base.trim_start_matches("python-").to_string();
    match python::call::<Peer>(lab, variant, &["footprint".to_string(), way])? {
        Some(said) if said.data_bytes > 0 => tell(lab, variant, said.data_bytes, said.added_bytes),
        _ => Ok(()),
    }
}

/// The memory of parent and children together when all have used `count` numbers in that way; `None`
/// where the kernel does not tell.
fn footprint(way: &str, count: usize) -> Result<Option<u64>> {
    let inherited: Vec<Cell<f64>> = match way {
        "shared" => Vec::new(),
        _ => vec![Cell::new(1.0); count],
    };
    match way {
        "inherited" => together(|| {
            // region: inherited
            let sum: f64 = inherited.iter().map(Cell::get).sum();
            // endregion
            black_box(sum);
        }),
        "written" => together(|| {
            // region: written
            for number in &inherited {
                number.set(number.get() + 2.0);
            }
            // endregion
        }),
        "shared" => {
            let shared = RawArray::<f64>::new(count).context("the array")?;
            shared.touch();
            together(|| {
                // region: shared
                shared.update(|number| number + 2.0);
                // endregion
            })
        }
        other => unreachable!("the registry has no variant {other}"),
    }
}

/// What this process and its children take when each child has done `work` and none has ended.
fn together(work: impl Fn()) -> Result<Option<u64>> {
    let barrier = Barrier::new(CHILDREN as u32 + 1).context("a barrier in shared memory")?;
    let child = |_| {
        Process::new("child", || {
            work();
            barrier.wait_timeout(BOUND).expect("all have done their work");
            barrier.wait_timeout(BOUND).expect("the parent has looked");
        })
    };
    let mut children: Vec<Process> = (0..CHILDREN).map(child).collect();
    children.iter_mut().try_for_each(Process::start)?;
    barrier.wait_timeout(BOUND).context("waiting for the children")?;
    let own = std::process::id().cast_signed();
    let pids = children.iter().filter_map(Process::pid).chain([own]);
    let sizes: Result<Vec<u64>, _> = pids.map(proc::pss_bytes).collect();
    barrier.wait_timeout(BOUND).context("letting the children end")?;
    finish_all(&mut children)?;
    Ok(sizes.ok().map(|sizes| sizes.iter().sum()))
}

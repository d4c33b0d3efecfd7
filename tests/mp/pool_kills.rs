//! A storm over a pool: its workers are killed at random moments, one after the other, while it works;
//! every item must have its own result or the news that its worker died, and never more than one item a
//! kill may be lost.
#![expect(clippy::print_stdout, reason = "the figures of a storm are part of its result")]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parlab::mp::{Exit, Pool, Shared, TaskError};

use crate::Case;
use crate::kills::kills;
use crate::staging::{PATIENCE, ends_well, started};

pub const CASES: &[Case] = &[("pool_kills::each_item_has_its_result_or_its_dead_worker", storm)];

const WORKERS: usize = 3;
const ITEMS: u32 = 3000;

/// Some items are long enough for the queues, which are small, to be full now and then.
fn text(item: u32) -> String {
    item.to_string().repeat(if item.is_multiple_of(50) { 100 } else { 1 })
}

fn twice(text: String) -> String {
    text.clone() + &text
}

fn storm() {
    let wanted = (kills() / 10).max(20);
    let stage: Shared<(AtomicBool, AtomicU32)> = Shared::new().expect("a page of shared memory");
    let pool = Pool::builder(WORKERS).capacity(8192).start().expect("a pool can be started");
    let parent = std::process::id();
    let mut killer = started("killer", || {
        let here = std::process::id().cast_signed();
        let mut random = fastrand::Rng::with_seed(7);
        while stage.1.load(Relaxed) < wanted && !stage.0.load(Relaxed) {
            std::thread::sleep(Duration::from_micros(random.u64(0..4000)));
            let victims: Vec<i32> = children(parent).into_iter().filter(|p| *p != here).collect();
            let Some(victim) = random.choice(victims) else { continue };
            // It may have ended and be a zombie: that is no kill.
            if is_running(victim) && kill(Pid::from_raw(victim), Signal::SIGKILL).is_ok() {
                stage.1.fetch_add(1, Relaxed);
            }
        }
    });
    let items: Vec<u32> = (0..ITEMS).collect();
    let texts: Vec<String> = items.iter().map(|item| text(*item)).collect();
    let (mut done, mut lost) = (0_u32, 0);
    for chunk in [1, 7, 64, 300].into_iter().cycle() {
        let result = pool.map_async(twice, &texts, Some(chunk)).expect("it is taken");
        let outcomes = result.outcomes_timeout(2 * PATIENCE).expect("nothing hangs");
        for (outcome, text) in outcomes.into_iter().zip(&texts) {
            match outcome {
                Ok(result) => assert_eq!(result, twice(text.clone())),
                Err(TaskError::WorkerDied { exit: Exit::Signal(9) }) => lost += 1,
                Err(other) => panic!("{other}"),
            }
            done += 1;
        }
        if stage.1.load(Relaxed) >= wanted {
            break;
        }
    }
    stage.0.store(true, Relaxed);
    ends_well(&mut killer);
    let killed = stage.1.load(Relaxed);
    println!("        {killed} kills: {lost} of {done} items lost, each told");
    assert!(lost <= killed, "{lost} items lost by {killed} kills");
    assert!(lost > 0, "no worker was ever hit with an item in hand");
    pool.close();
    pool.join().expect("the last workers end by themselves");
}

fn children(pid: u32) -> Vec<i32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn is_running(pid: i32) -> bool {
    parlab::mp::proc::ProcStat::read(pid).is_ok_and(|stat| stat.state != 'Z')
}

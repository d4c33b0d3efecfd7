//! The lesson *threads*: one address space, with and without an interpreter's lock.
//!
//! `counter`, `work` and `wait` are what `compare` measures; `globals` and `turns` belong to the
//! core of the lesson, the other experiments to its parts.

mod channels;
mod counter;
mod globals;
mod home;
mod kill;
mod one_lock;
mod tasks;
mod turns;

use super::{Cost, Experiment, Lesson, NO_PARAMS, Need, Opt, Prices, WHOLE, texts};
use crate::event::{Operation, Params};

/// The variants of `work` and of `wait`.
const TASKS: &[&str] = &["serial", "threads", "processes", "python-threads", "python-processes"];

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "threads",
    texts: texts!("threads"),
    sources: &[
        ("threads/globals.rs", include_str!("globals.rs")),
        ("threads/counter.rs", include_str!("counter.rs")),
        ("threads/one_lock.rs", include_str!("one_lock.rs")),
        ("threads/kill.rs", include_str!("kill.rs")),
        ("threads/channels.rs", include_str!("channels.rs")),
    ],
    options: &[Opt::Runs, Opt::Iterations, Opt::Workers, Opt::Work, Opt::Wait],
    defaults: Params {
        runs: Some(10),
        iterations: Some(100_000),
        workers: Some(2),
        work_s: Some(0.02),
        wait_s: Some(0.02),
        ..NO_PARAMS
    },
    needs: &[(Need::Cpus(2), &["core", "gil"]), (Need::Python, WHOLE)],
    programs: &[],
    spawned: Vec::new,
    experiments: &[
        Experiment {
            name: "counter",
            compared: true,
            variants: &["unlocked", "locked", "atomic", "python-unlocked", "python-locked"],
            racy: &["unlocked", "python-unlocked"],
            figures: &[],
            experiment_figures: &[],
            run: counter::run,
        },
        Experiment {
            name: "work",
            compared: true,
            variants: TASKS,
            racy: &[],
            figures: &[],
            experiment_figures: &[],
            run: tasks::work,
        },
        Experiment {
            name: "wait",
            compared: true,
            variants: TASKS,
            racy: &[],
            figures: &[],
            experiment_figures: &[],
            run: tasks::wait,
        },
        Experiment {
            name: "globals",
            compared: false,
            variants: &["thread", "process", "python-thread", "python-process"],
            racy: &[],
            figures: globals::FIGURES,
            experiment_figures: &[],
            run: globals::run,
        },
        Experiment {
            name: "turns",
            compared: false,
            variants: &["one-cpu", "python-unlocked", "python-eager"],
            racy: &["one-cpu", "python-unlocked", "python-eager"],
            figures: &[],
            experiment_figures: turns::EXPERIMENT_FIGURES,
            run: turns::run,
        },
        Experiment {
            name: "one-lock",
            compared: false,
            variants: &[
                "compute",
                "wait",
                "compute-locked",
                "wait-locked",
                "python-compute",
                "python-wait",
                "python-hash",
            ],
            racy: &[],
            figures: one_lock::FIGURES,
            experiment_figures: &[],
            run: one_lock::run,
        },
        Experiment {
            name: "end-one",
            compared: false,
            variants: &["process", "thread", "asked", "python-process", "python-thread"],
            racy: &[],
            figures: kill::FIGURES,
            experiment_figures: &[],
            run: kill::run,
        },
        Experiment {
            name: "channels",
            compared: false,
            variants: &["channel", "queue", "python-queue"],
            racy: &[],
            figures: channels::FIGURES,
            experiment_figures: &[],
            run: channels::run,
        },
    ],
    prices: &[Prices {
        experiment: "channels",
        params: Params { runs: Some(5), ..NO_PARAMS },
        operation: Operation::ToThread,
        cost: Cost::Figure("each_ns"),
        means: &[("channel", "channel", Some("python-queue"))],
    }],
    sweep: None,
    timelines: &[],
};

//! The lesson *queue*: what it costs to share work out to processes, and the trap of joining first.
//!
//! `sum` is what `compare` measures; `order` and `join-first` belong to the core, the other
//! experiments to the parts of the lesson.

mod break_even;
mod join_first;
mod killed;
mod order;
mod pickle;
mod recorded;
mod schedules;
mod sum;

use super::{CORE, Experiment, Lesson, NO_PARAMS, Need, Opt, explore, texts};
use crate::event::Params;

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "queue",
    texts: texts!("queue"),
    sources: &[
        ("queue/sum.rs", include_str!("sum.rs")),
        ("queue/order.rs", include_str!("order.rs")),
        ("queue/join_first.rs", include_str!("join_first.rs")),
        ("queue/killed.rs", include_str!("killed.rs")),
        ("queue/pickle.rs", include_str!("pickle.rs")),
    ],
    options: &[Opt::N, Opt::Runs, Opt::Workers, Opt::Work, Opt::Wait],
    defaults: Params {
        n: Some(100),
        runs: Some(5),
        workers: Some(2),
        work_s: Some(0.0),
        wait_s: Some(0.0),
        ..NO_PARAMS
    },
    needs: &[
        (Need::Processes(100), CORE),
        (Need::Cpus(2), &["core", "break-even"]),
        (Need::ProcSyscall, CORE),
        (Need::Python, &["core", "killed", "pickle"]),
    ],
    programs: &[&schedules::JOIN_FIRST],
    spawned: Vec::new,
    experiments: &[
        Experiment {
            name: "sum",
            compared: true,
            variants: &[
                "serial",
                "process-per-item",
                "workers",
                "threads",
                "python-serial",
                "python-process-per-item",
            ],
            racy: &[],
            figures: sum::FIGURES,
            experiment_figures: &[],
            run: sum::run,
        },
        Experiment {
            name: "order",
            compared: false,
            variants: &["reversed"],
            racy: &[],
            figures: order::FIGURES,
            experiment_figures: &[],
            run: order::run,
        },
        Experiment {
            name: "join-first",
            compared: false,
            variants: &["join-first", "get-first", "python-join-first"],
            racy: &[],
            figures: join_first::FIGURES,
            experiment_figures: &[],
            run: join_first::run,
        },
        Experiment {
            name: "break-even",
            compared: false,
            variants: &["serial", "process-per-item", "workers"],
            racy: &[],
            figures: break_even::FIGURES,
            experiment_figures: break_even::EXPERIMENT_FIGURES,
            run: break_even::run,
        },
        Experiment {
            name: "producer-killed",
            compared: false,
            variants: &["locked", "written", "committed", "python-killed"],
            racy: &[],
            figures: killed::FIGURES,
            experiment_figures: &[],
            run: killed::run,
        },
        Experiment {
            name: "unsendable",
            compared: false,
            variants: &["in-put", "in-feeder", "python-lambda"],
            racy: &[],
            figures: pickle::FIGURES,
            experiment_figures: &[],
            run: pickle::run,
        },
        Experiment {
            name: "queue-schedules",
            compared: false,
            variants: &["join-first", "get-first"],
            racy: &[],
            figures: explore::FIGURES,
            experiment_figures: &[],
            run: schedules::run,
        },
    ],
    prices: &[],
    sweep: Some("break-even"),
    timelines: &["sum"],
};

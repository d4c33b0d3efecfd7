//! The lesson *pool*: a few workers and many tasks, shared out in chunks.
//!
//! `map` is what `compare` measures; `asynchronous` belongs to the core, the other experiments to the
//! parts of the lesson.

mod asynchronous;
mod before_def;
mod chunks;
mod killed;
mod map;
mod payload;
mod speedup;
mod spent;

use super::{Cost, Experiment, Lesson, NO_PARAMS, Need, Opt, Prices, WHOLE, texts};
use crate::event::{Operation, Params};

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "pool",
    texts: texts!("pool"),
    sources: &[
        ("pool/map.rs", include_str!("map.rs")),
        ("pool/asynchronous.rs", include_str!("asynchronous.rs")),
        ("pool/killed.rs", include_str!("killed.rs")),
        ("pool/speedup.rs", include_str!("speedup.rs")),
        ("pool/chunks.rs", include_str!("chunks.rs")),
        ("pool/payload.rs", include_str!("payload.rs")),
    ],
    options: &[Opt::N, Opt::Runs, Opt::Workers, Opt::Work, Opt::Wait],
    defaults: Params {
        n: Some(10),
        runs: Some(3),
        workers: Some(2),
        work_s: Some(0.0),
        wait_s: Some(0.05),
        ..NO_PARAMS
    },
    needs: &[
        (Need::Processes(9), &["core", "speedup"]),
        (Need::Cpus(2), &["core", "speedup", "chunks"]),
        (Need::Python, WHOLE),
    ],
    programs: &[],
    spawned: Vec::new,
    experiments: &[
        Experiment {
            name: "map",
            compared: true,
            variants: &["serial", "map", "map-chunk-1", "python-map", "python-map-chunk-1"],
            racy: &[],
            figures: map::FIGURES,
            experiment_figures: &[],
            run: map::run,
        },
        Experiment {
            name: "asynchronous",
            compared: false,
            variants: &[
                "map-async",
                "callback",
                "apply",
                "apply-async",
                "imap-unordered",
                "starmap",
                "python-callback",
            ],
            racy: &[],
            figures: asynchronous::FIGURES,
            experiment_figures: &[],
            run: asynchronous::run,
        },
        Experiment {
            name: "worker-killed",
            compared: false,
            variants: &[
                "argument",
                "running",
                "result",
                "idle",
                "exit",
                "python-map",
                "python-map-async",
                "python-imap-unordered",
                "python-apply",
                "python-exit",
                "python-executor",
            ],
            racy: &[],
            figures: killed::FIGURES,
            experiment_figures: &[],
            run: killed::run,
        },
        Experiment {
            name: "speedup",
            compared: false,
            variants: &["computing", "waiting"],
            racy: &[],
            figures: speedup::FIGURES,
            experiment_figures: &[],
            run: speedup::run,
        },
        Experiment {
            name: "chunk-sizes",
            compared: false,
            variants: &["even", "uneven", "trivial", "python-trivial"],
            racy: &[],
            figures: chunks::FIGURES,
            experiment_figures: &[],
            run: chunks::run,
        },
        Experiment {
            name: "payload",
            compared: false,
            variants: &[
                "number",
                "list",
                "map",
                "too-long",
                "python-number",
                "python-list",
                "python-map",
            ],
            racy: &[],
            figures: payload::FIGURES,
            experiment_figures: &[],
            run: payload::run,
        },
        Experiment {
            name: "before-def",
            compared: false,
            variants: &["left-open", "python-before-def", "python-left-open"],
            racy: &[],
            figures: before_def::FIGURES,
            experiment_figures: &[],
            run: before_def::run,
        },
    ],
    prices: &[Prices {
        experiment: "map",
        params: Params { n: Some(1000), wait_s: Some(0.0), ..NO_PARAMS },
        operation: Operation::Task,
        cost: Cost::PerItem,
        means: &[("pool task", "map-chunk-1", Some("python-map-chunk-1"))],
    }],
    sweep: None,
    timelines: &["map"],
};

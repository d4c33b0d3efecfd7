//! The lesson *shm*: memory that processes share, and memory that only looks shared.
//!
//! `carry` is what `compare` measures; `written` and `bits` belong to the core of the lesson, the
//! other experiments to its parts.

mod bits;
mod carriers;
mod carry;
mod growth;
mod memory;
mod named;
mod written;

use super::{Experiment, Lesson, NO_PARAMS, Need, Opt, texts};
use crate::event::Params;
use crate::mp::process::spawn::Function;

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "shm",
    texts: texts!("shm"),
    sources: &[
        ("shm/written.rs", include_str!("written.rs")),
        ("shm/bits.rs", include_str!("bits.rs")),
        ("shm/carriers.rs", include_str!("carriers.rs")),
        ("shm/memory.rs", include_str!("memory.rs")),
        ("shm/named.rs", include_str!("named.rs")),
    ],
    options: &[Opt::N, Opt::Runs],
    defaults: Params { n: Some(100_000), runs: Some(5), ..NO_PARAMS },
    needs: &[
        (Need::SharedMemory(1 << 20), &["named"]),
        (Need::Python, &["core", "memory", "named"]),
    ],
    programs: &[],
    spawned: || vec![Function::new(named::STRANGER, named::stranger)],
    experiments: &[
        Experiment {
            name: "carry",
            compared: true,
            variants: &[
                "pipe",
                "socketpair",
                "queue",
                "shm",
                "manager",
                "python-pipe",
                "python-shm",
            ],
            racy: &[],
            figures: carry::FIGURES,
            experiment_figures: &[],
            run: carry::run,
        },
        Experiment {
            name: "written",
            compared: false,
            variants: &[
                "variable",
                "global",
                "value",
                "python-variable",
                "python-global",
                "python-value",
            ],
            racy: &[],
            figures: written::FIGURES,
            experiment_figures: &[],
            run: written::run,
        },
        Experiment {
            name: "bits",
            compared: false,
            variants: &["f32", "f64", "python-f", "python-d"],
            racy: &[],
            figures: bits::FIGURES,
            experiment_figures: &[],
            run: bits::run,
        },
        Experiment {
            name: "growth",
            compared: false,
            variants: &["pipe", "socketpair", "queue", "shm", "manager"],
            racy: &[],
            figures: growth::FIGURES,
            experiment_figures: growth::EXPERIMENT_FIGURES,
            run: growth::run,
        },
        Experiment {
            name: "footprint",
            compared: false,
            variants: &["inherited", "written", "shared", "python-list", "python-array"],
            racy: &[],
            figures: memory::FIGURES,
            experiment_figures: &[],
            run: memory::run,
        },
        Experiment {
            name: "named",
            compared: false,
            variants: &[
                "stranger",
                "child-drops",
                "crate-child-drops",
                "owner-killed",
                "too-large",
                "python-stranger",
            ],
            racy: &[],
            figures: named::FIGURES,
            experiment_figures: &[],
            run: named::run,
        },
    ],
    prices: &[],
    sweep: None,
    timelines: &[],
};

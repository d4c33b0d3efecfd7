//! The lesson *manager*: a process that owns the data, what a call to it costs, and what a copy is.
//!
//! `append` is what `compare` measures; `kept` belongs to the core as well, the other experiments to
//! the parts of the lesson.

mod append;
mod call;
mod kept;
mod killed;
mod reach;
mod refused;
mod terminals;

use super::{Cost, Experiment, Lesson, NO_PARAMS, Need, Opt, Prices, WHOLE, texts};
use crate::event::{Operation, Params};
use crate::mp::process::spawn::Function;

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "manager",
    texts: texts!("manager"),
    sources: &[
        ("manager/append.rs", include_str!("append.rs")),
        ("manager/kept.rs", include_str!("kept.rs")),
        ("manager/reach.rs", include_str!("reach.rs")),
        ("manager/refused.rs", include_str!("refused.rs")),
        ("manager/killed.rs", include_str!("killed.rs")),
    ],
    options: &[Opt::N, Opt::Runs, Opt::Listen, Opt::Connect, Opt::AuthkeyFile],
    defaults: Params { n: Some(1000), runs: Some(5), ..NO_PARAMS },
    needs: &[
        (Need::Directory, WHOLE),
        (Need::Loopback, &["network", "refused"]),
        (Need::Python, &["core", "killed"]),
    ],
    programs: &[],
    spawned: || vec![Function::new(reach::STRANGER, reach::spawned)],
    experiments: &[
        Experiment {
            name: "append",
            compared: true,
            variants: &[
                "manager",
                "manager-batch",
                "queue",
                "pipe",
                "shm",
                "python-manager",
                "python-manager-batch",
            ],
            racy: &[],
            figures: append::FIGURES,
            experiment_figures: &[],
            run: append::run,
        },
        Experiment {
            name: "call",
            compared: false,
            variants: &["manager", "python-manager"],
            racy: &[],
            figures: &[],
            experiment_figures: &[],
            run: call::run,
        },
        Experiment {
            name: "kept",
            compared: false,
            variants: &[
                "plain",
                "set-again",
                "managed",
                "python-plain",
                "python-set-again",
                "python-managed",
            ],
            racy: &[],
            figures: kept::FIGURES,
            experiment_figures: &[],
            run: kept::run,
        },
        Experiment {
            name: "reach",
            compared: false,
            variants: &["unix", "tcp"],
            racy: &[],
            figures: reach::FIGURES,
            experiment_figures: &[],
            run: reach::run,
        },
        Experiment {
            name: "terminals",
            compared: false,
            variants: &["listen", "connect"],
            racy: &[],
            figures: terminals::FIGURES,
            experiment_figures: &[],
            run: terminals::run,
        },
        Experiment {
            name: "strangers",
            compared: false,
            variants: &["right-key", "wrong-key", "garbage", "silent"],
            racy: &[],
            figures: refused::FIGURES,
            experiment_figures: &[],
            run: refused::run,
        },
        Experiment {
            name: "server-killed",
            compared: false,
            variants: &["waiting", "calling", "python-waiting", "python-calling"],
            racy: &[],
            figures: killed::FIGURES,
            experiment_figures: &[],
            run: killed::run,
        },
    ],
    prices: &[Prices {
        experiment: "call",
        params: Params { n: Some(200), runs: Some(5), ..NO_PARAMS },
        operation: Operation::Call,
        cost: Cost::PerItem,
        means: &[("manager", "manager", Some("python-manager"))],
    }],
    sweep: None,
    timelines: &[],
};

//! The lesson *process*: what a process is, what it costs, and what its end leaves behind.
//!
//! `children` is what `compare` measures, and `children-thread` what the price list takes of a
//! thread; `ending` and `lines` belong to the core of the lesson, the others to its parts.

mod args;
mod children;
mod copied;
mod ending;
mod inherited;
mod lines;
mod notes;
mod reports;

use super::{CORE, Cost, Experiment, Lesson, NO_PARAMS, Need, Opt, Prices, texts};
use crate::event::{Operation, Params};
use crate::mp::process::spawn::Function;

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "process",
    texts: texts!("process"),
    sources: &[
        ("process/children.rs", include_str!("children.rs")),
        ("process/lines.rs", include_str!("lines.rs")),
        ("process/ending.rs", include_str!("ending.rs")),
        ("process/copied.rs", include_str!("copied.rs")),
        ("process/args.rs", include_str!("args.rs")),
        ("process/inherited.rs", include_str!("inherited.rs")),
    ],
    options: &[Opt::N, Opt::Runs],
    defaults: Params { n: Some(40), runs: Some(5), ..NO_PARAMS },
    needs: &[
        (Need::Processes(40), CORE),
        (Need::Cpus(2), CORE),
        (Need::Python, &["core", "args", "start-methods"]),
    ],
    programs: &[],
    spawned: || {
        vec![
            Function::new(children::SPAWNED, children::spawned),
            Function::new(inherited::SPAWNED, inherited::look),
        ]
    },
    experiments: &[
        Experiment {
            name: "children",
            compared: true,
            variants: &[
                "fork",
                "spawn",
                "thread",
                "python-fork",
                "python-spawn",
                "python-forkserver",
            ],
            racy: &[],
            figures: children::FIGURES,
            experiment_figures: &[],
            run: children::run,
        },
        Experiment {
            name: "children-thread",
            compared: false,
            variants: &["thread", "python-thread"],
            racy: &[],
            figures: children::FIGURES,
            experiment_figures: &[],
            run: children::run,
        },
        Experiment {
            name: "ending",
            compared: false,
            variants: &["not-joined", "joined", "terminated"],
            racy: &[],
            figures: ending::FIGURES,
            experiment_figures: &[],
            run: ending::run,
        },
        Experiment {
            name: "lines",
            compared: false,
            variants: &["two-writes", "one-write"],
            racy: &["two-writes"],
            figures: lines::FIGURES,
            experiment_figures: &[],
            run: lines::run,
        },
        Experiment {
            name: "args",
            compared: false,
            variants: &["rust", "python-comma", "python-no-comma"],
            racy: &[],
            figures: args::FIGURES,
            experiment_figures: &[],
            run: args::run,
        },
        Experiment {
            name: "copied",
            compared: false,
            variants: &["fork"],
            racy: &[],
            figures: copied::FIGURES,
            experiment_figures: &[],
            run: copied::run,
        },
        Experiment {
            name: "inherited",
            compared: false,
            variants: &["fork", "spawn", "python-fork", "python-spawn", "python-forkserver"],
            racy: &[],
            figures: inherited::FIGURES,
            experiment_figures: &[],
            run: inherited::run,
        },
    ],
    prices: &[
        Prices {
            experiment: "children",
            // Fewer runs than others: a process that Python spawns takes as long as all else does.
            params: Params { n: Some(10), runs: Some(3), ..NO_PARAMS },
            operation: Operation::StartJoin,
            cost: Cost::PerItem,
            means: &[
                ("fork", "fork", Some("python-fork")),
                ("spawn", "spawn", Some("python-spawn")),
            ],
        },
        Prices {
            experiment: "children-thread",
            params: Params { n: Some(10), runs: Some(5), ..NO_PARAMS },
            operation: Operation::StartJoin,
            cost: Cost::PerItem,
            means: &[("thread", "thread", Some("python-thread"))],
        },
    ],
    sweep: None,
    timelines: &["children"],
};

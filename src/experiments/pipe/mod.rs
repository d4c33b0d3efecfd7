//! The lesson *pipe*: who waits for whom between two ends, and what a message costs.
//!
//! `echo` is what `compare` measures, and `echo-queue` and `echo-shm` what the price list takes of a
//! queue and of shared memory; `recv-first`, `greeting` and `unread` belong to the core, the other
//! experiments to the parts of the lesson.

mod bandwidth;
mod carrier;
mod echo;
mod end;
mod full;
mod greeting;
mod one_reader;
mod placement;
mod schedules;
mod waiting;

use super::{Cost, Experiment, Lesson, NO_PARAMS, Need, Opt, Prices, explore, texts};
use crate::event::{Operation, Params};

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "pipe",
    texts: texts!("pipe"),
    sources: &[
        ("pipe/greeting.rs", include_str!("greeting.rs")),
        ("pipe/echo.rs", include_str!("echo.rs")),
        ("pipe/carrier.rs", include_str!("carrier.rs")),
        ("pipe/waiting.rs", include_str!("waiting.rs")),
        ("pipe/full.rs", include_str!("full.rs")),
        ("pipe/end.rs", include_str!("end.rs")),
        ("pipe/one_reader.rs", include_str!("one_reader.rs")),
    ],
    options: &[Opt::N, Opt::Runs],
    defaults: Params { n: Some(1000), runs: Some(5), ..NO_PARAMS },
    needs: &[
        (Need::Cpus(2), &["core", "bandwidth"]),
        (Need::ProcSyscall, &["core", "full", "end"]),
        (Need::Python, &["core", "bandwidth"]),
    ],
    programs: &[&schedules::FORGOTTEN_END],
    spawned: Vec::new,
    experiments: &[
        Experiment {
            name: "echo",
            compared: true,
            variants: &["pipe", "socketpair", "queue", "shm", "python-pipe", "python-pipe-oneway"],
            racy: &[],
            figures: echo::FIGURES,
            experiment_figures: &[],
            run: echo::run,
        },
        Experiment {
            name: "echo-queue",
            compared: false,
            variants: &["queue", "python-queue"],
            racy: &[],
            figures: echo::FIGURES,
            experiment_figures: &[],
            run: echo::run,
        },
        Experiment {
            name: "echo-shm",
            compared: false,
            variants: &["shm", "python-shm"],
            racy: &[],
            figures: echo::FIGURES,
            experiment_figures: &[],
            run: echo::run,
        },
        Experiment {
            name: "recv-first",
            compared: false,
            variants: &["pipe", "socketpair"],
            racy: &[],
            figures: waiting::RECV_FIRST,
            experiment_figures: &[],
            run: waiting::recv_first,
        },
        Experiment {
            name: "greeting",
            compared: false,
            variants: &["as-written", "receiver-first", "sender-pauses", "python-as-written"],
            racy: &[],
            figures: greeting::FIGURES,
            experiment_figures: &[],
            run: greeting::run,
        },
        Experiment {
            name: "unread",
            compared: false,
            variants: &["short", "pipe", "socketpair"],
            racy: &[],
            figures: waiting::UNREAD,
            experiment_figures: &[],
            run: waiting::unread,
        },
        Experiment {
            name: "full",
            compared: false,
            variants: &["pipe", "socketpair"],
            racy: &[],
            figures: full::FIGURES,
            experiment_figures: &[],
            run: full::run,
        },
        Experiment {
            name: "end",
            compared: false,
            variants: &["closed", "forgotten"],
            racy: &[],
            figures: end::FIGURES,
            experiment_figures: &[],
            run: end::run,
        },
        Experiment {
            name: "one-reader",
            compared: false,
            variants: &["locked", "unlocked"],
            racy: &["unlocked"],
            figures: one_reader::FIGURES,
            experiment_figures: &[],
            run: one_reader::run,
        },
        Experiment {
            name: "bandwidth",
            compared: false,
            variants: &["pipe", "socketpair", "queue", "shm", "python-pipe", "python-pipe-oneway"],
            racy: &[],
            figures: bandwidth::FIGURES,
            experiment_figures: bandwidth::EXPERIMENT_FIGURES,
            run: bandwidth::run,
        },
        Experiment {
            name: "pipe-schedules",
            compared: false,
            variants: &["forgotten", "closed"],
            racy: &[],
            figures: explore::FIGURES,
            experiment_figures: &[],
            run: schedules::run,
        },
    ],
    prices: &[
        Prices {
            experiment: "echo",
            params: Params { n: Some(200), runs: Some(5), ..NO_PARAMS },
            operation: Operation::RoundTrip,
            cost: Cost::PerItem,
            means: &[
                ("pipe", "pipe", Some("python-pipe-oneway")),
                ("socketpair", "socketpair", Some("python-pipe")),
            ],
        },
        Prices {
            experiment: "echo-queue",
            params: Params { n: Some(200), runs: Some(5), ..NO_PARAMS },
            operation: Operation::RoundTrip,
            cost: Cost::PerItem,
            means: &[("queue", "queue", Some("python-queue"))],
        },
        Prices {
            experiment: "echo-shm",
            params: Params { n: Some(200), runs: Some(5), ..NO_PARAMS },
            operation: Operation::RoundTrip,
            cost: Cost::PerItem,
            means: &[("shm", "shm", Some("python-shm"))],
        },
    ],
    sweep: None,
    timelines: &[],
};

//! The lesson *lock*: two processes, one balance, and what a lock does about it.
//!
//! `bank` is the race that `compare` measures, and with `--chaos` it runs `chaos`, too; the other
//! experiments belong to the parts of the lesson.

mod bank;
mod chaos;
mod one_cpu;
mod orphan;
mod price;
mod schedules;
mod two_locks;

use super::{Cost, Experiment, Lesson, NO_PARAMS, Need, Opt, Prices, explore, texts};
use crate::event::{Operation, Params};

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "lock",
    texts: texts!("lock"),
    sources: &[
        ("lock/bank.rs", include_str!("bank.rs")),
        ("lock/orphan.rs", include_str!("orphan.rs")),
        ("lock/two_locks.rs", include_str!("two_locks.rs")),
    ],
    options: &[Opt::Runs, Opt::Iterations, Opt::Chaos],
    defaults: Params { runs: Some(10), iterations: Some(10_000), ..NO_PARAMS },
    needs: &[
        (Need::Cpus(2), &["core", "price"]),
        (Need::ProcSyscall, &["two-locks"]),
        (Need::Python, &["core", "price"]),
    ],
    programs: &[&schedules::BANK, &schedules::TWO_LOCKS],
    spawned: Vec::new,
    experiments: &[
        Experiment {
            name: "bank",
            compared: true,
            variants: &[
                "unlocked",
                "half-locked",
                "locked",
                "coarse",
                "atomic",
                "local",
                "python-unlocked",
                "python-locked",
            ],
            racy: &["unlocked", "half-locked", "python-unlocked"],
            figures: &[],
            experiment_figures: &[],
            run: bank::run,
        },
        Experiment {
            name: "price",
            compared: false,
            variants: &["none", "atomic", "plain", "robust", "semaphore", "python-lock"],
            racy: &["none"],
            figures: &["alone_ns", "contended_ns", "overlap"],
            experiment_figures: &[
                "robust_over_plain_alone",
                "robust_over_plain_alone_low",
                "robust_over_plain_alone_high",
                "robust_over_plain_contended",
                "robust_over_plain_contended_low",
                "robust_over_plain_contended_high",
                "same_cpu",
                "rounds",
            ],
            run: price::run,
        },
        Experiment {
            name: "owner-dies",
            compared: false,
            variants: &["robust", "semaphore"],
            racy: &[],
            figures: orphan::FIGURES,
            experiment_figures: &[],
            run: orphan::owner_dies,
        },
        Experiment {
            name: "forgotten",
            compared: false,
            variants: &["robust", "semaphore"],
            racy: &[],
            figures: orphan::FIGURES,
            experiment_figures: &[],
            run: orphan::forgotten,
        },
        Experiment {
            name: "two-locks",
            compared: false,
            variants: &["opposite-order", "same-order"],
            racy: &[],
            figures: &["both_ended", "found"],
            experiment_figures: &[],
            run: two_locks::run,
        },
        Experiment {
            name: "one-cpu",
            compared: false,
            variants: &["tight", "widened"],
            racy: &["tight", "widened"],
            figures: &[],
            experiment_figures: &[],
            run: one_cpu::run,
        },
        Experiment {
            name: "chaos",
            compared: false,
            variants: &["unlocked", "locked"],
            racy: &["unlocked"],
            figures: chaos::FIGURES,
            experiment_figures: chaos::EXPERIMENT_FIGURES,
            run: chaos::run,
        },
        Experiment {
            name: "schedules",
            compared: false,
            variants: &["unlocked", "half-locked", "locked", "add"],
            racy: &[],
            figures: explore::FIGURES,
            experiment_figures: &[],
            run: schedules::of_bank,
        },
        Experiment {
            name: "two-locks-schedules",
            compared: false,
            variants: &["opposite-order", "same-order"],
            racy: &[],
            figures: explore::FIGURES,
            experiment_figures: &[],
            run: schedules::of_two_locks,
        },
    ],
    prices: &[Prices {
        experiment: "price",
        params: Params { runs: Some(5), ..NO_PARAMS },
        operation: Operation::Addition,
        cost: Cost::Figure("alone_ns"),
        means: &[("atomic", "atomic", None), ("lock", "robust", Some("python-lock"))],
    }],
    sweep: None,
    timelines: &[],
};

//! The lesson *download*: files one after the other and by threads, from a server with a latency.
//!
//! `files` is what `compare` measures, and `widths` the same for more threads; `range`,
//! `error-page`, `chunks` and `addresses` belong to the core, `faults` to a part of the lesson;
//! `request` is what the price list takes of HTTP. The server is ours and on the loopback, unless
//! the reader gives addresses.

mod addresses;
mod board;
mod chunks;
mod client;
mod crew;
mod fault;
mod faults;
mod files;
mod jobs;
mod line;
mod name;
mod notebook;
mod part;
mod picture;
mod request;
mod server;
mod tell;
mod transfer;

use super::{CORE, Cost, Experiment, Lesson, NO_PARAMS, Need, Opt, Prices, WHOLE, texts};
use crate::event::{Operation, Params};

/// The row of the registry.
pub static LESSON: Lesson = Lesson {
    name: "download",
    texts: texts!("download"),
    sources: &[
        ("download/transfer.rs", include_str!("transfer.rs")),
        ("download/crew.rs", include_str!("crew.rs")),
        ("download/chunks.rs", include_str!("chunks.rs")),
    ],
    options: &[Opt::N, Opt::Runs, Opt::Wait, Opt::Url, Opt::Urls, Opt::To],
    defaults: Params { n: Some(5), runs: Some(5), wait_s: Some(0.1), ..NO_PARAMS },
    needs: &[(Need::Loopback, WHOLE), (Need::Directory, WHOLE), (Need::Python, CORE)],
    programs: &[],
    spawned: Vec::new,
    experiments: &[
        Experiment {
            name: "files",
            compared: true,
            variants: &[
                "serial",
                "serial-new-connection",
                "threads-2",
                "threads-4",
                "threads-5",
                "python-serial",
                "python-threads-5",
            ],
            racy: &[],
            figures: files::FIGURES,
            experiment_figures: files::EXPERIMENT_FIGURES,
            run: files::run,
        },
        Experiment {
            name: "widths",
            compared: false,
            variants: &["threads-1", "threads-2", "threads-4", "threads-8", "threads-16"],
            racy: &[],
            figures: files::FIGURES,
            experiment_figures: files::EXPERIMENT_FIGURES,
            run: files::run,
        },
        Experiment {
            name: "range",
            compared: false,
            variants: &["range-4", "one-each", "python-range-4"],
            racy: &[],
            figures: notebook::RANGE_FIGURES,
            experiment_figures: &[],
            run: notebook::range,
        },
        Experiment {
            name: "error-page",
            compared: false,
            variants: &["unchecked", "checked"],
            racy: &[],
            figures: notebook::PAGE_FIGURES,
            experiment_figures: &[],
            run: notebook::error_page,
        },
        Experiment {
            name: "chunks",
            compared: false,
            variants: &["whole", "chunk-1024", "chunk-65536"],
            racy: &[],
            figures: chunks::FIGURES,
            experiment_figures: chunks::EXPERIMENT_FIGURES,
            run: chunks::run,
        },
        Experiment {
            name: "addresses",
            compared: false,
            variants: &["serial", "threads-4"],
            racy: &[],
            figures: files::FIGURES,
            experiment_figures: addresses::EXPERIMENT_FIGURES,
            run: addresses::run_if_wanted,
        },
        Experiment {
            name: "faults",
            compared: false,
            variants: &[
                "no-such-host",
                "refused",
                "not-found",
                "circle",
                "other-scheme",
                "silent",
                "cut",
                "same-name",
            ],
            racy: &[],
            figures: faults::FIGURES,
            experiment_figures: &[],
            run: faults::run,
        },
        Experiment {
            name: "request",
            compared: false,
            variants: &["kept", "python-kept"],
            racy: &[],
            figures: request::FIGURES,
            experiment_figures: &[],
            run: request::run,
        },
    ],
    prices: &[Prices {
        experiment: "request",
        params: Params { n: Some(200), runs: Some(5), ..NO_PARAMS },
        operation: Operation::Request,
        cost: Cost::PerItem,
        means: &[("HTTP", "kept", Some("python-kept"))],
    }],
    sweep: None,
    timelines: &["files", "addresses"],
};

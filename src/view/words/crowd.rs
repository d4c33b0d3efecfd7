//! So many processes or threads that they could not all be started.

use super::super::format;
use super::Failure;
use crate::event::{Error, ErrorKind};
use crate::lesson::doc::Lang;

/// The words for it.
pub(super) fn failure(lang: Lang, error: &Error, wanted: u64) -> Failure {
    Failure { happened: too_many(lang, error, wanted), next: next(lang, error.kind) }
}

fn next(lang: Lang, kind: ErrorKind) -> &'static str {
    match (lang, kind) {
        (Lang::En, ErrorKind::DescriptorLimit) => {
            "Ask for fewer (`--n`, `--workers`), or raise the limit in this shell (`ulimit -n NUMBER`)."
        }
        (Lang::En, ErrorKind::OutOfMemory) => {
            "Ask for fewer (`--n`, `--workers`), or end some programs."
        }
        (Lang::En, _) => {
            "Ask for fewer (`--n`, `--workers`), end some programs, or raise the limit (`ulimit -u NUMBER`; in \
             a container, its own)."
        }
        (Lang::It, ErrorKind::DescriptorLimit) => {
            "Chiedine di meno (`--n`, `--workers`), o alza il limite in questa shell (`ulimit -n NUMERO`)."
        }
        (Lang::It, ErrorKind::OutOfMemory) => {
            "Chiedine di meno (`--n`, `--workers`), o chiudi qualche programma."
        }
        (Lang::It, _) => {
            "Chiedine di meno (`--n`, `--workers`), chiudi qualche programma, o alza il limite (`ulimit -u \
             NUMERO`; in un container, il suo)."
        }
    }
}

/// How many could be started, or that none was tried, and the limit or limits that stood against
/// the others.
fn too_many(lang: Lang, error: &Error, wanted: u64) -> String {
    let count = |number: u64| format::count(number.cast_signed());
    let limit = error.detail.as_deref().map(|limit| format!(" ({limit})")).unwrap_or_default();
    let (how_many, why) = match (lang, error.started) {
        (Lang::En, Some(started)) => (
            format!("{} of {} could be started", count(started), count(wanted)),
            match error.kind {
                ErrorKind::DescriptorLimit => "each takes a descriptor, and no more may be open",
                ErrorKind::OutOfMemory => "there is no memory for more",
                _ => "the system refused more, by one of its limits",
            },
        ),
        (Lang::En, None) => (
            format!("{} cannot be started at once", count(wanted)),
            match error.kind {
                ErrorKind::DescriptorLimit => "each takes a descriptor, and so many cannot be open",
                ErrorKind::OutOfMemory => "there is no memory for so many",
                _ => "so many processes are not allowed",
            },
        ),
        (Lang::It, Some(started)) => (
            format!("{} su {} sono partiti", count(started), count(wanted)),
            match error.kind {
                ErrorKind::DescriptorLimit => {
                    "ciascuno occupa un descrittore, e non se ne possono aprire altri"
                }
                ErrorKind::OutOfMemory => "non c'è memoria per altri",
                _ => "il sistema ne ha rifiutati altri, per uno dei suoi limiti",
            },
        ),
        (Lang::It, None) => (
            format!("{} insieme non ci stanno", count(wanted)),
            match error.kind {
                ErrorKind::DescriptorLimit => {
                    "ciascuno occupa un descrittore, e non se ne possono aprire così tanti"
                }
                ErrorKind::OutOfMemory => "non c'è memoria per così tanti",
                _ => "non sono permessi così tanti processi",
            },
        ),
    };
    format!("{how_many}: {why}{limit}.")
}

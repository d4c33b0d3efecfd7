//! The experiment `kept`: a child appends 3 to a list that is kept in a namespace.
//!
//! A plain list comes out of the namespace as a copy, and so does every value; what is appended to
//! the copy stays there, unless the copy is set again. A list of the manager's comes out as a proxy,
//! and what is appended to it is in the list.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish;
use crate::mp::manager::{ListProxy, Manager, ManagerError, NamespaceProxy};
use crate::mp::{Process, RawValue};

/// Figures: the length of what the child had after its append, that of the list that is kept, seen
/// by the parent afterwards, and whether the child met an error.
pub const FIGURES: &[&str] = &["in_child", "kept", "failed"];

/// What the Python peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    in_child: usize,
    kept: usize,
    failed: bool,
}

fn plain(ns: &NamespaceProxy) -> Result<usize, ManagerError> {
    // region: plain
    let mut result: Vec<i64> = ns.get("result")?;
    result.push(3);
    // endregion
    Ok(result.len())
}

fn set_again(ns: &NamespaceProxy) -> Result<usize, ManagerError> {
    // region: set-again
    let mut result: Vec<i64> = ns.get("result")?;
    result.push(3);
    ns.set("result", &result)?;
    // endregion
    Ok(result.len())
}

fn managed(ns: &NamespaceProxy) -> Result<usize, ManagerError> {
    // region: managed
    let result: ListProxy<i64> = ns.get("result")?;
    result.append(&3)?;
    // endregion
    result.len()
}

/// The experiment `kept`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let directory = lab.scratch().context("the run's private directory")?.to_path_buf();
    let manager = Manager::new(&directory)?;
    demonstration::each_variant(lab, |lab, variant| demonstrate(lab, &manager, variant))
}

fn demonstrate(lab: &mut Lab, manager: &Manager, variant: &Variant) -> Result<Option<Figures>> {
    let said = match variant.base.strip_prefix("python-") {
        None => Some(native(manager, variant.base)?),
        Some(way) => python::call(lab, variant, &["kept".to_string(), way.to_string()])?,
    };
    Ok(said.map(|said: Peer| {
        vec![
            ("in_child", json!(said.in_child)),
            ("kept", json!(said.kept)),
            ("failed", json!(said.failed)),
        ]
    }))
}

fn native(manager: &Manager, way: &str) -> Result<Peer> {
    let ns = manager.namespace()?;
    match way {
        "managed" => ns.set("result", &manager.list::<i64>()?)?,
        _ => ns.set("result", &Vec::<i64>::new())?,
    }
    let append = match way {
        "plain" => plain,
        "set-again" => set_again,
        "managed" => managed,
        other => unreachable!("the registry has no variant {other}"),
    };
    let in_child = RawValue::new(0_u32).context("an answer in shared memory")?;
    let failed = RawValue::new(0_u32).context("an answer in shared memory")?;
    let mut child = Process::new("child", || match append(&ns) {
        Ok(length) => in_child.set(length as u32),
        Err(_) => failed.set(1),
    });
    child.start()?;
    finish(&mut child)?;
    let kept = match way {
        "managed" => ns.get::<ListProxy<i64>>("result")?.len()?,
        _ => ns.get::<Vec<i64>>("result")?.len(),
    };
    Ok(Peer { in_child: in_child.get() as usize, kept, failed: failed.get() == 1 })
}

//! Fork copies the address space: the same variable, at the same address, with two values.
//!
//! An address is one of the process's own (a virtual one); which memory stands behind it
//! is the kernel's table for that process. After a fork both tables lead to the same
//! pages, until one of the two writes: then it gets a copy of the page (copy-on-write).

use anyhow::{Context, Result};
use serde_json::json;

use crate::experiments::demonstration;
use crate::experiments::lab::Lab;
use crate::experiments::workers::finish;
use crate::mp::{Process, RawValue};

/// Figures: the variable's address in each process, and its value in each, before the child
/// changes it and after.
pub const FIGURES: &[&str] = &[
    "parent_address",
    "child_address",
    "same_address",
    "before",
    "child_before",
    "child_after",
    "parent_after",
];

/// The experiment `copied`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, |_, _| {
        let shared = || RawValue::new(0_u64).context("the child's report in shared memory");
        let (address, first, last) = (shared()?, shared()?, shared()?);
        let mut number = 100_u64;
        let (parent_address, before) = (address_of(&number), number);
        let (address_of_it, first_of, last_of) = (&address, &first, &last);
        // region: copy
        let mut child = Process::new("child", || {
            address_of_it.set(address_of(&number));
            first_of.set(number);
            number += 1;
            last_of.set(number);
        });
        child.start()?;
        finish(&mut child)?; // the child has changed `number`
        // endregion
        drop(child);
        Ok(Some(vec![
            ("parent_address", json!(format!("{parent_address:#x}"))),
            ("child_address", json!(format!("{:#x}", address.get()))),
            ("same_address", json!(parent_address == address.get())),
            ("before", json!(before)),
            ("child_before", json!(first.get())),
            ("child_after", json!(last.get())),
            ("parent_after", json!(std::hint::black_box(number))),
        ]))
    })
}

fn address_of(number: &u64) -> u64 {
    std::ptr::from_ref(number).addr() as u64
}

//! What the child writes, and what the parent reads of it: a variable, a global one, a shared value.
//!
//! After a fork parent and child have the same memory only as long as neither writes to it. The
//! child's first write to a page stops for a page fault, in which the kernel gives it a copy of that
//! page (copy on write), and what it writes then only the child sees. The variables here lie each on
//! a page of their own, so that this one fault can be counted (getrusage(2)).

use std::hint::black_box;
use std::sync::Mutex;

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use serde::Deserialize;
use serde_json::json;

use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish;
use crate::mp::{Array, MapError, Process, RawValue, Value};

/// Figures: the sum as the child wrote it and as the parent read it after the child's end; where it
/// lies in each; page faults of the one write to a variable; and the shared array before the child and
/// after it.
pub const FIGURES: &[&str] = &[
    "child_sum",
    "parent_sum",
    "child_address",
    "parent_address",
    "same_address",
    "page_faults",
    "array_before",
    "array",
];

/// The notebook's numbers.
const NUMBERS: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.4, 6.8, 5.3];

/// A number alone on its page: nothing else that is written makes the kernel copy it.
#[repr(align(4096))]
struct Alone(f64);

/// A number that is as global as can be, and even has a lock.
#[repr(align(4096))]
struct Global(Mutex<f64>);

static RESULT_SUM: Global = Global(Mutex::new(0.0));

impl Global {
    fn get(&self) -> f64 {
        *self.0.lock().expect("nobody panics holding it")
    }

    fn set(&self, number: f64) {
        *self.0.lock().expect("nobody panics holding it") = number;
    }
}

/// What the child tells of itself, by shared memory that the lesson does not speak of.
struct Report {
    sum: RawValue<f64>,
    address: RawValue<u64>,
    faults: RawValue<u64>,
}

impl Report {
    fn new() -> Result<Self, MapError> {
        Ok(Report {
            sum: RawValue::new(0.0)?,
            address: RawValue::new(0)?,
            faults: RawValue::new(0)?,
        })
    }

    /// Does the one write, and counts its page faults. The same lines first write to a place of
    /// their own, as code that runs for the first time after a fork has page faults, too.
    fn write(&self, number: f64, place: &mut f64) {
        for place in [&mut 0.0, place] {
            let before = page_faults();
            *black_box(place) = number;
            self.faults.set(page_faults() - before);
        }
    }

    /// Notes what stands there afterwards.
    fn found(&self, sum: f64, address: u64) {
        self.sum.set(sum);
        self.address.set(address);
    }
}

fn page_faults() -> u64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.minor_page_faults().cast_unsigned())
}

fn address_of<T>(place: &T) -> u64 {
    std::ptr::from_ref(place).addr() as u64
}

/// One child, ended: the sum as the parent reads it, and where it lies there.
struct Read {
    sum: f64,
    address: u64,
}

/// The array, what the child reported, and how the three ways differ.
struct Scene {
    result: Array<f32>,
    report: Report,
}

impl Scene {
    // region: fill
    fn fill(&self) {
        for (index, number) in NUMBERS.iter().enumerate() {
            self.result.set(index, (number + 2.0) as f32);
        }
    }
    // endregion

    fn variable(&self) -> Result<Read> {
        let report = &self.report;
        // region: variable
        let mut result_sum = Alone(0.0); // a variable like any other
        let mut child = Process::new("child", || {
            self.fill();
            let sum = NUMBERS.iter().sum();
            report.write(sum, &mut result_sum.0); // result_sum = sum, watched
            report.found(result_sum.0, address_of(&result_sum));
        });
        child.start()?;
        finish(&mut child)?;
        // endregion
        drop(child);
        let result_sum = black_box(&result_sum);
        Ok(Read { sum: result_sum.0, address: address_of(result_sum) })
    }

    fn global(&self) -> Result<Read> {
        RESULT_SUM.set(0.0);
        let report = &self.report;
        // region: global
        let mut child = Process::new("child", || {
            self.fill();
            RESULT_SUM.set(NUMBERS.iter().sum());
            report.found(RESULT_SUM.get(), address_of(&RESULT_SUM));
        });
        child.start()?;
        finish(&mut child)?;
        // endregion
        drop(child);
        Ok(Read { sum: RESULT_SUM.get(), address: address_of(&RESULT_SUM) })
    }

    fn value(&self) -> Result<Read> {
        let report = &self.report;
        // region: value
        let result_sum = Value::new(0.0)?; // in memory that both share
        let mut child = Process::new("child", || {
            self.fill();
            result_sum.set(NUMBERS.iter().sum());
            report.found(result_sum.get(), result_sum.address());
        });
        child.start()?;
        finish(&mut child)?;
        // endregion
        drop(child);
        Ok(Read { sum: result_sum.get(), address: result_sum.address() })
    }
}

/// The experiment `written`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, |lab, variant| match variant.python {
        Some(_) => peer(lab, variant),
        None => native(variant.base).map(Some),
    })
}

fn native(way: &str) -> Result<Figures> {
    let memory = "shared memory for parent and child";
    let result = Array::new(NUMBERS.len()).context(memory)?;
    let scene = Scene { result, report: Report::new().context(memory)? };
    let before = listed(&scene.result);
    let read = match way {
        "variable" => scene.variable()?,
        "global" => scene.global()?,
        "value" => scene.value()?,
        other => unreachable!("the registry has no variant {other}"),
    };
    let child_address = scene.report.address.get();
    let mut figures = vec![
        ("child_sum", json!(scene.report.sum.get())),
        ("parent_sum", json!(read.sum)),
        ("child_address", json!(format!("{child_address:#x}"))),
        ("parent_address", json!(format!("{:#x}", read.address))),
        ("same_address", json!(child_address == read.address)),
        ("array_before", json!(before)),
        ("array", json!(listed(&scene.result))),
    ];
    if way == "variable" {
        figures.push(("page_faults", json!(scene.report.faults.get())));
    }
    Ok(figures)
}

/// As Python prints an array of type `f`: each number widened to 64 bits.
fn listed(array: &Array<f32>) -> String {
    let numbers: Vec<String> = array.iter().map(|n| format!("{:?}", f64::from(n))).collect();
    numbers.join(", ")
}

/// What the Python peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    child_sum: f64,
    parent_sum: f64,
    array_before: String,
    array: String,
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let way = variant.base.trim_start_matches("python-").to_string();
    let said: Option<Peer> = python::call(lab, variant, &["written".to_string(), way])?;
    Ok(said.map(|said| {
        vec![
            ("child_sum", json!(said.child_sum)),
            ("parent_sum", json!(said.parent_sum)),
            ("array_before", json!(said.array_before)),
            ("array", json!(said.array)),
        ]
    }))
}

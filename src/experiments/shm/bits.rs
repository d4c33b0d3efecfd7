//! 6.4 + 2 in an array of 32-bit numbers and in one of 64-bit numbers, down to the bits.
//!
//! A floating-point number is a whole number, the significand, times a power of two. With 24 bits for
//! the significand (f32, Python's `f`) such numbers lie farther apart than with 53 (f64, `d`), and the
//! one nearest to 8.4 is another one.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use crate::experiments::demonstration::{self, Figures};
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::python;
use crate::experiments::workers::finish;
use crate::mp::{Array, Process};

/// Figures: the number read, as Python prints it, and exactly; whether it equals 8.4, and 8.4 stored
/// the same way; its bits in hexadecimal; significand and power of two; the next number above it.
pub const FIGURES: &[&str] = &[
    "stored",
    "exactly",
    "equal",
    "equal_as_stored",
    "bits",
    "significand",
    "power",
    "above",
    "gap",
];

/// A number that was read back from the array.
struct Found {
    /// Widened to 64 bits, which changes nothing about it.
    number: f64,
    /// The next greater one of its type.
    above: f64,
    bits: String,
    significand: u64,
    power: i32,
    equal_as_stored: bool,
}

/// The experiment `bits`.
pub fn run(lab: &mut Lab) -> Result<()> {
    demonstration::each_variant(lab, |lab, variant| match variant.base {
        "f32" => Ok(Some(told(&in_f32()?))),
        "f64" => Ok(Some(told(&in_f64()?))),
        _ => peer(lab, variant),
    })
}

fn in_f32() -> Result<Found> {
    // region: f32
    let array = Array::<f32>::new(1).context("the array")?;
    let sum: f64 = 6.4 + 2.0;
    let mut child = Process::new("child", || array.set(0, sum as f32));
    child.start()?;
    finish(&mut child)?;
    let number = array.get(0);
    // endregion
    Ok(Found {
        number: f64::from(number),
        above: f64::from(number.next_up()),
        bits: format!("{:#010x}", number.to_bits()),
        // 1 sign bit, 8 of the exponent, 23 of the significand, whose first 1 is not stored.
        significand: u64::from(number.to_bits() & 0x007f_ffff | 0x0080_0000),
        power: (number.to_bits() >> 23 & 0xff).cast_signed() - 127 - 23,
        equal_as_stored: number == 8.4_f32,
    })
}

fn in_f64() -> Result<Found> {
    let array = Array::<f64>::new(1).context("the array")?;
    let mut child = Process::new("child", || array.set(0, 6.4 + 2.0));
    child.start()?;
    finish(&mut child)?;
    let number = array.get(0);
    Ok(Found {
        number,
        above: number.next_up(),
        bits: format!("{:#018x}", number.to_bits()),
        // 1 sign bit, 11 of the exponent, 52 of the significand, whose first 1 is not stored.
        significand: number.to_bits() & ((1 << 52) - 1) | 1 << 52,
        power: ((number.to_bits() >> 52 & 0x7ff) as i32) - 1023 - 52,
        equal_as_stored: number == 8.4_f64,
    })
}

fn told(found: &Found) -> Figures {
    // region: equal
    let equal = found.number == 8.4; // an f64, as all of Python's
    // endregion
    vec![
        ("stored", json!(format!("{:?}", found.number))),
        ("exactly", json!(exactly(found.number))),
        ("equal", json!(equal)),
        ("equal_as_stored", json!(found.equal_as_stored)),
        ("bits", json!(found.bits)),
        ("significand", json!(found.significand)),
        ("power", json!(found.power)),
        ("above", json!(format!("{:?}", found.above))),
        ("gap", json!(found.above - found.number)),
    ]
}

/// All its digits: a power of two below 1 has as many decimals as its exponent says.
fn exactly(number: f64) -> String {
    format!("{number:.60}").trim_end_matches('0').to_string()
}

/// What the Python peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    stored: String,
    equal: bool,
    bits: String,
}

fn peer(lab: &mut Lab, variant: &Variant) -> Result<Option<Figures>> {
    let code = variant.base.trim_start_matches("python-").to_string();
    let said: Option<Peer> = python::call(lab, variant, &["bits".to_string(), code])?;
    Ok(said.map(|said| {
        vec![
            ("stored", json!(said.stored)),
            ("equal", json!(said.equal)),
            ("bits", json!(said.bits)),
        ]
    }))
}

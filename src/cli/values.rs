//! Values of options as they are typed: read with an error that tells the range.
//!
//! clap's own parsers answer `1e9` with "invalid digit" and `-1` with "unexpected argument";
//! these say what was wrong and what would be right. They are in English, as all of clap's
//! texts are.

use crate::experiments::options::SECONDS;

/// Microseconds, as they are typed.
pub(super) fn typed(micros: u64) -> String {
    match micros {
        us if us % 1_000_000 == 0 => format!("{}s", us / 1_000_000),
        us if us % 1_000 == 0 => format!("{}ms", us / 1_000),
        us => format!("{us}us"),
    }
}

/// A duration in microseconds, with an error that says what was wrong with it.
pub(super) fn duration(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let range = format!("from {} to {}", typed(least), typed(most));
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let parts = units.iter().find_map(|(unit, micros)| Some((text.strip_suffix(unit)?, micros)));
    let value = parts.and_then(|(digits, micros)| Some(digits.parse::<f64>().ok()? * micros));
    match value {
        None => Err(format!("not a duration; give one {range}, as 500us, 2ms or 0.5s")),
        Some(value) if (least as f64..=most as f64).contains(&value) => Ok(value.round() as u64),
        Some(_) => Err(format!("it must be {range}")),
    }
}

/// A whole number in a range, with an error that says what was wrong with it.
pub(super) fn whole_number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let range = format!("from {least} to {most}");
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let negative = digits.strip_prefix('-').is_some_and(|rest| rest.parse::<u64>().is_ok());
        return Err(match negative {
            true => format!("it must be {range}"),
            false => format!("not a whole number; give one {range}, in digits"),
        });
    }
    match digits.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("it must be {range}")),
    }
}

/// A whole number below or above 0, with an error that says what was wrong with it.
pub(super) fn number(text: &str, least: i32, most: i32) -> Result<i32, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("not a whole number; give one from {least} to {most}, in digits"));
    }
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("it must be from {least} to {most}")),
    }
}

/// A number of seconds for `--seconds-limit`, with an error that says what was wrong with it.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if SECONDS.contains(&seconds) => Ok(seconds),
        Ok(_) => Err("it must be from 0.1 to 86400".to_string()),
        Err(_) => Err("not a number of seconds; give one from 0.1 to 86400".to_string()),
    }
}

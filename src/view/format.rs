//! Numbers as they are read: times, ratios, counts, shares and sizes.
//!
//! Three significant digits at most: the machine does not repeat itself any better.
//! A decimal point in English, a comma in Italian. Digits stand in groups of three,
//! parted by a no-break space, in both: a point or a comma would mean the opposite
//! in the other language. The same space stands before a unit, so that no line
//! breaks between a number and what it counts.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use crate::lesson::doc::Lang;

/// The no-break space within numbers and before units.
pub const SPACE: char = '\u{a0}';

/// Seconds, in the unit that leaves one to three digits before the point:
/// `287 ns`, `1.43 ms`, `2.1 s`. Not a number is `?`.
pub fn time(seconds: f64, lang: Lang) -> String {
    const UNITS: [(f64, &str); 3] = [(1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms")];
    // 999.6 ns is 1.0 µs and not 1000 ns: the unit follows the rounded value.
    let fits = |unit: f64| seconds.abs() / unit < 999.5;
    match UNITS.iter().find(|(unit, _)| seconds != 0.0 && fits(*unit)) {
        Some((unit, name)) => format!("{}{SPACE}{name}", significant(seconds / unit, lang)),
        None => format!("{}{SPACE}s", significant(seconds, lang)),
    }
}

/// A ratio as a factor: `×1.43`.
pub fn ratio(ratio: f64, lang: Lang) -> String {
    format!("×{}", factor(ratio, lang))
}

/// A ratio without its sign, for the ends of an interval.
pub fn factor(ratio: f64, lang: Lang) -> String {
    if (0.1..9.995).contains(&ratio) {
        return localized(&format!("{ratio:.2}"), lang);
    }
    significant(ratio, lang)
}

/// A whole number with its digits in groups of three: `-2 213`.
pub fn count(number: i64) -> String {
    grouped(&number.to_string())
}

/// The median of whole numbers in order, exactly: between two of them it may be a half.
///
/// # Panics
/// If there are none.
pub fn median(sorted: &[i64], lang: Lang) -> String {
    let middle = [(sorted.len() - 1) / 2, sorted.len() / 2];
    let twice: i128 = middle.iter().map(|at| i128::from(sorted[*at])).sum();
    let sign = if twice < 0 { "-" } else { "" };
    let half = if twice % 2 == 0 { "" } else { ".5" };
    localized(&format!("{sign}{}{half}", (twice / 2).unsigned_abs()), lang)
}

/// A share from 0 to 1 in percent: `93 %`. It says 0 or 100 only where that is exact.
pub fn percent(share: f64, lang: Lang) -> String {
    let percent = share * 100.0;
    let digits = match percent {
        p if p > 0.0 && p < 0.1 => format!("< {}", localized("0.1", lang)),
        p if p > 99.0 && p < 100.0 => localized(&format!("{:.1}", p.min(99.9)), lang),
        p if p > 0.0 && p < 1.0 => localized(&format!("{p:.1}"), lang),
        p if p.is_finite() => format!("{p:.0}"),
        _ => "?".to_owned(),
    };
    format!("{digits}{SPACE}%")
}

/// A size, in the binary unit that fits: `64 KiB`.
pub fn bytes(bytes: f64, lang: Lang) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes;
    let mut unit = 0;
    while size.abs() >= 1023.5 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let digits = if size.fract() == 0.0 { count(size as i64) } else { significant(size, lang) };
    format!("{digits}{SPACE}{}", UNITS[unit])
}

/// A number of no known unit: whole numbers in full, others to three digits.
pub fn number(number: f64, lang: Lang) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        count(number as i64)
    } else {
        significant(number, lang)
    }
}

/// A figure, in the unit that its name ends in: `_s`, `_ns`, `_bytes`, `_bytes_per_s`, `_share` (in
/// percent); a bare number else.
pub fn figure(name: &str, value: f64, lang: Lang) -> String {
    if name.ends_with("_bytes_per_s") {
        return format!("{}/s", bytes(value, lang));
    }
    match name.rsplit_once('_') {
        Some((_, "ns")) => time(value * 1e-9, lang),
        Some((_, "s")) => time(value, lang),
        Some((_, "bytes")) => bytes(value, lang),
        Some((_, "share")) => percent(value, lang),
        _ => number(value, lang),
    }
}

/// Adds `time`, `ratio`, `factor`, `count`, `percent`, `bytes` and `plural` to the templates
/// of a lesson. Each takes a number; nothing, text or a boolean is an error of the
/// template, because a text must not print a figure that was not measured.
///
/// `n | plural(one="run", many="runs")` is the word alone.
pub fn install(env: &mut Environment<'static>, lang: Lang) {
    env.add_filter("time", move |value: Value| Ok::<_, Error>(time(float(&value)?, lang)));
    env.add_filter("ratio", move |value: Value| Ok::<_, Error>(ratio(float(&value)?, lang)));
    env.add_filter("factor", move |value: Value| Ok::<_, Error>(factor(float(&value)?, lang)));
    env.add_filter("percent", move |value: Value| Ok::<_, Error>(percent(float(&value)?, lang)));
    env.add_filter("bytes", move |value: Value| Ok::<_, Error>(bytes(float(&value)?, lang)));
    env.add_filter("count", move |value: Value| Ok::<_, Error>(number(float(&value)?, lang)));
    env.add_filter("plural", |value: Value, words: Kwargs| {
        let word = if float(&value)? == 1.0 { "one" } else { "many" };
        let both: (String, String) = (words.get("one")?, words.get("many")?);
        words.assert_all_used()?;
        Ok::<_, Error>(if word == "one" { both.0 } else { both.1 })
    });
}

fn float(value: &Value) -> Result<f64, Error> {
    let number = (value.kind() == ValueKind::Number).then(|| f64::try_from(value.clone()));
    number.and_then(Result::ok).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("expected a number, found {}", value.kind()),
        )
    })
}

/// Three significant digits, without a last zero where two stay: `1.43`, `2.1`, `50`.
fn significant(number: f64, lang: Lang) -> String {
    if !number.is_finite() {
        return "?".to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    // Printing with an exponent rounds first, so that 9.996 counts as 10.0.
    let exponent: i32 = format!("{number:.2e}")
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0);
    let decimals = (2 - exponent).max(0) as usize;
    let mut digits = format!("{number:.decimals$}");
    if decimals > 0 && digits.ends_with('0') {
        digits.pop();
    }
    if digits.ends_with('.') {
        digits.pop();
    }
    localized(&digits, lang)
}

fn localized(digits: &str, lang: Lang) -> String {
    let point = match lang {
        Lang::En => ".",
        Lang::It => ",",
    };
    match digits.split_once('.') {
        Some((whole, fraction)) => format!("{}{point}{fraction}", grouped(whole)),
        None => grouped(digits),
    }
}

fn grouped(digits: &str) -> String {
    // The sign that typographers mean, as wide as a digit.
    let digits = &digits.replace('-', "\u{2212}");
    let first = digits.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let mut text = String::with_capacity(digits.len() + 4);
    for (at, c) in digits.char_indices() {
        if at > first && (digits.len() - at).is_multiple_of(3) {
            text.push(SPACE);
        }
        text.push(c);
    }
    text
}

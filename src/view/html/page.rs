//! The whole page: the two languages, how one is chosen, and what a browser may do with it.

use std::io;

use minijinja::context;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Html;
use super::templates::{Templates, value};
use crate::event::Params;
use crate::lesson::doc::Lang;
use crate::view::{visible, words};

/// How everything looks: light, dark, on paper, on a phone, on a projector.
const STYLE: &str = include_str!("style.css");

/// One language, for the template.
#[derive(Serialize)]
struct Sheet {
    lang: &'static str,
    name: &'static str,
    larger: &'static str,
    machine_heading: &'static str,
    machine: Option<String>,
    options: String,
    body: String,
}

/// The page that holds these languages and opens in `lang`.
///
/// # Errors
/// If a template fails.
pub fn page(sheets: Vec<Html>, lang: Lang) -> io::Result<String> {
    let first = sheets.iter().find(|sheet| sheet.lang == lang).or(sheets.first());
    let title = first.and_then(|sheet| sheet.title.clone()).unwrap_or("parlab".to_owned());
    let opens = first.map_or(lang, |sheet| sheet.lang).code();
    let sheets: Vec<Sheet> = sheets.into_iter().map(Sheet::of).collect();
    let context = context! {
        title => title,
        opens => opens,
        style => STYLE,
        policy => policy(),
        sheets => value(&sheets),
        version => env!("CARGO_PKG_VERSION"),
    };
    Templates::new().fill("page", context)
}

impl Sheet {
    fn of(html: Html) -> Sheet {
        let lang = html.lang;
        Sheet {
            lang: lang.code(),
            name: words::language(lang),
            larger: words::larger(lang),
            machine_heading: words::machine_heading(lang),
            machine: html.machine().map(|machine| words::machine(lang, machine)),
            options: html.start.as_ref().map(|s| options(&s.params)).unwrap_or_default(),
            body: html.body,
        }
    }
}

/// The options in force, by their names in events.
fn options(params: &Params) -> String {
    let params = serde_json::to_value(params).unwrap_or_default();
    let told = params.as_object().into_iter().flatten();
    let bare = |value: &Value| value.to_string().replace(['"', '[', ']'], "");
    let told = told.map(|(name, value)| format!("{name} {}", bare(value)));
    visible::line(&told.collect::<Vec<_>>().join(" · ")).into_owned()
}

/// Nothing is loaded, nothing runs, nothing is sent; one style is taken, known by its hash
/// (Content Security Policy Level 3, 6.7.3.3).
fn policy() -> String {
    let hash = base64(&Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| {
            bits << 8 | usize::from(group.get(at).copied().unwrap_or_default())
        });
        for digit in 0..4 {
            text.push(match digit <= group.len() {
                true => char::from(DIGITS[bits >> (18 - 6 * digit) & 63]),
                false => '=',
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let known =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (bytes, text) in known {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}

//! Under which name a file is kept: what a server or an address calls it, made safe.
//!
//! Both come from outside, and a name that is taken as it comes may lie outside the directory
//! (`../.bashrc`), be hidden, be none at all, or be one that some file system cannot hold. So a
//! name is made of what is left after taking away all that.

use percent_encoding::percent_decode_str;
use reqwest::Url;

/// What a file is called that has no name.
const NAMELESS: &str = "download";
/// The longest name in bytes: file systems take 255, and the temporary name is longer.
const LONGEST: usize = 200;
/// Names that mean devices on Windows, whatever their ending: under WSL2 a directory may lie there.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// The name in an address: the last part of its path, as the notebook takes it. A query is no part of it.
pub fn of_address(address: &Url) -> String {
    let last = address.path().rsplit('/').next().unwrap_or_default();
    safe(&percent_decode_str(last).decode_utf8_lossy())
}

/// The name that an answer asks for: of a `Content-Disposition` header (RFC 6266), the parameter
/// `filename*` (RFC 8187, in UTF-8) or else `filename`.
pub fn of_header(header: &[u8]) -> Option<String> {
    let header = String::from_utf8_lossy(header);
    let parameters = || {
        let pairs = header.split(';').skip(1).filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
    };
    let extended = parameters().find(|(name, _)| name == "filename*").and_then(|(_, value)| {
        let encoded = value.get(..7).filter(|set| set.eq_ignore_ascii_case("utf-8''"))?;
        Some(percent_decode_str(&value[encoded.len()..]).decode_utf8_lossy().into_owned())
    });
    let plain = || {
        let (_, value) = parameters().find(|(name, _)| name == "filename")?;
        Some(value.trim_matches('"').to_string())
    };
    extended.or_else(plain).map(|name| safe(&name))
}

/// A name that is a plain, visible file of the directory it is used in, on every file system.
fn safe(name: &str) -> String {
    let visible = |c: char| !c.is_control() && !is_directional(c) && !r#"/\:*?"<>|"#.contains(c);
    let name: String = name.trim().chars().map(|c| if visible(c) { c } else { '_' }).collect();
    let name = cut(name.trim_end_matches(['.', ' ']));
    let name = match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name,
    };
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let mut numbers = ["COM", "LPT"].iter().filter_map(|port| stem.strip_prefix(port));
    let is_port = numbers.any(|number| matches!(number.as_bytes(), [b'1'..=b'9']));
    match name.as_str() {
        "" => NAMELESS.to_string(),
        _ if is_port || DEVICES.contains(&stem.as_str()) => format!("_{name}"),
        _ => name,
    }
}

/// What makes text run another way, and so a name look like another.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A long name without its middle: its ending says what the file is.
fn cut(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_string();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() <= 16 { ending } else { "" };
    let mut end = LONGEST - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_addresses_are_made_safe() {
        let name = |path: &str| of_address(&Url::parse(&format!("http://host{path}")).unwrap());
        for (path, safe) in [
            ("/a/picture.jpg", "picture.jpg"),
            ("/a/picture.jpg?size=big#top", "picture.jpg"),
            ("/perch%C3%A9.txt", "perché.txt"),
            ("/", "download"),
            ("", "download"),
            ("/a/..", "download"),
            ("/%2e%2e", "download"),
            ("/..%2f..%2fetc%2fpasswd", "_._.._etc_passwd"),
            ("/.bashrc", "_bashrc"),
            ("/a%00b", "a_b"),
            ("/a%0ab%1b[2J", "a_b_[2J"),
            ("/%ff%fe.bin", "\u{fffd}\u{fffd}.bin"),
            ("/%20", "download"),
            ("/nul", "_nul"),
            ("/NUL.txt", "_NUL.txt"),
            ("/com1.log", "_com1.log"),
            ("/com10.log", "com10.log"),
            ("/%e2%80%aegpj.exe", "_gpj.exe"),
            ("/a:b", "a_b"),
            ("/end.", "end"),
        ] {
            assert_eq!(name(path), safe, "{path}");
        }
    }

    #[test]
    fn long_names_keep_their_ending_and_whole_characters() {
        let name = safe(&format!("{}.tar", "é".repeat(150)));
        assert!(name.len() <= LONGEST && name.ends_with("é.tar"), "{name}");
        assert!(safe(&"x".repeat(300)).len() <= LONGEST);
    }

    #[test]
    fn names_of_headers_are_read_and_made_safe() {
        for (header, name) in [
            ("attachment; filename=\"a.jpg\"", Some("a.jpg")),
            ("attachment; filename=a.jpg", Some("a.jpg")),
            (
                "attachment; filename=\"old.jpg\"; filename*=UTF-8''perch%C3%A9.jpg",
                Some("perché.jpg"),
            ),
            ("attachment; filename=\"../../.profile\"", Some("_._.._.profile")),
            ("attachment; filename=\"\"", Some("download")),
            ("inline", None),
        ] {
            assert_eq!(of_header(header.as_bytes()).as_deref(), name, "{header}");
        }
        assert_eq!(of_header(b"attachment; filename=\"\xff\0.bin\"").unwrap(), "\u{fffd}_.bin");
    }
}

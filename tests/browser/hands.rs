//! The switches, worked by keyboard; and what a screen reader finds.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::pages::pages;

#[test]
fn the_language_is_chosen_by_arrow_keys() {
    let Some(mut browser) = Browser::start() else { return };
    for page in pages() {
        browser.open(&page.file);
        let other = if page.lang == "en" { "it" } else { "en" };
        assert_eq!(browser.look("seen()"), json!([page.lang]), "{}", page.name);
        browser.presses("Tab");
        assert_eq!(browser.sees("document.activeElement.id"), page.lang);
        browser.presses("ArrowRight");
        assert_eq!(browser.look("seen()"), json!([other]), "{}", page.name);
        browser.presses("ArrowLeft");
        assert_eq!(browser.look("seen()"), json!([page.lang]), "{}", page.name);
    }
}

#[test]
fn space_makes_everything_larger() {
    let Some(mut browser) = Browser::start() else { return };
    for page in pages() {
        browser.open(&page.file);
        let before = browser.look("sizes()");
        browser.presses("Tab");
        browser.presses("Tab");
        assert_eq!(browser.sees("document.activeElement.id"), "large");
        browser.presses(" ");
        let after = browser.look("sizes()");
        let (before, after) = (before.as_array().unwrap(), after.as_array().unwrap());
        assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(after) {
            let [before, after] = [before, after].map(|size| size[1].as_f64().unwrap());
            assert!(after > 1.3 * before, "{}: {before} px, then {after} px", page.name);
        }
        browser.presses(" ");
        assert_eq!(browser.look("sizes()").as_array().unwrap(), before);
    }
}

/// What the accessibility tree calls what has to have a name.
const NAMED: [&str; 4] = ["image", "radio", "checkbox", "table"];

#[test]
fn a_screen_reader_finds_a_name_for_each_image_switch_and_table() {
    let Some(mut browser) = Browser::start() else { return };
    let mut found = [0; NAMED.len()];
    for page in pages() {
        browser.open(&page.file);
        for lang in ["en", "it"] {
            browser.reads(lang);
            let tree = browser.ask("Accessibility.getFullAXTree", json!({}));
            let role = |node: &Value| NAMED.iter().position(|name| node["role"]["value"] == *name);
            for node in tree["nodes"].as_array().unwrap().iter().filter(|n| n["ignored"] == false) {
                let Some(role) = role(node) else { continue };
                found[role] += 1;
                let name = node["name"]["value"].as_str().unwrap_or_default();
                assert!(!name.trim().is_empty(), "{}, {lang}: {node:#}", page.name);
            }
        }
    }
    assert!(found.iter().all(|number| *number > 0), "{NAMED:?}: {found:?}");
}

//! How a page looks: legible in light and in dark, on a phone, from the last row, on paper.

use serde_json::json;

use crate::browser::Browser;
use crate::pages::{Page, pages};
use crate::tab::keep;

#[test]
fn every_text_stands_out_from_what_is_behind_it() {
    let Some(mut browser) = Browser::start() else { return };
    browser.is_wide(1000);
    for page in pages() {
        browser.open(&page.file);
        for lang in ["en", "it"] {
            browser.reads(lang);
            let papers = ["light", "dark"].map(|scheme| {
                browser.likes(scheme, "screen");
                let seen = browser.look("faint()");
                assert!(seen["looked"].as_u64().unwrap() > 20, "{seen}");
                assert_eq!(seen["faint"], json!([]), "{}, {lang}, {scheme}", page.name);
                browser.picture(&format!("{}-{lang}-{scheme}", page.name));
                browser.sees("getComputedStyle(document.documentElement).backgroundColor")
            });
            assert_ne!(papers[0], papers[1], "light is as dark");
        }
    }
}

#[test]
fn nothing_runs_out_of_the_window_at_a_side() {
    let Some(mut browser) = Browser::start() else { return };
    for page in pages() {
        browser.open(&page.file);
        for (width, large) in [(360, false), (360, true), (1280, true)] {
            browser.is_wide(width);
            browser.sees(&format!("document.getElementById('large').checked = {large}"));
            for lang in ["en", "it"] {
                browser.reads(lang);
                let seen = browser.look(&format!("overflowing({width})"));
                let whole = json!({ "page": width, "out": [] });
                assert_eq!(browser.look("touching()"), json!([]), "{}, {lang}, {width}", page.name);
                assert_eq!(seen, whole, "{}, {lang}, {width}, large: {large}", page.name);
                let size = if large { "large" } else { "small" };
                browser.picture(&format!("{}-{lang}-{width}-{size}", page.name));
            }
        }
    }
}

#[test]
fn on_paper_there_are_pages_and_no_switches() {
    let Some(mut browser) = Browser::start() else { return };
    for page in pages() {
        browser.open(&page.file);
        browser.likes("dark", "print");
        let switches = "[...document.querySelectorAll('input, label')]\
                        .map(e => getComputedStyle(e).display).filter(d => d !== 'none')";
        assert_eq!(browser.sees(switches), json!([]), "{}", page.name);
        let paper = browser.sees("getComputedStyle(document.documentElement).backgroundColor");
        assert_eq!(paper, "rgb(255, 255, 255)", "dark paper");
        browser.likes("", "");
        printed(&mut browser, page);
    }
}

fn printed(browser: &mut Browser, page: &Page) {
    let pdf = browser.prints();
    assert!(pdf.starts_with(b"%PDF-"));
    let leaf = b"/Type /Page\n";
    let leaves = pdf.windows(leaf.len()).filter(|bytes| bytes == leaf).count();
    assert!(leaves > 0, "{}: no page", page.name);
    keep(&format!("{}-{}.pdf", page.name, page.lang), &pdf);
}

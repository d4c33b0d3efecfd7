//! A page asks nobody for anything, and the browser has nothing to say against it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::pages::pages;
use crate::tab::address;

#[test]
fn nothing_is_loaded_but_the_page_and_nothing_is_said() {
    let Some(mut browser) = Browser::start() else { return };
    for page in pages() {
        browser.open(&page.file);
        for lang in ["it", "en"] {
            browser.reads(lang);
        }
        let spoke = browser.spoke();
        let [(method, request)] = &spoke[..] else { panic!("{}: {spoke:#?}", page.name) };
        assert_eq!(method, "Network.requestWillBeSent");
        assert_eq!(request["request"]["url"], address(&page.file));
    }
}

/// Else the silence above would prove nothing.
#[test]
fn what_a_page_must_not_do_is_stopped_and_heard() {
    let Some(mut browser) = Browser::start() else { return };
    let page = fs::read_to_string(&pages()[0].file).unwrap();
    let forbidden = [
        ("<p style=\"color: red\">", "style-src"),
        ("<script>document.title = 'ran'</script>", "script-src"),
        ("<img src=\"file:///nowhere.png\" alt=\"\">", "img-src"),
    ];
    for (at, (markup, directive)) in forbidden.into_iter().enumerate() {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("forbidden-{at}.html"));
        fs::write(&file, page.replacen("<h1>", &format!("{markup}<h1>"), 1)).unwrap();
        browser.open(&file);
        let spoke = format!("{:?}", browser.spoke());
        assert!(spoke.contains(directive), "{markup}: {spoke}");
        assert_ne!(browser.sees("document.title"), "ran");
    }
}

#[test]
fn nothing_of_the_browser_is_left() {
    let Some(browser) = Browser::start() else { return };
    let profile = browser.profile().to_owned();
    let mark = format!("--user-data-dir={}", profile.display());
    let living = || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        lines.filter(|line| String::from_utf8_lossy(line).contains(&mark)).count()
    };
    assert!(living() > 0);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _browser = browser;
        std::panic::resume_unwind(Box::new("a test fails"));
    }));
    assert!(panicked.is_err());
    // A helper that was killed with it takes a moment to be gone.
    let deadline = Instant::now() + Duration::from_secs(10);
    while living() > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((living(), profile.exists()), (0, false));
}

//! What somebody does at a tab: open a page, press keys, look at it in light, on a phone, on paper.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::browser::Browser;

/// Where pictures are kept, for whoever wants to look at them; nowhere if it is not set.
const SCREENSHOTS: &str = "PARLAB_SCREENSHOTS";
/// Said by the browser when a page did what it may not, or asked for something.
const SPEAKS: [&str; 4] = [
    "Log.entryAdded",
    "Runtime.consoleAPICalled",
    "Runtime.exceptionThrown",
    "Network.requestWillBeSent",
];
/// Run in every page: it tells of what its policy forbade only to who listens in it.
pub const LISTENS: &str = "document.addEventListener('securitypolicyviolation', \
                       v => console.error(v.violatedDirective, v.blockedURI, v.sample))";

impl Browser {
    /// Opens a page from the disk, and forgets the one before.
    #[track_caller]
    pub fn open(&mut self, page: &Path) {
        self.told();
        let opened = self.ask("Page.navigate", json!({ "url": address(page) }));
        assert!(opened["errorText"].is_null(), "{opened}");
        self.hears("Page.loadEventFired");
    }

    /// What it said or asked for since it was opened: the method, and what went with it.
    pub fn spoke(&mut self) -> Vec<(String, Value)> {
        // What came before this answer was said before it.
        self.sees("0");
        let method = |message: &Value| message["method"].as_str().unwrap_or_default().to_owned();
        let told = self.told().into_iter().map(|mut message| {
            let params = message["params"].take();
            (method(&message), params)
        });
        told.filter(|(method, _)| SPEAKS.contains(&method.as_str())).collect()
    }

    /// What an expression is worth in the page.
    #[track_caller]
    pub fn sees(&mut self, expression: &str) -> Value {
        let question = json!({ "expression": expression, "returnByValue": true });
        let mut answer = self.ask("Runtime.evaluate", question);
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].take()
    }

    /// Calls a function of `seeing.js`.
    #[track_caller]
    pub fn look(&mut self, function: &str) -> Value {
        // In a block, so that its names can be declared again.
        self.sees(&format!("{{ {}\n{function} }}", include_str!("seeing.js")))
    }

    /// Chooses this language as a mouse would.
    pub fn reads(&mut self, lang: &str) {
        self.sees(&format!("document.getElementById('{lang}').click()"));
    }

    /// Presses a key and lets it go.
    #[track_caller]
    pub fn presses(&mut self, key: &str) {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            " " => ("Space", 32, " "),
            "ArrowRight" => ("ArrowRight", 39, ""),
            "ArrowLeft" => ("ArrowLeft", 37, ""),
            other => panic!("what is {other:?}?"),
        };
        let mut press = json!({ "type": "keyDown", "key": key, "code": code, "text": text });
        press["windowsVirtualKeyCode"] = json!(number);
        self.ask("Input.dispatchKeyEvent", press.clone());
        press["type"] = json!("keyUp");
        self.ask("Input.dispatchKeyEvent", press);
    }

    /// Has the reader like it light or dark, and read on a `screen` or in `print`.
    pub fn likes(&mut self, scheme: &str, medium: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features }));
    }

    /// Makes the window so wide, in CSS pixels.
    pub fn is_wide(&mut self, width: u32) {
        let size = json!({
            "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// The page on A4, as PDF.
    pub fn prints(&mut self) -> Vec<u8> {
        let paper = json!({ "paperWidth": 8.27, "paperHeight": 11.69, "printBackground": false });
        let printed = self.ask("Page.printToPDF", paper);
        bytes(printed["data"].as_str().unwrap())
    }

    /// Keeps a picture of the whole page, where that is asked for.
    pub fn picture(&mut self, name: &str) {
        if std::env::var_os(SCREENSHOTS).is_some() {
            let whole = json!({ "captureBeyondViewport": true });
            let shot = self.ask("Page.captureScreenshot", whole);
            keep(&format!("{name}.png"), &bytes(shot["data"].as_str().unwrap()));
        }
    }
}

/// Keeps a file beside the pictures, where that is asked for.
pub fn keep(name: &str, content: &[u8]) {
    if let Some(folder) = std::env::var_os(SCREENSHOTS) {
        fs::create_dir_all(&folder).unwrap();
        fs::write(Path::new(&folder).join(name), content).unwrap();
    }
}

/// The address of a file, as a browser has it.
pub fn address(page: &Path) -> String {
    format!("file://{}", page.display().to_string().replace('%', "%25").replace(' ', "%20"))
}

/// What base64 says (RFC 4648, section 4).
fn bytes(base64: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{:?} in base64", char::from(other)),
    };
    let digits: Vec<u8> = base64.trim_end_matches('=').bytes().map(digit).collect();
    let group = |group: &[u8]| {
        let bits = (0..4).fold(0_u32, |bits, at| {
            bits << 6 | u32::from(group.get(at).copied().unwrap_or_default())
        });
        bits.to_be_bytes()[1..group.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}

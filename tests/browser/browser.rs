//! A Chromium without a window, spoken to over two pipes: started, asked, listened to, ended.
//!
//! Its descriptors 3 and 4 carry the messages of the DevTools Protocol, JSON ended by a NUL
//! (`--remote-debugging-pipe`): no port that another program could use, and when the tests are gone
//! the pipe is closed and the browser ends.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, Uid};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::tab::LISTENS;

/// No answer takes so long, unless it never comes.
const LIMIT: Duration = Duration::from_secs(60);
/// How long it may take to leave by itself.
const LEAVING: Duration = Duration::from_secs(10);
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Set to 1 where a browser must be there.
const NEEDED: &str = "PARLAB_NEEDS_BROWSER";

/// A browser with one tab.
pub struct Browser {
    program: Child,
    questions: ChildStdin,
    answers: ChildStdout,
    /// The beginning of a message whose end has not come.
    begun: Vec<u8>,
    asked: u64,
    /// The tab, once there is one.
    tab: Option<String>,
    /// What it told unasked, in order.
    told: Vec<Value>,
    /// All that it writes; gone with it.
    profile: TempDir,
}

impl Browser {
    /// A browser on an empty tab; none where none is installed, which is said.
    ///
    /// # Panics
    /// If it does not start, or is not there and `PARLAB_NEEDS_BROWSER=1`.
    pub fn start() -> Option<Browser> {
        let Some(program) = installed() else {
            let needed = std::env::var(NEEDED).is_ok_and(|value| value == "1");
            assert!(!needed, "none of {NAMES:?} is on the PATH, and {NEEDED}=1");
            let said = format!("no browser ({NAMES:?}) on the PATH: this test looked at nothing\n");
            io::stderr().write_all(said.as_bytes()).unwrap();
            return None;
        };
        let mut browser = Browser::spawn(&program);
        let tab = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": tab["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", attach)["sessionId"].clone();
        browser.tab = session.as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser.ask("Page.addScriptToEvaluateOnNewDocument", json!({ "source": LISTENS }));
        Some(browser)
    }

    fn spawn(program: &Path) -> Browser {
        let profile = tempfile::Builder::new().prefix("browser-of-parlab-").tempdir().unwrap();
        let data = profile.path().display();
        let mut command = Command::new("/bin/sh");
        // A child of Rust has pipes as its descriptors 0 and 1; a shell puts them where they belong.
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"]).arg(program);
        command.args(["--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"]);
        command.args(["--disable-background-networking", "--disable-component-update"]);
        command.args(["--disable-sync", "--disable-breakpad", "--hide-scrollbars"]);
        command.arg(format!("--user-data-dir={data}"));
        // It refuses to run as root otherwise; the only pages it opens here are parlab's.
        if Uid::effective().is_root() {
            command.arg("--no-sandbox");
        }
        let complaints = File::create(profile.path().join("stderr")).unwrap();
        command.env("HOME", profile.path()).env("TMPDIR", profile.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(complaints).process_group(0);
        let mut program = command.spawn().unwrap();
        Browser {
            questions: program.stdin.take().unwrap(),
            answers: program.stdout.take().unwrap(),
            program,
            begun: Vec::new(),
            asked: 0,
            tab: None,
            told: Vec::new(),
            profile,
        }
    }

    /// Calls a method of the protocol, and waits for what it gives.
    ///
    /// # Panics
    /// If it refuses, or does not answer.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let mut question = json!({ "id": self.asked, "method": method, "params": params });
        if let Some(tab) = &self.tab {
            question["sessionId"] = json!(tab);
        }
        let mut bytes = serde_json::to_vec(&question).unwrap();
        bytes.push(0);
        if let Err(error) = self.questions.write_all(&bytes) {
            panic!("{method}: {error}\n{}", self.complaints());
        }
        let deadline = Instant::now() + LIMIT;
        loop {
            let mut message = self.message(method, deadline);
            if message["id"] == self.asked {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.told.push(message);
        }
    }

    /// Waits until it tells this unasked.
    #[track_caller]
    pub fn hears(&mut self, method: &str) {
        let deadline = Instant::now() + LIMIT;
        while !self.told.iter().any(|message| message["method"] == method) {
            let message = self.message(method, deadline);
            self.told.push(message);
        }
    }

    /// Takes what it told unasked until now.
    pub fn told(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.told)
    }

    /// Where all that it writes stands.
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    #[track_caller]
    fn message(&mut self, awaited: &str, deadline: Instant) -> Value {
        loop {
            if let Some(end) = self.begun.iter().position(|byte| *byte == 0) {
                let message: Vec<u8> = self.begun.drain(..=end).collect();
                return serde_json::from_slice(&message[..end]).unwrap();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let left = PollTimeout::try_from(left).unwrap();
            let ready = poll(&mut [PollFd::new(self.answers.as_fd(), PollFlags::POLLIN)], left);
            assert!(ready.unwrap() > 0, "no {awaited}\n{}", self.complaints());
            let mut bytes = [0; 1 << 16];
            let length = self.answers.read(&mut bytes).unwrap();
            assert!(length > 0, "it ended before {awaited}\n{}", self.complaints());
            self.begun.extend_from_slice(&bytes[..length]);
        }
    }

    fn complaints(&self) -> String {
        fs::read_to_string(self.profile.path().join("stderr")).unwrap_or_default()
    }
}

impl Drop for Browser {
    /// It is asked to leave, so that it takes its helpers along, and made to if it does not.
    fn drop(&mut self) {
        let _ = self.questions.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let deadline = Instant::now() + LEAVING;
        while let Ok(None) = self.program.try_wait()
            && Instant::now() < deadline
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = killpg(Pid::from_raw(self.program.id() as i32), Signal::SIGKILL);
        let _ = self.program.wait();
    }
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let all = |name| std::env::split_paths(&path).map(move |folder| folder.join(name));
    NAMES.iter().flat_map(all).find(|program| program.is_file())
}

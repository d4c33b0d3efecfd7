//! The pages that are opened: made by the program itself, once, with as little work as shows all.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Name, language in which it opens, and what is typed.
const TYPED: &[(&str, &str, &str)] = &[
    (
        "lesson-lock",
        "en",
        "lesson lock --yes --runs 2 --iterations 2000 --part core,price,chaos --no-python",
    ),
    ("lesson-process", "it", "lesson process --yes --runs 2 --n 4 --part all --no-python"),
    ("compare-lock", "it", "compare lock --runs 40 --iterations 200 --no-python"),
    ("compare-pool", "en", "compare pool --runs 2 --n 4 --no-python"),
    ("explore-lock", "en", "explore lock --free-runs 5"),
    ("explore-two-locks", "it", "explore two-locks"),
];

/// A page on the disk.
pub struct Page {
    pub name: &'static str,
    /// In which language it opens.
    pub lang: &'static str,
    pub file: PathBuf,
}

/// All of them.
///
/// # Panics
/// If the program does not make one.
pub fn pages() -> &'static [Page] {
    static PAGES: OnceLock<Vec<Page>> = OnceLock::new();
    PAGES.get_or_init(|| TYPED.iter().map(|(name, lang, typed)| made(name, lang, typed)).collect())
}

fn made(name: &'static str, lang: &'static str, typed: &str) -> Page {
    // Cargo's own folder for what tests write: it stays with what was built.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages of the browser");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.html"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlab"));
    command.args(typed.split(' ')).args(["--lang", lang]);
    command.args(["--force", "--export"]).arg(&file);
    let done = command.stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{typed}: {}", String::from_utf8_lossy(&done.stderr));
    Page { name, lang, file }
}

//! The experiment `reach`: a program that was started by itself uses a list of another one's manager,
//! by a socket in the file system and by a port on the loopback.
//!
//! It inherits nothing: it is this program started anew, and is told an address, a file with the key,
//! and the name of the list. What it measured it leaves in the manager as well.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use crate::event::Run;
use crate::experiments::lab::{Lab, Variant};
use crate::experiments::rounds;
use crate::experiments::workers::finish;
use crate::mp::manager::{Address, AuthKey, Client, Limits, ListProxy, Manager, ValueProxy};
use crate::mp::{Process, sys};
use crate::stats;

/// Figures of each variant: the median time of a call, and whether the stranger was another program.
pub const FIGURES: &[&str] = &["call_s", "length", "address"];

/// The function that the stranger runs, by name.
pub const STRANGER: &str = "manager.stranger";

/// What the stranger is told.
type Told = (String, PathBuf, u32);

/// The experiment `reach`.
pub fn run(lab: &mut Lab) -> Result<()> {
    let variants = lab.variants()?;
    let directory = lab.scratch().context("the run's private directory")?.to_path_buf();
    let key = directory.join("authkey");
    write_key(&key)?;
    let mut managers = BTreeMap::new();
    for variant in &variants {
        let address = match variant.base {
            "unix" => Address::Unix(directory.join("reach")),
            _ => Address::Tcp(([127, 0, 0, 1], 0).into()),
        };
        let manager = Manager::serve(&address, AuthKey::from_file(&key)?, Limits::default())?;
        managers.insert(variant.base, manager);
    }
    lab.expect_steps(variants.len() as u64 * (u64::from(lab.runs()) + 1));
    let mut lengths = BTreeMap::new();
    let runs = rounds::interleave(lab, &variants, |lab, variant, index| {
        let (run, length) = stranger(lab, &managers[variant.base], &key)?;
        lengths.insert(variant.base, length);
        Ok(Some(lab.entitle(run, variant, index)))
    })?;
    for variant in &variants {
        let times: Vec<f64> = of(&runs, variant).collect();
        let call = stats::median(&times).map(|time| time / f64::from(lab.n()));
        let figures = [
            ("call_s", json!(call)),
            ("length", json!(lengths.get(variant.base))),
            ("address", json!(kind_and_place(managers[variant.base].address()))),
        ];
        lab.measure(Some(&variant.name), figures)?;
    }
    lab.summarize(&variants, &runs)
}

fn of<'a>(runs: &'a [Run], variant: &'a Variant) -> impl Iterator<Item = f64> + 'a {
    runs.iter().filter(|run| run.variant == variant.name).filter_map(|run| run.time_s)
}

/// A port as it is; of a path its last part, as the private directory is nobody's business.
fn kind_and_place(address: &Address) -> String {
    match address {
        Address::Unix(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        Address::Tcp(address) => address.to_string(),
    }
}

/// A new key, in a file that nobody else can read at any moment.
fn write_key(path: &Path) -> Result<()> {
    let what = "the file with the key";
    let mut key = [0; 32];
    sys::random(&mut key).context(what)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&key).context(what)
}

/// One run: the stranger's time, and the length of the list as this process sees it then.
fn stranger(lab: &Lab, manager: &Manager, key: &Path) -> Result<(Run, usize)> {
    let numbers: ListProxy<u32> = manager.named("numbers")?;
    numbers.clear()?;
    let told: Told = (manager.address().to_string(), key.to_path_buf(), lab.n());
    let mut process = Process::spawned("stranger", STRANGER, &told)?;
    process.start()?;
    finish(&mut process)?;
    let time: ValueProxy<u64> = manager.named("time_ns")?;
    let length = numbers.len()?;
    let run = Run {
        time_s: Some(time.get()? as f64 / 1e9),
        expected: Some(i64::from(lab.n())),
        got: Some(length as i64),
        correct: Some(length == lab.n() as usize),
        ..Run::default()
    };
    Ok((run, length))
}

/// In the stranger.
pub fn spawned((address, key, n): Told) {
    append(&address, &key, n).unwrap_or_else(|error| panic!("{error:#}"));
}

fn append(address: &str, key: &Path, n: u32) -> Result<()> {
    let address: Address = address.parse()?;
    // region: stranger
    let manager = Client::connect(&address, AuthKey::from_file(key)?)?;
    let numbers: ListProxy<u32> = manager.named("numbers")?;
    let began = sys::now_ns();
    for number in 0..n {
        numbers.append(&number)?;
    }
    // endregion
    let time: ValueProxy<u64> = manager.named("time_ns")?;
    time.set(&(sys::now_ns() - began))?;
    Ok(())
}

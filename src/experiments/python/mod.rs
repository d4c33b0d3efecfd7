//! Python peers: the same experiment in Python, run on the reader's own interpreters.
//!
//! A peer is one process a run. It is written into the run's private directory
//! (spawn and forkserver import the file again, so `-c` and stdin would break
//! them), started as `python3 -I -B FILE ARGUMENTS` without the `PYTHON*` variables,
//! and prints JSON lines. What it does is bounded twice: it sets an alarm for
//! itself, and is killed from here when its time is over. A Python that is not
//! there, does not start, is not a Python, fails or hangs costs one line, never
//! the experiment.

mod bounded;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use crate::event::{Event, Python, PythonFault, Run};

use self::bounded::Said;
use super::failure::Failure;
use super::lab::{Lab, Variant};

/// How long an interpreter may take to say what it is.
const PROBE_BOUND: Duration = Duration::from_secs(5);
/// How long one run of a peer may take.
const RUN_BOUND: Duration = Duration::from_secs(10);

/// What the peers need of a Python: f-strings and `mp.get_context`.
const OLDEST: (u32, u32) = (3, 6);

/// Makes it print one JSON line: which Python it is, and where.
const PROBE: &str = "import sys, json; print(json.dumps({'version': '.'.join(map(str, \
    sys.version_info[:3])), 'gil': getattr(sys, '_is_gil_enabled', lambda: True)(), \
    'executable': sys.executable}))";

/// The same question for one that does not take `-I` (new in Python 3.4) or has no json: only its
/// version, and nothing imported that might not be there.
const WHICH_VERSION: &str = "import sys; sys.stdout.write('%d.%d.%d' % sys.version_info[:3])";

/// An interpreter that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// First part of its variants' names: `python`, or `python3.9` where several run.
    pub column: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its version, as `3.11.2`.
    pub version: String,
    /// Whether its GIL is on.
    pub gil: bool,
    /// Whether it failed or hung since: it is not asked again, and was told once.
    pub failed: bool,
}

/// Finds the interpreters that were asked for: `auto` is the first python3 on the
/// PATH, `all` every python3 and python3.N there, `none` none, all else a path.
/// Gives those that answered, each once under however many names, and a report for
/// each, usable or not.
pub fn find(asked: &[String]) -> (Vec<Interpreter>, Vec<Python>) {
    let mut found: Vec<Interpreter> = Vec::new();
    let mut reports = Vec::new();
    // Only the interpreter itself can tell that two scripts lead to it, as a version manager's do.
    let mut seen = BTreeSet::new();
    for path in candidates(asked, &mut reports) {
        match probe(&path) {
            Ok(interpreter) if !seen.insert(without_links(&interpreter.path)) => {}
            Ok(interpreter) => {
                reports.push(report(&interpreter, None, None));
                found.push(interpreter);
            }
            Err((fault, detail)) => reports.push(Python {
                path: Some(path.display().to_string()),
                version: None,
                gil: None,
                fault: Some(fault),
                detail,
            }),
        }
    }
    name_columns(&mut found);
    (found, reports)
}

fn candidates(asked: &[String], reports: &mut Vec<Python>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for one in asked {
        match one.as_str() {
            "none" => {}
            "auto" => paths.extend(on_path(|name| name == "python3").into_iter().take(1)),
            "all" => paths.extend(on_path(is_python3)),
            path => paths.push(PathBuf::from(path)),
        }
    }
    if paths.is_empty() && asked.iter().any(|one| one != "none") {
        reports.push(Python {
            path: None,
            version: None,
            gil: None,
            fault: Some(PythonFault::NotFound),
            detail: None,
        });
    }
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(without_links(path)));
    paths
}

fn without_links(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// `python3`, `python3.9`, `python3.13t`; not `python3-config`.
fn is_python3(name: &str) -> bool {
    name == "python3" || minor(name).is_some()
}

/// The 13 of `python3.13` and of `python3.13t`.
fn minor(name: &str) -> Option<u32> {
    let minor = name.strip_prefix("python3.")?;
    let digits = minor.strip_suffix('t').unwrap_or(minor);
    // `parse` alone would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Executable files on the PATH whose names are wanted, in the PATH's order; in one directory the
/// plain `python3` first, then by version.
fn on_path(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = Vec::new();
    for directory in std::env::split_paths(&path) {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        let mut here: Vec<PathBuf> = (entries.flatten())
            .filter(|entry| entry.file_name().to_str().is_some_and(&wanted))
            .map(|entry| entry.path())
            .filter(|path| is_executable(path))
            .collect();
        here.sort_by_cached_key(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (minor(&name), name)
        });
        found.extend(here);
    }
    found
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// One alone is `python`; of several each has its minor version in its name, or all of its version
/// where two share the minor one, or a number where two share all of it.
fn name_columns(found: &mut [Interpreter]) {
    if found.len() < 2 {
        return;
    }
    let threads = |of: &Interpreter| if of.gil { "" } else { "t" };
    let short = |of: &Interpreter| {
        let minor = of.version.rsplit_once('.').map_or("3", |(minor, _)| minor);
        format!("python{minor}{}", threads(of))
    };
    let full = |of: &Interpreter| format!("python{}{}", of.version, threads(of));
    let shorts: Vec<String> = found.iter().map(short).collect();
    let fulls: Vec<String> = found.iter().map(full).collect();
    for (index, interpreter) in found.iter_mut().enumerate() {
        let shared = |names: &[String]| names.iter().filter(|n| **n == names[index]).count() > 1;
        let before = fulls[..index].iter().filter(|name| **name == fulls[index]).count();
        interpreter.column = match before {
            _ if !shared(&shorts) => shorts[index].clone(),
            0 => fulls[index].clone(),
            before => format!("{}-{}", fulls[index], before + 1),
        };
    }
}

#[derive(Deserialize)]
struct Probe {
    version: String,
    gil: bool,
    executable: Option<PathBuf>,
}

type Fault = (PythonFault, Option<String>);

fn probe(path: &Path) -> Result<Interpreter, Fault> {
    if path.is_dir() {
        // To execute one is "permission denied", which leads nobody to the fault.
        let error = std::io::Error::from_raw_os_error(libc::EISDIR);
        return Err((PythonFault::NotStarted, Some(error.to_string())));
    }
    let mut command = bare(path);
    command.args(["-I", "-B", "-c", PROBE]);
    let said = ask(command, PROBE_BOUND)?;
    let answer: Probe = (said.stdout.lines().last())
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| match said.status.success() {
            true => (PythonFault::NotPython, first_line(&said.stdout)),
            false => older(path)
                .map(|version| (PythonFault::WrongVersion, Some(version)))
                .unwrap_or_else(|| (PythonFault::Failed, Some(said.complaint()))),
        })?;
    if is_unfit(&answer.version) {
        return Err((PythonFault::WrongVersion, Some(answer.version)));
    }
    // A version manager's `python3` is a script that looks for the real one each time.
    let itself = answer.executable.filter(|path| is_executable(path));
    Ok(Interpreter {
        column: "python".to_string(),
        path: itself.unwrap_or_else(|| path.to_path_buf()),
        version: answer.version,
        gil: answer.gil,
        failed: false,
    })
}

/// The version of one that failed because it is too old for the question.
fn older(path: &Path) -> Option<String> {
    let mut command = bare(path);
    command.args(["-E", "-c", WHICH_VERSION]);
    let said = ask(command, PROBE_BOUND).ok().filter(|said| said.status.success())?;
    let is_version = said.stdout.split('.').all(|part| part.parse::<u32>().is_ok());
    (is_version && is_unfit(&said.stdout)).then_some(said.stdout)
}

/// Whether the peers cannot run on this version.
fn is_unfit(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    version < OLDEST || version.0 > 3
}

fn report(of: &Interpreter, fault: Option<PythonFault>, detail: Option<String>) -> Python {
    Python {
        path: Some(of.path.display().to_string()),
        version: Some(of.version.clone()),
        gil: Some(of.gil),
        fault,
        detail,
    }
}

/// The line that a peer prints for one run; a peer may say more beside it.
#[derive(Debug, Clone, Deserialize)]
pub struct PeerRun {
    time_s: f64,
    expected: Option<i64>,
    got: Option<i64>,
    overlap: Option<f64>,
    cpus: Option<Vec<usize>>,
    start_method: Option<String>,
}

/// One run of the lesson's peer: `peer.py WHAT ARGUMENTS…`, told as a run of `variant`.
/// `None` where the peer failed or hung; an event says so.
///
/// # Errors
/// When events cannot be sent.
pub fn run(
    lab: &mut Lab,
    variant: &Variant,
    index: u32,
    arguments: &[String],
) -> Result<Option<Run>> {
    let Some(said) = call::<PeerRun>(lab, variant, arguments)? else {
        return Ok(None);
    };
    Ok(Some(said.told(lab, variant, index)))
}

impl PeerRun {
    /// As the event of a run of `variant`, which is a peer's.
    pub fn told(self, lab: &Lab, variant: &Variant, index: u32) -> Run {
        let interpreter = &lab.pythons[variant.python.expect("a peer's variant")];
        Run {
            experiment: lab.experiment(),
            variant: variant.name.clone(),
            index,
            time_s: Some(self.time_s),
            expected: self.expected,
            got: self.got,
            correct: self.expected.map(|e| Some(e) == self.got),
            overlap: self.overlap,
            cpus: self.cpus,
            python: Some(interpreter.version.clone()),
            start_method: self.start_method,
            gil: Some(interpreter.gil),
            ..Run::default()
        }
    }
}

/// Runs the lesson's peer once and gives the last line it printed, typed; `None`
/// where it failed or hung; an event says so.
///
/// # Errors
/// As [`run`].
pub fn call<T: for<'de> Deserialize<'de>>(
    lab: &mut Lab,
    variant: &Variant,
    arguments: &[String],
) -> Result<Option<T>> {
    let which = variant.python.expect("a peer's variant");
    let interpreter = lab.pythons[which].clone();
    if interpreter.failed {
        return Ok(None);
    }
    let script = match script(lab) {
        Ok(script) => script,
        Err(error) => {
            return give_up(lab, which, (PythonFault::NoScratch, Some(error.to_string())));
        }
    };
    let mut command = bare(&interpreter.path);
    command.args(["-I", "-B"]).arg(&script).args(arguments);
    let fault = match ask(command, RUN_BOUND) {
        Ok(said) if !said.status.success() => (PythonFault::Failed, Some(said.complaint())),
        Ok(said) => {
            let last = said.stdout.lines().last().unwrap_or_default();
            match serde_json::from_str(last) {
                Ok(answer) => return Ok(Some(answer)),
                Err(_) => (PythonFault::NotPython, first_line(&said.stdout)),
            }
        }
        Err(fault) => fault,
    };
    give_up(lab, which, fault)
}

/// Tells why an interpreter is used no more.
fn give_up<T>(lab: &mut Lab, which: usize, (fault, detail): Fault) -> Result<Option<T>> {
    lab.pythons[which].failed = true;
    let told = report(&lab.pythons[which], Some(fault), detail);
    lab.emit(&Event::Python(told))?;
    Ok(None)
}

/// The peer as a file in the run's private directory.
fn script(lab: &mut Lab) -> Result<PathBuf, Failure> {
    let source = lab.peer();
    let script = lab.scratch()?.join("peer.py");
    if !script.exists() {
        fs::write(&script, source).map_err(|error| {
            // What a full disk took of it must not run as the whole for the next interpreter.
            let _ = fs::remove_file(&script);
            Failure::scratch(error)
        })?;
    }
    Ok(script)
}

/// A command without what the reader's shell says to their Python.
fn bare(path: &Path) -> Command {
    let mut command = Command::new(path);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| n.starts_with("PYTHON")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a Python to its end; one that does not start or does not end is at fault.
fn ask(command: Command, bound: Duration) -> Result<Said, Fault> {
    match bounded::run(command, bound) {
        Ok(Some(said)) => Ok(said),
        Ok(None) => Err((PythonFault::Hung, Some(format!("{} s", bound.as_secs())))),
        Err(error) => Err((PythonFault::NotStarted, Some(error.to_string()))),
    }
}

fn first_line(text: &str) -> Option<String> {
    text.lines().next().map(bounded::beginning)
}

//! What a child costs, made and joined one by one: forked and spawned.
//!
//! Beside it stand the bare calls, `fork` and `posix_spawn` with `wait4`: what ours adds is a page
//! for the text of a panic, a pidfd, signals that are held back over the fork, and a child that dies
//! with its parent. And Python's Process, measured from inside, after its interpreter has started.

mod paired;
mod peer;

use std::ffi::CString;
use std::process::ExitCode;
use std::ptr;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use paired::Report;
use parlab::mp::Process;
use parlab::mp::process::spawn::{self, Function};
use peer::{Peer, Script};
use serde::Deserialize;

const ROUNDS: u32 = 41;
const ROUNDS_OF_PYTHON: u32 = 11;
/// Children of each round.
const FORKED: u32 = 100;
const SPAWNED: u32 = 20;
const SPAWNED_BY_PYTHON: u32 = 3;

/// First word of this program when it is started to do nothing.
const NOTHING: &str = "__nothing";

const PYTHON: &str = r#"
import json, multiprocessing, sys, time

def nothing():
    pass

if __name__ == "__main__":
    method, count = sys.argv[1], int(sys.argv[2])
    context = multiprocessing.get_context(method)
    began = time.perf_counter()
    for _ in range(count):
        child = context.Process(target=nothing)
        child.start()
        child.join()
    print(json.dumps({"each_s": (time.perf_counter() - began) / count}))
"#;

fn main() -> ExitCode {
    // As a spawned child of either kind this program does nothing, and does it at once.
    if let Some(code) = spawn::main(&[Function::new("nothing", |(): ()| ())]) {
        return code;
    }
    if std::env::args().nth(1).is_some_and(|word| word == NOTHING) {
        return ExitCode::SUCCESS;
    }
    match paired::bench("A child: made and joined, one by one", measure) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[allow(clippy::print_stderr, reason = "a bench is its own program: nobody's JSON is near")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("Error: {error:?}");
    ExitCode::FAILURE
}

fn measure(report: &mut Report) -> Result<()> {
    let forked = || each(FORKED, || joined(Process::new("child", || ())));
    let spawned = || each(SPAWNED, || joined(Process::spawned("child", "nothing", &())?));
    let pairs = paired::rounds(ROUNDS, forked, || each(FORKED, bare_fork))?;
    report.at_most("fork, against bare fork and wait4", &pairs, 1.5);
    let pairs = paired::rounds(ROUNDS, spawned, || each(SPAWNED, bare_spawn))?;
    report.at_most("spawn, against posix_spawn of the same program", &pairs, 1.5);
    let Some(peer) = Peer::find() else {
        report.note("Python: left out, no python3 that works is on the PATH");
        return Ok(());
    };
    report.note(format!("theirs, where it is Python: {}", peer.version()));
    let script = Script::new(PYTHON)?;
    let python = |method: &str, count: u32| {
        let told: Told = peer.run_script(&script, &[method, &count.to_string()])?;
        Ok(told.each_s)
    };
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, forked, || python("fork", FORKED))?;
    report.times_faster("fork, against Python's", &pairs, 7.0);
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, spawned, || python("spawn", SPAWNED_BY_PYTHON))?;
    report.times_faster("spawn, against Python's", &pairs, 20.0);
    Ok(())
}

#[derive(Deserialize)]
struct Told {
    each_s: f64,
}

/// Seconds for each of `count` children.
fn each(count: u32, child: impl Fn() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    for _ in 0..count {
        child()?;
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(count))
}

fn joined(mut child: Process<'_>) -> Result<()> {
    child.start()?;
    let exit = child.join()?;
    ensure!(exit.success(), "a child ended with {exit}: {:?}", child.panic_message());
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "what ours is measured against")]
fn bare_fork() -> Result<()> {
    // SAFETY: the child calls `_exit` and nothing else, which it may in any state of the parent.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: ends this process, whatever it holds.
        unsafe { libc::_exit(0) };
    }
    reaped(pid)
}

fn bare_spawn() -> Result<()> {
    let path = c"/proc/self/exe";
    let words = [c"nothing".to_owned(), CString::new(NOTHING)?];
    let argv = [words[0].as_ptr().cast_mut(), words[1].as_ptr().cast_mut(), ptr::null_mut()];
    let mut pid = 0;
    // SAFETY: all pointers are to strings and to an array that ends with null, alive over the call;
    // file actions and attributes may be null; `environ` is not changed by anyone meanwhile.
    let code = unsafe {
        let (path, argv) = (path.as_ptr(), argv.as_ptr());
        libc::posix_spawn(&mut pid, path, ptr::null(), ptr::null(), argv, environ.cast_const())
    };
    ensure!(code == 0, "posix_spawn: {}", std::io::Error::from_raw_os_error(code));
    reaped(pid)
}

unsafe extern "C" {
    /// The environment of this process (environ(7)).
    static environ: *mut *mut libc::c_char;
}

fn reaped(pid: i32) -> Result<()> {
    let mut status = 0;
    // SAFETY: `status` lives over the call; the usage may be null.
    let answer = unsafe { libc::wait4(pid, &mut status, 0, ptr::null_mut()) };
    ensure!(answer == pid, "{}", std::io::Error::last_os_error());
    (status == 0).then_some(()).with_context(|| format!("a bare child ended with status {status}"))
}

//! What a thread costs, made and joined one by one: a scoped one, as the experiments start them.
//!
//! Beside it stand the bare calls, `pthread_create` with `pthread_join`, and the standard library's
//! thread: each thread of Rust has a place for its panic and a stack of its own on which an overflow
//! is told (sigaltstack(2)), and a scope keeps account of those that it must join. And a message through a channel between two threads,
//! beside Python's `queue.Queue`, measured from inside.

mod paired;
mod peer;

use std::mem::MaybeUninit;
use std::ptr;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use crossbeam::channel::bounded;
use crossbeam::thread;
use paired::Report;
use peer::{Peer, Script};
use serde::Deserialize;

const ROUNDS: u32 = 41;
const ROUNDS_OF_PYTHON: u32 = 11;
/// Threads of each round.
const THREADS: u32 = 200;
/// Messages of each round, and how many fit at once.
const MESSAGES: u32 = 100_000;
const MESSAGES_OF_PYTHON: u32 = 10_000;
const CAPACITY: usize = 100;

const PYTHON: &str = r#"
import json, queue, sys, threading, time

def nothing():
    pass

def send(channel, count):
    for message in range(count):
        channel.put(message)

if __name__ == "__main__":
    what, count = sys.argv[1], int(sys.argv[2])
    if what == "threads":
        began = time.perf_counter()
        for _ in range(count):
            thread = threading.Thread(target=nothing)
            thread.start()
            thread.join()
    else:
        channel = queue.Queue(100)
        sender = threading.Thread(target=send, args=(channel, count))
        began = time.perf_counter()
        sender.start()
        for _ in range(count):
            channel.get()
        sender.join()
    print(json.dumps({"each_s": (time.perf_counter() - began) / count}))
"#;

fn main() -> Result<()> {
    paired::bench("A thread: made and joined; a message between two", measure)
}

fn measure(report: &mut Report) -> Result<()> {
    let pairs = paired::rounds(ROUNDS, scoped, bare)?;
    report.at_most("scoped thread, against bare pthread", &pairs, 1.2);
    let pairs = paired::rounds(ROUNDS, scoped, of_std)?;
    report.at_most("scoped thread, against std's", &pairs, 1.2);
    let Some(peer) = Peer::find() else {
        report.note("Python: left out, no python3 that works is on the PATH");
        return Ok(());
    };
    report.note(format!("theirs, where it is Python: {}", peer.version()));
    let script = Script::new(PYTHON)?;
    let python = |what: &str, count: u32| {
        let told: Told = peer.run_script(&script, &[what, &count.to_string()])?;
        Ok(told.each_s)
    };
    let pairs = paired::rounds(ROUNDS_OF_PYTHON, scoped, || python("threads", THREADS))?;
    report.times_faster("scoped thread, against Python's", &pairs, 1.5);
    let pairs =
        paired::rounds(ROUNDS_OF_PYTHON, message, || python("messages", MESSAGES_OF_PYTHON))?;
    report.times_faster("message in a channel, against queue.Queue", &pairs, 3.0);
    Ok(())
}

#[derive(Deserialize)]
struct Told {
    each_s: f64,
}

/// Seconds for each of [`THREADS`] scoped threads, one after the other.
fn scoped() -> Result<f64> {
    let ended = thread::scope(|scope| {
        each(|| scope.builder().spawn(|_| ())?.join().map_err(|_| anyhow!("it panicked")))
    });
    ended.map_err(|_| anyhow!("a thread that does nothing panicked"))?
}

/// The same with the standard library's, which stand under the scoped ones.
fn of_std() -> Result<f64> {
    each(|| {
        let thread = std::thread::Builder::new().spawn(|| ())?;
        thread.join().map_err(|_| anyhow!("it panicked"))
    })
}

/// The same with the bare calls.
fn bare() -> Result<f64> {
    extern "C" fn nothing(_: *mut libc::c_void) -> *mut libc::c_void {
        ptr::null_mut()
    }
    each(|| {
        let mut thread = MaybeUninit::uninit();
        // SAFETY: null attributes are the defaults; the function takes no argument and touches
        // nothing.
        let code = unsafe {
            libc::pthread_create(thread.as_mut_ptr(), ptr::null(), nothing, ptr::null_mut())
        };
        ensure!(code == 0, "pthread_create: {}", std::io::Error::from_raw_os_error(code));
        // SAFETY: the thread was made above, and is joined once; its result may be left out.
        let code = unsafe { libc::pthread_join(thread.assume_init(), ptr::null_mut()) };
        ensure!(code == 0, "pthread_join: {}", std::io::Error::from_raw_os_error(code));
        Ok(())
    })
}

/// Seconds for each of [`THREADS`], made and joined by `thread`.
fn each(thread: impl Fn() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    for _ in 0..THREADS {
        thread()?;
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(THREADS))
}

/// Seconds for each of [`MESSAGES`] from one thread to another.
fn message() -> Result<f64> {
    let (sender, receiver) = bounded(CAPACITY);
    let began = Instant::now();
    let received = thread::scope(|scope| {
        scope.spawn(move |_| (0..MESSAGES).try_for_each(|message| sender.send(message)));
        receiver.iter().count()
    });
    let took = began.elapsed().as_secs_f64();
    ensure!(received.is_ok_and(|count| count == MESSAGES as usize), "messages were lost");
    Ok(took / f64::from(MESSAGES))
}

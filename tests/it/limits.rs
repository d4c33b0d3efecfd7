//! Little of everything: processes, descriptors, memory. Each run works or fails with one
//! clear message; none crashes, hangs or leaves anything.

use parlab::event::{ErrorKind, Event};

use crate::done::Done;
use crate::family::{is_root, skip};
use crate::parlab::Parlab;

const SMALL: [&str; 4] = ["--only", "unlocked", "--runs", "1"];

/// Holds that a run worked or failed as it should; whether it worked.
#[track_caller]
fn works_or_says(done: &Done, kind: ErrorKind) -> bool {
    let stderr = done.stderr().to_string();
    match done.exit() {
        Some(0) => {
            assert!(stderr.is_empty(), "{done}");
            assert!(matches!(done.events().last(), Some(Event::End(_))), "{done}");
            true
        }
        Some(1) if done.stdout().is_empty() => {
            // Not even a session could be opened: a message for a human being.
            assert!(stderr.starts_with("parlab: "), "{done}");
            false
        }
        Some(1) => {
            let kinds: Vec<ErrorKind> = done.errors().iter().map(|error| error.kind).collect();
            assert_eq!(kinds, [kind], "{done}");
            assert!(stderr.is_empty(), "{done}");
            false
        }
        _ => panic!("{done}"),
    }
}

#[test]
fn few_descriptors_are_enough_or_are_told() {
    let worked: Vec<bool> = (4..=20)
        .map(|most| {
            let done = Parlab::compare(SMALL).after(&format!("ulimit -n {most}")).run();
            works_or_says(&done, ErrorKind::DescriptorLimit)
        })
        .collect();
    assert!(!worked[0] && worked[16], "the limits tried show nothing: {worked:?}");
    assert!(worked.is_sorted(), "more allowed and less done: {worked:?}");
}

#[test]
fn few_descriptors_cost_a_python_at_most_itself() {
    let python = "case \"$3\" in -c) echo '{\"version\": \"3.11.2\", \"gil\": true}' ;; \
        *) echo '{\"time_s\": 0.001, \"expected\": 100, \"got\": 100}' ;; esac";
    for most in 8..=24 {
        let only = ["--only", "local,python-locked", "--runs", "1"];
        let run = Parlab::compare(only).python(python).after(&format!("ulimit -n {most}"));
        works_or_says(&run.run(), ErrorKind::DescriptorLimit);
    }
}

#[test]
fn little_memory_is_enough_or_is_told() {
    let reach = |kilobytes: u32| {
        let run = Parlab::compare(SMALL).after(&format!("ulimit -v {kilobytes}"));
        let done = run.run().any_stdout();
        match before_our_code(&done) {
            true => None,
            false => Some(works_or_says(&done, ErrorKind::OutOfMemory)),
        }
    };
    // The program itself has to fit: where that begins depends on its size.
    let enough = (12_000..80_000).step_by(1_000).find(|&limit| reach(limit) == Some(true));
    let enough = enough.expect("some limit is enough");
    let reached: Vec<_> = (enough - 4_000..=enough + 1_000).step_by(50).map(reach).collect();
    // Once it has worked, more memory never crashes it. (Below, where the system happens to
    // map things decides how far it comes.)
    let mut after = reached.iter().skip_while(|r| **r != Some(true));
    assert!(after.all(Option::is_some), "{reached:?}");
    assert_eq!(reached.last(), Some(&Some(true)), "the limits tried are too small: {reached:?}");
}

/// Whether the program was ended before its own code could do anything about it: by the
/// kernel or the loader, which could not map it, or by the first allocations of the
/// standard library's start, which have nobody to turn to.
fn before_our_code(done: &Done) -> bool {
    let said = done.stderr();
    let loader = done.exit() == Some(127) && said.contains("shared libraries");
    let known = ["memory allocation of", "failed to allocate an alternative stack"];
    let start = said.is_empty() || known.iter().any(|words| said.contains(words));
    loader || done.exit().is_none() && done.stdout().is_empty() && start
}

#[test]
fn a_loop_too_long_for_the_memory_is_told() {
    let args = ["--only", "unlocked", "--runs", "1", "--iterations", "16777215"];
    let done = Parlab::compare(args).after("ulimit -v 60000").run();
    assert!(!works_or_says(&done, ErrorKind::OutOfMemory), "it has no ledger: {done}");
}

#[test]
fn few_processes_are_enough_or_are_told() {
    let prlimit = "/usr/bin/prlimit";
    if !std::path::Path::new(prlimit).exists() {
        return skip("few_processes_are_enough_or_are_told", "there is no prlimit(1)");
    }
    if !is_root() {
        // All that this user runs counts: one more is one too many.
        let done = Parlab::compare(SMALL).under([prlimit, "--nproc=1"]).run();
        assert!(!works_or_says(&done, ErrorKind::ProcessLimit));
        return;
    }
    let setpriv = "/usr/bin/setpriv";
    if !std::path::Path::new(setpriv).exists() {
        return skip("few_processes_are_enough_or_are_told", "there is no setpriv(1)");
    }
    let mut worked = Vec::new();
    for most in 1..=8 {
        // A user that has no other process.
        let id = 64_000 + most;
        let [uid, gid] = ["reuid", "regid"].map(|name| format!("--{name}={id}"));
        let nproc = format!("--nproc={most}");
        let run = Parlab::compare(SMALL).copied();
        let run = run.under([prlimit, &nproc, setpriv, &uid, &gid, "--clear-groups"]);
        worked.push(works_or_says(&run.run(), ErrorKind::ProcessLimit));
    }
    assert!(!worked[0] && worked[7], "the limits tried show nothing: {worked:?}");
    assert!(worked.is_sorted(), "more allowed and less done: {worked:?}");
}

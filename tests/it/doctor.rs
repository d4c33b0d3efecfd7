//! `parlab doctor`: what the machine offers, and what of each lesson it will show, on machines that
//! have everything and on such as lack something.

use parlab::event::{EndReason, ErrorKind, Event, Found, Lack, NeedKind, Readiness, Tried};
use parlab::experiments::{LESSONS, Need};

use crate::done::Done;
use crate::family::{is_root, skip};
use crate::parlab::Parlab;
use crate::python::SENSIBLE;
use crate::surroundings::{one_cpu, succeeds};

fn doctor() -> Parlab {
    Parlab::new().args(["doctor", "--json"])
}

fn found(done: &Done) -> Found {
    let events = done.events().into_iter();
    let mut found = events.filter_map(|e| if let Event::Machine(f) = e { Some(f) } else { None });
    let one = found.next().unwrap_or_else(|| panic!("nothing was found\n{done}"));
    assert_eq!(found.next(), None, "{done}");
    one
}

fn readiness(done: &Done) -> Vec<Readiness> {
    let events = done.events().into_iter();
    events.filter_map(|e| if let Event::Readiness(r) = e { Some(r) } else { None }).collect()
}

/// Everything of a kind that some lesson lacks.
fn lacks(done: &Done, need: NeedKind) -> Vec<Lack> {
    let all = readiness(done).into_iter().flat_map(|lesson| lesson.lacks);
    all.filter(|lack| lack.need == need).collect()
}

#[test]
fn it_looks_at_everything_and_judges_every_lesson() {
    let done = doctor().python(SENSIBLE).run().ends(0, None);
    let events = done.events();
    let Some(Event::Start(start)) = events.first() else { panic!("{done}") };
    assert_eq!((start.command.as_str(), start.lesson.as_str()), ("doctor", "all"));
    let found = found(&done);
    let ceiling = found.ceiling.unwrap();
    assert_eq!(ceiling.processes, start.machine.usable.len(), "{done}");
    let most = ceiling.processes as f64;
    let spread = [0.0, ceiling.q1, ceiling.median, ceiling.q3, ceiling.factor, most];
    assert!(spread.is_sorted() && ceiling.q1 > 0.0, "{done}");
    let clock = found.clock.unwrap();
    assert!(clock.grain_ns > 0 && clock.reading_ns > 0.0, "{done}");
    let wake = found.wake.unwrap();
    assert!(wake.same_cpu_s > 0.0, "{done}");
    assert_eq!(wake.two_cpus_s.is_some(), start.machine.usable.len() > 1, "{done}");
    let tried = found.tried.unwrap();
    assert!(tried.loopback && tried.temporary && tried.processes > 0, "{done}");
    let limits = found.place.unwrap().limits;
    assert!(limits.iter().any(|limit| limit.name == "kernel.pid_max"), "{done}");
    let judged: Vec<String> = readiness(&done).into_iter().map(|lesson| lesson.lesson).collect();
    let lessons: Vec<&str> = LESSONS.iter().map(|lesson| lesson.name).collect();
    assert_eq!(judged, lessons, "{done}");
    let pythons = events.iter().filter(|e| matches!(e, Event::Python(_))).count();
    assert_eq!(pythons, 1, "{done}");
    assert_eq!(lacks(&done, NeedKind::Python), [], "{done}");
}

#[test]
fn as_many_processes_are_tried_as_the_most_demanding_lesson_has() {
    let needs = LESSONS.iter().flat_map(|lesson| lesson.needs);
    let processes = needs.filter_map(|(need, _)| match need {
        Need::Processes(count) => Some(*count),
        _ => None,
    });
    let cpus = parlab::mp::sys::affinity().unwrap().len() as u64;
    let most = processes.max().unwrap().max(cpus);
    let done = doctor().run().ends(0, None);
    assert_eq!(found(&done).tried.unwrap().processes_wanted, most, "{done}");
}

#[test]
fn needs_are_of_parts_that_there_are() {
    for lesson in LESSONS {
        let parts: Vec<&str> = parlab::lesson::doc::part_names(lesson.texts.en).collect();
        for part in lesson.needs.iter().flat_map(|(_, parts)| *parts) {
            let known = *part == "core" || parts.iter().any(|known| known == part);
            assert!(known, "{} has no part {part}", lesson.name);
        }
        let peers = lesson.experiments.iter().flat_map(|e| e.variants);
        let has_peer = peers.clone().any(|variant| variant.starts_with("python-"));
        let says_so = lesson.needs.iter().any(|(need, _)| *need == Need::Python);
        assert_eq!(has_peer, says_so, "{}", lesson.name);
    }
}

#[test]
fn on_one_cpu_every_lesson_runs_and_those_that_need_two_say_so() {
    let Some(one_cpu) = one_cpu() else {
        return skip("on_one_cpu…", "there is no taskset(1)");
    };
    let done = doctor().under(one_cpu.clone()).run().ends(0, None);
    let lacks = lacks(&done, NeedKind::Cpus);
    assert!(!lacks.is_empty(), "{done}");
    for lack in lacks {
        assert_eq!((lack.wanted, lack.has, lack.vital), (Some(2), Some(1), false), "{done}");
    }
    let found = found(&done);
    assert_eq!(found.wake.unwrap().two_cpus_s, None, "{done}");
    let ceiling = found.ceiling.unwrap();
    assert!(ceiling.processes == 1 && ceiling.factor <= 1.0, "{done}");
    let text = Parlab::new().args(["doctor"]).under(one_cpu).run();
    text.stdout_has("one CPU: there is nothing to win")
        .stdout_has("shows less without 2\u{a0}CPUs");
}

#[test]
fn without_python_it_says_which_parts_show_less() {
    let done = doctor().run().ends(0, None);
    let lacks = lacks(&done, NeedKind::Python);
    let with_peers = LESSONS.iter().filter(|l| l.needs.iter().any(|(n, _)| *n == Need::Python));
    assert_eq!(lacks.len(), with_peers.count(), "{done}");
    assert!(lacks.iter().all(|lack| !lack.vital), "{done}");
    let none = doctor().python(SENSIBLE).args(["--no-python"]).run().ends(0, None);
    assert_eq!(self::lacks(&none, NeedKind::Python), lacks, "{none}");
}

#[test]
fn without_a_directory_some_lessons_show_less_and_some_cannot_run() {
    let done = doctor().python(SENSIBLE).env("TMPDIR", "/nix/where").run().ends(1, None);
    assert!(!lacks(&done, NeedKind::Temporary).is_empty(), "{done}");
    assert_eq!(lacks(&done, NeedKind::Python), [], "{done}");
    let whole = |need: &(Need, &[&str])| need.0 == Need::Directory;
    for lesson in readiness(&done) {
        let needs = LESSONS.iter().find(|row| row.name == lesson.lesson).unwrap().needs;
        assert_eq!(lesson.runs, !needs.iter().any(whole), "{}: {done}", lesson.lesson);
    }
}

#[test]
fn a_lesson_that_cannot_have_its_processes_cannot_run_and_the_others_can() {
    let done = doctor().after("ulimit -n 40").run().ends(1, None);
    let tried = found(&done).tried.unwrap();
    assert!(tried.processes < 40 && tried.descriptors.unwrap() < 40, "{done}");
    // That the crowd used up all descriptors is no reason to find other things missing.
    let usual = found(&doctor().run()).tried.unwrap();
    let others = |tried: &Tried| (tried.proc_syscall, tried.loopback, tried.temporary);
    assert_eq!(others(&tried), others(&usual), "{done}");
    for lesson in readiness(&done) {
        let wanted = LESSONS.iter().find(|row| row.name == lesson.lesson).unwrap().needs;
        let too_many = |(need, parts): &(Need, &[&str])| {
            matches!(need, Need::Processes(count) if *count > tried.processes)
                && (parts.is_empty() || parts.contains(&"core"))
        };
        assert_eq!(lesson.runs, !wanted.iter().any(too_many), "{done}");
    }
    for (lang, words) in [("en", "cannot run without 100"), ("it", "non si può eseguire senza 100")]
    {
        let text = Parlab::new().args(["doctor", "--lang", lang]).after("ulimit -n 40").run();
        text.code(1).stdout_has(words).stdout_has("ulimit -n");
    }
}

#[test]
fn without_any_process_to_be_had_it_tells_what_can_be_read() {
    let prlimit = "/usr/bin/prlimit";
    let setpriv = "/usr/bin/setpriv";
    if !is_root() || !succeeds(&[prlimit, "--version"]) || !succeeds(&[setpriv, "--version"]) {
        return skip("without_any_process…", "users may not be changed here");
    }
    let user = ["--reuid=63999", "--regid=63999", "--clear-groups"];
    // The front, the runner, the experiment, and one more.
    let few = [prlimit, "--nproc=4", setpriv, user[0], user[1], user[2]];
    let done = doctor().copied().under(few).run().ends(1, None);
    let found = found(&done);
    assert_eq!(found.tried.unwrap().processes, 1, "{done}");
    assert_eq!((found.ceiling, found.wake), (None, None), "{done}");
    assert!(found.place.unwrap().limits.iter().any(|limit| limit.name == "ulimit -u"), "{done}");
}

#[test]
fn without_proc_no_lesson_can_run_and_it_says_why() {
    let unshare = ["/usr/bin/unshare", "--mount"];
    if !is_root() || !succeeds(&[unshare[0], unshare[1], "/bin/true"]) {
        return skip("without_proc…", "mounts may not be changed here");
    }
    let hide = ["/bin/sh", "-c", "/bin/mount -t tmpfs none /proc && exec \"$0\" \"$@\""];
    let done = doctor().under(unshare).under(hide).run();
    let done = done.one_error(ErrorKind::NoProc).ends(1, Some(EndReason::Failed));
    let judged = readiness(&done);
    assert_eq!(judged.len(), LESSONS.len(), "{done}");
    assert!(judged.iter().all(|lesson| !lesson.runs), "{done}");
    assert_eq!(lacks(&done, NeedKind::Experiments).len(), LESSONS.len(), "{done}");
}

#[test]
fn another_user_finds_that_every_lesson_runs() {
    let setpriv = ["/usr/bin/setpriv", "--reuid=64998", "--regid=64998", "--clear-groups"];
    let [program, uid, gid, groups] = setpriv;
    if !is_root() || !succeeds(&[program, uid, gid, groups, "/bin/true"]) {
        return skip("another_user…", "users may not be changed here");
    }
    let done = doctor().copied().under(setpriv).run().ends(0, None);
    assert!(readiness(&done).iter().all(|lesson| lesson.runs), "{done}");
}

#[test]
fn a_limit_ends_it_as_it_ends_an_experiment() {
    let done = doctor().args(["--seconds-limit", "0.1"]).run();
    done.one_error(ErrorKind::TimeLimit).ends(124, Some(EndReason::TimeLimit));
}

#[test]
fn both_languages_say_the_same_lines() {
    let lines = |lang: &str| {
        let done = Parlab::new().args(["doctor", "--lang", lang]).run();
        let text = done.stdout().to_string();
        assert!(LESSONS.iter().all(|lesson| text.contains(lesson.name)), "{done}");
        let labels = ["/dev/shm", "/proc/PID/syscall", "127.0.0.1", "kernel.pid_max"];
        assert!(labels.iter().all(|label| text.contains(label)), "{done}");
        text
    };
    let (english, italian) = (lines("en"), lines("it"));
    assert!(english.contains("parallel ceiling") && !english.contains("parallelismo"));
    assert!(italian.contains("limite di parallelismo") && !italian.contains("ceiling"));
    let coloured = Parlab::new().args(["doctor", "--color", "always"]).run();
    assert!(coloured.stdout().contains('\u{1b}'));
}

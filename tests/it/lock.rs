//! The experiments of the lesson *lock*: what they claim, held against what they report.

use parlab::event::{Event, Evidence, LostUpdate, NoteKind, Op, Run};

use crate::parlab::Parlab;

const START: i64 = 100;
const STEPS: i64 = 10_000;
/// How many comparisons a test makes at most until chance has shown what it must.
const TRIES: u32 = 20;

/// Whether two processes can run at once here.
fn two_cpus() -> bool {
    parlab::machine::describe().cpus >= 2
}

/// All races of one comparison.
fn races<const N: usize>(args: [&str; N]) -> Vec<Run> {
    Parlab::compare(args).run().runs()
}

#[test]
fn the_ledger_adds_up_in_every_traced_run() {
    let mut traced = 0;
    for run in races(["--runs", "20"]).into_iter().filter(|run| run.traced) {
        let lost = run.lost.clone().unwrap();
        let survived = |name: &str| {
            let made = if run.variant == "local" { 1 } else { STEPS };
            let amount = STEPS / made;
            (made - lost[name] as i64) * amount
        };
        let end = START - survived("withdraw") + survived("deposit");
        assert_eq!(run.got, Some(end), "{run:?}");
        assert_eq!(run.updates, Some(if run.variant == "local" { 2 } else { 2 * STEPS as u64 }));
        assert_eq!(lost.keys().collect::<Vec<_>>(), ["deposit", "withdraw"]);
        traced += 1;
    }
    assert_eq!(traced, 6 * 20);
}

#[test]
fn the_ledger_adds_up_for_loops_of_any_length() {
    for steps in ["1", "2", "3", "255", "256", "257", "1000000"] {
        let args =
            ["--runs", "3", "--only", "unlocked,half-locked,atomic,local", "--iterations", steps];
        let steps: i64 = steps.parse().unwrap();
        for run in races(args).into_iter().filter(|run| run.traced && run.variant != "local") {
            let lost = run.lost.clone().unwrap();
            let end = START - (steps - lost["withdraw"] as i64) + (steps - lost["deposit"] as i64);
            assert_eq!(run.got, Some(end), "{run:?}");
        }
    }
}

#[test]
fn every_way_that_keeps_the_balance_keeps_it_in_every_run() {
    for run in races(["--runs", "30", "--only", "locked,coarse,atomic,local"]) {
        assert_eq!(
            (run.expected, run.got, run.correct),
            (Some(100), Some(100), Some(true)),
            "{run:?}"
        );
        if let Some(lost) = run.lost {
            assert!(lost.values().all(|&lost| lost == 0), "{lost:?}");
        }
    }
}

#[test]
fn a_lock_that_only_one_takes_is_as_wrong_as_none() {
    for way in ["unlocked", "half-locked"] {
        let wrong = (0..TRIES).any(|_| {
            let runs = races(["--runs", "10", "--only", way]);
            runs.iter().any(|run| run.correct == Some(false) && run.overlap > Some(0.0))
        });
        assert!(wrong, "{way} was right in {TRIES} times 10 races");
    }
}

#[test]
fn the_overlap_is_a_share_and_is_there_where_two_cpus_are() {
    // Other programs may keep a CPU busy for a while, so a busy time is not the last word.
    let together = (0..TRIES).any(|_| {
        let runs = races(["--runs", "20", "--only", "unlocked,locked"]);
        assert!(runs.iter().all(|run| (0.0..=1.0).contains(&run.overlap.unwrap())), "{runs:?}");
        2 * runs.iter().filter(|run| run.overlap > Some(0.0)).count() > runs.len()
    });
    assert!(together || !two_cpus(), "in no comparison most races were run at once");
}

#[test]
fn where_two_cpus_are_each_process_has_its_own() {
    if !two_cpus() {
        return crate::family::skip("where_two_cpus_are…", "there is one");
    }
    for run in races(["--runs", "2", "--only", "unlocked"]) {
        let cpus = run.cpus.unwrap();
        assert!(cpus.len() == 2 && cpus[0] != cpus[1], "{cpus:?}");
    }
}

#[test]
fn no_overlap_is_told_where_there_was_none() {
    // One step lasts some nanoseconds: most races of it do not overlap, and where none
    // of a variant's did, a note says so.
    let done = Parlab::compare(["--runs", "1", "--only", "unlocked", "--iterations", "1"]).run();
    let timed = done.runs().into_iter().filter(|run| !run.traced);
    let none = timed.clone().all(|run| run.overlap == Some(0.0));
    let note = |e: &Event| matches!(e, Event::Note(n) if n.kind == NoteKind::NoOverlap);
    assert_eq!(done.events().iter().any(note), none, "{done}");
}

/// The lost updates that some comparisons caught.
fn lost_updates() -> Vec<LostUpdate> {
    let mut caught = Vec::new();
    for _ in 0..TRIES {
        let done = Parlab::compare(["--runs", "10", "--only", "unlocked,half-locked"]).run();
        let events = done.events().into_iter();
        caught.extend(events.filter_map(|e| match e {
            Event::LostUpdate(lost) => Some(lost),
            _ => None,
        }));
        if caught.len() >= 6 {
            break;
        }
    }
    assert!(!caught.is_empty(), "no lost update was caught in {TRIES} comparisons");
    caught
}

#[test]
fn a_lost_update_is_told_in_steps_that_could_have_happened() {
    for lost in lost_updates() {
        let amount = |name: &str| if name == "withdraw" { -1 } else { 1 };
        let steps = &lost.steps;
        let of = |name: &str, op| {
            steps.iter().filter(|s| s.process == name && s.op == op).collect::<Vec<_>>()
        };
        assert_ne!(lost.victim, lost.overwriter);
        // Both began from the same write, and the same value.
        let first = [&lost.victim, &lost.overwriter].map(|name| of(name, Op::Load)[0].clone());
        assert_eq!(first[0].write, first[1].write, "{lost:?}");
        assert_eq!(first[0].value, first[1].value, "{lost:?}");
        // Each stored what follows from what it had read; stores in between are left out.
        for (name, load) in [&lost.victim, &lost.overwriter].into_iter().zip(&first) {
            let stores = of(name, Op::Store);
            assert_eq!(stores[0].value, load.value + amount(name), "{lost:?}");
            for pair in stores.windows(2) {
                let numbers = i64::from(pair[1].write.1) - i64::from(pair[0].write.1);
                assert_eq!(pair[1].value - pair[0].value, amount(name) * numbers, "{lost:?}");
                assert_eq!(pair[0].write.0, pair[1].write.0);
            }
        }
        // The victim's stores are as many as were lost.
        let victims = of(&lost.victim, Op::Store);
        let (first, last) = (victims[0].write.1, victims[victims.len() - 1].write.1);
        assert_eq!(last - first + 1, lost.lost, "{lost:?}");
        // And then it found, where its own work should be, the other's; or its loop was
        // over, and what was found is the balance in the end.
        let found = steps.last().unwrap();
        let theirs = *of(&lost.overwriter, Op::Store).last().unwrap();
        if found.op == Op::Load {
            assert_eq!(found.process, lost.victim, "{lost:?}");
            assert_eq!((found.value, found.write), (theirs.value, theirs.write), "{lost:?}");
        } else {
            assert_eq!(i64::from(last), STEPS, "{lost:?}");
            assert_eq!(found, theirs, "{lost:?}");
        }
    }
}

#[test]
fn a_lost_update_is_of_a_traced_run_that_lost_some() {
    let done = Parlab::compare(["--runs", "10", "--only", "unlocked,locked"]).run();
    for event in done.events() {
        let Event::LostUpdate(lost) = event else { continue };
        assert_eq!(lost.variant, "unlocked");
        let of_it =
            |run: &Run| run.traced && run.variant == lost.variant && run.index == lost.index;
        let run = done.runs().into_iter().find(of_it).unwrap();
        assert!(run.lost.unwrap()[&lost.victim] >= u64::from(lost.lost));
    }
}

#[test]
fn a_lost_update_can_be_replayed_from_the_value_that_both_had_read() {
    for lost in lost_updates() {
        let replay = lost.replay.unwrap();
        assert_eq!(replay.program, "lock");
        assert_eq!(replay.processes, ["withdraw", "deposit"]);
        assert_eq!(replay.from, lost.steps[0].value);
        // Both read, then the victim writes, then the one who overwrites it.
        let expected = if lost.victim == "withdraw" { "ABAB" } else { "BABA" };
        assert_eq!(replay.schedule, expected);
    }
}

#[test]
fn a_robust_lock_survives_its_owner_and_a_semaphore_does_not() {
    let done = Parlab::lesson(["experiment = \"owner-dies\""]).run();
    let of = |variant, name| done.figure(variant, name);
    assert_eq!(of("robust", "after_death"), "owner-died");
    assert_eq!(of("robust", "usable_after"), true);
    assert_eq!(of("semaphore", "after_death"), "timed-out");
    assert_eq!(of("semaphore", "usable_after"), false);
    for variant in ["robust", "semaphore"] {
        assert_eq!(of(variant, "owner_exitcode"), -9);
        assert!(of(variant, "waited_s").as_f64().unwrap() > 0.0);
    }
}

#[test]
fn a_lock_that_is_not_given_back_is_held_until_its_owner_ends() {
    let done = Parlab::lesson(["experiment = \"forgotten\""]).run();
    let of = |variant, name| done.figure(variant, name);
    assert_eq!(of("robust", "while_alive"), "timed-out");
    assert_eq!(of("robust", "after_death"), "owner-died");
    assert_eq!(of("robust", "usable_after"), true);
    assert_eq!(of("semaphore", "while_alive"), "timed-out");
    assert_eq!(of("semaphore", "after_death"), "timed-out");
    assert_eq!(of("semaphore", "usable_after"), false);
    assert_eq!(of("robust", "owner_exitcode"), 0);
}

#[test]
fn two_locks_in_opposite_order_are_a_deadlock_and_in_one_order_are_none() {
    let done = Parlab::lesson(["experiment = \"two-locks\""]).run();
    let deadlocks = done.deadlocks();
    let [deadlock] = deadlocks.as_slice() else { panic!("{done}") };
    assert_eq!(deadlock.variant, "opposite-order");
    let [a, b] = deadlock.waits.as_slice() else { panic!("{deadlock:?}") };
    let mut names = [&a.process, &b.process];
    names.sort();
    assert_eq!(names, ["a-to-b", "b-to-a"]);
    assert!(a.pid != b.pid && a.pid > 0);
    match deadlock.evidence {
        Evidence::Syscall => {
            for wait in [a, b] {
                assert_eq!(wait.call.as_deref(), Some("futex"), "{deadlock:?}");
                assert!(wait.address.as_ref().unwrap().starts_with("0x"), "{deadlock:?}");
            }
            // Who waits for whom is a ring.
            assert_eq!(a.holder.as_ref(), Some(&b.process), "{deadlock:?}");
            assert_eq!(b.holder.as_ref(), Some(&a.process), "{deadlock:?}");
            assert_ne!(a.resource, b.resource);
        }
        Evidence::Wchan => {
            let hidden =
                |e: &Event| matches!(e, Event::Note(n) if n.kind == NoteKind::SyscallHidden);
            assert!(done.events().iter().any(hidden), "{done}");
        }
    }
    for (variant, found) in [("opposite-order", true), ("same-order", false)] {
        assert_eq!(done.figure(variant, "found"), found);
        assert_eq!(done.figure(variant, "both_ended"), !found);
    }
}

#[test]
fn a_race_on_one_cpu_is_lost_when_its_window_is_wide() {
    let done = Parlab::lesson(["experiment = \"one-cpu\"\nruns = 10"]).run();
    let runs = done.runs();
    let widened = runs.iter().filter(|run| run.variant == "widened");
    assert!(widened.clone().any(|run| run.correct == Some(false)), "{done}");
    assert_eq!((widened.count(), runs.len()), (10, 20));
    for run in runs {
        let cpus = run.cpus.unwrap();
        assert_eq!(cpus[0], cpus[1], "two CPUs are not one");
    }
}

#[test]
fn every_way_to_guard_a_number_has_a_price() {
    let done = Parlab::lesson(["experiment = \"price\"\nruns = 3\niterations = 2000"]).run();
    for variant in ["none", "atomic", "plain", "robust", "semaphore"] {
        for name in ["alone_ns", "contended_ns"] {
            let price = done.figure(variant, name).as_f64().unwrap();
            assert!(price > 0.0 && price.is_finite(), "{variant} {name}: {price}");
        }
    }
    for name in ["robust_over_plain_alone", "robust_over_plain_contended"] {
        assert!(done.figure("", name).as_f64().unwrap() > 0.0);
    }
    assert_eq!(done.figure("", "same_cpu"), !two_cpus());
}

//! Tests of the model of schedules: what is counted, what is enumerated, what is drawn. What real
//! processes make of it is tested in `tests/mp`.

use std::collections::{BTreeMap, BTreeSet};

use parlab::experiments::{self, explore::Size};
use parlab::schedule::{
    Census, Completions, Goal, Program, Schedules, Script, State, Step, census, draw, letters,
    parse, shortest,
};
use proptest::prelude::*;

fn program(name: &str, variant: &str, ops: usize, processes: usize) -> Program {
    let (_, subject) = experiments::subject(name).unwrap();
    (subject.program)(variant, &Size { ops, processes, start: None })
}

fn counted(name: &str, variant: &str, ops: usize, processes: usize) -> Census {
    census(&program(name, variant, ops, processes)).unwrap()
}

/// The schedules one by one.
fn enumerated(program: &Program) -> Census {
    let mut census = Census { total: 0, outcomes: BTreeMap::new(), stuck: 0 };
    let mut schedules = Schedules::of(program);
    while let Some((_, end)) = schedules.advance() {
        census.total += 1;
        match end.finished(program) {
            true => *census.outcomes.entry(end.word).or_default() += 1,
            false => census.stuck += 1,
        }
    }
    census
}

#[test]
fn withdrawals_and_deposits_have_the_schedules_of_the_textbook() {
    let of = |ops| counted("lock", "unlocked", ops, 2);
    let outcomes = |census: &Census| census.outcomes.clone().into_iter().collect::<Vec<_>>();
    assert_eq!(outcomes(&of(1)), [(99, 2), (100, 2), (101, 2)]);
    assert_eq!(outcomes(&of(2)), [(98, 12), (99, 16), (100, 14), (101, 16), (102, 12)]);
    let table = [(3, 924, 180, 97, 103), (4, 12_870, 2_134, 96, 104)];
    let ten = (10, 137_846_528_820, 14_487_822_436, 90, 110);
    for (ops, total, right, least, greatest) in table.into_iter().chain([ten]) {
        let census = of(ops);
        assert_eq!((census.total, census.outcomes[&100], census.stuck), (total, right, 0));
        let ends: Vec<i32> = census.outcomes.into_keys().collect();
        assert_eq!((ends[0], ends[ends.len() - 1]), (least, greatest));
    }
}

#[test]
fn three_that_add_once_have_ninety_schedules_six_of_them_right() {
    let census = counted("lock", "add", 1, 3);
    assert_eq!((census.total, census.outcomes[&3]), (90, 6));
}

#[test]
fn ten_additions_by_each_of_two_can_end_at_two() {
    let census = counted("lock", "add", 10, 2);
    let ends: Vec<i32> = census.outcomes.into_keys().collect();
    assert_eq!(ends, (2..=20).collect::<Vec<_>>());
}

#[test]
fn under_the_lock_every_schedule_that_is_left_is_right() {
    for ops in 1..=5 {
        let census = counted("lock", "locked", ops, 2);
        assert_eq!(census.outcomes.into_keys().collect::<Vec<_>>(), [100]);
    }
}

#[test]
fn locks_taken_in_one_order_never_get_stuck_and_in_two_they_do() {
    assert_eq!(counted("two-locks", "same-order", 2, 2).stuck, 0);
    let opposite = program("two-locks", "opposite-order", 1, 2);
    assert_eq!(census(&opposite).unwrap().stuck, 2);
    let start = State::start(&opposite);
    assert_eq!(shortest(&opposite, &start, Goal::Stuck), Some(vec![0, 1]));
}

#[test]
fn getting_first_and_closing_in_time_never_get_stuck() {
    for ops in 1..=3 {
        assert_eq!(counted("queue", "get-first", ops, 2).stuck, 0);
        assert!(counted("queue", "join-first", ops, 2).stuck > 0);
        assert_eq!(counted("pipe", "closed", ops, 2).stuck, 0);
        assert!(counted("pipe", "forgotten", ops, 2).outcomes.is_empty());
    }
}

#[test]
fn a_draw_is_fair_over_schedules_and_not_over_steps() {
    // Of these six schedules two begin with each step of the one that goes on alone.
    let program = program("lock", "unlocked", 1, 2);
    let (mut completions, mut rng) = (Completions::default(), fastrand::Rng::with_seed(7));
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..6_000 {
        let (schedule, _) = draw(&program, &mut completions, &mut rng);
        *seen.entry(letters(&schedule)).or_default() += 1;
    }
    assert_eq!(seen.len(), 6);
    // Six standard deviations: 1000 ± 173.
    assert!(seen.values().all(|times| (800..=1_200).contains(times)), "{seen:?}");
}

#[test]
fn the_same_seed_draws_the_same() {
    let program = program("lock", "half-locked", 4, 2);
    let drawn = |seed| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut completions = Completions::default();
        (0..20).map(|_| draw(&program, &mut completions, &mut rng).0).collect::<Vec<_>>()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}

#[test]
fn more_than_can_be_counted_is_no_number() {
    let long = || Script::new("long", vec![Step::Load; 250]);
    let program = Program { scripts: vec![long(), long(), long()], start: 0, right: 0, room: 0 };
    assert_eq!(Completions::default().of(&program, &State::start(&program)), None);
}

#[test]
fn letters_are_read_and_a_wrong_one_is_named() {
    let two = program("lock", "unlocked", 1, 2);
    assert_eq!(parse(&two, "AbBa"), Ok(vec![0, 1, 1, 0]));
    assert_eq!(parse(&two, "ABCA"), Err(('C', 2)));
    assert_eq!(parse(&two, "À"), Err(('À', 0)));
}

/// What a process of a made-up program does: updates, some under one lock, some under two.
fn scripts() -> impl Strategy<Value = Vec<Step>> {
    let update = (-2..=2_i32).prop_map(|change| vec![Step::Load, Step::Store(change)]);
    let locked = (0..2_usize, update.clone()).prop_map(|(lock, update)| {
        [&[Step::Acquire(lock)], &update[..], &[Step::Release(lock)]].concat()
    });
    let twice = (0..2_usize).prop_map(|lock| {
        let other = 1 - lock;
        let locks = [Step::Acquire(lock), Step::Acquire(other)];
        [locks, [Step::Release(other), Step::Release(lock)]].concat()
    });
    prop::collection::vec(prop_oneof![update, locked, twice], 0..=2)
        .prop_map(|parts| parts.concat())
}

prop_compose! {
    fn programs()(scripts in prop::collection::vec(scripts(), 1..=2)) -> Program {
        let scripts = scripts.into_iter().map(|steps| Script::new("made-up", steps)).collect();
        Program { scripts, start: 0, right: 0, room: 0 }
    }
}

proptest! {
    #[test]
    fn both_ways_of_counting_are_equal(program in programs()) {
        prop_assert_eq!(census(&program).unwrap(), enumerated(&program));
    }

    #[test]
    fn completions_count_what_is_there(program in programs()) {
        let all = Completions::default().of(&program, &State::start(&program));
        prop_assert_eq!(all, Some(census(&program).unwrap().total));
    }

    #[test]
    fn schedules_come_once_each_and_in_order(program in programs()) {
        let mut schedules = Schedules::of(&program);
        let mut seen = Vec::new();
        while let Some((schedule, _)) = schedules.advance() {
            seen.push(letters(schedule));
        }
        prop_assert!(seen.is_sorted());
        prop_assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
    }

    #[test]
    fn no_way_to_a_deadlock_is_shorter_than_the_shortest(program in programs()) {
        let mut schedules = Schedules::of(&program);
        let mut least: Option<usize> = None;
        while let Some((schedule, end)) = schedules.advance() {
            if end.stuck(&program) {
                least = Some(least.map_or(schedule.len(), |least| least.min(schedule.len())));
            }
        }
        let found = shortest(&program, &State::start(&program), Goal::Stuck);
        prop_assert_eq!(found.map(|way| way.len()), least);
    }
}

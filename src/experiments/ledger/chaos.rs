//! Chaos: one of two writers is held up between its load and its store.
//!
//! The code of the loops stays what it is; the account that it works on waits. How long is drawn
//! by a seed, so that a run can be had again with the same delays, or is always the same, so that
//! the width of the window is known. What the two make of the delays is nobody's to repeat.

use std::time::Duration;

use super::Account;
use crate::mp::sys;

/// The longest delay that is drawn.
const LONGEST: Duration = Duration::from_millis(1);
/// The shortest: below, looking at the clock takes longer.
const SHORTEST: Duration = Duration::from_micros(1);
/// One load in so many is followed by the longest delay, on average.
const RARITY: u32 = 16_000;
/// The longest that a writer who keeps a pace does something else before a load.
const LONGEST_ELSEWHERE: Duration = Duration::from_micros(200);

/// Who is held up, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chaos {
    /// Which of the two it is: 0 or 1.
    pub victim: usize,
    holds: Holds,
}

/// For how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Now and then, and seldom for long.
    Drawn { seed: u32 },
    /// After every load for as long as this, in loops that keep a pace.
    Always { seed: u32, width: Duration },
}

impl Chaos {
    /// Delays that are drawn: half as often of twice the length. One load in 16 is followed by
    /// one of at least a microsecond, one in 16 000 by one of a millisecond, which is the longest.
    pub fn drawn(seed: u32) -> Self {
        Chaos { victim: victim(seed), holds: Holds::Drawn { seed } }
    }

    /// The same victim, held up for `width` after every load. Before each load both do something
    /// else, up to 0.2 ms by the seed, as programs do: two loops that only make updates have made
    /// them all at about the same moment, and whoever is a little earlier meets nobody.
    pub fn always(seed: u32, width: Duration) -> Self {
        Chaos { victim: victim(seed), holds: Holds::Always { seed, width } }
    }

    /// The account of writer `index` in the run of that number, held up if it is the victim. `yields`
    /// where the two cannot run at once: then the other has the CPU while this one waits.
    pub fn hold_up<A: Account>(
        self,
        account: A,
        index: usize,
        run: u32,
        yields: bool,
    ) -> HeldUp<A> {
        let delays = match self.holds {
            _ if index != self.victim => Delays::None,
            Holds::Always { width: Duration::ZERO, .. } => Delays::None,
            Holds::Always { width, .. } => Delays::Always(width),
            Holds::Drawn { seed } => Delays::Drawn(rng(seed, run)),
        };
        let pace = match self.holds {
            Holds::Always { seed, .. } => Some(rng(seed, 2 * run + index as u32)),
            Holds::Drawn { .. } => None,
        };
        HeldUp { account, pace, delays, yields }
    }
}

/// The same seed, the same victim.
fn victim(seed: u32) -> usize {
    fastrand::Rng::with_seed(seed.into()).usize(..2)
}

/// The same seed and number, the same choices.
fn rng(seed: u32, number: u32) -> fastrand::Rng {
    fastrand::Rng::with_seed(u64::from(seed) << 32 | u64::from(number))
}

/// How long to wait after one load after the other.
#[derive(Debug)]
enum Delays {
    None,
    Always(Duration),
    Drawn(fastrand::Rng),
}

impl Delays {
    /// The delay after the next load, if there is one.
    ///
    /// The longest is divided by a number that is evenly drawn, so that the chance of a delay of at
    /// least t is in proportion to 1/t (a Pareto distribution of exponent 1, cut at both ends).
    fn next(&mut self) -> Option<Duration> {
        match self {
            Delays::None => None,
            Delays::Always(width) => Some(*width),
            Delays::Drawn(rng) => {
                let delay = LONGEST / rng.u32(1..=RARITY);
                (delay >= SHORTEST).then_some(delay)
            }
        }
    }
}

/// An account that waits between its load and its store.
#[derive(Debug)]
pub struct HeldUp<A> {
    account: A,
    pace: Option<fastrand::Rng>,
    delays: Delays,
    yields: bool,
}

impl<A> HeldUp<A> {
    /// Waits at least as long: until the clock says so, since it is no work that others could
    /// slow down.
    fn wait(&self, delay: Duration) {
        let end = sys::now_ns() + delay.as_nanos() as u64;
        while sys::now_ns() < end {
            match self.yields {
                true => sys::yield_now(),
                false => sys::spin_loop(),
            }
        }
    }
}

impl<A: Account> Account for HeldUp<A> {
    fn load(&mut self) -> i32 {
        if let Some(rng) = &mut self.pace {
            let elsewhere = LONGEST_ELSEWHERE.mul_f64(rng.f64());
            self.wait(elsewhere);
        }
        let balance = self.account.load();
        if let Some(delay) = self.delays.next() {
            self.wait(delay);
        }
        balance
    }
    fn store(&mut self, balance: i32) {
        self.account.store(balance);
    }
    fn add(&mut self, amount: i32) {
        self.account.add(amount);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Loads enough for some of the longest delays.
    const LOADS: usize = 400_000;

    fn delays(seed: u32, run: u32) -> Vec<Option<Duration>> {
        let mut delays = Delays::Drawn(rng(seed, run));
        (0..LOADS).map(|_| delays.next()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn most_delays_are_short_some_are_long_and_none_is_longer_than_a_millisecond(
            seed: u32, run in 0..10_000_u32,
        ) {
            let drawn: Vec<Duration> = delays(seed, run).into_iter().flatten().collect();
            prop_assert!(drawn.iter().all(|delay| (SHORTEST..=LONGEST).contains(delay)));
            // 25 000, of which half are below 2 µs and one in a hundred is from 100 µs on.
            prop_assert!((20_000..30_000).contains(&drawn.len()), "{}", drawn.len());
            let short = drawn.iter().filter(|delay| **delay < 2 * SHORTEST).count();
            let long = drawn.iter().filter(|delay| **delay >= LONGEST / 10).count();
            prop_assert!(short * 5 > drawn.len() * 2, "{short}");
            prop_assert!((100..500).contains(&long), "{long}");
        }

        #[test]
        fn a_seed_gives_each_run_delays_of_its_own_that_can_be_had_again(seed: u32, run: u32) {
            prop_assert_eq!(delays(seed, run), delays(seed, run));
            prop_assert_ne!(delays(seed, run), delays(seed, run.wrapping_add(1)));
            prop_assert_ne!(delays(seed, run), delays(seed.wrapping_add(1), run));
            prop_assert_eq!(Chaos::drawn(seed), Chaos::drawn(seed));
            prop_assert_eq!(Chaos::drawn(seed).victim, Chaos::always(seed, LONGEST).victim);
        }
    }

    #[test]
    fn either_can_be_the_victim() {
        let victims = (0..32).map(|seed| Chaos::drawn(seed).victim);
        let [first, second] = [0, 1].map(|who| victims.clone().filter(|one| *one == who).count());
        assert!(first > 4 && second > 4 && first + second == 32, "{first} {second}");
    }

    #[test]
    fn only_the_victim_is_held_up() {
        for chaos in [Chaos::drawn(7), Chaos::always(7, LONGEST)] {
            let delays = |index| chaos.hold_up(Nothing, index, 0, false).delays;
            assert!(!matches!(delays(chaos.victim), Delays::None));
            assert!(matches!(delays(1 - chaos.victim), Delays::None));
        }
        let bare = Chaos::always(7, Duration::ZERO);
        assert!(matches!(bare.hold_up(Nothing, bare.victim, 0, false).delays, Delays::None));
    }

    /// An account without a balance.
    struct Nothing;

    impl Account for Nothing {
        fn load(&mut self) -> i32 {
            0
        }
        fn store(&mut self, _: i32) {}
        fn add(&mut self, _: i32) {}
    }
}

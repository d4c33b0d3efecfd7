//! Looking for a moment before going to sleep, for as long as that pays.
//!
//! A call and its answer take a few microseconds. To be woken on another CPU takes tens: where client
//! and server have a CPU each, most of a round trip is spent on waking them by turns. Whoever looks
//! again instead of sleeping need not be woken. But on one CPU it keeps away the very process that it
//! waits for; and on a busy machine it uses up time that it will lack when its message is there.
//!
//! Nobody here knows where the other end runs, or for what else the CPUs are wanted: it may change
//! from call to call. So each end learns from its own waits: when looking was in vain, or came out
//! late, it goes to sleep at once for some waits and then tries again. Where this process may use a
//! single CPU it does not try: most likely the other end shares that CPU, and who is pinned to one while
//! the other has its own sleeps as well, which costs wake-ups and nothing else.

use std::time::Duration;

use crate::mp::sys::{self, Deadline};

/// How long somebody looks before it sleeps: about as long as to be woken on another CPU takes. Who
/// looks no longer than that loses at most as much again as by sleeping at once (Karlin, Li, Manasse,
/// Owicki, "Empirical Studies of Competitive Spinning", 1991).
const BOUND: Duration = Duration::from_micros(50);

/// The most waits that are slept through without a look. Where looking never pays it costs the
/// [`BOUND`] once in so many waits, a hundredth of a round trip for each.
const LONGEST_PAUSE: u32 = 1024;

/// After how many waits it is asked anew which CPUs may be used: that may change, and asking costs a
/// system call.
const ASKED_AFTER: u32 = 256;

/// What one end has learnt about looking.
#[derive(Debug, Default)]
pub(super) struct Spin {
    /// Waits that are still to be slept through.
    pause: u32,
    /// How many those were after the last look that did not pay, or half of it, and so on.
    last_pause: u32,
    /// Looks in a row that paid.
    paid: u32,
    /// Waits until the CPUs are asked for again.
    until_asked: u32,
    /// Whether there was a single one when they were asked for.
    one_cpu: bool,
}

impl Spin {
    /// Looks again and again until there is something, for a moment at most. `None`: there is nothing
    /// yet, or it does not pay to look now; then it is time to sleep.
    pub(super) fn until<T>(&mut self, look: impl FnMut() -> Option<T>) -> Option<T> {
        if self.until_asked == 0 {
            self.until_asked = ASKED_AFTER;
            self.one_cpu = sys::affinity().is_ok_and(|cpus| cpus.len() == 1);
        }
        self.until_asked -= 1;
        if self.one_cpu { None } else { self.look_for(look) }
    }

    fn look_for<T>(&mut self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        if self.pause > 0 {
            self.pause -= 1;
            return None;
        }
        let bound = Deadline::after(BOUND);
        loop {
            let seen = look();
            // What is seen late is as good as slept for: most likely another process had the CPU.
            let late = bound.is_over();
            if late || seen.is_some() {
                self.learn(!late);
                return seen;
            }
            sys::spin_loop();
        }
    }

    /// After looks that did not pay the pause doubles. It is halved only after as many that paid: on a
    /// busy machine looking pays until the CPU is taken away, and that must not come too often.
    fn learn(&mut self, paid: bool) {
        if !paid {
            self.last_pause = (2 * self.last_pause).clamp(1, LONGEST_PAUSE);
            self.pause = self.last_pause;
            self.paid = 0;
            return;
        }
        self.paid += 1;
        if self.paid >= self.last_pause {
            self.last_pause /= 2;
            self.paid = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::{BOUND, LONGEST_PAUSE, Spin};

    #[test]
    fn who_looks_in_vain_looks_ever_less_often() {
        let mut spin = Spin::default();
        let mut slept = 0;
        let mut pauses = Vec::new();
        while pauses.len() < 13 {
            let mut looked = false;
            assert_eq!(spin.look_for(|| -> Option<()> { (looked = true, None).1 }), None);
            if looked {
                pauses.push(std::mem::take(&mut slept));
            } else {
                slept += 1;
            }
        }
        assert_eq!(
            pauses,
            [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, LONGEST_PAUSE, LONGEST_PAUSE]
        );
    }

    #[test]
    fn as_many_looks_must_pay_as_were_left_out_before_the_pause_is_halved() {
        let mut spin = Spin::default();
        (0..4).for_each(|_| spin.learn(false));
        assert_eq!(spin.last_pause, 8);
        (0..7).for_each(|_| spin.learn(true));
        assert_eq!(spin.last_pause, 8);
        spin.learn(true);
        assert_eq!(spin.last_pause, 4);
        (0..4 + 2 + 1).for_each(|_| spin.learn(true));
        assert_eq!(spin.last_pause, 0);
        spin.learn(false);
        assert_eq!(spin.pause, 1);
    }

    #[test]
    fn what_is_seen_late_is_given_but_did_not_pay() {
        let mut spin = Spin::default();
        let late = || {
            sleep(2 * BOUND);
            Some(7)
        };
        assert_eq!(spin.look_for(late), Some(7));
        assert_eq!(spin.look_for(|| Some(8)), None);
        assert!(spin.look_for(|| Some(9)).is_some());
    }
}

//! The stage of a race: where its two processes run, and how wide its window is.

use super::ledger::Chaos;

/// Where the two processes run, and with what window.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The CPU of each, where they are pinned.
    pub cpus: Option<[usize; 2]>,
    /// The window between reading and writing.
    pub window: Window,
}

/// What is done to the window between reading and writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Nothing: it is as wide as the code makes it.
    Bare,
    /// Both hold it open now and then, by giving the CPU away.
    Widened,
    /// One of the two is held up in it.
    Chaos(Chaos),
}

impl Stage {
    /// Different CPUs where there are two; where there is one, a wider window.
    ///
    /// The affinity mask decides, not a cgroup's quota: with a quota below two CPUs
    /// two processes still run at the same time, until it is used up.
    pub fn usual(usable: &[usize]) -> Self {
        match *usable {
            [first, second, ..] => Stage { cpus: Some([first, second]), window: Window::Bare },
            _ => Stage { cpus: None, window: Window::Widened },
        }
    }

    /// The same place with another window.
    #[must_use]
    pub fn with(self, window: Window) -> Self {
        Stage { window, ..self }
    }

    /// Whether the two cannot run at the same time.
    pub fn is_one_cpu(&self) -> bool {
        self.cpus.is_none_or(|[first, second]| first == second)
    }
}

//! Placement: on which CPUs two processes talk to each other.
//!
//! To wake a process that sleeps on another CPU costs several times what it costs on one's own, so
//! a time without its placement says little, and carriers are compared in like placement only.

use anyhow::{Context, Result};

use crate::mp::sys;

/// Where the two processes run, and the name of the figure that tells what it costs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The figure's name.
    pub figure: &'static str,
    /// The CPU of each; `None` where they are free to move.
    pub cpus: Option<[usize; 2]>,
}

impl Placement {
    /// All there are on these CPUs: two different ones, the same one, and free; on one CPU there is
    /// only the same one. The first is the usual one.
    pub fn all(usable: &[usize]) -> Vec<Placement> {
        let same = |cpu| Placement { figure: "same_cpu_s", cpus: Some([cpu, cpu]) };
        match *usable {
            [first, second, ..] => vec![
                Placement { figure: "two_cpus_s", cpus: Some([first, second]) },
                same(first),
                Placement { figure: "free_s", cpus: None },
            ],
            [only] => vec![same(only)],
            [] => vec![Placement { figure: "free_s", cpus: None }],
        }
    }

    /// Two different CPUs where there are two.
    pub fn usual(usable: &[usize]) -> Placement {
        Self::all(usable)[0]
    }

    /// The CPU of process number `index`, if it has one.
    pub fn cpu(self, index: usize) -> Option<usize> {
        self.cpus.map(|cpus| cpus[index])
    }

    /// The two CPUs as a Python peer takes them: numbers, or `free`.
    pub fn arguments(self) -> [String; 2] {
        let free = || "free".to_string();
        self.cpus.map_or_else(|| [free(), free()], |cpus| cpus.map(|cpu| cpu.to_string()))
    }

    /// What `make` makes, made where only the CPUs of this placement may be used: by these a queue
    /// and a pipe in shared memory judge whether it pays to spin.
    ///
    /// # Errors
    /// Those of `make`, and when the CPUs cannot be set.
    pub fn made<T>(self, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let Some(cpus) = self.cpus else {
            return make();
        };
        let before = sys::affinity().context("the CPUs of this process")?;
        sys::set_affinity(&cpus).context("setting the CPUs of this process")?;
        let made = make();
        sys::set_affinity(&before).context("setting the CPUs of this process back")?;
        made
    }
}

//! The stage of a race: where its two processes run, and how wide its window is.

/// Where the two processes run, and with what window.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The CPU of each, where they are pinned.
    pub cpus: Option<[usize; 2]>,
    /// Whether the window between reading and writing is held open now and then.
    pub widened: bool,
}

impl Stage {
    /// Different CPUs where there are two; where there is one, a wider window.
    ///
    /// The affinity mask decides, not a cgroup's quota: with a quota below two CPUs
    /// two processes still run at the same time, until it is used up.
    pub fn usual(usable: &[usize]) -> Self {
        match *usable {
            [first, second, ..] => Stage { cpus: Some([first, second]), widened: false },
            _ => Stage { cpus: None, widened: true },
        }
    }
}

//! The named steps of putting and getting, and who is told of them: at each a process can be stopped
//! or killed, to show what that leaves.

/// What a process has just done inside [`put`](super::Queue::put) or [`get`](super::Queue::get),
/// in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Step {
    /// A producer has announced that it will sleep, as the message does not fit, and does not sleep
    /// yet.
    PutWaits = 1,
    /// A producer holds the producers' lock.
    PutLocked,
    /// The length is written.
    PutHeader,
    /// One chunk of the message is written, and more are to come. Only of messages over 2 KiB, or
    /// over the end of the ring.
    PutChunk,
    /// The whole message is written, and nobody can see it.
    PutPayload,
    /// The message is in the queue: the one store that commits it is done.
    PutCommitted,
    /// The producers' lock is given back.
    PutUnlocked,
    /// A consumer has announced itself as a sleeper, and will be woken in the next step.
    PutWakes,
    /// A consumer that slept is woken.
    PutWoken,
    /// A consumer has announced that it will sleep, as the queue is empty, and does not sleep yet.
    GetWaits,
    /// A consumer holds the consumers' lock, and there is a message.
    GetLocked,
    /// The length is read.
    GetHeader,
    /// One chunk of the message is copied, and more are to come.
    GetChunk,
    /// The whole message is copied, and still in the queue.
    GetPayload,
    /// The message is out of the queue: the one store that takes it is done.
    GetCommitted,
    /// The consumers' lock is given back.
    GetUnlocked,
    /// A producer has announced itself as a sleeper, and all will be woken in the next step.
    GetWakes,
    /// Producers that slept are woken.
    GetWoken,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 18] = [
        Self::PutWaits,
        Self::PutLocked,
        Self::PutHeader,
        Self::PutChunk,
        Self::PutPayload,
        Self::PutCommitted,
        Self::PutUnlocked,
        Self::PutWakes,
        Self::PutWoken,
        Self::GetWaits,
        Self::GetLocked,
        Self::GetHeader,
        Self::GetChunk,
        Self::GetPayload,
        Self::GetCommitted,
        Self::GetUnlocked,
        Self::GetWakes,
        Self::GetWoken,
    ];

    /// Whether it is a producer's step; else it is a consumer's.
    #[must_use]
    pub fn is_put(self) -> bool {
        (self as u32) < Self::GetWaits as u32
    }
}

/// Is told of each step, in the process that takes it, and may stop it there or kill it.
///
/// It is a type and not a flag, so that a queue which nobody observes has not one instruction more.
pub trait Observer {
    /// The calling process has just taken `step`.
    fn after(&self, step: Step);
}

/// Nobody is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    #[inline(always)]
    fn after(&self, _: Step) {}
}

/// Any function of a step observes.
impl<F: Fn(Step)> Observer for F {
    #[inline]
    fn after(&self, step: Step) {
        self(step);
    }
}

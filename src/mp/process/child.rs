//! The child's side: made ready, run, and, after a fork, ended without ever going back into the
//! parent's code.

use std::cell::RefCell;
use std::fmt::Write;
use std::fs::File;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::mp::shm::{Shared, SharedSafe, SharedSlice};
use crate::mp::supervise::set_death_signal;
use crate::mp::sys::{self, MapError};

/// Python's exit code after an uncaught exception.
const PANICKED: i32 = 1;

/// Runs `body` in a child that was just forked with all signals blocked, and ends the process.
pub(super) fn run(
    body: Box<dyn FnOnce() + '_>,
    panic: PanicText,
    parent: i32,
    cpu: Option<usize>,
) -> ! {
    sys::exit_now(outcome(body, panic, parent, cpu))
}

/// Makes this process a child of `parent`'s in all respects and runs `body`. Returns the exit code:
/// 0 when it returns, 1 when it panics.
pub(super) fn outcome(
    body: impl FnOnce(),
    panic: PanicText,
    parent: i32,
    cpu: Option<usize>,
) -> i32 {
    // A parent that died before the signal was set would never send it: then there is nobody to
    // run for.
    if !set_death_signal(libc::SIGKILL, parent).unwrap_or(false) {
        return PANICKED;
    }
    sys::child_signals();
    std::panic::set_hook(Box::new(move |info| panic.record(info)));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if let Some(cpu) = cpu {
            sys::set_affinity(&[cpu])
                .unwrap_or_else(|error| panic!("cannot be pinned to CPU {cpu}: {error}"));
        }
        body();
    }));
    if outcome.is_ok() { 0 } else { PANICKED }
}

/// What a panic said.
pub(in crate::mp) fn words<'i>(info: &'i PanicHookInfo<'_>) -> &'i str {
    let payload = info.payload();
    (payload.downcast_ref::<&str>().copied())
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic whose payload is not text")
}

/// One page of shared memory that takes the text of a child's panic: no descriptor to inherit or to
/// forget, and it is there however the child ends.
pub(super) enum PanicText {
    /// One of many pages that were mapped at once, and its number.
    InBlock(Arc<SharedSlice<Page>>, usize),
    InFile(Shared<Page>),
}

/// How many pages are mapped at once. With a mapping for each child, every fork would have one more
/// to copy than the last. A page that nobody writes to takes no memory, only an address.
const BLOCK: usize = 64;

/// The pages that this process has mapped and not yet given to a child.
struct Block {
    /// A forked child inherits what is left, which still belongs to its parent.
    owner: i32,
    pages: Arc<SharedSlice<Page>>,
    given: usize,
}

thread_local! {
    static BLOCK_IN_USE: RefCell<Option<Block>> = const { RefCell::new(None) };
}

const ROOM: usize = 4096 - size_of::<AtomicUsize>();

#[repr(C)]
pub(super) struct Page {
    /// How many bytes of `text` are valid; stored last, so that a child which is killed while it
    /// writes leaves no half text.
    len: AtomicUsize,
    text: [AtomicU8; ROOM],
}

// SAFETY: atomics only, for which all zero is a value.
unsafe impl SharedSafe for Page {}

impl PanicText {
    /// A page that no other child has. It is unmapped with the last one of its block.
    pub(super) fn new() -> Result<Self, MapError> {
        BLOCK_IN_USE.with_borrow_mut(|in_use| {
            let owner = sys::pid();
            let left = in_use.take_if(|block| block.owner == owner && block.given < BLOCK);
            let mut block = match left {
                Some(block) => block,
                None => Block { owner, pages: Arc::new(SharedSlice::zeroed(BLOCK)?), given: 0 },
            };
            let page = Self::InBlock(block.pages.clone(), block.given);
            block.given += 1;
            *in_use = Some(block);
            Ok(page)
        })
    }

    /// How many bytes it takes at the beginning of a file.
    pub(super) const BYTES: u64 = size_of::<Page>() as u64;

    /// As [`new`](Self::new), in a file that is at least [`BYTES`](Self::BYTES) long and that another
    /// program may map too.
    pub(super) fn in_file(file: &File) -> Result<Self, MapError> {
        // SAFETY: any bytes are a `Page`, of atomic integers. The file lies in memory, its length
        // was set before, and nobody who has it ever shortens it.
        unsafe { Shared::in_file(file.as_fd()) }.map(Self::InFile)
    }

    fn page(&self) -> &Page {
        match self {
            Self::InBlock(pages, index) => &pages[*index],
            Self::InFile(page) => page,
        }
    }

    fn record(&self, info: &PanicHookInfo<'_>) {
        let mut text = Writer { page: self.page(), len: 0 };
        let message = words(info);
        // What does not fit is cut off.
        let _ = match info.location() {
            Some(place) => write!(text, "{message} at {place}"),
            None => write!(text, "{message}"),
        };
        text.page.len.store(text.len, Ordering::Release);
    }

    /// The text, if the child panicked.
    pub(super) fn read(&self) -> Option<String> {
        let page = self.page();
        let len = page.len.load(Ordering::Acquire);
        if len == 0 {
            return None;
        }
        let bytes: Vec<u8> =
            page.text.iter().take(len).map(|byte| byte.load(Ordering::Relaxed)).collect();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Writes into the page without allocating: a panic may come from an allocator in trouble.
struct Writer<'a> {
    page: &'a Page,
    len: usize,
}

impl Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = (ROOM - self.len).min(text.len());
        let fits = (0..=room).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        for (to, byte) in self.page.text[self.len..].iter().zip(text[..fits].bytes()) {
            to.store(byte, Ordering::Relaxed);
        }
        self.len += fits;
        if fits == text.len() { Ok(()) } else { Err(std::fmt::Error) }
    }
}

//! The board: how far each file is, in memory that the one who draws shares with those who fetch.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::mp::{MapError, SharedSlice, sys};

/// Words of a file: asked, answered, ended (nanoseconds, 0 for not yet), bytes that came, bytes
/// announced (plus 1), the worker who has it.
const WORDS: usize = 6;
const ASKED: usize = 0;
const ANSWERED: usize = 1;
const ENDED: usize = 2;
const BYTES: usize = 3;
const ANNOUNCED: usize = 4;
const WORKER: usize = 5;

/// The state of a set of files.
#[derive(Debug)]
pub struct Board(SharedSlice<AtomicU64>);

/// The place of one file on the board, for the one who fetches it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'b>(&'b [AtomicU64]);

/// How far a file is. Nanoseconds of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// When it was asked for; 0 while it was not.
    pub asked_ns: u64,
    /// When the answer began; 0 while it did not.
    pub answered_ns: u64,
    /// When it ended, well or not; 0 while it did not.
    pub ended_ns: u64,
    /// Bytes that came.
    pub bytes: u64,
    /// Bytes that were announced.
    pub announced: Option<u64>,
    /// The worker who fetches it, from 0.
    pub worker: usize,
}

impl Board {
    /// A board for `files` files, none of them asked for.
    ///
    /// # Errors
    /// When memory cannot be had.
    pub fn new(files: usize) -> Result<Board, MapError> {
        Ok(Board(SharedSlice::zeroed(WORDS * files.max(1))?))
    }

    /// The place of file number `file`, from 0.
    pub fn place(&self, file: usize) -> Place<'_> {
        Place(&self.0[WORDS * file..][..WORDS])
    }

    /// How far file number `file` is.
    pub fn progress(&self, file: usize) -> Progress {
        let place = self.place(file);
        let word = |at: usize| place.0[at].load(Relaxed);
        Progress {
            asked_ns: word(ASKED),
            answered_ns: word(ANSWERED),
            ended_ns: word(ENDED),
            bytes: word(BYTES),
            announced: word(ANNOUNCED).checked_sub(1),
            worker: word(WORKER) as usize,
        }
    }
}

impl Place<'_> {
    fn set(self, word: usize, value: u64) {
        self.0[word].store(value, Relaxed);
    }

    /// This worker asks for it now.
    pub fn asked(self, worker: usize) {
        self.set(WORKER, worker as u64);
        self.set(ASKED, sys::now_ns());
    }

    /// The answer begins now, and announces so many bytes.
    pub fn answered(self, announced: Option<u64>) {
        self.set(ANNOUNCED, announced.map_or(0, |bytes| bytes.saturating_add(1)));
        self.set(ANSWERED, sys::now_ns());
    }

    /// So many bytes have come.
    pub fn has(self, bytes: u64) {
        self.set(BYTES, bytes);
    }

    /// It ends now.
    pub fn ended(self) {
        self.set(ENDED, sys::now_ns());
    }
}

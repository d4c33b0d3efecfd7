//! What travels between a pool and its workers: a chunk of tasks there, one result at a time back.
//!
//! A function is sent as its address. A worker is a fork of the process that made the pool, so it has
//! the same program at the same addresses. (Python sends the function's name, and the worker looks it
//! up in the module of that name as it was when the worker was forked.)

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TaskError;
use crate::mp::queue::{QueueError, encode};

/// Takes the next argument off the bytes, calls the function at that address with it, and appends the
/// result to the buffer; without a buffer, it passes over the argument.
///
/// # Safety
/// The address is that of a function of the types this runner was made for.
type Runner = unsafe fn(*const (), &mut &[u8], Option<&mut Vec<u8>>) -> Result<(), QueueError>;

/// A function, and who knows its types.
#[derive(Clone, Copy)]
pub(super) struct Function {
    runner: Runner,
    function: *const (),
}

impl Function {
    /// A function of one argument.
    pub(super) fn of_one<A: DeserializeOwned, R: Serialize>(function: fn(A) -> R) -> Self {
        Self { runner: run_one::<A, R>, function: function as *const () }
    }

    /// A function of two arguments, which travel as a pair.
    pub(super) fn of_two<A, B, R>(function: fn(A, B) -> R) -> Self
    where
        A: DeserializeOwned,
        B: DeserializeOwned,
        R: Serialize,
    {
        Self { runner: run_two::<A, B, R>, function: function as *const () }
    }
}

unsafe fn run_one<A: DeserializeOwned, R: Serialize>(
    function: *const (),
    arguments: &mut &[u8],
    result: Option<&mut Vec<u8>>,
) -> Result<(), QueueError> {
    let argument = take(arguments)?;
    let Some(result) = result else { return Ok(()) };
    // SAFETY: the caller promises that it is the address of a function of this type.
    let function = unsafe { std::mem::transmute::<*const (), fn(A) -> R>(function) };
    encode(&function(argument), result)
}

unsafe fn run_two<A, B, R>(
    function: *const (),
    arguments: &mut &[u8],
    result: Option<&mut Vec<u8>>,
) -> Result<(), QueueError>
where
    A: DeserializeOwned,
    B: DeserializeOwned,
    R: Serialize,
{
    let (one, other) = take(arguments)?;
    let Some(result) = result else { return Ok(()) };
    // SAFETY: as in `run_one`.
    let function = unsafe { std::mem::transmute::<*const (), fn(A, B) -> R>(function) };
    encode(&function(one, other), result)
}

fn take<A: DeserializeOwned>(bytes: &mut &[u8]) -> Result<A, QueueError> {
    let fault = |source| QueueError::Decode { len: bytes.len(), source };
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(fault)?;
    *bytes = rest;
    Ok(value)
}

/// A chunk of tasks, as a worker gets it. Before its arguments go, in the machine's own byte order,
/// ticket, runner and function of 8 bytes each, and two counts of 4.
pub(super) struct Chunk<'m> {
    pub(super) ticket: u64,
    function: Function,
    items: u32,
    /// Items at the beginning that somebody else has done.
    skip: u32,
    arguments: &'m [u8],
}

/// Bytes before the arguments.
pub(super) const HEADER: usize = 32;

/// The header of a chunk of `items` without its ticket, which [`set_ticket`] writes.
pub(super) fn header(function: Function, items: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[8..16].copy_from_slice(&(function.runner as *const () as usize).to_ne_bytes());
    header[16..24].copy_from_slice(&(function.function as usize).to_ne_bytes());
    header[24..28].copy_from_slice(&items.to_ne_bytes());
    header
}

/// Writes the number by which the pool knows the chunk.
pub(super) fn set_ticket(message: &mut [u8], ticket: u64) {
    message[..8].copy_from_slice(&ticket.to_ne_bytes());
}

/// Has the worker pass over the first items.
pub(super) fn set_skip(message: &mut [u8], skip: u32) {
    message[28..32].copy_from_slice(&skip.to_ne_bytes());
}

/// The ticket of a message.
#[inline]
pub(super) fn ticket(message: &[u8]) -> u64 {
    u64::from_ne_bytes(word(message, 0))
}

#[inline]
fn word<const N: usize>(message: &[u8], at: usize) -> [u8; N] {
    message[at..at + N].try_into().expect("the slice has this length")
}

impl<'m> Chunk<'m> {
    /// # Safety
    /// The message is one that this very process, or the one it was forked from, made with [`header`].
    #[inline]
    pub(super) unsafe fn read(message: &'m [u8]) -> Self {
        let address = |at| usize::from_ne_bytes(word(message, at)) as *const ();
        let function = Function {
            // SAFETY: the caller promises that `header` wrote it there, from a runner.
            runner: unsafe { std::mem::transmute::<*const (), Runner>(address(8)) },
            function: address(16),
        };
        Self {
            ticket: ticket(message),
            function,
            items: u32::from_ne_bytes(word(message, 24)),
            skip: u32::from_ne_bytes(word(message, 28)),
            arguments: &message[HEADER..],
        }
    }

    /// How many items are to be done.
    #[inline]
    pub(super) fn left(&self) -> u32 {
        self.items - self.skip
    }

    /// Passes over the items that are done. Their arguments were read before, so they can be read.
    pub(super) fn pass_over(&mut self) -> Result<(), QueueError> {
        for _ in 0..self.skip {
            self.call(None)?;
        }
        Ok(())
    }

    /// Does the next item, and appends its result.
    #[inline]
    pub(super) fn run_next(&mut self, result: &mut Vec<u8>) -> Result<(), QueueError> {
        self.call(Some(result))
    }

    #[inline]
    fn call(&mut self, result: Option<&mut Vec<u8>>) -> Result<(), QueueError> {
        let Function { runner, function } = self.function;
        // SAFETY: a `Function` is made only of a function and the runner of its types.
        unsafe { runner(function, &mut self.arguments, result) }
    }
}

/// What a message from a worker says, behind the ticket of the chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Says {
    /// The next result of the chunk follows.
    Result,
    /// The text of a panic follows.
    Panicked,
    /// The text follows of why the result cannot be sent.
    Unsendable,
    /// The worker has done as many chunks as it may, and ends. In the ticket's place is its number.
    Retired,
}

/// Begins a message of a worker's, in place of what was in `message`.
#[inline]
pub(super) fn begin(message: &mut Vec<u8>, ticket: u64, says: Says) {
    message.clear();
    message.extend_from_slice(&ticket.to_ne_bytes());
    message.push(says as u8);
}

/// A message of a worker's: ticket, what it says, and what follows.
#[inline]
pub(super) fn answer(message: &[u8]) -> (u64, Says, &[u8]) {
    let says = match message[8] {
        0 => Says::Result,
        1 => Says::Panicked,
        2 => Says::Unsendable,
        _ => Says::Retired,
    };
    (ticket(message), says, &message[9..])
}

/// The failure that a message tells.
pub(super) fn failure(says: Says, text: &[u8]) -> TaskError {
    let text = String::from_utf8_lossy(text).into_owned();
    match says {
        Says::Panicked => TaskError::Panicked { text },
        _ => TaskError::Unsendable { text },
    }
}

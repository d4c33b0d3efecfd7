//! The `spawn` start method: a child that is this program started anew, and runs one function of it
//! by name.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, RawFd};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::child::{self, PanicText};
use super::error::ProcessError;
use crate::mp::sys;

/// The hidden first word of a program that was started as a spawned child.
pub const SUBCOMMAND: &str = "__spawn";

/// A function that a spawned child can run, known by name.
///
/// Under `fork` any closure will do, as the child is a copy of its parent. A program started anew has
/// nothing of its parent's, and a function can only be *named* to it: Python pickles a module's name
/// and a function's name, and so refuses lambdas and nested functions.
pub struct Function<'a> {
    name: &'a str,
    call: Callable<'a>,
}

/// Takes the arguments as bytes, so that functions of different arguments fit into one table.
type Callable<'a> = Box<dyn Fn(&[u8]) + 'a>;

impl<'a> Function<'a> {
    /// Gives `body` a name. What it takes is what [`Process::spawned`](super::Process::spawned) is
    /// given: one value, a tuple for several. Of the very type: its bytes do not say which it was,
    /// and the 1 of an `i32` would be read as the 2 of a `u32`.
    pub fn new<A: DeserializeOwned>(name: &'a str, body: impl Fn(A) + 'a) -> Self {
        let call = move |bytes: &[u8]| match postcard::take_from_bytes(bytes) {
            Ok((arguments, [])) => body(arguments),
            Ok((_, rest)) => refuse::<A>(name, bytes, format_args!("{} are left", rest.len())),
            Err(error) => refuse::<A>(name, bytes, error),
        };
        Self { name, call: Box::new(call) }
    }
}

fn refuse<A>(name: &str, bytes: &[u8], why: impl Display) -> ! {
    panic!(
        "the {} bytes of arguments are not what `{name}` takes ({}): {why}; give the very types, \
         as a number's bytes do not say which type of number it is",
        bytes.len(),
        std::any::type_name::<A>()
    )
}

/// To be called by `main` before anything else: in a program that was started as a spawned child it
/// runs the function asked for and returns the exit code to end with; in any other program it does
/// nothing and returns `None`.
///
/// The function runs as in a forked child: it dies with its parent, a panic leaves its text to the
/// parent and is exit code 1, signals do what they do by default, and it is pinned if the
/// [`Process`](super::Process) was. Of the parent's descriptors it has standard input, output and
/// error, and no other.
///
/// A program that never calls this cannot be spawned: the child would be an ordinary run of it, with
/// a first argument that it does not know.
///
/// ```no_run
/// use parlab::mp::Process;
/// use parlab::mp::process::spawn::{self, Function};
/// use std::process::ExitCode;
///
/// fn greet((name, times): (String, u32)) {
///     (0..times).for_each(|_| println!("hello {name}"));
/// }
///
/// fn main() -> ExitCode {
///     if let Some(code) = spawn::main(&[Function::new("greet", greet)]) {
///         return code;
///     }
///     let arguments = ("bob", 3u32);
///     let mut child = Process::spawned("greeter", "greet", &arguments).expect("they are plain");
///     child.start().expect("it starts");
///     child.join().expect("it is a child of this process");
///     ExitCode::SUCCESS
/// }
/// ```
#[must_use]
pub fn main(functions: &[Function<'_>]) -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != SUBCOMMAND {
        return None;
    }
    let (order, memory) = Order::read(&words.collect::<Vec<_>>())?;
    // What the parent had open without close-on-exec came along.
    // SAFETY: at the start of `main` nothing in this program owns a descriptor above 2: the file
    // with the arguments was mapped, read and closed.
    let closed = unsafe { sys::close_from(3) };
    let body = || {
        closed.expect("descriptors can be closed");
        let known = functions.iter().find(|function| function.name == order.function);
        match known {
            Some(function) => (function.call)(&order.arguments),
            None => panic!("{}", unknown(&order.function, functions)),
        }
    };
    let code = child::outcome(body, memory, order.parent, order.cpu);
    Some(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)))
}

fn unknown(asked: &str, functions: &[Function<'_>]) -> String {
    let names: Vec<&str> = functions.iter().map(|function| function.name).collect();
    format!(
        "this program has no function `{asked}` to spawn: it has {names:?}; add it to those that \
         are given to spawn::main"
    )
}

/// What a spawned child is to do, as it reads it from its command line and from the file that it
/// inherits.
struct Order {
    function: String,
    arguments: Vec<u8>,
    parent: i32,
    cpu: Option<usize>,
}

impl Order {
    /// `None` if this is no order of a parent's: somebody typed the hidden word. The program then
    /// takes it as it takes any word.
    fn read(words: &[OsString]) -> Option<(Self, PanicText)> {
        let words: Vec<&str> = words.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
        let [function, fd, parent, cpu] = words[..] else {
            return None;
        };
        let fd: RawFd = fd.parse().ok().filter(|&fd| fd > 2 && sys::is_memory_file(fd))?;
        // SAFETY: it is open, it was opened for this program by its parent, and nothing else here
        // knows of it.
        let mut file = unsafe { File::from_raw_fd(fd) };
        if file.metadata().ok()?.len() < PanicText::BYTES {
            return None;
        }
        let panic = PanicText::in_file(&file).ok()?;
        let mut arguments = Vec::new();
        io::Seek::seek(&mut file, io::SeekFrom::Start(PanicText::BYTES)).ok()?;
        file.read_to_end(&mut arguments).ok()?;
        let order = Self {
            function: function.to_owned(),
            arguments,
            parent: parent.parse().ok()?,
            cpu: cpu.parse().ok(),
        };
        Some((order, panic))
    }
}

/// The parent's side: a function's name and its arguments, ready to be started.
pub(super) struct Call {
    function: String,
    arguments: Vec<u8>,
}

impl Call {
    pub(super) fn new(function: &str, arguments: &impl Serialize) -> Result<Self, postcard::Error> {
        Ok(Self { function: function.to_owned(), arguments: postcard::to_stdvec(arguments)? })
    }

    /// Starts this program anew, with a file in memory that holds room for a panic's text and the
    /// arguments, as many as they are (a pipe would hold 64 KiB). The file is closed here before
    /// this returns.
    pub(super) fn start(
        &self,
        name: &str,
        parent: i32,
        cpu: Option<usize>,
    ) -> Result<(i32, PanicText), ProcessError> {
        let os = |error| ProcessError::os(name, "start", error);
        let file = File::from(
            sys::memory_file(c"parlab-spawn")
                .map_err(|error| ProcessError::of_memory_file(name, error))?,
        );
        file.set_len(PanicText::BYTES).map_err(os)?;
        file.write_all_at(&self.arguments, PanicText::BYTES).map_err(os)?;
        let panic = PanicText::in_file(&file)
            .map_err(|source| ProcessError::Memory { name: name.to_owned(), source })?;
        // Everything else that a child needs it does itself, in `main`: with nothing to be done
        // between fork and exec, the standard library uses posix_spawn, which does not copy this
        // process's page tables.
        let child = Command::new("/proc/self/exe")
            .arg0("parlab")
            .args([SUBCOMMAND, &self.function, &file.as_fd().as_raw_fd().to_string()])
            .args([parent.to_string(), cpu.map_or("any".to_owned(), |cpu| cpu.to_string())])
            .spawn()
            .map_err(|error| ProcessError::of_fork(name, error))?;
        Ok((child.id().cast_signed(), panic))
    }
}

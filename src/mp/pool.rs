//! `Pool`: a few worker processes, to which one hands tasks.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::queue::{Observer, Queue, Unobserved};
use super::shm::SharedSlice;
use super::sys::Deadline;

mod builder;
mod crew;
mod dispatch;
mod error;
mod job;
mod message;
mod result;
mod worker;

pub use builder::Builder;
pub use error::{PoolError, TaskError};
pub use result::{AsyncResult, Imap, MapResult};

use dispatch::Dispatch;
use job::{Call, Results, Tasks};
use message::Function;
use result::Pump;
use worker::Word;

/// Worker processes that wait for tasks: any function of one argument, called with each of many items.
///
/// **Python's** `Pool` is its workers, a pipe for tasks and one for results, each with a lock, and three
/// threads in the parent: one feeds the tasks, one takes the results and runs the callbacks, one looks
/// ten times a second whether a worker has ended and starts a new one
/// (Lib/multiprocessing/pool.py). Nobody notes which worker has which task: when one is killed, or
/// calls `sys.exit`, a new one takes its place, but the task is gone, and whoever waits for its result
/// waits for ever (bpo-22393). If it dies while it waits for a task, it dies with the lock of the task
/// pipe, and nobody gets a task any more. `concurrent.futures.ProcessPoolExecutor` notices a death and
/// raises `BrokenProcessPool`, for every task that is not done.
///
/// **Here** tasks and results go through two [`Queue`]s, which no death wedges, and each worker has a
/// word in shared memory that says which chunk it holds. So
/// - a worker may be killed at any step. The item in its hand is told as
///   [`TaskError::WorkerDied`]; every other item has its result, a new worker takes the place of the
///   dead one, and nothing hangs. An item is given to one worker only: none is run twice;
/// - a panic is caught in the worker, and told with its text and place;
/// - results travel one by one, though items may travel in chunks: who dies takes no finished results
///   along, and [`imap_unordered`](Self::imap_unordered) gives each as soon as it is there;
/// - there is no thread, so a program with a pool may still fork. Tasks that find no room in the
///   queue, results and callbacks wait until somebody is in `get`, `wait`, `ready`, `join` or an
///   iterator's `next`. That is the price: a callback does not run by itself.
///
/// A function is sent as its address, which means the same in a forked child: any `fn`, and any closure
/// that captures nothing. Arguments and results go through serde and postcard.
///
/// **Chunks.** `map` sends items in chunks; with `None` their size is Python's: a quarter of an even
/// share, rounded up ([`chunk_size`]). Large chunks save messages, small ones share out evenly.
///
/// Dropping the pool terminates it: all workers are killed and reaped. (Python says that one "must" end
/// a pool by itself, as its threads can keep the program from ending.)
///
/// The process that makes a pool should have one thread, as for [`Process`](super::Process).
///
/// ```standalone_crate
/// use parlab::mp::Pool;
///
/// fn square(number: u64) -> u64 {
///     number * number
/// }
///
/// let pool = Pool::new(2)?;
/// assert_eq!(pool.map(square, &[1, 2, 3], None)?, [1, 4, 9]);
/// let later = pool.apply_async(square, 12)?;
/// assert_eq!(later.get()?, 144);
/// pool.close();
/// pool.join()?;
/// # Ok::<(), parlab::mp::PoolError>(())
/// ```
pub struct Pool<O: Observer + Clone + 'static = Unobserved> {
    line: Rc<Line<O>>,
    dispatch: RefCell<Dispatch<O>>,
    workers: usize,
    stage: Cell<Stage>,
}

/// What a pool and its workers share.
struct Line<O> {
    tasks: Queue<(), O>,
    results: Queue<(), O>,
    words: SharedSlice<Word>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Closed,
    Joined,
    Terminated,
}

/// Python's rule for `map`: a quarter of each worker's even share, rounded up; 1 at least.
/// (`Pool._map_async`; for no items it is 0 there.)
#[must_use]
pub fn chunk_size(items: usize, workers: usize) -> usize {
    items.div_ceil(4 * workers.max(1)).max(1)
}

impl Pool {
    /// Starts a pool of so many workers: Python's `Pool(processes)`.
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub fn new(workers: usize) -> Result<Self, PoolError> {
        Self::builder(workers).start()
    }

    /// A pool of so many workers that is not started yet, for what else can be set.
    #[must_use]
    pub fn builder(workers: usize) -> Builder {
        Builder::new(workers)
    }
}

impl<O: Observer + Clone + 'static> Pool<O> {
    fn over(line: Rc<Line<O>>, dispatch: Dispatch<O>, workers: usize) -> Self {
        let stage = Cell::new(Stage::Open);
        Self { line, dispatch: RefCell::new(dispatch), workers, stage }
    }

    /// The function's result for each item, in the items' order. `chunksize` items travel in one
    /// message; `None` is [Python's rule](chunk_size).
    ///
    /// # Errors
    /// As [`map_async`](Self::map_async) and [`MapResult::get`].
    pub fn map<A, R>(
        &self,
        function: fn(A) -> R,
        items: &[A],
        chunksize: Option<usize>,
    ) -> Result<Vec<R>, PoolError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        self.map_async(function, items, chunksize)?.get()
    }

    /// As [`map`](Self::map), without waiting.
    ///
    /// # Errors
    /// [`PoolError::Closed`], [`PoolError::Terminated`], [`PoolError::EmptyChunk`],
    /// [`PoolError::Encode`] or [`PoolError::TooLarge`]; then nothing was given to a worker.
    pub fn map_async<A, R>(
        &self,
        function: fn(A) -> R,
        items: &[A],
        chunksize: Option<usize>,
    ) -> Result<MapResult<'_, R>, PoolError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        let results = self.submit(Function::of_one(function), items, chunksize)?;
        Ok(MapResult::new(self, results))
    }

    /// As [`map`](Self::map) for a function of two arguments, which each item holds as a pair.
    ///
    /// # Errors
    /// As [`map`](Self::map).
    pub fn starmap<A, B, R>(
        &self,
        function: fn(A, B) -> R,
        items: &[(A, B)],
        chunksize: Option<usize>,
    ) -> Result<Vec<R>, PoolError>
    where
        A: Serialize + DeserializeOwned,
        B: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        let results = self.submit(Function::of_two(function), items, chunksize)?;
        MapResult::new(self, results).get()
    }

    /// The function's result for this one argument.
    ///
    /// # Errors
    /// As [`map_async`](Self::map_async) and [`AsyncResult::get`].
    pub fn apply<A, R>(&self, function: fn(A) -> R, argument: A) -> Result<R, PoolError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        self.apply_async(function, argument)?.get()
    }

    /// As [`apply`](Self::apply), without waiting.
    ///
    /// # Errors
    /// As [`map_async`](Self::map_async).
    pub fn apply_async<A, R>(
        &self,
        function: fn(A) -> R,
        argument: A,
    ) -> Result<AsyncResult<'_, R>, PoolError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        let results = self.submit(Function::of_one(function), &[argument], Some(1))?;
        Ok(AsyncResult::new(self, results))
    }

    /// The results one by one in the items' order, each when it and all before it are there.
    /// `chunksize` is 1 for `None`, as in Python. All items are sent at once.
    ///
    /// # Errors
    /// As [`map_async`](Self::map_async).
    pub fn imap<A, R>(
        &self,
        function: fn(A) -> R,
        items: &[A],
        chunksize: Option<usize>,
    ) -> Result<Imap<'_, R>, PoolError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        let per_chunk = Some(chunksize.unwrap_or(1));
        let results = self.submit(Function::of_one(function), items, per_chunk)?;
        Ok(Imap::new(self, results, true))
    }

    /// As [`imap`](Self::imap), in the order in which the results come.
    ///
    /// # Errors
    /// As [`map_async`](Self::map_async).
    pub fn imap_unordered<A, R>(
        &self,
        function: fn(A) -> R,
        items: &[A],
        chunksize: Option<usize>,
    ) -> Result<Imap<'_, R>, PoolError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        let per_chunk = Some(chunksize.unwrap_or(1));
        let results = self.submit(Function::of_one(function), items, per_chunk)?;
        Ok(Imap::new(self, results, false))
    }

    fn submit<A, R>(
        &self,
        function: Function,
        items: &[A],
        chunksize: Option<usize>,
    ) -> Result<Rc<Results<R>>, PoolError>
    where
        A: Serialize,
        R: DeserializeOwned + 'static,
    {
        match self.stage.get() {
            Stage::Open => {}
            Stage::Closed | Stage::Joined => return Err(PoolError::Closed),
            Stage::Terminated => return Err(PoolError::Terminated),
        }
        let per_chunk = chunksize.unwrap_or_else(|| chunk_size(items.len(), self.workers));
        let mut tasks = Tasks::new(function, items, per_chunk, self.line.tasks.longest())?;
        let mut dispatch = self.dispatch.borrow_mut();
        tasks.number(dispatch.next_ticket());
        let results = Rc::new(Results::new(items.len()));
        dispatch.add(&Rc::new(Call { tasks, results: Rc::clone(&results) as _ }));
        dispatch.feed()?;
        Ok(results)
    }

    /// How many workers it has.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// The process numbers of the workers that there are at this moment. Not in Python.
    #[must_use]
    pub fn pids(&self) -> Vec<i32> {
        self.dispatch.borrow().crew.pids()
    }

    /// Takes no more tasks. Those that were given are still done.
    pub fn close(&self) {
        if self.stage.get() == Stage::Open {
            self.stage.set(Stage::Closed);
        }
    }

    /// Kills all workers at once, whatever they do. Results that have not come never will, and whoever
    /// waits for one is told so (in Python it waits for ever). Python sends TERM; here it is KILL, as a
    /// worker has nothing that it could clear up: what is shared belongs to the pool.
    pub fn terminate(&self) {
        if self.stage.get() != Stage::Joined {
            self.dispatch.borrow_mut().crew.kill();
            self.stage.set(Stage::Terminated);
        }
    }

    /// Waits until all that was given is done and all workers have ended, after
    /// [`close`](Self::close) or [`terminate`](Self::terminate).
    ///
    /// # Errors
    /// [`PoolError::StillOpen`] before that; [`PoolError::Initializer`] or [`PoolError::Process`].
    pub fn join(&self) -> Result<(), PoolError> {
        match self.stage.get() {
            Stage::Open => return Err(PoolError::StillOpen),
            Stage::Joined | Stage::Terminated => return Ok(()),
            Stage::Closed => {}
        }
        self.pump(&|| self.dispatch.borrow().undone() == 0, Deadline::never())?;
        self.line.tasks.close();
        self.dispatch.borrow_mut().crew.join()?;
        self.stage.set(Stage::Joined);
        Ok(())
    }
}

impl<O: Observer + Clone + 'static> Pump for Pool<O> {
    fn pump(&self, until: &dyn Fn() -> bool, deadline: Deadline) -> Result<bool, PoolError> {
        loop {
            if until() {
                return Ok(true);
            }
            if self.stage.get() == Stage::Terminated {
                return Err(PoolError::Terminated);
            }
            let bound = deadline.left();
            let complete = {
                let mut dispatch = self.dispatch.borrow_mut();
                dispatch.feed()?;
                dispatch.receive(bound)?;
                dispatch.take_complete()
            };
            // Outside of the borrow: a callback may give the pool another task.
            for call in complete {
                call.results.call_back();
            }
            if bound == Duration::ZERO {
                return Ok(until());
            }
        }
    }
}

impl<O: Observer + Clone + 'static> Drop for Pool<O> {
    /// Terminates the pool. In a process that is not its maker's, such as a forked child, it does
    /// nothing: the workers are not its own.
    fn drop(&mut self) {
        self.terminate();
    }
}

impl<O: Observer + Clone + 'static> fmt::Debug for Pool<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.workers)
            .field("stage", &self.stage.get())
            .field("undone", &self.dispatch.borrow().undone())
            .finish_non_exhaustive()
    }
}

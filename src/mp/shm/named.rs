//! Memory with a name, which any process may attach that knows it: Python's `SharedMemory`.

use std::fs::File;
use std::io;
use std::sync::atomic::AtomicU8;

use nix::errno::Errno;
use nix::fcntl::posix_fallocate;
use nix::sys::mman::shm_unlink;
use nix::sys::statvfs::statvfs;
use shared_memory::{Shmem, ShmemConf, ShmemError};

use super::array::Numbers;
use super::scalar::Scalar;
use crate::mp::sys;

/// Where Linux keeps named memory: files in a file system that lies in memory (shm_overview(7)).
const DIRECTORY: &str = "/dev/shm";

/// The longest name of a file there.
const LONGEST_NAME: usize = 255;

/// Memory with a name: other processes, relatives or not, attach it by that name.
///
/// **Python's** `multiprocessing.shared_memory.SharedMemory` (3.8): `SharedMemory(name, create=True,
/// size=…)`, `name`, `size`, `buf`, `close()`, `unlink()`. Nobody unlinks by himself there; instead a
/// *resource tracker* unlinks what is left when its processes have ended, and up to 3.12 also what
/// one of them had only attached, under the hands of those who still used it (gh-82300; `track=False`
/// since 3.13).
///
/// **Here** it is the crate `shared_memory`, with its three traps taken care of:
/// - *A forked child has a copy of the handle*, and dropping that would take the name away from
///   the parent. Here only the process that created it unlinks it, when it drops it.
/// - *A process that is killed drops nothing*: name and memory stay until somebody unlinks them or
///   the machine is started anew. So a name should tell whose it is, that a later run may sweep it.
/// - *A full /dev/shm is SIGBUS*, at the first touch of a page that cannot be had, long after the
///   segment was made. Here all its pages are had at once, or [`create`](Self::create) gives
///   [`SegmentError::NoRoom`] and nothing is left. (Memory that a container's limit does not grant
///   is another matter: the kernel then kills a process, and no call tells.)
///
/// Between [`attach`](Self::attach) and the last use nobody may shorten the segment: that, too, would
/// be SIGBUS. These methods cannot.
pub struct SharedMemory {
    segment: Shmem,
    name: String,
    /// The process that unlinks the name on drop.
    owner: Option<i32>,
}

/// Why named memory was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// Not a name: empty, too long, or with a `/` in it.
    #[error("{name:?} is no name for shared memory: give 1 to {LONGEST_NAME} bytes without a `/`")]
    BadName {
        /// What was given.
        name: String,
    },
    /// A segment of no bytes.
    #[error("shared memory `{name}` of 0 bytes cannot be made: ask for 1 at least")]
    Empty {
        /// Its name.
        name: String,
    },
    /// There is one of this name.
    #[error("shared memory `{name}` is there already: attach it, unlink it, or take another name")]
    Exists {
        /// Its name.
        name: String,
    },
    /// There is none of this name.
    #[error("there is no shared memory `{name}`: was it unlinked, or not created yet?")]
    NotFound {
        /// Its name.
        name: String,
    },
    /// It does not fit.
    #[error(
        "shared memory `{name}` of {asked} bytes does not fit into {DIRECTORY}, which has {free} \
         bytes free: ask for less, remove what others left there, or make it larger (docker run \
         --shm-size, mount -o remount,size=)"
    )]
    NoRoom {
        /// Its name.
        name: String,
        /// Bytes asked for.
        asked: usize,
        /// Bytes that were free.
        free: u64,
    },
    /// Any other answer of the operating system.
    #[error("cannot {verb} shared memory `{name}` in {DIRECTORY}: {source}")]
    Os {
        /// What was tried.
        verb: &'static str,
        /// Its name.
        name: String,
        /// What the kernel answered.
        source: io::Error,
    },
}

impl SegmentError {
    fn os(verb: &'static str, name: &str, errno: Errno) -> Self {
        let name = name.to_owned();
        match (verb, errno) {
            ("attach" | "unlink", Errno::ENOENT) => Self::NotFound { name },
            _ => Self::Os { verb, name, source: errno.into() },
        }
    }

    fn of(verb: &'static str, name: &str, error: &ShmemError) -> Self {
        match *error {
            ShmemError::MappingIdExists => Self::Exists { name: name.to_owned() },
            ShmemError::MapCreateFailed(code)
            | ShmemError::MapOpenFailed(code)
            | ShmemError::UnknownOsError(code) => {
                Self::os(verb, name, Errno::from_raw(code.cast_signed()))
            }
            _ => Self::os(verb, name, Errno::EINVAL),
        }
    }
}

impl SharedMemory {
    /// Makes `size` bytes under a new name, all zero, readable and writable by this user alone. Python's
    /// `SharedMemory(name, create=True, size=size)`.
    ///
    /// # Errors
    /// All of [`SegmentError`] but [`NotFound`](SegmentError::NotFound). Nothing is left after one.
    pub fn create(name: &str, size: usize) -> Result<Self, SegmentError> {
        check(name)?;
        if size == 0 {
            return Err(SegmentError::Empty { name: name.to_owned() });
        }
        // Asked first, as reserving what cannot be had would fill the place for a moment.
        room_for(name, size)?;
        let segment = ShmemConf::new().os_id(id(name)).size(size).create();
        let segment = segment.map_err(|error| SegmentError::of("create", name, &error))?;
        let memory = Self { segment, name: name.to_owned(), owner: Some(sys::pid()) };
        memory.reserve(size)?;
        Ok(memory)
    }

    /// Attaches the memory of that name. Python's `SharedMemory(name)`.
    ///
    /// # Errors
    /// [`BadName`](SegmentError::BadName), [`NotFound`](SegmentError::NotFound), or
    /// [`Os`](SegmentError::Os): also for one whose creator has not come to give it a size.
    pub fn attach(name: &str) -> Result<Self, SegmentError> {
        check(name)?;
        let segment = ShmemConf::new().os_id(id(name)).open();
        let segment = segment.map_err(|error| SegmentError::of("attach", name, &error))?;
        Ok(Self { segment, name: name.to_owned(), owner: None })
    }

    /// Its name, below /dev/shm.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.segment.len()
    }

    /// Its bytes. Python's `buf`.
    #[must_use]
    pub fn buf(&self) -> &[AtomicU8] {
        // SAFETY: the mapping is so long, lives as long as `self`, and is read and written by
        // every process through atomics; for `AtomicU8` any byte is a value.
        unsafe { std::slice::from_raw_parts(self.segment.as_ptr().cast(), self.size()) }
    }

    /// As many numbers as it holds. All processes must ask for the same type: the bytes do not say
    /// which it is.
    #[must_use]
    pub fn numbers<T: Scalar>(&self) -> &Numbers<T> {
        let count = self.size() / size_of::<T::Atomic>();
        // SAFETY: as for `buf`; a mapping begins at a page, which is aligned for any number, and for
        // atomic integers any bytes are a value.
        Numbers::over(unsafe { std::slice::from_raw_parts(self.segment.as_ptr().cast(), count) })
    }

    /// Takes the name away, in whichever process. Those who have the memory attached keep it, and it
    /// is given back when the last of them is gone; who comes later finds nothing. The drop of the
    /// creator then takes no name away, and above all no other one's who took it since.
    ///
    /// # Errors
    /// [`NotFound`](SegmentError::NotFound) if it has been unlinked, or [`Os`](SegmentError::Os).
    pub fn unlink(&mut self) -> Result<(), SegmentError> {
        self.owner = None;
        shm_unlink(id(&self.name).as_str())
            .map_err(|errno| SegmentError::os("unlink", &self.name, errno))
    }

    /// Gets every page of it now.
    fn reserve(&self, size: usize) -> Result<(), SegmentError> {
        let os = |errno| SegmentError::os("reserve", &self.name, errno);
        // The crate keeps its descriptor to itself.
        let path = format!("{DIRECTORY}/{}", self.name);
        let file = File::options().read(true).write(true).open(path);
        let file =
            file.map_err(|error| os(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))))?;
        let length = libc::off_t::try_from(size).map_err(|_| os(Errno::EFBIG))?;
        loop {
            match posix_fallocate(&file, 0, length) {
                Ok(()) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(Errno::ENOSPC) => return Err(no_room(&self.name, size)),
                Err(errno) => return Err(os(errno)),
            }
        }
    }
}

impl Drop for SharedMemory {
    /// Unmaps the memory, and unlinks the name if this process created it and nobody has called
    /// [`unlink`](Self::unlink).
    fn drop(&mut self) {
        // The crate would unlink in a forked child, too, and not at all where its descriptor is 0.
        self.segment.set_owner(false);
        if self.owner == Some(sys::pid()) {
            let _ = shm_unlink(id(&self.name).as_str());
        }
    }
}

impl std::fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedMemory")
            .field("name", &self.name)
            .field("size", &self.size())
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// The name as shm_open(3) wants it.
fn id(name: &str) -> String {
    format!("/{name}")
}

fn check(name: &str) -> Result<(), SegmentError> {
    let fits = (1..=LONGEST_NAME).contains(&name.len());
    if !fits || name.contains(['/', '\0']) || name == "." || name == ".." {
        return Err(SegmentError::BadName { name: name.to_owned() });
    }
    Ok(())
}

fn room_for(name: &str, size: usize) -> Result<(), SegmentError> {
    match free() {
        Some(free) if size as u64 > free => Err(no_room(name, size)),
        _ => Ok(()),
    }
}

fn no_room(name: &str, asked: usize) -> SegmentError {
    SegmentError::NoRoom { name: name.to_owned(), asked, free: free().unwrap_or(0) }
}

/// Bytes that /dev/shm has free; `None` if it does not say or has no limit of its own.
fn free() -> Option<u64> {
    let about = statvfs(DIRECTORY).ok().filter(|about| about.blocks() > 0)?;
    Some(about.blocks_available() as u64 * about.fragment_size() as u64)
}

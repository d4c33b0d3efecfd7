//! Reports of children that share no memory with their parent.
//!
//! A child that is this program started anew gets standard input, output and error of its
//! parent's, and nothing else. So its report goes where any program's goes, to standard output:
//! here a file in memory (memfd_create(2)), in which each child has a place of its own. It needs
//! no directory that anybody may write to.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::dup2_stdout;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that one report may take.
const PLACE: usize = 64;

/// The parent's side: the file that is the standard output of every child started from now on.
#[derive(Debug)]
pub struct Reports(File);

impl Reports {
    /// Room for the reports of `children`. The standard output of this process, to which no
    /// experiment writes, becomes the file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new(children: usize) -> Result<Self> {
        let make = || -> io::Result<File> {
            let file = File::from(memfd_create(c"parlab-reports", MFdFlags::MFD_CLOEXEC)?);
            file.set_len((PLACE * children) as u64)?;
            dup2_stdout(&file)?;
            Ok(file)
        };
        make().map(Self).context("a file in memory for the children's reports")
    }

    /// What child number `number` reported; a report that was not written reads as all zero.
    ///
    /// # Errors
    /// When it cannot be read, or is no report.
    pub fn read<T: DeserializeOwned>(&self, number: usize) -> Result<T> {
        let mut report = [0_u8; PLACE];
        self.0
            .read_exact_at(&mut report, (PLACE * number) as u64)
            .context("reading a child's report")?;
        let (report, _) = postcard::take_from_bytes(&report).context("a child's report")?;
        Ok(report)
    }
}

/// In child number `number`: leaves its report.
///
/// # Panics
/// When it cannot be written: the parent then has the panic's text.
pub fn report<T: Serialize>(number: usize, report: &T) {
    let report = postcard::to_stdvec(report).expect("numbers");
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let written = stdout.and_then(|out| out.write_all_at(&report, (PLACE * number) as u64));
    written.expect("the report on standard output");
}

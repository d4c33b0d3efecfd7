//! The house of parlab.
#![allow(missing_docs)]
pub mod mp;

//! The house of parlab.
#![allow(missing_docs)]

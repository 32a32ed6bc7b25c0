//! There is no memory for another bucket.

use std::collections::TryReserveError;
use std::io;

/// The buckets are as they were before, and go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfMemory;

impl From<TryReserveError> for OutOfMemory {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

/// Of mapping memory.
impl From<io::Error> for OutOfMemory {
    fn from(_: io::Error) -> Self {
        Self
    }
}

//! There is no memory for another bucket.

use std::collections::TryReserveError;
use std::io;

/// The buckets are unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfMemory;

impl From<TryReserveError> for OutOfMemory {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

/// From mapping memory.
impl From<io::Error> for OutOfMemory {
    fn from(_: io::Error) -> Self {
        Self
    }
}

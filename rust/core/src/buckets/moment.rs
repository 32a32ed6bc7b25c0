//! A moment that is known roughly at once, and exactly only when it is asked for.
//!
//! A clock that ticks some hundred times a second is read in a quarter of the time of an exact one. A bucket that is
//! neither full nor empty anywhere near the moment loses a token in the same way whenever in between it is taken, so
//! most calls never need the exact one.

/// Nanoseconds that the rough moment may lie before the exact one: many ticks of any system's clock.
pub const LARGEST_LAG: u64 = 125_000_000;

pub trait Moment {
    /// Nanoseconds of a monotonic clock, below 2**63: at most [`LARGEST_LAG`] before the exact ones.
    fn roughly(&self) -> u64;

    fn exactly(&self) -> u64;
}

impl Moment for u64 {
    fn roughly(&self) -> u64 {
        *self
    }

    fn exactly(&self) -> u64 {
        *self
    }
}

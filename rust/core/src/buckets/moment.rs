//! A moment that is known roughly, and is read exactly only when needed.
//!
//! A coarse clock, which ticks some hundred times a second, is read in a quarter of the time of an exact one. Most
//! calls take a token from a bucket that is neither full nor empty around that moment: the exact time changes nothing.
//! This saves 16 of 113 ns.

/// Nanoseconds by which the rough moment may precede the exact one: many ticks of any system's clock.
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

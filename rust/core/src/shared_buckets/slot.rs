//! The word of a slot.

pub const SLOTS_IN_GROUP: usize = 4;

/// Claims have an arrival time from here on, later than that of any bucket.
const CLAIMS: u64 = 3 << 62;

/// Twice the longest period, and a little: an arrival time so far ahead is from before the clock was set back.
const FAR_AHEAD: u64 = 1 << 55;

/// What a slot holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Never 0, except in an empty slot.
    pub fingerprint: u64,
    /// In nanoseconds.
    pub arrival: u64,
}

impl Entry {
    pub const EMPTY: Self = Self { fingerprint: 0, arrival: 0 };

    pub fn claim(fingerprint: u64, number: u64) -> Self {
        Self { fingerprint, arrival: CLAIMS | number }
    }

    pub fn is_claim(self) -> bool {
        self.arrival >= CLAIMS
    }

    /// Whether the bucket is full at `now`, whatever its limit.
    pub fn is_idle(self, now: u64) -> bool {
        self.arrival < now || self.fingerprint == 0 || self.arrival > now + FAR_AHEAD && !self.is_claim()
    }
}

#[allow(clippy::cast_possible_truncation)]
impl From<u128> for Entry {
    fn from(word: u128) -> Self {
        Self { fingerprint: (word >> 64) as u64, arrival: word as u64 }
    }
}

impl From<Entry> for u128 {
    fn from(entry: Entry) -> Self {
        Self::from(entry.fingerprint) << 64 | Self::from(entry.arrival)
    }
}

//! The arithmetic of a bucket: ticks, exact in integers.

use super::moment::LARGEST_LAG;

/// Maximum length of a tick in nanoseconds.
const MAX_TICK: u64 = 1_000;

/// A bucket's size and refill, counted in ticks: a token is a whole number of them.
#[derive(Clone, Copy)]
pub struct Rate {
    period: u64,
    ticks_per_token: u64,
    ticks_per_period: u64,
    ticks_of_lag: u64,
}

impl Rate {
    pub fn new(capacity: u64, period: u64) -> Self {
        let ticks_per_token = period.div_ceil(capacity * MAX_TICK).max(1);
        let ticks_per_period = ticks_per_token * capacity;
        let mut rate = Self { period, ticks_per_token, ticks_per_period, ticks_of_lag: 0 };
        // One more, because moments are rounded down.
        rate.ticks_of_lag = rate.ticks(LARGEST_LAG) + 1;
        rate
    }

    pub fn ticks_per_period(self) -> u64 {
        self.ticks_per_period
    }

    /// Nanoseconds, below 2**63, in ticks, rounded down. A tick is never shorter than a nanosecond.
    #[allow(clippy::cast_possible_truncation)]
    pub fn ticks(self, nanoseconds: u64) -> u64 {
        (u128::from(nanoseconds) * u128::from(self.ticks_per_period) / u128::from(self.period)) as u64
    }

    /// Ticks in nanoseconds, rounded up.
    #[allow(clippy::cast_possible_truncation)]
    pub fn nanoseconds(self, ticks: u64) -> u64 {
        (u128::from(ticks) * u128::from(self.period)).div_ceil(u128::from(self.ticks_per_period)) as u64
    }

    /// The new arrival time of a bucket after one token is taken at `now`, or the ticks to wait for one.
    pub fn take(self, arrival: u64, now: u64) -> Result<u64, u64> {
        let next = arrival.max(now) + self.ticks_per_token;
        let latest = now + self.ticks_per_period;
        if next > latest { Err(next - latest) } else { Ok(next) }
    }

    /// The new arrival time after one token is given back: 0 if the bucket was never less than full.
    pub fn give_back(self, arrival: u64) -> u64 {
        arrival.saturating_sub(self.ticks_per_token)
    }

    /// The new arrival time after one token is taken at any moment from `now` to [`LARGEST_LAG`] later, if it is the
    /// same for all of them: the bucket is never full in that time, and always has a token.
    pub fn take_soon_after(self, arrival: u64, now: u64) -> Option<u64> {
        let next = arrival + self.ticks_per_token;
        (arrival >= now + self.ticks_of_lag && next <= now + self.ticks_per_period).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn tick_is_at_most_a_microsecond_and_at_least_a_nanosecond() {
        for (capacity, period) in [(1, SECOND), (7, SECOND), (1_000_003, 60 * SECOND), (SECOND, SECOND), (1, 1 << 53)] {
            let rate = Rate::new(capacity, period);
            assert!(rate.ticks_per_period() <= period);
            assert!(rate.ticks_per_period() * MAX_TICK >= period);
            assert_eq!(rate.ticks(period), rate.ticks_per_period());
            assert_eq!(rate.nanoseconds(rate.ticks_per_period()), period);
        }
    }
}

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

    pub fn period(self) -> u64 {
        self.period
    }

    pub fn capacity(self) -> u64 {
        self.ticks_per_period / self.ticks_per_token
    }

    /// Ticks in nanoseconds, rounded down.
    #[allow(clippy::cast_possible_truncation)]
    pub fn nanoseconds_down(self, ticks: u64) -> u64 {
        (u128::from(ticks) * u128::from(self.period) / u128::from(self.ticks_per_period)) as u64
    }

    /// The ticks of which [`nanoseconds_down`](Self::nanoseconds_down) made these nanoseconds.
    #[allow(clippy::cast_possible_truncation)]
    pub fn ticks_up(self, nanoseconds: u64) -> u64 {
        (u128::from(nanoseconds) * u128::from(self.ticks_per_period)).div_ceil(u128::from(self.period)) as u64
    }

    /// The new arrival time of a bucket after `cost` tokens are taken at `now`, or the ticks to wait for them.
    pub fn take(self, arrival: u64, now: u64, cost: u64) -> Result<u64, u64> {
        let next = arrival.max(now) + cost * self.ticks_per_token;
        let latest = now + self.ticks_per_period;
        if next > latest { Err(next - latest) } else { Ok(next) }
    }

    /// The new arrival time after `cost` tokens are given back: 0 if the bucket was never less than full.
    pub fn give_back(self, arrival: u64, cost: u64) -> u64 {
        arrival.saturating_sub(cost * self.ticks_per_token)
    }

    /// The new arrival time after `cost` tokens are taken at any moment from `now` to [`LARGEST_LAG`] later, if it is
    /// the same for all of them: the bucket is never full in that time, and always has these tokens.
    pub fn take_soon_after(self, arrival: u64, now: u64, cost: u64) -> Option<u64> {
        let next = arrival + cost * self.ticks_per_token;
        (arrival >= now + self.ticks_of_lag && next <= now + self.ticks_per_period).then_some(next)
    }

    /// What [`take`](Self::take) does at `now`, and what the bucket holds after it.
    pub fn counted(self, arrival: u64, now: u64, taken: Result<u64, u64>) -> Counted {
        let ticks_until_full = taken.unwrap_or(arrival.max(now)) - now;
        Counted {
            wait: self.nanoseconds(taken.err().unwrap_or_default()),
            // Below zero only at a moment before that of an earlier call.
            remaining: self.ticks_per_period.saturating_sub(ticks_until_full) / self.ticks_per_token,
            until_full: self.nanoseconds(ticks_until_full),
        }
    }
}

/// The result of a call, and what its bucket holds after it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counted {
    /// Nanoseconds until there are enough tokens, 0 if they were taken.
    pub wait: u64,
    /// Whole tokens in the bucket.
    pub remaining: u64,
    /// Nanoseconds until the bucket is full.
    pub until_full: u64,
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
            for ticks in (0..1_000).chain((1 << 53) - 1_000..1 << 53).map(|n: u64| n.wrapping_mul(n) >> 10) {
                assert_eq!(rate.ticks_up(rate.nanoseconds_down(ticks)), ticks);
            }
        }
    }
}

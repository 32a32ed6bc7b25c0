//! The arithmetic of a bucket: ticks, exact in integers.

use super::moment::LARGEST_LAG;

/// Nanoseconds of the longest tick.
const MAX_TICK: u64 = 1_000;

/// A bucket's size and refill, counted in ticks: a token is a whole number of them.
#[derive(Clone, Copy)]
pub struct Rate {
    period: u64,
    ticks_per_token: u64,
    ticks_per_period: u64,
    ticks_per_nanosecond: Ratio,
    ticks_of_lag: u64,
}

impl Rate {
    pub fn new(capacity: u64, period: u64) -> Self {
        let ticks_per_token = period.div_ceil(capacity * MAX_TICK).max(1);
        let ticks_per_period = ticks_per_token * capacity;
        let ticks_per_nanosecond = Ratio::new(ticks_per_period, period);
        // One more, because moments are rounded down.
        let ticks_of_lag = ticks_per_nanosecond.of(LARGEST_LAG) + 1;
        Self { period, ticks_per_token, ticks_per_period, ticks_per_nanosecond, ticks_of_lag }
    }

    pub fn ticks_per_period(self) -> u64 {
        self.ticks_per_period
    }

    /// Nanoseconds, below 2**63, in ticks, rounded down.
    pub fn ticks(self, nanoseconds: u64) -> u64 {
        self.ticks_per_nanosecond.of(nanoseconds)
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

    /// The new arrival time after one token is taken at any moment from `now` to [`LARGEST_LAG`] later, where it is the
    /// same for all of them: the bucket is never full in that time, and always has a token.
    pub fn take_soon_after(self, arrival: u64, now: u64) -> Option<u64> {
        let next = arrival + self.ticks_per_token;
        (arrival >= now + self.ticks_of_lag && next <= now + self.ticks_per_period).then_some(next)
    }
}

/// `part / whole` as a binary fraction, so that two multiplications replace a 128-bit division.
///
/// Let `2**bits > whole` and `fraction = ceil(part * 2**(63 + bits) / whole)`. It is too large by less than 1, so for
/// `n < 2**63` the product `n * fraction / 2**(63 + bits)` exceeds `n * part / whole` by less than `2**-bits`, which is
/// below `1 / whole`: too little to reach the next integer. Rounded down, the two are equal.
#[derive(Clone, Copy)]
struct Ratio {
    high: u64,
    low: u64,
    /// `bits - 1`: 64 of the places are dropped with the low half.
    shift: u32,
}

impl Ratio {
    /// At most one, of numbers up to 2**53.
    #[allow(clippy::cast_possible_truncation)]
    fn new(part: u64, whole: u64) -> Self {
        let shift = u64::BITS - whole.leading_zeros() - 1;
        let whole = u128::from(whole);
        let scaled = u128::from(part) << 64;
        let fraction = ((scaled / whole) << shift) + ((scaled % whole) << shift).div_ceil(whole);
        Self { high: (fraction >> 64) as u64, low: fraction as u64, shift }
    }

    #[allow(clippy::cast_possible_truncation)]
    fn of(self, n: u64) -> u64 {
        let n = u128::from(n);
        let product = n * u128::from(self.high) + ((n * u128::from(self.low)) >> 64);
        (product >> self.shift) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const LAST: u64 = (1 << 63) - 1;

    fn divided(n: u64, part: u64, whole: u64) -> u64 {
        u64::try_from(u128::from(n) * u128::from(part) / u128::from(whole)).expect("at most n")
    }

    /// xorshift64: the same numbers in each run.
    fn numbers(mut state: u64) -> impl FnMut() -> u64 {
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        }
    }

    fn assert_equal_around(part: u64, whole: u64, n: u64) {
        let ratio = Ratio::new(part, whole);
        for n in n.saturating_sub(2)..=n.saturating_add(2).min(LAST) {
            assert_eq!(ratio.of(n), divided(n, part, whole), "{n} * {part} / {whole}");
        }
    }

    #[test]
    fn a_ratio_is_the_division_wherever_the_quotient_steps() {
        let mut number = numbers(1);
        for _ in 0..200_000 {
            let whole = (number() >> (11 + number() % 53)).max(1);
            let part = (number() % (whole + 1)).max(1);
            // The first n whose quotient is `quotient` follows the one where the division comes closest to rounding up.
            let quotient = number() % (divided(LAST, part, whole) + 1);
            let step = (u128::from(quotient) * u128::from(whole)).div_ceil(u128::from(part));
            assert_equal_around(part, whole, u64::try_from(step).map_or(LAST, |step| step.min(LAST)));
            assert_equal_around(part, whole, number() >> (1 + number() % 63));
            assert_equal_around(part, whole, LAST);
        }
    }

    #[test]
    fn a_ratio_is_the_division_at_the_limits() {
        for whole in [1, 2, 3, SECOND, (1 << 52) - 1, 1 << 52, (1 << 52) + 1, (1 << 53) - 1, 1 << 53] {
            for part in [1, 2, 3, whole / 2, whole - 1, whole] {
                if (1..=whole).contains(&part) {
                    for n in [0, 1, whole - 1, whole, whole + 1, 1 << 62, LAST] {
                        assert_equal_around(part, whole, n);
                    }
                }
            }
        }
    }

    #[test]
    fn a_tick_is_at_most_a_microsecond_and_at_least_a_nanosecond() {
        for (capacity, period) in [(1, SECOND), (7, SECOND), (1_000_003, 60 * SECOND), (SECOND, SECOND), (1, 1 << 53)] {
            let rate = Rate::new(capacity, period);
            assert!(rate.ticks_per_period() <= period);
            assert!(rate.ticks_per_period() * MAX_TICK >= period);
            assert_eq!(rate.ticks(period), rate.ticks_per_period());
            assert_eq!(rate.nanoseconds(rate.ticks_per_period()), period);
        }
    }
}

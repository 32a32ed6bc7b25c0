//! Token buckets that count tokens in exact fractions of 128 bits, and keep every bucket.

use std::collections::HashMap;

const LONGEST_TICK: i128 = 1_000;
const STEPS: i128 = 4_096;

pub struct ExactBuckets {
    capacity: i128,
    period: i128,
    ticks_per_token: i128,
    looked_at: i128,
    /// Tokens, in parts of `ticks_per_token`, and the tick when there were so many.
    buckets: HashMap<u64, (i128, i128)>,
}

impl ExactBuckets {
    pub fn new(capacity: u64, period: u64) -> Self {
        let (capacity, period) = (i128::from(capacity), i128::from(period));
        let ticks_per_token = ceil(period, capacity * LONGEST_TICK).max(1);
        Self { capacity, period, ticks_per_token, looked_at: 0, buckets: HashMap::new() }
    }

    /// Take a token at the exact moment `now`; the clock showed `roughly` when full buckets were looked for.
    pub fn take(&mut self, key: u64, roughly: u64, now: u64) -> u64 {
        let ticks_per_period = self.capacity * self.ticks_per_token;
        let tick_of = |moment: u64| i128::from(moment) * ticks_per_period / self.period;
        if tick_of(roughly) >= self.looked_at + ceil(ticks_per_period, STEPS) {
            self.looked_at = tick_of(roughly);
        }
        let moment = tick_of(now).max(self.looked_at);
        let (parts, since) = self.buckets.get(&key).copied().unwrap_or((ticks_per_period, moment));
        let parts = (parts + moment - since).min(ticks_per_period);
        if parts >= self.ticks_per_token {
            self.buckets.insert(key, (parts - self.ticks_per_token, moment));
            return 0;
        }
        let missing = self.ticks_per_token - parts;
        u64::try_from(ceil(missing * self.period, ticks_per_period)).expect("a wait of 64 bits")
    }

    pub fn keys(&self) -> usize {
        self.buckets.len()
    }
}

fn ceil(numerator: i128, denominator: i128) -> i128 {
    (numerator + denominator - 1) / denominator
}

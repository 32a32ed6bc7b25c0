//! Token buckets, compared with buckets that count tokens in exact fractions.

use std::collections::HashMap;

use fastware_core::buckets::{LARGEST_LAG, MAX_CAPACITY, MAX_PERIOD, MIN_PERIOD, Moment, TokenBuckets};

use crate::{Input, bytes};

const CAPACITIES: [u64; 8] = [1, 2, 3, 7, 60, 4_097, 1_000_000, MAX_CAPACITY];
const PERIODS: [u64; 6] = [MIN_PERIOD, MIN_PERIOD + 1, 60 * MIN_PERIOD, 3_600 * MIN_PERIOD, MAX_PERIOD - 1, MAX_PERIOD];
/// Keys that arrive one after another in an input: enough for the table to split and merge many segments.
const MAX_IN_CROWDS: u64 = 4_096;
const LAST_MOMENT: u64 = (1 << 63) - 1;

pub fn seeds() -> Vec<Vec<u8>> {
    // Read from the end: capacity 3, a minute, moment 0. Then four bytes a call: step, lag, key, and 1 for a crowd
    // or 2 to give back.
    let calls = |call: &[u8], times: usize| [&call.repeat(times)[..], &[0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0]].concat();
    let noise = |seed: u32| {
        let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        std::iter::successors(Some(seed), next).map(|state| state.to_be_bytes()[0]).take(132).collect::<Vec<_>>()
    };
    bytes![
        calls(&[0, 0, 0, 0], 9),
        calls(&[60, 1, 0, 0, 0], 6),
        [[0, 0, 0, 7].repeat(24), calls(&[255, 1, 0, 0, 0], 4)].concat(),
        calls(&[0, 0, 0, 11, 0, 0, 0, 7], 6),
        calls(&[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 6),
        noise(1),
        noise(2),
        noise(3),
    ]
}

/// The readings of a coarse clock and an exact one.
struct Clocks {
    roughly: u64,
    exactly: u64,
}

impl Moment for Clocks {
    fn roughly(&self) -> u64 {
        self.roughly
    }

    fn exactly(&self) -> u64 {
        self.exactly
    }
}

pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let capacity = if input.flag() { input.number(1, MAX_CAPACITY) } else { input.choice(&CAPACITIES) };
    let period = if input.flag() { input.number(MIN_PERIOD, MAX_PERIOD) } else { input.choice(&PERIODS) };
    let buckets = TokenBuckets::new(capacity, period).expect("within the limits");
    let mut exact = ExactBuckets::new(capacity, period);
    let mut now = input.number(0, LAST_MOMENT);
    let mut wait = 0;
    let mut crowds = MAX_IN_CROWDS;
    while !input.0.is_empty() {
        now = match input.byte() % 12 {
            2 => now.saturating_add(wait),
            3 => now.saturating_add(wait).saturating_sub(1),
            4 => now.saturating_sub(input.number(0, period / 2_048)),
            5 => now.saturating_add(input.number(0, period / capacity)),
            6 => now.saturating_add(input.number(0, period)),
            7 => now.saturating_add(period),
            8 => now.saturating_sub(period - 1_000 + input.number(0, 2_000)),
            9 => now.saturating_sub(input.bits()),
            10 => {
                buckets.reset_all();
                exact.buckets.clear();
                now
            }
            11 => {
                let key = u64::from(input.byte());
                buckets.reset(&key.to_le_bytes());
                exact.buckets.remove(&key);
                now
            }
            _ => now,
        }
        .min(LAST_MOMENT);
        let lag = if input.flag() { input.number(0, LARGEST_LAG) } else { 0 };
        let roughly = now.saturating_sub(lag);
        let first = u64::from(input.byte());
        let kind = input.byte() % 8;
        if kind == 2 {
            let cost = input.number(1, capacity.min(3));
            exact.give_back(first, roughly, now, cost);
            buckets.give_back(&first.to_le_bytes(), Clocks { roughly, exactly: now }, cost);
            continue;
        }
        let crowd = if kind == 1 { crowds.min(1 + 8 * u64::from(input.byte())) } else { 1 };
        crowds -= crowd - 1;
        let cost = if kind == 3 { input.number(1, capacity) } else { 1 };
        for key in first..first + crowd {
            wait = exact.take(key, roughly, now, cost);
            let taken = buckets.take(&key.to_le_bytes(), Clocks { roughly, exactly: now }, cost);
            assert_eq!(taken, Ok(wait), "{capacity} {period} {roughly} {now} {key}");
        }
        assert!(buckets.len() <= exact.buckets.len());
    }
}

/// Buckets that are never removed.
struct ExactBuckets {
    capacity: i128,
    period: i128,
    ticks_per_token: i128,
    swept_at: i128,
    /// Tokens, in parts of `ticks_per_token`, and the tick at which the bucket had them.
    buckets: HashMap<u64, (i128, i128)>,
}

impl ExactBuckets {
    fn new(capacity: u64, period: u64) -> Self {
        let (capacity, period) = (i128::from(capacity), i128::from(period));
        let ticks_per_token = ceil(period, capacity * 1_000).max(1);
        Self { capacity, period, ticks_per_token, swept_at: 0, buckets: HashMap::new() }
    }

    /// Take tokens at the exact moment `now`; the clock showed `roughly` when full buckets were swept.
    fn take(&mut self, key: u64, roughly: u64, now: u64, cost: u64) -> u64 {
        let needed = i128::from(cost) * self.ticks_per_token;
        let ticks_per_period = self.capacity * self.ticks_per_token;
        let moment = self.arrive(roughly, now);
        let (parts, since) = self.buckets.get(&key).copied().unwrap_or((ticks_per_period, moment));
        let parts = (parts + moment - since).min(ticks_per_period);
        if parts >= needed {
            self.buckets.insert(key, (parts - needed, moment));
            return 0;
        }
        let missing = needed - parts;
        u64::try_from(ceil(missing * self.period, ticks_per_period)).expect("a wait of 64 bits")
    }

    fn give_back(&mut self, key: u64, roughly: u64, now: u64, cost: u64) {
        self.arrive(roughly, now);
        if let Some((parts, _)) = self.buckets.get_mut(&key) {
            *parts += i128::from(cost) * self.ticks_per_token;
        }
    }

    /// Sweep at `roughly`, or start again if `now` is on another clock. Returns the tick that `now` counts as.
    fn arrive(&mut self, roughly: u64, now: u64) -> i128 {
        let ticks_per_period = self.capacity * self.ticks_per_token;
        let tick_of = |moment: u64| i128::from(moment) * ticks_per_period / self.period;
        if tick_of(now) < self.swept_at - ticks_per_period {
            self.buckets.clear();
            self.swept_at = tick_of(now);
        } else if tick_of(roughly) >= self.swept_at + ceil(ticks_per_period, 4_096) {
            self.swept_at = tick_of(roughly);
        }
        tick_of(now).max(self.swept_at)
    }
}

fn ceil(numerator: i128, denominator: i128) -> i128 {
    (numerator + denominator - 1) / denominator
}

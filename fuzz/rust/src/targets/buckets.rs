use fastware_core::buckets::{LARGEST_LAG, MAX_CAPACITY, MAX_PERIOD, MIN_PERIOD, Moment, TokenBuckets};

use crate::input::Input;
use crate::reference::buckets::ExactBuckets;

const CAPACITIES: [u64; 8] = [1, 2, 3, 7, 60, 4_097, 1_000_000, MAX_CAPACITY];
const PERIODS: [u64; 6] = [MIN_PERIOD, MIN_PERIOD + 1, 60 * MIN_PERIOD, 3_600 * MIN_PERIOD, MAX_PERIOD - 1, MAX_PERIOD];
/// Keys that come one after another in an input: enough for the table to split and merge many segments.
const MOST_IN_CROWDS: u64 = 4_096;
const LAST_MOMENT: u64 = (1 << 63) - 1;

/// What a rough clock and an exact one show.
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
    let mut input = Input::new(data);
    let capacity = if input.flag() { input.number(1, MAX_CAPACITY) } else { input.choice(&CAPACITIES) };
    let period = if input.flag() { input.number(MIN_PERIOD, MAX_PERIOD) } else { input.choice(&PERIODS) };
    let buckets = TokenBuckets::new(capacity, period).expect("within the limits");
    let mut exact = ExactBuckets::new(capacity, period);
    let mut now = input.number(0, LAST_MOMENT);
    let mut wait = 0;
    let mut crowds = MOST_IN_CROWDS;
    while !input.is_used_up() {
        now = match input.byte() % 8 {
            0 | 1 => now,
            2 => now.saturating_add(wait),
            3 => now.saturating_add(wait).saturating_sub(1),
            4 => now.saturating_sub(input.number(0, period / 2_048)),
            5 => now.saturating_add(input.number(0, period / capacity)),
            6 => now.saturating_add(input.number(0, period)),
            _ => now.saturating_add(period),
        }
        .min(LAST_MOMENT);
        let lag = if input.flag() { input.number(0, LARGEST_LAG) } else { 0 };
        let roughly = now.saturating_sub(lag);
        let first = u64::from(input.byte());
        let crowd = if input.byte() % 8 == 1 { crowds.min(1 + 8 * u64::from(input.byte())) } else { 1 };
        crowds -= crowd - 1;
        for key in first..first + crowd {
            wait = exact.take(key, roughly, now);
            let taken = buckets.take(&key.to_le_bytes(), Clocks { roughly, exactly: now });
            assert_eq!(taken, Ok(wait), "{capacity} {period} {roughly} {now} {key}");
        }
        assert!(buckets.len() <= exact.keys());
    }
}

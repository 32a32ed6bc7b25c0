//! Token buckets, each kept as one number: its theoretical arrival time (the generic cell rate algorithm,
//! ITU-T I.371 Annex A).

mod fingerprint;
mod moment;
mod out_of_memory;
mod rate;
mod segment;
mod slabs;
mod table;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use fingerprint::{Fingerprint, Fingerprints};
pub use moment::{LARGEST_LAG, Moment};
pub use out_of_memory::OutOfMemory;
pub use rate::Counted;
pub(crate) use rate::Rate;
use table::Table;

pub const MAX_CAPACITY: u64 = 1_000_000_000;
pub const MIN_PERIOD: u64 = 1_000_000_000;
pub const MAX_PERIOD: u64 = 1 << 53;

/// Few enough that a small limit takes little memory, and many enough that threads rarely wait for each other.
const SHARDS: usize = 16;

/// Steps in which all buckets are swept once, spread over a period.
const STEPS: usize = SHARDS * table::STEPS;

/// Maximum number of steps in one call, after a pause. With 256 calls in a period, all buckets are swept in it.
const MAX_STEPS_PER_CALL: u64 = STEPS as u64 / 256;

pub(crate) fn is_in_range(capacity: u64, period: u64) -> bool {
    (1..=MAX_CAPACITY).contains(&capacity) && (MIN_PERIOD..=MAX_PERIOD).contains(&period)
}

/// Buckets by key. Full buckets are not kept: each step of a sweep removes those of a few segments.
pub struct TokenBuckets {
    rate: Rate,
    ticks_per_step: u64,
    /// The tick of the latest sweep. An earlier moment counts as this one.
    swept_at: AtomicU64,
    /// Steps of sweeping that have begun.
    steps: AtomicUsize,
    /// Segments that the latest step still has to sweep. Each call until the next step sweeps one.
    owed: AtomicUsize,
    fingerprints: Fingerprints,
    shards: Box<[Mutex<Table>]>,
}

impl TokenBuckets {
    /// `capacity` in tokens, `period` in nanoseconds: the time in which an empty bucket is filled.
    pub fn new(capacity: u64, period: u64) -> Option<Self> {
        if !is_in_range(capacity, period) {
            return None;
        }
        let rate = Rate::new(capacity, period);
        Some(Self {
            rate,
            ticks_per_step: rate.ticks_per_period().div_ceil(STEPS as u64),
            swept_at: AtomicU64::new(0),
            steps: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
            fingerprints: Fingerprints::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        })
    }

    /// Tokens of a full bucket.
    pub fn capacity(&self) -> u64 {
        self.rate.capacity()
    }

    /// Take `cost` tokens, 1 to the capacity, at `now`. Returns the nanoseconds to wait, 0 if they were taken.
    #[allow(clippy::needless_pass_by_value)] // a moment is a number
    pub fn take(&self, key: &[u8], now: impl Moment, cost: u64) -> Result<u64, OutOfMemory> {
        let roughly = self.arrive(&now);
        let fingerprint = self.fingerprints.of(key);
        let mut shard = self.shard(fingerprint.shard(SHARDS));
        // Read under the lock, so that it is not earlier than the latest sweep of this shard.
        let floor = self.swept_at.load(Ordering::Relaxed);
        let taken = shard.update(fingerprint, floor, |arrival| {
            let surely = self.rate.take_soon_after(arrival, roughly.max(floor), cost);
            let exactly = || self.rate.take(arrival, self.rate.ticks(now.exactly()).max(floor), cost);
            surely.map_or_else(exactly, Ok).map_err(NotTaken::Wait)
        });
        match taken {
            Ok(()) => Ok(0),
            Err(NotTaken::Wait(ticks)) => Ok(self.rate.nanoseconds(ticks)),
            Err(NotTaken::OutOfMemory) => Err(OutOfMemory),
        }
    }

    /// Do what [`take`](Self::take) does, and count what the bucket holds after it.
    #[allow(clippy::needless_pass_by_value)]
    pub fn take_counted(&self, key: &[u8], now: impl Moment, cost: u64) -> Result<Counted, OutOfMemory> {
        self.arrive(&now);
        let fingerprint = self.fingerprints.of(key);
        let mut shard = self.shard(fingerprint.shard(SHARDS));
        let floor = self.swept_at.load(Ordering::Relaxed);
        let tick = self.rate.ticks(now.exactly()).max(floor);
        let mut counted = Counted::default();
        let taken = shard.update(fingerprint, floor, |arrival| {
            let taken = self.rate.take(arrival, tick, cost);
            counted = self.rate.counted(arrival, tick, taken);
            taken.map_err(NotTaken::Wait)
        });
        match taken {
            Err(NotTaken::OutOfMemory) => Err(OutOfMemory),
            Ok(()) | Err(NotTaken::Wait(_)) => Ok(counted),
        }
    }

    /// Return `cost` tokens at `now`, but not to a full bucket.
    #[allow(clippy::needless_pass_by_value)]
    pub fn give_back(&self, key: &[u8], now: impl Moment, cost: u64) {
        self.arrive(&now);
        let fingerprint = self.fingerprints.of(key);
        let mut shard = self.shard(fingerprint.shard(SHARDS));
        let floor = self.swept_at.load(Ordering::Relaxed);
        shard.lower(fingerprint, floor, |arrival| self.rate.give_back(arrival, cost));
    }

    /// Refill the bucket of `key`.
    pub fn reset(&self, key: &[u8]) {
        let fingerprint = self.fingerprints.of(key);
        self.shard(fingerprint.shard(SHARDS)).remove(fingerprint);
    }

    /// Refill every bucket.
    pub fn reset_all(&self) {
        for index in 0..SHARDS {
            *self.shard(index) = Table::default();
        }
    }

    pub fn len(&self) -> usize {
        (0..SHARDS).map(|index| self.shard(index).len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sweep what is due at `now`, and forget all buckets if the clock was set back. Returns the rough tick.
    #[allow(clippy::inline_always)] // a call of it adds 2 % to `take`
    #[inline(always)]
    fn arrive(&self, now: &impl Moment) -> u64 {
        let roughly = self.rate.ticks(now.roughly());
        let swept_at = self.swept_at.load(Ordering::Relaxed);
        if roughly >= swept_at + self.ticks_per_step {
            self.begin_steps(swept_at, roughly);
        } else if self.owed.load(Ordering::Relaxed) > 0 {
            self.sweep(1);
        }
        if roughly + self.rate.ticks_per_period() < swept_at {
            // The clock is read again, because this thread may have waited since the last reading.
            self.start_again_if_set_back(swept_at, self.rate.ticks(now.exactly()));
        }
        roughly
    }

    fn shard(&self, index: usize) -> MutexGuard<'_, Table> {
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forget all buckets if the clock was set back: their arrival times are meaningless on the new clock.
    #[cold]
    fn start_again_if_set_back(&self, swept_at: u64, now: u64) {
        if now + self.rate.ticks_per_period() < swept_at
            && self.swept_at.compare_exchange(swept_at, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            self.reset_all();
        }
    }

    /// Begin the steps that are due since the latest one, so that a full bucket is removed within two periods.
    #[cold]
    fn begin_steps(&self, swept_at: u64, now: u64) {
        if self.swept_at.compare_exchange(swept_at, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        for _ in 0..MAX_STEPS_PER_CALL.min(self.step_at(now) - self.step_at(swept_at)) {
            self.sweep(usize::MAX);
            let step = self.steps.fetch_add(1, Ordering::Relaxed);
            let share = self.shard(step / table::STEPS % SHARDS).share(step % table::STEPS);
            self.owed.store(share, Ordering::Relaxed);
        }
    }

    /// Sweep at most `most` of the owed segments.
    #[cold]
    fn sweep(&self, most: usize) {
        let floor = self.swept_at.load(Ordering::Relaxed);
        let pay = |owed: usize| Some(owed.saturating_sub(most));
        let owed = self.owed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).unwrap_or_default();
        let begun = self.steps.load(Ordering::Relaxed);
        if owed > 0 {
            self.shard((begun - 1) / table::STEPS % SHARDS).sweep(most.min(owed), floor);
        }
    }

    /// The number of a step since time began; at least `STEPS` are in a period.
    fn step_at(&self, tick: u64) -> u64 {
        tick / (self.rate.ticks_per_period() / STEPS as u64)
    }
}

/// Why a token was not taken.
enum NotTaken {
    /// Ticks until a token is available.
    Wait(u64),
    OutOfMemory,
}

impl From<OutOfMemory> for NotTaken {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn full_bucket_admits_its_capacity_then_one_for_each_refill() {
        for capacity in [1, 3, 7, 1_000, 1_000_003] {
            let buckets = TokenBuckets::new(capacity, 60 * SECOND).expect("in range");
            for _ in 0..capacity {
                assert_eq!(buckets.take(b"k", 5_u64, 1), Ok(0));
            }
            let wait = buckets.take(b"k", 5_u64, 1).expect("memory");
            assert_eq!(wait, (60 * SECOND).div_ceil(capacity), "{capacity}");
            assert_ne!(buckets.take(b"k", 5 + wait - 1_002, 1), Ok(0));
            assert_eq!(buckets.take(b"k", 5 + wait, 1), Ok(0));
            assert_ne!(buckets.take(b"k", 5 + wait, 1), Ok(0));
        }
    }

    #[test]
    fn each_key_has_its_own_bucket() {
        let buckets = TokenBuckets::new(1, SECOND).expect("in range");
        assert_eq!(buckets.take(b"a", 0_u64, 1), Ok(0));
        assert_eq!(buckets.take(b"b", 0_u64, 1), Ok(0));
        assert_eq!(buckets.take(b"a", 0_u64, 1), Ok(SECOND));
        assert_eq!(buckets.len(), 2);
    }

    #[test]
    fn token_that_is_given_back_can_be_taken_again_and_a_full_bucket_stays_full() {
        for capacity in [1, 2, 7, 1_000] {
            let buckets = TokenBuckets::new(capacity, 60 * SECOND).expect("in range");
            buckets.give_back(b"k", SECOND, 1);
            assert!(buckets.is_empty());
            for _ in 0..capacity {
                assert_eq!(buckets.take(b"k", SECOND, 1), Ok(0));
            }
            buckets.give_back(b"k", SECOND, 1);
            buckets.give_back(b"another", SECOND, 1);
            assert_eq!(buckets.take(b"k", SECOND, 1), Ok(0));
            assert_ne!(buckets.take(b"k", SECOND, 1), Ok(0));
            for _ in 0..=capacity {
                buckets.give_back(b"k", SECOND, 1);
            }
            assert!(buckets.is_empty(), "{capacity}");
            assert_eq!((0..=capacity).filter(|_| buckets.take(b"k", SECOND, 1) == Ok(0)).count() as u64, capacity);
        }
    }

    #[test]
    fn full_buckets_are_removed() {
        let buckets = TokenBuckets::new(1, SECOND).expect("in range");
        for key in 0..10_000_u32 {
            assert_eq!(buckets.take(&key.to_le_bytes(), 0_u64, 1), Ok(0));
        }
        assert_eq!(buckets.len(), 10_000);
        for step in 0..=257 {
            let _ = buckets.take(b"x", 2 * SECOND + step * SECOND / 250, 1);
        }
        assert!(buckets.len() <= 1, "{}", buckets.len());
    }

    #[test]
    fn reset_bucket_is_full() {
        let buckets = TokenBuckets::new(1, SECOND).expect("in range");
        for key in 0..1_000_u32 {
            assert_eq!(buckets.take(&key.to_le_bytes(), 0_u64, 1), Ok(0));
        }
        buckets.reset(&7_u32.to_le_bytes());
        buckets.reset(b"unknown");
        assert_eq!(buckets.len(), 999);
        for key in 0..1_000_u32 {
            assert_eq!(buckets.take(&key.to_le_bytes(), 0_u64, 1) == Ok(0), key == 7, "{key}");
        }
        buckets.reset_all();
        assert!(buckets.is_empty());
        assert!((0..1_000_u32).all(|key| buckets.take(&key.to_le_bytes(), 0_u64, 1) == Ok(0)));
    }

    #[test]
    fn clock_that_is_set_back_locks_nobody_out() {
        let buckets = TokenBuckets::new(1, SECOND).expect("in range");
        assert_eq!(buckets.take(b"k", 100 * SECOND, 1), Ok(0));
        assert_eq!(buckets.take(b"k", 99 * SECOND, 1), Ok(SECOND), "a period earlier counts as the latest sweep");
        assert_eq!(buckets.take(b"k", 98 * SECOND, 1), Ok(0), "more than a period earlier is another clock");
        assert_eq!(buckets.take(b"k", 98 * SECOND, 1), Ok(SECOND));
        assert_eq!(buckets.take(b"k", 99 * SECOND, 1), Ok(0));
    }

    #[test]
    fn extremes_do_not_overflow() {
        for (capacity, period) in
            [(1, MIN_PERIOD), (MAX_CAPACITY, MIN_PERIOD), (1, MAX_PERIOD), (MAX_CAPACITY, MAX_PERIOD)]
        {
            let buckets = TokenBuckets::new(capacity, period).expect("in range");
            let last = (1_u64 << 63) - 1;
            assert_eq!(buckets.take(b"", last, 1), Ok(0));
            assert_eq!(buckets.take(b"", last, 1) == Ok(0), capacity > 1);
            assert_eq!(buckets.take(b"", 0_u64, 1), Ok(0), "another clock");
        }
        assert!(TokenBuckets::new(0, SECOND).is_none());
        assert!(TokenBuckets::new(MAX_CAPACITY + 1, SECOND).is_none());
        assert!(TokenBuckets::new(1, MIN_PERIOD - 1).is_none());
        assert!(TokenBuckets::new(1, MAX_PERIOD + 1).is_none());
    }

    /// Counts how often the exact moment is read.
    struct Rough<'a> {
        exactly: u64,
        lag: u64,
        reads: &'a std::cell::Cell<u32>,
    }

    impl Moment for Rough<'_> {
        fn roughly(&self) -> u64 {
            self.exactly.saturating_sub(self.lag)
        }

        fn exactly(&self) -> u64 {
            self.reads.set(self.reads.get() + 1);
            self.exactly
        }
    }

    #[test]
    fn rough_moment_changes_no_result() {
        let reads = std::cell::Cell::new(0);
        for capacity in [1, 2, 5, 60, 1_000] {
            let exact = TokenBuckets::new(capacity, 60 * SECOND).expect("in range");
            let rough = TokenBuckets::new(capacity, 60 * SECOND).expect("in range");
            let (mut now, mut random) = (1_000 * SECOND, 1_u64);
            for _ in 0..20_000 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                now += (random >> 33) % (90 * SECOND / capacity);
                let key = [(random >> 60) as u8];
                let moment = Rough { exactly: now, lag: (random >> 20) % LARGEST_LAG, reads: &reads };
                assert_eq!(rough.take(&key, moment, 1), exact.take(&key, now, 1), "{capacity} {now}");
            }
        }
        assert!((1..90_000).contains(&reads.get()), "{reads:?}");
    }

    #[test]
    fn threads_never_admit_more_than_the_bucket_holds() {
        let buckets = TokenBuckets::new(1_000, 3_600 * SECOND).expect("in range");
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..1_000).filter(|_| buckets.take(b"k", 0_u64, 1) == Ok(0)).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(admitted, 1_000);
    }
}

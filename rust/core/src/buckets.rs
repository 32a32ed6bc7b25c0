//! Token buckets, each kept as one number: its theoretical arrival time (the generic cell rate algorithm,
//! ITU-T I.371 Annex A).

mod rate;

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rate::Rate;
use siphasher::sip128::{Hasher128, SipHasher13};

pub const MAX_CAPACITY: u64 = 1_000_000_000;
pub const MIN_PERIOD: u64 = 1_000_000_000;
pub const MAX_PERIOD: u64 = 1 << 53;

const SHARDS: usize = 256;

/// A keyed 128-bit fingerprint of a bucket's key, so that a key of any length takes the same memory.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Fingerprint(u64, u64);

impl std::hash::Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

/// A fingerprint is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("fingerprints are hashed with write_u64");
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type Shard = HashMap<Fingerprint, u64, BuildHasherDefault<AsItIs>>;

/// Buckets by key. Full buckets are not kept: one shard after another is swept as calls come in.
pub struct TokenBuckets {
    rate: Rate,
    hash_key: SipHasher13,
    shards: Box<[Mutex<Shard>]>,
    /// The tick of the last sweep. Time does not run backwards past it.
    swept_at: AtomicU64,
    next_shard: AtomicUsize,
}

impl TokenBuckets {
    /// `capacity` in tokens, `period` in nanoseconds: the time in which an empty bucket is filled.
    pub fn new(capacity: u64, period: u64) -> Option<Self> {
        if !(1..=MAX_CAPACITY).contains(&capacity) || !(MIN_PERIOD..=MAX_PERIOD).contains(&period) {
            return None;
        }
        let random = RandomState::new();
        Some(Self {
            rate: Rate::new(capacity, period),
            hash_key: SipHasher13::new_with_keys(random.hash_one(0), random.hash_one(1)),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            swept_at: AtomicU64::new(0),
            next_shard: AtomicUsize::new(0),
        })
    }

    /// Take one token at `now`, below 2**63 nanoseconds; the result is the nanoseconds to wait, 0 where it was taken.
    pub fn take(&self, key: &[u8], now: u64) -> u64 {
        let now = self.rate.ticks(now);
        self.sweep_if_due(now);
        let fingerprint = self.fingerprint(key);
        let mut shard = self.shard(shard_of(fingerprint));
        // Read under the lock, so that whoever swept this shard is seen: what went was full at that moment.
        let now = now.max(self.swept_at.load(Ordering::Relaxed));
        let arrival = shard.get(&fingerprint).copied().unwrap_or(0);
        match self.rate.take(arrival, now) {
            Ok(next) => {
                shard.insert(fingerprint, next);
                0
            }
            Err(wait) => self.rate.nanoseconds(wait),
        }
    }

    pub fn len(&self) -> usize {
        (0..SHARDS).map(|index| self.shard(index).len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, index: usize) -> std::sync::MutexGuard<'_, Shard> {
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fingerprint(&self, key: &[u8]) -> Fingerprint {
        let mut hasher = self.hash_key;
        hasher.write(key);
        let hash = hasher.finish128();
        Fingerprint(hash.h1, hash.h2)
    }

    /// Sweep one shard, at most `SHARDS` times a period: every bucket that has filled up goes within two periods.
    fn sweep_if_due(&self, now: u64) {
        let swept_at = self.swept_at.load(Ordering::Relaxed);
        if now < swept_at + self.rate.ticks_per_period().div_ceil(SHARDS as u64) {
            return;
        }
        if self.swept_at.compare_exchange(swept_at, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let index = self.next_shard.fetch_add(1, Ordering::Relaxed) % SHARDS;
        let mut shard = self.shard(index);
        shard.retain(|_, arrival| *arrival > now);
        let kept = shard.len();
        if shard.capacity() > 4 * kept {
            shard.shrink_to(2 * kept);
        }
    }
}

#[allow(clippy::cast_possible_truncation)]
fn shard_of(fingerprint: Fingerprint) -> usize {
    fingerprint.1 as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_full_bucket_admits_its_capacity_then_one_for_each_refill() {
        for capacity in [1, 3, 7, 1_000, 1_000_003] {
            let buckets = TokenBuckets::new(capacity, 60 * SECOND).expect("in range");
            for _ in 0..capacity {
                assert_eq!(buckets.take(b"k", 5), 0);
            }
            let wait = buckets.take(b"k", 5);
            assert_eq!(wait, (60 * SECOND).div_ceil(capacity), "{capacity}");
            assert_ne!(buckets.take(b"k", 5 + wait - 1_002), 0);
            assert_eq!(buckets.take(b"k", 5 + wait), 0);
            assert_ne!(buckets.take(b"k", 5 + wait), 0);
        }
    }

    #[test]
    fn keys_have_buckets_of_their_own() {
        let buckets = TokenBuckets::new(1, SECOND).expect("in range");
        assert_eq!(buckets.take(b"a", 0), 0);
        assert_eq!(buckets.take(b"b", 0), 0);
        assert_eq!(buckets.take(b"a", 0), SECOND);
        assert_eq!(buckets.len(), 2);
    }

    #[test]
    fn full_buckets_go_away() {
        let buckets = TokenBuckets::new(1, SECOND).expect("in range");
        for key in 0..10_000_u32 {
            buckets.take(&key.to_le_bytes(), 0);
        }
        assert_eq!(buckets.len(), 10_000);
        for step in 0..=SHARDS as u64 {
            buckets.take(b"x", 2 * SECOND + step * SECOND / 250);
        }
        assert!(buckets.len() <= 1, "{}", buckets.len());
        assert!(buckets.shards.iter().all(|shard| shard.lock().expect("whole").capacity() < 16));
    }

    #[test]
    fn extremes_do_not_overflow() {
        for (capacity, period) in
            [(1, MIN_PERIOD), (MAX_CAPACITY, MIN_PERIOD), (1, MAX_PERIOD), (MAX_CAPACITY, MAX_PERIOD)]
        {
            let buckets = TokenBuckets::new(capacity, period).expect("in range");
            let last = (1 << 63) - 1;
            assert_eq!(buckets.take(b"", last), 0);
            assert_eq!(buckets.take(b"", last) == 0, capacity > 1);
            assert_eq!(buckets.take(b"", 0) == 0, capacity > 1, "the clock does not run backwards");
        }
        assert!(TokenBuckets::new(0, SECOND).is_none());
        assert!(TokenBuckets::new(MAX_CAPACITY + 1, SECOND).is_none());
        assert!(TokenBuckets::new(1, MIN_PERIOD - 1).is_none());
        assert!(TokenBuckets::new(1, MAX_PERIOD + 1).is_none());
    }

    #[test]
    fn threads_never_admit_more_than_the_bucket_holds() {
        let buckets = TokenBuckets::new(1_000, 3_600 * SECOND).expect("in range");
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..1_000).filter(|_| buckets.take(b"k", 0) == 0).count())).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(admitted, 1_000);
    }
}

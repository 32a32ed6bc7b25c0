//! Keyed 128-bit fingerprints of bucket keys, so that a key of any length takes the same memory.

use std::hash::{BuildHasher, RandomState};

use siphasher::sip128::SipHasher13;

/// A keyed hash: its bits are spread evenly, and cannot be chosen without the hash key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint(pub u64, pub u64);

impl Fingerprint {
    /// Which of `shards`, a power of two, keeps it.
    #[allow(clippy::cast_possible_truncation)]
    pub fn shard(self, shards: usize) -> usize {
        self.1 as usize & (shards - 1)
    }

    /// The bits by which a table tells its segments apart, the lowest first.
    #[allow(clippy::cast_possible_truncation)]
    pub fn pattern(self) -> usize {
        self.0 as usize
    }
}

pub struct Fingerprints(SipHasher13);

impl Fingerprints {
    pub fn new() -> Self {
        let random = RandomState::new();
        Self(SipHasher13::new_with_keys(random.hash_one(0), random.hash_one(1)))
    }

    pub fn with_key(key: &[u8; 16]) -> Self {
        Self(SipHasher13::new_with_key(key))
    }

    pub fn of(&self, key: &[u8]) -> Fingerprint {
        let hash = self.0.hash(key);
        Fingerprint(hash.h1, hash.h2)
    }
}

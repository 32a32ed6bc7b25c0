//! The memory of `SharedTokenBuckets`: a buffer that other processes change.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use fastware_core::shared_buckets::{Memory, SLOTS_IN_GROUP};
use portable_atomic::AtomicU128;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;

/// Where the number of the latest claim is.
pub const CLAIMS_AT: usize = 56;
/// Where the slots start.
pub const SLOTS_AT: usize = 1 << 16;
/// Where the key and the epoch are in the entry of a limit.
pub const KEY_AT: usize = 0;
pub const EPOCH_AT: usize = 32;

/// Bytes of a group of slots.
pub const GROUP: usize = SLOTS_IN_GROUP * size_of::<AtomicU128>();
const KEY_LENGTH: usize = 16;

/// The words of one limit. Every access is atomic: the memory may be changed by any process, at any time.
pub struct SharedMemory {
    /// Keeps the memory where it is: an object that exports a buffer neither frees nor moves it.
    buffer: PyBuffer<u8>,
    limit_at: usize,
}

impl SharedMemory {
    /// `None` if the buffer is read-only, not aligned, or has no whole groups of slots, or if `limit_at` is not in its
    /// header.
    pub fn new(object: &Bound<'_, PyAny>, limit_at: usize) -> PyResult<Option<Self>> {
        let buffer = PyBuffer::get(object)?;
        let is_usable = !buffer.readonly()
            && buffer.is_c_contiguous()
            && buffer.buf_ptr().cast::<AtomicU128>().is_aligned()
            && buffer.len_bytes() >= SLOTS_AT + 2 * GROUP
            && (buffer.len_bytes() - SLOTS_AT).is_multiple_of(GROUP)
            && limit_at.is_multiple_of(size_of::<AtomicU64>())
            && limit_at.saturating_add(EPOCH_AT) < SLOTS_AT;
        Ok(is_usable.then_some(Self { buffer, limit_at }))
    }

    /// The key of the limit, which never changes.
    pub fn key(&self) -> [u8; KEY_LENGTH] {
        let words = [0, 8].map(|at| self.word(self.limit_at + KEY_AT + at).load(Ordering::SeqCst).to_ne_bytes());
        std::array::from_fn(|at| words[at / 8][at % 8])
    }

    /// Begin another epoch.
    pub fn next_epoch(&self) {
        self.word(self.limit_at + EPOCH_AT).fetch_add(1, Ordering::SeqCst);
    }

    /// A word of the header.
    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(size_of::<AtomicU64>()) && at < SLOTS_AT, "not a word of the header");
        // SAFETY: the word is within the buffer, whose length `new` has checked, and aligned, as `new` has checked that
        // of the buffer. The buffer is writable, and lives as long as `self`. Rust accesses it only through atomic
        // types, which allow changes by others. Python writes an entry of the header only before it is used.
        unsafe { AtomicU64::from_ptr(self.buffer.buf_ptr().cast::<u8>().add(at).cast()) }
    }

    fn slots(&self) -> &[AtomicU128] {
        let count = (self.buffer.len_bytes() - SLOTS_AT) / size_of::<AtomicU128>();
        // SAFETY: as in `word`: these words are in the buffer, aligned (`SLOTS_AT` is a multiple of their size), and
        // accessed only as atomics. Any 16 bytes are a valid word.
        unsafe { std::slice::from_raw_parts(self.buffer.buf_ptr().cast::<u8>().add(SLOTS_AT).cast(), count) }
    }
}

impl Memory for SharedMemory {
    fn groups(&self) -> u64 {
        (self.slots().len() / SLOTS_IN_GROUP) as u64
    }

    #[inline]
    fn load(&self, slot: usize) -> u128 {
        self.slots()[slot].load(Ordering::SeqCst)
    }

    #[inline]
    fn replace(&self, slot: usize, old: u128, new: u128) -> bool {
        self.slots()[slot].compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn next_claim(&self) -> u64 {
        self.word(CLAIMS_AT).fetch_add(1, Ordering::SeqCst) & ((1 << 62) - 1)
    }

    #[inline]
    fn epoch(&self) -> u64 {
        self.word(self.limit_at + EPOCH_AT).load(Ordering::SeqCst)
    }
}

/// Whether a word is replaced by the processor. Otherwise a lock is taken, which other processes do not see.
pub fn is_atomic() -> bool {
    AtomicU128::is_lock_free()
}

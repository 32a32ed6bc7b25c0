//! Token buckets in memory that processes share, without locks: a process may be killed at any instant.
//!
//! The buckets of all limits are in one table of fixed size. A slot is one word of 128 bits that is read and replaced
//! atomically: a fingerprint of the limit and the key, and the arrival time in nanoseconds, the floor of the exact
//! tick. A tick is never shorter than a nanosecond, so the tick is recovered exactly, and an arrival time in the past
//! is a full bucket, whatever its limit: such a slot is *idle*, and any key may take it over.
//!
//! A key has a *window* of two groups of slots, and takes over an idle slot in the one with more of them (Azar, Broder,
//! Karlin, Upfal: Balanced Allocations, SIAM J. Comput. 29(1), 1999). With two slots for each client, 1 of 30,000 finds
//! no idle slot; it takes over the slot of the bucket that is the nearest to full.
//!
//! # One bucket for each key
//!
//! Two processes may take over two slots for one key at once. But never do two entries of a key have debt, that is,
//! lack a token:
//!
//! 1. A slot is taken over with a *claim*: the fingerprint and a number that is never used again. It has no debt.
//! 2. An entry without debt gets debt by a replacement of the value that was read, after all other slots of the window
//!    were read *later*, and none of them held the key; those that held it without debt were emptied.
//! 3. An entry with debt is used as it is. It may be full by the time it is replaced, but has held the key since.
//!
//! Suppose process P gave debt to slot x, and then Q to slot y while x has debt. P read x, found its bucket full, read y
//! without the key, and replaced the word of x, which has held the key since; likewise Q. So y held the key only after
//! P read it; then Q read y, and then x without the key. If that was before P's replacement, x lost the key and got it
//! back in between, with the word that P has read. But it got it back with a claim, which is unique, and then debt at a
//! later moment than that at which P found the bucket full, so with a later arrival time. This is a contradiction. It
//! needs one order of all accesses, hence `SeqCst`. `interleavings.rs` runs all interleavings of small cases.
//!
//! An entry with debt that is taken over by another key while a call is stopped may come back with the same arrival
//! time, to the nanosecond. The stopped call then replaces it with the result of a later call: that is right in case 3,
//! because a token that is taken before the arrival time is counted from there, whatever the moment. Only a
//! `give_back`, stopped in the same way, could undo the debt of the proof, and only if two nanoseconds coincide.
//!
//! The clock is read after the word that is replaced, and after the other slots of the window. So a bucket that another
//! process found full, and removed, is full at the moment of this call too.

#[cfg(test)]
mod interleavings;
mod slot;
mod window;

use crate::buckets::{Counted, Fingerprints, Moment, Rate, is_in_range};
use slot::Entry;
pub use slot::SLOTS_IN_GROUP;
use window::Window;

/// The words that all processes see. Every access is in one total order (`SeqCst`).
pub trait Memory {
    /// Groups of [`SLOTS_IN_GROUP`] slots, at least two.
    fn groups(&self) -> u64;

    fn load(&self, slot: usize) -> u128;

    /// Replace a slot's word if it is `old`. Returns whether it was.
    fn replace(&self, slot: usize, old: u128, new: u128) -> bool;

    /// A number, below 2**62, that no earlier call in any process returned.
    fn next_claim(&self) -> u64;

    /// A number that changes when every bucket of the limit is refilled.
    fn epoch(&self) -> u64;
}

/// The buckets of one limit.
pub struct SharedBuckets {
    rate: Rate,
    fingerprints: Fingerprints,
}

impl SharedBuckets {
    /// `capacity` and `period` are those of [`TokenBuckets`](crate::buckets::TokenBuckets). `key` is secret, and that
    /// of the limit.
    pub fn new(capacity: u64, period: u64, key: &[u8; 16]) -> Option<Self> {
        is_in_range(capacity, period)
            .then(|| Self { rate: Rate::new(capacity, period), fingerprints: Fingerprints::with_key(key) })
    }

    /// Tokens of a full bucket.
    pub fn capacity(&self) -> u64 {
        self.rate.capacity()
    }

    /// Take `cost` tokens, 1 to the capacity, at `now`. Returns the nanoseconds to wait, 0 if they were taken.
    pub fn take(&self, memory: &impl Memory, key: &[u8], now: &impl Moment, cost: u64) -> u64 {
        let (_, taken) = self.take_from(memory, &self.window(memory, key), now, cost);
        taken.err().map_or(0, |ticks| self.rate.nanoseconds(ticks))
    }

    /// Do what [`take`](Self::take) does, and count what the bucket holds after it.
    pub fn take_counted(&self, memory: &impl Memory, key: &[u8], now: &impl Moment, cost: u64) -> Counted {
        let (bucket, taken) = self.take_from(memory, &self.window(memory, key), now, cost);
        self.rate.counted(bucket.arrival, bucket.now, taken)
    }

    /// Return `cost` tokens at `now`, but not to a full bucket.
    pub fn give_back(&self, memory: &impl Memory, key: &[u8], now: &impl Moment, cost: u64) {
        let window = self.window(memory, key);
        while let Some((slot, entry, bucket)) = self.find_debt(memory, &window, now) {
            let arrival = self.rate.give_back(bucket.arrival, cost);
            let is_full = arrival <= bucket.now;
            let next = if is_full { Entry::EMPTY } else { self.entry(&window, arrival) };
            if memory.replace(slot, entry.into(), next.into()) {
                return;
            }
        }
    }

    /// Refill the bucket of `key`.
    pub fn reset(&self, memory: &impl Memory, key: &[u8]) {
        let window = self.window(memory, key);
        for slot in window.slots() {
            while let Some(entry) = window.entry_of_key(memory, slot) {
                if memory.replace(slot, entry.into(), Entry::EMPTY.into()) {
                    break;
                }
            }
        }
    }

    fn window(&self, memory: &impl Memory, key: &[u8]) -> Window {
        Window::new(self.fingerprints.of(key), memory.epoch(), memory.groups())
    }

    /// Take tokens, or return the ticks to wait for them; with the bucket before that.
    fn take_from(
        &self,
        memory: &impl Memory,
        window: &Window,
        now: &impl Moment,
        cost: u64,
    ) -> (Bucket, Result<u64, u64>) {
        loop {
            let Some((slot, entry, bucket)) = self.find(memory, window, now) else { continue };
            let taken = self.rate.take(bucket.arrival, bucket.now, cost);
            let is_done = match taken {
                Ok(arrival) => memory.replace(slot, entry.into(), self.entry(window, arrival).into()),
                Err(_) => true,
            };
            if is_done {
                return (bucket, taken);
            }
        }
    }

    /// The entry of a key from which tokens may be taken. `None`: another process was faster, or a slot was claimed.
    fn find(&self, memory: &impl Memory, window: &Window, now: &impl Moment) -> Option<(usize, Entry, Bucket)> {
        let Some((slot, entry)) = window.find(memory) else {
            window.claim(memory, now.exactly());
            return None;
        };
        let bucket = self.read(entry, now.exactly());
        if bucket.has_debt() { Some((slot, entry, bucket)) } else { self.find_other(memory, window, slot, entry, now) }
    }

    /// The entry with debt if there is one, otherwise this one, which has none: later ones of the key are emptied. An
    /// earlier one is found next time, so that two calls never empty each other's.
    fn find_other(
        &self,
        memory: &impl Memory,
        window: &Window,
        found: usize,
        entry: Entry,
        now: &impl Moment,
    ) -> Option<(usize, Entry, Bucket)> {
        let mut is_later = false;
        for slot in window.slots() {
            if slot == found {
                is_later = true;
                continue;
            }
            let Some(other) = window.entry_of_key(memory, slot) else { continue };
            let bucket = self.read(other, now.exactly());
            if bucket.has_debt() {
                return Some((slot, other, bucket));
            }
            if !is_later || !memory.replace(slot, other.into(), Entry::EMPTY.into()) {
                return None;
            }
        }
        Some((found, entry, Bucket { arrival: 0, ..self.read(entry, now.exactly()) }))
    }

    fn find_debt(&self, memory: &impl Memory, window: &Window, now: &impl Moment) -> Option<(usize, Entry, Bucket)> {
        window.slots().find_map(|slot| {
            let entry = window.entry_of_key(memory, slot)?;
            let bucket = self.read(entry, now.exactly());
            bucket.has_debt().then_some((slot, entry, bucket))
        })
    }

    /// Read an entry at `now`, in nanoseconds, a moment after it was loaded.
    fn read(&self, entry: Entry, now: u64) -> Bucket {
        // Later than any arrival time since the clock was set back: by default a claim is.
        let is_meaningless = entry.arrival > now + 2 * self.rate.period();
        let arrival = if is_meaningless { 0 } else { self.rate.ticks_up(entry.arrival) };
        Bucket { arrival, now: self.rate.ticks(now) }
    }

    fn entry(&self, window: &Window, arrival: u64) -> Entry {
        Entry { fingerprint: window.fingerprint, arrival: self.rate.nanoseconds_down(arrival) }
    }
}

/// The arrival time of a bucket and the moment when it was read, in ticks.
struct Bucket {
    arrival: u64,
    now: u64,
}

impl Bucket {
    fn has_debt(&self) -> bool {
        self.arrival > self.now
    }
}

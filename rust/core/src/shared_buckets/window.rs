//! The slots that may hold a key.

use super::Memory;
use super::slot::{Entry, SLOTS_IN_GROUP};
use crate::buckets::Fingerprint;

/// An odd number, by which epochs change all bits of a fingerprint (2**64 divided by the golden ratio).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

pub struct Window {
    pub fingerprint: u64,
    /// The first slots of two groups.
    groups: [usize; 2],
    /// The slot of a group that comes first, so that most keys are in the first slot that is read.
    first: usize,
}

impl Window {
    #[allow(clippy::cast_possible_truncation)]
    pub fn new(hash: Fingerprint, epoch: u64, groups: u64) -> Self {
        let scale = |bits: u64, count: u64| ((bits & 0xffff_ffff) * count) >> 32;
        let one = scale(hash.1 >> 32, groups);
        // Another group than the first.
        let other = (one + 1 + scale(hash.1, groups - 1)) % groups;
        Self {
            fingerprint: (hash.0 ^ epoch.wrapping_mul(SPREAD)).max(1),
            groups: [one, other].map(|group| group as usize * SLOTS_IN_GROUP),
            first: hash.0 as usize % SLOTS_IN_GROUP,
        }
    }

    pub fn slots(&self) -> impl Iterator<Item = usize> {
        self.groups.into_iter().flat_map(|group| self.slots_of(group))
    }

    fn slots_of(&self, group: usize) -> impl Iterator<Item = usize> + use<> {
        let first = self.first;
        (0..SLOTS_IN_GROUP).map(move |number| group + (first + number) % SLOTS_IN_GROUP)
    }

    /// The entry in a slot, if it is one of the key.
    pub fn entry_of_key(&self, memory: &impl Memory, slot: usize) -> Option<Entry> {
        let entry = Entry::from(memory.load(slot));
        (entry.fingerprint == self.fingerprint).then_some(entry)
    }

    /// The first entry of the key.
    pub fn find(&self, memory: &impl Memory) -> Option<(usize, Entry)> {
        self.slots().find_map(|slot| Some((slot, self.entry_of_key(memory, slot)?)))
    }

    /// Try to claim a slot for the key: an idle one in the group with more of them, then that of an old claim, then
    /// that of the bucket that is the nearest to full.
    #[cold]
    pub fn claim(&self, memory: &impl Memory, now: u64) {
        let entries = self.groups.map(|group| {
            let mut entries = [(0, Entry::EMPTY); SLOTS_IN_GROUP];
            for (entry, slot) in entries.iter_mut().zip(self.slots_of(group)) {
                *entry = (slot, memory.load(slot).into());
            }
            entries
        });
        if entries.iter().flatten().any(|(_, entry)| entry.fingerprint == self.fingerprint) {
            // Another process has just claimed a slot, and may have taken tokens. Its entry may be the earliest one.
            return;
        }
        let idle = entries.map(|group| group.iter().filter(|(_, entry)| entry.is_idle(now)).count());
        let preferred = if idle[1] > idle[0] { [1, 0] } else { [0, 1] };
        let all = preferred.into_iter().flat_map(|group| entries[group]);
        let rank = |entry: Entry| match entry {
            _ if entry.is_idle(now) => (0, 0),
            _ if entry.is_claim() => (1, 0),
            _ => (2, entry.arrival),
        };
        if let Some((slot, entry)) = all.min_by_key(|(_, entry)| rank(*entry)) {
            memory.replace(slot, entry.into(), Entry::claim(self.fingerprint, memory.next_claim()).into());
        }
    }
}

//! Arrival times by fingerprint, in an extendible hash table: a directory of segments, each of which splits by itself
//! when it is full and merges with its buddy when both are nearly empty. No step touches more than a few segments,
//! except for the doubling and halving of the directory, which is a few bytes for each segment.
//! (Fagin, Nievergelt, Pippenger, Strong: Extendible Hashing, ACM TODS 4(3), 1979.)

use super::fingerprint::Fingerprint;
use super::out_of_memory::OutOfMemory;
use super::segment::{self, Place, SLOTS, Slot};
use super::slabs::Slabs;

/// Used slots of a full segment. One stays fresh: probing ends there.
const FULL: usize = SLOTS - 1;

/// A full segment with more live slots than this is split.
const CROWDED: usize = FULL * 7 / 8;

/// Two segments with at most this many slots in all are merged.
const SPARSE: usize = FULL * 5 / 8;

/// Steps in which a table is swept once.
pub const STEPS: usize = 256;

#[derive(Default)]
pub struct Table {
    /// The segment of each pattern of `directory.len().ilog2()` bits. Empty, or of a power of two.
    directory: Vec<u32>,
    entries: Vec<Entry>,
    slabs: Slabs,
    /// Segments of each depth.
    of_depth: [usize; 32],
    /// Segments at the start of this round of sweeping.
    round: usize,
    /// Segments from this one on have been swept in this round.
    unswept: usize,
}

/// A segment's place in the directory, and its fill.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// The lowest `depth` bits of every fingerprint in it.
    pattern: usize,
    depth: u32,
    /// Slots that are not fresh.
    used: usize,
}

impl Table {
    /// Set the arrival time of a fingerprint to the result of `change`, which gets the current one, or 0 if that is
    /// not later than `floor`. An error changes nothing.
    pub fn update<E: From<OutOfMemory>>(
        &mut self,
        fingerprint: Fingerprint,
        floor: u64,
        change: impl FnOnce(u64) -> Result<u64, E>,
    ) -> Result<(), E> {
        loop {
            let Some(index) = self.index_of(fingerprint) else {
                self.start()?;
                continue;
            };
            let segment = self.slabs.segment(index);
            match segment::find(segment, fingerprint, floor) {
                Place::Found(at) => {
                    let arrival = segment::arrival(&segment[at]);
                    segment::set_arrival(&mut segment[at], change(arrival)?);
                }
                Place::Stale(at) => segment[at] = segment::slot(fingerprint, change(0)?),
                Place::Fresh(at) => {
                    let used = &mut self.entries[index].used;
                    if *used == FULL {
                        self.make_room(index, floor)?;
                        continue;
                    }
                    segment[at] = segment::slot(fingerprint, change(0)?);
                    *used += 1;
                }
            }
            return Ok(());
        }
    }

    /// Set the arrival time of a fingerprint that is kept to the result of `change`, which is not later than the current
    /// one, and forget the fingerprint if that is not later than `floor`.
    pub fn lower(&mut self, fingerprint: Fingerprint, floor: u64, change: impl FnOnce(u64) -> u64) {
        let Some(index) = self.index_of(fingerprint) else { return };
        let segment = self.slabs.segment(index);
        if let Place::Found(at) = segment::find(segment, fingerprint, floor) {
            let arrival = change(segment::arrival(&segment[at]));
            if arrival > floor {
                segment::set_arrival(&mut segment[at], arrival);
            } else {
                self.remove(fingerprint);
            }
        }
    }

    /// Forget a fingerprint.
    pub fn remove(&mut self, fingerprint: Fingerprint) {
        if let Some(index) = self.index_of(fingerprint) {
            self.retain(index, |slot| segment::fingerprint(slot) != fingerprint);
        }
    }

    /// The segment that holds a fingerprint, if any does.
    fn index_of(&self, fingerprint: Fingerprint) -> Option<usize> {
        let place = fingerprint.pattern() & self.directory.len().wrapping_sub(1);
        self.directory.get(place).map(|index| *index as usize)
    }

    /// Fingerprints that are kept, including stale ones that are not swept yet.
    pub fn len(&self) -> usize {
        self.entries.iter().map(|entry| entry.used).sum()
    }

    /// The number of segments to sweep in the step after `done` of the `STEPS` of a round.
    pub fn share(&mut self, done: usize) -> usize {
        if done == 0 {
            self.round = self.entries.len();
            self.unswept = self.round;
        }
        self.unswept.saturating_sub(self.round * (STEPS - 1 - done) / STEPS)
    }

    /// Remove the stale slots of the given number of segments.
    pub fn sweep(&mut self, segments: usize, floor: u64) {
        // From the last to the first: a segment that moves into the place of a merged one is already swept.
        for _ in 0..segments {
            let Some(next) = self.unswept.min(self.entries.len()).checked_sub(1) else { return };
            self.tidy(next, floor);
            self.unswept = next;
        }
    }

    fn start(&mut self) -> Result<(), OutOfMemory> {
        self.directory.try_reserve(1)?;
        self.entries.try_reserve(1)?;
        self.slabs.push(&segment::FRESH)?;
        self.directory.push(0);
        self.entries.push(Entry::default());
        self.of_depth[0] = 1;
        Ok(())
    }

    fn make_room(&mut self, index: usize, floor: u64) -> Result<(), OutOfMemory> {
        self.purge(index, floor);
        if self.entries[index].used > CROWDED {
            self.split(index)?;
        }
        Ok(())
    }

    /// Make the stale slots of a segment fresh.
    fn purge(&mut self, index: usize, floor: u64) {
        if segment::live(self.slabs.segment(index), floor) < self.entries[index].used {
            self.retain(index, |slot| segment::arrival(slot) > floor);
        }
    }

    /// Keep the used slots of a segment for which `keep` is true, and make the others fresh.
    fn retain(&mut self, index: usize, keep: impl Fn(&Slot) -> bool) {
        let segment = self.slabs.segment(index);
        let mut kept = segment::FRESH;
        let mut used = 0;
        for slot in segment.iter().filter(|slot| segment::arrival(slot) != 0 && keep(slot)) {
            segment::add(&mut kept, slot);
            used += 1;
        }
        *segment = kept;
        self.entries[index].used = used;
    }

    /// Split a segment in two by one more bit. Nothing changes if there is not enough memory.
    fn split(&mut self, index: usize) -> Result<(), OutOfMemory> {
        let Entry { pattern, depth, .. } = self.entries[index];
        let doubles = self.directory.len() == 1 << depth;
        if doubles {
            self.directory.try_reserve(self.directory.len())?;
        }
        self.entries.try_reserve(1)?;
        let mut halves = [segment::FRESH; 2];
        let mut used = [0; 2];
        for slot in self.slabs.segment(index).iter().filter(|slot| segment::arrival(slot) != 0) {
            let half = segment::fingerprint(slot).pattern() >> depth & 1;
            segment::add(&mut halves[half], slot);
            used[half] += 1;
        }
        self.slabs.push(&halves[1])?;
        if doubles {
            self.directory.extend_from_within(..);
        }
        *self.slabs.segment(index) = halves[0];
        let twin = self.entries.len();
        self.entries[index] = Entry { pattern, depth: depth + 1, used: used[0] };
        self.entries.push(Entry { pattern: pattern | 1 << depth, depth: depth + 1, used: used[1] });
        self.of_depth[depth as usize] -= 1;
        self.of_depth[depth as usize + 1] += 2;
        self.point_to(twin);
        Ok(())
    }

    /// Purge a segment, and merge it with its buddy while both are nearly empty.
    fn tidy(&mut self, mut index: usize, floor: u64) {
        self.purge(index, floor);
        while let Some(buddy) = self.buddy(index)
            && self.entries[index].used + self.entries[buddy].used <= SPARSE
        {
            index = self.merge(index.min(buddy), index.max(buddy));
        }
        self.shrink();
    }

    /// The segment that this one was split from, or that was split from it, unless that one has split further.
    fn buddy(&self, index: usize) -> Option<usize> {
        let Entry { pattern, depth, .. } = self.entries[index];
        let last_bit = (1 << depth) >> 1;
        let buddy = self.directory[pattern ^ last_bit] as usize;
        (depth > 0 && self.entries[buddy].depth == depth).then_some(buddy)
    }

    /// Move all slots into the segment of the lower index. Returns that index.
    fn merge(&mut self, index: usize, buddy: usize) -> usize {
        let all = *self.slabs.segment(buddy);
        let segment = self.slabs.segment(index);
        for slot in all.iter().filter(|slot| segment::arrival(slot) != 0) {
            segment::add(segment, slot);
        }
        let Entry { pattern, depth, used } = self.entries[index];
        let used = used + self.entries[buddy].used;
        self.entries[index] = Entry { pattern: pattern & !(1 << (depth - 1)), depth: depth - 1, used };
        self.of_depth[depth as usize] -= 2;
        self.of_depth[depth as usize - 1] += 1;
        self.point_to(index);
        self.remove_segment(buddy);
        index
    }

    /// Remove a segment that nothing points to: the last one moves to its place.
    fn remove_segment(&mut self, index: usize) {
        let last = self.entries.len() - 1;
        self.entries.swap_remove(index);
        if index != last {
            *self.slabs.segment(index) = *self.slabs.segment(last);
            self.point_to(index);
        }
        self.slabs.pop();
    }

    /// Point the directory to a segment wherever its pattern occurs.
    #[allow(clippy::cast_possible_truncation)]
    fn point_to(&mut self, index: usize) {
        let Entry { pattern, depth, .. } = self.entries[index];
        for place in self.directory[pattern..].iter_mut().step_by(1 << depth) {
            *place = index as u32;
        }
    }

    /// Halve the directory while no segment needs all of its bits, and free memory that the entries do not need.
    fn shrink(&mut self) {
        while self.directory.len() > 1 && self.of_depth[self.directory.len().ilog2() as usize] == 0 {
            self.directory.truncate(self.directory.len() / 2);
            self.directory.shrink_to_fit();
        }
        if self.entries.capacity() > 4 * self.entries.len() {
            self.entries.shrink_to(2 * self.entries.len());
        }
    }
}

#[cfg(test)]
impl Table {
    /// Bytes that a table holds, without its entries.
    pub fn held(&self) -> usize {
        self.slabs.mapped() + self.directory.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// xorshift64*: the same numbers in each run.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
        }

        fn below(&mut self, bound: u64) -> u64 {
            (self.next() >> 32) % bound
        }
    }

    fn fingerprint(key: u64) -> Fingerprint {
        let mut numbers = Numbers(key + 1);
        numbers.next();
        Fingerprint(numbers.next(), numbers.next())
    }

    fn set(table: &mut Table, key: u64, floor: u64, arrival: u64) -> u64 {
        let mut before = 0;
        let done = table.update::<OutOfMemory>(fingerprint(key), floor, |found| {
            before = found;
            Ok(arrival)
        });
        assert_eq!(done, Ok(()));
        before
    }

    fn get(table: &mut Table, key: u64, floor: u64) -> u64 {
        let mut found = 0;
        let done = table.update(fingerprint(key), floor, |arrival| {
            found = arrival;
            Err(OutOfMemory)
        });
        assert_eq!(done, Err(OutOfMemory), "nothing is set");
        found
    }

    fn sweep_all(table: &mut Table, floor: u64) {
        for done in 0..STEPS {
            let share = table.share(done);
            table.sweep(share, floor);
        }
    }

    fn assert_whole(table: &mut Table) {
        let bits = table.directory.len().ilog2();
        assert_eq!(table.directory.len(), 1 << bits);
        assert_eq!(table.of_depth.iter().sum::<usize>(), table.entries.len());
        assert!(bits == 0 || table.of_depth[bits as usize] > 0, "the directory is no longer than needed");
        for (pattern, &index) in table.directory.iter().enumerate() {
            let entry = table.entries[index as usize];
            assert_eq!(pattern & ((1 << entry.depth) - 1), entry.pattern);
        }
        for (index, entry) in table.entries.iter().enumerate() {
            assert_eq!(table.directory[entry.pattern] as usize, index);
            let segment = table.slabs.segment(index);
            assert_eq!(segment::live(segment, 0), entry.used);
            assert!(entry.used <= FULL);
            for slot in segment.iter().filter(|slot| segment::arrival(slot) > 0) {
                let kept = segment::fingerprint(slot);
                assert_eq!(kept.pattern() & ((1 << entry.depth) - 1), entry.pattern);
                assert!(matches!(segment::find(segment, kept, 0), Place::Found(_)));
            }
        }
    }

    #[test]
    fn segments_split_one_at_a_time_as_keys_arrive() {
        let mut table = Table::default();
        for key in 0..50_000 {
            let segments = table.entries.len();
            assert_eq!(set(&mut table, key, 0, key + 1), 0);
            assert!(table.entries.len() <= segments.max(1) + 1);
            if key % 5_000 == 0 {
                assert_whole(&mut table);
            }
        }
        assert_whole(&mut table);
        assert_eq!(table.len(), 50_000);
        assert!((0..50_000).all(|key| get(&mut table, key, 0) == key + 1));
        assert!(table.held() < 50_000 * 48, "{}", table.held());
    }

    #[test]
    fn stale_slots_are_reused_before_a_segment_splits() {
        let mut table = Table::default();
        let mut held = 0;
        for key in 0..200_000 {
            // At any time the last thousand keys are live.
            set(&mut table, key, key, key + 1_000);
            if key == 5_000 {
                held = table.held();
            }
        }
        assert_whole(&mut table);
        assert!(table.held() <= 2 * held, "{} {held}", table.held());
        assert!((199_001..200_000).all(|key| get(&mut table, key, 199_999) == key + 1_000));
    }

    #[test]
    fn round_of_sweeping_frees_stale_entries_and_their_memory() {
        let mut table = Table::default();
        for key in 0..100_000 {
            set(&mut table, key, 0, if key % 1_000 == 0 { 20 } else { 10 });
        }
        sweep_all(&mut table, 9);
        assert_eq!(table.len(), 100_000);
        sweep_all(&mut table, 10);
        assert_whole(&mut table);
        assert_eq!(table.len(), 100);
        assert!((0..100_000).step_by(1_000).all(|key| get(&mut table, key, 10) == 20));
        assert!(table.held() < 100_000 + 1_024, "one slab: {}", table.held());
        sweep_all(&mut table, 20);
        assert_whole(&mut table);
        assert_eq!((table.len(), table.entries.len(), table.directory.len()), (0, 1, 1));
        assert!(table.entries.capacity() <= 8);
    }

    #[test]
    fn step_of_sweeping_frees_only_its_share_of_the_segments() {
        let mut table = Table::default();
        for key in 0..200_000 {
            set(&mut table, key, 0, 10);
        }
        let most = table.entries.len().div_ceil(STEPS);
        for done in 0..STEPS {
            let (before, share) = (table.len(), table.share(done));
            assert!(share <= most);
            table.sweep(share, 10);
            assert!(before - table.len() <= share * FULL);
        }
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn table_agrees_with_a_map_while_it_grows_and_shrinks() {
        let mut numbers = Numbers(42);
        let mut table = Table::default();
        let mut model: HashMap<u64, u64> = HashMap::new();
        let (mut floor, mut step) = (0, 0);
        let mut segments = Vec::new();
        for round in 0..24 {
            // Many keys and a slow clock, then few keys and a fast one.
            let (keys, pace) = if round % 2 == 0 { (60_000, 2) } else { (50, 3_000) };
            for turn in 0..20_000 {
                if numbers.below(4) == 0 {
                    floor += numbers.below(pace);
                }
                let key = numbers.below(keys);
                let arrival = floor + numbers.below(20_000);
                let expected = *model.get(&key).unwrap_or(&0);
                let found = if arrival == floor {
                    get(&mut table, key, floor)
                } else {
                    model.insert(key, arrival);
                    set(&mut table, key, floor, arrival)
                };
                // A stale entry may be forgotten.
                assert!(found == expected || (found == 0 && expected <= floor), "{found} {expected} {floor}");
                if turn % 20 == 0 {
                    let share = table.share(step);
                    table.sweep(share, floor);
                    step = (step + 1) % STEPS;
                }
            }
            segments.push(table.entries.len());
            assert_whole(&mut table);
        }
        let (grown, shrunk): (Vec<_>, Vec<_>) = segments.chunks(2).map(|pair| (pair[0], pair[1])).unzip();
        assert!(grown.iter().all(|segments| *segments > 200), "{segments:?}");
        assert!(shrunk.iter().all(|segments| *segments < 40), "{segments:?}");
    }
}

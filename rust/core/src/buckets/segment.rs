//! A segment: 32 slots, each a bucket's fingerprint and its arrival time, found by linear probing.
//!
//! A slot is in one of three states. *Live*: its arrival is later than the floor, the moment of the latest sweep.
//! *Stale*: not later, so its bucket is full and the slot may be reused, but probing continues past it. *Fresh*:
//! never used, with arrival 0; probing ends there.

use super::fingerprint::Fingerprint;

pub const SLOTS: usize = 32;
pub const BYTES: usize = SLOTS * SLOT_BYTES;
const SLOT_BYTES: usize = 24;

pub type Segment = [Slot; SLOTS];

/// The words of a slot, as bytes of the memory they are mapped to.
pub type Slot = [u8; SLOT_BYTES];

pub const FRESH: Segment = [[0; SLOT_BYTES]; SLOTS];

/// The slot of a fingerprint, or the slot that it would get.
pub enum Place {
    Found(usize),
    Stale(usize),
    Fresh(usize),
}

/// The slot where probing for a fingerprint starts: other bits than those that choose the segment.
#[allow(clippy::cast_possible_truncation)]
fn home(fingerprint: Fingerprint) -> usize {
    (fingerprint.1 >> (u64::BITS - SLOTS.ilog2())) as usize
}

pub fn slot(fingerprint: Fingerprint, arrival: u64) -> Slot {
    let mut slot = [0; SLOT_BYTES];
    let (words, _) = slot.as_chunks_mut();
    words[0] = fingerprint.0.to_ne_bytes();
    words[1] = fingerprint.1.to_ne_bytes();
    words[2] = arrival.to_ne_bytes();
    slot
}

pub fn fingerprint(slot: &Slot) -> Fingerprint {
    let (words, _) = slot.as_chunks();
    Fingerprint(u64::from_ne_bytes(words[0]), u64::from_ne_bytes(words[1]))
}

pub fn arrival(slot: &Slot) -> u64 {
    let (words, _) = slot.as_chunks();
    u64::from_ne_bytes(words[2])
}

pub fn set_arrival(slot: &mut Slot, arrival: u64) {
    let (words, _) = slot.as_chunks_mut();
    words[2] = arrival.to_ne_bytes();
}

/// Find a fingerprint in a segment, which must have a fresh slot.
pub fn find(segment: &Segment, wanted: Fingerprint, floor: u64) -> Place {
    let mut stale = None;
    let mut at = home(wanted);
    loop {
        let slot = &segment[at % SLOTS];
        if fingerprint(slot) == wanted {
            return Place::Found(at % SLOTS);
        }
        let arrival = arrival(slot);
        if arrival == 0 {
            return stale.map_or(Place::Fresh(at % SLOTS), Place::Stale);
        }
        if arrival <= floor && stale.is_none() {
            stale = Some(at % SLOTS);
        }
        at += 1;
    }
}

/// Add a slot whose fingerprint the segment does not hold.
pub fn add(segment: &mut Segment, slot: &Slot) {
    let mut at = home(fingerprint(slot));
    while arrival(&segment[at % SLOTS]) != 0 {
        at += 1;
    }
    segment[at % SLOTS] = *slot;
}

pub fn live(segment: &Segment, floor: u64) -> usize {
    segment.iter().filter(|slot| arrival(slot) > floor).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fingerprint whose home is `home`.
    fn at_home(home: u64, number: u64) -> Fingerprint {
        let fingerprint = Fingerprint(number, home << (64 - SLOTS.ilog2()));
        assert_eq!(super::home(fingerprint) as u64, home);
        fingerprint
    }

    #[test]
    fn slot_is_three_words() {
        let fingerprint = Fingerprint(u64::MAX - 1, 1 << 40);
        let slot = slot(fingerprint, 7 << 50);
        assert_eq!((super::fingerprint(&slot), arrival(&slot)), (fingerprint, 7 << 50));
    }

    #[test]
    fn probing_wraps_around_and_passes_stale_slots() {
        let home = SLOTS as u64 - 1;
        let mut segment = FRESH;
        for number in 0..3 {
            assert!(matches!(find(&segment, at_home(home, number), 0), Place::Fresh(_)));
            add(&mut segment, &slot(at_home(home, number), 10 + number));
        }
        assert!(matches!(find(&segment, at_home(home, 0), 11), Place::Found(at) if at == SLOTS - 1));
        assert!(matches!(find(&segment, at_home(home, 2), 11), Place::Found(1)));
        assert!(matches!(find(&segment, at_home(home, 3), 11), Place::Stale(at) if at == SLOTS - 1));
        assert!(matches!(find(&segment, at_home(0, 3), 11), Place::Stale(0)));
        assert!(matches!(find(&segment, at_home(home, 3), 9), Place::Fresh(2)));
        assert_eq!([9, 10, 11, 12].map(|floor| live(&segment, floor)), [3, 2, 1, 0]);
    }
}

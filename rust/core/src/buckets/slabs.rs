//! The memory of a table's segments: slabs, each mapped separately.
//!
//! An allocator would keep freed blocks of this size; an unmapped slab returns to the operating system at once. A slab
//! is small enough to be mapped and unmapped between two requests.

use memmap2::{MmapMut, MmapOptions};

use super::out_of_memory::OutOfMemory;
use super::segment::{self, Segment};

/// Segments in a slab.
const SIZE: usize = 128;

/// A table that shrinks to this many segments gets a new first slab, with only their pages in use.
const FEW: usize = 4;

/// Segments by their index, without gaps.
#[derive(Default)]
pub struct Slabs {
    slabs: Vec<MmapMut>,
    segments: usize,
}

impl Slabs {
    pub fn segment(&mut self, index: usize) -> &mut Segment {
        let bytes = &mut self.slabs[index / SIZE][index % SIZE * segment::BYTES..][..segment::BYTES];
        &mut bytes.as_chunks_mut().0.as_chunks_mut().0[0]
    }

    /// Add a segment. Nothing changes if there is no memory for another slab.
    pub fn push(&mut self, segment: &Segment) -> Result<(), OutOfMemory> {
        if self.segments == self.slabs.len() * SIZE {
            self.slabs.try_reserve(1)?;
            self.slabs.push(if self.segments == 0 { map_untouched()? } else { map()? });
        }
        self.segments += 1;
        *self.segment(self.segments - 1) = *segment;
        Ok(())
    }

    /// Remove the last segment, and its slab if it was the only segment in it.
    pub fn pop(&mut self) {
        self.segments -= 1;
        self.slabs.truncate(self.segments.div_ceil(SIZE));
        if self.segments == FEW
            && let Ok(mut slab) = map_untouched()
        {
            let few = FEW * segment::BYTES;
            slab[..few].copy_from_slice(&self.slabs[0][..few]);
            self.slabs[0] = slab;
        }
    }

    #[cfg(test)]
    pub fn mapped(&self) -> usize {
        self.slabs.iter().map(|slab| slab.len()).sum()
    }
}

/// With all pages mapped: a page fault costs more than a call of `take`.
fn map() -> Result<MmapMut, OutOfMemory> {
    Ok(MmapOptions::new().len(SIZE * segment::BYTES).populate().map_anon()?)
}

/// With pages mapped on first use: most limits have few clients.
fn map_untouched() -> Result<MmapMut, OutOfMemory> {
    Ok(MmapMut::map_anon(SIZE * segment::BYTES)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_stay_where_they_are_while_slabs_come_and_go() {
        const COUNT: usize = 5 * SIZE;
        let mut slabs = Slabs::default();
        for index in 0..COUNT {
            slabs.push(&[[u8::try_from(index % 251).expect("small"); _]; _]).expect("memory");
            assert_eq!(slabs.mapped(), (index / SIZE + 1) * SIZE * segment::BYTES);
        }
        for count in (0..COUNT).rev() {
            for index in [0, count / 2, count] {
                assert!(slabs.segment(index).iter().flatten().all(|byte| usize::from(*byte) == index % 251));
            }
            slabs.pop();
            assert_eq!(slabs.mapped(), count.div_ceil(SIZE) * SIZE * segment::BYTES);
        }
    }
}

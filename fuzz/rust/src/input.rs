//! The bytes that a fuzzer gives, taken as what a target needs.
//!
//! Fields stand in front, each ended by a record separator but the last; choices are taken from the end, a byte each, so
//! that a longer field leaves them as they are. The same as `fuzz/fuzzed_input.py`.

const FIELD_END: u8 = 0x1e;

/// Take the choices first: fields are what is left.
pub struct Input<'d>(&'d [u8]);

impl<'d> Input<'d> {
    pub fn new(data: &'d [u8]) -> Self {
        Self(data)
    }

    pub fn byte(&mut self) -> u8 {
        let Some((&last, before)) = self.0.split_last() else { return 0 };
        self.0 = before;
        last
    }

    pub fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    pub fn choice<T: Copy>(&mut self, options: &[T]) -> T {
        options[usize::from(self.byte()) % options.len()]
    }

    pub fn bits(&mut self) -> u64 {
        (0..8).fold(0, |bits, _| bits << 8 | u64::from(self.byte()))
    }

    pub fn number(&mut self, least: u64, most: u64) -> u64 {
        least + self.bits() % (most - least + 1)
    }

    pub fn is_used_up(&self) -> bool {
        self.0.is_empty()
    }

    pub fn rest(self) -> &'d [u8] {
        self.0
    }

    /// So many fields; those that are not there are empty.
    pub fn fields<const N: usize>(self) -> [&'d [u8]; N] {
        let mut parts = self.0.splitn(N, |&byte| byte == FIELD_END);
        [(); N].map(|()| parts.next().unwrap_or_default())
    }
}

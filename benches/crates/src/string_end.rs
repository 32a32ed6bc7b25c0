//! Where a JSON string ends, or is no longer plain: a quote, a backslash, a control character.

use crate::table::Table;

pub fn measure() {
    short_strings();
    for length in [8, 16, 32, 64, 256, 4_096] {
        let text = [vec![b'a'; length - 1], vec![b'"']].concat();
        Table::new(format!("end of a JSON string of {length}"), &text[..], Some(length - 1))
            .add("by hand: byte by byte", by_byte)
            .add("by hand: a table of 256", by_table)
            .add("by hand: eight at a time", by_word)
            .add("memchr2, then a look for control characters", by_memchr)
            .print();
    }
}

/// Strings of 8 to 20 bytes in an order that no branch predictor learns.
fn short_strings() {
    const STRINGS: u16 = 1_024;
    let mut random = 1_u32;
    let mut text = Vec::new();
    for _ in 0..STRINGS {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend(std::iter::repeat_n(b'a', 7 + (random >> 16) as usize % 13));
        text.push(b'"');
    }
    Table::new("ends of JSON strings of 8 to 20 in a row, each", &text[..], usize::from(STRINGS))
        .jobs_per_call(STRINGS.into())
        .add("by hand: byte by byte", |text| count(text, by_byte))
        .add("by hand: a table of 256", |text| count(text, by_table))
        .add("by hand: eight at a time", |text| count(text, by_word))
        .add("memchr2, then a look for control characters", |text| count(text, by_memchr))
        .print();
}

fn count(mut text: &[u8], find: impl Fn(&[u8]) -> Option<usize>) -> usize {
    let mut found = 0;
    while let Some(at) = find(text) {
        text = &text[at + 1..];
        found += 1;
    }
    found
}

const fn ends(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..b' ')
}

fn by_byte(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| ends(*byte))
}

static ENDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = u8::MAX;
    while byte > 0 {
        table[byte as usize] = ends(byte);
        byte -= 1;
    }
    table[0] = ends(0);
    table
};

fn by_table(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| ENDS[usize::from(*byte)])
}

/// The first bit set is exact: borrows of the subtractions only reach upwards, to later bytes.
fn by_word(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let is = |byte: u8| {
            let word = word ^ (ONES * u64::from(byte));
            word.wrapping_sub(ONES) & !word
        };
        let found = (is(b'"') | is(b'\\') | word.wrapping_sub(ONES * 0x20) & !word) & HIGH;
        if found != 0 {
            return Some(8 * index + found.trailing_zeros() as usize / 8);
        }
    }
    by_byte(rest).map(|at| 8 * words.len() + at)
}

fn by_memchr(text: &[u8]) -> Option<usize> {
    let end = memchr::memchr2(b'"', b'\\', text);
    let plain = &text[..end.unwrap_or(text.len())];
    let least = plain.iter().fold(u8::MAX, |least, byte| least.min(*byte));
    if least < b' ' { by_byte(plain) } else { end }
}

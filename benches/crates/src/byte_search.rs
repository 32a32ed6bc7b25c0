//! Where one byte, or one of two, is: the end of a name, a pair, a segment.

use crate::table::Table;

pub fn measure() {
    short_spans();
    for length in [8, 16, 32, 64, 128, 256, 4_096] {
        let span = [vec![b'a'; length - 1], vec![b';']].concat();
        one_of_one(format!("one byte, found at the end of {length}"), &span);
    }
    for length in [8, 16, 32, 64, 256, 4_096] {
        let span = [vec![b'a'; length - 1], vec![b';']].concat();
        one_of_two(format!("one of two bytes, found at the end of {length}"), &span);
    }
}

/// Spans of 8 to 20 bytes in an order that no branch predictor learns.
fn short_spans() {
    const SPANS: u16 = 1_024;
    let mut random = 1_u32;
    let mut text = Vec::new();
    for _ in 0..SPANS {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend(std::iter::repeat_n(b'a', 7 + (random >> 16) as usize % 13));
        text.push(b';');
    }
    Table::new("one byte, spans of 8 to 20 in a row, each", &text[..], usize::from(SPANS))
        .jobs_per_call(SPANS.into())
        .add("by hand: byte by byte", |text| count(text, |rest| by_byte(rest, b';')))
        .add("by hand: eight at a time", |text| count(text, |rest| by_word(rest, b';')))
        .add("memchr", |text| count(text, |rest| memchr::memchr(b';', rest)))
        .add("memchr_iter, one search for all", |text| memchr::memchr_iter(b';', text).fold(0, |found, _| found + 1))
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

fn one_of_one(title: String, span: &[u8]) {
    Table::new(title, span, Some(span.len() - 1))
        .add("by hand: byte by byte", |span| by_byte(span, b';'))
        .add("by hand: eight at a time", |span| by_word(span, b';'))
        .add("memchr", |span| memchr::memchr(b';', span))
        .print();
}

fn one_of_two(title: String, span: &[u8]) {
    Table::new(title, span, Some(span.len() - 1))
        .add("by hand: byte by byte", |span| span.iter().position(|byte| matches!(byte, b';' | b'=')))
        .add("memchr2", |span| memchr::memchr2(b';', b'=', span))
        .add("memchr3", |span| memchr::memchr3(b';', b'=', b'\\', span))
        .print();
}

fn by_byte(span: &[u8], wanted: u8) -> Option<usize> {
    span.iter().position(|byte| *byte == wanted)
}

/// Eight bytes at a time: which is zero after xor (Warren, Hacker's Delight, section 6-1).
fn by_word(span: &[u8], wanted: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = span.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word) ^ (ONES * u64::from(wanted));
        let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if zeros != 0 {
            return Some(8 * index + zeros.trailing_zeros() as usize / 8);
        }
    }
    by_byte(rest, wanted).map(|at| 8 * words.len() + at)
}

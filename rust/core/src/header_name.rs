//! Header names, compared without case (RFC 9110 section 5.1).

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Whether `header_name`, with its ASCII letters in lowercase, is `name`.
#[inline]
pub fn is(header_name: &[u8], name: &[u8]) -> bool {
    header_name.len() == name.len() && is_of_equal_length(header_name, name)
}

fn is_of_equal_length(header_name: &[u8], name: &[u8]) -> bool {
    let (Some(last), Some(expected)) = (header_name.last_chunk(), name.last_chunk()) else {
        return header_name.iter().map(u8::to_ascii_lowercase).eq(name.iter().copied());
    };
    // Eight bytes at a time; the last eight may overlap the ones before.
    let pairs = header_name.as_chunks().0.iter().zip(name.as_chunks().0);
    pairs
        .chain([(last, expected)])
        .all(|(word, expected)| lowercase(u64::from_ne_bytes(*word)) == u64::from_ne_bytes(*expected))
}

/// Set the sixth bit of each of eight bytes that is one of `A` to `Z`.
fn lowercase(word: u64) -> u64 {
    let low_bits = word & !HIGH_BITS;
    let from_a = low_bits + ONES * u64::from(0x80 - b'A');
    let beyond_z = low_bits + ONES * u64::from(0x7f - b'Z');
    let is_uppercase = (from_a ^ beyond_z) & !word & HIGH_BITS;
    word | is_uppercase >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for length in 1..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut header_name = vec![b'm'; length];
                    header_name[at] = byte;
                    let lowercased = header_name.to_ascii_lowercase();
                    assert!(is(&header_name, &lowercased));
                    assert_eq!(is(&header_name, &header_name), lowercased == header_name, "{length} {at} {byte}");
                    let mut other = lowercased.clone();
                    other[at] ^= 1;
                    assert!(!is(&header_name, &other));
                    assert!(!is(&header_name, &lowercased[1..]));
                }
            }
        }
        assert!(is(b"", b""));
    }
}

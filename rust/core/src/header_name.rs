//! Header names, compared without case (RFC 9110 section 5.1).

/// Whether `header_name`, with its ASCII letters in lowercase, is `name`.
#[inline]
pub fn is(header_name: &[u8], name: &[u8]) -> bool {
    // From the end: many names begin like another one, such as `sec-fetch-` and `x-forwarded-`.
    header_name.len() == name.len()
        && header_name.iter().rev().map(u8::to_ascii_lowercase).eq(name.iter().rev().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_letters_of_the_header_name_are_lowercased() {
        for byte in 0..=u8::MAX {
            let lowercased = byte.to_ascii_lowercase();
            assert!(is(&[b'x', byte], &[b'x', lowercased]));
            assert_eq!(is(&[b'x', byte], &[b'x', byte]), byte == lowercased, "{byte}");
            assert!(!is(&[b'x', byte], &[b'x', lowercased ^ 1]));
            assert!(!is(&[b'x', byte], b"x"));
        }
        assert!(is(b"", b""));
    }
}

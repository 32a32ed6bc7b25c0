//! Canonical base64url without padding (RFC 7515 section 2, RFC 4648 section 3.5).

use data_encoding::BASE64URL_NOPAD;

/// The bytes that `segment` spells, or `None` where it is not their one canonical spelling.
pub fn decode(segment: &[u8]) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(segment).ok()
}

/// The bytes of a segment that spells exactly `N` of them.
pub fn decode_array<const N: usize>(segment: &[u8]) -> Option<[u8; N]> {
    if BASE64URL_NOPAD.decode_len(segment.len()).ok()? != N {
        return None;
    }
    let mut bytes = [0; N];
    BASE64URL_NOPAD.decode_mut(segment, &mut bytes).ok()?;
    Some(bytes)
}

/// Append the spelling of `bytes` to `out`.
pub fn encode_append(bytes: &[u8], out: &mut String) {
    BASE64URL_NOPAD.encode_append(bytes, out);
}

/// Whether `segment` is not empty and has only characters of the alphabet.
pub fn is_spelled(segment: &[u8]) -> bool {
    !segment.is_empty() && segment.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_decodes_and_the_others_do_not() {
        assert_eq!(decode(b"Zg").as_deref(), Some(&b"f"[..]));
        for other in ["Zh", "Zg==", "Zg=", "Z", "Zg\n", " Zg", "Zg+", "Z+8", "Z/8"] {
            assert_eq!(decode(other.as_bytes()), None, "{other:?}");
        }
    }

    #[test]
    fn an_array_takes_its_length_only() {
        assert_eq!(decode_array::<1>(b"Zg"), Some([b'f']));
        assert_eq!(decode_array::<2>(b"Zg"), None);
        assert_eq!(decode_array::<1>(b"Z"), None);
    }
}

//! Parameters of a query string, `application/x-www-form-urlencoded` (WHATWG URL section 5.1).

use std::borrow::Cow;

/// The decoded value of the first parameter `name`.
pub fn first<'q>(query_string: &'q [u8], name: &[u8]) -> Option<Cow<'q, [u8]>> {
    query_string.split(|&byte| byte == b'&').find_map(|pair| {
        let (found, value) = match memchr::memchr(b'=', pair) {
            Some(equals) => (&pair[..equals], &pair[equals + 1..]),
            None => (pair, &pair[pair.len()..]),
        };
        // Each byte is encoded in one to three characters.
        let may_match = (name.len()..=3 * name.len()).contains(&found.len());
        (may_match && *decode(found) == *name).then(|| decode(value))
    })
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => match after {
                [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    decoded.push(hex_value(*high) << 4 | hex_value(*low));
                    rest = after;
                }
                _ => decoded.push(b'%'),
            },
            _ => decoded.push(byte),
        }
    }
    Cow::Owned(decoded)
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_parameter_of_a_name_counts() {
        for (query_string, expected) in [
            ("token=a&token=b", Some("a")),
            ("x=1&to%6ben=%41+%2b%zz%", Some("A +%zz%")),
            ("token", Some("")),
            ("&&token=", Some("")),
            ("token=a=b", Some("a=b")),
            ("Token=a&tokens=b", None),
            ("", None),
        ] {
            let found = first(query_string.as_bytes(), b"token");
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{query_string:?}");
        }
    }
}

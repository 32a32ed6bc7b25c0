//! The Cookie header (RFC 6265 section 5.4), by the rules of the engine contract.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::{is_blank, trim, trim_end, trim_start};

/// Bytes of a pair for which a loop is faster than a search.
const TINY: usize = 8;

/// The name and the value, still quoted, of each cookie in a Cookie header.
pub fn pairs(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|&byte| byte == b';').filter_map(pair)
}

/// The range of the value of the last cookie `name` in a Cookie header, still quoted.
pub fn last(header: &[u8], name: &[u8]) -> Option<Range<usize>> {
    if name.is_empty() {
        return None;
    }
    let mut rest = header;
    let mut is_tiny = false;
    loop {
        while let [before @ .., b';'] = rest {
            rest = before;
        }
        let start = start_of_pair(rest, is_tiny);
        if let Some(value) = value_of(&rest[start..], name) {
            let leading = trim_start(value);
            let start = rest.len() - leading.len();
            return Some(start..start + trim_end(leading).len());
        }
        is_tiny = rest.len() - start < TINY;
        rest = &rest[..start.checked_sub(1)?];
    }
}

/// The start of the last pair of `header`: after its last semicolon.
///
/// Next to a tiny pair the semicolon is first sought in a loop: a vectorized search for each of many tiny pairs would take
/// 77 instead of 41 µs for 64 KB of `a=1;`.
fn start_of_pair(header: &[u8], is_tiny: bool) -> usize {
    let near = if is_tiny { header.len().saturating_sub(TINY) } else { header.len() };
    for at in (near..header.len()).rev() {
        if header[at] == b';' {
            return at + 1;
        }
    }
    memrchr(b';', &header[..near]).map_or(0, |at| at + 1)
}

/// The value of `pair`, including white space around it, if its name is `name`.
#[inline]
fn value_of<'p>(pair: &'p [u8], name: &[u8]) -> Option<&'p [u8]> {
    let pair = trim_start(pair);
    if pair.first() != name.first() {
        return None;
    }
    let value = trim_start(pair.strip_prefix(name)?).strip_prefix(b"=")?;
    // No cookie has a name with white space around it or an equals sign in it.
    let is_possible = !is_blank(name[0]) && !is_blank(name[name.len() - 1]) && memchr(b'=', name).is_none();
    is_possible.then_some(value)
}

fn pair(segment: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr(b'=', segment)?;
    let name = trim(&segment[..equals]);
    (!name.is_empty()).then(|| (name, trim(&segment[equals + 1..])))
}

/// The value of a cookie without double quotes and escapes.
pub fn unquote(value: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', quoted @ .., b'"'] = value else {
        return Cow::Borrowed(value);
    };
    if memchr(b'\\', quoted).is_none() {
        return Cow::Borrowed(quoted);
    }
    let mut unquoted = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                unquoted.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                after
            }
            (b'\\', [escaped, after @ ..]) if *escaped != b'\n' => {
                unquoted.push(*escaped);
                after
            }
            _ => {
                unquoted.push(byte);
                after
            }
        };
    }
    Cow::Owned(unquoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_unquoted(header: &str, name: &str) -> Option<String> {
        let value = &header.as_bytes()[last(header.as_bytes(), name.as_bytes())?];
        Some(unquote(value).iter().map(|&byte| char::from(byte)).collect())
    }

    #[test]
    fn last_cookie_of_a_name_counts() {
        assert_eq!(last_unquoted("a=1; b=2; a=3", "a").as_deref(), Some("3"));
        assert_eq!(last_unquoted("a=1; b=2; a=", "a").as_deref(), Some(""));
    }

    #[test]
    fn malformed_pairs_do_not_hide_valid_ones() {
        for header in ["=x; a=1", "junk; a=1", "; ;a=1;;", "\ta \t=\t 1 ", "===; a=1; b", "b=\"; a=1; c=\""] {
            assert_eq!(last_unquoted(header, "a").as_deref(), Some("1"), "{header:?}");
        }
        assert_eq!(last_unquoted("a; =a", "a"), None);
        assert_eq!(last_unquoted("=x", ""), None);
    }

    #[test]
    fn values_are_unquoted() {
        for (value, expected) in [
            (r#""""#, ""),
            (r#"""#, r#"""#),
            (r#""a b""#, "a b"),
            (r#""a\"b\\c\054\400\9""#, "a\"b\\c,4009"),
            (r#""\""#, r"\"),
            (r#""\377""#, "\u{ff}"),
            ("\"\\\n\"", "\\\n"),
            (r#""a"#, r#""a"#),
            ("a%20b", "a%20b"),
        ] {
            assert_eq!(last_unquoted(&format!("a={value}"), "a").as_deref(), Some(expected), "{value:?}");
        }
    }
}

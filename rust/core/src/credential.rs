//! Bearer credentials (RFC 6750 section 2.1).

use crate::{base64url, trim};

/// The token of an `Authorization` header, or `None` if the scheme is not `Bearer` or the token is empty.
pub fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = authorization.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"bearer") || rest.first() != Some(&b' ') {
        return None;
    }
    let token = trim(rest);
    (!token.is_empty()).then_some(token)
}

/// Whether `token` could be a JWS: three non-empty segments of base64url characters.
pub fn is_well_formed(token: &[u8]) -> bool {
    let mut segments = 0;
    token.split(|&byte| byte == b'.').all(|segment| {
        segments += 1;
        base64url::has_only_alphabet(segment)
    }) && segments == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_is_compared_without_case() {
        for authorization in ["Bearer x", "bearer x", "BEARER  \tx \t"] {
            assert_eq!(bearer(authorization.as_bytes()), Some(&b"x"[..]), "{authorization:?}");
        }
        for authorization in ["", "Bearer", "Bearer ", "Bearer \t ", "Bearer\tx", "Bearerx", "Basic x", " Bearer x"] {
            assert_eq!(bearer(authorization.as_bytes()), None, "{authorization:?}");
        }
    }

    #[test]
    fn well_formed_token_has_three_segments_of_the_alphabet() {
        assert!(is_well_formed(b"a.b-_.9"));
        for token in ["", "a", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c=", "a.b c.d"] {
            assert!(!is_well_formed(token.as_bytes()), "{token:?}");
        }
    }
}

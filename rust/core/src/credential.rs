//! Bearer credentials (RFC 6750 section 2.1).

use crate::trim;

/// The token of an `Authorization` header, or `None` if the scheme is not `Bearer` or the token is empty.
pub fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = authorization.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"bearer") || rest.first() != Some(&b' ') {
        return None;
    }
    let token = trim(rest);
    (!token.is_empty()).then_some(token)
}

/// Whether `token` is a `b64token`: characters of it, then any number of equals signs.
pub fn is_b64token(token: &[u8]) -> bool {
    let is_of_token =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    let length = token.iter().take_while(|byte| is_of_token(byte)).count();
    length > 0 && token[length..].iter().all(|&byte| byte == b'=')
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
    fn b64token_has_equals_signs_at_its_end_only() {
        for token in ["a", "a.b-_.9", "~+/", "a==="] {
            assert!(is_b64token(token.as_bytes()), "{token:?}");
        }
        for token in ["", "=", "a=b", "a b", "a,", "a\n", "é"] {
            assert!(!is_b64token(token.as_bytes()), "{token:?}");
        }
    }
}

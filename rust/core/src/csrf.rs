//! The double-submit check (OWASP Cross-Site Request Forgery Prevention Cheat Sheet).

use constant_time_eq::constant_time_eq;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    Passed = 0,
    Missing = 1,
    Mismatch = 2,
}

/// Compare the CSRF cookie with the `X-CSRF-Token` header, in constant time for a given length.
pub fn double_submit(cookie: &[u8], header: &[u8]) -> Verdict {
    if cookie.is_empty() || header.is_empty() {
        return Verdict::Missing;
    }
    if constant_time_eq(cookie, header) { Verdict::Passed } else { Verdict::Mismatch }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tokens_are_required_and_must_be_equal() {
        assert_eq!(double_submit(b"\xffx", b"\xffx"), Verdict::Passed);
        assert_eq!(double_submit(b"x", b"y"), Verdict::Mismatch);
        assert_eq!(double_submit(b"x", b"xx"), Verdict::Mismatch);
        assert_eq!(double_submit(b"", b""), Verdict::Missing);
        assert_eq!(double_submit(b"x", b""), Verdict::Missing);
        assert_eq!(double_submit(b"", b"x"), Verdict::Missing);
    }
}

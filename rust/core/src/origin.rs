//! Origins (RFC 6454 section 6.2), as `CSRFCheck.verdict` in the engine contract reads them.

use memchr::memchr;

/// Default ports by scheme.
const DEFAULT_PORTS: [(&[u8], &[u8]); 4] = [(b"https", b":443"), (b"http", b":80"), (b"wss", b":443"), (b"ws", b":80")];

/// `scheme://host[:port]`, without the default port of the scheme, in any case.
pub struct Origin<'o> {
    text: &'o [u8],
    authority: &'o [u8],
    default_port: &'static [u8],
}

impl<'o> Origin<'o> {
    pub fn new(text: &'o [u8]) -> Option<Self> {
        let (scheme, rest) = text.split_at(memchr(b':', text)?);
        let authority = rest.strip_prefix(b"://")?;
        if !is_scheme(scheme) || !is_authority(authority) {
            return None;
        }
        let default_port = default_port(scheme);
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        Some(Self { text: &text[..scheme.len() + 3 + authority.len()], authority, default_port })
    }

    /// Whether it is `trusted`, which is in lowercase.
    pub fn is(&self, trusted: &[u8]) -> bool {
        self.text.len() == trusted.len() && self.text.iter().map(u8::to_ascii_lowercase).eq(trusted.iter().copied())
    }

    /// Whether its host and port are those of the Host header `host`.
    pub fn is_host(&self, host: &[u8]) -> bool {
        host.strip_suffix(self.default_port).unwrap_or(host).eq_ignore_ascii_case(self.authority)
    }
}

/// `b""` if the scheme has none.
fn default_port(scheme: &[u8]) -> &'static [u8] {
    let found = DEFAULT_PORTS.iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name));
    found.map_or(b"", |(_, port)| port)
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &[u8]) -> bool {
    let is_of_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
    text.first().is_some_and(u8::is_ascii_alphabetic) && text.iter().all(is_of_scheme)
}

fn is_authority(text: &[u8]) -> bool {
    let (host, port) = if let Some(inside) = text.strip_prefix(b"[") {
        let Some(end) = memchr(b']', inside) else { return false };
        let address = &inside[..end];
        if !address.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')) {
            return false;
        }
        (address, &inside[end + 1..])
    } else {
        let (host, port) = text.split_at(memchr(b':', text).unwrap_or(text.len()));
        if !host.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
            return false;
        }
        (host, port)
    };
    !host.is_empty() && is_port(port)
}

/// Empty, or a colon and one to five digits.
fn is_port(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b':', digits @ ..] => (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        let origin = Origin::new(text.as_bytes())?;
        Some(String::from_utf8_lossy(origin.text).to_ascii_lowercase())
    }

    #[test]
    fn default_port_is_dropped() {
        for (text, expected) in [
            ("HTTPS://Example.org:443", "https://example.org"),
            ("http://example.org:443", "http://example.org:443"),
            ("ws://[::1]:80", "ws://[::1]"),
            ("wss://[::443]", "wss://[::443]"),
            ("x-1+.://a_b-c.d:80", "x-1+.://a_b-c.d:80"),
            ("http://a:0080", "http://a:0080"),
        ] {
            assert_eq!(normal(text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn other_texts_are_no_origin() {
        for text in [
            "",
            "null",
            "*",
            "a",
            "://a",
            "1a://a",
            "a:b",
            "a:/b",
            "http://",
            "http://:80",
            "http://[]",
            "http://[::1",
            "http://[g]",
            "http://[::1]80",
            "http://a/",
            "http://a?",
            "http://a#",
            "http://b@a",
            "http://a:",
            "http://a:1x",
            "http://a:123456",
            "http://a b",
            "http://a\n",
            " http://a",
            "http://%61",
            "http://é",
            "http://a,http://b",
        ] {
            assert_eq!(normal(text), None, "{text:?}");
        }
    }

    #[test]
    fn host_is_compared_without_case_and_default_port() {
        let is_host =
            |origin: &str, host: &str| Origin::new(origin.as_bytes()).is_some_and(|o| o.is_host(host.as_bytes()));
        for (origin, host) in [
            ("http://a", "A"),
            ("http://a", "a:80"),
            ("https://a:443", "a"),
            ("https://a:8443", "a:8443"),
            ("http://[::1]:80", "[::1]"),
            ("app://a", "a"),
        ] {
            assert!(is_host(origin, host), "{origin} {host}");
        }
        for (origin, host) in
            [("http://a", "b"), ("http://a", "a:443"), ("https://a", "a:80"), ("http://a", "a:80:80"), ("http://a", "")]
        {
            assert!(!is_host(origin, host), "{origin} {host}");
        }
    }
}

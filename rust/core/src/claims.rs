//! The registered claims (RFC 7519 section 4.1): which of them make a token invalid, and the claims of a new token.

use std::io::Write as _;

use smallvec::SmallVec;

use crate::json::{self, Build, Kind};

/// The clock and the leeway that a token is held to, in seconds since the epoch, UTC.
#[derive(Clone, Copy)]
pub struct Clock {
    /// `exp` must be after this.
    expired_until: i64,
    /// `nbf` and `iat` must not be after this.
    started_until: i64,
}

impl Clock {
    // Claims are compared as integers; whole seconds of the clock decide, since for an integer n
    // n <= t is n <= floor(t).
    #[allow(clippy::cast_possible_truncation)]
    pub fn new(now: f64, leeway: f64) -> Self {
        Self { expired_until: (now - leeway).floor() as i64, started_until: (now + leeway).floor() as i64 }
    }
}

/// Read `payload`, a JSON object, with `build`, where its registered claims hold at `clock`.
pub fn read<B: Build>(payload: &[u8], build: &mut B, clock: Clock) -> Option<B::Object> {
    let mut registered = Registered::default();
    let claims = json::read_object(payload, build, |name, kind| registered.note(name, kind))?;
    registered.hold_at(clock).then_some(claims)
}

#[derive(Default)]
struct Registered {
    exp: Option<Kind>,
    nbf: Option<Kind>,
    iat: Option<Kind>,
    sub: Option<Kind>,
    jti: Option<Kind>,
    aud: Option<Kind>,
}

impl Registered {
    fn note(&mut self, name: &str, kind: Kind) {
        let claim = match name {
            "exp" => &mut self.exp,
            "nbf" => &mut self.nbf,
            "iat" => &mut self.iat,
            "sub" => &mut self.sub,
            "jti" => &mut self.jti,
            "aud" => &mut self.aud,
            _ => return,
        };
        *claim = Some(kind);
    }

    fn hold_at(&self, clock: Clock) -> bool {
        self.exp.is_none_or(|exp| seconds(exp).is_some_and(|exp| exp > clock.expired_until))
            && self.nbf.is_none_or(|nbf| seconds(nbf).is_some_and(|nbf| nbf <= clock.started_until))
            && self.iat.is_none_or(|iat| seconds(iat).is_some_and(|iat| iat <= clock.started_until))
            && self.sub.is_none_or(is_string)
            && self.jti.is_none_or(is_string)
            && self.aud.is_none_or(is_falsy)
    }
}

#[allow(clippy::cast_possible_truncation)]
fn seconds(kind: Kind) -> Option<i64> {
    match kind {
        Kind::Integer(seconds) => Some(seconds),
        Kind::Float(seconds) => Some(seconds as i64),
        _ => None,
    }
}

fn is_string(kind: Kind) -> bool {
    matches!(kind, Kind::String { .. })
}

fn is_falsy(kind: Kind) -> bool {
    match kind {
        Kind::Null => true,
        Kind::Bool(value) => !value,
        Kind::Integer(value) => value == 0,
        Kind::Float(value) => value == 0.0,
        Kind::String { is_empty } | Kind::Array { is_empty } | Kind::Object { is_empty } => is_empty,
    }
}

/// Bytes of a payload; those of most tokens need no allocation.
pub type Payload = SmallVec<[u8; 192]>;

/// The payload of a new token: compact ASCII JSON.
pub fn write(subject: &str, role: &str, issued_at: i64, expires_at: i64) -> Payload {
    let mut payload = Payload::new();
    payload.extend_from_slice(b"{\"sub\":\"");
    escape_append(subject, &mut payload);
    payload.extend_from_slice(b"\",\"role\":\"");
    escape_append(role, &mut payload);
    payload.extend_from_slice(b"\",\"iat\":");
    integer_append(issued_at, &mut payload);
    payload.extend_from_slice(b",\"exp\":");
    integer_append(expires_at, &mut payload);
    payload.push(b'}');
    payload
}

fn integer_append(value: i64, out: &mut Payload) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn escape_append(text: &str, out: &mut Payload) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            ' '..='~' => out.push(character as u8),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to memory cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tree;

    fn holds(payload: &str, now: f64, leeway: f64) -> bool {
        read(payload.as_bytes(), &mut Tree, Clock::new(now, leeway)).is_some()
    }

    #[test]
    fn a_token_expires_at_its_second() {
        assert!(holds(r#"{"exp":100}"#, 99.999, 0.0));
        assert!(!holds(r#"{"exp":100}"#, 100.0, 0.0));
        assert!(holds(r#"{"exp":100}"#, 104.9, 5.0));
        assert!(!holds(r#"{"exp":100}"#, 105.0, 5.0));
        assert!(!holds(r#"{"exp":100.9}"#, 100.0, 0.0));
    }

    #[test]
    fn a_token_starts_at_its_second() {
        for name in ["nbf", "iat"] {
            assert!(holds(&format!("{{\"{name}\":100}}"), 100.0, 0.0));
            assert!(!holds(&format!("{{\"{name}\":101}}"), 100.9, 0.0));
            assert!(holds(&format!("{{\"{name}\":105}}"), 100.0, 5.0));
            assert!(holds(&format!("{{\"{name}\":100.9}}"), 100.0, 0.0));
        }
    }

    #[test]
    fn times_are_numbers() {
        for value in ["null", "true", "\"9999999999\"", "[]", "{}"] {
            for name in ["exp", "nbf", "iat"] {
                assert!(!holds(&format!("{{\"{name}\":{value}}}"), 1.0, 0.0), "{name} {value}");
            }
        }
        assert!(holds(r#"{"exp":1e300,"nbf":-1e300,"iat":-99999999999999999999}"#, 1.0, 0.0));
        assert!(!holds(r#"{"nbf":99999999999999999999}"#, 1.0, 0.0));
    }

    #[test]
    fn the_last_of_equal_claims_counts() {
        assert!(holds(r#"{"exp":1,"exp":9}"#, 5.0, 0.0));
        assert!(!holds(r#"{"exp":9,"exp":1}"#, 5.0, 0.0));
    }

    #[test]
    fn subject_token_id_and_audience() {
        assert!(holds(r#"{"sub":"","jti":"","aud":""}"#, 1.0, 0.0));
        for empty in ["[]", "{}", "0", "0.0", "-0", "false", "null"] {
            assert!(holds(&format!("{{\"aud\":{empty}}}"), 1.0, 0.0), "{empty}");
        }
        for refused in [r#"{"sub":1}"#, r#"{"sub":null}"#, r#"{"jti":[]}"#, r#"{"aud":"me"}"#, r#"{"aud":[""]}"#] {
            assert!(!holds(refused, 1.0, 0.0), "{refused}");
        }
    }

    #[test]
    fn new_claims_are_ascii() {
        assert_eq!(
            String::from_utf8_lossy(&write("a\"\\\n\u{7f}é😀", "r", -1, i64::MAX)),
            r#"{"sub":"a\"\\\n\u007f\u00e9\ud83d\ude00","role":"r","iat":-1,"exp":9223372036854775807}"#
        );
        assert!(write("", "", i64::MIN, 0).ends_with(br#""iat":-9223372036854775808,"exp":0}"#));
    }
}

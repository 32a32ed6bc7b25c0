//! The registered claims (RFC 7519 section 4.1): which of them make a token invalid, and the claims of a new token.

use std::io::{self, Write};
use std::ops::Range;

use crate::json::{self, Build, Kind};

/// Bytes of a usual payload, allocated at once.
const USUAL_PAYLOAD: usize = 256;

/// Valid times of a clock, in seconds. Claims are saturated to 64 bits, so later times could not be compared.
const MOMENTS: Range<f64> = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;

/// The clock and the leeway that a token is checked against, in seconds since the epoch, UTC.
#[derive(Clone, Copy)]
pub struct Clock {
    /// `exp` must be after this.
    expired_until: i64,
    /// `nbf` and `iat` must be before this.
    starts_from: i64,
}

impl Clock {
    // Claims are integers, so whole seconds of the clock suffice: for an integer n, n <= t is n <= floor(t).
    pub fn new(now: f64, leeway: f64) -> Self {
        let (earliest, latest) = (now - leeway, now + leeway);
        if !(MOMENTS.contains(&earliest) && MOMENTS.contains(&latest)) {
            // With an invalid clock no time is before or after now.
            return Self { expired_until: i64::MAX, starts_from: i64::MIN };
        }
        Self { expired_until: floor(earliest), starts_from: floor(latest).saturating_add(1) }
    }
}

// `f64::floor` is a call of the C library if the target lacks SSE 4.1.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn floor(seconds: f64) -> i64 {
    let truncated = seconds as i64;
    if truncated as f64 > seconds { truncated.saturating_sub(1) } else { truncated }
}

/// Read `payload`, a JSON object, with `build`. `None` if a registered claim is invalid at `clock`.
///
/// A caller that expects an audience compares it with the claims; without one, a token that has an audience is rejected.
pub fn read<B: Build>(payload: &[u8], build: &mut B, clock: Clock, expects_audience: bool) -> Option<B::Object> {
    let mut registered = Registered::default();
    let claims = json::read_object(payload, build, |name, kind| registered.note(name, kind))?;
    (registered.hold_at(clock) && (expects_audience || !registered.has_audience)).then_some(claims)
}

/// The parts of the registered claims that the rules need. The last of duplicate names counts.
#[derive(Default)]
struct Registered {
    exp: Time,
    nbf: Time,
    iat: Time,
    has_invalid_sub: bool,
    has_invalid_jti: bool,
    has_audience: bool,
}

#[derive(Default)]
enum Time {
    #[default]
    Absent,
    /// Truncated and saturated to 64 bits.
    Seconds(i64),
    Invalid,
}

impl Registered {
    fn note(&mut self, name: &[u8], kind: Kind) {
        match name {
            b"exp" => self.exp = Time::of(kind),
            b"nbf" => self.nbf = Time::of(kind),
            b"iat" => self.iat = Time::of(kind),
            b"sub" => self.has_invalid_sub = !is_string(kind),
            b"jti" => self.has_invalid_jti = !is_string(kind),
            b"aud" => self.has_audience = !is_falsy(kind),
            _ => {}
        }
    }

    fn hold_at(&self, clock: Clock) -> bool {
        self.exp.is_absent_or(|exp| exp > clock.expired_until)
            && self.nbf.is_absent_or(|nbf| nbf < clock.starts_from)
            && self.iat.is_absent_or(|iat| iat < clock.starts_from)
            && !(self.has_invalid_sub || self.has_invalid_jti)
    }
}

impl Time {
    #[allow(clippy::cast_possible_truncation)]
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Integer(seconds) => Self::Seconds(seconds),
            Kind::Float(seconds) => Self::Seconds(seconds as i64),
            _ => Self::Invalid,
        }
    }

    fn is_absent_or(&self, holds: impl FnOnce(i64) -> bool) -> bool {
        match *self {
            Self::Absent => true,
            Self::Seconds(seconds) => holds(seconds),
            Self::Invalid => false,
        }
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

/// The payload of a new token: compact ASCII JSON. `further_members` is JSON such as `"iss":"me","n":1`, or empty.
pub fn payload(subject: &str, role: &str, issued_at: i64, expires_at: i64, further_members: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(USUAL_PAYLOAD);
    // Writing to a Vec cannot fail.
    let _ = write(&mut payload, subject, role, issued_at, expires_at);
    if !further_members.is_empty() {
        payload.push(b',');
        payload.extend_from_slice(further_members);
    }
    payload.push(b'}');
    payload
}

fn write(out: &mut impl Write, subject: &str, role: &str, issued_at: i64, expires_at: i64) -> io::Result<()> {
    out.write_all(b"{\"sub\":\"")?;
    write_escaped(out, subject)?;
    out.write_all(b"\",\"role\":\"")?;
    write_escaped(out, role)?;
    out.write_all(b"\",\"iat\":")?;
    out.write_all(itoa::Buffer::new().format(issued_at).as_bytes())?;
    out.write_all(b",\"exp\":")?;
    out.write_all(itoa::Buffer::new().format(expires_at).as_bytes())
}

fn write_escaped(out: &mut impl Write, text: &str) -> io::Result<()> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        return out.write_all(text.as_bytes());
    }
    for character in text.chars() {
        match character {
            '"' => out.write_all(b"\\\"")?,
            '\\' => out.write_all(b"\\\\")?,
            '\n' => out.write_all(b"\\n")?,
            '\r' => out.write_all(b"\\r")?,
            '\t' => out.write_all(b"\\t")?,
            '\u{8}' => out.write_all(b"\\b")?,
            '\u{c}' => out.write_all(b"\\f")?,
            ' '..='~' => out.write_all(&[character as u8])?,
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let digit = |shift: u16| b"0123456789abcdef"[usize::from(*unit >> shift & 15)];
                    out.write_all(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)])?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tree;

    fn holds(payload: &str, now: f64, leeway: f64) -> bool {
        read(payload.as_bytes(), &mut Tree, Clock::new(now, leeway), false).is_some()
    }

    #[test]
    fn token_expires_at_its_second() {
        assert!(holds(r#"{"exp":100}"#, 99.999, 0.0));
        assert!(!holds(r#"{"exp":100}"#, 100.0, 0.0));
        assert!(holds(r#"{"exp":100}"#, 104.9, 5.0));
        assert!(!holds(r#"{"exp":100}"#, 105.0, 5.0));
        assert!(!holds(r#"{"exp":100.9}"#, 100.0, 0.0));
    }

    #[test]
    fn token_is_valid_from_its_second_on() {
        for name in ["nbf", "iat"] {
            assert!(holds(&format!("{{\"{name}\":100}}"), 100.0, 0.0));
            assert!(!holds(&format!("{{\"{name}\":101}}"), 100.9, 0.0));
            assert!(holds(&format!("{{\"{name}\":105}}"), 100.0, 5.0));
            assert!(holds(&format!("{{\"{name}\":100.9}}"), 100.0, 0.0));
        }
    }

    #[test]
    fn times_that_are_not_numbers_are_rejected() {
        for value in ["null", "true", "\"9999999999\"", "[]", "{}"] {
            for name in ["exp", "nbf", "iat"] {
                assert!(!holds(&format!("{{\"{name}\":{value}}}"), 1.0, 0.0), "{name} {value}");
            }
        }
        assert!(holds(r#"{"exp":1e300,"nbf":-1e300,"iat":-99999999999999999999}"#, 1.0, 0.0));
        assert!(!holds(r#"{"nbf":99999999999999999999}"#, 1.0, 0.0));
    }

    #[test]
    fn last_of_duplicate_claims_counts() {
        assert!(holds(r#"{"exp":1,"exp":9}"#, 5.0, 0.0));
        assert!(!holds(r#"{"exp":9,"exp":1}"#, 5.0, 0.0));
    }

    #[test]
    fn invalid_subject_token_id_and_audience_are_rejected() {
        assert!(holds(r#"{"sub":"","jti":"","aud":""}"#, 1.0, 0.0));
        for empty in ["[]", "{}", "0", "0.0", "-0", "false", "null"] {
            assert!(holds(&format!("{{\"aud\":{empty}}}"), 1.0, 0.0), "{empty}");
        }
        for invalid in [r#"{"sub":1}"#, r#"{"sub":null}"#, r#"{"jti":[]}"#, r#"{"aud":"me"}"#, r#"{"aud":[""]}"#] {
            assert!(!holds(invalid, 1.0, 0.0), "{invalid}");
        }
    }

    #[test]
    fn audience_is_left_to_a_caller_that_expects_one() {
        let holds = |payload: &str| read(payload.as_bytes(), &mut Tree, Clock::new(1.0, 0.0), true).is_some();
        for valid in ["{}", r#"{"aud":"me"}"#, r#"{"aud":["me",1]}"#, r#"{"aud":5}"#] {
            assert!(holds(valid), "{valid}");
        }
        assert!(!holds(r#"{"aud":"me","exp":1}"#));
        assert!(!holds(r#"{"aud":"me","sub":1}"#));
    }

    #[test]
    fn further_members_follow_the_four_claims() {
        let text = |members: &str| String::from_utf8(payload("a", "r", 1, 2, members.as_bytes())).expect("ASCII");
        assert_eq!(text(""), r#"{"sub":"a","role":"r","iat":1,"exp":2}"#);
        assert_eq!(text(r#""n":[1]"#), r#"{"sub":"a","role":"r","iat":1,"exp":2,"n":[1]}"#);
    }

    #[test]
    fn new_claims_are_ascii() {
        assert_eq!(
            String::from_utf8_lossy(&payload("a\"\\\n\u{7f}é😀", "r", -1, i64::MAX, b"")),
            r#"{"sub":"a\"\\\n\u007f\u00e9\ud83d\ude00","role":"r","iat":-1,"exp":9223372036854775807}"#
        );
        assert!(payload("", "", i64::MIN, 0, b"").ends_with(br#""iat":-9223372036854775808,"exp":0}"#));
    }
}

//! Decides which JOSE headers are accepted (RFC 7515 section 4): step 4 of `verify_token` in the engine contract.

use memchr::memchr;

use crate::base64url;
use crate::json::{self, Tree, Value};

/// `{"alg":"HS256","typ":"JWT"}`, the header of every token that is created here, and of most other tokens.
pub const HEADER: &[u8; 36] = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// The rest of the signing input after an accepted header and its dot.
pub fn strip_accepted(signing_input: &[u8]) -> Option<&[u8]> {
    if let Some([b'.', payload @ ..]) = signing_input.strip_prefix(HEADER) {
        return Some(payload);
    }
    let (header, payload) = signing_input.split_at(memchr(b'.', signing_input)?);
    is_accepted(header)?.then_some(&payload[1..])
}

fn is_accepted(segment: &[u8]) -> Option<bool> {
    let text = base64url::decode(segment)?;
    let header = json::read_object(&text, &mut Tree, |_, _| ())?;
    let is_hs256 = matches!(json::last(&header, "alg"), Some(Value::String(alg)) if alg == "HS256");
    let has_valid_kid = matches!(json::last(&header, "kid"), None | Some(Value::String(_)));
    let b64 = json::last(&header, "b64");
    let is_encoded = !matches!(b64, Some(Value::Bool(false)));
    let has_valid_crit = match json::last(&header, "crit") {
        None => true,
        Some(Value::Array(names)) => {
            b64.is_some()
                && !names.is_empty()
                && names.iter().all(|name| matches!(name, Value::String(name) if name == "b64"))
        }
        Some(_) => false,
    };
    Some(is_hs256 && has_valid_kid && is_encoded && has_valid_crit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(header: &str) -> bool {
        let mut signing_input = vec![0; base64url::encoded_length(header.len())];
        base64url::encode(header.as_bytes(), &mut signing_input);
        signing_input.extend_from_slice(b".payload");
        strip_accepted(&signing_input) == Some(b"payload")
    }

    #[test]
    fn hs256_headers_are_accepted() {
        assert!(accepts(r#"{"alg":"HS256","typ":"JWT"}"#));
        assert!(accepts(r#"{"typ":5,"alg":"none","alg":"HS256","kid":"k"}"#));
        assert!(accepts(r#"{"alg":"HS256","crit":["b64"],"b64":true}"#));
    }

    #[test]
    fn other_headers_are_rejected() {
        for header in [
            "{}",
            "[]",
            r#"{"alg":"none"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":"HS256","kid":1}"#,
            r#"{"alg":"HS256","b64":false}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"HS256","crit":["b64"]}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
            r#"{"alg":"HS256","crit":"b64","b64":true}"#,
            r#"{"alg":"HS256","crit":[1],"b64":true}"#,
            r#"{"alg":"HS256","crit":null}"#,
        ] {
            assert!(!accepts(header), "{header}");
        }
        for signing_input in [&b""[..], b".", b".payload", b"e30", HEADER, &HEADER[1..]] {
            assert_eq!(strip_accepted(signing_input), None);
        }
    }
}

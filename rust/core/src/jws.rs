//! JWS compact serialization (RFC 7515 section 3.1) with HS256.

use crate::base64url;
use crate::claims::{self, Clock};
use crate::hs256::{Key, SIGNATURE_LENGTH};
use crate::jose_header;
use crate::json::Build;

pub const MAX_TOKEN_LENGTH: usize = 65_536;

const SIGNATURE_SEGMENT_LENGTH: usize = base64url::encoded_length(SIGNATURE_LENGTH);

/// Length of the token for a payload of the given length. `None` if the token would exceed [`MAX_TOKEN_LENGTH`].
pub fn token_length(payload: usize) -> Option<usize> {
    let length = jose_header::HEADER.len() + 1 + base64url::encoded_length(payload) + 1 + SIGNATURE_SEGMENT_LENGTH;
    (length <= MAX_TOKEN_LENGTH).then_some(length)
}

/// Write the token of `payload`, signed with `key`, into `token`, whose length is that of [`token_length`].
pub fn sign(payload: &[u8], key: &Key, token: &mut [u8]) {
    let (signing_input, signature) = token.split_at_mut(token.len() - 1 - SIGNATURE_SEGMENT_LENGTH);
    let (header, encoded) = signing_input.split_at_mut(jose_header::HEADER.len());
    header.copy_from_slice(jose_header::HEADER);
    encoded[0] = b'.';
    base64url::encode(payload, &mut encoded[1..]);
    signature[0] = b'.';
    base64url::encode(&key.sign(signing_input), &mut signature[1..]);
}

/// A token split into its parts, with only its signature decoded.
pub struct Unverified<'t> {
    signing_input: &'t [u8],
    signature: [u8; SIGNATURE_LENGTH],
}

impl<'t> Unverified<'t> {
    pub fn new(token: &'t [u8]) -> Option<Self> {
        if token.len() > MAX_TOKEN_LENGTH {
            return None;
        }
        // A signature of 32 bytes has 43 characters, so the position of the second dot is known.
        let (signing_input, signature) = token.split_last_chunk::<{ SIGNATURE_SEGMENT_LENGTH + 1 }>()?;
        let [b'.', signature @ ..] = signature else { return None };
        Some(Self { signing_input, signature: base64url::decode_array(signature)? })
    }

    pub fn is_signed_with(&self, key: &Key) -> bool {
        key.verifies(self.signing_input, &self.signature)
    }

    /// The claims; see [`claims::read`]. Call it only after the signature is verified.
    pub fn claims<B: Build>(&self, build: &mut B, clock: Clock, expects_audience: bool) -> Option<B::Object> {
        let payload = jose_header::strip_accepted(self.signing_input)?;
        base64url::with_decoded(payload, |payload| claims::read(payload, build, clock, expects_audience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tree;

    const SECRET: &[u8] = b"a secret of thirty-two bytes at least";

    fn signed(subject: &str) -> Option<Vec<u8>> {
        let payload = claims::payload(subject, "admin", 10, 20, b"");
        let mut token = vec![0; token_length(payload.len())?];
        sign(&payload, &Key::new(SECRET), &mut token);
        Some(token)
    }

    #[test]
    fn signed_token_is_read_as_its_claims() {
        let token = signed("ada").expect("short");
        let unverified = Unverified::new(&token).expect("three segments");
        assert!(unverified.is_signed_with(&Key::new(SECRET)));
        assert!(!unverified.is_signed_with(&Key::new(b"another")));
        assert!(unverified.claims(&mut Tree, Clock::new(15.0, 0.0), false).is_some());
        assert!(unverified.claims(&mut Tree, Clock::new(20.0, 0.0), false).is_none());
    }

    #[test]
    fn token_over_the_maximum_length_is_not_created() {
        assert!(signed(&"x".repeat(49_000)).is_some_and(|token| Unverified::new(&token).is_some()));
        assert!(signed(&"x".repeat(50_000)).is_none());
    }

    #[test]
    fn token_without_three_segments_is_rejected() {
        let key = Key::new(SECRET);
        let accepted = |signing_input: &str| {
            let mut token = [signing_input.as_bytes(), &[b'.'; 44]].concat();
            let start = token.len() - SIGNATURE_SEGMENT_LENGTH;
            base64url::encode(&key.sign(signing_input.as_bytes()), &mut token[start..]);
            let unverified = Unverified::new(&token).expect("a signature");
            assert!(unverified.is_signed_with(&key));
            unverified.claims(&mut Tree, Clock::new(15.0, 0.0), false).is_some()
        };
        let header = std::str::from_utf8(jose_header::HEADER).expect("ASCII");
        assert!(accepted(&format!("{header}.e30")));
        assert!(accepted("eyJhbGciOiJIUzI1NiJ9.e30"));
        for signing_input in ["", ".", "e30", ".e30", &format!("{header}."), &format!("{header}.e30.e30"), "é.e30"] {
            assert!(!accepted(signing_input), "{signing_input:?}");
        }
    }

    #[test]
    fn signature_is_43_characters_of_the_alphabet() {
        let token = |signature: &str| format!("a.b.{signature}").into_bytes();
        assert!(Unverified::new(&token(&"A".repeat(43))).is_some());
        for signature in ["", "A", &"A".repeat(42), &"A".repeat(44), &".".repeat(43), &format!("{}B", "A".repeat(42))] {
            assert!(Unverified::new(&token(signature)).is_none(), "{signature:?}");
        }
        assert!(Unverified::new(&vec![b'.'; 1 << 20]).is_none());
    }
}

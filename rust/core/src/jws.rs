//! JWS compact serialization (RFC 7515 section 3.1) with HS256.

use crate::base64url;
use crate::claims::{self, Clock};
use crate::hs256::{SIGNATURE_LENGTH, Secret};
use crate::jose_header;
use crate::json::Build;

pub const MAX_TOKEN_LENGTH: usize = 65_536;

const SIGNATURE_SEGMENT_LENGTH: usize = 43;

/// The token of `payload`, signed with `secret`, or `None` where it would be longer than any that is looked at.
pub fn sign(payload: &str, secret: Secret<'_>) -> Option<String> {
    let encoded_length = payload.len().div_ceil(3) * 4;
    let mut token = String::with_capacity(jose_header::OURS.len() + encoded_length + SIGNATURE_SEGMENT_LENGTH + 2);
    token.push_str(jose_header::OURS);
    token.push('.');
    base64url::encode_append(payload.as_bytes(), &mut token);
    let signature = secret.sign(token.as_bytes());
    token.push('.');
    base64url::encode_append(&signature, &mut token);
    (token.len() <= MAX_TOKEN_LENGTH).then_some(token)
}

/// A token taken apart, with nothing decoded but its signature.
pub struct Unverified<'t> {
    signing_input: &'t str,
    header: &'t str,
    payload: &'t str,
    signature: [u8; SIGNATURE_LENGTH],
}

impl<'t> Unverified<'t> {
    pub fn new(token: &'t str) -> Option<Self> {
        if token.len() > MAX_TOKEN_LENGTH || !token.is_ascii() {
            return None;
        }
        let (signing_input, signature) = token.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        if header.is_empty() || payload.is_empty() || payload.contains('.') {
            return None;
        }
        Some(Self { signing_input, header, payload, signature: base64url::decode_array(signature.as_bytes())? })
    }

    pub fn is_signed_with(&self, secret: Secret<'_>) -> bool {
        secret.verifies(self.signing_input.as_bytes(), &self.signature)
    }

    /// The claims, once the signature has been found to hold.
    pub fn claims<B: Build>(&self, build: &mut B, clock: Clock) -> Option<B::Object> {
        if !jose_header::is_accepted(self.header) {
            return None;
        }
        let payload = base64url::decode(self.payload.as_bytes())?;
        claims::read(&payload, build, clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tree;

    #[test]
    fn a_token_comes_back_as_its_claims() {
        let secret = Secret::new(b"a secret of thirty-two bytes at least").expect("fit");
        let token = sign(&claims::write("ada", "admin", 10, 20), secret).expect("short");
        let unverified = Unverified::new(&token).expect("three segments");
        assert!(unverified.is_signed_with(secret));
        assert!(!unverified.is_signed_with(Secret::new(b"another").expect("fit")));
        assert!(unverified.claims(&mut Tree, Clock::new(15.0, 0.0)).is_some());
        assert!(unverified.claims(&mut Tree, Clock::new(20.0, 0.0)).is_none());
    }

    #[test]
    fn a_token_that_would_not_be_looked_at_is_not_made() {
        let secret = Secret::new(b"a secret of thirty-two bytes at least").expect("fit");
        let token = |length: usize| sign(&claims::write(&"x".repeat(length), "admin", 10, 20), secret);
        assert!(token(49_000).is_some_and(|token| Unverified::new(&token).is_some()));
        assert!(token(50_000).is_none());
    }

    #[test]
    fn tokens_have_three_segments() {
        let signature = "A".repeat(43);
        assert!(Unverified::new(&format!("a.b.{signature}")).is_some());
        for token in ["", ".", "..", "a.b.", "a.b.c", "a..x", ".b.x", "a.b", "a.b.c.d", "é.b.c"] {
            assert!(Unverified::new(token).is_none(), "{token:?}");
            assert!(Unverified::new(&token.replace(['c', 'x'], &signature)).is_none() || token == "a.b.c", "{token:?}");
        }
        assert!(Unverified::new(&".".repeat(1 << 20)).is_none());
    }
}

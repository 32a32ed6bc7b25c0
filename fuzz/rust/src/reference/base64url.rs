//! base64url by the crate `base64`: no padding, trailing bits zero.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub fn decode(segment: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(segment).ok()
}

pub fn encode(bytes: &[u8]) -> Vec<u8> {
    URL_SAFE_NO_PAD.encode(bytes).into_bytes()
}

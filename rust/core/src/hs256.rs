//! HMAC with SHA-256 (RFC 2104, RFC 7518 section 3.2).

use constant_time_eq::constant_time_eq_32;
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub const SIGNATURE_LENGTH: usize = 32;

const BLOCK: usize = 64;

/// The state that SHA-256 starts with (FIPS 180-4 section 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// An HMAC key: the two SHA-256 states after its pads, which are the same for every message.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Key {
    pub fn new(secret: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        if secret.len() <= BLOCK {
            block[..secret.len()].copy_from_slice(secret);
        } else {
            block[..SIGNATURE_LENGTH].copy_from_slice(&Sha256::digest(secret));
        }
        Self { inner: padded(&block, 0x36), outer: padded(&block, 0x5c) }
    }

    pub fn sign(&self, signing_input: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        let inner = digest(self.inner, signing_input);
        digest(self.outer, &inner)
    }

    /// Whether `signature` is that of `signing_input`, compared in constant time.
    pub fn verifies(&self, signing_input: &[u8], signature: &[u8; SIGNATURE_LENGTH]) -> bool {
        constant_time_eq_32(&self.sign(signing_input), signature)
    }
}

fn padded(key: &[u8; BLOCK], pad: u8) -> [u32; 8] {
    let block = Zeroizing::new(key.map(|byte| byte ^ pad));
    let mut state = START;
    compress256(&mut state, std::slice::from_ref(&*block));
    state
}

/// The digest of `message`, from a `state` that already holds one block.
fn digest(mut state: [u32; 8], message: &[u8]) -> [u8; SIGNATURE_LENGTH] {
    // Short messages are compressed in one call: each call loads and stores the state.
    let whole = if message.len() < 3 * BLOCK { 0 } else { message.len() / BLOCK };
    let (blocks, rest) = message.split_at(whole * BLOCK);
    if whole > 0 {
        compress256(&mut state, blocks.as_chunks().0);
    }
    // FIPS 180-4 section 5.1.1: a one bit, zeros, and the length in bits.
    let mut last = [[0; BLOCK]; 4];
    let count = (rest.len() + 9).div_ceil(BLOCK);
    let bytes = last[..count].as_flattened_mut();
    let bits = 8 * (BLOCK + message.len()) as u64;
    bytes[..rest.len()].copy_from_slice(rest);
    bytes[rest.len()] = 0x80;
    bytes[count * BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, &last[..count]);
    let mut digest = [0; SIGNATURE_LENGTH];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// RFC 4231 section 4, without the truncated test case 5.
    #[test]
    fn rfc_4231_test_cases_match() {
        let counting: Vec<u8> = (1..=25).collect();
        let cases: [(&[u8], &[u8], &str); 6] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (&counting, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. The key \
                  needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (secret, message, expected) in cases {
            let key = Key::new(secret);
            assert_eq!(hex(&key.sign(message)), expected);
            assert!(key.verifies(message, &key.sign(message)));
            assert!(!key.verifies(&message[1..], &key.sign(message)));
        }
    }

    /// Every length around the ends of blocks, against the same construction on whole SHA-256 digests (RFC 2104).
    #[test]
    fn messages_of_every_length_are_signed() {
        let (secret, message) = ([7; 64], [9; 300]);
        let key = Key::new(&secret);
        for length in 0..message.len() {
            let inner = Sha256::digest([&secret.map(|byte| byte ^ 0x36)[..], &message[..length]].concat());
            let outer = Sha256::digest([&secret.map(|byte| byte ^ 0x5c)[..], &inner].concat());
            assert_eq!(key.sign(&message[..length])[..], outer[..], "{length}");
        }
    }
}

//! HMAC with SHA-256 (RFC 2104, RFC 7518 section 3.2), and which secrets may be used with it.

use hmac::{Hmac, KeyInit, Mac};
use memchr::{memchr, memmem};
use sha2::Sha256;
use zeroize::Zeroizing;

pub const SIGNATURE_LENGTH: usize = 32;

const SSH_KEY_TYPES: [&[u8]; 6] =
    [b"ssh-ed25519", b"ssh-rsa", b"ssh-dss", b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp384", b"ecdsa-sha2-nistp521"];

const DER_SEQUENCE: u8 = 0x30;
const DER_INTEGER: u8 = 0x02;

const BYTE_ORDER_MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

/// A secret that is fit for HMAC. It borrows the bytes: nothing of a secret outlives the call.
#[derive(Clone, Copy)]
pub struct Secret<'s>(&'s [u8]);

impl<'s> Secret<'s> {
    /// `None` where `bytes` are empty or a key of another kind (RFC 8725 section 2.1).
    pub fn new(bytes: &'s [u8]) -> Option<Self> {
        let is_other = is_pem(bytes) || is_ssh_key(bytes) || is_jwk(bytes) || is_der_key(bytes);
        (!bytes.is_empty() && !is_other).then_some(Self(bytes))
    }

    pub fn sign(self, signing_input: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        self.mac(signing_input).finalize().into_bytes().into()
    }

    /// Whether `signature` is that of `signing_input`, compared in constant time by [`Mac::verify`].
    pub fn verifies(self, signing_input: &[u8], signature: &[u8; SIGNATURE_LENGTH]) -> bool {
        self.mac(signing_input).verify(signature.into()).is_ok()
    }

    fn mac(self, signing_input: &[u8]) -> Hmac<Sha256> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.update(signing_input);
        mac
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"-----BEGIN ").is_some() || memmem::find(bytes, b"---- BEGIN ").is_some()
}

fn is_ssh_key(bytes: &[u8]) -> bool {
    SSH_KEY_TYPES.iter().any(|kind| bytes.starts_with(kind))
}

/// JSON that may hold a JWK. NULs aside, UTF-16 and UTF-32 are ASCII too.
fn is_jwk(bytes: &[u8]) -> bool {
    if memchr(0, bytes).is_some() {
        let without_nuls: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != 0).collect();
        return is_jwk_without_nuls(&Zeroizing::new(without_nuls));
    }
    is_jwk_without_nuls(bytes)
}

fn is_jwk_without_nuls(mut bytes: &[u8]) -> bool {
    for mark in BYTE_ORDER_MARKS {
        bytes = bytes.strip_prefix(mark).unwrap_or(bytes);
    }
    let json = bytes.trim_ascii();
    let enclosed = matches!(json, [b'{', .., b'}'] | [b'[', .., b']']);
    enclosed && (memmem::find(json, b"kty").is_some() || json.contains(&b'\\'))
}

/// One whole DER SEQUENCE that begins with a SEQUENCE or an INTEGER.
fn is_der_key(bytes: &[u8]) -> bool {
    let Some((DER_SEQUENCE, content, [])) = der_value(bytes) else {
        return false;
    };
    matches!(der_value(content), Some((DER_SEQUENCE | DER_INTEGER, _, _)))
}

/// The tag and the content of the value that `bytes` begin with, and what follows it (ITU-T X.690 section 10.1).
fn der_value(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        // The shortest spelling of the length, in one to four bytes.
        let (spelled, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
        let length = spelled.iter().fold(0, |length: u64, &byte| length << 8 | u64::from(byte));
        if !(1..=4).contains(&spelled.len()) || spelled[0] == 0 || length < 0x80 {
            return None;
        }
        (usize::try_from(length).ok()?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(bytes: &[u8]) -> bool {
        Secret::new(bytes).is_some()
    }

    #[test]
    fn rfc_4231_test_case_2() {
        let secret = Secret::new(b"Jefe").expect("fit");
        let expected = [
            0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00,
            0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
        ];
        assert_eq!(secret.sign(b"what do ya want for nothing?"), expected);
        assert!(secret.verifies(b"what do ya want for nothing?", &expected));
        assert!(!secret.verifies(b"what do ya want for something?", &expected));
    }

    #[test]
    fn keys_of_other_kinds_are_unfit() {
        assert!(!fit(b""));
        assert!(!fit(b"x\n-----BEGIN PUBLIC KEY-----\n"));
        assert!(!fit(b"---- BEGIN SSH2 PUBLIC KEY ----"));
        assert!(!fit(b"ssh-rsa AAAA"));
        assert!(!fit(b" {\"kty\":\"oct\",\"k\":\"AA\"}\n"));
        assert!(!fit(br#"[{"k\u0074y":"oct"}]"#));
        assert!(!fit(b"\xef\xbb\xbf{\"kty\":\"oct\"}"));
        assert!(!fit(b"\xff\xfe{\0\"\0k\0t\0y\0\"\0:\x001\0}\0"));
    }

    #[test]
    fn der_keys_are_unfit() {
        // The public key of RFC 8410 section 10.1, an Ed25519 SubjectPublicKeyInfo.
        let ed25519 = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00\x19\xbf\x44\x09\x69\x84\xcd\xfe\x85\x41\
            \xba\xc1\x67\xdc\x3b\x96\xc8\x50\x86\xaa\x30\xb6\xb6\xcb\x0c\x5c\x38\xad\x70\x31\x66\xe1";
        assert!(!fit(ed25519));
        assert!(!fit(&[&[0x30, 0x82, 0x01, 0x04, 0x02, 0x82, 0x01, 0x00], &[7; 256][..]].concat()));
        assert!(fit(&ed25519[..43]));
        assert!(fit(&[ed25519, &b"\0"[..]].concat()));
        for resembling in
            [&b"0"[..], b"0\x00", b"0\x02", b"0\x02\x04\x00", b"0\x81\x02\x30\x00", b"0\x85\x00\x00\x00\x00\x02"]
        {
            assert!(fit(resembling), "{resembling:?}");
        }
    }

    #[test]
    fn secrets_that_only_resemble_them_are_fit() {
        assert!(fit(b"{just braces}"));
        assert!(fit(b"kty"));
        assert!(fit(b"{"));
        assert!(fit(b"BEGIN"));
    }
}

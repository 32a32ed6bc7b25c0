//! Usable secrets: the crate `der` reads DER, and the other rules are implemented here.

use der::asn1::AnyRef;
use der::{Decode, SliceReader, Tag, Tagged};
use fastware_core::{keys, secrets};

use crate::bytes;

const SSH_KEY_TYPES: &str = "ssh-ed25519 ssh-ed448 ssh-rsa ssh-dss ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 \
    ecdsa-sha2-nistp521 sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com";

pub fn seeds() -> Vec<Vec<u8>> {
    let others = bytes![
        b"a secret of the tests, 32 bytes or more",
        b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----",
        b"---- BEGIN SSH2 PUBLIC KEY ----\nAA==\n---- END SSH2 PUBLIC KEY ----",
        b"0\x05\x02\x01\x00\x05\x00",
        b"0\x06\x02\x01\x00\x05\x00",
        [&b"0\x81\x83\x02\x01\x00"[..], &b"x".repeat(128)].concat(),
        b" {\"kty\":\"oct\",\"k\":\"AA\"}\n",
        b"{\"\\u006bty\":\"oct\"}",
        b"[{\"kty\":\"oct\"}]",
        b"\xef\xbb\xbf{\"kty\":1}",
        b"\xff\xfe{\0\"\0k\0t\0y\0\"\0:\x001\0}\0",
    ];
    SSH_KEY_TYPES.split(' ').map(|kind| kind.as_bytes().to_vec()).chain(others).collect()
}

pub fn check(data: &[u8]) {
    let is_usable = is_usable(data);
    assert_eq!(secrets::is_usable(data), is_usable);
    assert_eq!(keys::with_key(data, |key| key.is_some()), is_usable);
}

fn is_usable(secret: &[u8]) -> bool {
    let is_pem = contains(secret, b"-----BEGIN ") || contains(secret, b"---- BEGIN ");
    let is_ssh_key = SSH_KEY_TYPES.split(' ').any(|kind| secret.starts_with(kind.as_bytes()));
    !(secret.is_empty() || is_pem || is_ssh_key || is_der_key(secret) || is_jwk(secret))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn is_jwk(secret: &[u8]) -> bool {
    let bytes: Vec<u8> = secret.iter().copied().filter(|&byte| byte != 0).collect();
    let mut text = &bytes[..];
    for mark in [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"] {
        text = text.strip_prefix(mark).unwrap_or(text);
    }
    let text = text.trim_ascii();
    matches!(text, [b'{', .., b'}'] | [b'[', .., b']']) && (contains(text, b"kty") || contains(text, b"\\"))
}

fn is_der_key(secret: &[u8]) -> bool {
    let Ok(outer) = AnyRef::from_der(secret) else { return false };
    let first = SliceReader::new(outer.value()).and_then(|mut reader| AnyRef::decode(&mut reader));
    outer.tag() == Tag::Sequence && first.is_ok_and(|first| matches!(first.tag(), Tag::Sequence | Tag::Integer))
}

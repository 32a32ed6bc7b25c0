//! Decides which secrets can sign and verify (RFC 8725 section 2.1): `has_usable_secret` in the engine contract.

use memchr::{memchr, memmem};
use zeroize::Zeroizing;

const SSH_KEY_TYPES: [&[u8]; 9] = [
    b"ssh-ed25519",
    b"ssh-rsa",
    b"ssh-dss",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
    b"ssh-ed448",
    b"sk-ssh-ed25519@openssh.com",
    b"sk-ecdsa-sha2-nistp256@openssh.com",
];

const DER_SEQUENCE: u8 = 0x30;
const DER_INTEGER: u8 = 0x02;

const BYTE_ORDER_MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

/// Whether `secret` is neither empty nor a key of another kind.
pub fn is_usable(secret: &[u8]) -> bool {
    !(secret.is_empty() || is_pem(secret) || is_ssh_key(secret) || is_jwk(secret) || is_der_key(secret))
}

fn is_pem(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"-----BEGIN ").is_some() || memmem::find(bytes, b"---- BEGIN ").is_some()
}

fn is_ssh_key(bytes: &[u8]) -> bool {
    SSH_KEY_TYPES.iter().any(|kind| bytes.starts_with(kind))
}

/// JSON that may hold a JWK. Without its NULs, ASCII text in UTF-16 or UTF-32 reads as ASCII.
fn is_jwk(bytes: &[u8]) -> bool {
    if memchr(0, bytes).is_some() {
        // Allocated at full size: growing would leave copies in freed memory.
        let mut without_nuls = Zeroizing::new(Vec::with_capacity(bytes.len()));
        without_nuls.extend(bytes.iter().filter(|&&byte| byte != 0));
        return is_jwk_without_nuls(&without_nuls);
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

/// The tag and the content of the value at the start of `bytes`, and the rest (ITU-T X.690 section 10.1).
fn der_value(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        // DER allows only the shortest encoding of the length. Lengths of one to four bytes are read.
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
    use super::is_usable;

    #[test]
    fn keys_of_other_kinds_are_unusable() {
        assert!(!is_usable(b""));
        assert!(!is_usable(b"x\n-----BEGIN PUBLIC KEY-----\n"));
        assert!(!is_usable(b"---- BEGIN SSH2 PUBLIC KEY ----"));
        assert!(!is_usable(b"ssh-rsa AAAA"));
        assert!(!is_usable(b" {\"kty\":\"oct\",\"k\":\"AA\"}\n"));
        assert!(!is_usable(br#"[{"k\u0074y":"oct"}]"#));
        assert!(!is_usable(b"\xef\xbb\xbf{\"kty\":\"oct\"}"));
        assert!(!is_usable(b"\xff\xfe{\0\"\0k\0t\0y\0\"\0:\x001\0}\0"));
    }

    #[test]
    fn der_keys_are_unusable() {
        // The public key of RFC 8410 section 10.1, an Ed25519 SubjectPublicKeyInfo.
        let ed25519 = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00\x19\xbf\x44\x09\x69\x84\xcd\xfe\x85\x41\
            \xba\xc1\x67\xdc\x3b\x96\xc8\x50\x86\xaa\x30\xb6\xb6\xcb\x0c\x5c\x38\xad\x70\x31\x66\xe1";
        assert!(!is_usable(ed25519));
        assert!(!is_usable(&[&[0x30, 0x82, 0x01, 0x04, 0x02, 0x82, 0x01, 0x00], &[7; 256][..]].concat()));
        assert!(is_usable(&ed25519[..43]));
        assert!(is_usable(&[ed25519, &b"\0"[..]].concat()));
        for resembling in
            [&b"0"[..], b"0\x00", b"0\x02", b"0\x02\x04\x00", b"0\x81\x02\x30\x00", b"0\x85\x00\x00\x00\x00\x02"]
        {
            assert!(is_usable(resembling), "{resembling:?}");
        }
    }

    #[test]
    fn secrets_that_resemble_keys_are_usable() {
        assert!(is_usable(b"{just braces}"));
        assert!(is_usable(b"kty"));
        assert!(is_usable(b"{"));
        assert!(is_usable(b"BEGIN"));
    }
}

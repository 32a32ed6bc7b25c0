//! The rule of `Engine.has_fit_secret`, for bytes.

const SSH_KEY_TYPES: [&str; 9] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-ed448",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

pub fn is_fit(secret: &[u8]) -> bool {
    let is_pem = contains(secret, b"-----BEGIN ") || contains(secret, b"---- BEGIN ");
    let is_ssh_key = SSH_KEY_TYPES.iter().any(|kind| secret.starts_with(kind.as_bytes()));
    !(secret.is_empty() || is_pem || is_ssh_key || is_der_key(secret) || is_jwk(secret))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn is_jwk(secret: &[u8]) -> bool {
    let mut text: Vec<u8> = secret.iter().copied().filter(|&byte| byte != 0).collect();
    for mark in [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"] {
        if text.starts_with(mark) {
            text.drain(..mark.len());
        }
    }
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t' | b'\n' | b'\x0c' | b'\r'));
    while is_space(text.last()) {
        text.pop();
    }
    while is_space(text.first()) {
        text.remove(0);
    }
    let ends = (text.first().copied(), text.last().copied());
    let is_enclosed = ends == (Some(b'{'), Some(b'}')) || ends == (Some(b'['), Some(b']'));
    is_enclosed && (contains(&text, b"kty") || contains(&text, b"\\"))
}

fn is_der_key(secret: &[u8]) -> bool {
    let Some((0x30, content, rest)) = der(secret) else { return false };
    rest.is_empty() && matches!(der(&content), Some((0x30 | 0x02, _, _)))
}

/// Tag, content and what follows: the length is spelled again, in the shortest way, and compared.
fn der(bytes: &[u8]) -> Option<(u8, Vec<u8>, Vec<u8>)> {
    let (&tag, after) = bytes.split_first()?;
    (0..=4).find_map(|size: usize| {
        let spelled = after.get(..=size)?;
        let length = if size == 0 { u64::from(spelled[0]) } else { number(&spelled[1..]) };
        if spelled != shortest(length) {
            return None;
        }
        let rest = &after[spelled.len()..];
        let length = usize::try_from(length).ok().filter(|&length| length <= rest.len())?;
        Some((tag, rest[..length].to_vec(), rest[length..].to_vec()))
    })
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number * 256 + u64::from(byte))
}

#[allow(clippy::cast_possible_truncation)]
fn shortest(length: u64) -> Vec<u8> {
    if length < 0x80 {
        return vec![length as u8];
    }
    let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
    [vec![0x80 + digits.len() as u8], digits].concat()
}

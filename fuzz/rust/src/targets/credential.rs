use fastware_core::credential;

use crate::reference;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub fn check(data: &[u8]) {
    let token = credential::bearer(data);
    assert_eq!(token.map(<[u8]>::to_vec), bearer(data));
    for token in token.into_iter().chain([data]) {
        assert_eq!(credential::is_well_formed(token), is_well_formed(token));
    }
}

fn bearer(authorization: &[u8]) -> Option<Vec<u8>> {
    let space = authorization.iter().position(|&byte| byte == b' ')?;
    let scheme = authorization[..space].to_ascii_lowercase();
    let token = reference::cookies::trimmed(&authorization[space + 1..]);
    (scheme == b"bearer" && !token.is_empty()).then_some(token)
}

fn is_well_formed(token: &[u8]) -> bool {
    let segments: Vec<&[u8]> = token.split(|&byte| byte == b'.').collect();
    segments.len() == 3 && segments.iter().all(|s| !s.is_empty() && s.iter().all(|byte| ALPHABET.contains(byte)))
}

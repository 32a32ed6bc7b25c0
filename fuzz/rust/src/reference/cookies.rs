//! The rule of `Engine.cookie`, a byte after another.

/// The names and the quoted values, in their order.
pub fn pairs(header: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pairs = Vec::new();
    let mut pair = Vec::new();
    for &byte in header.iter().chain(b";") {
        if byte != b';' {
            pair.push(byte);
            continue;
        }
        if let Some(equals) = pair.iter().position(|&byte| byte == b'=') {
            let (name, value) = (trimmed(&pair[..equals]), trimmed(&pair[equals + 1..]));
            if !name.is_empty() {
                pairs.push((name, value));
            }
        }
        pair.clear();
    }
    pairs
}

pub fn unquoted(value: &[u8]) -> Vec<u8> {
    if value.len() < 2 || value[0] != b'"' || value[value.len() - 1] != b'"' {
        return value.to_vec();
    }
    let inside = &value[1..value.len() - 1];
    let mut result = Vec::new();
    let mut at = 0;
    while at < inside.len() {
        let after = &inside[at + 1..];
        let is_octal =
            after.len() >= 3 && after[0] <= b'3' && after[..3].iter().all(|digit| (b'0'..=b'7').contains(digit));
        if inside[at] != b'\\' || after.is_empty() || (!is_octal && after[0] == b'\n') {
            result.push(inside[at]);
            at += 1;
        } else if is_octal {
            result.push(after[..3].iter().fold(0, |byte, digit| byte * 8 + (digit - b'0')));
            at += 4;
        } else {
            result.push(after[0]);
            at += 2;
        }
    }
    result
}

pub fn trimmed(bytes: &[u8]) -> Vec<u8> {
    let mut trimmed = bytes.to_vec();
    while matches!(trimmed.last(), Some(b' ' | b'\t')) {
        trimmed.pop();
    }
    while matches!(trimmed.first(), Some(b' ' | b'\t')) {
        trimmed.remove(0);
    }
    trimmed
}

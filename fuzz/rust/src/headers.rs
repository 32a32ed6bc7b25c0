//! Header names, cookies, bearer tokens, the query string.

use fastware_core::{cookies, credential, header_name, query};
use percent_encoding::percent_decode;

use crate::{Input, bytes};

pub fn name_seeds() -> Vec<Vec<u8>> {
    bytes![b"Host\x1ehost", b"X-CSRF-Token\x1ex-csrf-token", b"@[`{Z\xc0\xda\x1e`{@[z\xe0\xfa"]
}

pub fn check_name(data: &[u8]) {
    let [header_name, name] = Input(data).fields();
    assert_eq!(header_name::is(header_name, name), header_name.to_ascii_lowercase() == name);
    assert!(header_name::is(header_name, &header_name.to_ascii_lowercase()));
}

pub fn cookies_seeds() -> Vec<Vec<u8>> {
    bytes![
        b"a\x1ea=1; b=2; a=3",
        b"a\x1ea=\"\\\"q\\054\\377\"; b=\"x\\\ny\\400\"",
        b"a\x1ea=\"x; session=y; b=\"",
        b"a\x1e;=;a;=b; a =\t1;;\xff=\xff",
        [&b"a\x1eb="[..], &b"x".repeat(300), b"; a=1"].concat(),
        [&b"a\x1e"[..], &b"a=1;".repeat(40)].concat(),
    ]
}

pub fn check_cookies(data: &[u8]) {
    let [name, header] = Input(data).fields();
    let expected = pairs(header);
    let found: Vec<_> = cookies::pairs(header).map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    assert_eq!(found, expected);
    for (_, value) in &expected {
        assert_eq!(*cookies::unquote(value), unquoted(value));
    }
    for name in expected.iter().map(|(name, _)| name.as_slice()).chain([name]) {
        let value = expected.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value.as_slice());
        assert_eq!(cookies::last(header, name).map(|at| &header[at]), value, "{name:?}");
    }
}

/// The names and the quoted values, in order.
fn pairs(header: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = header.split(|&byte| byte == b';').filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        Some((trimmed(&pair[..equals]), trimmed(&pair[equals + 1..])))
    });
    pairs.filter(|(name, _)| !name.is_empty()).collect()
}

fn unquoted(value: &[u8]) -> Vec<u8> {
    let [b'"', inside @ .., b'"'] = value else { return value.to_vec() };
    let (mut result, mut rest) = (Vec::new(), inside);
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                ((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), after)
            }
            (b'\\', [escaped, after @ ..]) if *escaped != b'\n' => (*escaped, after),
            _ => (*first, after),
        };
        result.push(byte);
        rest = after;
    }
    result
}

fn trimmed(bytes: &[u8]) -> Vec<u8> {
    let is_blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let mut trimmed: Vec<u8> = bytes.iter().copied().skip_while(is_blank).collect();
    while trimmed.last().is_some_and(is_blank) {
        trimmed.pop();
    }
    trimmed
}

pub fn bearer_seeds() -> Vec<Vec<u8>> {
    bytes![
        b"Bearer a.b.c",
        b"bEARER \t a.b \t",
        b"Bearer\ta",
        b"Bearer ",
        b"Bearer a.b.c.d",
        b"Basic x",
        b"Bearer -_~+/==",
        b"Bearer a=b"
    ]
}

pub fn check_bearer(data: &[u8]) {
    let space = data.iter().position(|&byte| byte == b' ');
    let expected = space.filter(|&at| data[..at].eq_ignore_ascii_case(b"bearer")).map(|at| trimmed(&data[at + 1..]));
    let token = credential::bearer(data);
    assert_eq!(token.map(<[u8]>::to_vec), expected.filter(|token| !token.is_empty()));
    for token in token.into_iter().chain([data]) {
        let unpadded = token.iter().rposition(|&byte| byte != b'=').map_or(&b""[..], |last| &token[..=last]);
        let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
        assert_eq!(credential::is_b64token(token), !unpadded.is_empty() && unpadded.iter().all(is_of_token));
    }
}

pub fn query_seeds() -> Vec<Vec<u8>> {
    bytes![b"a b\x1etoken=a&token=b", b"a b\x1ea+b=c", b"a b\x1ex=1&to%6Ben=%4f%5E+%2b%zz%", b"a b\x1e&&=&token=a=b"]
}

pub fn check_query(data: &[u8]) {
    let [name, query_string] = Input(data).fields();
    let pairs = query_string.split(|&byte| byte == b'&').map(|pair| {
        let mut parts = pair.splitn(2, |&byte| byte == b'=').map(|part| {
            let spaced: Vec<u8> = part.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
            percent_decode(&spaced).collect::<Vec<u8>>()
        });
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    });
    for name in [name, b"token"] {
        let expected = pairs.clone().find(|(found, _)| found == name).map(|(_, value)| value);
        assert_eq!(query::first(query_string, name).map(std::borrow::Cow::into_owned), expected);
    }
}

//! CSRF tokens and origins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fastware_core::csrf::{Check, Cookies, Request, Verdict};
use fastware_core::hs256::Key;
use fastware_core::json::Value;
use fastware_core::origin::Origin;

use crate::json::{self, last};
use crate::tokens::hmac_sha256;
use crate::{Input, bytes};

const KEY: &[u8] = b"a key of signed CSRF tokens";
const TRUSTED: &[u8] = b"https://app.example.org";

fn check(keys: Vec<Key>) -> Check {
    Check { checks_origin: true, trusted_origins: vec![TRUSTED.into()], keys, reads_form: false }
}

pub fn token_seeds() -> Vec<Vec<u8>> {
    bytes![
        b"token\x1etoken\0",
        b"token\x1etokem\0",
        b"\x1et\0",
        b"opaque\x1ex\0",
        b"x\x1e{\"sub\":\"ada\",\"sid\":\"s\\u00e9\"}\x01",
        b"x\x1e{\"sid\":\"a\",\"b\":{\"sid\":\"c\"},\"sid\":[\"d\"]}\x01",
        b"x\x1e{\"sid\":\"\"}\x01",
    ]
}

/// The fields are a submitted token, and the session cookie or, if the flag is set, the payload of one.
pub fn check_token(data: &[u8]) {
    let mut input = Input(data);
    let is_payload = input.flag();
    let [submitted, text] = input.fields();
    let session = if is_payload { format!("h.{}.s", URL_SAFE_NO_PAD.encode(text)).into_bytes() } else { text.to_vec() };
    for csrf in [submitted, &submitted[..submitted.len() / 2], text] {
        let expected = match (submitted.len(), csrf.len()) {
            (0, _) | (_, 0) => Verdict::Missing,
            _ if submitted == csrf => Verdict::Passed,
            _ => Verdict::Mismatch,
        };
        let cookies = Cookies { session: &session, csrf };
        assert_eq!(check(vec![]).verdict_on_token(submitted, &cookies), expected);
    }
    if session.is_empty() {
        return;
    }
    let check = check(vec![Key::new(b"another key"), Key::new(KEY)]);
    let verdict = |token: &[u8]| check.verdict_on_token(token, &Cookies { session: &session, csrf: token });
    let token = signed(&session_of(&session), [7; 16]);
    assert_eq!(verdict(token.as_bytes()), Verdict::Passed);
    for other in [submitted, &token.as_bytes()[1..], format!("{token}=").as_bytes(), signed(b"", [7; 16]).as_bytes()] {
        assert_eq!(verdict(other), if other.is_empty() { Verdict::Missing } else { Verdict::WrongSession });
    }
}

fn signed(session: &[u8], random: [u8; 16]) -> String {
    let length = u32::try_from(session.len()).expect("short").to_be_bytes();
    let mac = hmac_sha256(KEY, &[&length, session, &[0, 0, 0, 16], &random].concat());
    format!("{}.{}", URL_SAFE_NO_PAD.encode(random), URL_SAFE_NO_PAD.encode(mac))
}

fn session_of(cookie: &[u8]) -> Vec<u8> {
    let segments: Vec<&[u8]> = cookie.split(|&byte| byte == b'.').collect();
    let &[_, payload, _] = &segments[..] else { return cookie.to_vec() };
    let claims = URL_SAFE_NO_PAD.decode(payload).ok().and_then(|payload| json::read_object(&payload));
    match claims.as_ref().and_then(|claims| last(claims, "sid")) {
        Some(Value::String(sid)) if !sid.is_empty() && cookie.len() <= 65_536 => sid.clone().into_bytes(),
        _ => cookie.to_vec(),
    }
}

pub fn origin_seeds() -> Vec<Vec<u8>> {
    bytes![
        b"https://app.example.org\x1eapp.example.org",
        b"HTTPS://App.Example.org:443\x1eb",
        b"http://[::1]:80\x1e[::1]",
        b"wss://a-b_c:12345\x1eA-B_C:12345",
        b"x-1+.://a:80\x1ea",
        b"null\x1enull",
        b"http://a:123456\x1ea:123456",
    ]
}

pub fn check_origin(data: &[u8]) {
    let [origin, host] = Input(data).fields();
    let found = Origin::new(origin);
    let expected = normalized(origin);
    assert_eq!(found.is_some(), expected.is_some());
    let (mut is_trusted, mut is_host) = (false, false);
    if let Some((scheme, authority)) = expected {
        let text = [&scheme[..], b"://", &authority].concat();
        let lowercase = host.to_ascii_lowercase();
        is_trusted = text == TRUSTED;
        is_host = lowercase.strip_suffix(default_port(&scheme)).unwrap_or(&lowercase) == authority;
        let found = found.expect("compared");
        assert!(found.is(&text));
        assert!(!found.is(&text[1..]));
        assert_eq!(found.is(TRUSTED), is_trusted);
        assert_eq!(found.is_host(host), is_host);
    }
    // The check trims both.
    if [origin, host].iter().all(|text| text.trim_ascii().len() == text.len()) {
        let request = Request { origin: Some(origin), host: Some(host), ..Request::default() };
        let expected = match (is_trusted || is_host, origin == b"null") {
            (true, _) => Verdict::Missing, // the token is next
            (false, true) => Verdict::NullOrigin,
            (false, false) => Verdict::Origin,
        };
        assert_eq!(check(vec![]).verdict(&request, true), expected);
    }
}

/// The scheme and the authority without its default port, in lowercase.
fn normalized(origin: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = origin.is_ascii().then(|| String::from_utf8_lossy(origin).to_ascii_lowercase())?;
    let (scheme, authority) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let (host, port) = match authority.rfind(':') {
        Some(at) if !authority.ends_with(']') => (&authority[..at], Some(&authority[at + 1..])),
        _ => (authority, None),
    };
    let is_host = match host.strip_prefix('[').map(|inside| inside.strip_suffix(']')) {
        None => host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) && !host.is_empty(),
        Some(inside) => inside.is_some_and(|inside| {
            inside.chars().all(|c| c.is_ascii_hexdigit() || ":.".contains(c)) && !inside.is_empty()
        }),
    };
    let is_port = port.is_none_or(|port| matches!(port.len(), 1..=5) && port.bytes().all(|byte| byte.is_ascii_digit()));
    let authority = authority.as_bytes();
    let authority = authority.strip_suffix(default_port(scheme.as_bytes())).unwrap_or(authority);
    (is_scheme && is_host && is_port).then(|| (scheme.into(), authority.to_vec()))
}

fn default_port(scheme: &[u8]) -> &'static [u8] {
    match scheme {
        b"http" | b"ws" => b":80",
        b"https" | b"wss" => b":443",
        _ => b"",
    }
}

//! base64url, HS256, claims, and whole tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fastware_core::claims::Clock;
use fastware_core::hs256::Key;
use fastware_core::json::{Tree, Value};
use fastware_core::jws::Unverified;
use fastware_core::{base64url, claims, jws, keys};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::json::{self, Members, last};
use crate::{Input, bytes};

const NOW: f64 = 1_700_000_000.5;
const SECRET: &[u8] = b"a secret of the tests, 32 bytes or more";
const MOMENTS: [f64; 8] = [NOW, 0.0, -1.5, 1e15, 9.3e18, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
const LEEWAYS: [f64; 5] = [0.0, 0.5, 1.0, 3_600.0, 9_007_199_254_740_992.0];

const PAYLOADS: [&str; 6] = [
    r#"{"sub":"ada","role":"admin","iat":1700000000,"exp":1700003600}"#,
    r#"{"exp":1700000000.9,"nbf":-1e3,"iat":0.5,"aud":0.0}"#,
    r#"{"exp":"soon","exp":1800000000,"aud":"x","aud":[]}"#,
    r#"{"exp":99999999999999999999,"nbf":-99999999999999999999}"#,
    r#"{"jti":null}"#,
    r#"{"sub":1}"#,
];
const HEADERS: [&str; 3] =
    [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","crit":["b64"],"b64":true,"kid":""}"#, r#"{"alg":"none","crit":[]}"#];

pub fn base64url_seeds() -> Vec<Vec<u8>> {
    bytes![b"", b"A", b"Zg", b"Zh", b"Zg==", b"+/+/", "A".repeat(43), "B".repeat(43), "_-".repeat(50)]
}

pub fn check_base64url(data: &[u8]) {
    let expected = URL_SAFE_NO_PAD.decode(data).ok();
    assert_eq!(base64url::decode(data), expected);
    assert_eq!(base64url::with_decoded(data, |bytes| Some(bytes.to_vec())), expected);
    let array = base64url::decode_array::<32>(data).map(Vec::from);
    assert_eq!(array, expected.filter(|bytes| bytes.len() == 32));
    let mut segment = vec![0; base64url::encoded_length(data.len())];
    base64url::encode(data, &mut segment);
    assert_eq!(segment, URL_SAFE_NO_PAD.encode(data).into_bytes());
}

pub fn hs256_seeds() -> Vec<Vec<u8>> {
    bytes![
        b"secret\x1emessage\0\0",
        [&b"s".repeat(64)[..], b"\x1e", &b"m".repeat(55)].concat(),
        [&b"s".repeat(65)[..], b"\x1em\0\0"].concat(),
        [&b"s\x1e"[..], &b"m".repeat(64), b"\x03\x01\x07"].concat(),
    ]
}

pub fn check_hs256(data: &[u8]) {
    let mut input = Input(data);
    let flipped = input.byte();
    let times = if input.flag() { usize::from(input.byte()) } else { 1 };
    let [secret, message] = input.fields();
    let message = message.repeat(times);
    let expected = hmac_sha256(secret, &message);
    let key = Key::new(secret);
    assert_eq!(key.sign(&message), expected);
    assert!(key.verifies(&message, &expected));
    let mut forged = expected;
    forged[usize::from(flipped) % 32] ^= 1 << (flipped / 32);
    assert!(!key.verifies(&message, &forged));
    if let Some(signature) = keys::with_key(secret, |key| key.map(|key| key.sign(&message))) {
        assert_eq!(signature, expected);
    }
}

pub fn hmac_sha256(secret: &[u8], message: &[u8]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    hmac.update(message);
    hmac.finalize().into_bytes().into()
}

pub fn claims_seeds() -> Vec<Vec<u8>> {
    let mut seeds = bytes![[&b"a\"\xc3\xa9\x1eadmin"[..], &[0; 17], &[1, 0, 0, 0]].concat()];
    seeds.extend(PAYLOADS.map(|payload| format!("{payload}\0\0\0\0").into_bytes()));
    seeds.push(b"{\"aud\":[\"x\"]}\x02\0\0\0".to_vec());
    seeds
}

pub fn check_claims(data: &[u8]) {
    let mut input = Input(data);
    let now = if input.flag() { f64::from_bits(input.bits()) } else { input.choice(&MOMENTS) };
    let leeway = input.choice(&LEEWAYS);
    let kind = input.byte() % 4;
    if kind == 1 {
        return check_new_claims(input);
    }
    let expects_audience = kind == 2;
    let found = claims::read(input.0, &mut Tree, Clock::new(now, leeway), expects_audience);
    let expected = json::read_object(input.0).filter(|claims| are_valid(claims, now, leeway, expects_audience));
    assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{now} {leeway}");
}

fn check_new_claims(mut input: Input) {
    let (issued_at, expires_at) = (input.bits().cast_signed(), input.bits().cast_signed());
    let [subject, role] = input.fields().map(String::from_utf8_lossy);
    let members = if issued_at % 2 == 1 { &br#""iss":"me","n":[1]"#[..] } else { b"" };
    let payload = claims::payload(&subject, &role, issued_at, expires_at, members);
    assert!(payload.is_ascii());
    let texts = [("sub", subject), ("role", role)].map(|(name, text)| (name, Value::String(text.into_owned())));
    let times = [("iat", issued_at), ("exp", expires_at)].map(|(name, time)| (name, Value::Integer(time)));
    let mut expected: Members = texts.into_iter().chain(times).map(|(name, value)| (name.to_owned(), value)).collect();
    if !members.is_empty() {
        expected.push(("iss".to_owned(), Value::String("me".to_owned())));
        expected.push(("n".to_owned(), Value::Array(vec![Value::Integer(1)])));
    }
    assert_eq!(json::read_object(&payload), Some(expected));
}

/// Step 5 of `Engine.verify_token`.
#[allow(clippy::cast_possible_truncation)]
fn are_valid(claims: &Members, now: f64, leeway: f64, expects_audience: bool) -> bool {
    let limit = 2.0_f64.powi(63);
    let is_moment = now - leeway >= -limit && now + leeway < limit;
    let (earliest, latest) = ((now - leeway).floor() as i128, (now + leeway).floor() as i128);
    let is_time = |name, holds: &dyn Fn(i128) -> bool| {
        last(claims, name).is_none_or(|value| is_moment && seconds(value).is_some_and(holds))
    };
    let is_text = |name| last(claims, name).is_none_or(|value| matches!(value, Value::String(_)));
    is_time("exp", &|exp| exp > earliest)
        && is_time("nbf", &|nbf| nbf <= latest)
        && is_time("iat", &|iat| iat <= latest)
        && is_text("sub")
        && is_text("jti")
        && (expects_audience || last(claims, "aud").is_none_or(is_empty))
}

/// A number, truncated. Beyond 64 bits only the sign counts: no clock shows such a time.
#[allow(clippy::cast_possible_truncation)]
fn seconds(value: &Value) -> Option<i128> {
    match value {
        Value::Integer(seconds) => Some(i128::from(*seconds)),
        Value::LongInteger(literal) => Some(if literal.starts_with('-') { i128::MIN } else { i128::MAX }),
        Value::Float(seconds) => Some(seconds.trunc() as i128),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Integer(0) => true,
        Value::Float(number) => number.abs() == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

pub fn jws_seeds() -> Vec<Vec<u8>> {
    let mut seeds =
        bytes![b"eyJhbGciOiJIUzI1NiJ9\x1ee30\x01", signed("e30", "e30"), signed("eyJhbGciOiJIUzI1NiJ9", "e31")];
    seeds.extend(PAYLOADS.map(|payload| format!("{}\x1e{payload}\0", HEADERS[0]).into_bytes()));
    seeds.extend(HEADERS.map(|header| format!("{header}\x1e{{}}\0").into_bytes()));
    seeds
}

pub fn check_jws(data: &[u8]) {
    check_token(data);
    let mut input = Input(data);
    let is_encoded = input.byte() % 4 != 1;
    let [header, payload] = input.fields();
    if payload.len() < 1_000 {
        let mut token = vec![0; jws::token_length(payload.len()).expect("short")];
        jws::sign(payload, &Key::new(SECRET), &mut token);
        check_token(&token);
    }
    let segment = |bytes: &[u8]| if is_encoded { URL_SAFE_NO_PAD.encode(bytes).into_bytes() } else { bytes.to_vec() };
    check_token(&signed(segment(header), segment(payload)));
}

fn signed(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let signing_input = [header.as_ref(), b".", payload.as_ref()].concat();
    let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(SECRET, &signing_input));
    [&signing_input, &b"."[..], signature.as_bytes()].concat()
}

fn check_token(token: &[u8]) {
    let found = Unverified::new(token)
        .filter(|unverified| unverified.is_signed_with(&Key::new(SECRET)))
        .and_then(|unverified| unverified.claims(&mut Tree, Clock::new(NOW, 0.0), false));
    assert_eq!(format!("{found:?}"), format!("{:?}", verified(token)));
}

/// Steps 1 to 5 of `Engine.verify_token`, for bytes.
fn verified(token: &[u8]) -> Option<Members> {
    let segments: Vec<&[u8]> = token.split(|&byte| byte == b'.').collect();
    let [header, payload, signature] = segments[..] else { return None };
    let signing_input = [header, b".", payload].concat();
    let is_signed = URL_SAFE_NO_PAD.decode(signature).ok()? == hmac_sha256(SECRET, &signing_input);
    let read = |segment| json::read_object(&URL_SAFE_NO_PAD.decode(segment).ok()?);
    let (header, claims) = (read(header)?, read(payload)?);
    let is_valid = is_signed && is_accepted(&header) && are_valid(&claims, NOW, 0.0, false);
    (is_valid && token.len() <= 65_536).then_some(claims)
}

/// Step 4 of `Engine.verify_token`.
fn is_accepted(header: &Members) -> bool {
    let is_text = |value: &Value, text: &str| *value == Value::String(text.to_owned());
    let b64 = last(header, "b64");
    let is_valid_crit = |crit: &Value| match crit {
        Value::Array(names) => b64.is_some() && !names.is_empty() && names.iter().all(|name| is_text(name, "b64")),
        _ => false,
    };
    last(header, "alg").is_some_and(|alg| is_text(alg, "HS256"))
        && last(header, "kid").is_none_or(|kid| matches!(kid, Value::String(_)))
        && b64 != Some(&Value::Bool(false))
        && last(header, "crit").is_none_or(is_valid_crit)
}

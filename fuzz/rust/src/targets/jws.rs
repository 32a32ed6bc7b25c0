use fastware_core::claims::Clock;
use fastware_core::hs256::Key;
use fastware_core::json::Tree;
use fastware_core::jws::{self, Unverified};

use crate::input::Input;
use crate::reference;

const NOW: f64 = 1_700_000_000.5;
const SECRET: &[u8] = b"a secret of the tests, 32 bytes or more";

pub fn check(data: &[u8]) {
    check_token(data);
    let mut input = Input::new(data);
    let is_spelled_by_fuzzer = input.byte() % 4 == 1;
    let [header, payload] = input.fields();
    if payload.len() < 1_000 {
        let mut token = vec![0; jws::token_length(payload.len()).expect("short")];
        jws::sign(payload, &Key::new(SECRET), &mut token);
        check_token(&token);
    }
    let (header, payload) = if is_spelled_by_fuzzer {
        (header.to_vec(), payload.to_vec())
    } else {
        (reference::base64url::encode(header), reference::base64url::encode(payload))
    };
    let signing_input = [&header, &b"."[..], &payload].concat();
    let signature = reference::base64url::encode(&Key::new(SECRET).sign(&signing_input));
    check_token(&[&signing_input, &b"."[..], &signature].concat());
}

fn check_token(token: &[u8]) {
    let read = Unverified::new(token)
        .filter(|unverified| unverified.is_signed_with(&Key::new(SECRET)))
        .and_then(|unverified| unverified.claims(&mut Tree, Clock::new(NOW, 0.0)));
    assert_eq!(format!("{read:?}"), format!("{:?}", claims(token)));
}

/// Rules 1 to 5 of `Engine.verify_token`, but for the characters: the core is given bytes.
fn claims(token: &[u8]) -> Option<reference::json::Members> {
    let segments: Vec<&[u8]> = token.split(|&byte| byte == b'.').collect();
    let [header, payload, signature] = segments[..] else { return None };
    let signing_input = &token[..token.len() - signature.len() - 1];
    let is_signed = reference::base64url::decode(signature)? == Key::new(SECRET).sign(signing_input);
    let header = reference::json::read_object(&reference::base64url::decode(header)?)?;
    let claims = reference::json::read_object(&reference::base64url::decode(payload)?)?;
    let is_valid = is_signed && reference::header::is_accepted(&header) && reference::claims::hold(&claims, NOW, 0.0);
    (is_valid && token.len() <= 65_536).then_some(claims)
}

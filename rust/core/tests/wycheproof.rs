//! Wycheproof's vectors for HMAC-SHA256 and for signed tokens. Source: `tests/attacks/vectors/README.md`.

use fastware_core::base64url;
use fastware_core::hs256::Key;
use fastware_core::jose_header;
use fastware_core::json::{self, Tree, Value};
use fastware_core::jws::Unverified;

type Object = [(String, Value)];

/// Tests that are valid only for a reader that skips characters outside the alphabet.
const SKIPS_CHARACTERS: [i64; 2] = [372, 373];

fn read(text: &str) -> Vec<(String, Value)> {
    json::read_object(text.as_bytes(), &mut Tree, |_, _| ()).expect("JSON")
}

fn objects<'o>(object: &'o Object, name: &str) -> Vec<&'o Object> {
    let Some(Value::Array(items)) = json::last(object, name) else { panic!("no array {name}") };
    items
        .iter()
        .map(|item| if let Value::Object(members) = item { &members[..] } else { panic!("no object") })
        .collect()
}

fn text<'o>(object: &'o Object, name: &str) -> &'o str {
    let Some(Value::String(text)) = json::last(object, name) else { panic!("no string {name}") };
    text
}

fn number(object: &Object) -> i64 {
    let Some(Value::Integer(number)) = json::last(object, "tcId") else { panic!("no tcId") };
    *number
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16).expect("hex")).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("a byte")).collect()
}

/// Whether a token is signed with `key`, for any payload.
fn is_signed(token: &str, key: &Key) -> bool {
    let Some((signing_input, _)) = token.rsplit_once('.') else { return false };
    Unverified::new(token.as_bytes()).is_some_and(|unverified| unverified.is_signed_with(key))
        && jose_header::strip_accepted(signing_input.as_bytes()).and_then(base64url::decode).is_some()
}

#[test]
fn macs_have_the_published_result() {
    let vectors = read(include_str!("../../../tests/attacks/vectors/hmac_sha256.json"));
    let tests = objects(&vectors, "tests");
    assert!(tests.len() > 30);
    for test in tests {
        let tag: [u8; 32] = octets(text(test, "tag")).try_into().expect("256 bits");
        let key = Key::new(&octets(text(test, "key")));
        let is_valid = key.verifies(&octets(text(test, "msg")), &tag);
        assert_eq!(is_valid, text(test, "result") == "valid", "{}", number(test));
    }
}

#[test]
fn signed_tokens_have_the_published_result() {
    let vectors = read(include_str!("../../../tests/attacks/vectors/json_web_signature.json"));
    let groups = objects(&vectors, "groups");
    assert_eq!(groups.len(), 3);
    for group in groups {
        let key = Key::new(&base64url::decode(text(group, "k").as_bytes()).expect("base64url"));
        for test in objects(group, "tests") {
            let is_valid = text(test, "result") == "valid" && !SKIPS_CHARACTERS.contains(&number(test));
            assert_eq!(is_signed(text(test, "jws"), &key), is_valid, "{}", number(test));
        }
    }
}

use fastware_core::hs256::Key;
use fastware_core::keys;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::input::Input;

pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let flipped = input.byte();
    let times = if input.flag() { usize::from(input.byte()) } else { 1 };
    let [secret, message] = input.fields();
    let message = message.repeat(times);
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    hmac.update(&message);
    let expected: [u8; 32] = hmac.finalize().into_bytes().into();
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

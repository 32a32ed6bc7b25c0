use fastware_core::claims::{self, Clock};
use fastware_core::json::{Tree, Value};

use crate::input::Input;
use crate::reference;

const MOMENTS: [f64; 8] = [1_700_000_000.5, 0.0, -1.5, 1e15, 9.3e18, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
const LEEWAYS: [f64; 5] = [0.0, 0.5, 1.0, 3_600.0, 9_007_199_254_740_992.0];

pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let now = if input.flag() { f64::from_bits(input.bits()) } else { input.choice(&MOMENTS) };
    let leeway = input.choice(&LEEWAYS);
    let is_made = input.byte() % 4 == 1;
    if is_made {
        return check_made(input);
    }
    let payload = input.rest();
    let read = claims::read(payload, &mut Tree, Clock::new(now, leeway));
    let expected = reference::json::read_object(payload).filter(|claims| reference::claims::hold(claims, now, leeway));
    assert_eq!(format!("{read:?}"), format!("{expected:?}"), "{now} {leeway}");
}

fn check_made(mut input: Input) {
    let (issued_at, expires_at) = (input.bits().cast_signed(), input.bits().cast_signed());
    let [subject, role] = input.fields().map(String::from_utf8_lossy);
    let payload = claims::with_payload(&subject, &role, issued_at, expires_at, <[u8]>::to_vec);
    assert!(payload.is_ascii());
    let expected = vec![
        ("sub".to_owned(), Value::String(subject.into_owned())),
        ("role".to_owned(), Value::String(role.into_owned())),
        ("iat".to_owned(), Value::Integer(issued_at)),
        ("exp".to_owned(), Value::Integer(expires_at)),
    ];
    assert_eq!(reference::json::read_object(&payload), Some(expected));
}

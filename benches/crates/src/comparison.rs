//! Whether two strings of bytes are equal, in a time that does not tell where they differ.

use std::hint::black_box;

use subtle::ConstantTimeEq;

use crate::table::Table;

pub fn measure() {
    array();
    slice();
}

fn array() {
    let mac = *b"8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6Ue4Pd-";
    let same = mac;
    Table::new("32 bytes, the length known to the compiler", &(mac, same), true)
        .add("by hand: four u64, xor and or", |(a, b)| is_equal_by_words(a, b))
        .add("subtle", |(a, b)| a[..].ct_eq(&b[..]).into())
        .add("constant_time_eq_32", |(a, b)| constant_time_eq::constant_time_eq_32(a, b))
        .add("ctutils (hmac's)", |(a, b)| ctutils::CtEq::ct_eq(a, b).into())
        .add("aws-lc-rs", |(a, b)| aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok())
        .add("==, not in constant time", |(a, b)| a == b)
        .print();
}

fn slice() {
    let token = b"NbYx7Lw3Zc9Nb5Tg1Ra6Ue4Pd-8fH2kQ0vYx7Lw3Zc9".to_vec();
    let same = token.clone();
    Table::new("43 bytes, the length not known to the compiler", &(token, same), true)
        .add("by hand: u64 words, then bytes", |(a, b)| is_equal(a, b))
        .add("subtle", |(a, b)| a.ct_eq(b).into())
        .add("constant_time_eq", |(a, b)| constant_time_eq::constant_time_eq(a, b))
        .add("ctutils (hmac's)", |(a, b)| ctutils::CtEq::ct_eq(&a[..], &b[..]).into())
        .add("aws-lc-rs", |(a, b)| aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok())
        .add("==, not in constant time", |(a, b)| a == b)
        .print();
}

fn is_equal_by_words(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let difference = words.fold(0, |or, (a, b)| or | (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b)));
    black_box(difference) == 0
}

fn is_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (a_words, a_rest) = a.as_chunks::<8>();
    let (b_words, b_rest) = b.as_chunks::<8>();
    let words = a_words.iter().zip(b_words);
    let words = words.fold(0, |or, (a, b)| or | (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b)));
    let rest = a_rest.iter().zip(b_rest).fold(0, |or, (a, b)| or | (a ^ b));
    black_box(words | u64::from(rest)) == 0
}

//! The logic of fastware's Rust engine, without Python.
//!
//! The rules are those of the engine contract (`python/fastware/_engine/contract.py`); each file contains one concept.

#![forbid(unsafe_code)]

pub mod base64url;
pub mod buckets;
pub mod claims;
pub mod cookies;
pub mod credential;
pub mod csrf;
pub mod csrf_tokens;
pub mod header_name;
pub mod hs256;
pub mod jose_header;
pub mod json;
pub mod jws;
pub mod keys;
pub mod origin;
pub mod query;
pub mod secrets;
pub mod shared_buckets;

/// `bytes` without the spaces and tabs around them (optional white space, RFC 9110 section 5.6.3).
pub fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

pub(crate) fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes
        && is_blank(*last)
    {
        bytes = rest;
    }
    bytes
}

pub(crate) fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_blank(*first)
    {
        bytes = rest;
    }
    bytes
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

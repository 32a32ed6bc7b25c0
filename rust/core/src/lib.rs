//! The logic of fastware's Rust engine, free of Python.
//!
//! The rules are those of the engine contract (`python/fastware/_engine/contract.py`); each file holds one concept.

#![forbid(unsafe_code)]

pub mod base64url;
pub mod buckets;
pub mod claims;
pub mod cookies;
pub mod credential;
pub mod csrf;
pub mod fitness;
pub mod hs256;
pub mod jose_header;
pub mod json;
pub mod jws;
pub mod keys;
pub mod query;

/// What is left of `bytes` without the spaces and tabs around it (optional white space, RFC 9110 section 5.6.3).
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

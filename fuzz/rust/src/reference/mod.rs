//! The rules of the engine contract by other crates, or written out without a look at the core.

pub mod base64url;
pub mod buckets;
pub mod claims;
pub mod cookies;
pub mod fitness;
pub mod header;
pub mod json;

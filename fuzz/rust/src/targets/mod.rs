//! One function a target: it panics where the core's answer is not right.

mod base64url;
mod buckets;
mod claims;
mod cookies;
mod credential;
mod csrf;
mod fitness;
mod header_name;
mod hs256;
mod json;
mod jws;
mod query;

pub type Check = fn(&[u8]);

/// The names under which `fuzz/core_targets.py` knows them.
pub const ALL: [(&str, Check); 12] = [
    ("core_base64url", base64url::check),
    ("core_buckets", buckets::check),
    ("core_claims", claims::check),
    ("core_cookies", cookies::check),
    ("core_credential", credential::check),
    ("core_csrf", csrf::check),
    ("core_fitness", fitness::check),
    ("core_header_name", header_name::check),
    ("core_hs256", hs256::check),
    ("core_json", json::check),
    ("core_jws", jws::check),
    ("core_query", query::check),
];

pub fn find(name: &str) -> Option<Check> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
}

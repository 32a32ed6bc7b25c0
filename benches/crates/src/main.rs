//! Crates that could do a job of the engine, measured side by side. Every answer is checked before anything is timed.
//!
//! `crate-candidates [PART]...` measures the parts named, or all.

mod base64url;
mod byte_search;
mod comparison;
mod hmac_sha256;
mod json;
mod json_texts;
mod keyed_hashes;
mod string_end;
mod table;

const PARTS: [(&str, fn()); 7] = [
    ("hmac", hmac_sha256::measure),
    ("base64", base64url::measure),
    ("comparison", comparison::measure),
    ("json", json::measure),
    ("hashes", keyed_hashes::measure),
    ("bytes", byte_search::measure),
    ("string-end", string_end::measure),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            measure();
        }
    }
}

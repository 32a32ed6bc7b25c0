//! `fastware._engine._rust`: the engine contract (`python/fastware/_engine/contract.py`), bound to Python.

mod buckets;
mod claims;
mod clock;
mod headers;
mod refusals;
mod requests;
mod text;
mod tokens;

/// The Rust engine. Types and documentation: `_rust.pyi` and `contract.py`.
// The GIL is what makes it sound to walk a list of headers without counting references (`headers.rs`).
#[pyo3::pymodule(gil_used = true)]
mod _rust {
    #[pymodule_export]
    const NAME: &str = "rust";

    #[pymodule_export]
    use super::buckets::TokenBuckets;
    #[pymodule_export]
    use super::requests::{cookie, cookies, credential, csrf_verdict, header, identify};
    #[pymodule_export]
    use super::tokens::{create_token, has_fit_secret, verify_token};
}

//! `fastware._engine._rust`: the engine contract (`python/fastware/_engine/contract.py`), bound to Python.

mod buckets;
mod claims;
mod clock;
mod headers;
mod interpreter;
mod refusals;
mod requests;
mod text;
mod tokens;

/// The Rust engine. Types and documentation: `_rust.pyi` and `contract.py`.
#[pyo3::pymodule(gil_used = true)]
mod _rust {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::interpreter::check_main(module.py())
    }

    #[pymodule_export]
    const NAME: &str = "rust";

    #[pymodule_export]
    use super::buckets::TokenBuckets;
    #[pymodule_export]
    use super::requests::{cookie, cookies, credential, csrf_verdict, header, identify};
    #[pymodule_export]
    use super::tokens::{create_token, has_fit_secret, verify_token};
}

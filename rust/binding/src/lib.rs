//! `fastware._engine._rust`: the engine contract (`python/fastware/_engine/contract.py`), bound to Python.

mod arguments;
mod buckets;
mod claims;
mod clock;
mod csrf;
mod expected;
mod headers;
mod interpreter;
mod last_cookie;
mod requests;
mod shared;
mod shared_buckets;
mod shared_functions;
mod shared_memory;
mod text;
mod time_module;
mod tokens;

/// The Rust engine. Types and documentation: `_rust.pyi` and `contract.py`.
#[pyo3::pymodule(gil_used = false)]
mod _rust {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::interpreter::check_main(module.py())?;
        super::shared_functions::defer_counting(module);
        Ok(())
    }

    #[pymodule_export]
    const NAME: &str = "rust";

    // The limits and results of `contract.py`, for the test that compares them.
    #[pymodule_export]
    const MAX_TOKEN_LENGTH: usize = fastware_core::jws::MAX_TOKEN_LENGTH;
    #[pymodule_export]
    const MAX_JSON_DEPTH: usize = fastware_core::json::MAX_DEPTH;
    #[pymodule_export]
    const MAX_INTEGER_LENGTH: usize = fastware_core::json::MAX_INTEGER_LENGTH;
    #[pymodule_export]
    const MAX_BUCKET_CAPACITY: u64 = fastware_core::buckets::MAX_CAPACITY;
    #[pymodule_export]
    const MIN_BUCKET_PERIOD: u64 = fastware_core::buckets::MIN_PERIOD;
    #[pymodule_export]
    const MAX_BUCKET_PERIOD: u64 = fastware_core::buckets::MAX_PERIOD;
    #[pymodule_export]
    const SHARED_CLAIMS_AT: usize = super::shared_memory::CLAIMS_AT;
    #[pymodule_export]
    const SHARED_SLOTS_AT: usize = super::shared_memory::SLOTS_AT;
    #[pymodule_export]
    const SHARED_KEY_AT: usize = super::shared_memory::KEY_AT;
    #[pymodule_export]
    const SHARED_EPOCH_AT: usize = super::shared_memory::EPOCH_AT;
    #[pymodule_export]
    const SHARED_GROUP: usize = super::shared_memory::GROUP;
    #[pymodule_export]
    const CSRF_PASSED: u8 = fastware_core::csrf::Verdict::Passed as u8;
    #[pymodule_export]
    const CSRF_MISSING: u8 = fastware_core::csrf::Verdict::Missing as u8;
    #[pymodule_export]
    const CSRF_MISMATCH: u8 = fastware_core::csrf::Verdict::Mismatch as u8;
    #[pymodule_export]
    const CSRF_CROSS_SITE: u8 = fastware_core::csrf::Verdict::CrossSite as u8;
    #[pymodule_export]
    const CSRF_ORIGIN: u8 = fastware_core::csrf::Verdict::Origin as u8;
    #[pymodule_export]
    const CSRF_NULL_ORIGIN: u8 = fastware_core::csrf::Verdict::NullOrigin as u8;
    #[pymodule_export]
    const CSRF_FORM: u8 = fastware_core::csrf::Verdict::Form as u8;
    #[pymodule_export]
    const CSRF_WRONG_SESSION: u8 = fastware_core::csrf::Verdict::WrongSession as u8;
    #[pymodule_export]
    const NO_TOKEN: u8 = super::requests::NO_TOKEN;
    #[pymodule_export]
    const INVALID_TOKEN: u8 = super::requests::INVALID_TOKEN;
    #[pymodule_export]
    const UNUSABLE_SECRET: u8 = super::requests::UNUSABLE_SECRET;
    #[pymodule_export]
    const SECONDS_PER_HOUR: i64 = super::tokens::SECONDS_PER_HOUR;
    #[pymodule_export]
    const DEFAULT_EXPIRES_HOURS: i64 = super::tokens::DEFAULT_EXPIRES_HOURS;
    #[pymodule_export]
    const MIN_SECRET_LENGTH: usize = super::tokens::MIN_SECRET_LENGTH;
    #[pymodule_export]
    #[allow(clippy::cast_possible_truncation)] // a whole number
    const MAX_LEEWAY: i64 = super::expected::MAX_LEEWAY as i64;

    #[pymodule_export]
    use super::buckets::TokenBuckets;
    #[pymodule_export]
    use super::csrf::CSRFCheck;
    #[pymodule_export]
    use super::requests::{cookie, cookies, credential, header, identify};
    #[pymodule_export]
    use super::shared_buckets::SharedTokenBuckets;
    #[pymodule_export]
    use super::tokens::{create_token, has_usable_secret, verify_token};
}

//! `TokenBuckets`.

use fastware_core::buckets;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

#[pyclass(frozen, module = "fastware._engine._rust")]
pub struct TokenBuckets(buckets::TokenBuckets);

#[pymethods]
impl TokenBuckets {
    #[new]
    fn new(capacity: &Bound<'_, PyAny>, period: &Bound<'_, PyAny>) -> PyResult<Self> {
        let in_range = natural(capacity).zip(natural(period));
        let buckets = in_range.and_then(|(capacity, period)| buckets::TokenBuckets::new(capacity, period));
        buckets.map(Self).ok_or_else(|| {
            PyValueError::new_err("capacity must be 1 to 10**9 tokens, period 10**9 to 2**53 nanoseconds")
        })
    }

    fn take(&self, key: &Bound<'_, PyAny>, now: &Bound<'_, PyAny>) -> PyResult<u64> {
        let key = key.cast::<PyString>().map_err(|_| PyTypeError::new_err("a bucket key must be str"))?;
        let now = now.cast::<PyInt>().map_err(|_| PyTypeError::new_err("now must be int"))?;
        let now = now.extract::<i64>().ok().and_then(|now| u64::try_from(now).ok());
        let now = now.ok_or_else(|| PyOverflowError::new_err("now must be 0 to 2**63 - 1 nanoseconds"))?;
        if let Ok(text) = key.to_str() {
            return Ok(self.0.take(text.as_bytes(), now));
        }
        let bytes: Vec<u8> = key.call_method1("encode", ("utf-8", "surrogatepass"))?.extract()?;
        Ok(self.0.take(&bytes, now))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

fn natural(object: &Bound<'_, PyAny>) -> Option<u64> {
    object.cast::<PyInt>().ok()?.extract().ok()
}

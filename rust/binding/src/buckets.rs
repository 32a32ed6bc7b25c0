//! `TokenBuckets`.

use std::convert::Infallible;

use fastware_core::buckets::{self, OutOfMemory};
use pyo3::exceptions::{PyAttributeError, PyMemoryError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple};

use crate::clock::{self, Monotonic};

/// The key of a client without a host.
pub const UNKNOWN: &[u8] = b"unknown";

#[pyclass(frozen, module = "fastware._engine._rust")]
pub struct TokenBuckets(buckets::TokenBuckets);

#[pymethods]
impl TokenBuckets {
    #[new]
    fn new(capacity: &Bound<'_, PyAny>, period: &Bound<'_, PyAny>) -> PyResult<Self> {
        let in_range = natural(capacity).zip(natural(period));
        let buckets = in_range.and_then(|(capacity, period)| buckets::TokenBuckets::new(capacity, period));
        buckets.map(Self).ok_or_else(rate_out_of_range)
    }

    #[pyo3(signature = (key, now = None, cost = Cost::ONE), text_signature = "($self, key, now=None, cost=1)")]
    fn take(&self, key: &Bound<'_, PyAny>, now: Option<&Bound<'_, PyAny>>, cost: Cost<'_, '_>) -> PyResult<u64> {
        let key = text(key)?;
        let cost = cost.tokens(|| self.0.capacity())?;
        let now = moment(key, now)?;
        with_octets(key, |key| self.take_of(key, now, cost))?
    }

    #[pyo3(signature = (key, now = None, cost = Cost::ONE), text_signature = "($self, key, now=None, cost=1)")]
    fn take_counted(
        &self,
        key: &Bound<'_, PyAny>,
        now: Option<&Bound<'_, PyAny>>,
        cost: Cost<'_, '_>,
    ) -> PyResult<(u64, u64, u64)> {
        let key = text(key)?;
        let cost = cost.tokens(|| self.0.capacity())?;
        let now = moment(key, now)?;
        let counted = with_octets(key, |key| self.0.take_counted(key, now, cost))?.map_err(no_memory)?;
        Ok((counted.wait, counted.remaining, counted.until_full))
    }

    #[pyo3(signature = (key, now = None, cost = Cost::ONE), text_signature = "($self, key, now=None, cost=1)")]
    fn give_back(&self, key: &Bound<'_, PyAny>, now: Option<&Bound<'_, PyAny>>, cost: Cost<'_, '_>) -> PyResult<()> {
        let key = text(key)?;
        let cost = cost.tokens(|| self.0.capacity())?;
        let now = moment(key, now)?;
        with_octets(key, |key| self.0.give_back(key, now, cost))
    }

    #[pyo3(signature = (request, cost = Cost::ONE), text_signature = "($self, request, cost=1)")]
    fn take_by_client(&self, request: &Bound<'_, PyAny>, cost: Cost<'_, '_>) -> PyResult<u64> {
        let host = host(request)?;
        let cost = cost.tokens(|| self.0.capacity())?;
        let now = clock::monotonic(request.py())?;
        match host.as_ref().map(|host| (host, host.to_str())) {
            None | Some((_, Ok(""))) => self.take_of(UNKNOWN, now, cost),
            Some((_, Ok(text))) => self.take_of(text.as_bytes(), now, cost),
            Some((host, Err(_))) => with_octets(host, |key| self.take_of(key, now, cost))?,
        }
    }

    #[pyo3(signature = (key = None))]
    fn reset(&self, key: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        match key {
            None => self.0.reset_all(),
            Some(key) => with_octets(text(key)?, |key| self.0.reset(key))?,
        }
        Ok(())
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

impl TokenBuckets {
    #[inline]
    fn take_of(&self, key: &[u8], now: Monotonic, cost: u64) -> PyResult<u64> {
        self.0.take(key, now, cost).map_err(no_memory)
    }
}

/// The argument `cost`, read when its turn comes.
#[derive(Clone, Copy)]
pub struct Cost<'a, 'py>(Option<Borrowed<'a, 'py, PyAny>>);

impl<'a, 'py> FromPyObject<'a, 'py> for Cost<'a, 'py> {
    type Error = Infallible;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self(Some(object)))
    }
}

impl Cost<'_, '_> {
    pub const ONE: Self = Self(None);

    #[inline]
    pub fn tokens(self, capacity: impl FnOnce() -> u64) -> PyResult<u64> {
        match self.0 {
            None => Ok(1),
            Some(cost) => tokens(&cost, capacity()),
        }
    }
}

#[cold]
fn tokens(cost: &Bound<'_, PyAny>, capacity: u64) -> PyResult<u64> {
    let cost = cost.cast::<PyInt>().map_err(|_| PyTypeError::new_err("cost must be int"))?;
    let cost = cost.extract().ok().filter(|cost| (1..=capacity).contains(cost));
    cost.ok_or_else(|| PyValueError::new_err(format!("cost must be 1 to {capacity} tokens, the capacity")))
}

pub fn rate_out_of_range() -> PyErr {
    PyValueError::new_err("capacity must be 1 to 10**9 tokens, period 10**9 to 2**53 nanoseconds")
}

pub fn text<'a, 'py>(key: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyString>> {
    key.cast::<PyString>().map_err(|_| PyTypeError::new_err("a bucket key must be str"))
}

#[inline]
pub fn moment(key: &Bound<'_, PyString>, now: Option<&Bound<'_, PyAny>>) -> PyResult<Monotonic> {
    match now {
        None => clock::monotonic(key.py()),
        Some(now) => clock::nanoseconds(now).map(Monotonic::exact),
    }
}

/// Call `with` with the UTF-8 of `key`, in which lone surrogates are encoded too.
pub fn with_octets<T>(key: &Bound<'_, PyString>, with: impl FnOnce(&[u8]) -> T) -> PyResult<T> {
    if let Ok(text) = key.to_str() {
        return Ok(with(text.as_bytes()));
    }
    // The method of `str` itself: a subclass may override it.
    let encoded = key.py().get_type::<PyString>().call_method1("encode", (key, "utf-8", "surrogatepass"))?;
    Ok(with(encoded.cast::<PyBytes>()?.as_bytes()))
}

#[cold]
fn no_memory(_: OutOfMemory) -> PyErr {
    PyMemoryError::new_err("no memory for another bucket")
}

/// The client's host in the scope of `request`, if it is a `str`.
pub fn host<'py>(request: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyString>>> {
    let py = request.py();
    let scope = match request.getattr(intern!(py, "scope")) {
        Err(error) if request.is_instance_of::<PyDict>() && error.is_instance_of::<PyAttributeError>(py) => {
            request.clone()
        }
        scope => scope?,
    };
    let client = match scope.cast_exact::<PyDict>() {
        Ok(scope) => scope.get_item(intern!(py, "client"))?,
        Err(_) => Some(scope.call_method1(intern!(py, "get"), (intern!(py, "client"),))?),
    };
    let host = match client {
        None => None,
        Some(client) => match client.cast_exact::<PyTuple>().map(PyTupleMethods::as_slice) {
            Ok([host, ..]) => Some(host.clone()),
            Ok([]) => None,
            Err(_) => client.is_truthy()?.then(|| client.get_item(0)).transpose()?,
        },
    };
    Ok(host.and_then(|host| host.cast_into::<PyString>().ok()))
}

pub fn natural(object: &Bound<'_, PyAny>) -> Option<u64> {
    object.cast::<PyInt>().ok()?.extract().ok()
}

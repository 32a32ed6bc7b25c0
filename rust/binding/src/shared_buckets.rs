//! `SharedTokenBuckets`.

use fastware_core::shared_buckets::SharedBuckets;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::buckets::{Cost, UNKNOWN, host, moment, natural, rate_out_of_range, text, with_octets};
use crate::clock;
use crate::shared_memory::{self, SharedMemory};

#[pyclass(frozen, module = "fastware._engine._rust")]
pub struct SharedTokenBuckets {
    buckets: SharedBuckets,
    memory: SharedMemory,
}

#[pymethods]
impl SharedTokenBuckets {
    #[new]
    fn new(
        memory: &Bound<'_, PyAny>,
        limit_at: usize,
        capacity: &Bound<'_, PyAny>,
        period: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        if !shared_memory::is_atomic() {
            return Err(PyRuntimeError::new_err(
                "this processor has no atomic operations on 128 bits; set FASTWARE_ENGINE=python",
            ));
        }
        let memory = SharedMemory::new(memory, limit_at)?
            .ok_or_else(|| PyValueError::new_err("memory must be a header and at least two groups of slots"))?;
        let in_range = natural(capacity).zip(natural(period));
        let buckets = in_range.and_then(|(capacity, period)| SharedBuckets::new(capacity, period, &memory.key()));
        let buckets = buckets.ok_or_else(rate_out_of_range)?;
        Ok(Self { buckets, memory })
    }

    #[pyo3(signature = (key, cost = Cost::ONE, now = None), text_signature = "($self, key, cost=1, now=None)")]
    fn take(&self, key: &Bound<'_, PyAny>, cost: Cost<'_, '_>, now: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        let key = text(key)?;
        let cost = cost.tokens(|| self.buckets.capacity())?;
        let now = moment(key, now)?;
        with_octets(key, |key| self.buckets.take(&self.memory, key, &now, cost))
    }

    #[pyo3(signature = (key, cost = Cost::ONE, now = None), text_signature = "($self, key, cost=1, now=None)")]
    fn take_counted(
        &self,
        key: &Bound<'_, PyAny>,
        cost: Cost<'_, '_>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(u64, u64, u64)> {
        let key = text(key)?;
        let cost = cost.tokens(|| self.buckets.capacity())?;
        let now = moment(key, now)?;
        let counted = with_octets(key, |key| self.buckets.take_counted(&self.memory, key, &now, cost))?;
        Ok((counted.wait, counted.remaining, counted.until_full))
    }

    #[pyo3(signature = (key, cost = Cost::ONE, now = None), text_signature = "($self, key, cost=1, now=None)")]
    fn give_back(&self, key: &Bound<'_, PyAny>, cost: Cost<'_, '_>, now: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let key = text(key)?;
        let cost = cost.tokens(|| self.buckets.capacity())?;
        let now = moment(key, now)?;
        with_octets(key, |key| self.buckets.give_back(&self.memory, key, &now, cost))
    }

    #[pyo3(signature = (request, cost = Cost::ONE), text_signature = "($self, request, cost=1)")]
    fn take_by_client(&self, request: &Bound<'_, PyAny>, cost: Cost<'_, '_>) -> PyResult<u64> {
        let host = host(request)?;
        let cost = cost.tokens(|| self.buckets.capacity())?;
        let now = clock::monotonic(request.py())?;
        let take = |key: &[u8]| self.buckets.take(&self.memory, if key.is_empty() { UNKNOWN } else { key }, &now, cost);
        host.map_or_else(|| Ok(take(UNKNOWN)), |host| with_octets(&host, take))
    }

    #[pyo3(signature = (key = None))]
    fn reset(&self, key: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        match key {
            None => self.memory.next_epoch(),
            Some(key) => with_octets(text(key)?, |key| self.buckets.reset(&self.memory, key))?,
        }
        Ok(())
    }
}

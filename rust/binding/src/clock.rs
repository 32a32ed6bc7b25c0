//! The clocks of the module `time`, which a test may replace.

use fastware_core::buckets::Moment;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::time_module::Function;

/// `time.time()`: seconds since the epoch, UTC.
pub fn seconds(py: Python<'_>) -> PyResult<f64> {
    static CLOCK: Function = Function::new();
    match CLOCK.replacement(intern!(py, "time"))? {
        Some(clock) => clock.call0()?.extract(),
        None => Ok(built_in::seconds()),
    }
}

/// `time.monotonic_ns()`.
pub fn monotonic(py: Python<'_>) -> PyResult<Monotonic> {
    static CLOCK: Function = Function::new();
    match CLOCK.replacement(intern!(py, "monotonic_ns"))? {
        Some(clock) => nanoseconds(&clock.call0()?).map(Monotonic::exact),
        None => Ok(Monotonic { roughly: built_in::roughly(), is_exact: false }),
    }
}

/// Nanoseconds from an argument or a clock.
pub fn nanoseconds(now: &Bound<'_, PyAny>) -> PyResult<u64> {
    let now = now.cast::<PyInt>().map_err(|_| PyTypeError::new_err("now must be int"))?;
    let now = now.extract::<i64>().ok().and_then(|now| u64::try_from(now).ok());
    now.ok_or_else(|| PyOverflowError::new_err("now must be 0 to 2**63 - 1 nanoseconds"))
}

/// A moment of `time.monotonic_ns()`.
#[derive(Clone, Copy)]
pub struct Monotonic {
    roughly: u64,
    is_exact: bool,
}

impl Monotonic {
    pub fn exact(now: u64) -> Self {
        Self { roughly: now, is_exact: true }
    }
}

impl Moment for Monotonic {
    fn roughly(&self) -> u64 {
        self.roughly
    }

    fn exactly(&self) -> u64 {
        if self.is_exact { self.roughly } else { built_in::exactly() }
    }
}

/// The clocks that Python reads on Linux, and the coarse one, which is up to a tick behind `CLOCK_MONOTONIC`.
///
/// Reading them takes no Python call, and makes no object.
#[cfg(target_os = "linux")]
mod built_in {
    use rustix::time::{ClockId, Timespec, clock_gettime};

    #[allow(clippy::cast_precision_loss)] // as in Python: a float of 53 bits
    pub fn seconds() -> f64 {
        let time = clock_gettime(ClockId::Realtime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    }

    pub fn roughly() -> u64 {
        nanoseconds(clock_gettime(ClockId::MonotonicCoarse))
    }

    pub fn exactly() -> u64 {
        nanoseconds(clock_gettime(ClockId::Monotonic))
    }

    #[allow(clippy::cast_sign_loss)] // since the machine was started
    fn nanoseconds(time: Timespec) -> u64 {
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

/// Elsewhere Python's clocks are called.
#[cfg(not(target_os = "linux"))]
mod built_in {
    pub fn seconds() -> f64 {
        unreachable!("the clock is read on Linux only")
    }

    pub fn roughly() -> u64 {
        exactly()
    }

    pub fn exactly() -> u64 {
        unreachable!("the clock is read on Linux only")
    }
}

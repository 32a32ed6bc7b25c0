//! The clocks of the module `time`, looked up at each call, so that a test may replace them.

use fastware_core::buckets::Moment;
use pyo3::exceptions::{PyAttributeError, PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyInt, PyString};

/// `time.time()`: seconds since the epoch, UTC.
pub fn seconds(py: Python<'_>) -> PyResult<f64> {
    find(py, intern!(py, "time"))?.call0()?.extract()
}

/// `time.monotonic_ns()`. The built-in clock is read directly, without the Python call.
pub fn monotonic(py: Python<'_>) -> PyResult<Monotonic> {
    static BUILT_IN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let clock = find(py, intern!(py, "monotonic_ns"))?;
    if BUILT_IN.get(py).is_some_and(|built_in| clock.is(built_in)) {
        return Ok(Monotonic { roughly: built_in::roughly(), is_exact: false });
    }
    if cfg!(target_os = "linux") && is_of_time(&clock)? {
        let _ = BUILT_IN.set(py, clock.clone().unbind());
    }
    nanoseconds(&clock.call0()?).map(Monotonic::exact)
}

/// Whether `clock` is the function of the module `time`, and not a replacement.
fn is_of_time(clock: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = clock.py();
    if clock.cast_exact::<PyCFunction>().is_err() {
        return Ok(false);
    }
    let is_named = clock.getattr(intern!(py, "__name__"))?.eq("monotonic_ns")?;
    Ok(is_named && clock.getattr(intern!(py, "__self__"))?.is(&py.import("time")?))
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

/// `CLOCK_MONOTONIC`, which Python reads on Linux, and the coarse clock, which is up to a tick behind it.
#[cfg(target_os = "linux")]
mod built_in {
    use rustix::time::{ClockId, Timespec, clock_gettime};

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

/// Elsewhere Python's clock is called.
#[cfg(not(target_os = "linux"))]
mod built_in {
    pub fn roughly() -> u64 {
        exactly()
    }

    pub fn exactly() -> u64 {
        unreachable!("the clock is read on Linux only")
    }
}

fn find<'py>(py: Python<'py>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    static NAMES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let names = NAMES.get_or_try_init(py, || py.import("time").map(|time| time.dict().unbind()))?;
    let clock = names.bind(py).get_item(name)?;
    clock.ok_or_else(|| PyAttributeError::new_err(format!("the module 'time' has no {name}")))
}

//! The clocks of the module `time`, looked up at each call, so that a test may put others in their place.

use std::time::Instant;

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyString};

/// `time.time()`: seconds since the epoch, UTC.
pub fn seconds(py: Python<'_>) -> PyResult<f64> {
    find(py, intern!(py, "time"))?.call0()?.extract()
}

/// `time.monotonic_ns()`, and where that is the built-in clock, the same without the detour over Python.
pub fn monotonic(py: Python<'_>) -> PyResult<u64> {
    static BUILT_IN: PyOnceLock<BuiltIn> = PyOnceLock::new();
    let clock = find(py, intern!(py, "monotonic_ns"))?;
    if clock.cast_exact::<PyCFunction>().is_err() {
        return clock.call0()?.extract();
    }
    let built_in = BUILT_IN.get_or_try_init(py, || BuiltIn::synchronized(&clock))?;
    if clock.is(&built_in.clock) { Ok(built_in.now()) } else { clock.call0()?.extract() }
}

struct BuiltIn {
    clock: Py<PyAny>,
    /// What it said at one moment.
    said: u64,
    then: Instant,
}

impl BuiltIn {
    fn synchronized(clock: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { clock: clock.clone().unbind(), said: clock.call0()?.extract()?, then: Instant::now() })
    }

    // 2**64 nanoseconds are 584 years.
    #[allow(clippy::cast_possible_truncation)]
    fn now(&self) -> u64 {
        self.said + self.then.elapsed().as_nanos() as u64
    }
}

fn find<'py>(py: Python<'py>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    static NAMES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let names = NAMES.get_or_try_init(py, || py.import("time").map(|time| time.dict().unbind()))?;
    let clock = names.bind(py).get_item(name)?;
    clock.ok_or_else(|| PyAttributeError::new_err(format!("the module 'time' has no {name}")))
}

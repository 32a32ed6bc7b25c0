//! The clock of tokens: `time.time`, looked up at each call, so that a test may put another in its place.

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// Seconds since the epoch, UTC.
pub fn seconds(py: Python<'_>) -> PyResult<f64> {
    static TIME: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let names = TIME.get_or_try_init(py, || py.import("time").map(|time| time.dict().unbind()))?;
    let time = names.bind(py).get_item(intern!(py, "time"))?;
    time.ok_or_else(|| PyAttributeError::new_err("the module time has no time"))?.call0()?.extract()
}

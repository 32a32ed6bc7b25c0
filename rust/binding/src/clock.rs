//! The clock of tokens: `time.time`, looked up at each call, so that a test may put another in its place.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyModule;

/// Seconds since the epoch, UTC.
pub fn seconds(py: Python<'_>) -> PyResult<f64> {
    static TIME: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let time = TIME.get_or_try_init(py, || py.import("time").map(Bound::unbind))?;
    time.bind(py).getattr(intern!(py, "time"))?.call0()?.extract()
}

//! What both engines say of arguments that are not fit: `python/fastware/_engine/refusals.py`.

use pyo3::prelude::*;
use pyo3::types::PyModule;

pub fn normalized<'py>(secrets: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    module(secrets.py())?.getattr("normalized")?.call1((secrets,))
}

pub fn checked_leeway(leeway: &Bound<'_, PyAny>) -> PyResult<f64> {
    module(leeway.py())?.getattr("checked_leeway")?.call1((leeway,))?.extract()
}

pub fn refusal(
    username: &Bound<'_, PyAny>,
    role: &Bound<'_, PyAny>,
    secrets: &Bound<'_, PyAny>,
    expires_hours: &Bound<'_, PyAny>,
    is_fit: bool,
) -> PyResult<PyErr> {
    let refusal = module(secrets.py())?.getattr("refusal")?.call1((username, role, secrets, expires_hours, is_fit))?;
    Ok(PyErr::from_value(refusal))
}

/// The warning is that of the line that called the engine.
pub fn warn_if_short(py: Python<'_>, length: usize) -> PyResult<()> {
    module(py)?.getattr("warn_if_short")?.call1((length, 1))?;
    Ok(())
}

fn module(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("fastware._engine.refusals")
}

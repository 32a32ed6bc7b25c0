//! The errors and warnings that both engines share: `token_errors.py` and `arguments.py` in `python/fastware/_engine`.

use pyo3::prelude::*;
use pyo3::types::PyModule;

pub fn as_secrets<'py>(secrets: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    arguments(secrets.py())?.getattr("as_secrets")?.call1((secrets,))
}

pub fn as_leeway(leeway: &Bound<'_, PyAny>) -> PyResult<f64> {
    arguments(leeway.py())?.getattr("as_leeway")?.call1((leeway,))?.extract()
}

pub fn create_token_error(
    username: &Bound<'_, PyAny>,
    role: &Bound<'_, PyAny>,
    secrets: &Bound<'_, PyAny>,
    expires_hours: &Bound<'_, PyAny>,
    is_usable: bool,
) -> PyResult<PyErr> {
    let arguments = (username, role, secrets, expires_hours, is_usable);
    let error = token_errors(secrets.py())?.getattr("create_token_error")?.call1(arguments)?;
    Ok(PyErr::from_value(error))
}

/// The warning names the line that called the engine.
pub fn warn_if_short(py: Python<'_>, length: usize) -> PyResult<()> {
    token_errors(py)?.getattr("warn_if_short")?.call1((length, 1))?;
    Ok(())
}

fn arguments(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("fastware._engine.arguments")
}

fn token_errors(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("fastware._engine.token_errors")
}

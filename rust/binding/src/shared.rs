//! Python code that both engines share, outside of the hot paths: errors, warnings, unusual arguments, further claims.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyModule, PyString, PyTuple};

pub fn as_secrets<'py>(secrets: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    arguments(secrets.py())?.getattr("as_secrets")?.call1((secrets,))
}

pub fn as_leeway(leeway: &Bound<'_, PyAny>) -> PyResult<f64> {
    arguments(leeway.py())?.getattr("as_leeway")?.call1((leeway,))?.extract()
}

pub fn as_audience<'py>(audience: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    Ok(arguments(audience.py())?.getattr("as_audience")?.call1((audience,))?.cast_into()?)
}

pub fn as_issuer<'py>(issuer: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    Ok(arguments(issuer.py())?.getattr("as_issuer")?.call1((issuer,))?.cast_into()?)
}

pub fn as_expires_in(expires_in: &Bound<'_, PyAny>) -> PyResult<i64> {
    arguments(expires_in.py())?.getattr("as_expires_in")?.call1((expires_in,))?.extract()
}

pub fn further_members<'py>(claims: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let module = claims.py().import("fastware._engine.further_claims")?;
    Ok(module.getattr("further_members")?.call1((claims,))?.cast_into()?)
}

pub fn create_token_error(
    username: &Bound<'_, PyAny>,
    role: &Bound<'_, PyAny>,
    secrets: &Bound<'_, PyAny>,
    expires_hours: &Bound<'_, PyAny>,
    is_usable: bool,
    expires_in: Option<i64>,
    has_claims: bool,
) -> PyResult<PyErr> {
    let arguments = (username, role, secrets, expires_hours, is_usable, expires_in, has_claims);
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

//! `sign` and `verify`.

use fastware_core::claims::{self, Clock};
use fastware_core::hs256::Secret;
use fastware_core::jws::{self, Unverified};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyString, PyTuple};

use crate::claims::PythonObjects;

/// Return whether one of *secrets* is fit to sign and verify with. Rules: ``Engine.sign``.
#[pyfunction]
pub fn has_fit_secret(secrets: &Bound<'_, PyAny>) -> bool {
    each_secret(secrets, |secret| secret.is_some())
}

/// Return the HS256 JWT of four claims, or ``None``. Rules: ``Engine.sign``.
#[pyfunction]
pub fn sign(
    subject: &Bound<'_, PyAny>,
    role: &Bound<'_, PyAny>,
    issued_at: &Bound<'_, PyAny>,
    expires_at: &Bound<'_, PyAny>,
    secrets: &Bound<'_, PyAny>,
) -> Option<String> {
    let payload = claims::write(text(subject)?, text(role)?, seconds(issued_at)?, seconds(expires_at)?);
    let mut token = None;
    each_secret(secrets, |secret| {
        token = secret.and_then(|secret| jws::sign(&payload, secret));
        true
    });
    token
}

/// Return the claims of a valid token, or ``None``. Rules: ``Engine.verify``.
#[pyfunction]
pub fn verify<'py>(
    py: Python<'py>,
    token: &Bound<'py, PyAny>,
    secrets: &Bound<'py, PyAny>,
    now: f64,
    leeway: f64,
) -> Option<Bound<'py, PyDict>> {
    let unverified = Unverified::new(text(token)?)?;
    let is_signed = each_secret(secrets, |secret| secret.is_some_and(|secret| unverified.is_signed_with(secret)));
    if !is_signed {
        return None;
    }
    unverified.claims(&mut PythonObjects(py), Clock::new(now, leeway))
}

fn text<'s>(object: &'s Bound<'_, PyAny>) -> Option<&'s str> {
    object.cast::<PyString>().ok()?.to_str().ok()
}

fn seconds(object: &Bound<'_, PyAny>) -> Option<i64> {
    object.cast::<PyInt>().ok()?.extract().ok()
}

/// Offer each secret, `None` for an unfit one, until `is_last` says so; whether it did.
fn each_secret(secrets: &Bound<'_, PyAny>, mut is_last: impl FnMut(Option<Secret<'_>>) -> bool) -> bool {
    let mut offer = |secret: &Bound<'_, PyAny>| is_last(secret_bytes(secret).and_then(Secret::new));
    if let Ok(list) = secrets.cast::<PyList>() {
        list.iter().any(|secret| offer(&secret))
    } else if let Ok(tuple) = secrets.cast::<PyTuple>() {
        tuple.iter().any(|secret| offer(&secret))
    } else {
        offer(secrets)
    }
}

fn secret_bytes<'s>(secret: &'s Bound<'_, PyAny>) -> Option<&'s [u8]> {
    match secret.cast::<PyBytes>() {
        Ok(bytes) => Some(bytes.as_bytes()),
        Err(_) => text(secret).map(str::as_bytes),
    }
}
